"""Stochastic gradient descent, several runs side by side: what ``train``, ``study`` and ``sweep`` call.

Runs go through the engine in batches of at most eight, as many batches at a time as there are cores. What a
run shares its batch with makes no difference to it, not in a single bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .engine import ACTIVATIONS, KINDS, Instance, borrowed
from .engine import Cancelled as Cancelled
from .engine.threads import Result, Stopped, cores, on_all_cores
from .initializers import Initializer, scales
from .network import Network
from .recording import ENDINGS
from .tasks import Table

MAX_BATCH = 8
"""Runs in a batch at most."""
MAX_MEMORY = 2**30  # bytes of results in all batches that are on their way


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
    """The most frames that are recorded of a run; with 0 no ``Frames`` are made."""


@dataclass(frozen=True)
class Frames:
    """The large part of a run, see the fields of ``Recording``."""

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
    keep: Callable[[Settings, list[Run]], Result],
    cancelled: Stopped | None = None,
) -> Iterator[Result]:
    """Train all batches: what to ``keep`` of each, in that order, as soon as it is there.

    Raises Cancelled when ``cancelled`` says so.
    """
    return on_all_cores(work, lambda batch, stopped: keep(batch[0], _train(*batch, stopped)), cancelled)


def batches(settings: Settings, starts: Sequence[Start]) -> list[tuple[Settings, Sequence[Start]]]:
    """Split runs into batches, as many as there are cores, or more.

    Two runs cost as much as one, so that batches are even.

    Returns
    -------
    list of (Settings, sequence of Start)
        Work for ``run_all``, in the order of ``starts``.
    """
    rows, frames = len(settings.table[0]), settings.max_frames
    run = 8 * frames * settings.network.parameter_count + (12 + bool(frames) * rows) * (settings.epochs + 1)
    size = min(MAX_BATCH, 2 * -(-len(starts) // (2 * cores())), max(1, MAX_MEMORY // cores() // run))
    return [(settings, starts[k : k + size]) for k in range(0, len(starts), size)]


def _train(settings: Settings, starts: Sequence[Start], stopped: Stopped) -> list[Run]:
    """Train at most eight runs side by side."""
    with borrowed() as engine:
        return _train_with(engine, settings, starts, stopped)


def _train_with(engine: Instance, settings: Settings, starts: Sequence[Start], stopped: Stopped) -> list[Run]:
    network, runs = settings.network, len(starts)
    inputs, targets = settings.table
    rows, epochs, frames, layers = len(inputs), settings.epochs, settings.max_frames, len(network.shapes)
    engine.prepare(
        "training", network.layer_sizes, layers, ACTIVATIONS.index(network.activation), rows, runs, epochs,
        frames, settings.shuffle, settings.stop_when_solved, settings.bias,
    )  # fmt: skip

    def array(name: str, dtype: Any, *shape: int) -> NDArray[Any]:
        return engine.array(f"training_{name}", dtype, *shape)

    array("inputs", np.float64, *inputs.shape)[:] = inputs
    array("targets", np.float64, *targets.shape)[:] = targets
    array("seeds", np.uint32, runs)[:] = [start.seed for start in starts]
    array("rates", np.float64, runs)[:] = [start.learning_rate for start in starts]
    array("noise", np.float64, runs)[:] = 0.0
    kinds, drawn = array("kinds", np.int32, runs), array("scales", np.float64, runs, layers)
    given = array("start", np.float64, runs, network.parameter_count)
    for k, start in enumerate(starts):
        kind, scale = scales(start.initializer, network.shapes)
        if start.parameters is not None:
            kind, given[k] = "given", start.parameters
        elif kind == "given":
            given[k] = network.initial(start.initializer, start.seed, settings.bias)
        kinds[k] = KINDS.index(kind)
        drawn[k] = scale
    engine.run(stopped)
    counts = array("counts", np.int32, runs, 4)
    loss, right = array("loss", np.float64, runs, epochs + 1), array("correct", np.int32, runs, epochs + 1)
    steps = array("steps", np.int32, runs, frames)
    parameters = array("frames", np.float64, runs, frames, network.parameter_count)
    gradient = array("gradient", np.float64, runs, frames, layers)
    presented = array("presented", np.bool_, runs, epochs if frames else 0, rows)

    def run(k: int) -> Run:
        """What became of run ``k``, in arrays of its own."""
        done, count, ended = counts[k, :3].tolist()
        recorded = None
        if frames:
            recorded = Frames(
                steps[k, :count].astype(np.int64),
                parameters[k, :count].copy(),
                gradient[k, :count].copy(),
                presented[k, :done].copy(),
            )
        curves = loss[k, : done + 1].copy(), right[k, : done + 1].astype(np.int64)
        return Run(*curves, ENDINGS[ended - 1], recorded)

    return [run(k) for k in range(runs)]
