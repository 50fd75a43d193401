"""A map of where learning works: epochs until all is right, over a grid of two settings.

Weights are uniform with standard deviation gain / sqrt(fan_in), the scheme ``scaled``: most of what schemes
differ in is this one number, see ``Initializer.gain``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .batch import Run, Settings, Start, batches, run_all
from .network import MAX_WIDTH, Network, check_bias
from .schemes import scaled
from .tasks import check_task
from .training import MAX_RATE, MAX_STEPS, MIN_RATE

MAX_SIDE = 64
MAX_SEEDS = 100
MAX_DEPTH = 18
MAX_CELL_RUNS = 50_000
SECONDS = 0.2  # between two Sweeps of sweep_chunks

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sweep:
    """A map of R rows and C columns, N seeds in every cell; arrays are to be read only."""

    row_name: str
    """``"learning_rate"`` or ``"depth"``."""
    row_values: Values
    """(R,): learning rates, or numbers of hidden layers."""
    gains: Values
    """(C,)."""
    seeds: int
    epochs: int
    epochs_to_solve: NDArray[np.float32]
    """(R, C, N): the first epoch after which all rows of the task are right; infinity where that did not
    come within ``epochs``, NaN where nothing was run yet."""

    def __post_init__(self) -> None:
        view = self.epochs_to_solve.view()
        view.flags.writeable = False
        object.__setattr__(self, "epochs_to_solve", view)

    def __repr__(self) -> str:
        return f"<Sweep: {self.row_name} x gain, {self.done} of {self.epochs_to_solve[..., 0].size} cells>"

    @property
    def done(self) -> int:
        """Cells that have been run."""
        return int((~np.isnan(self.epochs_to_solve).any(axis=2)).sum())

    def median(self) -> Values:
        """(R, C): median over the seeds, infinity where half of them or more never solved it, NaN where
        nothing was run yet."""
        return np.asarray(np.median(self.epochs_to_solve.astype(np.float64), axis=2))


def sweep_chunks(
    learning_rates: float | Sequence[float],
    gains: Sequence[float] | None = None,
    depths: Sequence[int] | None = None,
    seeds: int = 5,
    epochs: int = 1000,
    layer_sizes: Sequence[int] = (5, 8, 8, 5),
    width: int = 8,
    task: tuple[ArrayLike, ArrayLike] | None = None,
    activation: str = "sigmoid",
    bias: float = 0.0,
    shuffle: bool = True,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[Sweep]:
    """A map as it fills, on all cores: one ``Sweep`` about five times a second, a rough picture first.

    Parameters
    ----------
    learning_rates : the rows of the map; or one number, with ``depths``.
    gains : the columns, 1 to 64 numbers from 0 to 10**6; by default 13 from 1/8 to 8.
    depths : the rows, instead of learning rates: numbers of hidden layers, 0 to 18, each of ``width``
        neurons. Of ``layer_sizes`` only the first and the last then count.
    seeds : 1 to 100 runs in every cell, with the seeds 1, 2, ...; at one seed all cells have the same draw.
    epochs : 1 to 100,000; a run that has not solved the task by then never does.
    cancelled : asked now and then; when it answers True, ``Cancelled`` is raised; what came before can
        still be used.

    All else is as in ``train``. Raises ValueError or TypeError for anything out of range, at once.
    """
    columns = _axis("gains", np.geomspace(0.125, 8.0, 13) if gains is None else gains, 0.0, 1e6)
    by_depth = depths is not None
    if depths is not None:
        rate = checks.real("learning_rates, with depths,", learning_rates, MIN_RATE, MAX_RATE)
        layers = [checks.integer("depth", depth, 0, MAX_DEPTH) for depth in _list("depths", depths)]
        width = checks.integer("width", width, 1, MAX_WIDTH)
        first, last = Network(layer_sizes, activation).layer_sizes[:: len(layer_sizes) - 1]
        shapes: list[Sequence[int]] = [(first, *[width] * depth, last) for depth in layers]
        rows, rates = [float(depth) for depth in layers], [rate] * len(layers)
    else:
        rows = rates = _axis("learning_rates", learning_rates, MIN_RATE, MAX_RATE)
        shapes = [layer_sizes] * len(rows)
    seeds = checks.integer("seeds", seeds, 1, MAX_SEEDS)
    checks.integer("the number of runs", len(rows) * len(columns) * seeds, 1, MAX_CELL_RUNS)
    epochs = checks.integer("epochs", epochs, 1, MAX_STEPS)
    bias, shuffle = check_bias(bias), checks.boolean("shuffle", shuffle)
    common = []
    for shape in shapes:
        network = Network(shape, activation)
        common.append(Settings(network, check_task(task, network), epochs, bias, shuffle, True))
    cells = _rough_first(len(rows), len(columns))
    work: list[tuple[Settings, Sequence[Start]]] = []
    for shape, some in groupby(cells, lambda cell: shapes[cell[0]]):  # only one shape goes side by side
        starts = [
            Start(scaled(columns[column]), seed, rates[row])
            for row, column in some
            for seed in range(1, seeds + 1)
        ]
        work += batches(common[shapes.index(shape)], starts)
    names = ("depth" if by_depth else "learning_rate", np.array(rows), np.array(columns), seeds, epochs)
    return _fill(names, cells, run_all(work, _solved, cancelled))


def _solved(settings: Settings, runs: list[Run]) -> list[int]:
    return [run.solved(len(settings.table[0])) for run in runs]


def _fill(
    names: tuple[str, Values, Values, int, int], cells: list[tuple[int, int]], parts: Iterator[list[int]]
) -> Iterator[Sweep]:
    """A Sweep of what is done, now and then."""
    found = np.full((len(cells), names[3]), np.nan, np.float32)
    order = tuple(np.array(cells).T)
    done, shown = 0, time.perf_counter()
    for part in parts:
        found.ravel()[done : done + len(part)] = [np.inf if epoch < 0 else epoch for epoch in part]
        done += len(part)
        if done == found.size or time.perf_counter() - shown >= SECONDS:
            shown = time.perf_counter()
            picture = np.empty((len(names[1]), len(names[2]), names[3]), np.float32)
            picture[order] = found
            yield Sweep(*names, picture)


def _rough_first(rows: int, columns: int) -> list[tuple[int, int]]:
    """All cells (row, column), in rounds: each round halves the distance between those that are known."""
    order: dict[tuple[int, int], None] = {}
    stride = 1 << (max(rows, columns) - 1).bit_length()
    while stride:
        order |= dict.fromkeys(product(range(0, rows, stride), range(0, columns, stride)))
        stride //= 2
    return list(order)


def _axis(name: str, values: Any, low: float, high: float) -> list[float]:
    return [checks.real(name, value, low, high) for value in _list(name, values)]


def _list(name: str, values: Any) -> Sequence[Any]:
    if np.ndim(values) != 1:
        raise TypeError(f"{name} must be a list of numbers, not {values!r}")
    checks.integer(f"the number of {name}", len(values), 1, MAX_SIDE)
    return list(values)
