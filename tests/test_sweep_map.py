"""The sweep map: the page's cells are Python's, and a cell opens in the playground as what it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import traitlets
from axe import violations
from explorable_page import open_explorables
from playwright.sync_api import Locator, Page, expect

from letkeman_viz.explorables.playground import Playground
from letkeman_viz.explorables.sweep_map import DEPTHS, GAINS, RATES, SweepMap
from letkeman_viz.sweep import Sweep

EASY = {"task": "parity", "bits": 2, "hidden": [4], "activation": "tanh", "order": "fixed", "bias": 0.1}


SETTINGS = """() => {
  const members = [...globalThis[Symbol.for("letkeman_viz.channels")].values()].flatMap((all) => [...all]);
  const { settings } = members.find(({ settings }) => settings.get("hidden"));
  return Object.fromEntries(settings.get("_data").fields.map(({ name }) => [name, settings.get(name)]));
}"""


def cells(page: Page, rows: int) -> np.ndarray:
    """The map's texts, (rows, columns), the first row lowest."""
    found = page.locator(".lv-sweep_map .lv-heat-cell").evaluate_all(
        "all => all.map((cell) => cell.getAttribute('aria-label'))"
    )
    return np.array(found).reshape(rows, len(GAINS))[::-1]


def texts(sweep: Sweep, name: str) -> np.ndarray:
    """What the page should say of every cell, from Python's map."""

    def one(row: int, column: int) -> str:
        epochs = sweep.epochs_to_solve[row, column]
        median, reached = np.median(epochs), int(np.isfinite(epochs).sum())
        when = f"median {median:g} epochs" if np.isfinite(median) else f"median over {sweep.epochs} epochs"
        value = sweep.row_values[row]
        plural = "" if value == 1 else "s"
        place = f"{value:g} hidden layer{plural}" if name == "depth" else f"learning rate {value:g}"
        return f"{place}, gain {sweep.gains[column]:g}: {when}, {reached} of {sweep.seeds} seeds solved it"

    rows, columns = sweep.epochs_to_solve.shape[:2]
    return np.array([[one(row, column) for column in range(columns)] for row in range(rows)])


def done(page: Page, count: int) -> Locator:
    """The map, once that many cells are worked out."""
    page.locator(f".lv-sweep_map[data-cells='{count}']").wait_for(timeout=120_000)
    return page.locator(".lv-sweep_map")


