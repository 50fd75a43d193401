"""Are five seeds enough? Many seeds of several schemes, and what rankings from a few of them are worth.

At one seed all schemes get the same underlying draw and the same order of examples, as in ``train``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .batch import Run, Settings, Start, batches, run_all
from .initializers import Initializer, get_initializer
from .network import Network, check_bias
from .tasks import check_task
from .training import MAX_RATE, MAX_SEED, MAX_STEPS, MIN_RATE

MAX_SEEDS = 500
MAX_SCHEMES = 20
MAX_POINTS = 201
MAX_DRAWS = 100_000
SECONDS = 0.1  # between two Studies of study_chunks

CURVES = ("loss", "right")
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Study:
    """What many runs did. S schemes, N seeds, P points in time; arrays are to be read only.

    A run that overflowed has loss NaN and nothing right from then on.
    """

    schemes: tuple[str, ...]
    """Names of the schemes, as in ``INITIALIZERS``."""
    labels: tuple[str, ...]
    """The schemes' names for people."""
    seeds: tuple[int, ...]
    """The seeds that are done."""
    rows: int
    """Rows of the task."""
    epochs: int
    steps: NDArray[np.int64]
    """(P,): the epochs at which curves are kept, evenly spaced from 0 to ``epochs``."""
    loss: NDArray[np.float32]
    """(S, N, P): mean loss over the table after that epoch."""
    right: NDArray[np.int16]
    """(S, N, P): rows predicted right after that epoch."""
    solved: NDArray[np.int32]
    """(S, N): the first epoch after which all rows are right (0: from the start), -1 if none was."""

    def __post_init__(self) -> None:
        for name in ("steps", "loss", "right", "solved"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __repr__(self) -> str:
        return f"<Study: {len(self.schemes)} schemes, {len(self.seeds)} seeds, {self.epochs} epochs>"

    def band(
        self, what: str, quantiles: Sequence[float] = (0.25, 0.5, 0.75), first: int | None = None
    ) -> Values:
        """Quantiles over the ``first`` seeds (by default all) of ``"loss"`` or ``"right"``.

        Shape (len(quantiles), S, P). Between two seeds they are interpolated; the loss of a run that
        overflowed counts as infinite.
        """
        values = getattr(self, checks.choice("what", what, CURVES))[:, : self._count(first)]
        ordered = np.sort(np.where(np.isnan(values), np.inf, values).astype(np.float64), axis=1)
        at = [checks.real("quantile", q, 0.0, 1.0) * (ordered.shape[1] - 1) for q in quantiles]
        return np.array([_between(ordered, place) for place in at]).reshape(len(at), *ordered[:, 0].shape)

    def share_solved(self, first: int | None = None) -> Values:
        """Share of the ``first`` seeds with which a scheme got all rows right: shape (S,)."""
        return np.asarray((self.solved[:, : self._count(first)] >= 0).mean(axis=1))

    def median_solved(self, first: int | None = None) -> Values:
        """Median epoch at which all rows were right first: shape (S,); never counts as infinity."""
        return np.asarray(np.median(self._epochs_to_solve()[:, : self._count(first)], axis=1))

    def ranking(self, first: int | None = None) -> list[int]:
        """Indices of the schemes, best first, judged by the ``first`` seeds (by default all).

        Best is the smallest median epoch at which all rows were right; among equals the larger share of
        seeds that got there; then the smaller median loss at the end; then the order of ``schemes``.
        """
        count = self._count(first)
        return [int(k) for k in self._order(np.arange(count)[None])[0]]

    def rankings(self, size: int = 5, draws: int = 1000, seed: int = 1) -> Values:
        """How a ranking from ``size`` seeds comes out when those seeds are drawn again and again.

        Returns (S, S): the share of the ``draws`` in which a scheme (row) came at a place (column, 0 is
        first), judged as in ``ranking`` by ``size`` seeds drawn without replacement, the same for all
        schemes. Rows and columns add up to 1. ``size`` is 1 to the number of seeds, ``draws`` 1 to 100,000.
        """
        count, schemes = len(self.seeds), len(self.schemes)
        size = checks.integer("size", size, 1, count)
        draws = checks.integer("draws", draws, 1, MAX_DRAWS)
        rng = np.random.default_rng(checks.integer("seed", seed, 0, MAX_SEED))
        places = np.zeros((schemes, schemes))
        for start in range(0, draws, 1000):  # a thousand at a time, to keep the memory small
            drawn = min(1000, draws - start)
            chosen = rng.permuted(np.tile(np.arange(count), (drawn, 1)), axis=1)[:, :size]
            order = self._order(chosen)
            np.add.at(places, (order, np.broadcast_to(np.arange(schemes), order.shape)), 1)
        return places / draws

    def _count(self, first: int | None) -> int:
        return len(self.seeds) if first is None else checks.integer("first", first, 1, len(self.seeds))

    def _epochs_to_solve(self) -> Values:
        return np.where(self.solved < 0, np.inf, self.solved)

    def _order(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Schemes from best to worst, (draws, S), by the seeds at the indices ``chosen`` (draws, size)."""
        final = self.loss[:, :, -1].astype(np.float64)
        final = np.where(np.isnan(final), np.inf, final)
        epochs = self._epochs_to_solve()[:, chosen]
        keys = (
            np.median(final[:, chosen], axis=2).T,
            -np.isfinite(epochs).mean(axis=2).T,
            np.median(epochs, axis=2).T,
        )
        return np.asarray(np.lexsort(keys, axis=1))


def _between(ordered: Values, place: float) -> Values:
    """The values at ``place`` along axis 1, between two whole places in proportion, infinities included."""
    low, part = int(place), place - int(place)
    if part == 0.0:
        return ordered[:, low]
    return np.asarray((1.0 - part) * ordered[:, low] + part * ordered[:, low + 1])


def study(
    initializers: Sequence[str | Initializer],
    seeds: int | Sequence[int] = 100,
    learning_rate: float = 1.0,
    epochs: int = 1000,
    layer_sizes: Sequence[int] = (5, 8, 8, 5),
    task: tuple[ArrayLike, ArrayLike] | None = None,
    activation: str = "sigmoid",
    bias: float = 0.0,
    shuffle: bool = True,
    progress: Callable[[int, int], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Study:
    """Train every scheme with many seeds, on all cores.

    Parameters
    ----------
    initializers : 1 to 20 schemes, by name or as ``Initializer``.
    seeds : a number n from 1 to 500 means the seeds 1 to n; or a sequence of 1 to 500 different seeds.
    progress : called now and then with (seeds done, seeds).
    cancelled : asked now and then; when it answers True, ``Cancelled`` is raised.

    All else is as in ``train``, and so is every run, to the last bit; ``epochs`` is 1 to 100,000. Raises
    ValueError or TypeError for anything out of range.
    """
    settings = (learning_rate, epochs, layer_sizes, task, activation, bias, shuffle)
    total = len(_seeds(seeds))
    for so_far in study_chunks(initializers, seeds, *settings, cancelled=cancelled):
        if progress is not None:
            progress(len(so_far.seeds), total)
    return so_far


def study_chunks(
    initializers: Sequence[str | Initializer],
    seeds: int | Sequence[int] = 100,
    learning_rate: float = 1.0,
    epochs: int = 1000,
    layer_sizes: Sequence[int] = (5, 8, 8, 5),
    task: tuple[ArrayLike, ArrayLike] | None = None,
    activation: str = "sigmoid",
    bias: float = 0.0,
    shuffle: bool = True,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[Study]:
    """The same study as it grows: one ``Study`` of the seeds done so far, about ten times a second.

    Arguments are those of ``study`` and are checked at once; the last one is what that function returns. When
    ``cancelled`` answers True, ``Cancelled`` is raised; what came before can still be used.
    """
    if isinstance(initializers, str | Initializer):
        raise TypeError(f"initializers must be a list of schemes, not {initializers!r} alone")
    schemes = [get_initializer(scheme) for scheme in initializers]
    checks.integer("the number of initializers", len(schemes), 1, MAX_SCHEMES)
    numbers = _seeds(seeds)
    rate = checks.real("learning_rate", learning_rate, MIN_RATE, MAX_RATE)
    epochs = checks.integer("epochs", epochs, 1, MAX_STEPS)
    network = Network(layer_sizes, activation)
    table = check_task(task, network)
    bias, shuffle = check_bias(bias), checks.boolean("shuffle", shuffle)
    steps = np.linspace(0, epochs, min(MAX_POINTS, epochs + 1)).round().astype(np.int64)
    settings = Settings(network, table, epochs, bias, shuffle)
    starts = [Start(scheme, seed, rate) for seed in numbers for scheme in schemes]
    work, curves = batches(settings, starts), partial(_curves, steps)
    return _grow(schemes, numbers, settings, steps, run_all(work, curves, cancelled))


def _curves(
    steps: NDArray[np.int64], settings: Settings, runs: list[Run]
) -> list[tuple[NDArray[np.float32], NDArray[np.int16], int]]:
    """(loss and right at the ``steps``, when solved) of each run; once it overflowed NaN and none."""
    kept = []
    for run in runs:
        known = steps[steps < len(run.loss)]
        loss, right = np.full(len(steps), np.nan, np.float32), np.zeros(len(steps), np.int16)
        with np.errstate(over="ignore"):  # beyond float32 is infinity
            loss[: len(known)] = run.loss[known]
        right[: len(known)] = run.right[known]
        kept.append((loss, right, run.solved(len(settings.table[0]))))
    return kept


def _grow(
    schemes: list[Initializer],
    seeds: list[int],
    settings: Settings,
    steps: NDArray[np.int64],
    parts: Iterator[list[tuple[NDArray[np.float32], NDArray[np.int16], int]]],
) -> Iterator[Study]:
    """A Study of the seeds that are done with all schemes, now and then."""
    runs = len(seeds) * len(schemes)
    loss = np.empty((runs, len(steps)), np.float32)
    right, solved = np.empty(loss.shape, np.int16), np.empty(runs, np.int32)
    done, shown = 0, time.perf_counter()
    for part in parts:
        for run in part:
            loss[done], right[done], solved[done] = run
            done += 1
        whole = done // len(schemes)
        if done < runs and (whole == 0 or time.perf_counter() - shown < SECONDS):
            continue
        shown = time.perf_counter()
        yield Study(
            tuple(scheme.name for scheme in schemes),
            tuple(scheme.label for scheme in schemes),
            tuple(seeds[:whole]),
            len(settings.table[0]),
            settings.epochs,
            steps,
            _by_scheme(loss, whole, len(schemes)),
            _by_scheme(right, whole, len(schemes)),
            _by_scheme(solved, whole, len(schemes)),
        )


def _by_scheme(values: NDArray[Any], seeds: int, schemes: int) -> NDArray[Any]:
    """(runs, ...), seed by seed, as (schemes, seeds, ...)."""
    return values[: seeds * schemes].reshape(seeds, schemes, *values.shape[1:]).swapaxes(0, 1)


def _seeds(seeds: Any) -> list[int]:
    """The seeds as a list of different numbers."""
    if np.ndim(seeds) == 0:
        return list(range(1, checks.integer("seeds", seeds, 1, MAX_SEEDS) + 1))
    checks.integer("the number of seeds", len(seeds), 1, MAX_SEEDS)
    numbers = [checks.integer("seed", seed, 0, MAX_SEED) for seed in seeds]
    if len(set(numbers)) < len(numbers):
        raise ValueError("seeds hold a number twice; every seed must be different")
    return numbers
