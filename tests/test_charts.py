"""Charts (parts/axes.js, chart.js, bars.js) and the map (parts/heatmap.js), in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import axe
import pytest
from browser import WatchedPages
from explorable_page import load_module
from playwright.sync_api import JSHandle, Page, expect

from letkeman_viz.explorables.bundle import PACKAGE

pytestmark = pytest.mark.browser

CHARTS = """(module) => {
  const root = document.querySelector(".lv");
  const { signal } = (globalThis.scope = new AbortController());
  globalThis.scrubbed = [];
  const onscrub = (step) => {
    scrubbed.push(step);
    chart.head(step);
  };
  globalThis.chart = module.lineChart(root, { signal, root, label: "Gradient", height: 220, onscrub });
  globalThis.bars = module.barChart(root, { signal, root, label: "Gradient now", height: 220 });
  const value = (k, i) => (k === 1 && i < 20 ? 0 : i === 50 ? NaN : 10 ** (-k - i / 50));
  const curve = (k) => Float64Array.from({ length: 101 }, (_, i) => value(k, i));
  globalThis.drawing = {
    title: "Gradient of each layer", xMax: 100, xLabel: "epoch", legend: true,
    y: { log: true, range: [-8, 0] },
    lines: [1, 2, 3].map((k) => ({ name: `layer ${k}`, color: `--lv-layer-${k}`, y: curve(k) })),
  };
  chart.draw(drawing);
  chart.head(0);
}"""

MAP = """(module) => {
  const root = document.querySelector(".lv");
  const { signal } = (globalThis.scope = new AbortController());
  globalThis.pressed = [];
  const onpress = (...at) => pressed.push(at);
  globalThis.map = module.heatMap(root, { signal, root, label: "Epochs", height: 200, onpress });
  const stops = (values) => values.map((value) => ({ value, label: String(value) }));
  globalThis.drawing = {
    rows: stops([1, 2, 3]), columns: stops([0.1, 0.3, 1, 3, 10]), unit: "epochs",
    cells: Float64Array.from({ length: 15 }, (_, k) => (k === 1 ? NaN : k === 2 ? Infinity : 100 + k)),
    text: (row, column) => `row ${row}, column ${column}`,
    flags: [0.577, 1, 1.253, 1.414].map((value) => ({ value, label: `scheme ${value}` })),
  };
  map.draw(drawing);
}"""

HTML = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Charts</title><style>%s %s %s</style>
<main><h1>Charts</h1><div class="lv" data-theme="light"></div><div style="height: 3000px"></div></main>"""


def show(page: Page, module: str, script: str) -> Page:
    names = ("theme.css", "chart.css", "heatmap.css")
    page.set_content(HTML % tuple((PACKAGE / "parts" / name).read_text(encoding="utf-8") for name in names))
    page.evaluate(script, load_module(page, f"parts/{module}.js"))
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return page


@pytest.fixture
def page(pages: WatchedPages) -> Iterator[Page]:
    made = show(pages(), "chart", CHARTS)
    yield made
    pages.assert_clean(made)


@pytest.fixture
def axes(pages: WatchedPages) -> JSHandle:
    return load_module(pages(), "parts/axes.js")


def pixels(page: Page, x: int, y: int, width: int, height: int, canvas: int) -> int:
    """How many pixels of a part of the plot a canvas has painted (0 is the faint one, 1 the strong one)."""
    found = page.evaluate(
        """([x, y, width, height, k]) => {
          const canvas = document.querySelectorAll(".lv-plot canvas")[k];
          const { data } = canvas.getContext("2d").getImageData(x, y, width, height);
          return data.filter((value, i) => i % 4 === 3 && value > 0).length;
        }""",
        [x, y, width, height, canvas],
    )
    return int(found)


