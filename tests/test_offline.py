"""Explorables without Python: what is recorded, and pages from a disk that play it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from browser import WatchedPages
from playwright.sync_api import Browser, Locator, Page, expect

from letkeman_viz.explorers import offline_theory as theory
from letkeman_viz.explorers import preserving_magnitude, results, why_it_matters
from letkeman_viz.explorers.offline import RECIPES, record
from letkeman_viz.explorers.tower_lessons import NaiveFixes
from letkeman_viz.widgets import Slider, _assets
from letkeman_viz.widgets._packing import Values
from letkeman_viz.widgets.axes import choices, numbers, stops
from letkeman_viz.widgets.recorder import Page as Recorded
from letkeman_viz.widgets.standalone import host_code, standalone

HOWTO = "python.html"


# --- Values -----------------------------------------------------------------------------------------


def test_equal_values_and_equal_long_parts_are_kept_once() -> None:
    values = Values()
    long = [float(k) for k in range(100)]
    first = values.add({"title": "a", "data": long})
    assert values.add({"title": "a", "data": list(long)}) == first
    assert values.add({"title": "b", "data": long}) != first
    assert len(values.parts) == 1
    assert [value["data"] for value in values.values] == [{"$part": 0}] * 2


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": object()}])
def test_what_json_cannot_carry_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        Values().add(value)


# --- Recording --------------------------------------------------------------------------------------


class Sum(ipywidgets.VBox):
    """Two controls, and a text that is worked out from them when asked for."""

    def __init__(self) -> None:
        self.left = ipywidgets.Dropdown(options=[("one", 1), ("two", 2), ("ten", 10)], description="Left")
        self.right = ipywidgets.BoundedIntText(1, min=0, max=99, description="Right")
        self.sum = ipywidgets.HTML("2")
        super().__init__([self.left, self.right, self.sum])
        self.add_class("lkv-explorable")

    def finish(self) -> None:
        self.sum.value = str(self.left.value + self.right.value)


def recorded_sum() -> tuple[Sum, dict[str, Any]]:
    box = Sum()
    page = Recorded([box])
    page.watch()
    page.record([choices(box.left), numbers(box.right, (1, 5))], box.finish)
    return box, page.data()


def test_every_combination_is_recorded_and_the_controls_go_back() -> None:
    box, data = recorded_sum()
    ((_, trait, places),) = data["groups"][0]["effects"]
    assert trait == "value"
    assert [data["values"][place] for place in places] == ["2", "6", "3", "7", "11", "15"]
    assert (box.left.value, box.right.value, box.sum.value) == (1, 1, "2")
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_a_control_that_stands_nowhere_recorded_is_refused() -> None:
    box = Sum()
    with pytest.raises(ValueError, match="not in list"):
        numbers(box.right, (5, 7))


def test_controls_that_move_one_another_are_an_error() -> None:
    box = Sum()
    box.left.observe(lambda _: setattr(box.right, "value", 1), "value")
    page = Recorded([box])
    with pytest.raises(RuntimeError, match="one moves another"):
        page.record([numbers(box.right, (1, 5)), choices(box.left)], box.finish)


def test_a_slider_offers_the_recorded_stops_alone() -> None:
    slider = Slider([0, 1, 2, 3, 4], 2, "Size", marks={4: "largest"})
    page = Recorded([slider])
    page.axis(stops(slider, (0, 2, 4)))
    data = page.data()
    state = {trait: data["values"][n] for trait, n in data["models"]["m0"]["state"].items()}
    assert (state["_labels"], state["_index"], state["_marks"]) == (["0", "2", "4"], 1, [[2, "largest"]])


def test_equal_pages_are_recorded_alike() -> None:
    first, second = (record([why_it_matters.naive_fixes()]) for _ in range(2))
    assert first == second


def test_every_explorable_of_the_chapters_has_a_recipe() -> None:
    from letkeman_viz.explorers.live import Live

    def kinds(of: type) -> Iterator[type]:
        for kind in of.__subclasses__():
            yield kind
            yield from kinds(kind)

    ours = [kind for kind in kinds(Live) if kind.__module__.startswith("letkeman_viz.")]
    assert [kind for kind in ours if not set(kind.__mro__) & set(RECIPES)] == []


# --- The host's JavaScript --------------------------------------------------------------------------


def test_the_host_is_one_script_that_asks_for_nothing(tmp_path: Path) -> None:
    code = host_code()
    assert "http" not in code.replace("http://www.w3.org/2000/svg", "")
    assert "fetch(" not in code
    script = tmp_path / "host.js"
    script.write_text(code, encoding="utf-8")
    subprocess.run(["node", "--check", str(script)], check=True, timeout=60)


def test_the_host_draws_every_control_that_an_explorable_has() -> None:
    drawn = set(
        re.findall(r"^  (\w+)Model:", (_assets.STATIC / "controls.js").read_text("utf-8"), re.MULTILINE)
    )
    used = set()
    for path in Path(theory.__file__).parent.glob("*.py"):
        used |= set(re.findall(r"ipywidgets\.([A-Z]\w+)\(", path.read_text(encoding="utf-8")))
    assert used <= drawn


# --- Pages from a disk ------------------------------------------------------------------------------

VIEWS: dict[str, Callable[[], list[Any]]] = {
    "calculator": lambda: [preserving_magnitude.calculator()],
    "naive": lambda: [why_it_matters.naive_fixes()],
    "products": lambda: [why_it_matters.two_products()],
    "run here": lambda: [results.run_here()],
}


@pytest.fixture(scope="module")
def open_page(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page of ``VIEWS`` from a file; afterwards no page may have complained of anything."""
    folder = tmp_path_factory.mktemp("offline")
    pages = WatchedPages(browser)
    opened: list[Page] = []

    def open_one(name: str, charts: int = 0, **context: Any) -> Page:
        path = folder / f"{name}.html"
        if not path.exists():
            views = VIEWS[name]()
            path.write_text(standalone(views, name, record(views), HOWTO), encoding="utf-8")
        page = pages(path.as_uri(), **context)
        opened.append(page)
        page.wait_for_selector("body[data-drawn=true]")
        expect(page.locator(".lkv-chart[data-drawn=yes]")).to_have_count(charts, timeout=60_000)
        return page

    yield open_one
    for page in opened:
        pages.assert_clean(page)
    pages.close()


