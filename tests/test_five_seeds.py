"""Five seeds: the page's statistics are Python's, its counts are the chapter's, and it can be stopped."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import traitlets
from axe import violations
from explorable_page import load_module, open_explorables
from playwright.sync_api import Page, expect

from letkeman_viz import Study, study, train
from letkeman_viz.explorables.five_seeds import SCHEMES, FiveSeeds

COUNT = 23

EVALUATE = """([module, names, curves]) => {
  const study = new module.Study(names, 32, 600);
  for (const runs of curves) study.add(runs);
  const all = study.seeds;
  const each = (of) => names.map((_, k) => of(k));
  return JSON.stringify({
    steps: [...study.steps],
    loss: each((k) => study.band("loss", k, 20, [0.1, 0.25, 0.5, 1]).map((one) => [...one])),
    correct: each((k) => study.band("correct", k, 7, [0, 0.5, 0.75]).map((one) => [...one])),
    share: each((k) => study.shareSolved(k, 9)),
    median: each((k) => [study.medianSolved(k, all), study.medianSolved(k, 6)]),
    interval: each((k) => study.intervalSolved(k, all)),
    few: study.intervalSolved(2, 5),
    rankings: [study.ranking(0, all), study.ranking(4, 16), study.ranking(7, 8)],
    experiments: study.experiments(4, all),
    winners: module.winners(study.experiments(1, all)),
    wins: [[5, all, 4000], [4, 20, 4000], [all, all, 50], [5, all, 4000]].map((some) => study.wins(...some)),
  }, (_, value) => (value === Infinity ? "inf" : value));
}"""


def part(found: Study, start: int, stop: int) -> Study:
    """A study of some of its seeds."""
    some = slice(start, stop)
    return Study(
        found.schemes, found.labels, found.seeds[some], found.rows, found.epochs, found.steps,
        found.loss[:, some], found.right[:, some], found.solved[:, some],
    )  # fmt: skip


def numbers(values: Any) -> Any:
    """What JavaScript found as an array; infinity cannot cross as JSON."""
    return np.array(values, dtype=object).astype(float)


@pytest.mark.browser
def test_the_statistics_in_the_page_are_those_of_study(pages: Any) -> None:
    expected = study(SCHEMES, COUNT, epochs=600)
    runs = train(list(SCHEMES), epochs=600, seed=range(1, COUNT + 1), max_frames=3)
    by_seed = [
        [{"loss": run.curve("loss").tolist(), "correct": run.curve("correct_after").tolist()} for run in some]
        for some in (runs[k::COUNT] for k in range(COUNT))
    ]
    # As if one had overflowed.
    by_seed[-1][2] = {name: values[:300] for name, values in by_seed[-1][2].items()}
    broken, none = expected.loss.copy(), expected.right.copy()
    broken[2, -1, 100:], none[2, -1, 100:] = np.nan, 0
    solved = expected.solved.copy()
    solved[2, -1] = solved[2, -1] if 0 <= solved[2, -1] < 300 else -1
    expected = Study(
        expected.schemes, expected.labels, expected.seeds, expected.rows, expected.epochs, expected.steps,
        broken, none, solved,
    )  # fmt: skip
    page = pages("about:blank")
    module = load_module(page, "parts/statistics.js")
    found = json.loads(page.evaluate(EVALUATE, [module, list(SCHEMES), by_seed]))

    assert found["steps"] == expected.steps.tolist()
    loss, correct = expected.band("loss", (0.1, 0.25, 0.5, 1), 20), expected.band("right", (0, 0.5, 0.75), 7)
    np.testing.assert_array_equal(numbers(found["loss"]), loss.swapaxes(0, 1))
    np.testing.assert_array_equal(numbers(found["correct"]), correct.swapaxes(0, 1))
    assert found["share"] == expected.share_solved(9).tolist()
    medians = np.stack([expected.median_solved(), expected.median_solved(6)], axis=1)
    np.testing.assert_array_equal(numbers(found["median"]), medians)
    assert found["rankings"] == [part(expected, *some).ranking() for some in ((0, COUNT), (4, 16), (7, 8))]
    orders = [part(expected, start, start + 4).ranking() for start in range(0, COUNT - 3, 4)]
    assert found["experiments"] == orders
    first = [part(expected, k, k + 1).ranking()[0] for k in range(COUNT)]
    assert dict(found["winners"]) == {k: first.count(k) for k in first}
    assert [times for _, times in found["winners"]] == sorted((n for _, n in found["winners"]), reverse=True)

    # The bootstrap: other draws than Python's, so within sampling error; and the same at every call.
    for shares, size, some in zip(found["wins"], (5, 4), (COUNT, 20), strict=False):
        exact = part(expected, 0, some).rankings(size, 4000)[:, 0]
        assert sum(shares) == pytest.approx(1)
        np.testing.assert_allclose(shares, exact, atol=5 * math.sqrt(2 * 0.25 / 4000))
    assert found["wins"][3] == found["wins"][0]
    assert found["wins"][2] == [float(k == expected.ranking()[0]) for k in range(len(SCHEMES))]

    # The interval of a median: between values that leave at most 2.5 % of the binomial outside on each side.
    assert found["few"] is None
    ordered = np.sort(np.where(expected.solved < 0, np.inf, expected.solved), axis=1)
    tail = [sum(math.comb(COUNT, j) for j in range(k + 1)) / 2**COUNT for k in range(COUNT)]
    low = max(k for k in range(COUNT) if tail[k] <= 0.025)
    np.testing.assert_array_equal(numbers(found["interval"]), ordered[:, [low, COUNT - 1 - low]])


def sentence(page: Page) -> Any:
    return page.locator(".lv-five_seeds .lv-say")


@pytest.mark.browser
def test_the_page_counts_what_the_chapter_says_and_can_be_stopped(pages: Any, tmp_path: Any) -> None:
    page = open_explorables(pages, tmp_path, FiveSeeds(seeds=10))
    expect(sentence(page)).to_contain_text("2 experiments of 5 seeds each")
    found = FiveSeeds(seeds=10).study
    labels = [found.labels[k] for k in found.ranking()]
    rows = page.locator(".lv-results tbody tr")
    expect(rows.locator("th")).to_have_text(labels)
    expect(rows.first).to_contain_text(f"{100 * found.share_solved()[found.ranking()[0]]:.0f} %")
    place = [str(part(found, 5, 10).ranking().index(k) + 1) + "." for k in found.ranking()]
    expect(rows.locator("td:nth-child(5)")).to_have_text(place)
    expect(page.locator(".lv-places")).to_have_attribute("aria-label", page_winners(found))

    # More are added to these, fewer are a part of them, and what is stopped stays.
    page.get_by_role("radio", name="1", exact=True).last.click()
    expect(sentence(page)).to_contain_text("10 experiments of 1 seed each")
    page.get_by_role("textbox", name="Seeds, as a number").fill("500")
    page.get_by_role("textbox", name="Seeds, as a number").press("Enter")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    page.get_by_role("radio", name="5", exact=True).click()
    before = page.locator(".lv-work").inner_text()
    page.get_by_role("radio", name="number correct").click()
    expect(page.locator(".lv-chart-title")).to_contain_text("Number correct, of 32: median of")
    assert page.locator(".lv-work").inner_text() == before
    page.get_by_role("radio", name="3", exact=True).click()  # another rate begins anew
    expect(page.get_by_role("button", name="Stop")).to_be_enabled()
    page.get_by_role("radio", name="1", exact=True).first.click()  # what was done at the first is still there
    expect(sentence(page)).to_contain_text("100 experiments of 5 seeds each", timeout=350_000)
    expect(sentence(page)).to_contain_text(
        "5 different winners (Normalized Letkeman 26, Kaiming 22, Normalized Xavier 19, "
        "Standard Letkeman 18, Standard Xavier 15)"
    )
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()
    assert violations(page, ".lv-five_seeds") == []


def page_winners(found: Study) -> str:
    winners = [found.labels[part(found, k, k + 5).ranking()[0]] for k in (0, 5)]
    every = "Place of every scheme in 2 experiments of 5 seeds each"
    return f"{every}. The winners: 1 {winners[0]}, 2 {winners[1]}."


@pytest.mark.parametrize(
    ("name", "value"),
    [("seeds", 0), ("seeds", 501), ("seeds", 1.5), ("learning_rate", 2), ("measure", "right"), ("group", 7)],
)
def test_settings_out_of_range_are_refused(name: str, value: object) -> None:
    with pytest.raises(traitlets.TraitError, match=name):
        FiveSeeds(**{name: value})


def test_unknown_settings_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match="has no setting 'rate'"):
        FiveSeeds(rate=1)


def test_the_study_follows_the_settings() -> None:
    shown = FiveSeeds(seeds=2, learning_rate=3.0)
    shown.seeds = 3
    expected = study(SCHEMES, 3, 3.0, 1000)
    np.testing.assert_array_equal(shown.study.solved, expected.solved)
    np.testing.assert_array_equal(shown.study.loss, expected.loss)
