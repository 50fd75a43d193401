"""The explorables without a browser: work in the background, figures, and how widgets hang together."""

# ruff: noqa: RUF001 (minus, times and sigma are what the page shows)

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from letkeman_viz import train
from letkeman_viz.explorers import plots
from letkeman_viz.explorers.background import Newest
from letkeman_viz.training import Cancelled

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


def steps_of(line: go.Scatter) -> np.ndarray:
    """Where the points of a line lie: evenly spaced steps are sent as the first one and the distance."""
    return line.x0 + line.dx * np.arange(len(line.y)) if line.x is None else np.asarray(line.x)


def ticks_of(axis: dict[str, Any]) -> dict[str, float]:
    return dict(zip(axis["ticktext"], axis["tickvals"], strict=True))


def test_log_axis_without_zeros_has_no_place_for_them() -> None:
    curve = np.array([1e-6, 1e-3, 1.0])
    (drawn,), axis = plots.log_axis([curve])
    np.testing.assert_array_equal(drawn, curve)
    assert "0" not in axis["ticktext"]
    low, high = axis["range"]
    assert -7 < low < -6
    assert 0 < high < 1


def test_log_axis_puts_zeros_under_everything_else() -> None:
    drawn, axis = plots.log_axis([np.array([0.0, 1e-4]), np.array([1e-2, 0.0])])
    zero = ticks_of(axis)["0"]
    assert drawn[0][0] == drawn[1][1] == zero
    others = [value for label, value in ticks_of(axis).items() if label != "0"]
    assert 10 ** axis["range"][0] < zero < min(others) <= 1e-2
    assert zero < 1e-4


def test_log_axis_keeps_nan_and_infinity_as_gaps() -> None:
    (drawn,), axis = plots.log_axis([np.array([np.nan, 1.0, np.inf, -np.inf, 0.0])])
    np.testing.assert_array_equal(np.isnan(drawn), [True, False, True, True, False])
    assert np.isfinite(axis["range"]).all()


@pytest.mark.parametrize("value", [0.0, np.nan, 1.0, 3e-7, 12345.0])
def test_log_axis_of_one_point_has_room_and_ticks(value: float) -> None:
    (drawn,), axis = plots.log_axis([np.array([value])])
    low, high = axis["range"]
    assert np.isfinite([low, high]).all()
    assert high - low > 0.1
    ticks = ticks_of(axis)
    assert ticks
    assert all(low <= np.log10(tick) <= high for tick in ticks.values())
    assert np.isnan(drawn[0]) if np.isnan(value) else low < np.log10(drawn[0]) < high


def test_log_axis_of_zeros_alone_shows_them_at_0() -> None:
    (drawn,), axis = plots.log_axis([np.zeros(3)])
    assert set(drawn) == {ticks_of(axis)["0"]}


def read(label: str) -> float:
    """The number that a tick's label says."""
    digits, times, power = label.replace("−", "-").removesuffix("</sup>").rpartition("10<sup>")
    return float(digits.rstrip("·×") or 1) * 10.0 ** float(power) if times else float(label)


def test_ticks_are_few_and_say_what_they_are() -> None:
    for decades in (0.2, 1, 3, 7, 30):
        _, axis = plots.log_axis([np.array([10.0**-decades, 1.0])])
        assert 2 <= len(axis["tickvals"]) <= 9
        assert [read(label) for label in axis["ticktext"]] == pytest.approx(axis["tickvals"])


# --- Explorables ------------------------------------------------------------------------------------
