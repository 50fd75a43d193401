"""Signals and gradients sent through deep random networks, and what is left of them in each layer.

No training: weights are drawn, standard normal inputs go forward, and a standard normal gradient, put in at
the last layer's activations, comes back. Many networks are drawn at once, so that chance can be told from
law; the law is in :mod:`letkeman_viz.mean_field`.

The same seed means the same quantiles for every scheme, so that two of them differ in scale and shape and
never in luck (:mod:`letkeman_viz.draws`).

Sources: X. Glorot & Y. Bengio, 2010, whose figures 6 and 7 show these magnitudes; K. He et al., 2015; A. Saxe
et al., 2013; S. Schoenholz et al., 2017.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import checks
from .draws import Draws
from .initializers import Initializer, get_initializer
from .mean_field import ACTIVATIONS, SATURATED, check_sizes
from .one_thread import one_thread
from .training import Cancelled

Values = NDArray[np.float64]

FORMATS: dict[str, type[np.floating[Any]]] = {
    "float64": np.float64,
    "float32": np.float32,
    "float16": np.float16,
}
"""In what activations and gradients may be stored between layers; all arithmetic is float64."""
MAX_DRAWS = 1000
MAX_INPUTS = 1024
_WEIGHTS = 2**17  # weights in memory at once, where a layer has fewer: 1 MB as float64
_ACTIVATIONS = 2**19  # activations kept for the way back: 4 MB


@dataclass(frozen=True)
class Propagation:
    """What was measured: arrays of shape (draws, layers + 1), entry 0 of a row being the input.

    Means over the inputs and a layer's units of the activations: ``mean``, ``magnitude`` |a|, ``square``;
    of the squared sums before them: ``variance``; the share of ``idle`` units (sigmoid and tanh:
    saturated, slope below a tenth of the largest; ReLU: dead, 0 for all inputs; linear: NaN). Of the
    gradients: ``gradient`` |dL/da|, ``gradient_square``; of dL/dz: ``error`` and ``error_square``; and
    ``weight_gradient`` |dL/dw|, each input's own. Overflow is infinity or NaN, as it happened; what the
    input does not have is NaN.

    ``activations``: those of the first draw, input first: [(inputs, units), ...].
    """

    layer_sizes: tuple[int, ...]
    activation: str
    label: str
    mean: Values
    magnitude: Values
    square: Values
    variance: Values
    idle: Values
    gradient: Values
    gradient_square: Values
    error: Values
    error_square: Values
    weight_gradient: Values
    activations: list[Values]

    @property
    def std(self) -> Values:
        """Standard deviation of the activations of each layer, over all draws: shape (layers + 1,)."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(np.sqrt(np.maximum(self.square.mean(0) - self.mean.mean(0) ** 2, 0.0)))


MEASURES = (
    "mean", "magnitude", "square", "variance", "idle", "gradient", "gradient_square", "error", "error_square",
    "weight_gradient",
)  # fmt: skip


