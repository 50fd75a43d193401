"""The tools of a page: its colours, presenter mode and keys. First on a page made for them, then for real."""

from __future__ import annotations

import functools
import http.server
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe import violations
from browser import DRAWN_SECONDS, Server, WatchedPages, wait_drawn
from explorable_page import load_module
from playwright.sync_api import Browser, Locator, Page, expect

from letkeman_viz.explorables import PageTools

expect.set_options(timeout=15_000)

# Two explorables with what the tools look for, between paragraphs. The first has the classes of a player and
# of schemes; every press is noted in `pressed`.
BODY = """
<h1>Title</h1><div id="tools"></div><p style="height: 900px">far</p>
<h2>First</h2>
<div style="transform: rotate(0deg);"><div class="lkv-explorable" id="first">
  <div class="widget-toggle-buttons lkv-schemes"><label class="widget-label">Start from</label>
    <button class="mod-active">zeros</button><button>ones</button></div>
  <button class="lkv-reset">reset</button><button class="lkv-back">back</button>
  <button class="lkv-play" aria-label="Play">play</button><button class="lkv-forward">forward</button>
  <span class="lkv-where">update 3 of 9</span>
  <input type="number" value="1" id="number"><input type="range" id="range" min="0" max="9" value="5">
  <div class="widget-html-content" id="words"></div><div class="lkv-minor">minor</div>
  <div id="block" style="width: 50px; height: 20px"></div>
  <div style="height: 2000px"></div>
</div></div>
<p><a href="#" id="link">elsewhere</a></p>
<h2>Second</h2>
<div class="lkv-explorable" id="second"><select class="lkv-schemes"><option>a<option>b</select></div>
<p style="height: 900px">end</p>
"""
SETUP = """async ([module, body]) => {
  document.body.innerHTML = body;
  globalThis.pressed = [];
  for (const button of document.querySelectorAll("#first button"))
    button.addEventListener("click", () => pressed.push(button.textContent));
  const el = document.getElementById("tools");
  globalThis.goAway = await module.default.show({ state: { _data: {}, _channel: "" }, el });
}"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves an empty folder without a word: a page needs an address to remember anything."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("empty")
    (folder / "index.html").write_text("<!doctype html><title>Tools</title><link rel=icon href=data:,>")
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def alone(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Makes a page with nothing but the tools and two explorables; it must not throw."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    errors: list[str] = []

    def make(script: str = "") -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        if script:
            page.add_init_script(script)
        page.goto(address)
        page.evaluate(SETUP, [load_module(page, "explorables/page_tools.js"), BODY])
        return page

    yield make
    context.close()
    assert errors == []


@pytest.fixture
def page(alone: Callable[..., Page]) -> Page:
    return alone()


def present(page: Page) -> Locator:
    page.get_by_role("button", name="Present").click()
    return page.locator(".lkv-on-stage")


def pressed(page: Page) -> list[str]:
    """What was pressed since this was last asked."""
    return page.evaluate("pressed.splice(0)")


def palette(page: Page) -> str | None:
    return page.locator("html").get_attribute("data-lkv-palette")


def test_the_tools_take_nothing_from_a_page() -> None:
    assert PageTools().settings_names() == []


# --- Colours ------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_the_colours_are_remembered_and_every_tab_has_them(alone: Callable[..., Page]) -> None:
    page = alone()
    assert palette(page) is None
    expect(page.get_by_label("green / red")).to_be_checked()
    page.get_by_label("blue / vermillion").check()
    assert palette(page) == "blue"
    expect(page.get_by_role("status")).to_have_text("Colours: blue / vermillion")
    other = alone()
    assert palette(other) == "blue"
    expect(other.get_by_label("blue / vermillion")).to_be_checked()
    other.get_by_label("green / red").check()
    expect(page.get_by_label("green / red")).to_be_checked()
    assert palette(page) is None


@pytest.mark.browser
def test_without_storage_the_colours_hold_for_the_visit(alone: Callable[..., Page]) -> None:
    refuse = "Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('no'); } })"
    page = alone(refuse)
    page.get_by_label("blue / vermillion").check()
    assert palette(page) == "blue"


# --- Presenting ---------------------------------------------------------------------------------------


@pytest.mark.browser
def test_the_stage_fills_the_screen_and_magnifies(page: Page) -> None:
    stage = present(page)
    for width, height, factor in ((1280, 720, 720 / 560), (1920, 1080, 1080 / 560), (1024, 768, 1024 / 960)):
        page.set_viewport_size({"width": width, "height": height})
        box = stage.bounding_box()
        assert [box["x"], box["y"]] == [0, 0]  # though an ancestor has a transform
        assert [box["width"], box["height"]] == pytest.approx([width, height], abs=1)
        # A new size is followed with the next frame.
        height = "document.getElementById('block').getBoundingClientRect().height"
        page.wait_for_function(f"(wanted) => Math.abs({height} / wanted - 1) < 0.01", arg=20 * factor)
    expect(page.locator(".lkv-minor")).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.locator(".lkv-on-stage").bounding_box()["width"] == pytest.approx(390, abs=1)


@pytest.mark.browser
def test_the_keys_press_the_buttons_on_the_stage(page: Page) -> None:
    for key in ("Space", "ArrowRight", "1", "Home"):
        page.keyboard.press(key)
    assert pressed(page) == []  # nothing is page-wide before
    stage = present(page)
    said = stage.get_by_role("status")
    for key, button, words in [
        ("Space", "play", "update 3 of 9"), ("ArrowRight", "forward", "update 3 of 9"),
        ("ArrowLeft", "back", "update 3 of 9"), ("Home", "reset", "update 3 of 9"),
        ("1", "zeros", "zeros"), ("2", "ones", "ones"),
    ]:  # fmt: skip
        page.keyboard.press(key)
        assert pressed(page) == [button]
        expect(said).to_have_text(words)
    page.keyboard.press("3")  # there are two
    page.keyboard.press("Control+ArrowRight")  # the browser's
    assert pressed(page) == []
    page.keyboard.press("Escape")
    for key in ("Space", "ArrowRight", "1"):
        page.keyboard.press(key)
    assert "play" not in pressed(page)


@pytest.mark.browser
def test_space_plays_and_does_not_scroll(page: Page) -> None:
    stage = present(page)
    page.keyboard.press("Space")
    page.wait_for_timeout(300)  # a scroll would be under way by now
    assert stage.evaluate("stage => [stage.scrollTop, document.documentElement.scrollTop]") == [
        0,
        page.evaluate("scrollY"),
    ]
    assert pressed(page) == ["play"]


@pytest.mark.browser
def test_typing_is_not_pressing_keys(page: Page) -> None:
    present(page)
    page.locator("#number").focus()
    for key in ("End", "2", "Home", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("#number")).to_have_value("12")
    assert pressed(page) == []


@pytest.mark.browser
def test_where_tab_has_led_keys_mean_what_they_say_there(page: Page) -> None:
    present(page)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "ones":
            break
    page.keyboard.press("Space")
    assert pressed(page) == ["ones"]
    page.keyboard.press("ArrowRight")  # no use of a button's own
    assert pressed(page) == ["forward"]
    page.locator(".lkv-forward").click()  # what a mouse leaves focused keeps no key
    page.keyboard.press("Space")
    assert pressed(page) == ["forward", "play"]


@pytest.mark.browser
def test_page_down_and_up_go_from_one_explorable_to_the_next(page: Page) -> None:
    stage = present(page)
    expect(stage).to_have_id("first")
    expect(stage).to_have_attribute("aria-label", "On stage: First")
    expect(stage).to_contain_text("1 of 2")
    page.keyboard.press("PageUp")
    expect(stage.get_by_role("status")).to_have_text("This is the first one.")
    page.keyboard.press("PageDown")
    expect(stage).to_have_id("second")
    expect(stage).to_contain_text("Second")
    page.keyboard.press("2")
    expect(page.locator("#second select")).to_have_value("b")
    stage.get_by_role("button", name="Explorable before").click()
    expect(stage).to_have_id("first")
    assert page.locator(".lkv-stage-bar").count() == 1


@pytest.mark.browser
def test_what_is_nearest_the_middle_comes_first(page: Page) -> None:
    page.evaluate("second.scrollIntoView({ block: 'center' })")
    page.get_by_role("button", name="Present").evaluate("button => button.click()")
    expect(page.locator(".lkv-on-stage")).to_have_id("second")


@pytest.mark.browser
def test_escape_gives_everything_back(page: Page) -> None:
    page.evaluate("scrollTo(0, 300); document.querySelector('#tools').style.position = 'fixed'")
    page.get_by_role("button", name="Present").focus()
    before = page.evaluate("[scrollY, document.documentElement.outerHTML]")
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelectorAll('[inert]').length") >= 5
    expect(page.locator("#first")).to_be_focused()
    page.mouse.wheel(0, 500)
    page.wait_for_timeout(200)
    page.keyboard.press("Escape")
    after = page.evaluate("[scrollY, document.documentElement.outerHTML]")
    assert after[0] == before[0] == 300
    assert re.sub(r' (style|class)=""', "", after[1]) == re.sub(r' (style|class)=""', "", before[1])
    expect(page.get_by_role("button", name="Present")).to_be_focused()


@pytest.mark.browser
def test_tab_stays_on_the_stage(page: Page) -> None:
    present(page)
    for _ in range(25):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || first.contains(document.activeElement)"
        )


@pytest.mark.browser
def test_leaving_the_page_ends_the_presentation(page: Page) -> None:
    present(page)
    page.evaluate("goAway()")  # as when JupyterLab removes the cell's output
    expect(page.locator(".lkv-on-stage, [inert]")).to_have_count(0)


def hold(page: Page, key: str) -> None:
    """Press a key for as long as it takes to repeat itself, twice."""
    for _ in range(3):
        page.keyboard.down(key)
    page.keyboard.up(key)


@pytest.mark.browser
def test_the_keys_are_told_in_a_dialog(page: Page) -> None:
    page.get_by_role("button", name="Keys").click()
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("play or pause")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    present(page)
    hold(page, "?")
    expect(dialog).to_be_visible()
    page.keyboard.press("1")  # not while reading
    assert pressed(page) == []
    hold(page, "?")  # as it came
    expect(dialog).to_have_count(0)
    expect(page.locator(".lkv-on-stage")).to_have_count(1)


@pytest.mark.browser
def test_with_nothing_to_present_it_says_so(page: Page) -> None:
    page.evaluate("document.querySelectorAll('.lkv-explorable').forEach((e) => e.remove())")
    present(page)
    expect(page.get_by_role("status")).to_have_text("There is nothing to present on this page yet.")


# --- What ipywidgets leaves unsaid ----------------------------------------------------------------------


@pytest.mark.browser
def test_groups_of_buttons_say_their_name_and_what_is_pressed(page: Page) -> None:
    group = page.get_by_role("group", name="Start from")
    expect(group.get_by_role("button", name="zeros", pressed=True)).to_be_visible()
    page.evaluate("""() => {
      const [zeros, ones] = document.querySelectorAll(".widget-toggle-buttons button");
      zeros.classList.remove("mod-active");
      ones.classList.add("mod-active");
    }""")
    expect(group.get_by_role("button", name="ones", pressed=True)).to_be_visible()
    expect(group.get_by_role("button", pressed=True)).to_have_count(1)
    late = (
        '<div class="widget-toggle-buttons"><label class="widget-label">Late</label><button>x</button></div>'
    )
    page.evaluate("(late) => second.insertAdjacentHTML('beforeend', late)", late)
    expect(page.get_by_role("group", name="Late").get_by_role("button", pressed=False)).to_be_visible()


@pytest.mark.browser
def test_a_line_of_results_is_read_out_once_it_rests(page: Page) -> None:
    said = page.locator("#tools").get_by_role("status")
    page.evaluate("""async () => {
      globalThis.heard = [];
      const status = document.querySelector("#tools [role=status]");
      new MutationObserver(() => heard.push(status.textContent)).observe(status, { childList: true });
      for (let k = 0; k <= 8; k++) {
        words.innerHTML = `<p>${k} draws</p>`;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }""")
    expect(said).to_have_text("8 draws")
    assert page.evaluate("heard") == ["8 draws"]


@pytest.mark.browser
def test_a_line_that_empties_takes_nothing_from_the_stage(page: Page) -> None:
    stage = present(page)
    said = stage.locator(".lkv-stage-status")
    page.evaluate("words.innerHTML = '<p>Computing</p>'")
    expect(said).to_have_text("Computing")
    page.evaluate("words.innerHTML = ''")  # it is over, and nothing is left of it
    expect(said).to_have_text("")
    page.keyboard.press("1")
    page.evaluate("words.innerHTML = '<p>Computing</p>'; words.innerHTML = ''")
    page.wait_for_timeout(1200)  # longer than a line has to rest
    expect(said).to_have_text("zeros")
    expect(said).not_to_have_class(re.compile("lv-unseen"))


# --- On real chapters -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened(browser: Browser, voila: Server) -> Iterator[Page]:
    """The chapter "Doing it wrong" on a projector; its console stays clean."""
    pages = WatchedPages(browser)
    page = pages(voila.url + "/voila/render/02-doing-it-wrong.ipynb", viewport={"width": 1280, "height": 720})
    wait_drawn(page)
    yield page
    pages.assert_clean(page)
    pages.close()


@pytest.fixture
def chapter(opened: Page) -> Iterator[Page]:
    """The open chapter, which nobody presents."""
    yield opened
    opened.keyboard.press("Escape")
    expect(opened.locator(".lkv-on-stage, [inert]")).to_have_count(0)


def present_example(page: Page) -> Locator:
    """The single example on the stage."""
    page.locator(".lv-one_example").scroll_into_view_if_needed()
    page.get_by_role("button", name="Present").evaluate("button => button.click()")
    return page.locator(".lkv-on-stage.lv-one_example")


@pytest.mark.browser
def test_lines_take_the_other_colours_at_once(chapter: Page) -> None:
    positive = chapter.locator(".lv-one_example line.lv-positive").first
    for label, theme, colour in (
        ("green / red", "light", "rgb(15, 107, 47)"),
        ("blue / vermillion", "light", "rgb(0, 95, 150)"),
        ("blue / vermillion", "dark", "rgb(86, 180, 233)"),
        ("green / red", "light", "rgb(15, 107, 47)"),
    ):
        chapter.get_by_label(label).check()
        chapter.emulate_media(color_scheme=theme)
        expect(positive).to_have_css("stroke", colour)


@pytest.mark.browser
def test_a_lesson_is_given_with_the_keys(chapter: Page) -> None:
    stage = present_example(chapter)
    where = stage.locator(".lkv-where")
    for key, step in [("2", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("Home", 0)]:
        chapter.keyboard.press(key)
        expect(where).to_contain_text(f"update {step} of 337")
    chapter.keyboard.press("Space")
    expect(stage.locator(".lkv-stage-status")).to_have_text("Playing")
    expect(where).not_to_contain_text("update 0 of")
    chapter.keyboard.press("Space")
    expect(stage.locator(".lkv-stage-status")).to_contain_text(re.compile(r"update \d+ of 337"))
    chapter.keyboard.press("1")
    expect(where).to_contain_text("update 0 of 1")
    chapter.keyboard.press("2")
    expect(where).to_contain_text("update 0 of 337")
    chapter.keyboard.press("Space")
    expect(where).not_to_contain_text("update 0 of")
    chapter.keyboard.press("Escape")  # who leaves, pauses
    expect(chapter.locator(".lv-one_example .lkv-play")).to_have_attribute("aria-label", "Play")


@pytest.mark.browser
def test_axe_finds_nothing_on_the_stage(chapter: Page) -> None:
    present_example(chapter)
    assert violations(chapter) == []


@pytest.mark.browser
def test_it_works_inside_jupyterlab(pages: WatchedPages, lab: Server) -> None:
    page = pages(viewport={"width": 1280, "height": 720})
    page.goto(lab.address("/lab/tree/02-doing-it-wrong.ipynb"))
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=DRAWN_SECONDS * 1000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.locator(".lv-one_example[data-drawn=yes]").wait_for(timeout=DRAWN_SECONDS * 1000, state="attached")
    page.locator(".lkv-tools").scroll_into_view_if_needed()
    cells = "(all) => all.map((cell) => cell.matches('.jp-MarkdownCell') ? cell.textContent : 'code')"
    before = page.locator(".jp-Cell").evaluate_all(cells)
    stage = present_example(page)
    expect(stage).to_have_count(1)
    box = stage.bounding_box()
    assert [box["x"], box["y"], box["width"], box["height"]] == pytest.approx([0, 0, 1280, 720], abs=1)
    page.keyboard.press("1")
    expect(stage.locator(".lkv-where")).to_contain_text("update 0 of 1")
    page.keyboard.press("ArrowRight")
    expect(stage.locator(".lkv-where")).to_contain_text("update 1 of 1")
    assert violations(page, ".lkv-on-stage") == []
    page.keyboard.press("Escape")
    expect(page.locator(".lkv-on-stage, [inert]")).to_have_count(0)
    assert page.locator(".jp-Cell").evaluate_all(cells) == before  # where 1 makes a heading
    pages.assert_clean(page)
