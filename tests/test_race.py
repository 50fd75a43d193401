"""The race, many seeds and predictions without a browser: traits, what a page may send, what is computed."""

from __future__ import annotations

import math
import re
import time
from itertools import combinations
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import traitlets

from letkeman_viz import get_initializer, train
from letkeman_viz.explorers import doing_it_right, race_figures, seeds
from letkeman_viz.explorers.predict import Prediction
from letkeman_viz.explorers.race import SchemeRace
from letkeman_viz.explorers.race_schemes import LABELS, SCHEMES, STYLES
from letkeman_viz.study import study
from letkeman_viz.widgets import Chart, Player, Race, Run, _assets

RANDOM = SCHEMES[2:]


class Page:
    """The other end of a widget's wire, which sends what a test wants."""

    comm_id = "a-page"

    def __init__(self, widget: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        widget.comm = self

    def on_msg(self, callback: Any) -> None:
        self._callback = callback

    def close(self, **_: Any) -> None:
        """Part of a comm."""

    def send(self, data: dict[str, Any], **_: Any) -> None:
        self.sent.append(data)

    def sets(self, **state: Any) -> None:
        self._callback({"content": {"data": {"method": "update", "state": state}}, "buffers": []})


@pytest.fixture(scope="module")
def short() -> list[Run]:
    return [Run(recording) for recording in train(SCHEMES, epochs=2)]


@pytest.fixture
def race(short: list[Run]) -> Race:
    return Race(runs=short, player=Player())


# --- The widget -------------------------------------------------------------------------------------


def test_runs_cross_the_wire_as_addresses_in_order(race: Race, short: list[Run]) -> None:
    assert race.get_state("runs") == {"runs": [f"anywidget:{run.model_id}" for run in short]}


@pytest.mark.parametrize("count", [0, 8])
def test_one_to_seven_run(short: list[Run], count: int) -> None:
    with pytest.raises(traitlets.TraitError, match="runs"):
        Race(runs=(short * 2)[:count], player=Player())


@pytest.mark.parametrize("styles", [[0], [9], ["1"], [1] * 8])
def test_a_style_that_is_not_there_is_refused(short: list[Run], styles: list[Any]) -> None:
    with pytest.raises(traitlets.TraitError, match="styles"):
        Race(runs=short, styles=styles, player=Player())


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(0, 0), (6, 6), (-1, -1), *((sent, 2) for sent in (7, -2, 10**400, 0.5, math.nan, "0", None, [0]))],
)
def test_a_page_chooses_one_of_the_panels_or_none(race: Race, sent: Any, kept: int) -> None:
    race.chosen = 2
    Page(race).sets(chosen=sent, runs=[], styles=[1], player=None)
    assert race.chosen == kept
    assert len(race.runs) == 7


def test_lining_up_others_is_one_message_and_nobody_stays_chosen(race: Race, short: list[Run]) -> None:
    race.chosen = 6
    page = Page(race)
    race.line_up(short[2:4], [3, 4])
    (message,) = page.sent
    assert set(message["state"]) == {"runs", "styles", "chosen"}
    assert race.chosen == -1


