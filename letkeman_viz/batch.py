"""Stochastic gradient descent, eight runs side by side: what ``train``, ``study`` and ``sweep`` are made of.

Runs go eight by eight through the compiled loop of ``_lanes.py``, and as many eights at a time as there are
cores; an eight takes about as long as a run alone. What a run shares its eight with makes no difference to
it, not in a single bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .initializers import Initializer
from .network import ACTIVATIONS, Network
from .recording import ENDINGS
from .tasks import Table

EIGHT = 8
"""Runs that are trained side by side."""
CHUNK = 2**20  # examples times parameters between two looks at `cancelled`: milliseconds
AN_EXAMPLE = 100  # parameters that could be moved in the time that an example takes besides

PAGE = 4096  # bytes

Stopped = Callable[[], bool]
Kept = TypeVar("Kept")


class Cancelled(Exception):
    """Raised when a ``cancelled`` function said so; nothing was recorded."""


@dataclass(frozen=True)
class Start:
    """How one run begins; of its own is only what may differ from run to run."""

    initializer: Initializer
    seed: int
    learning_rate: float
    parameters: NDArray[np.float64] | None = None
    """Where to start, instead of what the scheme draws."""


@dataclass(frozen=True)
class Settings:
    """What runs side by side have in common, checked."""

    network: Network
    table: Table
    epochs: int
    bias: float = 0.0
    shuffle: bool = True
    stop_when_solved: bool = False
    max_frames: int = 0
    """How many frames to keep of a run at most; with 0 no ``Frames`` are made."""


@dataclass(frozen=True)
class Frames:
    """The part of a run that takes room, see the fields of ``Recording``."""

    steps: NDArray[np.int64]
    parameters: NDArray[np.float64]
    gradient: NDArray[np.float64]
    presented: NDArray[np.bool_]


@dataclass(frozen=True)
class Run:
    """What one run did, from before training on: E + 1 numbers for E epochs."""

    loss: NDArray[np.float64]
    """(E + 1,): mean loss over the table."""
    right: NDArray[np.int64]
    """(E + 1,): rows predicted right."""
    ended: str
    """One of ``ENDINGS``."""
    frames: Frames | None

    def solved(self, rows: int) -> int:
        """The first epoch after which all ``rows`` are right (0: from the start), or -1."""
        first = int((self.right == rows).argmax())
        return first if self.right[first] == rows else -1


def run_all(
    work: Sequence[tuple[Settings, Sequence[Start]]],
    keep: Callable[[Settings, list[Run]], Kept],
    cancelled: Stopped | None = None,
) -> Iterator[Kept]:
    """Train on all cores: what to ``keep`` of each piece of ``work``, in that order, as soon as it is there.

    A piece is at most eight runs; those with the same seed had best share one. The work stops when nobody
    asks for more. Raises Cancelled when ``cancelled`` says so.
    """
    left = Event()

    def stopped() -> bool:
        return left.is_set() or (cancelled is not None and cancelled())

    def train_and_keep(piece: tuple[Settings, Sequence[Start]]) -> Kept:
        return keep(piece[0], _Eight(*piece, stopped).train())

    # The compiled loop lets go of Python's lock, so threads do run side by side.
    with ThreadPoolExecutor(max(1, min(len(work), os.cpu_count() or 1))) as pool:
        try:
            yield from pool.map(train_and_keep, work)
        finally:
            left.set()


def eights(settings: Settings, starts: Sequence[Start]) -> list[tuple[Settings, Sequence[Start]]]:
    """Work for ``run_all``: the ``starts`` in order, eight by eight."""
    return [(settings, starts[k : k + EIGHT]) for k in range(0, len(starts), EIGHT)]


def presentation_order(seed: int, rows: int, shuffle: bool = True) -> Callable[[int], NDArray[np.int64]]:
    """A function of a number of epochs that gives the next ones' order of the rows, (epochs, rows).

    The order has a random stream of its own: it depends on the seed alone, not on the weights.
    """
    rng = np.random.default_rng([seed, 1])

    def following(epochs: int) -> NDArray[np.int64]:
        table = np.tile(np.arange(rows), (epochs, 1))
        return rng.permuted(table, axis=1) if shuffle else table

    return following


def _compiled() -> Any:
    from . import _lanes  # only here: Numba costs a third of a second and 60 MB

    return _lanes


def _rooms(*counts: int) -> list[NDArray[np.float64]]:
    """Room for so many numbers of all lanes each, one behind the other from where a page of memory starts.

    A processor that reads soon after it wrote, at the same place of another page, first takes the two for
    one and waits. By where the arrays happen to lie that is up to half of the time again; so they always lie
    alike, in the order that was found to be fast.
    """
    bare = np.zeros(sum(counts) * EIGHT + PAGE // 8)
    start = -bare.ctypes.data % PAGE // 8
    ends = start + EIGHT * np.cumsum(counts)
    return [bare[end - EIGHT * count : end] for end, count in zip(ends, counts, strict=True)]


class _Eight:
    """At most eight runs on their way; arrays are laid out as ``_lanes.py`` describes."""

    def __init__(self, settings: Settings, starts: Sequence[Start], stopped: Stopped) -> None:
        self._settings, self._starts, self._stopped = settings, starts, stopped
        network, runs, epochs = settings.network, len(starts), settings.epochs
        rows, frames = len(settings.table[0]), settings.max_frames
        self._first = [
            network.initial(start.initializer, start.seed, settings.bias)
            if start.parameters is None
            else start.parameters
            for start in starts
        ]
        self._state = np.tile([0, 1, 1, 0], (runs, 1))
        self._loss, self._after = np.empty((runs, epochs + 1)), np.zeros((runs, epochs + 1), dtype=np.int64)
        self._presented = np.zeros((runs, epochs if frames else 0, rows), dtype=bool)
        self._steps = np.zeros((runs, frames), dtype=np.int64)
        self._frames = np.empty((runs, frames, network.parameter_count))
        for k, parameters in enumerate(self._first):
            self._loss[k, 0], right = network.judge(parameters, *settings.table)
            self._after[k, 0] = right.sum()
            self._frames[k, :1] = parameters
        solved = (self._after[:, 0] == rows) & settings.stop_when_solved
        self._state[:, 3] = np.where(solved, 1 + ENDINGS.index("solved"), 0 if epochs else 1)

    def train(self) -> list[Run]:
        self._ask()
        if (self._state[:, 3] == 0).any():
            self._train()
        return [self._run(k) for k in range(len(self._starts))]

    def _ask(self) -> None:
        if self._stopped():
            raise Cancelled

    def _train(self) -> None:
        core = _compiled()
        use, runs = self._settings, len(self._starts)
        rows = len(use.table[0])
        filled = [*range(runs), *[runs - 1] * (EIGHT - runs)]  # lanes left over do a run again, for nobody
        starts = [self._starts[k] for k in filled]
        seeds = sorted({start.seed for start in starts})
        following = [presentation_order(seed, rows, use.shuffle) for seed in seeds]
        which = np.array([seeds.index(start.seed) for start in starts])
        rate = np.array([start.learning_rate for start in starts], dtype=np.float64)
        *room, p = self._room(3)
        p[:] = np.stack([self._first[k] for k in filled], axis=1).ravel()
        network = (p, *self._shape(), *use.table)
        record = (self._state, self._steps, self._frames, self._loss, self._after, self._presented)
        chunk = max(1, CHUNK // (rows * (AN_EXAMPLE + use.network.parameter_count)))
        for epoch in range(0, use.epochs, chunk):
            if epoch:
                self._ask()
            order = np.stack([draw(min(chunk, use.epochs - epoch)) for draw in following])
            core.run_epochs(*network, order, which, rate, use.stop_when_solved, *room, *record)
            if (self._state[:, 3] != core.RUNNING).all():
                break

    def _shape(self) -> tuple[NDArray[np.int64], int]:
        network = self._settings.network
        return np.array(network.layer_sizes), ACTIVATIONS.index(network.activation)

    def _room(self, others: int) -> list[NDArray[np.float64]]:
        """For activations, errors, targets of an example, other numbers and the parameters."""
        network = self._settings.network
        sizes = network.layer_sizes
        return _rooms(sum(sizes), sum(sizes), sizes[-1], others, network.parameter_count)

    def _run(self, k: int) -> Run:
        """What became of run ``k``, in arrays of its own."""
        epochs, kept, _, ended = self._state[k]
        frames = None
        if self._settings.max_frames:
            parameters = self._frames[k, :kept].copy()
            presented = self._presented[k, :epochs].copy()
            frames = Frames(self._steps[k, :kept].copy(), parameters, self._gradient(parameters), presented)
        loss, right = self._loss[k, : epochs + 1].copy(), self._after[k, : epochs + 1].copy()
        return Run(loss, right, ENDINGS[ended - 1], frames)

    def _gradient(self, frames: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean |dL/dw| of every layer (F, L) at all ``frames``; the first needs no compiler."""
        use = self._settings
        first = use.network.gradient_magnitude(frames[0], *use.table)
        parts = [first[None]]
        if len(frames) > 1:
            core = _compiled()
            *room, gradient, p = self._room(len(first))
            for k in range(1, len(frames), EIGHT):
                self._ask()
                some = frames[k : k + EIGHT]
                core.gradients(some, *self._shape(), *use.table, p, *room, gradient)
                parts.append(gradient.reshape(-1, EIGHT).T[: len(some)].copy())
        return np.concatenate(parts)
