"""Every page for every reader: by keyboard, by screen reader, on a telephone, in light and dark.

One visit to each chapter of the folder and to the landing page serves all checks of it.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from axe import violations
from browser import DRAWN_SECONDS, Server, WatchedPages, cut_formulas, wait_drawn
from playwright.sync_api import Browser, Page, TimeoutError

from letkeman_viz.widgets import _assets

CHAPTERS = sorted(path.name for path in (Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
LANDING = "landing page"

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 800}
CONTROLS = {
    "application", "button", "checkbox", "combobox", "link",
    "radio", "slider", "spinbutton", "switch", "textbox",
}  # fmt: skip


QUIET = """() => [...document.querySelectorAll(".lv")].every((e) => e.dataset.drawn === "yes")
  && [...document.querySelectorAll(".lv progress")].every((e) => e.value >= e.max)"""


def settle(page: Page) -> None:
    """Wait for charts that are on their way; some come only when a reader asks for them."""
    try:
        # What a reader has not come near to as well.
        page.wait_for_function(
            "dispatchEvent(new Event('lkv:want')), !document.querySelector('.lkv-waiting')", timeout=15_000
        )
    except TimeoutError:
        page.wait_for_selector("main", timeout=DRAWN_SECONDS * 1000)


@pytest.fixture(scope="module", params=[LANDING, *CHAPTERS])
def page(request: pytest.FixtureRequest, browser: Browser, voila: Server) -> Iterator[Page]:
    pages = WatchedPages(browser)
    if request.param == LANDING:
        page = pages(voila.url)
    else:
        page = wait_drawn(pages(f"{voila.url}/voila/render/{request.param}"))
        settle(page)
        page.wait_for_function(QUIET)
    yield page
    pages.assert_clean(page)
    pages.close()


def show(page: Page, screen: dict[str, int], theme: str) -> None:
    """Change the screen and the theme of an open page, and wait until it has followed."""
    page.set_viewport_size(screen)
    page.emulate_media(color_scheme=theme)
    page.wait_for_selector(f"body[data-jp-theme-light={str(theme == 'light').lower()}]")
    page.wait_for_timeout(400)  # charts follow a new width with a drawing of their own


@pytest.mark.browser
def test_axe_finds_nothing(page: Page) -> None:
    for screen, theme in ((WIDE, "light"), (NARROW, "dark")):
        show(page, screen, theme)
        assert violations(page) == []


@pytest.mark.browser
def test_every_control_has_a_name(page: Page) -> None:
    show(page, WIDE, "light")
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    named = [
        (node["role"]["value"], node.get("name", {}).get("value", "").strip())
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in CONTROLS
    ]
    assert named
    assert [control for control in named if not control[1]] == []


# What a Tab key should reach: of a group of radio buttons the one that is chosen, of all else everything.
TABBABLE = """() => {
  const all = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  return [...document.querySelectorAll(all)].filter((e) => e.checkVisibility({ visibilityProperty: true })
    && !e.disabled && e.tabIndex === 0 && !(e.type === "radio" && !e.checked));
}"""
REACHED = """() => {
  const e = document.activeElement;
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(e);
  const outlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
  missed.delete(e);
  return [e !== document.body, outlined, outlineColor, e.outerHTML.slice(0, 150), missed.size];
}"""


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tab_reaches_every_control_and_shows_where_it_is(page: Page, theme: str) -> None:
    show(page, WIDE, theme)
    page.evaluate("scrollTo(0, 0); document.activeElement.blur(); getSelection().removeAllRanges()")
    page.evaluate(f"globalThis.missed = new Set(({TABBABLE})())")
    count = page.evaluate("missed.size")
    assert count >= 1
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    unseen = []
    radios = page.locator("input[type=radio]").count()  # of a group with none chosen, the first is reached
    for _ in range(count + radios + 1):
        page.keyboard.press("Tab")
        on_page, outlined, colour, element, left = page.evaluate(REACHED)
        if on_page and not (outlined and contrast(rgb(colour), rgb(paper)) >= 3):
            unseen.append(element)
        if left == 0:
            break
    assert unseen == []
    assert page.evaluate("[...missed].map((e) => e.outerHTML.slice(0, 150))") == []


@pytest.mark.browser
def test_a_telephone_shows_all_of_it_and_fingers_can_press_it(page: Page) -> None:
    show(page, NARROW, "light")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert cut_formulas(page) == []
    small = page.evaluate(
        """(tabbable) => {
          const inSentence = "p a, li a, summary, [role=gridcell]"; // a map's cells are its picture
          const pressed = (e) => (e.matches("[type=checkbox], [type=radio]") && e.closest("label")) || e;
          return eval(tabbable)().filter((e) => e.matches("main *") && !e.matches(inSentence)).map(pressed)
            .map((e) => [e, e.getBoundingClientRect()])
            .filter(([, { width, height }]) => width < 24 || height < 24)
            .map(([e, { width, height }]) => `${width} x ${height}: ${e.outerHTML.slice(0, 150)}`);
        }""",
        TABBABLE,
    )
    assert small == []


@pytest.mark.browser
def test_headings_are_in_order(page: Page) -> None:
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map((h) => Number(h.tagName[1]))")
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.browser
def test_nothing_moves_by_itself(page: Page) -> None:
    """Whether or not a reader asked for less motion: a page that opens is still until a key is pressed."""
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.locator(".lkv-play[aria-label=Pause]").count() == 0


# --- Colours, from the style sheet itself -------------------------------------------------------------


def rgb(colour: str) -> tuple[float, ...]:
    """A colour's channels, 0 to 255, from #rgb, #rrggbb, rgb() or rgba()."""
    if colour.startswith("#"):
        digits = colour[1:] if len(colour) == 7 else "".join(2 * d for d in colour[1:])
        return tuple(int(digits[k : k + 2], 16) for k in (0, 2, 4))
    return tuple(map(float, re.findall(r"[\d.]+", colour)[:3]))


def luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance as in WCAG 2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Contrast ratio as in WCAG 2, 1 to 21."""
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def lightness(colour: tuple[float, ...]) -> float:
    """L* of CIELAB, 0 to 100."""
    return 116 * luminance(colour) ** (1 / 3) - 16


def theme(name: str, palette: str) -> dict[str, tuple[float, ...]]:
    """The colours that widgets have in a theme and a palette."""
    style = _assets.css("theme.css")
    colours: dict[str, Any] = {}
    for selector, body in re.findall(r"^(:where.*?) \{(.*?)\}", style, flags=re.DOTALL | re.MULTILINE):
        if ("jp-theme-light" in selector and name == "light") or (
            "palette" in selector and palette == "green"
        ):
            continue
        colours |= {key: rgb(value) for key, value in re.findall(r"--lkv-([\w-]+): (#\w+);", body)}
    return colours


@pytest.mark.parametrize("palette", ["green", "blue"])
@pytest.mark.parametrize(("name", "page_colour"), [("light", "#ffffff"), ("dark", "#111111")])
def test_every_line_can_be_told_from_its_ground_and_signs_by_lightness(
    name: str, page_colour: str, palette: str
) -> None:
    colours = theme(name, palette)
    grounds = [rgb(page_colour), colours["panel"]]
    lines = ["positive", "negative", "zero", "focus", *(f"layer-{k}" for k in range(1, 7))]
    weak = {line: min(contrast(colours[line], ground) for ground in grounds) for line in lines}
    assert {line: ratio for line, ratio in weak.items() if ratio < 3} == {}
    assert min(contrast(colours["quiet"], ground) for ground in grounds) >= 4.5
    assert abs(lightness(colours["positive"]) - lightness(colours["negative"])) >= 14


def test_the_two_palettes_are_two() -> None:
    for name in ("light", "dark"):
        green, blue = theme(name, "green"), theme(name, "blue")
        assert green["positive"][1] > green["positive"][2]  # more green than blue
        assert blue["positive"][2] > blue["positive"][1] > blue["positive"][0]
        assert blue["negative"] == rgb("#d55e00")


def scheme_colours(text: str, prefix: str) -> list[str]:
    return re.findall(rf"--{prefix}-scheme-\d: (#\w{{6}});", text)


def test_schemes_are_told_apart_and_have_no_layer_s_colour() -> None:
    """Eight in light, then eight in dark; the same in both style sheets while there are two."""
    text = (Path(_assets.__file__).parents[1] / "parts" / "theme.css").read_text(encoding="utf-8")
    colours = scheme_colours(text, "lv")
    assert colours == scheme_colours(_assets.css("theme.css"), "lkv")
    assert len(colours) == 16
    for own, grounds in ((colours[:8], ("#ffffff", "#f6f7f9")), (colours[8:], ("#111417", "#1d2126"))):
        assert min(contrast(rgb(one), rgb(ground)) for one in own for ground in grounds) >= 3
        levels = sorted(lightness(rgb(one)) for one in own[:7])
        assert min(b - a for a, b in pairwise(levels)) >= 2.5
        for one in own:
            hue, _, saturation = colorsys.rgb_to_hls(*(c / 255 for c in rgb(one)))
            degrees = 360 * hue
            # Blue, orange and teal are the layers'; the free gain's brown is a dark orange.
            layers = 165 <= degrees <= 235 or (15 <= degrees <= 40 and one != own[7])
            assert saturation < 0.2 or not layers, one
