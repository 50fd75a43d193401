"""The player (parts/player.js): the clock in steps, its buttons, and how it behaves in a page."""

from __future__ import annotations

from collections.abc import Iterator

import axe
import pytest
from browser import WatchedPages
from explorable_page import load_module
from playwright.sync_api import JSHandle, Page, expect

from letkeman_viz.explorables.bundle import PACKAGE

pytestmark = pytest.mark.browser

SHOW = """(module) => {
  const root = document.querySelector(".lv");
  globalThis.seen = [];
  globalThis.states = [];
  globalThis.scope = new AbortController();
  globalThis.player = module.createPlayer(root, {
    signal: scope.signal, root, unit: "epoch", onstep: (step) => seen.push(step),
  });
  player.onplaying((playing) => states.push(playing));
  root.append(Object.assign(document.createElement("p"), { textContent: "the network" }));
  root.lastChild.style.height = "1500px";
  player.load({ last: 1000 });
  document.addEventListener("keydown", (event) => (globalThis.keys ??= []).push(event.key));
}"""

HTML = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Player</title><style>%s %s %s</style>
<main><h1>Player</h1><div class="lv" data-theme="light"></div><div style="height: 3000px"></div></main>"""


def show(page: Page) -> Page:
    styles = [(PACKAGE / "parts" / name).read_text() for name in ("theme.css", "controls.css", "player.css")]
    page.set_content(HTML % tuple(styles))
    page.evaluate(SHOW, load_module(page, "parts/player.js"))
    return page


@pytest.fixture
def page(pages: WatchedPages) -> Iterator[Page]:
    made = show(pages())
    yield made
    pages.assert_clean(made)


@pytest.fixture
def module(page: Page) -> JSHandle:
    return load_module(page, "parts/player.js")


@pytest.mark.parametrize(
    ("position", "elapsed", "speed", "slow", "expected"),
    [
        (0, 50, 100, None, 5),
        (0.5, 10, 30, None, 0.8),
        (0, 60_000, 100, None, 10),  # a page that slept does not leap
        (5, -3, 100, None, 5),
        (998, 100, 300, None, 1000),
        (41, 50, 300, (40, 50), 41.3),
        (41, 50, 3, (40, 50), 41.15),  # slower than slow already
        (37, 20, 300, (40, 50), 40 + 0.01 * 6),  # no frame jumps over the moment
        (49.9, 100, 300, (40, 50), 50 + (0.1 - 0.1 / 6) * 300),
        (60, 100, 300, (40, 50), 90),
    ],
)
def test_the_clock_counts_steps_and_slows_down_before_everything_is_right(
    module: JSHandle,
    page: Page,
    position: float,
    elapsed: float,
    speed: float,
    slow: tuple[int, int] | None,
    expected: float,
) -> None:
    found = page.evaluate(
        "([m, p, e, v, slow]) => m.advance(p, e, v, 1000, slow)", [module, position, elapsed, speed, slow]
    )
    assert found == pytest.approx(expected)


def test_buttons_scrubber_and_keys_move_by_one_step_and_keep_their_keys(page: Page) -> None:
    def step() -> int:
        return int(page.evaluate("player.step"))

    assert page.evaluate("seen") == [0]  # a load says where the clock is
    expect(page.locator(".lkv-where")).to_have_text("epoch 0 of 1000")
    for name, expected in (
        ("forward", 1),
        ("forward", 2),
        ("back", 1),
        ("end", 1000),
        ("forward", 1000),
        ("reset", 0),
    ):
        page.locator(f".lkv-{name}").click()
        assert step() == expected
    scrub = page.get_by_role("slider", name="Position in the run")
    scrub.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("d")
    assert step() == 1
    expect(scrub).to_have_attribute("aria-valuetext", "epoch 1 of 1000")
    page.keyboard.press("?")  # the page's own
    assert page.evaluate("keys") == ["?"]
    focusable = page.locator(".lv-player :is(button, input, select)")
    assert focusable.count() == 7
    assert focusable.evaluate_all("all => all.every(e => e.dataset.lmSuppressShortcuts === 'true')")
    seen = page.evaluate("seen.length")
    page.evaluate("player.goto(player.step)")  # what an explorable hears of itself
    assert page.evaluate("seen.length") == seen
    assert axe.violations(page) == []


def test_it_plays_to_the_end_starts_over_and_stops_with_its_explorable(page: Page) -> None:
    page.get_by_label("speed").select_option(label="300 per s")
    page.evaluate("player.load({ last: 40, unit: 'update' })")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("states.length === 2")
    expect(page.locator(".lkv-where")).to_have_text("update 40 of 40")
    assert page.evaluate("[states, player.playing]") == [[True, False], False]
    page.evaluate("seen.length = 0")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("states.length === 4")
    steps = page.evaluate("seen")
    assert steps[0] == 0
    assert steps[-1] == 40
    assert steps == sorted(steps)
    page.evaluate("player.load({ last: 100000 }); player.play()")
    page.wait_for_function("player.step > 3")
    page.evaluate("document.dispatchEvent(new Event('lkv:leave-stage'))")
    assert not page.evaluate("player.playing")
    page.evaluate("player.play()")
    steps = page.evaluate(
        """async () => {
          const frame = () => new Promise(requestAnimationFrame);
          await frame();
          scope.abort();
          const before = player.step;
          for (let k = 0; k < 5; k++) await frame();
          return [before, player.step];
        }"""
    )
    assert steps[0] == steps[1]


def test_another_run_begins_at_the_start_or_stays_where_it_is(page: Page) -> None:
    load = "([at, last, keep]) => { player.goto(at); player.load({ last, keep }); return player.step; }"
    for at, last, keep, expected in ((300, 800, False, 0), (300, 700, True, 300), (700, 900, True, 900)):
        assert page.evaluate(load, [at, last, keep]) == expected
    assert page.evaluate(load, [500, 200, True]) == 200
    page.evaluate("player.load({ last: 0 })")
    expect(page.locator(".lkv-play")).to_be_disabled()
    page.evaluate("player.load({ last: 5000 }); player.play()")
    page.wait_for_function("player.step > 2")
    page.evaluate("player.load({ last: 6000, keep: true })")
    assert page.evaluate("[player.playing, player.step > 2]") == [True, True]


def test_it_says_that_it_is_slow_and_nothing_moves(page: Page) -> None:
    box = "JSON.stringify(document.querySelector('.lkv-scrub').getBoundingClientRect())"
    before = page.evaluate(box)
    page.evaluate("player.load({ last: 1000, slow: [10, 1000] }); player.goto(10); player.play()")
    note = page.locator(".lv-player-note")
    expect(note).to_have_text("slow: about to get everything right")
    assert page.evaluate(box) == before
    page.evaluate("player.pause()")
    expect(note).to_have_text("")


def test_on_a_phone_it_stays_at_the_lower_edge_and_a_swipe_that_scrolls_changes_nothing(
    pages: WatchedPages,
) -> None:
    page = show(pages(viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True))
    page.wait_for_selector(".lv-player[data-narrow]")
    for scrolled in (0, 400, 800):
        page.evaluate("y => scrollTo(0, y)", scrolled)
        assert page.evaluate("document.querySelector('.lv-player').getBoundingClientRect().bottom") == 700
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.evaluate("scrollTo(0, 0); player.goto(300)")
    box = page.locator(".lkv-scrub").bounding_box()
    assert box is not None
    touch = page.context.new_cdp_session(page)
    for kind, way in (("touchStart", 0), *(("touchMove", k) for k in range(1, 11))):
        point = {"x": box["x"] + 0.8 * box["width"], "y": box["y"] + 20 - 20 * way}
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("scrollY > 50")
    assert page.evaluate("[player.step, document.querySelector('.lkv-scrub').value]") == [300, "300"]
    page.set_viewport_size({"width": 1000, "height": 700})
    page.wait_for_selector(".lv-player:not([data-narrow])")
    assert page.evaluate("document.querySelector('.lv').firstElementChild.className") == "lv-player"
    pages.assert_clean(page)
