"""What a visitor sees around the chapters: landing page, header, first picture, banner, reload, paper."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import SHUT_RDWR, create_connection, create_server, socket
from typing import Any

import numpy as np
import pytest
from axe import violations
from browser import (
    DRAWN_SECONDS,
    Server,
    WatchedPages,
    close_tab,
    running,
    wait_drawn,
    wait_until,
    write_notebook,
)
from jinja2 import Environment, FileSystemLoader
from nbformat import v4
from playwright.sync_api import Page, expect

import letkeman_viz
from letkeman_viz.site import miniature_runs, miniatures
from letkeman_viz.site.chapters import PACKAGE, Listed

WRONG = "02-doing-it-wrong.ipynb"
MAGNITUDE = "04-preserving-magnitude.ipynb"
TITLES = ["One", "Two", "Three"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Our site on three short notebooks."""
    folder = tmp_path_factory.mktemp("small")
    for number, title in enumerate(TITLES, start=1):
        write_notebook(
            folder / f"0{number}-{title.lower()}.ipynb",
            v4.new_markdown_cell(f"# {title}\n\nFirst words of {title}."),
            v4.new_code_cell("import ipywidgets\nipywidgets.IntText(3, description='Number')"),
            v4.new_markdown_cell("More words.\n\n" * 80),
        )
    with running("serve", "--notebooks", str(folder)) as server:
        yield server


def chapter_address(server: Server, name: str) -> str:
    return f"{server.url}/voila/render/{name}"


def chapter(number: int) -> str:
    return f"0{number}-{TITLES[number - 1].lower()}.ipynb"


# --- Miniatures -------------------------------------------------------------------------------------------


def assert_alike(stored: Any, computed: Any, where: str) -> None:
    """The same data; bytes may differ by one, as rounding does from one machine to another."""
    if isinstance(stored, dict):
        assert stored.keys() == computed.keys(), where
        for key in stored:
            if key == "data":
                a, b = (
                    np.frombuffer(miniature_runs.base64.b64decode(x[key]), np.uint8)
                    for x in (stored, computed)
                )
                assert np.abs(a.astype(int) - b.astype(int)).max() <= 1, where
            else:
                assert_alike(stored[key], computed[key], f"{where}.{key}")
    elif isinstance(stored, list):
        assert len(stored) == len(computed), where
        for k, (a, b) in enumerate(zip(stored, computed, strict=True)):
            assert_alike(a, b, f"{where}[{k}]")
    else:
        assert stored == (computed if isinstance(computed, str) else pytest.approx(computed, abs=2e-3)), where


def test_miniatures_are_what_the_package_computes() -> None:
    assert_alike(miniatures.stored(), miniature_runs.compute(), "miniatures")


def test_every_chapter_of_ours_has_a_miniature_and_a_landing_page_is_small() -> None:
    chapters = {path.name for path in (Path(__file__).parent.parent / "notebooks").glob("*.ipynb")}
    assert miniatures.OF_CHAPTER.keys() == chapters
    assert set(miniatures.OF_CHAPTER.values()) | {miniatures.HERO} == miniatures.stored().keys()
    assert miniatures.FILE.stat().st_size < 80_000


def test_packed_numbers_keep_zero_and_the_signs() -> None:
    packed = miniature_runs.symmetric([-2.0, -0.5, 0.0, 0.5, 2.0])
    levels = np.frombuffer(miniature_runs.base64.b64decode(packed["data"]), np.uint8)
    values = packed["low"] + levels * (packed["high"] - packed["low"]) / 255
    assert values[2] == pytest.approx(0.0, abs=1e-12)
    assert values == pytest.approx([-2.0, -0.5, 0.0, 0.5, 2.0], abs=0.01)