def propagate(
    layer_sizes: Sequence[int],
    activation: str = "tanh",
    initializer: str | Initializer = "kaiming",
    draws: int = 8,
    inputs: int = 32,
    seed: int = 1,
    stored_as: str = "float64",
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Propagation:
    """Send ``inputs`` signals forward and as many gradients back through ``draws`` networks.

    ``layer_sizes`` has the input first: ``[200] * 21`` is 20 layers of 200 units. ``activation`` (sigmoid,
    tanh, relu or linear) is that of all layers. ``stored_as`` rounds activations and gradients to float32 or
    float16 between layers, with the overflow and the zeros that this brings. ``progress`` is called with the
    steps done and their number, ``cancelled`` asked in between.

    Raises TypeError or ValueError for a size or number out of range or an unknown name, and ``Cancelled``.

    >>> kept = propagate([100] * 11, "linear", get_initializer("scaled", gain=1.0))
    >>> bool(0.3 < kept.square[:, -1].mean() < 3.0)
    True
    """
    sizes = check_sizes(layer_sizes)
    checks.choice("activation", activation, ACTIVATIONS)
    job = _Job(
        sizes,
        activation,
        get_initializer(initializer),
        checks.integer("inputs", inputs, 1, MAX_INPUTS),
        FORMATS[checks.choice("stored_as", stored_as, FORMATS)],
    )
    count = checks.integer("draws", draws, 1, MAX_DRAWS)
    chance = Draws(checks.integer("seed", seed, 0, 2**32 - 1), sizes, count, job.scheme)
    most = max(n * m for n, m in pairwise(sizes))
    at_once = max(1, min(_WEIGHTS // most, _ACTIVATIONS // (sum(sizes) * inputs)))
    groups = [range(start, min(start + at_once, count)) for start in range(0, count, at_once)]
    steps = 2 * len(groups) * (len(sizes) - 1)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, steps)
        if cancelled is not None and cancelled():
            raise Cancelled

    parts, first = [], None
    # What leaves the range of numbers is recorded and shown: NumPy need not warn of it as well.
    with np.errstate(over="ignore", invalid="ignore", under="ignore"), one_thread():
        for group in groups:
            found, kept = _send(job, group, chance, step)
            parts.append(found)
            first = first or [np.array(a[0]) for a in kept]
    measured = np.concatenate(parts, axis=1)
    assert first is not None
    found_by_name = dict(zip(MEASURES, measured, strict=True))
    return Propagation(sizes, activation, job.scheme.label, activations=first, **found_by_name)


@dataclass
class _Job:
    sizes: tuple[int, ...]
    activation: str
    scheme: Initializer
    inputs: int
    format: type[np.floating[Any]]
    buffers: dict[str, NDArray[Any]] = field(default_factory=dict)

    def buffer(self, name: str, size: int, kind: Any = np.float64) -> NDArray[Any]:
        """Memory to work in, kept from layer to layer: fresh pages cost more than the arithmetic."""
        if name not in self.buffers or self.buffers[name].size < size:
            self.buffers[name] = np.empty(size, kind)
        return self.buffers[name][:size]

    def round(self, values: Values) -> None:
        """Make ``values`` what they would be in the format they are stored in."""
        if self.format is not np.float64:
            values[...] = values.astype(self.format)


def _send(job: _Job, group: range, chance: Draws, step: Callable[[], None]) -> tuple[Values, list[Values]]:
    """Measures of a group of networks, (measure, draw, layers + 1), and their activations."""
    sizes, depth = job.sizes, len(job.sizes) - 1
    most = len(group) * max(n * m for n, m in pairwise(sizes))
    measured = np.full((len(MEASURES), len(group), depth + 1), np.nan)
    found = dict(zip(MEASURES, measured, strict=True))
    activations = [chance.signal(group, (job.inputs, sizes[0]), 0)]
    sizes_of = [_sizes_of(job, activations[0], found, 0)]  # mean |a| for every input
    for k in range(1, depth + 1):
        weights, scale = chance.weights(group, k, job.buffer("weights", most))
        z = activations[-1] @ weights
        z *= scale
        found["variance"][:, k] = _mean_square(z)
        _activate(job.activation, z)
        job.round(z)
        activations.append(z)
        sizes_of.append(_sizes_of(job, z, found, k))
        step()
    gradient = chance.signal(group, (job.inputs, sizes[-1]), 1)
    _gradient_sizes(job, gradient, found, "gradient", depth)
    for k in range(depth, 0, -1):
        found["idle"][:, k] = _times_slope(job, activations[k], gradient)
        job.round(gradient)
        per_input = _gradient_sizes(job, gradient, found, "error", k)
        found["weight_gradient"][:, k] = (sizes_of[k - 1] * per_input).mean(axis=1)
        weights, scale = chance.weights(group, k, job.buffer("weights", most))
        gradient = gradient @ weights.transpose(0, 2, 1)
        gradient *= scale
        job.round(gradient)
        _gradient_sizes(job, gradient, found, "gradient", k - 1)
        step()
    return measured, activations


def _activate(name: str, z: Values) -> None:
    """Put the activation of ``z`` in its place."""
    if name == "tanh":
        np.tanh(z, out=z)
    elif name == "relu":
        np.maximum(z, 0.0, out=z)
    elif name == "sigmoid":
        np.negative(z, out=z)
        np.exp(z, out=z)
        z += 1.0
        np.reciprocal(z, out=z)


def _times_slope(job: _Job, a: Values, gradient: Values) -> Values:
    """Multiply ``gradient`` by the slopes where the activations are ``a``; each draw's idle share."""
    if job.activation == "linear":
        return np.full(len(a), np.nan)
    if job.activation == "relu":
        gradient *= ~(a <= 0.0)  # this way round nan stays nan
        return np.asarray((a.max(axis=1) <= 0.0).mean(axis=1))
    slope = job.buffer("slope", a.size).reshape(a.shape)
    if job.activation == "tanh":
        np.multiply(a, a, out=slope)
        np.subtract(1.0, slope, out=slope)
    else:
        np.subtract(1.0, a, out=slope)
        slope *= a
    gradient *= slope
    flat = slope < SATURATED * (1.0 if job.activation == "tanh" else 0.25)
    return np.array([np.count_nonzero(part) / part.size for part in flat])


def _mean_square(values: Values) -> Values:
    flat = values.reshape(len(values), -1)
    squares: Values = np.einsum("ij,ij->i", flat, flat)
    return squares / flat.shape[1]


def _sizes_of(job: _Job, a: Values, found: dict[str, Values], layer: int) -> Values:
    """Record how large activations are; the mean |a| of each input: shape (count, inputs)."""
    ones = np.full(a.shape[2], 1.0 / a.shape[2])
    found["square"][:, layer] = _mean_square(a)
    found["mean"][:, layer] = (a @ ones).mean(axis=1)
    magnitude = _magnitude(job, a) if job.activation in ("tanh", "linear") or layer == 0 else a @ ones
    found["magnitude"][:, layer] = magnitude.mean(axis=1)
    return magnitude


def _gradient_sizes(job: _Job, values: Values, found: dict[str, Values], name: str, layer: int) -> Values:
    """The same for gradients or errors."""
    magnitude = _magnitude(job, values)
    found[name][:, layer] = magnitude.mean(axis=1)
    found[f"{name}_square"][:, layer] = _mean_square(values)
    return magnitude


def _magnitude(job: _Job, values: Values) -> Values:
    absolute = np.abs(values, out=job.buffer("absolute", values.size).reshape(values.shape))
    return np.asarray(absolute @ np.full(values.shape[2], 1.0 / values.shape[2]))


def distinct_units(activations: Values) -> int:
    """How many different units a layer has: ``activations`` (inputs, units), equal to nine digits or not.

    Raises ValueError when it is not of that shape.
    """
    values = np.asarray(activations, dtype=np.float64)
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"activations must have the shape (inputs, units), not {values.shape}")
    largest = float(np.abs(values).max())
    scaled = values / largest if 0.0 < largest < math.inf else values
    return len(np.unique(np.round(scaled.T, 9) + 0.0, axis=0))
