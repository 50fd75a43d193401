"""The explorables without a browser: work in the background, figures, and how widgets hang together."""

# ruff: noqa: RUF001 (minus, times and sigma are what the page shows)

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from letkeman_viz import Recording, train, train_one
from letkeman_viz.explorers import doing_it_wrong, figures
from letkeman_viz.explorers.background import Newest
from letkeman_viz.training import Cancelled
from letkeman_viz.widgets import Chart

SOON = 20.0  # seconds; only a broken build waits that long


# --- Background work --------------------------------------------------------------------------------


class Worker:
    """A Newest whose errors are kept, with jobs that stop and go when a test says so."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.done: list[str] = []
        self.newest = Newest(self.errors.append)

    def quick(self, name: str) -> Callable[[Callable[[], bool]], None]:
        """A job that only notes that it was done."""
        return lambda cancelled: self.done.append(name)

    def held(self, name: str) -> tuple[Any, threading.Event, threading.Event]:
        """(a job, set when it has begun, set it to let it end); it notes whether it was superseded."""
        begun, go_on = threading.Event(), threading.Event()

        def job(cancelled: Callable[[], bool]) -> None:
            begun.set()
            assert go_on.wait(SOON)
            self.done.append(f"{name} superseded" if cancelled() else name)

        return job, begun, go_on


@pytest.fixture
def worker() -> Worker:
    return Worker()


def test_nothing_to_do_is_done(worker: Worker) -> None:
    assert worker.newest.wait(timeout=0) is True


def test_a_job_runs_in_a_thread_of_its_own(worker: Worker) -> None:
    threads = []
    worker.newest.submit(lambda cancelled: threads.append(threading.current_thread()))
    assert worker.newest.wait(SOON)
    (thread,) = threads
    assert thread is not threading.current_thread()
    assert thread.daemon  # an open page must not keep Python from ending


def test_of_the_waiting_jobs_only_the_newest_runs(worker: Worker) -> None:
    first, begun, go_on = worker.held("first")
    worker.newest.submit(first)
    assert begun.wait(SOON)
    for name in ("second", "third", "fourth"):
        worker.newest.submit(worker.quick(name))
    go_on.set()
    assert worker.newest.wait(SOON)
    assert worker.done == ["first superseded", "fourth"]


def test_a_job_that_nobody_replaced_is_not_told_to_stop(worker: Worker) -> None:
    only, begun, go_on = worker.held("only")
    worker.newest.submit(only)
    assert begun.wait(SOON)
    go_on.set()
    assert worker.newest.wait(SOON)
    assert worker.done == ["only"]


def test_wait_gives_up_in_time_and_says_so(worker: Worker) -> None:
    job, begun, go_on = worker.held("job")
    worker.newest.submit(job)
    assert begun.wait(SOON)
    assert worker.newest.wait(timeout=0.01) is False
    go_on.set()
    assert worker.newest.wait(SOON) is True


def test_an_error_is_handed_on_and_does_not_stop_the_next_job(worker: Worker) -> None:
    error = ValueError("wrong")

    def fail(cancelled: Callable[[], bool]) -> None:
        raise error

    worker.newest.submit(fail)
    assert worker.newest.wait(SOON)
    worker.newest.submit(worker.quick("next"))
    assert worker.newest.wait(SOON)
    assert worker.errors == [error]
    assert worker.done == ["next"]


def test_being_cancelled_is_no_error(worker: Worker) -> None:
    def stop(cancelled: Callable[[], bool]) -> None:
        raise Cancelled

    worker.newest.submit(stop)
    assert worker.newest.wait(SOON)
    assert worker.errors == []


def test_jobs_may_come_from_many_threads(worker: Worker) -> None:
    first, begun, go_on = worker.held("first")
    worker.newest.submit(first)
    assert begun.wait(SOON)
    threads = [threading.Thread(target=worker.newest.submit, args=(worker.quick(str(k)),)) for k in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worker.newest.submit(worker.quick("last"))
    go_on.set()
    assert worker.newest.wait(SOON)
    assert worker.done == ["first superseded", "last"]


def test_a_training_run_stops_for_the_next_one(worker: Worker) -> None:
    begun = threading.Event()

    def endless(cancelled: Callable[[], bool]) -> None:
        def asked() -> bool:
            begun.set()
            return cancelled()

        train("ones", epochs=100_000, max_frames=3, cancelled=asked)
        worker.done.append("trained to the end")

    worker.newest.submit(endless)
    assert begun.wait(SOON)
    worker.newest.submit(worker.quick("next"))
    assert worker.newest.wait(SOON)
    assert worker.done == ["next"]
    assert worker.errors == []


# --- Figures ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ones() -> Recording:
    return train_one(initializer="ones")


@pytest.fixture(scope="module")
def zeros() -> Recording:
    return train_one(initializer="zeros")


@pytest.fixture(scope="module")
def table() -> Recording:
    return train("standard_xavier", epochs=700, seed=2)


@pytest.fixture(scope="module")
def diverged(table: Recording) -> Recording:
    """A run whose last frames are NaN, as an overflow leaves them."""
    gradient, loss = table.gradient.copy(), table.loss.copy()
    gradient[-3:], loss[-200:] = np.nan, np.inf
    return replace(table, gradient=gradient, loss=loss, ended="diverged")


FIGURES = [figures.gradient_figure, figures.loss_figure, figures.correct_figure]


@pytest.mark.parametrize("draw", FIGURES)
@pytest.mark.parametrize("name", ["ones", "zeros", "table", "diverged", "untrained"])
def test_every_figure_is_valid_and_spans_the_run(
    draw: Callable[[Recording], dict[str, Any]], name: str, request: pytest.FixtureRequest
) -> None:
    recording = train_one(max_updates=0) if name == "untrained" else request.getfixturevalue(name)
    figure = go.Figure(draw(recording))
    chart = Chart()
    chart.show(draw(recording))
    go.Figure(chart._figure)  # validates every property
    json.dumps(chart._figure, allow_nan=False)
    low, high = figure.layout.xaxis.range
    assert low < 0
    assert high > recording.epochs
    assert figure.layout.xaxis.title.text == ("update" if recording.one_example else "epoch")
    bottom, top = figure.layout.yaxis.range
    assert np.isfinite([bottom, top]).all()
    assert bottom < top
    for line in figure.data:
        steps = steps_of(line)
        if recording.epochs == 0 and line.name == "as presented":
            assert len(steps) == len(line.y) == 0  # nothing has been
            continue
        assert steps[0] == (1 if line.name == "as presented" else 0)
        assert steps[-1] == recording.epochs
        assert len(steps) == len(line.y) <= figures.MAX_POINTS
        assert (np.diff(steps) > 0).all()


def steps_of(line: go.Scatter) -> np.ndarray:
    """Where the points of a line lie: evenly spaced steps are sent as the first one and the distance."""
    return line.x0 + line.dx * np.arange(len(line.y)) if line.x is None else np.asarray(line.x)


def test_even_steps_take_no_bytes_and_others_are_sent(ones: Recording, table: Recording) -> None:
    assert [go.Figure(figures.loss_figure(run)).data[0].x for run in (ones, table)] == [None, None]
    uneven = replace(
        ones, steps=np.array([0, 3, 337]), parameters=ones.parameters[:3], gradient=ones.gradient[:3]
    )
    np.testing.assert_array_equal(steps_of(go.Figure(figures.gradient_figure(uneven)).data[0]), [0, 3, 337])


def test_gradient_figure_has_a_line_for_each_layer_told_apart_by_colour_and_dash(ones: Recording) -> None:
    lines = go.Figure(figures.gradient_figure(ones)).data
    assert [line.name for line in lines] == ["layer 1", "layer 2", "layer 3"]
    assert [line.meta["color"] for line in lines] == [f"--lkv-layer-{k}" for k in (1, 2, 3)]
    assert len({line.line.dash for line in lines}) == 3
    for k, line in enumerate(lines):
        np.testing.assert_allclose(line.y, ones.gradient[:, k], rtol=1e-6)
        np.testing.assert_array_equal(steps_of(line), ones.steps)


def test_exact_zeros_are_drawn_at_a_tick_that_says_0(zeros: Recording) -> None:
    assert (zeros.gradient[0, :2] == 0).all()  # what all zeros is about
    figure = go.Figure(figures.gradient_figure(zeros))
    axis = figure.layout.yaxis
    assert axis.ticktext[-1] == "0"
    place = axis.tickvals[-1]
    positive = zeros.gradient[zeros.gradient > 0]
    assert 10 ** axis.range[0] < place < positive.min()
    for line in figure.data[:2]:
        assert line.y[0] == pytest.approx(place, rel=1e-6)
        assert line.customdata[0] == 0.0  # what pointing at it says
        assert line.hovertemplate == "%{customdata:.3g}"
    assert figure.data[2].hovertemplate == "%{y:.3g}"


def test_loss_and_counts_are_those_of_the_recording(table: Recording) -> None:
    (loss,) = go.Figure(figures.loss_figure(table)).data
    np.testing.assert_allclose(loss.y, table.curve("loss")[steps_of(loss)], rtol=1e-6)
    presented, after = go.Figure(figures.correct_figure(table)).data
    np.testing.assert_array_equal(presented.y, table.correct[steps_of(presented) - 1])
    np.testing.assert_array_equal(after.y, table.curve("correct_after")[steps_of(after)])
    bottom, top = go.Figure(figures.correct_figure(table)).layout.yaxis.range
    assert bottom < 0
    assert top > 32


def test_what_is_no_number_is_a_gap(diverged: Recording) -> None:
    for line in go.Figure(figures.gradient_figure(diverged)).data:
        assert np.isnan(line.y[-3:]).all()
        assert np.isfinite(line.y[:-3]).all()
    (loss,) = go.Figure(figures.loss_figure(diverged)).data
    assert np.isnan(loss.y[-1])


def ticks_of(axis: dict[str, Any]) -> dict[str, float]:
    return dict(zip(axis["ticktext"], axis["tickvals"], strict=True))


def test_log_axis_without_zeros_has_no_place_for_them() -> None:
    curve = np.array([1e-6, 1e-3, 1.0])
    (drawn,), axis = figures.log_axis([curve])
    np.testing.assert_array_equal(drawn, curve)
    assert "0" not in axis["ticktext"]
    low, high = axis["range"]
    assert -7 < low < -6
    assert 0 < high < 1


def test_log_axis_puts_zeros_under_everything_else() -> None:
    drawn, axis = figures.log_axis([np.array([0.0, 1e-4]), np.array([1e-2, 0.0])])
    zero = ticks_of(axis)["0"]
    assert drawn[0][0] == drawn[1][1] == zero
    others = [value for label, value in ticks_of(axis).items() if label != "0"]
    assert 10 ** axis["range"][0] < zero < min(others) <= 1e-2
    assert zero < 1e-4


def test_log_axis_keeps_nan_and_infinity_as_gaps() -> None:
    (drawn,), axis = figures.log_axis([np.array([np.nan, 1.0, np.inf, -np.inf, 0.0])])
    np.testing.assert_array_equal(np.isnan(drawn), [True, False, True, True, False])
    assert np.isfinite(axis["range"]).all()


@pytest.mark.parametrize("value", [0.0, np.nan, 1.0, 3e-7, 12345.0])
def test_log_axis_of_one_point_has_room_and_ticks(value: float) -> None:
    (drawn,), axis = figures.log_axis([np.array([value])])
    low, high = axis["range"]
    assert np.isfinite([low, high]).all()
    assert high - low > 0.1
    ticks = ticks_of(axis)
    assert ticks
    assert all(low <= np.log10(tick) <= high for tick in ticks.values())
    assert np.isnan(drawn[0]) if np.isnan(value) else low < np.log10(drawn[0]) < high


def test_log_axis_of_zeros_alone_shows_them_at_0() -> None:
    (drawn,), axis = figures.log_axis([np.zeros(3)])
    assert set(drawn) == {ticks_of(axis)["0"]}


def read(label: str) -> float:
    """The number that a tick's label says."""
    digits, times, power = label.replace("−", "-").removesuffix("</sup>").rpartition("10<sup>")
    return float(digits.rstrip("·×") or 1) * 10.0 ** float(power) if times else float(label)


