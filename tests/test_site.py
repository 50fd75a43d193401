"""The site: what the command line says, and what a reader's browser gets from the server."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import (
    LATE,
    Server,
    WatchedPages,
    close_tab,
    console_script,
    free_port,
    running,
    wait_drawn,
    wait_until,
    write_notebook,
)
from nbformat import v4
from playwright.sync_api import Browser, Page, ViewportSize

from letkeman_viz.site.chapters import (
    NoChaptersError,
    chapters,
    checked_folder,
    editable_copies,
    packaged_folder,
)
from letkeman_viz.site.cli import UsageError
from letkeman_viz.site.cli import free_port as checked_port
from letkeman_viz.site.config import lab_config

PHONE: ViewportSize = {"width": 360, "height": 800}

WIDGET = """
import anywidget, sys, traitlets

class Counter(anywidget.AnyWidget):
    _esm = '''
    function render({ model, el }) {
      const button = document.createElement("button");
      const show = () => { button.textContent = "count " + model.get("value"); };
      button.onclick = () => { model.set("value", model.get("value") + 1); model.save_changes(); };
      model.on("change:value", show);
      show();
      el.append(button);
    }
    export default { render };
    '''
    value = traitlets.Int(0).tag(sync=True)
    echo = traitlets.Unicode("").tag(sync=True)

counter = Counter()
counter
"""
LABEL = """
import ipywidgets
label = ipywidgets.Label("kernel says 0")
counter.observe(lambda change: setattr(label, "value", f"kernel says {change.new}"), "value")
label
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small notebooks, and a file that is nobody's business."""
    folder = tmp_path_factory.mktemp("notebooks")
    write_notebook(
        folder / "01-first.ipynb",
        v4.new_markdown_cell(
            "# The *first* one\n\nA paragraph of $x$ [prose](elsewhere).\n\n" + "Long line. " * 40
        ),
        v4.new_markdown_cell(
            "Inline $\\sigma(z)=\\frac{1}{1+e^{-z}}$ and\n\n$$\\frac{\\partial L}{\\partial w} = a_i$$"
        ),
        v4.new_code_cell(WIDGET),
        v4.new_code_cell(LABEL),
        v4.new_code_cell("print('interpreter', sys.executable)"),
    )
    write_notebook(folder / "02-broken.ipynb", v4.new_markdown_cell("# Broken"), v4.new_code_cell("1 / 0"))
    (folder / "private.txt").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Server]:
    """Our server on these notebooks."""
    with running("serve", "--notebooks", str(folder)) as server:
        yield server


