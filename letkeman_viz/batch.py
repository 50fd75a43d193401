"""Many runs at once, of which only the curves are kept: what ``study`` and ``sweep`` are made of.

Runs go eight by eight through the compiled loop of ``_lanes.py``, and as many eights at a time as there are
cores. A run agrees with that of ``train`` to rounding; what it shares its eight with makes no difference.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import numpy as np
from numpy.typing import NDArray

from .initializers import Initializer
from .network import ACTIVATIONS, Network
from .tasks import Table
from .training import Cancelled, presentation_order

EIGHT = 8
"""Runs that are trained side by side."""
CHUNK = 2048  # examples between two looks at `cancelled`

Stopped = Callable[[], bool]


@dataclass(frozen=True)
class Start:
    """How one run begins; of its own is only what may differ from run to run."""

    initializer: Initializer
    seed: int
    learning_rate: float


@dataclass(frozen=True)
class Settings:
    """What runs side by side have in common, checked."""

    network: Network
    table: Table
    epochs: int
    steps: NDArray[np.int64]
    """(points,): the epochs whose loss and number right are kept, rising; 0 is before training."""
    bias: float = 0.0
    shuffle: bool = True
    stop_when_solved: bool = False
    """Whether runs may end once ``solved`` is known; later points are then not filled."""


@dataclass(frozen=True)
class Curves:
    """What is kept of some runs. Once a run has overflowed its loss is NaN and nothing is right."""

    loss: NDArray[np.float32]
    """(runs, points): mean loss over the table."""
    right: NDArray[np.int16]
    """(runs, points): rows predicted right."""
    solved: NDArray[np.int32]
    """(runs,): the first epoch after which all rows are right (0: from the start), or -1."""


def run_all(
    work: Iterable[tuple[Settings, Sequence[Start]]], cancelled: Stopped | None = None
) -> Iterator[Curves]:
    """Train on all cores: the Curves of each piece of ``work``, in that order, as soon as they are there.

    A piece is at most eight runs; those with the same seed had best share one. The work stops when nobody
    asks for more. Raises Cancelled when ``cancelled`` says so.
    """
    left = Event()

    def stopped() -> bool:
        return left.is_set() or (cancelled is not None and cancelled())

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            yield from pool.map(lambda piece: _run_eight(piece[0], piece[1], stopped), work)
        finally:
            left.set()


def eights(settings: Settings, starts: Sequence[Start]) -> list[tuple[Settings, Sequence[Start]]]:
    """Work for ``run_all``: the ``starts`` in order, eight by eight."""
    return [(settings, starts[k : k + EIGHT]) for k in range(0, len(starts), EIGHT)]


def _run_eight(settings: Settings, starts: Sequence[Start], stopped: Stopped) -> Curves:
    if stopped():
        raise Cancelled
    from . import _lanes as core  # only here: Numba costs a third of a second and 60 MB

    network, (inputs, targets), count = settings.network, settings.table, len(starts)
    filled = [*starts, *[starts[-1]] * (EIGHT - count)]  # lanes left over do a run again, for nobody
    seeds = sorted({start.seed for start in filled})
    following = [presentation_order(seed, len(inputs), settings.shuffle) for seed in seeds]
    which = np.array([seeds.index(start.seed) for start in filled])
    rate = np.array([start.learning_rate for start in filled], dtype=np.float64)
    drawn = [network.initial(start.initializer, start.seed, settings.bias) for start in filled]
    sizes = np.array(network.layer_sizes)
    a, d = np.zeros((2, int(sizes.sum()) * EIGHT))
    target, broken = np.zeros(targets.shape[1] * EIGHT), np.zeros(EIGHT)
    kind = ACTIVATIONS.index(network.activation)
    fixed = (np.stack(drawn, axis=1).ravel(), sizes, kind, inputs, targets)

    curves = _empty(settings, count)
    loss, right = np.empty((2, 1, EIGHT))
    core.look(*fixed, a, loss.ravel(), right.ravel())
    _keep(settings, curves, 0, loss, right)
    epoch, chunk = 0, max(1, CHUNK // len(inputs))
    while epoch < settings.epochs:
        if stopped():
            raise Cancelled
        if settings.stop_when_solved and ((curves.solved >= 0) | np.isnan(broken[:count])).all():
            break
        epochs = min(chunk, settings.epochs - epoch)
        order = np.stack([draw(epochs) for draw in following])
        loss, right = np.empty((2, epochs, EIGHT))
        lines = loss.ravel(), right.ravel()  # views: both lie in one piece
        core.run_epochs(*fixed, order, which, rate, a, d, target, broken, *lines)
        _keep(settings, curves, epoch + 1, loss, right)
        epoch += epochs
    return curves


def _empty(settings: Settings, runs: int) -> Curves:
    shape = runs, len(settings.steps)
    return Curves(np.full(shape, np.nan, np.float32), np.zeros(shape, np.int16), np.full(runs, -1, np.int32))


def _keep(
    settings: Settings, curves: Curves, epoch: int, loss: NDArray[np.float64], right: NDArray[np.float64]
) -> None:
    """Take what is wanted of the (epochs, 8) of all lanes, the first being ``epoch``, into the ``curves``."""
    runs, steps = len(curves.solved), settings.steps
    kept = np.flatnonzero((steps >= epoch) & (steps < epoch + len(loss)))
    at = steps[kept] - epoch
    with np.errstate(over="ignore"):  # beyond float32 is infinity
        curves.loss[:, kept] = loss[at, :runs].T
    curves.right[:, kept] = np.nan_to_num(right[at, :runs].T)
    all_right = right[:, :runs] == len(settings.table[0])
    new = all_right.any(axis=0) & (curves.solved < 0)
    curves.solved[new] = epoch + all_right.argmax(axis=0)[new]