def test_a_server_loads_no_engine() -> None:
    code = (
        "import sys; from letkeman_viz.site import server, miniatures; miniatures.stored();"
        " print(sorted({'wasmtime', 'torch', 'ipywidgets'} & sys.modules.keys()))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


# --- Landing page -----------------------------------------------------------------------------------------


def texts(page: Page) -> list[str]:
    return page.locator(".lk-miniature").evaluate_all("all => all.map((figure) => figure.textContent)")


@pytest.mark.browser
def test_landing_pictures_live_without_a_kernel(pages: WatchedPages, voila: Server) -> None:
    before = len(voila.kernels())
    page = pages(voila.url)
    expect(page.locator(".lk-miniature svg[role=img]")).to_have_count(3 + 6)
    assert page.locator(".lk-hero .lk-miniature").get_attribute("data-miniature") == "counting"
    expect(page.locator(".lk-score").nth(2)).to_contain_text("32 of 32 right: it can count")
    fetched = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert not [name for name in fetched if re.search("plotly|voila.js|api/", name)]
    first = texts(page)
    wait_until(lambda: texts(page) != first, 20, "the pictures do not move")
    page.get_by_role("button", name="Pause the pictures").click()
    page.wait_for_timeout(200)
    paused = texts(page)
    page.wait_for_timeout(600)
    assert texts(page) == paused
    gain = page.get_by_role("slider", name="Gain")
    gain.fill("0")
    expect(page.locator("[data-miniature=tower] .lk-big")).to_have_text("gain 0.40")
    gain.fill("40")
    expect(page.locator("[data-miniature=tower] .lk-big")).to_have_text("gain 2.00")
    assert len(voila.kernels()) == before
    pages.assert_clean(page)


@pytest.mark.browser
def test_nothing_moves_for_a_reader_who_asked_for_less_motion(pages: WatchedPages, voila: Server) -> None:
    page = pages(voila.url, reduced_motion="reduce")
    expect(page.locator(".lk-miniature svg[role=img]")).to_have_count(3 + 6)
    first = texts(page)
    assert "20 ✓" in first[2]  # a picture stands where it tells most: here at the end
    assert "337" not in first[2]  # but that is what the chapter asks first
    page.wait_for_timeout(1000)
    assert texts(page) == first
    page.get_by_role("button", name="Play the pictures").click()
    wait_until(lambda: texts(page) != first, 20, "the pictures do not move")


@pytest.mark.browser
def test_colours_chosen_on_one_page_are_those_of_all(pages: WatchedPages, voila: Server) -> None:
    page = pages(voila.url)
    other = page.context.new_page()
    other.goto(voila.url)
    line = "getComputedStyle(document.querySelector('.lk-edges .positive')).stroke"
    green = page.evaluate(line)
    page.get_by_label("blue / vermillion").check()
    assert page.evaluate(line) != green
    expect(other.get_by_label("blue / vermillion")).to_be_checked()
    assert other.evaluate(line) == page.evaluate(line)
    page.reload()
    assert page.evaluate("document.documentElement.dataset.lkvPalette") == "blue"
    assert page.evaluate("localStorage.getItem('letkeman_viz.palette')") == "blue"


def test_citation_is_that_of_the_citation_file(root: Path) -> None:
    known = (root / "CITATION.cff").read_text()
    page = (PACKAGE / "site" / "templates" / "letkeman" / "landing.html").read_text()
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))
    article, software = (re.findall(r'title: "?(.+?)"?$', known, flags=re.MULTILINE)[k] for k in (1, 0))
    for text in (article, software, "Letkeman, Timothy (2021)", "BSD-3-Clause"):
        assert text in plain
    assert f"version: {letkeman_viz.__version__}" in known


# --- Header -----------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_theme_is_chosen_once_for_all_pages(pages: WatchedPages, small: Server) -> None:
    page = pages(small.url, color_scheme="light")
    other = page.context.new_page()
    other.goto(f"{small.url}/?theme=light")
    dark = "[document.body.dataset.jpThemeLight, document.documentElement.style.colorScheme]"
    assert page.evaluate(dark) == ["true", "light"]
    page.get_by_role("radio", name="Dark").check()
    assert page.evaluate(dark) == ["false", "dark"]
    assert other.evaluate(dark) == ["true", "light"]  # what the address says goes before
    other.get_by_role("radio", name="As the system").check()
    assert other.evaluate("location.search") == ""
    expect(page.get_by_role("radio", name="As the system")).to_be_checked()
    assert page.evaluate(dark) == ["true", "light"]
    page.get_by_role("radio", name="Dark").check()
    page.add_init_script(
        "(function look() { if (!document.body) return requestAnimationFrame(look);"
        " globalThis.firstTheme = document.body.dataset.jpThemeLight; })()"
    )
    page.reload()
    assert page.evaluate("firstTheme") == "false"  # known as soon as there was anything to paint


