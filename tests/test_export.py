"""``letkeman-viz export``: the folder it writes, and its pages, from a disk and from a web server."""

from __future__ import annotations

import functools
import http.server
import json
import re
import resource
import shutil
import sys
import threading
from itertools import cycle
from pathlib import Path

import axe
import nbformat
import pytest
import yaml
from browser import DRAWN_SECONDS, WatchedPages, cut_formulas
from playwright.sync_api import Locator, Page, expect

from letkeman_viz.explorers import results
from letkeman_viz.site import cli
from letkeman_viz.site.chapters import listed, packaged_folder
from letkeman_viz.site.export import ExportError, choose, export
from letkeman_viz.site.export_chapter import ChapterError, Output, Prose, run
from letkeman_viz.site.export_folder import MARKER, FolderError, checked_target, replacing
from letkeman_viz.site.export_prose import FormulaError, html_of, mathml

CHAPTERS = [path.stem for path in sorted(packaged_folder().glob("*.ipynb"))]
MOST_BYTES = 12_000_000

# The first test that asks for the whole site has it recorded: minutes, with other tests beside it.
pytestmark = pytest.mark.timeout(800)

expect.set_options(timeout=15_000)


# --- Which chapters -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def available() -> list:
    return listed(packaged_folder(), lambda chapter: chapter.path)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (None, ["01", "02", "03", "04", "05", "06"]),
        (["3", "2"], ["02", "03"]),
        (["05-results"], ["05"]),
        (["results", "Playground"], ["05", "06"]),
        (["02-doing-it-wrong.ipynb", "02", "Doing it wrong"], ["02"]),
    ],
)
def test_chapters_are_chosen_by_number_and_name(available, names, chosen) -> None:
    found = choose(available, names)
    assert [chapter.path[:2] for chapter in found] == chosen
    assert [chapter.number for chapter in found] == list(range(1, len(chosen) + 1))


@pytest.mark.parametrize("name", ["7", "0", "", "doing", "../05-results"])
def test_an_unknown_chapter_is_refused_with_the_list(available, name) -> None:
    with pytest.raises(ExportError) as refusal:
        choose(available, ["2", name])
    assert str(refusal.value).startswith(
        f"there is no chapter {name!r}; the chapters are 1 (Why initialization"
    )
    assert "6 (Playground)" in str(refusal.value)


