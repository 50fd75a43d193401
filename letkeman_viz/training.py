"""Stochastic gradient descent on a small dense network, recorded frame by frame.

``train`` shows the network a whole table, one example after another in a new random order each epoch;
``train_one`` shows it a single example until it first predicts it correctly. Both are the same loop: one
example is a table with one row.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .counting import MAX_BITS, counting_task
from .initializers import Initializer, get_initializer
from .network import ACTIVATIONS, Network
from .recording import ENDINGS, MAX_FRAMES, Recording

MAX_STEPS = 100_000
MAX_ROWS = 1024
MAX_RUNS = 10_000
MAX_STORED = 200_000_000  # parameters kept in all frames of all runs: 1.6 GB
CHUNK = 256  # epochs between two looks at `cancelled`

Table = tuple[NDArray[np.float64], NDArray[np.float64]]


class Cancelled(Exception):
    """Raised out of ``train`` when its ``cancelled`` function said so; nothing was recorded."""


@dataclass(frozen=True)
class _Job:
    """Everything one run needs, checked."""

    initializer: Initializer
    seed: int
    network: Network
    table: Table
    learning_rate: float
    steps: int
    one_example: bool
    max_frames: int
    cancelled: Callable[[], bool] | None


def train(
    initializer: str | Initializer | Sequence[str | Initializer] = "standard_xavier",
    learning_rate: float = 1.0,
    epochs: int = 1000,
    seed: int | Sequence[int] = 1,
    layer_sizes: Sequence[int] = (5, 8, 8, 5),
    task: tuple[ArrayLike, ArrayLike] | None = None,
    activation: str = "sigmoid",
    max_frames: int = 400,
    cancelled: Callable[[], bool] | None = None,
) -> Recording | list[Recording]:
    """Train on the whole table: per-example SGD, each epoch in a new random order.

    Parameters
    ----------
    initializer, seed : one of each, or lists. With a list, every scheme is trained with every seed, on
        all cores, and a list of Recordings comes back, scheme by scheme. At one seed all schemes get
        the same underlying draw and the same order of examples. Seeds are 0 to 2**32 - 1.
    learning_rate : 0 < rate <= 1000.
    epochs : 0 to 100,000; 0 gives the network as it is before training.
    layer_sizes : from input to output, see ``Network``.
    task : (inputs (rows, layer_sizes[0]), targets (rows, layer_sizes[-1])), targets in 0..1;
        by default ``counting_task`` with as many bits as the network has inputs.
    activation : ``"sigmoid"``, ``"tanh"`` or ``"relu"`` in the hidden layers; the output is sigmoid.
    max_frames : 3 to 2000; how many frames a Recording keeps at most.
    cancelled : asked now and then; when it answers True, ``Cancelled`` is raised.

    Returns a Recording, or a list of them. Overflow or NaN ends a run; its Recording says so.
    Raises ValueError or TypeError for anything out of range.
    """
    network = Network(layer_sizes, activation)
    table = _check_table(task, network)
    epochs = checks.integer("epochs", epochs, 0, MAX_STEPS)
    return _train_all(initializer, seed, network, table, learning_rate, epochs, False, max_frames, cancelled)


def train_one(
    number: int = 19,
    initializer: str | Initializer | Sequence[str | Initializer] = "ones",
    learning_rate: float = 1.0,
    layer_sizes: Sequence[int] = (5, 8, 8, 5),
    seed: int | Sequence[int] = 1,
    max_updates: int = 5000,
    activation: str = "sigmoid",
    max_frames: int = 400,
    cancelled: Callable[[], bool] | None = None,
) -> Recording | list[Recording]:
    """Train on one number and its successor until the prediction is first right.

    ``Recording.updates`` says how many updates that took (337 for all ones). ``max_updates`` is 0 to
    100,000; all else is as in ``train``.

    >>> train_one(initializer="ones").updates
    337
    """
    network = Network(layer_sizes, activation)
    inputs, targets = _check_table(None, network)
    number = checks.integer("number", number, 0, len(inputs) - 1)
    table = (inputs[number : number + 1], targets[number : number + 1])
    max_updates = checks.integer("max_updates", max_updates, 0, MAX_STEPS)
    return _train_all(
        initializer, seed, network, table, learning_rate, max_updates, True, max_frames, cancelled
    )


def _check_table(task: Any, network: Network) -> Table:
    """The task as two float64 arrays that fit the network; the counting task if there is none."""
    first, last = network.layer_sizes[0], network.layer_sizes[-1]
    if task is None:
        if first != last:
            raise ValueError(
                f"layer_sizes start with {first} and end with {last}; counting needs as many outputs as "
                "inputs, so make them equal or pass a task of your own"
            )
        if first > MAX_BITS:
            raise ValueError(
                f"layer_sizes start with {first}; counting takes 1 to {MAX_BITS} bits, or pass a task"
            )
        return counting_task(first)
    try:
        inputs, targets = (np.array(part, dtype=np.float64, order="C") for part in task)
    except (TypeError, ValueError) as error:
        raise TypeError(f"task must be two tables of numbers, (inputs, targets): {error}") from error
    for name, table, columns in (("inputs", inputs, first), ("targets", targets, last)):
        if table.ndim != 2 or table.shape[1] != columns or not 1 <= len(table) <= MAX_ROWS:
            raise ValueError(
                f"task {name} have shape {table.shape}; expected (1 to {MAX_ROWS} rows, {columns})"
            )
        if not np.isfinite(table).all():
            raise ValueError(f"task {name} hold NaN or infinity; every entry must be a finite number")
    if len(inputs) != len(targets):
        raise ValueError(
            f"task has {len(inputs)} rows of inputs but {len(targets)} of targets; give one each"
        )
    if targets.min() < 0.0 or targets.max() > 1.0:
        raise ValueError(
            f"task targets span {targets.min():g} to {targets.max():g}; outputs can only reach 0 to 1"
        )
    return inputs, targets


def _as_list(value: Any) -> tuple[list[Any], bool]:
    """(the values, whether a list was given)."""
    if isinstance(value, str | Initializer) or np.ndim(value) == 0:
        return [value], False
    return list(value), True


def _train_all(initializer: Any, seed: Any, network: Network, table: Table, learning_rate: float,
               steps: int, one_example: bool, max_frames: int,
               cancelled: Callable[[], bool] | None) -> Recording | list[Recording]:  # fmt: skip
    """One Recording per scheme and seed, on all cores."""
    names, many_names = _as_list(initializer)
    seeds, many_seeds = _as_list(seed)
    checks.integer("the number of runs", len(names) * len(seeds), 1, MAX_RUNS)
    rate = checks.real("learning_rate", learning_rate, 1e-12, 1000.0)
    max_frames = min(checks.integer("max_frames", max_frames, 3, MAX_FRAMES), steps + 1)
    stored = len(names) * len(seeds) * max_frames * network.parameter_count
    if stored > MAX_STORED:
        raise ValueError(
            f"these runs would keep {stored:,} parameters, more than {MAX_STORED:,}; ask for fewer runs or a "
            f"smaller max_frames (now {max_frames})"
        )
    jobs = [
        _Job(scheme, checks.integer("seed", s, 0, 2**32 - 1), network, table, rate, steps, one_example,
             max_frames, cancelled)
        for scheme in map(get_initializer, names) for s in seeds
    ]  # fmt: skip
    if len(jobs) == 1:
        recordings = [_run(jobs[0])]
    else:  # the compiled loop lets go of Python's lock, so threads do run side by side
        with ThreadPoolExecutor(min(len(jobs), os.cpu_count() or 1)) as pool:
            recordings = list(pool.map(_run, jobs))
    return recordings if many_names or many_seeds else recordings[0]


def _run(job: _Job) -> Recording:
    inputs, targets = job.table
    parameters = job.network.initial(job.initializer, job.seed)
    right = job.network.right(parameters, inputs, targets)
    start = Recording(
        initializer=job.initializer.name,
        label=job.initializer.label,
        seed=job.seed,
        learning_rate=job.learning_rate,
        network=job.network,
        one_example=job.one_example,
        inputs=inputs,
        targets=targets,
        steps=np.zeros(1, dtype=np.int64),
        parameters=parameters[None].copy(),
        gradient=job.network.gradient_magnitude(parameters, inputs, targets)[None],
        start_loss=job.network.loss(parameters, inputs, targets),
        start_correct=int(right.sum()),
        loss=np.zeros(0),
        presented=np.zeros((0, len(inputs)), dtype=bool),
        correct_after=np.zeros(0, dtype=np.int64),
        ended="solved" if job.one_example and right.all() else "finished",
    )
    if job.steps == 0 or start.ended == "solved":
        return start  # and no compiler was needed for it
    return _continue(start, parameters, job)


def _continue(start: Recording, parameters: NDArray[np.float64], job: _Job) -> Recording:
    """Train from the ``start`` on; ``parameters`` are changed in place."""
    from . import _compiled as core  # only here: see its docstring

    rows, layers = start.rows, start.gradient.shape[1]
    sizes = np.array(job.network.layer_sizes, dtype=np.uint64)
    kind = ACTIVATIONS.index(job.network.activation)
    rng = np.random.default_rng([job.seed, 1])  # its own stream: the order does not depend on the weights
    a, d = np.empty(int(sizes.sum())), np.empty(int(sizes.sum()))
    loss, after = np.empty(job.steps), np.zeros(job.steps, dtype=np.int64)
    presented = np.zeros((job.steps, rows), dtype=np.uint8)
    steps = np.zeros(job.max_frames, dtype=np.int64)
    frames = np.empty((job.max_frames, parameters.size))
    gradient = np.empty((job.max_frames, layers))
    frames[0], gradient[0] = parameters, start.gradient[0]
    state = np.array([0, 1, 1, core.RUNNING])  # epoch, frames, stride, ended

    network = (parameters, sizes, kind, start.inputs, start.targets)
    store = (a, d, state, steps, frames, gradient)
    while state[core.EPOCH] < job.steps and state[core.ENDED] == core.RUNNING:
        if job.cancelled is not None and job.cancelled():
            raise Cancelled
        count = min(CHUNK, job.steps - state[core.EPOCH])
        order = rng.permuted(np.tile(np.arange(rows), (count, 1)), axis=1)
        core.run_epochs(*network, order, job.learning_rate, job.one_example, *store, loss, after, presented)
    if state[core.ENDED] == core.RUNNING:
        state[core.ENDED] = core.FINISHED
        if steps[state[core.FRAMES] - 1] != state[core.EPOCH]:  # the end is always kept
            core.keep_frame(*network, *store)

    done, kept = int(state[core.EPOCH]), int(state[core.FRAMES])
    return replace(
        start,
        steps=steps[:kept].copy(),
        parameters=frames[:kept].copy(),
        gradient=gradient[:kept].copy(),
        loss=loss[:done].copy(),
        presented=presented[:done].astype(bool),
        correct_after=after[:done].copy(),
        ended=ENDINGS[state[core.ENDED] - 1],
    )
