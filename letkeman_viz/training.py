"""Stochastic gradient descent on a small dense network, recorded frame by frame.

``train`` shows the network a whole table, one example after another in a new random order each epoch;
``train_one`` shows it a single example until it first predicts it correctly. Both are the same loop, that of
``batch.py``: one example is a table with one row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .batch import Cancelled as Cancelled
from .batch import Run, Settings, Start, batches, run_all
from .initializers import Initializer, get_initializer
from .network import Network, check_bias
from .recording import MAX_FRAMES, Recording
from .tasks import check_task

MAX_STEPS = 100_000
MIN_RATE, MAX_RATE = 1e-12, 1000.0
MAX_SEED = 2**32 - 1
MAX_RUNS = 10_000
MAX_STORED = 200_000_000  # parameters kept in all frames of all runs: 1.6 GB


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
    initializer, seed : one of each, or lists. With a list, every scheme is trained with every seed,
        several runs side by side on every core, and a list of Recordings comes back, scheme by scheme. At
        one seed all schemes get the same underlying draw and the same order of examples. Seeds are 0 to
        2**32 - 1.
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
    rate = checks.real("learning_rate", learning_rate, MIN_RATE, MAX_RATE)
    settings = Settings(
        network=network,
        table=check_task(task, network),
        epochs=checks.integer("epochs", epochs, 0, MAX_STEPS),
        stop_when_solved=checks.boolean("stop_when_solved", stop_when_solved),
        bias=check_bias(bias),
        shuffle=checks.boolean("shuffle", shuffle),
        max_frames=checks.integer("max_frames", max_frames, 3, MAX_FRAMES),
    )
    return _train_all(initializer, seed, rate, parameters, settings, False, cancelled)


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
    rate = checks.real("learning_rate", learning_rate, MIN_RATE, MAX_RATE)
    settings = Settings(
        network=network,
        table=(inputs[number : number + 1], targets[number : number + 1]),
        epochs=checks.integer("max_updates", max_updates, 0, MAX_STEPS),
        stop_when_solved=True,
        bias=check_bias(bias),
        shuffle=True,
        max_frames=checks.integer("max_frames", max_frames, 3, MAX_FRAMES),
    )
    return _train_all(initializer, seed, rate, parameters, settings, True, cancelled)


def _as_list(value: Any) -> tuple[list[Any], bool]:
    """(the values, whether a list was given)."""
    if isinstance(value, str | Initializer) or np.ndim(value) == 0:
        return [value], False
    return list(value), True


def _train_all(
    initializer: Any,
    seed: Any,
    rate: float,
    parameters: Any,
    settings: Settings,
    one_example: bool,
    cancelled: Callable[[], bool] | None,
) -> Recording | list[Recording]:
    """One Recording per scheme and seed."""
    names, many_names = _as_list(initializer)
    seeds, many_seeds = _as_list(seed)
    count = checks.integer("the number of runs", len(names) * len(seeds), 1, MAX_RUNS)
    frames = min(settings.max_frames, settings.epochs + 1)
    if (stored := count * frames * settings.network.parameter_count) > MAX_STORED:
        raise ValueError(
            f"these runs would keep {stored:,} parameters, more than {MAX_STORED:,}; ask for fewer runs or a "
            f"smaller max_frames (now {frames})"
        )
    given = _check_parameters(parameters, count, settings.network)
    pairs = [
        (scheme, checks.integer("seed", s, 0, MAX_SEED))
        for scheme in map(get_initializer, names)
        for s in seeds
    ]
    starts = [Start(*pair, rate, own) for pair, own in zip(pairs, given, strict=True)]
    work = batches(replace(settings, max_frames=frames), starts)
    runs = [run for part in run_all(work, lambda _, done: done, cancelled) for run in part]
    recordings = [
        _recording(start, run, settings, one_example) for start, run in zip(starts, runs, strict=True)
    ]
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


def _recording(start: Start, run: Run, settings: Settings, one_example: bool) -> Recording:
    inputs, targets = settings.table
    assert run.frames is not None  # max_frames is at least 1
    return Recording(
        initializer=start.initializer.name,
        label=start.initializer.label,
        seed=start.seed,
        learning_rate=start.learning_rate,
        network=settings.network,
        one_example=one_example,
        inputs=inputs,
        targets=targets,
        steps=run.frames.steps,
        parameters=run.frames.parameters,
        gradient=run.frames.gradient,
        start_loss=float(run.loss[0]),
        start_correct=int(run.right[0]),
        loss=run.loss[1:],
        presented=run.frames.presented,
        correct_after=run.right[1:],
        ended=run.ended,
        bias=settings.bias,
        shuffle=settings.shuffle,
    )