def test_ticks_are_few_and_say_what_they_are() -> None:
    for decades in (0.2, 1, 3, 7, 30):
        _, axis = figures.log_axis([np.array([10.0**-decades, 1.0])])
        assert 2 <= len(axis["tickvals"]) <= 9
        assert [read(label) for label in axis["ticktext"]] == pytest.approx(axis["tickvals"])


@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("initializer", ["zeros", "standard_xavier", "kaiming"])
def test_ticks_of_short_runs_are_true(initializer: str, seed: int) -> None:
    recording = train_one(initializer=initializer, seed=seed)
    for draw in (figures.gradient_figure, figures.loss_figure):
        axis = go.Figure(draw(recording)).layout.yaxis
        ticks = [(t, v) for t, v in zip(axis.ticktext, axis.tickvals, strict=True) if t != "0"]
        assert len(ticks) >= 2
        assert [read(text) for text, _ in ticks] == pytest.approx([value for _, value in ticks])


# --- Explorables ------------------------------------------------------------------------------------


def test_nothing_is_trained_and_nothing_heavy_imported_until_a_page_wants_it() -> None:
    code = """
import sys
from letkeman_viz.explorers import doing_it_wrong
example, table = doing_it_wrong.one_example(), doing_it_wrong.whole_table()
doing_it_wrong.sigmoid(example)
heavy = [name for name in ("plotly", "scipy", "torch", "voila") if name in sys.modules]
example.scheme.value = "zeros"
print(heavy, len(example.recording), len(table.recording))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] 1 1\n"
    assert done.stderr == ""


def test_the_page_opens_with_the_untrained_network() -> None:
    example = doing_it_wrong.one_example()
    assert example.recording.epochs == 0
    assert example.player.steps == [0]
    assert [chart._figure for chart in example.charts] == [{}, {}]
    assert example.status.layout.display == "none"


def test_a_page_that_wants_the_run_gets_it() -> None:
    example = doing_it_wrong.one_example()
    example.run.set_state({"wanted": True})  # as a page says it
    assert example._worker.wait(SOON)
    example._show_all()  # what the kernel's loop would call
    assert example.recording.updates == 337


def test_all_ones_takes_337_updates_and_every_part_knows() -> None:
    example = doing_it_wrong.one_example()
    recording = example.finish()
    assert recording is example.recording
    assert recording.updates == 337
    assert recording.ended == "solved"
    assert example.player.steps == recording.steps.tolist()
    assert example.player.steps[-1] == 337
    assert (example.player.frame, example.player.unit) == (0, "update")
    titles = [chart._figure["layout"]["title"]["text"] for chart in example.charts]
    assert titles == ["Gradient: mean |dL/dw| of each layer", "Loss"]
    assert all(chart.label for chart in example.charts)


def test_schemes_are_offered_by_their_names_for_people() -> None:
    options = doing_it_wrong.one_example().scheme.options
    assert options == (("All zeros", "zeros"), ("All ones", "ones"), ("Standard Xavier", "standard_xavier"))


def test_another_scheme_is_another_run_from_the_start() -> None:
    example = doing_it_wrong.one_example()
    example.finish()
    example.player.frame = 200
    example.scheme.value = "zeros"
    recording = example.finish()
    assert (recording.initializer, recording.updates) == ("zeros", 1)
    assert example.player.steps == [0, 1]
    example.scheme.value = "ones"
    assert example.finish().updates == 337


def test_another_seed_is_another_draw() -> None:
    example = doing_it_wrong.one_example("standard_xavier")
    first = example.finish()
    example.seed.value = 2
    second = example.finish()
    assert (first.seed, second.seed) == (1, 2)
    expected = train_one(initializer="standard_xavier", seed=2)
    np.testing.assert_array_equal(second.parameters, expected.parameters)
    example.seed.value = 1
    np.testing.assert_array_equal(example.finish().parameters, first.parameters)


def test_a_scheme_chosen_before_anything_was_computed_counts() -> None:
    example = doing_it_wrong.one_example()
    example.scheme.value = "zeros"
    assert example.recording.initializer == "ones"  # nobody looked yet
    assert example.finish().initializer == "zeros"


def test_while_settings_change_quickly_the_last_one_wins() -> None:
    table = doing_it_wrong.whole_table()
    table.finish()
    for seed in range(2, 12):
        table.seed.value = seed
    assert table.finish().seed == 11
    assert table.recording.epochs == 1000


def test_finish_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    example = doing_it_wrong.one_example()
    go_on = threading.Event()
    monkeypatch.setattr(example, "_compute", lambda *_, cancelled: go_on.wait(SOON) and example.recording)
    with pytest.raises(TimeoutError, match=r"not ready after 0\.01 s"):
        example.finish(timeout=0.01)
    go_on.set()
    assert example._worker.wait(SOON)
    example._show_all()  # what the kernel's loop would call


class Tags(HTMLParser):
    """Collects the elements and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_an_error_is_shown_and_its_words_stay_words(monkeypatch: pytest.MonkeyPatch) -> None:
    example = doing_it_wrong.one_example()
    message = "<img src=x onerror=alert(1)><script>alert(2)</script> a < b & \"c\" 'd'"

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError(message)

    with monkeypatch.context() as patch:
        patch.setattr(example, "_compute", fail)
        example.run.wanted = True
        assert example._worker.wait(SOON)
        example._show_all()  # what the kernel's loop would call
    shown = Tags(example.status.value)
    assert example.status.layout.display != "none"
    assert set(shown.tags) <= {"p", "b"}
    assert f"ValueError: {message}" in shown.text
    example.seed.value = 5  # the next run that works takes the message away
    example.finish()
    assert example.status.layout.display == "none"
    assert example.recording.seed == 5