@pytest.mark.parametrize(
    ("axis", "range_", "expected"),
    [
        ("logAxis", [-8, 0], ["0", "10⁻⁸", "10⁻⁶", "10⁻⁴", "0.01", "1"]),
        ("logAxis", [-1, 1], None),
        ("logAxis", [-30, 12], None),
        ("logAxis", [4, 4], None),
        ("linearAxis", [0, 1.5], None),
        ("linearAxis", [0, 1e-7], None),
        ("linearAxis", [0, 0], None),
        ("linearAxis", [0, 32], ["0", "5", "10", "15", "20", "25", "30"]),
    ],
)
def test_ticks_are_few_and_never_touch(
    axes: JSHandle, axis: str, range_: list[float], expected: list[str] | None
) -> None:
    ticks = axes.evaluate(f"(m, range) => m.{axis}(range, 170, 8, 23).ticks", range_)
    if expected:
        assert [tick["text"] for tick in ticks] == expected
    assert 2 <= len(ticks) <= 8
    assert len({tick["text"] for tick in ticks}) == len(ticks)
    places = sorted(tick["at"] for tick in ticks)
    assert all(high - low >= 17 for low, high in pairwise(places))
    assert places[0] >= 8 - 1e-9
    assert places[-1] <= 170 + 1e-9


def test_a_log_axis_has_a_place_for_exact_zeros_below_everything_else(axes: JSHandle) -> None:
    numbers = [0, 1e-300, 1e-8, 1e-4, 1, 1e9, float("nan"), float("inf"), -1]
    places = axes.evaluate(
        "(m, v) => { const a = m.logAxis([-8, 0], 170, 8, 23); return v.map(a.place); }", numbers
    )
    assert places[0] == 170
    assert places[1] == places[2] == 150  # what is not zero never lies in its place
    assert places[3] == pytest.approx(79)
    assert places[4] == places[5] == 8
    assert all(place != place for place in places[6:])
    value = "m => { const a = m.logAxis([-8, 0], 170, 8, 23); return [170, 79, 8].map(a.value); }"
    assert axes.evaluate(value) == pytest.approx([0, 1e-4, 1])


@pytest.mark.parametrize("places", [[50, 50, 50], [8, 200, 199, 10], [300, -20]])
def test_names_at_the_ends_of_lines_are_pushed_apart_in_their_order(
    axes: JSHandle, places: list[float]
) -> None:
    found = axes.evaluate("(m, places) => m.spread(places, 15, 10, 160)", places)
    order = sorted(range(len(places)), key=lambda k: places[k])
    assert all(found[b] - found[a] >= 15 for a, b in pairwise(order))
    assert min(found) >= 10
    assert max(found) <= 160


def test_the_run_is_faint_ahead_and_strong_up_to_the_head(page: Page) -> None:
    plot = page.locator(".lv-plot")
    width = int(plot.evaluate("e => e.clientWidth"))
    uncovered = "document.querySelectorAll('.lv-plot canvas')[1].style.clipPath"
    assert pixels(page, 60, 8, width - 160, 150, 0) > 500  # the whole run, before anything is played
    shares = []
    for step in (0, 50, 100):
        page.evaluate("step => chart.head(step)", step)
        cut = float(page.evaluate(uncovered).split()[1].removesuffix("px"))
        at = float(page.evaluate("new DOMMatrix(document.querySelector('.lv-head').style.transform).e"))
        assert cut == pytest.approx(width - at, abs=1)
        shares.append(at)
    assert shares[1] == pytest.approx((shares[0] + shares[2]) / 2, abs=0.2)
    page.evaluate("chart.head(null)")  # no clock: all is strong
    assert page.evaluate(uncovered) == ""
    expect(page.locator(".lv-head")).to_be_hidden()


def test_zeros_are_drawn_in_their_place_and_nan_is_a_gap(page: Page) -> None:
    left, right = (
        page.evaluate(
            f"chart.head({step}); new DOMMatrix(document.querySelector('.lv-head').style.transform).e"
        )
        for step in (0, 100)
    )
    zero = 220 - 20 - 10  # the middle of the slot
    at = [round(left + (right - left) * step / 100) for step in (2, 15, 50)]
    assert pixels(page, at[0], zero - 3, at[1] - at[0], 6, 1) > 1.5 * (at[1] - at[0])
    assert pixels(page, at[2] - 1, 8, 2, 160, 1) == 0


