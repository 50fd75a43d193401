"""Maps of where learning works: every cell against `train`, and the order in which they come."""

import numpy as np
import pytest

from letkeman_viz import get_initializer, make_task, sweep_chunks, train
from letkeman_viz.sweep import _rough_first
from letkeman_viz.training import Cancelled

SMALL = {"layer_sizes": (3, 6, 3), "epochs": 300, "seeds": 3}


def last(*arguments, **settings):
    *_, made = sweep_chunks(*arguments, **settings)
    return made


def expected(gain, rate, layer_sizes, **settings):
    """Epochs to solve of a cell with ``train``, for each seed."""
    runs = train(get_initializer("scaled", gain=gain), rate, 300, [1, 2, 3], layer_sizes, **settings)
    return [np.inf if run.solved_at is None else run.solved_at for run in runs]


def test_rates_and_gains_cell_by_cell():
    rates, gains = [0.3, 3.0, 30.0], [0.25, 1.0, 4.0, 16.0]
    made = last(rates, gains, **SMALL)
    assert (made.row_name, made.row_values.tolist(), made.gains.tolist()) == ("learning_rate", rates, gains)
    assert made.epochs_to_solve.shape == (3, 4, 3)
    assert made.epochs_to_solve.dtype == np.float32
    assert made.done == 12
    cells = [[expected(gain, rate, (3, 6, 3)) for gain in gains] for rate in rates]
    np.testing.assert_array_equal(made.epochs_to_solve, cells)
    np.testing.assert_array_equal(made.median(), np.median(cells, axis=2))
    assert 0 < np.isinf(made.median()).sum() < 12  # some cells learn and some do not, or nothing was tested


def test_depths_and_gains_cell_by_cell():
    task = make_task("parity", 3)
    settings = {"task": task, "activation": "tanh", "bias": 0.1, "shuffle": False}
    made = last(0.5, [0.5, 2.0], [0, 1, 3], seeds=3, epochs=300, layer_sizes=(3, 9, 1), width=6, **settings)
    assert (made.row_name, made.row_values.tolist()) == ("depth", [0, 1, 3])
    shapes = [(3, 1), (3, 6, 1), (3, 6, 6, 6, 1)]
    cells = [[expected(gain, 0.5, shape, **settings) for gain in (0.5, 2.0)] for shape in shapes]
    np.testing.assert_array_equal(made.epochs_to_solve, cells)
    assert np.isinf(made.median()[0]).all()  # no hidden layer, no parity
    assert np.isfinite(made.median()).any()


def test_the_picture_fills_and_what_was_not_run_is_nan(monkeypatch):
    monkeypatch.setattr("letkeman_viz.sweep.SECONDS", 0.0)
    seen = list(sweep_chunks([1.0, 3.0, 9.0], [0.5, 1.0, 2.0], **SMALL))
    done = [one.done for one in seen]
    assert done == sorted(done)
    assert 0 <= done[0] < 9
    assert done[-1] == 9
    for one in seen:
        known = ~np.isnan(one.epochs_to_solve)
        assert np.array_equal(one.epochs_to_solve[known], seen[-1].epochs_to_solve[known])
        assert np.isnan(one.median()).sum() == 9 - one.done
    assert "9 of 9 cells" in repr(seen[-1])
    with pytest.raises(ValueError, match="read-only"):
        seen[0].epochs_to_solve[0] = 1


def test_medians_of_never_and_of_not_yet():
    made = last([1e-9], [1.0], layer_sizes=(2, 2), epochs=2, seeds=2)
    assert made.median().tolist() == [[np.inf]]


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 7), (5, 3), (13, 13), (64, 2)])
def test_a_rough_picture_comes_first_and_every_cell_once(rows, columns):
    order = _rough_first(rows, columns)
    assert sorted(order) == [(row, column) for row in range(rows) for column in range(columns)]
    for stride in (2, 4, 8):
        coarse = [cell for cell in order if cell[0] % stride == 0 and cell[1] % stride == 0]
        assert order[: len(coarse)] == coarse  # the coarser grid is complete before the finer one begins


def test_usual_gains_lie_around_one():
    made = last([1.0], layer_sizes=(2, 2), epochs=1, seeds=1)
    assert made.gains.tolist() == pytest.approx([2.0 ** (k / 2) for k in range(-6, 7)])


def test_cancelled():
    with pytest.raises(Cancelled):
        list(sweep_chunks([1.0], cancelled=lambda: True))


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "words"),
    [
        (([],), {}, ValueError, "number of learning_rates is 0"),
        (([0.0],), {}, ValueError, "learning_rates is 0"),
        ((1.0,), {}, TypeError, "learning_rates .*list"),
        (([1.0], [-1.0]), {}, ValueError, "gains is -1"),
        (([1.0], ["1"]), {}, TypeError, "gains"),
        (([1.0], [1.0] * 65), {}, ValueError, "number of gains is 65"),
        (([1.0, 2.0], [1.0], [1]), {}, TypeError, "learning_rates, with depths"),
        ((1.0, [1.0], [19]), {}, ValueError, "depth is 19; .* 0 to 18"),
        ((1.0, [1.0], []), {}, ValueError, "number of depths is 0"),
        ((1.0, [1.0], 3), {}, TypeError, "depths .*list"),
        ((1.0, [1.0], [1]), {"width": 0}, ValueError, "width is 0"),
        (([1.0],), {"seeds": 0}, ValueError, "seeds is 0"),
        (([1.0] * 64, [1.0] * 64), {"seeds": 13}, ValueError, "number of runs is 53248"),
        (([1.0],), {"epochs": 0}, ValueError, "epochs is 0"),
        (([1.0],), {"layer_sizes": (5, 4)}, ValueError, "layer_sizes"),
        (([1.0],), {"bias": 11}, ValueError, "bias"),
        (([1.0],), {"shuffle": "no"}, TypeError, "shuffle"),
    ],
)
def test_bad_maps_are_refused_before_anything_runs(arguments, settings, error, words):
    with pytest.raises(error, match=words):
        sweep_chunks(*arguments, **settings)