# --- Colours ----------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize(("dark", "pages"), [(0, ("#ffffff", "#f6f7f9")), (1, ("#111111", "#1d2126"))])
def test_colours_of_schemes_stand_out_from_the_page_and_differ_in_lightness(
    dark: int, pages: tuple[str, str]
) -> None:
    found = re.findall(r"--lkv-scheme-(\d): (#\w{6});", _assets.css("theme.css"))
    colours = [colour for number, colour in found if int(number) in STYLES.values()]
    of_theme = [luminance(c) for c in colours[dark * len(colours) // 2 :][: len(colours) // 2]]
    assert len(of_theme) == len(STYLES)
    for page in map(luminance, pages):
        for own in of_theme:
            assert (max(own, page) + 0.05) / (min(own, page) + 0.05) >= 3.0
    seven = [116 * np.cbrt(own) - 16 for own in of_theme[: len(SCHEMES)]]
    assert min(abs(a - b) for a, b in combinations(seven, 2)) >= 2.5


# --- The race ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished() -> SchemeRace:
    live = doing_it_right.race()
    live.finish()
    return live


def traces(chart: Chart) -> list[dict[str, Any]]:
    go.Figure(chart._figure)  # a valid figure, or this raises
    return chart._figure["data"]


def test_the_page_opens_with_seven_untrained_networks() -> None:
    live = doing_it_right.race(seed=5, learning_rate=0.3)
    assert list(live.recordings) == SCHEMES
    assert [run.recording.epochs for run in live.race.runs] == [0] * 7
    assert {run.recording.seed for run in live.race.runs} == {5}
    assert live.player.steps == [0]
    assert not live.race.wanted


def test_all_seven_train_from_one_draw_on_one_clock(finished: SchemeRace) -> None:
    expected = train(SCHEMES, 1.0, epochs=1000, seed=1, max_frames=200)
    for run, alone in zip(finished.race.runs, expected, strict=True):
        np.testing.assert_array_equal(run.recording.parameters, alone.parameters)
        assert run.recording.steps.tolist() == finished.player.steps
    assert finished.player.steps[-1] == 1000
    assert len(finished.player.steps) <= 200


def test_charts_have_a_line_a_scheme_in_its_own_look(finished: SchemeRace) -> None:
    for chart in finished.charts:
        lines = traces(chart)
        assert [line["name"] for line in lines] == [LABELS[name] for name in SCHEMES]
        assert [line["meta"]["color"] for line in lines] == [f"--lkv-scheme-{k}" for k in range(1, 8)]
        assert len({line["line"]["dash"] for line in lines}) == 7


def test_the_layer_is_chosen_without_training_again(finished: SchemeRace) -> None:
    recordings, axis = finished.recordings, finished.charts[2]._figure["layout"]["yaxis"]["range"]
    for layer in (3, 2, 1):
        finished.layer.value = layer
        finished.finish()
        figure = finished.charts[2]._figure
        assert f"layer {layer}" in figure["layout"]["title"]["text"]
        assert figure["layout"]["yaxis"]["range"] == axis  # so that layers can be compared
    assert all(finished.recordings[name] is recordings[name] for name in SCHEMES)


def test_gradients_drawn_are_the_recorded_ones() -> None:
    runs = dict(zip(RANDOM, train(RANDOM, epochs=20), strict=True))
    for layer in (1, 2, 3):
        figure = race_figures.gradient_figure(runs, layer)
        for line, run in zip(figure["data"], runs.values(), strict=True):
            np.testing.assert_allclose(line["y"], run.gradient[:, layer - 1], rtol=1e-6)


def test_who_takes_part_is_chosen_without_moving_the_clock(finished: SchemeRace) -> None:
    loads = finished.player._loads
    try:
        for name in ("zeros", "kaiming"):
            finished.takes_part[name].value = False
        finished.finish()
        left = [name for name in SCHEMES if name not in ("zeros", "kaiming")]
        assert [run.recording.initializer for run in finished.race.runs] == left
        assert finished.ranking.runs == finished.race.runs
        assert finished.race.styles == finished.ranking.styles == [STYLES[name] for name in left]
        assert len(traces(finished.charts[0])) == 5
        assert finished.player._loads == loads
    finally:
        for box in finished.takes_part.values():
            box.value = True
        finished.finish()


def test_two_must_stay() -> None:
    live = doing_it_right.race()
    for name in SCHEMES[2:]:
        live.takes_part[name].value = False
    assert [name for name, box in live.takes_part.items() if box.disabled] == ["zeros", "ones"]
    live.takes_part["kaiming"].value = True
    assert not any(box.disabled for box in live.takes_part.values())
    for box in live.takes_part.values():  # as a hostile page might
        box.value = False
    live.finish()
    assert len(live.race.runs) == 7


def test_another_seed_or_rate_is_another_race() -> None:
    live = doing_it_right.race()
    live.finish()
    live.seed.value, live.rate.value = 2, 3.0
    live.finish()
    assert {(run.seed, run.learning_rate) for run in live.recordings.values()} == {(2, 3.0)}


@pytest.mark.parametrize(
    ("given", "said"), [({"seed": -1}, "seed"), ({"learning_rate": 2.0}, "learning_rate")]
)
def test_a_race_refuses_what_it_does_not_offer(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        doing_it_right.race(**given)


def test_the_panel_that_is_pressed_is_shown_in_full(finished: SchemeRace) -> None:
    page = Page(finished.race)
    page.sets(chosen=6)
    readout, diagram = finished.detail.children
    assert readout.run is diagram.run is finished.runs["kaiming"]
    page.sets(chosen=2)
    assert (readout.run, diagram.run) == (finished.runs["standard_xavier"],) * 2
    diagram.run.example = 7  # as pressing an input does
    assert {run.example for run in finished.runs.values()} == {7}
    page.sets(chosen=-1)
    assert finished.detail.children == ()


@pytest.mark.parametrize("make", [doing_it_right.one_example, doing_it_right.whole_table])
def test_single_runs_offer_all_seven(make: Any) -> None:
    live = make("normalized_letkeman", seed=3)
    assert [value for _, value in live.scheme.options] == SCHEMES
    assert (live.recording.initializer, live.recording.seed) == ("normalized_letkeman", 3)


# --- Many seeds -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ten() -> seeds.Seeds:
    live = seeds.five_seeds(10)
    live.finish()
    return live


def test_bands_are_the_quartiles_of_the_seeds(ten: seeds.Seeds) -> None:
    runs = train(SCHEMES, 1.0, epochs=1000, seed=range(1, 11), max_frames=3)
    for k, name in enumerate(SCHEMES):
        curves = np.array([run.curve("loss") for run in runs if run.initializer == name])
        low, middle, high = ten.study.band("loss")[:, k]
        steps = ten.study.steps[:40]  # later, rounding has grown to where two ways of adding part
        for mine, q in ((low, 0.25), (middle, 0.5), (high, 0.75)):
            np.testing.assert_allclose(mine[:40], np.quantile(curves[:, steps], q, axis=0), rtol=1e-3)
    names = [line["name"] for line in traces(ten.bands)]
    assert names == [LABELS[name] for name in SCHEMES] * 2  # the bands, then the medians on top


def test_the_table_ranks_by_the_first_five_the_next_five_and_all(ten: seeds.Seeds) -> None:
    parts = [study(SCHEMES, numbers) for numbers in (range(1, 6), range(6, 11), range(1, 11))]
    for row in ten.table.rows:
        k = [LABELS[name] for name in SCHEMES].index(row[0])
        assert row[3:] == [f"{part.ranking().index(k) + 1}." for part in parts]
        assert row[1] == f"{100 * parts[2].share_solved()[k]:.0f} %"
    assert [row[3] for row in ten.table.rows] != [row[4] for row in ten.table.rows]  # the draw decides


def test_fewer_seeds_are_a_part_and_more_are_added(ten: seeds.Seeds) -> None:
    before = ten.study
    ten.count.value = 5
    ten.finish()
    assert ten.study is before
    assert all(row[4] == "–" for row in ten.table.rows)  # noqa: RUF001 (what the page shows)
    ten.count.value = 15
    ten.finish()
    assert ten.study.seeds == tuple(range(1, 16))
    alone = study(SCHEMES, 15)
    np.testing.assert_array_equal(ten.study.solved, alone.solved)
    np.testing.assert_allclose(ten.study.loss, alone.loss, rtol=1e-4)
    ten.count.value = 10
    ten.finish()


@pytest.mark.parametrize(("size", "experiments"), [(1, 10), (5, 2), (20, 1), (50, 1)])
def test_experiments_share_no_seed(ten: seeds.Seeds, size: int, experiments: int) -> None:
    ten.size.value = size
    ten.finish()
    assert f"{experiments} experiment" in ten.words.value
    assert all(len(line["y"]) == experiments or "bdata" in line["y"] for line in traces(ten.places))


def stop_when_there_are_more(live: seeds.Seeds, than: int) -> int:
    """Press Stop once more seeds than these are done; how many there then are."""
    deadline = time.monotonic() + 60
    while (0 if live.study is None else len(live.study.seeds)) <= than and time.monotonic() < deadline:
        time.sleep(0.01)
    live.stop.click()
    live.finish(60)
    return len(live.study.seeds)


def test_stop_keeps_what_is_done_and_go_on_goes_on() -> None:
    live = seeds.five_seeds(500)
    live.bands.wanted = True
    first = stop_when_there_are_more(live, 0)
    assert 0 < first < 500
    assert (live.stop.description, live.stop.disabled) == ("Go on", False)
    assert live.progress.description == f"{first} of 500"
    assert len(live.table.rows) == 7
    live.what.value = "right"  # looks at what there is
    live.finish()
    assert len(live.study.seeds) == first
    live.stop.click()
    second = stop_when_there_are_more(live, first)
    assert first < second < 500
    assert live.study.seeds == tuple(range(1, second + 1))


def test_the_interval_of_a_median_holds_it_often_enough() -> None:
    rng, hits, draws = np.random.default_rng(1), 0, 400
    blank = study(["ones"], 25, epochs=1)
    for _ in range(draws):
        solved = rng.integers(1, 1000, (1, 25)).astype(np.int32)
        text = seeds._median(seeds.replace(blank, solved=solved, epochs=1000), 0)
        low, high = map(int, re.search(r"\((\d+) to (\d+)\)", text).groups())
        hits += low <= 500 <= high
    assert hits / draws == pytest.approx(0.95, abs=0.04)


@pytest.mark.parametrize(
    ("solved", "text"),
    [
        ([-1] * 20, "not reached"),
        ([3, -1, 7], "7"),
        ([100] * 10 + [-1] * 10, "over 1000 (100 to over 1000)"),
        (list(range(1, 101)), "50 (40 to 61)"),
    ],
)
def test_runs_that_never_got_there_count_as_later_than_all(solved: list[int], text: str) -> None:
    count = len(solved)
    blank = study(["ones"], count, epochs=1)
    given = seeds.replace(blank, solved=np.array([solved], dtype=np.int32), epochs=1000)
    assert seeds._median(given, 0) == text


# --- Predictions ------------------------------------------------------------------------------------


def test_a_number_is_locked_in_run_and_compared() -> None:
    asked = doing_it_right.predict_updates()
    assert not re.search(r"\d", asked.result.value)
    asked.answer.value = 50
    asked.lock.click()
    assert asked.answer.disabled
    asked.finish()
    assert "You said 50; it took 2 updates." in asked.result.value
    assert "337" in asked.result.value
    assert "role='status'" in asked.result.value


def test_a_choice_is_compared_with_what_the_gradients_say() -> None:
    asked = doing_it_right.predict_layer()
    asked.lock.click()
    assert "Choose an answer first." in asked.result.value
    asked.answer.value = "layer 1"
    asked.lock.click()
    asked.finish()
    sizes = train("standard_xavier", epochs=0).gradient[0]
    assert "You said layer 1, and so it is." in asked.result.value
    assert all(f"{size:.2g} in layer {k + 1}" in asked.result.value for k, size in enumerate(sizes))
    asked.lock.click()
    assert not asked.answer.disabled
    assert "layer" not in asked.result.value


def test_the_winner_is_the_first_of_the_race(finished: SchemeRace) -> None:
    asked = doing_it_right.predict_winner()
    asked.answer.value = "Standard Xavier"
    asked.lock.click()
    asked.finish()
    solved = {run.label: run.solved_at or math.inf for run in finished.recordings.values()}
    assert f"it is {min(solved, key=solved.get)}." in asked.result.value
    assert len(set(re.findall(r"with seed \d: ([\w ]+)", asked.result.value))) > 1  # draws have other winners


def test_words_are_words() -> None:
    asked = Prediction("<i>1 & 2?</i>", lambda: "<b>", lambda said, actual: "<script>", choices=["<b>", "c"])
    asked.answer.value = "c"
    asked.lock.click()
    asked.finish()
    assert "<i>" not in asked.question.value
    assert "<script>" not in asked.result.value
    assert "&lt;script&gt;" in asked.result.value


def test_a_prediction_says_what_went_wrong() -> None:
    def fail() -> int:
        raise ArithmeticError("no such run")

    asked = Prediction("?", fail, lambda said, actual: "")
    asked.lock.click()
    with pytest.raises(RuntimeError, match="no such run"):
        asked.finish()
    assert "no such run" in asked.status.value


def test_one_choice_is_none() -> None:
    with pytest.raises(ValueError, match="at least two"):
        Prediction("?", lambda: "a", lambda said, actual: "", choices=["a"])


# --- What the chapter states ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "bound", "std", "gain"),
    [
        ("standard_xavier", "0.354", "0.204", "0.58"),
        ("normalized_xavier", "0.612", "0.354", "1.00"),
        ("standard_letkeman", "0.763", "0.440", "1.25"),
        ("normalized_letkeman", "0.763", "0.440", "1.25"),
        ("kaiming", "no limit", "0.500", "1.41"),
    ],
)
def test_the_gains_of_the_middle_layer(name: str, bound: str, std: str, gain: str, root: Any) -> None:
    scheme = get_initializer(name)
    largest, spread = scheme.bound(8, 8), scheme.std(8, 8)
    shown = [f"{largest:.3f}" if largest else "no limit", f"{spread:.3f}", f"{spread * math.sqrt(8):.2f}"]
    assert shown == [bound, std, gain]
    chapter = (root / "notebooks" / "03-doing-it-right.ipynb").read_text(encoding="utf-8")
    assert f"| {LABELS[name]} | {bound} | {std} | {gain} |" in chapter


def test_early_loss_is_ordered_by_gain() -> None:
    runs = train(RANDOM, 1.0, epochs=20, seed=range(1, 101), max_frames=3)
    after = {n: np.median([run.loss[-1] for run in runs if run.initializer == n]) for n in RANDOM}
    rounded = [round(float(after[name]), 2) for name in RANDOM]
    assert rounded == [0.61, 0.44, 0.38, 0.38, 0.36]