@pytest.mark.browser
def test_chapters_in_order_with_what_has_been_read(pages: WatchedPages, small: Server) -> None:
    page = wait_drawn(pages(chapter_address(small, chapter(2))))
    assert page.locator("h1").all_inner_texts() == ["Two"]
    assert page.locator(".lk-kicker").inner_text() == "Chapter 2 of 3"
    expect(page.get_by_text("First words of Two.")).to_have_count(1)
    page.locator(".lk-menu summary").click()
    links = page.locator(".lk-menu a")
    assert [re.sub(r"\s+", " ", text) for text in links.all_inner_texts()] == [
        "1 One",
        "2 Two begun",
        "3 Three",
    ]
    assert links.nth(1).get_attribute("aria-current") == "page"
    assert violations(page, ".lk-header") == []
    page.keyboard.press("Escape")
    expect(links.first).to_be_hidden()
    page.locator(".lk-neighbours").scroll_into_view_if_needed()
    expect(page.locator(".lk-menu li").nth(1)).to_contain_text("read")
    expect(page.get_by_role("link", name="Previous One")).to_have_attribute("href", re.compile(chapter(1)))
    page.get_by_role("link", name="Next Three").click()
    wait_drawn(page)
    assert page.locator("h1").inner_text() == "Three"
    page.locator(".lk-home").click()
    expect(page.locator(".lk-chapters li").nth(1)).to_contain_text("read")
    expect(page.locator(".lk-chapters li").nth(0)).not_to_contain_text("read")
    page.get_by_role("link", name="Go on with chapter 1").wait_for()
    pages.assert_clean(page)


@pytest.mark.browser
def test_what_others_left_in_storage_does_no_harm(pages: WatchedPages, small: Server) -> None:
    page = pages(small.url)
    page.evaluate(
        "for (const name of ['theme', 'palette', 'progress'])"
        " localStorage.setItem(`letkeman_viz.${name}`, '[1, \"x\", null')"
    )
    page.reload()
    assert page.locator(".lk-chapters li").count() == 3
    pages.assert_clean(page)


# --- Before there is a kernel -----------------------------------------------------------------------------

