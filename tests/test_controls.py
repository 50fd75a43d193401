"""The controls of all explorables (parts/controls.js), in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import axe
import pytest
from browser import WatchedPages
from explorable_page import load_module
from playwright.sync_api import JSHandle, Locator, Page, expect

from letkeman_viz.explorables.bundle import PACKAGE

pytestmark = pytest.mark.browser

SHOW = """(controls) => {
  const root = document.querySelector(".lv");
  const made = (globalThis.made = {});
  const log = (globalThis.log = []);
  const to = (name) => (value) => log.push([name, value]);
  const line = controls.row(root);
  made.rate = controls.slider(line, {
    label: "Learning rate", stops: [0.01, 0.1, 0.2, 0.5, 1, 10], value: 1,
    oninput: to("rate moves"), onchange: to("rate"),
    marks: [{ value: 0.1, label: "the article's" }],
  });
  made.scheme = controls.choice(line, {
    label: "Scheme", value: "b", onchange: to("scheme"),
    options: [
      { value: "a", label: "All zeros" }, { value: "b", label: "All ones" }, { value: "c", label: "Kaiming" },
    ],
  });
  made.seed = controls.number(line, {
    label: "Seed", min: 0, max: 9999, whole: true, value: 1, onchange: to("seed"),
  });
  made.bias = controls.number(line, { label: "Bias", min: -10, max: 10, value: 0, onchange: to("bias") });
  made.task = controls.select(line, {
    label: "Task", value: "up", onchange: to("task"),
    options: [{ value: "up", label: "Count up" }, { value: "down", label: "Count down" }],
  });
  made.order = controls.checkbox(line, { label: "Shuffle", value: true, onchange: to("order") });
  made.table = controls.textarea(root, { label: "Table", max: 8, onchange: to("table") });
  made.go = controls.button(root, { label: "Train", primary: true, onpress: to("go") });
  controls.info(root, { label: "Legend", content: "Width is the size of a weight." });
  const part = (label) => {
    const element = Object.assign(document.createElement("div"), { textContent: `the ${label}` });
    return { label, element };
  };
  made.tabs = controls.tabs(root, [part("Network"), part("Loss")]);
}"""

HTML = """<!doctype html><html lang="en"><title>Controls</title><style>%s %s</style>
<main><h1>Controls</h1><div class="lv" data-theme="light"></div><div style="height: 3000px"></div></main>
</html>"""

PARSED = [
    ("0,5", {}, 0.5),
    ("1e-7", {}, 1e-7),
    ("\N{MINUS SIGN}2", {}, -2),
    (" 1.5·10⁻¹⁴ ", {}, 1.5e-14),
    ("3 x 10^2", {}, 300),
    ("1e3", {"whole": True, "max": 9999}, 1000),
    ("0,125", {}, 0.125),
    ("-0", {}, 0),
]

REFUSED = [
    (
        "1.5",
        {"label": "Seed", "whole": True, "min": 0, "max": 9},
        "Seed takes a whole number from 0 to 9; “1.5” is not whole.",
    ),
    ("1.0", {"whole": True}, "whole number"),
    ("10000", {"label": "Seed", "whole": True, "min": 0, "max": 9999}, "from 0 to 9999, not “10000”."),
    ("abc", {"min": 1e-7, "max": 1}, "from 1e-7 to 1; “abc” is no number"),
    ("1e400", {"min": 0, "max": 10}, "from 0 to 10"),
    ("1,000", {}, "write 1.000 or 1000"),
    ("", {"min": 0, "max": 1}, "This box takes a number from 0 to 1."),
    ("300", {"among": [100, 200]}, "one of 100, 200, not “300”"),
    ("0x10", {}, "no number"),
    ("1.2.3", {}, "no number"),
]


@pytest.fixture
def page(pages: WatchedPages) -> Iterator[Page]:
    """A page with one control of each kind; what they report is in ``log``."""
    page = open_controls(pages)
    yield page
    pages.assert_clean(page)


def open_controls(pages: WatchedPages, **context: Any) -> Page:
    page = pages(**context)
    styles = [
        (PACKAGE / "parts" / name).read_text(encoding="utf-8") for name in ("theme.css", "controls.css")
    ]
    page.set_content(HTML % tuple(styles))
    page.evaluate(SHOW, load_module(page, "parts/controls.js"))
    return page


def refusals(page: Page) -> Locator:
    """The sentences that say why an entry was refused."""
    return page.get_by_role("alert").filter(visible=True)


def log(page: Page) -> list[list[Any]]:
    """What the controls have reported since the last call."""
    found: list[list[Any]] = page.evaluate("log.splice(0)")
    return found


def test_numbers_are_read_as_people_write_them(pages: WatchedPages) -> None:
    page = pages()
    module: JSHandle = load_module(page, "parts/controls.js")
    read = "([module, text, options]) => module.parseNumber(text, options)"
    for text, options, value in PARSED:
        assert page.evaluate(read, [module, text, options]) == {"value": value}, text
    for text, options, sentence in REFUSED:
        assert sentence in page.evaluate(read, [module, text, options])["error"], text


def test_a_refused_number_stays_as_typed_with_a_sentence(page: Page) -> None:
    seed = page.get_by_role("textbox", name="Seed")
    for typed in ("1.5", "10000", "1e9", "x"):
        seed.fill(typed)
        seed.press("Enter")
        expect(refusals(page)).to_contain_text("Seed takes a whole number from 0 to 9999")
        expect(seed).to_have_value(typed)
        expect(seed).to_have_attribute("aria-invalid", "true")
    assert log(page) == []
    seed.press("Escape")
    expect(seed).to_have_value("1")
    expect(refusals(page)).to_have_count(0)
    seed.fill("1e3")
    seed.press("Tab")
    expect(seed).to_have_value("1000")
    page.get_by_role("button", name="Seed: one more").click()
    seed.press("ArrowDown")
    seed.press("ArrowDown")
    bias = page.get_by_role("textbox", name="Bias")
    bias.fill("0,5")
    bias.press("Enter")
    expect(bias).to_have_value("0.5")
    assert log(page) == [["seed", 1000], ["seed", 1001], ["seed", 1000], ["seed", 999], ["bias", 0.5]]
    page.evaluate("made.seed.value = 9999")
    page.get_by_role("button", name="Seed: one more").click()
    expect(seed).to_have_value("9999")
    expect(refusals(page)).to_have_count(0)
    assert log(page) == []


def test_a_slider_and_its_box_are_one_setting(page: Page) -> None:
    slider = page.get_by_role("slider", name="Learning rate")
    box = page.get_by_role("textbox", name="Learning rate, as a number")
    width = slider.bounding_box()
    slider.focus()
    for _ in range(3):
        slider.press("ArrowLeft")
    expect(box).to_have_value("0.1")
    expect(slider).to_have_attribute("aria-valuetext", "0.1, the article's")
    assert slider.bounding_box() == width
    box.fill("1,7")
    box.press("Enter")
    assert page.evaluate("[made.rate.value, document.querySelector('input[type=range]').value]") == [1.7, "4"]
    assert log(page)[-2:] == [["rate moves", 1.7], ["rate", 1.7]]
    page.evaluate("made.rate.value = 10")
    expect(slider).to_have_value("5")
    box.fill("20")
    box.press("Enter")
    expect(refusals(page)).to_contain_text("from 0.01 to 10, not “20”")
    assert log(page) == []


def test_a_swipe_that_begins_on_a_slider_scrolls_and_changes_nothing(pages: WatchedPages) -> None:
    page = open_controls(pages, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    box = page.get_by_role("slider").bounding_box()
    assert box is not None
    x, y = box["x"] + 10, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 12):
        touch.send(
            "Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - 6 * step}]}
        )
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("scrollY > 20")
    assert page.evaluate("made.rate.value") == 1
    expect(page.get_by_role("slider")).to_have_value("4")
    changes = log(page)
    assert [name for name, _ in changes if name == "rate"] == []
    assert changes[-1:] in ([], [["rate moves", 1]])


def test_a_button_works_when_its_text_was_translated(page: Page) -> None:
    page.evaluate(
        """() => document.querySelectorAll(".lv button").forEach((button) => {
          const walk = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
          const texts = [];
          while (walk.nextNode()) texts.push(walk.currentNode);
          for (const text of texts) {
            const font = document.createElement("font");
            text.replaceWith(font);
            font.append(text);
          }
        })"""
    )
    page.locator("font", has_text="Kaiming").click()
    page.locator("font", has_text="Train").click()
    assert [name for name, _ in page.evaluate("log.map(([a, b]) => [a, String(b)])")] == ["scheme", "go"]
    assert page.evaluate("made.scheme.value") == "c"


def test_a_choice_is_a_radio_group_with_one_stop_for_the_keyboard(page: Page) -> None:
    ones = page.get_by_role("radio", name="All ones")
    expect(page.get_by_role("radiogroup", name="Scheme")).to_be_visible()
    expect(ones).to_be_checked()
    ones.focus()
    ones.press("ArrowRight")
    expect(page.get_by_role("radio", name="Kaiming")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    expect(page.get_by_role("textbox", name="Seed")).to_be_focused()
    assert log(page) == [["scheme", "c"], ["scheme", "a"]]
    page.evaluate("made.scheme.value = null")
    assert log(page) == []
    assert page.locator("[role=radio][tabindex='0']").count() == 1


def test_keys_of_controls_do_not_reach_the_notebook(page: Page) -> None:
    """JupyterLab matches shortcuts against the focused element itself; other hosts listen further out."""
    bare = page.locator(
        ".lv :is(a[href], button, input, select, textarea, [tabindex]):not([data-lm-suppress-shortcuts])"
    )
    assert bare.count() == 0
    page.evaluate("globalThis.heard = []; addEventListener('keydown', (e) => heard.push(e.key))")
    page.get_by_role("slider").press("ArrowLeft")
    page.get_by_role("radio", name="All ones").press("ArrowLeft")
    page.get_by_role("textbox", name="Seed").press("d")
    page.get_by_role("button", name="Train").press("Enter")
    assert page.evaluate("heard") == []


def test_a_text_that_is_too_long_is_refused_and_stays(page: Page) -> None:
    table = page.get_by_role("textbox", name="Table")
    table.fill("123456789")
    table.blur()
    expect(refusals(page)).to_have_text("Table takes at most 8 characters; here are 9.")
    expect(table).to_have_value("123456789")
    table.fill("1234")
    table.blur()
    assert log(page) == [["table", "1234"]]


def test_more_about_something_opens_and_closes(page: Page) -> None:
    opener = page.get_by_role("button", name="Legend")
    panel = page.get_by_role("region", name="Legend")
    opener.click()
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    page.get_by_role("heading").click()
    expect(panel).to_be_hidden()


def test_tabs_are_there_only_where_it_is_narrow(page: Page) -> None:
    expect(page.get_by_role("tab")).to_have_count(0)
    expect(page.get_by_text("the Loss")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_text("the Loss")).to_be_hidden()
    page.get_by_role("tab", name="Loss").click()
    expect(page.get_by_text("the Loss")).to_be_visible()
    expect(page.get_by_text("the Network")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_all_is_large_enough_for_a_finger(pages: WatchedPages, theme: str) -> None:
    page = open_controls(pages)
    page.evaluate(f"document.querySelector('.lv').dataset.theme = '{theme}'")
    if theme == "dark":
        page.add_style_tag(content="body { background: #111417; color: #e6e9ed; }")
    page.get_by_role("button", name="Legend").click()
    assert axe.violations(page) == []
    small = page.locator(".lv :is(button, input:not([type=checkbox]), select, textarea)").evaluate_all(
        """all => all.filter((e) => e.offsetHeight && (e.offsetHeight < 24 || e.offsetWidth < 24))
               .map((e) => e.outerHTML)"""
    )
    assert small == []


def test_in_forced_colours_the_chosen_one_is_marked(pages: WatchedPages) -> None:
    page = open_controls(pages, forced_colors="active")
    radios = page.get_by_role("radio")
    shown = radios.evaluate_all("all => all.map((e) => getComputedStyle(e).backgroundColor)")
    assert shown[1] not in (shown[0], shown[2])