@pytest.mark.browser
def test_the_map_draws_itself_and_a_cell_opens_in_the_playground(pages: Any, tmp_path: Any) -> None:
    play = Playground(**EASY, rate=2.0, noise=0.1, edits=[["kaiming", [1, 0], 0.5]], mode="one")
    page = open_explorables(pages, tmp_path, play, SweepMap(of=play))
    shown = done(page, len(RATES) * len(GAINS))  # nothing was pressed
    expected = SweepMap(of=play).sweep
    np.testing.assert_array_equal(cells(page, len(RATES)), texts(expected, "rate"))
    median = expected.median()
    row, column = np.unravel_index(median.argmin(), median.shape)
    sentence = shown.locator(".lv-say")
    solved = int(np.isfinite(median).sum())
    expect(sentence).to_contain_text(f"{solved} of 169 cells have all rows correct within 1000 epochs.")
    best = f"learning rate {RATES[row]:g}, gain {GAINS[column]:g}"
    when = f"after {median.min():g} epochs (median of 5 seeds)"
    expect(sentence).to_contain_text(f"The soonest: {best}, {when}.")
    for flag in ("Standard Xavier", "LeCun", "Standard Letkeman", "Kaiming"):
        expect(shown.get_by_text(flag, exact=True)).to_be_visible()

    again = shown.get_by_role("button", name="Draw it for these settings")
    expect(again).to_be_disabled()
    shown.get_by_role("button", name="Open the soonest").click()
    expect(sentence).to_contain_text(f"Opened in the playground: {best}.")
    opened = playground_settings(page)
    assert opened["gain"] == GAINS[column]
    assert opened["rate"] == RATES[row]
    assert opened["shown"] == "scaled"
    assert opened["schemes"] == ["normalized_xavier", "standard_letkeman", "kaiming", "scaled"]
    assert (opened["noise"], opened["edits"], opened["mode"]) == (0, [], "table")
    assert {name: opened[name] for name in EASY} == EASY
    expect(again).to_be_disabled()  # a map of rates is of every rate

    # By keyboard; and over depths, which are of the rate that was opened.
    shown.get_by_role("radio", name="depth, gain").click()
    done(page, len(DEPTHS) * len(GAINS))
    deep = SweepMap(of=Playground(**EASY, rate=RATES[row]), kind="depth").sweep
    np.testing.assert_array_equal(cells(page, len(DEPTHS)), texts(deep, "depth"))
    lowest = shown.get_by_role("row").last
    lowest.get_by_role("gridcell").nth(1).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    opened = playground_settings(page)
    assert (opened["hidden"], opened["gain"]) == ([4, 4], GAINS[2])
    expect(again).to_be_disabled()
    page.evaluate(SETTINGS.replace("return Object", "settings.set({ activation: 'relu' }); return Object"))
    expect(again).to_be_enabled()
    again.click()
    expect(again).to_be_disabled()
    expect(shown.locator(".lv-say")).not_to_contain_text("Opened")
    done(page, len(DEPTHS) * len(GAINS))
    changed = Playground(**EASY | {"activation": "relu", "hidden": [4, 4]}, rate=RATES[row])
    deep = SweepMap(of=changed, kind="depth").sweep
    np.testing.assert_array_equal(cells(page, len(DEPTHS)), texts(deep, "depth"))
    assert violations(page, ".lv-sweep_map") == []


def playground_settings(page: Page) -> dict[str, Any]:
    """What the playground on the page is set to."""
    return page.evaluate(SETTINGS)


@pytest.mark.browser
def test_alone_it_maps_the_counting_task_and_stops_when_asked(pages: Any, tmp_path: Any) -> None:
    page = open_explorables(pages, tmp_path, SweepMap())
    shown = page.locator(".lv-sweep_map")
    stop = shown.locator(".lv-work button")
    expect(shown.locator(".lv-say")).to_contain_text("cells run so far have all rows correct")
    stop.click()
    expect(stop).to_have_text("Go on")
    found = cells(page, len(RATES))
    known = np.char.find(found, "not run yet") < 0
    assert known[::4, ::4].any()  # coarse first
    assert 0 < known.sum() < known.size
    expect(shown.get_by_role("button", name="Open the soonest")).to_be_hidden()
    expect(shown.get_by_role("button", name="Draw it for these settings")).to_be_hidden()
    assert (cells(page, len(RATES)) == found).all()
    before = shown.get_attribute("data-cells")
    stop.click()
    expect(shown).not_to_have_attribute("data-cells", before)
    expect(stop).to_have_text("Stop")


def test_only_a_playground_is_mapped() -> None:
    with pytest.raises(TypeError, match="of must be a Playground"):
        SweepMap(of="count_up")
    with pytest.raises(TypeError, match="has no setting 'seeds'"):
        SweepMap(seeds=3)
    with pytest.raises(traitlets.TraitError, match="kind"):
        SweepMap(kind="width")


def test_the_sweep_follows_the_playground() -> None:
    play = Playground(task="parity", bits=2, hidden=[3])
    shown = SweepMap(of=play, kind="depth")
    play.rate, play.activation = 3.0, "tanh"
    sweep = shown.sweep
    assert sweep.row_values.tolist() == list(DEPTHS)
    play.hidden = [3, 3]  # of the hidden layers only the width counts
    np.testing.assert_array_equal(shown.sweep.epochs_to_solve, sweep.epochs_to_solve)
    play.order = "fixed"
    assert not np.array_equal(shown.sweep.epochs_to_solve, sweep.epochs_to_solve)