WITNESS = """
globalThis.seen = {};
const note = (name, holds) => { if (holds) seen[name] ??= performance.now(); };
new MutationObserver(() => {
  note("picture", document.querySelector("h1") && document.querySelector(".lk-poster .lk-edges line"));
  note("words", document.querySelector("#lk-opening p"));
  note("kernel", document.body?.dataset.kernelId);
}).observe(document, { childList: true, subtree: true, attributes: true });
let moved = 0;
new PerformanceObserver((list) => {
  for (const { value } of list.getEntries()) moved += value;
  seen.moved = moved;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.browser
def test_title_picture_and_first_words_are_painted_before_the_kernel(
    pages: WatchedPages, voila: Server
) -> None:
    page = pages(viewport={"width": 1280, "height": 900})
    page.add_init_script(WITNESS)
    page.goto(chapter_address(voila, WRONG))
    wait_drawn(page)
    seen = page.evaluate("seen")
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert seen["picture"] < seen["kernel"]
    assert seen["words"] < seen["kernel"]
    assert painted < seen["kernel"]
    assert seen.get("moved", 0) < 0.15  # what a reader already sees stays where it is
    expect(page.locator("#lk-opening")).to_have_count(0)
    expect(page.get_by_text("A network starts with weights that somebody chose.")).to_have_count(1)


# --- When Python is gone ----------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_killed_kernel_is_said_and_the_reload_brings_everything_back(pages: WatchedPages) -> None:
    with running("serve") as server:
        page = wait_drawn(pages(chapter_address(server, MAGNITUDE)))
        calculator = page.locator(".lkv-explorable:not(.lv)").last
        fields = calculator.get_by_role("spinbutton")
        for field, value in ((fields.nth(0), "20"), (fields.nth(1), "30")):
            field.fill(value)
            field.press("Enter")
        line = calculator.locator("tbody tr").first
        expect(line).to_contain_text("0.223607")
        first = server.kernels()[0].pid
        for kernel in server.kernels():
            kernel.kill()
        banner = page.locator("#lk-banner")
        expect(banner).to_contain_text("Python has stopped for this page", timeout=60_000)
        assert violations(page, "#lk-banner") == []
        with page.expect_navigation():
            page.get_by_role("button", name="Reload with the same settings").click()
        wait_drawn(page)
        expect(banner).to_be_hidden()
        expect(fields.nth(0)).to_have_value("20", timeout=60_000)
        expect(fields.nth(1)).to_have_value("30")
        expect(line).to_contain_text("0.223607")
        assert page.evaluate("history.state?.letkeman ?? null") is None  # the next reload is a plain one
        assert first not in [kernel.pid for kernel in server.kernels()]
        close_tab(page)


@pytest.mark.browser
def test_a_page_that_computes_itself_plays_and_trains_on_without_its_kernel(pages: WatchedPages) -> None:
    with running("serve") as server:
        page = wait_drawn(pages(chapter_address(server, WRONG)))
        example = page.locator(".lv-one_example[data-drawn=yes]")
        expect(example).to_have_count(1, timeout=DRAWN_SECONDS * 1000)
        (kernel,) = server.kernels()
        kernel.kill()
        wait_until(lambda: not kernel.is_running() or kernel.status() == "zombie", 30, "the kernel lives on")
        example.get_by_text("Standard Xavier", exact=True).click()
        expect(example.locator(".lkv-where")).not_to_contain_text("of 337")
        example.get_by_role("textbox", name="Seed").fill("7")
        example.get_by_role("textbox", name="Seed").press("Enter")
        example.locator(".lkv-forward").click()
        expect(example.locator(".lkv-where")).to_contain_text("update 1 of")
        expect(page.locator("#lk-banner")).to_be_hidden()
        close_tab(page)


class Wire:
    """What lies between a browser and a server, and can be cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._whole = True
        self._ends: set[socket] = set()
        self._listener = create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._listener.getsockname()[1]}"
        self._run(self._accept)

    def cut(self) -> None:
        """End every connection, and refuse new ones."""
        self._whole = False
        for end in list(self._ends):
            self._end(end)

    def mend(self) -> None:
        """Let connections through again."""
        self._whole = True

    def close(self) -> None:
        """Be gone."""
        self.cut()
        self._listener.close()

    def _run(self, work: Callable[..., None], *arguments: Any) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # closed
                return
            if not self._whole:
                near.close()
                continue
            far = create_connection(("localhost", self._port))
            self._ends |= {near, far}
            self._run(self._pump, near, far)
            self._run(self._pump, far, near)

    def _pump(self, source: socket, target: socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass  # the other end has gone, or the wire was cut: both end below
        for end in (source, target):
            self._end(end)

    def _end(self, end: socket) -> None:
        self._ends.discard(end)
        try:
            end.shutdown(SHUT_RDWR)
        except OSError:
            end.close()


@pytest.fixture
def wire(small: Server) -> Iterator[Wire]:
    wire = Wire(int(small.url.rsplit(":", 1)[1]))
    yield wire
    wire.close()


def answer(page: Page) -> str:
    """What the kernel answers to a question of this page within 20 seconds: "ok".

    Without the limit it may be forever: JupyterLab's scripts have none for an answer that was lost.
    """
    return page.evaluate(
        """() => Promise.race([
             jupyterapp.widgetManager.kernel.requestKernelInfo().then(({ content }) => content.status),
             new Promise((done) => setTimeout(done, 20_000, "no answer")),
           ])"""
    )


@pytest.mark.browser
def test_twenty_seconds_without_a_connection_are_said_and_survived(pages: WatchedPages, wire: Wire) -> None:
    page = wait_drawn(pages(f"{wire.url}/voila/render/{chapter(1)}"))
    page.get_by_label("Number").fill("4")
    banner = page.locator("#lk-banner")
    wire.cut()
    expect(banner).to_contain_text("The connection to Python is lost. Trying again", timeout=10_000)
    page.wait_for_timeout(18_000)
    expect(banner).to_be_visible()
    wire.mend()
    expect(banner).to_have_text("Connected again.", timeout=60_000)
    expect(banner).to_be_hidden(timeout=10_000)
    # JupyterLab's scripts ask the same when they are connected again, and one of the two may get no answer.
    assert answer(page) == "ok" or answer(page) == "ok"


@pytest.mark.browser
def test_a_kernel_that_ended_while_the_connection_was_away_is_said(
    pages: WatchedPages, wire: Wire, small: Server
) -> None:
    page = wait_drawn(pages(f"{wire.url}/voila/render/{chapter(1)}"))
    wire.cut()
    ended = page.context.request.post(
        f"{small.url}/voila/api/shutdown/{page.evaluate('document.body.dataset.kernelId')}"
    )
    assert ended.status == 204
    wire.mend()
    expect(page.locator("#lk-banner")).to_contain_text("Python has stopped for this page", timeout=60_000)


@pytest.mark.browser
def test_the_kernel_is_ended_when_the_page_is_gone_and_only_then(pages: WatchedPages, small: Server) -> None:
    page = wait_drawn(pages(chapter_address(small, chapter(1))))
    page.evaluate(
        "globalThis.sent = []; navigator.sendBeacon = (address) => sent.push(address) > 0;"
        "dispatchEvent(new Event('beforeunload', { cancelable: true }));"
        "dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))"
    )
    kernel = page.evaluate("document.body.dataset.kernelId")
    # A page that may come back keeps its kernel; the server hears that its place may be free soon.
    assert page.evaluate("sent") == [f"/voila/api/leaving/{kernel}"]
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false }))")
    assert page.evaluate("sent.slice(1)") == [f"/voila/api/shutdown/{kernel}"]