def test_pressing_dragging_and_keys_move_the_head_and_say_the_values(page: Page) -> None:
    plot = page.get_by_role("slider", name="Gradient")
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    expect(page.locator(".lv-tip")).to_contain_text("layer 3")
    assert page.evaluate("scrubbed") == []
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 60, steps=4)
    page.mouse.up()
    dragged = page.evaluate("scrubbed.splice(0)")
    assert dragged == sorted(dragged)
    assert dragged[-1] == 100
    assert plot.evaluate("e => getComputedStyle(e).outlineStyle") == "none"  # no box around what was pressed
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("scrubbed") == [99, 0, 1]
    expect(plot).to_have_attribute("aria-valuenow", "1")
    expect(plot).to_have_attribute("aria-valuetext", "epoch 1: layer 1 0, layer 2 0.00955, layer 3 9.5·10⁻⁴")
    expect(page.locator("figcaption").first).to_have_text(
        "Gradient of each layer; layer 1: 0 at epoch 0, 0.001 at epoch 100;"
        " layer 2: 0.01 at epoch 0, 1.0·10⁻⁴ at epoch 100; layer 3: 0.001 at epoch 0, 1.0·10⁻⁵ at epoch 100"
    )
    page.keyboard.press("Tab")
    expect(page.locator(".lv-tip")).to_be_hidden()
    assert plot.get_attribute("data-lm-suppress-shortcuts") == "true"
    assert axe.violations(page) == []


def test_a_swipe_up_on_a_chart_scrolls_the_page_and_one_sideways_scrubs(pages: WatchedPages) -> None:
    page = show(
        pages(viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True), "chart", CHARTS
    )
    box = page.locator(".lv-plot").bounding_box()
    assert box is not None
    touch = page.context.new_cdp_session(page)

    def swipe(across: float, down: float) -> None:
        for k in range(11):
            point = {"x": box["x"] + 150 + across * k / 10, "y": box["y"] + 100 + down * k / 10}
            kind = "touchMove" if k else "touchStart"
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    swipe(100, 3)
    page.wait_for_function("scrubbed.length > 2")
    assert page.evaluate("scrollY") == 0
    head = page.evaluate("scrubbed.at(-1)")
    swipe(3, -100)
    page.wait_for_function("scrollY > 30")
    assert page.evaluate("scrubbed.at(-1)") == head
    pages.assert_clean(page)


def test_lines_are_named_at_their_ends_or_above_and_follow_the_theme(page: Page) -> None:
    expect(page.locator(".lv-chart-legend span")).to_have_count(0)
    page.set_viewport_size({"width": 300, "height": 700})
    page.evaluate(
        """{
          const lines = drawing.lines.map((line) => ({ ...line, name: `the long name of ${line.name}` }));
          chart.draw({ ...drawing, lines });
        }"""
    )
    expect(page.locator(".lv-chart-legend > span")).to_have_count(3)
    picture = "document.querySelector('.lv-plot canvas').toDataURL()"
    light = page.evaluate(picture)
    page.evaluate(
        """() => {
          const root = document.querySelector(".lv");
          root.dataset.theme = "dark";
          root.dispatchEvent(new CustomEvent("lv:theme"));
        }"""
    )
    page.wait_for_function(f"light => {picture} !== light", arg=light)