def letkeman_viz(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command to its end."""
    return subprocess.run(
        [console_script(), *arguments], capture_output=True, text=True, timeout=60, check=False
    )


# --- The command line -----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["serve", "lab"])
def test_port_taken_is_one_plain_line(command: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = letkeman_viz(command, "--no-browser", "--port", str(port))
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert re.fullmatch(rf"letkeman-viz: port {port} is taken by another program; .*--port\n", ended.stderr)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "8866.5", ""])
def test_port_out_of_range_names_value_and_range(port: str) -> None:
    with pytest.raises(UsageError, match=re.escape(repr(port)) + r" is not a port; .* from 1 to 65535"):
        checked_port(port)


def test_bad_port_ends_with_code_2_and_no_traceback() -> None:
    ended = letkeman_viz("serve", "--port", "70000")
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "letkeman-viz: '70000' is not a port; give --port a whole number from 1 to 65535"
    ]


def test_a_free_port_is_accepted() -> None:
    port = free_port()
    assert checked_port(str(port)) == port


def test_folder_without_notebooks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoChaptersError, match=r"holds no \.ipynb file"):
        checked_folder(tmp_path)
    ended = letkeman_viz("serve", "--notebooks", str(tmp_path / "absent"), "--port", str(free_port()))
    assert ended.returncode == 2
    assert f"there is no folder {tmp_path / 'absent'}" in ended.stderr


def test_interrupt_ends_quietly_and_takes_the_kernels_along(folder: Path) -> None:
    with running("serve", "--notebooks", str(folder)) as server:
        connection = http.client.HTTPConnection("localhost", int(server.url.rsplit(":", 1)[1]), timeout=60)
        connection.request("GET", "/voila/render/01-first.ipynb")
        connection.getresponse().read()
        kernels = server.kernels()
        assert len(kernels) == 1
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=30) == 0
        wait_until(lambda: not any(k.is_running() for k in kernels), 10, "a kernel outlived the server")
        assert "Traceback" not in server.log.read_text()


# --- Chapters -------------------------------------------------------------------------------------


def test_chapters_have_plain_titles_in_file_order(folder: Path) -> None:
    first, second = chapters(folder)
    assert (first.path, first.title) == ("01-first.ipynb", "The first one")
    assert first.summary == "A paragraph of x prose."
    assert (second.path, second.title, second.summary) == ("02-broken.ipynb", "Broken", "")


def test_unreadable_notebook_is_listed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "01.ipynb").write_text("not json")
    assert [(c.title, c.summary) for c in chapters(tmp_path)] == [("01", "This notebook cannot be read.")]


def test_copies_for_editing_keep_what_the_user_changed(tmp_path: Path) -> None:
    names = [path.name for path in sorted(packaged_folder().glob("*.ipynb"))]
    copies = editable_copies(tmp_path / "mine")
    assert [path.name for path in sorted(copies.iterdir())] == names
    (copies / names[0]).write_text("edited")
    editable_copies(copies)
    assert (copies / names[0]).read_text() == "edited"


# --- What is served, and what is not --------------------------------------------------------------


def status_of(url: str, method: str = "GET") -> int:
    """The status a request is answered with, redirections not followed."""
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request(method, "/" + path)
    return connection.getresponse().status


@pytest.mark.parametrize(
    "path",
    [
        "voila/files/01-first.ipynb",
        "voila/files/private.txt",
        "voila/render/private.txt",
        "voila/render/absent.ipynb",
        "voila/render/../private.txt",
        "voila/render/%2e%2e/01-first.ipynb",
        "voila/api/contents/",
        "voila/tree",
        "01-first.ipynb",
        "api/kernels",
        "static/../private.txt",
    ],
)
def test_nothing_but_pages_is_served(site: Server, path: str) -> None:
    assert status_of(f"{site.url}/{path}") in (403, 404)


def test_pages_hold_no_source(site: Server) -> None:
    with urllib.request.urlopen(f"{site.url}/voila/render/01-first.ipynb", timeout=60) as answer:
        html = answer.read().decode()
    assert "kernel says" in html or "application/vnd.voila.cell-output+json" in html
    assert "import anywidget" not in html
    assert "observe(" not in html


# --- In the browser -------------------------------------------------------------------------------


@pytest.mark.browser
def test_landing_page_lists_the_chapters_and_leads_to_them(pages: WatchedPages, site: Server) -> None:
    page = pages(site.url)
    links = page.locator(".lk-chapters a")
    assert [text.splitlines()[0] for text in links.all_inner_texts()] == ["The first one", "Broken"]
    links.first.click()
    wait_drawn(page)
    assert page.title() == "The first one - letkeman_viz"
    page.locator(".lk-home").click()
    page.wait_for_url(site.url + "/")
    pages.assert_clean(page)


@pytest.fixture(scope="module")
def first(browser: Browser, site: Server) -> Iterator[Page]:
    """The first notebook, for several tests; its console stays clean, and nothing is asked of other hosts."""
    pages = WatchedPages(browser)
    page = wait_drawn(pages(f"{site.url}/voila/render/01-first.ipynb"))
    yield page
    pages.assert_clean(page)
    pages.close()


@pytest.mark.browser
def test_chapter_is_drawn_and_alive(first: Page) -> None:
    first.get_by_role("button", name="count 0").click()
    first.get_by_role("button", name="count 1").wait_for()
    first.get_by_text("kernel says 1").wait_for()
    assert first.locator("#lk-status").is_hidden()


@pytest.mark.browser
def test_formulas_are_typeset(first: Page) -> None:
    first.locator("mjx-container mjx-mfrac").first.wait_for()
    assert first.locator("mjx-container[display=true]").count() == 1
    prose = first.locator(".jp-MarkdownOutput").all_inner_texts()
    assert not any("$" in text or "\\frac" in text for text in prose)


@pytest.mark.browser
def test_kernel_is_the_interpreter_of_the_server(first: Page) -> None:
    assert f"interpreter {sys.executable}" in first.locator("main").inner_text()


@pytest.mark.browser
def test_another_environments_python3_is_not_used(
    pages: WatchedPages, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": ["/bin/false"], "display_name": "Another", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    with running("serve", "--notebooks", str(folder)) as server:
        page = wait_drawn(pages(f"{server.url}/voila/render/01-first.ipynb"))
        page.get_by_text("kernel says 0").wait_for()
        close_tab(page)


@pytest.mark.browser
def test_kernel_is_gone_after_the_page_is_closed(pages: WatchedPages, folder: Path) -> None:
    with running("serve", "--notebooks", str(folder)) as server:
        page = wait_drawn(pages(f"{server.url}/voila/render/01-first.ipynb"))
        assert len(server.kernels()) == 1
        close_tab(page)
        wait_until(lambda: server.kernels() == [], 20, "the kernel outlived its page")


@pytest.mark.browser
def test_failing_cell_says_so_without_its_traceback(pages: WatchedPages, site: Server) -> None:
    page = wait_drawn(pages(f"{site.url}/voila/render/02-broken.ipynb"))
    text = page.locator("main").inner_text()
    assert "This part of the page could not run" in text
    assert "ZeroDivisionError" not in text
    pages.assert_clean(page)


def test_what_comes_late_is_waited_for(tmp_path: Path) -> None:
    write_notebook(tmp_path / "late.ipynb", v4.new_markdown_cell("# Late"), v4.new_code_cell(LATE))
    with (
        running("serve", "--notebooks", str(tmp_path)) as server,
        urllib.request.urlopen(f"{server.url}/voila/render/late.ipynb", timeout=60) as answer,
    ):
        assert "late, but here" in answer.read().decode()


@pytest.mark.browser
def test_unknown_address_gets_a_page_of_ours(pages: WatchedPages, site: Server) -> None:
    page = pages(f"{site.url}/voila/render/absent.ipynb")
    assert page.locator("h1").inner_text() == "There is no such page"
    page.get_by_role("link", name="All chapters").click()
    page.wait_for_url(site.url + "/")
    assert pages.watch(page).foreign_requests == []


def brightness(page: Page, selector: str, style: str) -> float:
    """Mean of the red, green and blue of a computed colour, 0 to 255."""
    colour = page.locator(selector).first.evaluate(
        "(element, style) => getComputedStyle(element)[style]", style
    )
    red, green, blue = map(float, re.findall(r"[\d.]+", colour)[:3])
    return (red + green + blue) / 3


@pytest.mark.browser
@pytest.mark.parametrize(
    ("system", "query", "dark"),
    [
        ("light", "", False),
        ("dark", "", True),
        ("dark", "?theme=light", False),
        ("light", "?theme=dark", True),
    ],
)
def test_colours_follow_the_visitor(
    pages: WatchedPages, site: Server, system: str, query: str, dark: bool
) -> None:
    page = wait_drawn(pages(f"{site.url}/voila/render/01-first.ipynb{query}", color_scheme=system))
    assert page.locator("body").get_attribute("data-jp-theme-light") == str(not dark).lower()
    background = brightness(page, "body", "backgroundColor")
    ink = brightness(page, ".jp-MarkdownOutput p", "color")
    label = brightness(page, ".widget-label", "color")
    assert (background < 60) == dark
    assert abs(background - ink) > 120
    assert abs(background - label) > 120
    pages.assert_clean(page)


@pytest.mark.browser
def test_colours_change_with_the_system_while_the_page_is_open(pages: WatchedPages, site: Server) -> None:
    page = pages(site.url, color_scheme="light")
    assert brightness(page, "body", "backgroundColor") > 200
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    assert brightness(page, "body", "backgroundColor") < 60


def fits_a_phone(page: Page) -> None:
    """Nothing is wider than the screen, and the prose uses it."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    paragraph = page.locator("main p").first.bounding_box()
    assert paragraph is not None
    assert paragraph["width"] >= PHONE["width"] - 50


@pytest.mark.browser
def test_landing_page_fits_a_phone(pages: WatchedPages, site: Server) -> None:
    fits_a_phone(pages(site.url, viewport=PHONE))


@pytest.mark.browser
def test_chapter_fits_a_phone(first: Page) -> None:
    first.set_viewport_size(PHONE)
    fits_a_phone(first)


@pytest.mark.browser
def test_measure_is_readable_on_a_wide_screen(first: Page) -> None:
    first.set_viewport_size({"width": 1600, "height": 900})
    prose = first.locator(".jp-MarkdownOutput p").nth(1).bounding_box()
    explorable = first.locator(".jp-OutputArea-output").first.bounding_box()
    assert prose is not None
    assert explorable is not None
    assert 500 < prose["width"] < 800
    assert 1000 < explorable["width"] <= 1100


@pytest.mark.browser
def test_top_of_the_page_comes_before_the_kernel(site: Server) -> None:
    started = time.monotonic()
    with urllib.request.urlopen(f"{site.url}/voila/render/01-first.ipynb", timeout=60) as answer:
        top = ""
        while "lk-opening" not in top:  # the title, the picture and the first words
            top += answer.read1(65536).decode()
        first = time.monotonic() - started
        rest = answer.read().decode()
        whole = time.monotonic() - started
    assert "Starting Python for this page" in top
    assert "kernelId" not in top
    assert "kernelId" in rest
    assert first < whole / 2


# --- JupyterLab -------------------------------------------------------------------------------------


@pytest.mark.browser
def test_lab_opens_the_first_notebook_and_runs_it(pages: WatchedPages, folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "01-first.ipynb", tmp_path)
    with running("lab", "--notebooks", str(tmp_path)) as server:
        page = pages(server.start)
        page.locator(".jp-Notebook .jp-MarkdownOutput h1").wait_for()
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.get_by_role("button", name="count 0").click()
        page.get_by_text("kernel says 1").wait_for()
        page.get_by_text(f"interpreter {sys.executable}").wait_for()
        page.locator("mjx-container[display=true]").wait_for()
        pages.assert_clean(page)


def test_lab_needs_its_token(lab: Server) -> None:
    assert lab.token
    assert status_of(f"{lab.url}/api/contents") == 403
    assert status_of(lab.address("/api/contents")) == 200


def test_notebooks_of_the_checkout_are_saved_without_outputs() -> None:
    config = lab_config(packaged_folder(), 8888, False, "/lab", "token")
    output = v4.new_output("stream", text="noise")
    notebook = v4.new_notebook(cells=[v4.new_code_cell("1", outputs=[output], execution_count=3)])
    notebook.metadata["widgets"] = {"state": {}}
    config.FileContentsManager.pre_save_hook({"type": "notebook", "content": notebook}, path="x.ipynb")
    assert notebook.cells[0].outputs == []
    assert notebook.cells[0].execution_count is None
    assert "widgets" not in notebook.metadata


def test_lab_of_the_checkout_starts_without_a_warning() -> None:
    with running("lab") as server:
        assert "Warning" not in server.log.read_text()


def test_a_users_own_copies_are_saved_as_they_are(tmp_path: Path) -> None:
    config = lab_config(tmp_path, 8888, False, "/lab", "token")
    assert "pre_save_hook" not in config.FileContentsManager
