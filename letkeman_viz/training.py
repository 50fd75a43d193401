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
from .initializers import Initializer, get_initializer
from .network import ACTIVATIONS, Network, check_bias
from .recording import ENDINGS, MAX_FRAMES, Recording
from .tasks import Table, check_task

MAX_STEPS = 100_000
MIN_RATE, MAX_RATE = 1e-12, 1000.0
MAX_SEED = 2**32 - 1
MAX_RUNS = 10_000
MAX_STORED = 200_000_000  # parameters kept in all frames of all runs: 1.6 GB
CHUNK = 256  # epochs between two looks at `cancelled`


class Cancelled(Exception):
    """Raised when a ``cancelled`` function said so; nothing was recorded."""


@dataclass(frozen=True)
class _Settings:
    """What all runs of a call have in common, checked."""

    network: Network
    table: Table
    learning_rate: float
    steps: int
    one_example: bool
    stop_when_solved: bool
    bias: float
    shuffle: bool
    max_frames: int
    cancelled: Callable[[], bool] | None


@dataclass(frozen=True)
class _Job:
    """One run: how it starts, and the settings."""

    initializer: Initializer
    seed: int
    parameters: NDArray[np.float64] | None
    settings: _Settings


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
    *,
    bias: float = 0.0,
    shuffle: bool = True,
    parameters: ArrayLike | None = None,
    stop_when_solved: bool = False,
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
    bias : -10 to 10; every bias before training.
    shuffle : False shows the rows in the table's own order, every epoch.
    parameters : the network before training, as ``Network.layers`` lays it out: one vector for all runs,
        or (runs, parameter_count), scheme by scheme. The scheme is then only a name, and ``bias`` not used.
    stop_when_solved : end after the first epoch that leaves every row right.

    Returns a Recording, or a list of them. Overflow or NaN ends a run; its Recording says so.
    Raises ValueError or TypeError for anything out of range.
    """
    network = Network(layer_sizes, activation)
    settings = _Settings(
        network=network,
        table=check_task(task, network),
        learning_rate=checks.real("learning_rate", learning_rate, MIN_RATE, MAX_RATE),
        steps=checks.integer("epochs", epochs, 0, MAX_STEPS),
        one_example=False,
        stop_when_solved=checks.boolean("stop_when_solved", stop_when_solved),
        bias=check_bias(bias),
        shuffle=checks.boolean("shuffle", shuffle),
        max_frames=checks.integer("max_frames", max_frames, 3, MAX_FRAMES),
        cancelled=cancelled,
    )
    return _train_all(initializer, seed, parameters, settings)


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
    *,
    task: tuple[ArrayLike, ArrayLike] | None = None,
    bias: float = 0.0,
    parameters: ArrayLike | None = None,
) -> Recording | list[Recording]:
    """Train on one number and its successor until the prediction is first right.

    ``Recording.updates`` says how many updates that took (337 for all ones). ``max_updates`` is 0 to
    100,000; of a ``task``, ``number`` is the row, counted from 0; all else is as in ``train``.

    >>> train_one(initializer="ones").updates
    337
    """
    network = Network(layer_sizes, activation)
    inputs, targets = check_task(task, network)
    number = checks.integer("number", number, 0, len(inputs) - 1)
    settings = _Settings(
        network=network,
        table=(inputs[number : number + 1], targets[number : number + 1]),
        learning_rate=checks.real("learning_rate", learning_rate, MIN_RATE, MAX_RATE),
        steps=checks.integer("max_updates", max_updates, 0, MAX_STEPS),
        one_example=True,
        stop_when_solved=True,
        bias=check_bias(bias),
        shuffle=True,
        max_frames=checks.integer("max_frames", max_frames, 3, MAX_FRAMES),
        cancelled=cancelled,
    )
    return _train_all(initializer, seed, parameters, settings)


def _as_list(value: Any) -> tuple[list[Any], bool]:
    """(the values, whether a list was given)."""
    if isinstance(value, str | Initializer) or np.ndim(value) == 0:
        return [value], False
    return list(value), True


def _train_all(
    initializer: Any, seed: Any, parameters: Any, settings: _Settings
) -> Recording | list[Recording]:
    """One Recording per scheme and seed, on all cores."""
    names, many_names = _as_list(initializer)
    seeds, many_seeds = _as_list(seed)
    runs = checks.integer("the number of runs", len(names) * len(seeds), 1, MAX_RUNS)
    frames = min(settings.max_frames, settings.steps + 1)
    if (stored := runs * frames * settings.network.parameter_count) > MAX_STORED:
        raise ValueError(
            f"these runs would keep {stored:,} parameters, more than {MAX_STORED:,}; ask for fewer runs or a "
            f"smaller max_frames (now {frames})"
        )
    starts = _check_parameters(parameters, runs, settings.network)
    settings = replace(settings, max_frames=frames)
    pairs = [
        (scheme, checks.integer("seed", s, 0, MAX_SEED))
        for scheme in map(get_initializer, names)
        for s in seeds
    ]
    jobs = [_Job(*pair, start, settings) for pair, start in zip(pairs, starts, strict=True)]
    if len(jobs) == 1:
        recordings = [_run(jobs[0])]
    else:  # the compiled loop lets go of Python's lock, so threads do run side by side
        with ThreadPoolExecutor(min(len(jobs), os.cpu_count() or 1)) as pool:
            recordings = list(pool.map(_run, jobs))
    return recordings if many_names or many_seeds else recordings[0]


def _check_parameters(parameters: Any, runs: int, network: Network) -> list[NDArray[np.float64] | None]:
    """A vector of one's own for each run, or None for each."""
    if parameters is None:
        return [None] * runs
    try:
        given = np.array(parameters, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"parameters must be a vector of numbers, or one for each run: {error}") from error
    count = network.parameter_count
    if given.shape not in ((count,), (runs, count)):
        raise ValueError(
            f"parameters have shape {given.shape}; this network takes ({count},), or ({runs}, {count}) for "
            f"{runs} runs"
        )
    if not np.isfinite(given).all():
        raise ValueError("parameters hold NaN or infinity; every one must be a finite number")
    return list(np.broadcast_to(given, (runs, count)))


