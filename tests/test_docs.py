"""The documentation: it builds, asks nothing of the internet, and what it says and shows is so."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import WatchedPages

import letkeman_viz
from letkeman_viz.explorables import Playground
from letkeman_viz.site.cli import build_parser

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
SITE = "http://localhost:8866"

FENCE = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def name_of(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code_of(page: Path) -> Iterator[str]:
    """Everything on a page that is set as code: single lines of blocks, and words in the prose."""
    text = text_of(page)
    for kind, block in FENCE.findall(text):
        if kind in ("", "text"):
            yield from block.splitlines()
    yield from INLINE.findall(FENCE.sub("", text))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the pages as `make docs` makes them."""
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(folder / "trees")]
    done = subprocess.run(
        [*command, str(DOCS), str(folder / "html")], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder / "html"


# --- The built pages --------------------------------------------------------------------------------


class Loads(HTMLParser):
    """What a page makes a browser fetch, and the names of its places."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        self.fetched += [given[name] for name in ("src", "srcset", "data", "poster") if name in given]
        if "href" in given:
            (self.links if tag == "a" else self.fetched).append(given["href"])


def test_no_page_loads_anything_from_elsewhere(built: Path) -> None:
    pages = sorted(built.rglob("*.html"))
    assert len(pages) > len(PAGES)
    for page in pages:
        fetched = Loads(page).fetched
        assert fetched
        assert [address for address in fetched if urlsplit(address).scheme not in ("", "data")] == [], page
        assert [address for address in fetched if address.startswith("//")] == [], page
    for style in built.rglob("*.css"):
        assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", style.read_text(encoding="utf-8")), style


def test_every_link_inside_leads_to_a_page_and_a_place_on_it(built: Path) -> None:
    pages = {page.resolve(): Loads(page) for page in built.rglob("*.html")}
    checked = 0
    for page, loads in pages.items():
        for link in loads.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            assert target.is_file(), f"{page.name} links to {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].ids, f"{page.name} links to {link}"
            checked += 1
    assert checked > 100


def test_the_api_has_everything_that_can_be_imported(built: Path) -> None:
    places = {place for page in (built / "api").glob("*.html") for place in Loads(page).ids}
    for name in letkeman_viz.__all__:
        homes = [place for place in places if re.fullmatch(rf"letkeman_viz(\.\w+)+\.{name}", place)]
        assert homes, f"{name} is not in the API"
    assert "letkeman_viz.torch.standard_letkeman_" in places
    assert "letkeman_viz.jax.standard_letkeman" in places


def test_docstrings_read_as_text(built: Path) -> None:
    for page in (built / "api").glob("*.html"):
        text = re.sub(r"<pre>.*?</pre>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        plain = re.sub(r"<[^>]+>", "", text)
        assert "``" not in plain, page.name
        assert not re.search(r":(mod|func|class|meth):", plain), page.name
        assert "system-message" not in text, page.name


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_read_without_internet_on_a_telephone(
    built: Path, pages: WatchedPages, scheme: str
) -> None:
    for name in ("index", "teachers", "benchmarks", "api/training"):
        page = pages(
            (built / f"{name}.html").as_uri(),
            viewport={"width": 390, "height": 844},
            color_scheme=scheme,
        )
        assert page.locator("h1").first.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        page.close()


@pytest.mark.browser
def test_search_finds_a_word_without_a_server(built: Path, pages: WatchedPages) -> None:
    page = pages((built / "search.html").as_uri() + "?q=saturated")
    page.locator("#search-results li").first.wait_for()
    assert "Reading the chapters" in page.locator("#search-results").inner_text()


# --- What they say ----------------------------------------------------------------------------------


def test_there_is_a_page_for_everybody() -> None:
    names = {name_of(page) for page in PAGES}
    assert {"index.md", "teachers.md", "students.md", "engineers.md", "contributors.md"} <= names
    assert {"benchmarks.md", "serving.md", "offline.md", "versions.md", "api/index.md"} <= names


def test_code_is_read_without_scrolling_it() -> None:
    for page in PAGES:
        for kind, block in FENCE.findall(text_of(page)):
            if kind == "python":
                assert [line for line in block.splitlines() if len(line) > 90] == [], name_of(page)


@pytest.mark.parametrize("page", [p for p in PAGES if "```python" in text_of(p)], ids=name_of)
def test_code_runs_and_prints_what_stands_below_it(page: Path, tmp_path: Path) -> None:
    blocks = FENCE.findall(text_of(page))
    script, expected = [], []
    for (kind, code), (after, output) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if kind == "python":
            script.append(code)
            expected.append(output if after == "output" else "")
    # A line between the blocks tells what each of them has printed.
    done = subprocess.run(
        [sys.executable, "-c", "\nprint('--- next')\n".join(script)],
        capture_output=True, text=True, timeout=300, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("--- next\n") == expected


def addresses() -> Iterator[tuple[str, str]]:
    """(page, address on the site) of every link to a chapter."""
    for page in PAGES:
        for address in re.findall(rf"{re.escape(SITE)}(/[^\s)>]*)", text_of(page)):
            yield name_of(page), address


def test_links_to_the_site_lead_to_chapters() -> None:
    found = list(addresses())
    assert len(found) >= 10
    for page, address in found:
        path = urlsplit(address).path
        assert path.startswith("/voila/render/"), f"{address} on {page}"
        assert (ROOT / "notebooks" / path.removeprefix("/voila/render/")).is_file(), f"{address} on {page}"


def test_every_chapter_is_linked() -> None:
    linked = {urlsplit(address).path.rpartition("/")[2] for _, address in addresses()}
    assert linked == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}


def test_links_to_the_playground_are_followed_to_the_letter() -> None:
    queries = {urlsplit(address).query for _, address in addresses()} - {""}
    assert len(queries) >= 3
    for query in queries:
        assert Playground.from_link(query).to_link() == f"?{query}"


def test_buttons_that_a_teacher_is_told_to_press_exist() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("explorables", "explorers", "parts", "widgets")
        for path in (ROOT / "letkeman_viz" / folder).rglob("*.*")
        if path.suffix in (".py", ".js")
    )
    labels = re.findall(r"\b(?:[Pp]ress|[Dd]rag|Now|at) \*\*([^*]+)\*\*", text_of(DOCS / "teachers.md"))
    assert {"Present", "Colours", "Noise on top", "New draw", "Cure"} <= set(labels)
    for label in labels:
        assert label in sources, label


def test_the_keys_are_those_of_the_presenter() -> None:
    script = (ROOT / "letkeman_viz/explorables/presenter.js").read_text(encoding="utf-8")
    rows = re.findall(
        r"^  \[\[(.*?)\], \"", script.partition("KEYS = [")[2].partition("\n];")[0], re.MULTILINE
    )
    names = [key for row in rows for key in re.findall(r'"([^"]+)"', row)]
    table = text_of(DOCS / "teachers.md").partition("| Key |")[2].partition("\n\n")[0]
    assert {"Space", "←", "Page Down", "Esc"} <= set(names)
    for name in names:
        assert name in table, name


# --- Commands, files and targets that they name -----------------------------------------------------


def commands() -> list[tuple[str, str]]:
    return [
        (name_of(page), line)
        for page in PAGES
        for line in code_of(page)
        if re.match(r"letkeman-viz (serve|lab|export|experiments) ", line)
    ]


def test_there_are_commands() -> None:
    assert len(commands()) >= 4


@pytest.mark.parametrize(("page", "line"), commands())
def test_commands_are_understood(page: str, line: str) -> None:
    build_parser().parse_args(shlex.split(line)[1:])


def test_every_option_of_serve_is_explained_and_no_other() -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "letkeman_viz.site.cli", "serve", "--help"],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    offered = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", help_text)) - {"--help"}
    table = text_of(DOCS / "serving.md").partition("| Option |")[2].partition("\n\n")[0]
    explained = set(re.findall(r"^\| `(--[a-z-]+)", table, re.MULTILINE))
    assert explained == offered


def test_targets_of_make_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {
        target for page in PAGES for line in code_of(page) for target in re.findall(r"^make ([\w-]+)", line)
    }
    assert {"app", "test", "test-minimum", "docs"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_files_that_are_named_exist() -> None:
    places = (ROOT, ROOT / "letkeman_viz", DOCS)
    path = re.compile(r"[\w./-]+/[\w.-]+\.(?:py|js|css|md|npz)\b")
    named = {word for page in PAGES for code in code_of(page) for word in path.findall(code)}
    own = {f"explorables/your_explorable.{kind}" for kind in ("py", "js", "css")}
    assert len(named - own) >= 8
    for word in named - own:
        assert any((place / word).exists() for place in places), word


def test_every_benchmark_is_on_its_page() -> None:
    programs = {
        path.name
        for path in (ROOT / "benchmarks").glob("*.py")
        if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
    }
    named = set(re.findall(r"`(?:benchmarks/)?(\w+\.py)`", text_of(DOCS / "benchmarks.md")))
    assert named >= programs
    assert named <= {path.name for path in (ROOT / "benchmarks").glob("*.py")}
