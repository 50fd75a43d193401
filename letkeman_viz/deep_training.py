"""Training a deep network for a few hundred steps, to see which of its layers move.

Plain NumPy, in minibatches: in a network this wide the matrix products take the time. The engine behind
:mod:`letkeman_viz.training` is for the small networks that are watched weight by weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .engine.threads import one_blas_thread
from .initializers import Initializer, get_initializer
from .mean_field import check_sizes
from .network import ACTIVATIONS, backward_pass, forward_pass

Values = NDArray[np.float64]

MAX_LEARNING_RATE = 1000.0
MAX_STEPS = 10**6


@dataclass(frozen=True)
class DeepStep:
    """After step ``number``: the ``loss`` before it, and two arrays of shape (layers,).

    ``update`` is the length of the step of a layer's weights, and ``moved`` their distance from where they
    started, both as a share of the length of the starting weights (NaN where that is 0).
    """

    number: int
    loss: float
    update: Values
    moved: Values


def train_deep(
    inputs: ArrayLike,
    targets: ArrayLike,
    hidden: Sequence[int],
    activation: str = "tanh",
    initializer: str | Initializer = "kaiming",
    learning_rate: float = 0.1,
    batch: int = 32,
    steps: int = 300,
    seed: int = 1,
) -> Iterator[DeepStep]:
    """Minibatch SGD on a network with ``hidden`` layers (1 to 49, 1 to 1000 units each), a step at a time.

    As in ``Network``: hidden layers of ``activation``, sigmoid outputs, biases from 0, and the loss of an
    example the sum over the outputs of (output - target)**2 / 2; the mean over the batch is descended.
    ``inputs`` (rows, columns) and ``targets`` (rows, outputs) are drawn from in a new order each epoch.
    It ends early, after a step whose loss is not finite.

    Raises TypeError or ValueError for a size or number out of range, an unknown name, or arrays that do not
    have as many rows as each other.
    """
    x, t = (np.atleast_2d(np.asarray(values, dtype=np.float64)) for values in (inputs, targets))
    if x.ndim != 2 or t.ndim != 2 or len(x) != len(t):
        raise ValueError(f"inputs {x.shape} and targets {t.shape} must be tables with as many rows")
    sizes = check_sizes([x.shape[1], *hidden, t.shape[1]])
    checks.choice("activation", activation, ACTIVATIONS)
    rate = checks.real("learning_rate", learning_rate, 0.0, MAX_LEARNING_RATE)
    rows = checks.integer("batch", batch, 1, len(x))
    checks.integer("steps", steps, 0, MAX_STEPS)
    scheme, rng = (
        get_initializer(initializer),
        np.random.default_rng(checks.integer("seed", seed, 0, 2**32 - 1)),
    )
    weights = [scheme.sample(n, m, rng) for n, m in pairwise(sizes)]
    return _steps(x, t, weights, activation, rate, rows, steps, rng)


def _steps(
    x: Values,
    t: Values,
    weights: list[Values],
    activation: str,
    rate: float,
    rows: int,
    steps: int,
    rng: np.random.Generator,
) -> Iterator[DeepStep]:
    biases = [np.zeros(w.shape[1]) for w in weights]
    start = [w.copy() for w in weights]
    with np.errstate(divide="ignore"):
        lengths = 1.0 / np.array([np.linalg.norm(w) or np.nan for w in weights])
    order = np.empty(0, dtype=np.int64)
    for number in range(1, steps + 1):
        if len(order) < rows:
            order = np.concatenate([order, rng.permutation(len(x))])
        chosen, order = order[:rows], order[rows:]
        with np.errstate(over="ignore", invalid="ignore"), one_blas_thread():
            loss, changes = _step(x[chosen], t[chosen], weights, biases, activation, rate)
            update = lengths * changes
            moved = lengths * [np.linalg.norm(w - w0) for w, w0 in zip(weights, start, strict=True)]
        yield DeepStep(number, loss, update, moved)
        if not np.isfinite(loss):
            return


def _step(
    x: Values, t: Values, weights: list[Values], biases: list[Values], activation: str, rate: float
) -> tuple[float, list[float]]:
    """One step of all parameters; the loss before it, and the length of each layer's change."""
    layers = list(zip(weights, biases, strict=True))
    names = [activation] * (len(layers) - 1) + ["sigmoid"]
    activations = forward_pass(layers, names, x)
    off = activations[-1] - t
    lengths = []
    deltas = backward_pass(layers, names, activations, off)
    for (w, b), a, delta in zip(layers, activations[:-1], deltas, strict=True):
        change = a.T @ delta * (-rate / len(x))
        w += change
        b -= rate * delta.mean(axis=0)
        lengths.append(float(np.linalg.norm(change)))
    return float(0.5 * (off * off).sum(axis=1).mean()), lengths