def _run(job: _Job) -> Recording:
    use, network = job.settings, job.settings.network
    inputs, targets = use.table
    if job.parameters is None:
        parameters = network.initial(job.initializer, job.seed, use.bias)
    else:
        parameters = job.parameters.copy()
    right = network.right(parameters, inputs, targets)
    start = Recording(
        initializer=job.initializer.name,
        label=job.initializer.label,
        seed=job.seed,
        learning_rate=use.learning_rate,
        network=network,
        one_example=use.one_example,
        inputs=inputs,
        targets=targets,
        steps=np.zeros(1, dtype=np.int64),
        parameters=parameters[None].copy(),
        gradient=network.gradient_magnitude(parameters, inputs, targets)[None],
        start_loss=network.loss(parameters, inputs, targets),
        start_correct=int(right.sum()),
        loss=np.zeros(0),
        presented=np.zeros((0, len(inputs)), dtype=bool),
        correct_after=np.zeros(0, dtype=np.int64),
        ended="solved" if use.stop_when_solved and right.all() else "finished",
        bias=use.bias,
        shuffle=use.shuffle,
    )
    if use.steps == 0 or start.ended == "solved":
        return start  # and no compiler was needed for it
    return _continue(start, parameters, use)


def presentation_order(seed: int, rows: int, shuffle: bool = True) -> Callable[[int], NDArray[np.int64]]:
    """A function of a number of epochs that gives the next ones' order of the rows, (epochs, rows).

    The order has a random stream of its own: it depends on the seed alone, not on the weights.
    """
    rng = np.random.default_rng([seed, 1])

    def following(epochs: int) -> NDArray[np.int64]:
        table = np.tile(np.arange(rows), (epochs, 1))
        return rng.permuted(table, axis=1) if shuffle else table

    return following


def _continue(start: Recording, parameters: NDArray[np.float64], use: _Settings) -> Recording:
    """Train from the ``start`` on; ``parameters`` are changed in place."""
    from . import _compiled as core  # only here: see its docstring

    rows, layers = start.rows, start.gradient.shape[1]
    sizes = np.array(start.network.layer_sizes, dtype=np.uint64)
    kind = ACTIVATIONS.index(start.network.activation)
    following = presentation_order(start.seed, rows, start.shuffle)
    a, d = np.empty(int(sizes.sum())), np.empty(int(sizes.sum()))
    loss, after = np.empty(use.steps), np.zeros(use.steps, dtype=np.int64)
    presented = np.zeros((use.steps, rows), dtype=np.uint8)
    steps = np.zeros(use.max_frames, dtype=np.int64)
    frames = np.empty((use.max_frames, parameters.size))
    gradient = np.empty((use.max_frames, layers))
    frames[0], gradient[0] = parameters, start.gradient[0]
    state = np.array([0, 1, 1, core.RUNNING])  # epoch, frames, stride, ended

    network = (parameters, sizes, kind, start.inputs, start.targets)
    store, log = (a, d, state, steps, frames, gradient), (loss, after, presented)
    while state[core.EPOCH] < use.steps and state[core.ENDED] == core.RUNNING:
        if use.cancelled is not None and use.cancelled():
            raise Cancelled
        count = min(CHUNK, use.steps - state[core.EPOCH])
        order = following(count)
        core.run_epochs(*network, order, use.learning_rate, use.stop_when_solved, *store, *log)
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