def test_bars_stand_on_the_axis_of_the_chart_beside_them_and_say_exactly_zero(page: Page) -> None:
    values = [0, 1e-4, 1, float("nan")]
    draw = """(values) => bars.draw({
      title: "Now", range: [-8, 0],
      bars: values.map((value, k) => ({ name: `layer ${k + 1}`, value, color: `--lv-layer-${k + 1}` })),
    })"""
    for width in (1280, 260):  # standing, lying
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(draw, values)
        expect(page.locator(".lv-upright")).to_have_count(1 if width == 1280 else 0)
        expect(page.locator(".lv-bar-value")).to_have_text(["exactly 0", "1.0·10⁻⁴", "1", "NaN"])
        side = "height" if width == 1280 else "width"
        sizes = page.locator(".lv-bar-fill").evaluate_all(
            f"all => all.map((e) => e.getBoundingClientRect().{side})"
        )
        assert sizes[0] == sizes[3] == 0
        assert sizes[1] / sizes[2] == pytest.approx(0.5, abs=0.01)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate(draw, values)
    tick, top = page.evaluate(
        """() => {
          const plot = document.querySelector(".lv-upright").getBoundingClientRect().top;
          const of = (e) => e.getBoundingClientRect().top - plot;
          const one = [...document.querySelectorAll(".lv-bar-grid i")].find((e) => e.textContent === "1");
          return [of(one), of(document.querySelectorAll(".lv-bar-fill")[2])];
        }"""
    )
    assert tick == pytest.approx(8, abs=0.5)  # as of the line chart
    assert top == pytest.approx(8, abs=0.5)


def test_cells_of_a_map_are_walked_pressed_and_said(pages: WatchedPages) -> None:
    page = show(pages(), "heatmap", MAP)
    cells = page.get_by_role("gridcell")
    expect(cells).to_have_count(15)
    assert cells.evaluate_all("all => all.filter((e) => e.tabIndex === 0).length") == 1
    kinds = cells.evaluate_all("all => all.map((e) => e.dataset.kind)")  # the first row is lowest
    assert kinds[10:] == ["known", "unknown", "never", "known", "known"]
    page.keyboard.press("Tab")
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowLeft", "End", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("gridcell", name="row 1, column 4")).to_be_focused()
    expect(page.locator(".lv-heat-tip")).to_have_text("row 1, column 4")
    page.get_by_role("gridcell", name="row 0, column 2").click()
    assert page.evaluate("pressed") == [[1, 4], [0, 2]]
    colours = cells.evaluate_all("all => all.map((e) => getComputedStyle(e).backgroundColor)")
    assert colours[0] != colours[10]
    page.evaluate("map.draw({ ...drawing, cells: drawing.cells.fill(7) })")  # the focus stays where it was
    expect(page.get_by_role("gridcell", name="row 0, column 2")).to_be_focused()
    assert axe.violations(page) == []
    pages.assert_clean(page)


@pytest.mark.parametrize("width", [1100, 330, 280])
def test_names_of_gains_above_a_map_never_touch_and_no_pole_meets_a_name(
    pages: WatchedPages, width: int
) -> None:
    page = show(pages(viewport={"width": width + 60, "height": 800}), "heatmap", MAP)
    found: dict[str, Any] = page.evaluate(
        """() => {
          const box = (e) => {
            const { left, right, top, bottom } = e.getBoundingClientRect();
            return { left, right, top, bottom };
          };
          const all = (selector) => [...document.querySelectorAll(selector)].map(box);
          const [names, poles] = [all(".lv-heat-flags span"), all(".lv-heat-flags i")];
          return { names, poles, columns: all(".lv-heat-across span") };
        }"""
    )
    names, poles = found["names"], found["poles"]
    assert len(names) == len(poles) == 4

    def meet(one: dict[str, float], other: dict[str, float]) -> bool:
        across = one["left"] < other["right"] and other["left"] < one["right"]
        return across and one["top"] < other["bottom"] - 0.5 and other["top"] < one["bottom"] - 0.5

    for k, name in enumerate(names):
        assert not any(meet(name, other) for other in names[k + 1 :])
        assert not any(meet(name, pole) for j, pole in enumerate(poles) if j != k)
    assert all(low["right"] <= high["left"] for low, high in pairwise(found["columns"]))
    pages.assert_clean(page)