def test_the_sigmoid_follows_the_network_and_moves_it() -> None:
    example = doing_it_wrong.one_example()
    controls, player, curve = doing_it_wrong.sigmoid(example).children
    assert controls.children == (example.scheme,)
    assert player is example.player
    assert (curve.run, curve.player) == (example.run, example.player)


def test_whole_table_counts_as_the_article_does() -> None:
    table = doing_it_wrong.whole_table()
    recording = table.finish()
    assert (recording.rows, recording.epochs, recording.initializer) == (32, 1000, "ones")
    assert 5 <= recording.correct.max() <= 7
    assert recording.correct_after.max() <= 5
    assert table.player.unit == "epoch"
    assert table.player.steps[-1] == 1000
    assert len(table.charts) == 3


def test_the_grid_chooses_what_the_network_shows() -> None:
    table = doing_it_wrong.whole_table()
    assert table.run.example == 19
    assert table.grid.run is table.diagram.run is table.readout.run is table.run
    table.run.set_state({"example": 4})  # as a page says it
    assert table.run.example == 4
    table.run.set_state({"example": 99})
    assert table.run.example == 31


def test_two_explorables_do_not_share_anything() -> None:
    one, other = doing_it_wrong.one_example(), doing_it_wrong.one_example()
    one.scheme.value = "zeros"
    one.finish()
    one.player.frame = 1
    assert other.scheme.value == "ones"
    assert other.recording.epochs == 0
    assert other.player.frame == 0


@pytest.mark.parametrize("make", [doing_it_wrong.one_example, doing_it_wrong.whole_table])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"initializer": "kaiming"}, r"'kaiming'.*zeros, ones, standard_xavier"),
        ({"seed": -1}, r"-1.*from 0 to 9999"),
        ({"seed": 10_000}, r"10000.*from 0 to 9999"),
        ({"seed": 1.5}, r"from 0 to 9999, not 1\.5"),
    ],
)
def test_bad_arguments_are_refused_in_words(
    make: Callable[..., Any], arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        make(**arguments)