def test_the_command_refuses_in_one_line(tmp_path, capsys) -> None:
    assert cli.main(["export", str(tmp_path / "site"), "--chapters", "9"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(r"letkeman-viz: there is no chapter '9'; .*\n", said.err)
    assert list(tmp_path.iterdir()) == []


# --- The folder -----------------------------------------------------------------------------------


def write(folder: Path, **files: str) -> None:
    """Let an export put these files into ``folder``."""
    with replacing(checked_target(folder)) as made:
        for name, text in files.items():
            (made / f"{name}.html").write_text(text)


def test_a_new_an_empty_and_an_exported_folder_are_taken(tmp_path) -> None:
    folder = tmp_path / "new" / "site"
    write(folder, index="one", old="gone soon")
    (folder / ".DS_Store").write_text("a file manager was here")
    write(folder, index="two")
    assert sorted(path.name for path in folder.iterdir()) == [MARKER, "index.html"]
    assert (folder / "index.html").read_text() == "two"
    empty = tmp_path / "empty"
    empty.mkdir()
    write(empty, index="three")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "new"]


def test_a_folder_with_anything_else_is_refused_and_kept(tmp_path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(
        FolderError, match=r"holds what no export has made \(thesis.txt\); name a new or empty"
    ):
        checked_target(tmp_path)
    folder = tmp_path / "site"
    write(folder, index="one")
    (folder / "notes").mkdir()
    (folder / "notes" / "mine.txt").write_text("for tomorrow")
    with pytest.raises(FolderError, match=r"\(notes/mine.txt\)"):
        checked_target(folder)
    assert (folder / "index.html").read_text() == "one"


def test_a_forged_or_broken_marker_protects_nothing_else(tmp_path) -> None:
    for content in ("", "[]", '{"files": 3}', "\0"):
        (tmp_path / MARKER).write_text(content)
        (tmp_path / "thesis.txt").write_text("years of work")
        with pytest.raises(FolderError, match="holds what no export has made"):
            checked_target(tmp_path)


def test_a_file_and_a_whole_drive_are_refused(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="is a file; name a new folder"):
        checked_target(tmp_path / "file")
    with pytest.raises(FolderError, match="is a whole drive; name a folder on it"):
        checked_target(Path("/"))


def test_what_goes_wrong_leaves_what_was_there(tmp_path) -> None:
    folder = tmp_path / "site"
    write(folder, index="one")
    made = replacing(checked_target(folder))
    (made.__enter__() / "index.html").write_text("half")
    made.__exit__(ZeroDivisionError, ZeroDivisionError(), None)
    made = replacing(checked_target(folder))
    (made.__enter__() / "index.html").write_text("two")
    (folder / "thesis.txt").write_text("put there in the meantime")
    with pytest.raises(FolderError, match=r"\(thesis.txt\)"):
        made.__exit__(None, None, None)
    (folder / "thesis.txt").unlink()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert (folder / "index.html").read_text() == "one"


def test_a_full_disk_leaves_nothing_half(tmp_path, small_chapters, monkeypatch) -> None:
    """A limit on the size of a file stands for the disk: some do not get written."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # half a .pyc would stay, which nobody can read
    folder = tmp_path / "site"
    write(folder, index="one")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(
            ExportError, match="could not be written: File too large; nothing there was changed"
        ):
            export(folder, folder=small_chapters)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert (folder / "index.html").read_text() == "one"


# --- Prose and formulas ---------------------------------------------------------------------------


def notebook(path: Path, *sources: str) -> None:
    """Store a notebook; a source that starts with ``%`` is code."""
    cells = [
        nbformat.v4.new_code_cell(source[1:])
        if source.startswith("%")
        else nbformat.v4.new_markdown_cell(source)
        for source in sources
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


@pytest.fixture(scope="module")
def small_chapters(tmp_path_factory) -> Path:
    """Two notebooks that take no time."""
    folder = tmp_path_factory.mktemp("notebooks")
    notebook(
        folder / "01-first.ipynb", "# First", "%from letkeman_viz.explorables import PageTools\nPageTools()"
    )
    notebook(folder / "02-second.ipynb", "# Second\n\nHere is $x_1$.")
    return folder


def test_files_below_one_heading_are_told_apart(tmp_path) -> None:
    (tmp_path / "notebooks").mkdir()
    notebook(
        tmp_path / "notebooks" / "01-first.ipynb",
        "# First",
        "%import ipywidgets\nipywidgets.HTML('one')",
        "%ipywidgets.HTML('two')",
        "## Then",
        "%ipywidgets.HTML('three')",
    )
    made = export(tmp_path / "site", single_files=True, folder=tmp_path / "notebooks")
    listing = re.findall(r'<a href="(01[^"]+)">([^<]+)</a>', (made / "single" / "index.html").read_text())
    assert listing == [
        ("01-0-first.html", "First, part 1"),
        ("01-1-first.html", "First, part 2"),
        ("01-2-then.html", "Then"),
    ]


def test_cells_run_in_order_in_one_namespace(tmp_path) -> None:
    notebook(
        tmp_path / "a.ipynb",
        "# A\n\n```\n# no heading\n```",
        "%x = 20",
        "%x += 1\nx * 2",
        "## B *and* C",
        "%x",
        "%None",
    )
    parts = run(tmp_path / "a.ipynb")
    assert [part for part in parts if isinstance(part, Output)] == [
        Output(42, "A", 0),
        Output(21, "B and C", 1),
    ]
    assert [type(part) for part in parts] == [Prose, Output, Prose, Output]


@pytest.mark.parametrize(
    ("cell", "words"),
    [("%1 / 0", "ZeroDivisionError: division by zero"), (r"$\nonsense$", r"has the command \nonsense")],
)
def test_a_cell_that_fails_is_named(tmp_path, cell, words) -> None:
    notebook(tmp_path / "a.ipynb", "# A", cell)
    with pytest.raises(ChapterError, match=re.escape("a.ipynb, cell 2: ") + ".*" + re.escape(words)):
        run(tmp_path / "a.ipynb")


def test_prose_keeps_what_the_notebooks_use() -> None:
    html = html_of(
        "## A *word*\n\nSee `1 0` and $a/b$.\n\n$$x = |y|$$\n\n```python\nx = 1\n```\n\n"
        "<details>\n<summary>Answer</summary>\n\nSix, $q$.\n\n</details>"
    )
    assert '<h2 id="a-word">A <em>word</em></h2>' in html
    assert "<code>1 0</code>" in html
    assert "<details>\n<summary>Answer</summary>\n\n<p>Six, <math" in html
    assert '<span class="lk-formula"><math' in html
    assert '<span class="mi">1</span>' in html
    assert "$" not in html


def test_formulas_are_spaced_as_tex_does() -> None:
    assert mathml(r"a/b").count('lspace="0" rspace="0"') == 1
    assert mathml(r"|a|").count('lspace="0" rspace="0"') == 2
    assert "<mo>\N{TILDE OPERATOR}</mo>" in mathml(r"z \sim N")
    assert "<mtext>fan_in</mtext>" in mathml(r"\text{fan\_in}")
    with pytest.raises(FormulaError, match=r"cannot be read|not known"):
        mathml(r"\nonsense{x}")


def test_publishing_uses_what_there_is(root: Path) -> None:
    steps = yaml.safe_load((root / ".github/workflows/pages.yml").read_text())["jobs"]["publish"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    make, command, copy = commands
    assert make == "make docs"
    assert re.search(r"^docs:", (root / "Makefile").read_text(), re.MULTILINE)
    options = cli.build_parser().parse_args(command.removeprefix(".venv/bin/letkeman-viz ").split())
    assert options.command == "export"
    assert copy.split() == ["cp", "-r", "docs/_build/html", f"{options.out}/docs"]
    assert steps[-2]["with"]["path"] == str(options.out)


# --- The whole site -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """What the export of the whole site said."""
    return []


@pytest.fixture(scope="module")
def site(tmp_path_factory, lines) -> Path:
    """All chapters, in a folder whose name is hard to write in an address."""
    return export(tmp_path_factory.mktemp("stick") / "Übung 1 #2", say=lines.append)


def test_the_whole_site_is_small_and_complete(site, lines) -> None:
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert {f"{name}.html" for name in ("index", *CHAPTERS)} < files
    assert sum((site / name).stat().st_size for name in files) <= MOST_BYTES
    assert sum(line.startswith("letkeman-viz: writing chapter") for line in lines) == len(CHAPTERS)
    assert re.search(r"is ready, \d+\.\d MB; open .*index\.html$", lines[-1])


def test_the_first_page_says_what_is_computed_and_what_was_recorded(site) -> None:
    text = " ".join((site / "index.html").read_text().split())
    assert "Those of chapters 2, 3 and 6 are computed by the page while you watch" in text
    assert "What chapters 1, 4 and 5 show was recorded" in text
    assert "into its address" in text


def test_every_formula_is_there(site) -> None:
    for name in CHAPTERS:
        cells = nbformat.read(packaged_folder() / f"{name}.ipynb", 4).cells
        prose = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        wanted = len(re.findall(r"\$\$?[^$]+\$\$?", re.sub(r"```.*?```|`[^`]*`", "", prose, flags=re.DOTALL)))
        assert (site / f"{name}.html").read_text().count("<math ") == wanted, name


def test_no_address_leads_anywhere_else(site) -> None:
    for page in site.glob("*.html"):
        for address in re.findall(r'(?:src|href)="([^"]*)"', page.read_text()):
            assert not address.startswith(("/", "http", "//")), (page.name, address)
            if not address.startswith(("data:", "#")):
                assert (site / address).is_file(), (page.name, address)


def drawn(pages: WatchedPages, address: str, **context: object) -> Page:
    """A page of the site with all its explorables drawn."""
    page = pages(address, **context)
    page.wait_for_selector("body[data-drawn=true]", timeout=DRAWN_SECONDS * 1000)
    return page


def from_disk(pages: WatchedPages, site: Path, name: str, **context: object) -> Page:
    return drawn(pages, (site / f"{name}.html").as_uri(), **context)


@pytest.mark.browser
@pytest.mark.parametrize(("name", "theme"), [*zip(CHAPTERS, cycle(["light", "dark"]), strict=False)])
def test_a_chapter_from_a_disk(pages, site, name, theme) -> None:
    """Everything is drawn, fits a telephone, is accessible there, and asks nothing of anybody.

    Every other chapter is looked at in the dark: what differs from the served pages is alike in all.
    """
    asked: list[str] = []
    other = "dark" if theme == "light" else "light"
    page = pages(viewport={"width": 1280, "height": 900}, color_scheme=other)
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_selector("body[data-drawn=true]", timeout=DRAWN_SECONDS * 1000)
    # Charts of ipywidgets' chapters, and the other chapters' explorables.
    for view in page.locator(".lkv-chart:not([hidden]), .lv.lkv-explorable").all():
        view.scroll_into_view_if_needed()
        expect(view).to_have_attribute("data-drawn", "yes", timeout=DRAWN_SECONDS * 1000)
    page.get_by_label(theme.title(), exact=True).check()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "light").lower())
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert cut_formulas(page) == []
    assert {url.partition(":")[0] for url in asked} <= {"file", "blob", "data"}
    pages.assert_clean(page)
    # Last: axe asks for the style sheets, which a page from a disk may not do.
    assert axe.violations(page) == []


def press(root: Locator, name: str) -> None:
    root.get_by_role("button", name=name, exact=True).click()


@pytest.mark.browser
def test_what_was_not_recorded_says_so_and_where_to_read_on(pages, site) -> None:
    page = from_disk(pages, site, "05-results", viewport={"width": 1280, "height": 900})
    run_here = page.locator(".lkv-explorable").last
    press(run_here, "Start")
    note = run_here.locator(".lkv-offline")
    expect(note).to_contain_text("needs Python")
    note.get_by_role("link").click()
    expect(page.get_by_role("heading", name="What needs Python here")).to_be_in_viewport()
    expect(page.locator("#python pre")).to_contain_text("letkeman-viz serve")
    pages.assert_clean(page)


@pytest.mark.browser
def test_a_link_to_the_playground_works_on_a_copy(pages, site) -> None:
    page = drawn(pages, (site / "06-playground.html").as_uri() + "?rate=0.3&seed=5")
    playground = page.locator(".lv-playground")
    expect(playground).to_have_attribute("data-drawn", "yes")
    expect(playground.get_by_role("textbox", name="Learning rate").first).to_have_value("0.3")
    expect(playground.get_by_role("textbox", name="Seed").first).to_have_value("5")
    pages.assert_clean(page)


@pytest.mark.browser
def test_palette_and_theme_are_kept_from_page_to_page(pages, site) -> None:
    page = pages(
        (site / "index.html").as_uri(), color_scheme="light", viewport={"width": 1280, "height": 900}
    )
    page.get_by_label("Dark", exact=True).check()
    page.get_by_role("radio", name="blue / vermillion").check()
    page.locator(".lk-chapters a").nth(1).click()
    page.wait_for_selector("body[data-drawn=true]")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    expect(page.locator("html")).to_have_attribute("data-lkv-palette", "blue")
    expect(page.locator(".lv-one_example")).to_have_attribute("data-palette", "blue")
    expect(page.locator(".lv-one_example")).to_have_attribute("data-theme", "dark")
    page.locator(".lk-neighbours").get_by_role("link", name="Doing it right").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Doing it right")
    expect(page.locator("html")).to_have_attribute("data-lkv-palette", "blue")
    pages.assert_clean(page)
    page.goto((site / "index.html").as_uri())
    assert axe.violations(page) == []


@pytest.mark.browser
def test_tables_and_results_answer(pages, site) -> None:
    page = from_disk(pages, site, "05-results", viewport={"width": 1280, "height": 900})
    curves = page.locator(".lkv-explorable").first
    expect(curves.locator("table")).to_contain_text("1.83 times")
    press(curves, "Hamlet, recurrent")
    curves.get_by_label("Compare with").select_option(label="Normalized Xavier")
    known = results.curves()
    known.network.value, known.base.value = "hamlet", "normalized_xavier"
    known.finish()
    expect(curves.locator("caption")).to_have_text(known.table.caption)
    expect(curves.locator("tbody tr").last).to_contain_text(known.table.rows[-1][3])
    curves.get_by_label("Show").select_option(label="epochs to reach a loss")
    expect(curves.locator(".lkv-chart .xtitle")).to_contain_text("loss")
    press(curves, "counting, CSV")
    expect(curves.locator(".lkv-take")).to_contain_text("needs Python")
    with page.expect_download() as download:
        press(curves, "hamlet, CSV")
    assert download.value.suggested_filename == "hamlet.csv"
    pages.assert_clean(page)


@pytest.mark.browser
def test_without_javascript_there_is_everything_to_read(pages, site) -> None:
    page = pages((site / "02-doing-it-wrong.html").as_uri(), java_script_enabled=False)
    expect(page.get_by_role("heading", name="Doing it wrong")).to_be_visible()
    expect(page.get_by_text("need JavaScript")).to_be_visible()
    expect(page.get_by_text("once JavaScript is turned on").first).to_be_visible()
    expect(page.get_by_text("most of the 337 updates")).to_be_visible()
    page.get_by_text("Answer", exact=True).click()
    expect(page.locator("details p").first).to_be_visible()


@pytest.mark.browser
def test_missing_data_is_said_in_its_place(pages, site, tmp_path) -> None:
    shutil.copytree(site, tmp_path / "part")
    (tmp_path / "part" / "data" / "05-results.js").unlink()
    page = pages((tmp_path / "part" / "05-results.html").as_uri())
    expect(page.locator(".lk-live").nth(1)).to_contain_text("could not be drawn. Is the folder complete")


@pytest.mark.browser
def test_any_web_server_will_do_below_any_address(pages, site) -> None:
    """A plain file server, the site two folders down."""
    served = site.parent
    handler = functools.partial(QuietHandler, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        asked: list[str] = []
        page = pages()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{server.server_port}/%C3%9Cbung%201%20%232/index.html")
        page.get_by_role("link", name="Doing it wrong").last.click()
        page.wait_for_selector("body[data-drawn=true]", timeout=DRAWN_SECONDS * 1000)
        expect(page.locator(".lkv-where").first).to_have_text("update 0 of 337")
        fetched = [url for url in asked if url.startswith("http")]
        assert all(
            url.startswith(f"http://127.0.0.1:{server.server_port}/%C3%9Cbung%201%20%232/") for url in fetched
        )
        pages.assert_clean(page)
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Python's file server without its log."""

    def log_message(self, *_: object) -> None:
        pass


# --- Single files ---------------------------------------------------------------------------------


@pytest.mark.browser
def test_each_explorable_as_one_file(pages, tmp_path) -> None:
    made = export(tmp_path / "site", ["4"], single_files=True)
    files = sorted(path.name for path in (made / "single").iterdir())
    assert len(files) > 3
    assert all(re.fullmatch(r"04-\d-[\w-]+\.html", name) for name in files[:-1])
    listing = pages((made / "single" / "index.html").as_uri())
    expect(listing.locator("main li a").first).to_have_attribute("href", files[0])
    alone = tmp_path / "mailed.html"
    shutil.move(made / "single" / files[0], alone)
    page = drawn(pages, alone.as_uri())
    expect(page.locator(".lkv-explorable")).to_be_visible()
    for opened in (listing, page):
        pages.assert_clean(opened)
    assert json.loads((made / MARKER).read_text())["files"].count("single/index.html") == 1