@pytest.mark.browser
def test_a_page_that_comes_back_without_its_kernel_says_so(pages: WatchedPages, small: Server) -> None:
    page = wait_drawn(pages(chapter_address(small, chapter(1))))
    page.context.request.post(
        f"{small.url}/voila/api/shutdown/{page.evaluate('document.body.dataset.kernelId')}"
    )
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(page.locator("#lk-banner")).to_contain_text("Python has stopped for this page", timeout=60_000)


# --- Paper, and a full house ------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_printed_chapter_is_white_and_has_no_header(pages: WatchedPages, small: Server) -> None:
    page = wait_drawn(pages(chapter_address(small, chapter(1)), color_scheme="dark"))
    page.emulate_media(media="print", color_scheme="dark")
    page.wait_for_selector("body[data-jp-theme-light=true]")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for part in (".lk-header", ".lk-neighbours", "#lk-status"):
        expect(page.locator(part)).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    page.emulate_media(media="screen", color_scheme="dark")
    page.wait_for_selector("body[data-jp-theme-light=false]")


@pytest.mark.parametrize("offline", [None, "/offline/"])
def test_a_full_house_says_so_and_tries_again(offline: str | None) -> None:
    templates = Environment(
        loader=FileSystemLoader(PACKAGE / "site" / "templates" / "letkeman"), autoescape=True
    )
    listed = [Listed("01.ipynb", "One", "", 1, "/one")]
    page = templates.get_template("full.html").render(
        assets={}, base_url="/", offline=offline, retry_seconds=45, site_chapters=lambda: listed
    )
    assert "Every seat is taken" in page
    assert '<meta http-equiv="refresh" content="45">' in page
    assert ('href="/offline/"' in page) == bool(offline)