def set_number(page: Page, field: Locator, value: int) -> None:
    field.fill(str(value))
    page.keyboard.press("Tab")


def test_what_was_not_recorded_says_so_and_goes_back(open_page: Callable[..., Page]) -> None:
    page = open_page("calculator")
    fan_in = page.get_by_role("spinbutton").first
    before = fan_in.input_value()
    set_number(page, fan_in, 77)
    note = page.locator(".lkv-offline")
    expect(note).to_contain_text("is recorded here for 1, 8, 10,")
    assert note.locator("a").get_attribute("href") == HOWTO
    expect(fan_in).to_have_value(before)
    set_number(page, fan_in, 100)
    expect(note).to_have_count(0)


def test_a_wide_table_scrolls_and_the_page_does_not(open_page: Callable[..., Page]) -> None:
    page = open_page("products", viewport={"width": 390, "height": 844})
    box = page.locator(".lkv-table-box").first
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_what_trains_anew_says_that_it_needs_python(open_page: Callable[..., Page]) -> None:
    page = open_page("run here", charts=2)
    expect(page.locator(".lkv-say")).to_contain_text("needs Python")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".lkv-offline")).to_contain_text("“Start” needs Python")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_page_does_not_scroll_sideways(open_page: Callable[..., Page], scheme: str) -> None:
    page = open_page("naive", viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.get_by_role("button", name="tiny noise").click()
    explorable: NaiveFixes = why_it_matters.naive_fixes()
    explorable.start.value = "tiny"
    explorable.finish()
    expect(page.locator("tbody tr").last).to_contain_text(explorable.table.rows[-1][3])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
