"""What theory says of signals and gradients in deep random networks, before anything is measured.

In a wide layer the sums z that its units form are normal, whatever the weights are drawn from. Their
variance q and the variance of the gradient that comes back then follow a recursion from layer to layer
(mean-field theory): with ``phi`` the activation and z normal with mean 0 and variance q,

    q(l) = fan_in Var[W] E[phi(z)**2] of layer l-1      E[(dL/da)**2](l-1) = fan_out Var[W] E[(dL/dz)**2](l)
    E[(dL/dz)**2] = E[(dL/da)**2] E[phi'(z)**2]

Layers of one width share the factor ``fan_in Var[W]``, the square of the *gain*, and the gradient's
variance is multiplied by ``chi = gain**2 E[phi'(z)**2]`` per layer: below 1 it vanishes, above 1 it
explodes. Biases are zero, as every scheme here starts them.

Sources: B. Poole et al., "Exponential expressivity in deep neural networks through transient chaos", 2016;
S. Schoenholz et al., "Deep information propagation", 2017 (q*, chi and the depth scales); for nets of
straight lines A. Saxe et al., 2013; for ReLU K. He et al., 2015, eq. 9 and 13.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .initializers import Constant, Initializer, get_initializer

Values = NDArray[np.float64]

ACTIVATIONS = ("sigmoid", "tanh", "relu", "linear")
MAX_LAYERS = 50
MAX_WIDTH = 1000
MAX_GAIN = 1e6
SATURATED = 0.1
"""A sigmoid or tanh unit counts as saturated where its slope is below this share of the largest slope."""

_HALF_NORMAL = math.sqrt(2.0 / math.pi)  # E|z| of a standard normal z
_PEAK = 1.0 / math.sqrt(2.0 * math.pi)  # its density at 0


@dataclass(frozen=True)
class Moments:
    """Means over a normal z of variance q, each of the shape of q.

    Those of the activation a = phi(z): ``mean``, ``magnitude`` E|a|, ``square`` E[a**2]; those of its
    slope phi'(z): ``slope`` E|phi'|, ``slope_square`` E[phi'**2]; and ``bend`` E[phi phi''].
    """

    mean: Values
    magnitude: Values
    square: Values
    slope: Values
    slope_square: Values
    bend: Values


def moments(activation: str, variance: ArrayLike) -> Moments:
    """The means that the recursion needs, for normal sums of the given ``variance`` (any shape, >= 0).

    Closed forms for ReLU and linear units. For the others Gauss-Hermite quadrature (100 nodes, relative
    error below 1e-12) up to variance 1/2; a wider bell sees them as steep steps, on which that rule converges
    slowly, so beyond it Gauss-Legendre is used with nodes that crowd around the step (error below 1e-12).

    Raises ValueError for an activation that is not in ``ACTIVATIONS``.
    """
    checks.choice("activation", activation, ACTIVATIONS)
    q = np.asarray(variance, dtype=np.float64)
    if activation in ("relu", "linear"):
        part = 0.5 if activation == "relu" else 1.0
        size = part * _HALF_NORMAL * np.sqrt(q)
        mean = size if activation == "relu" else np.zeros_like(q)
        same = np.full_like(q, part)
        return Moments(mean, size, part * q, same, same, np.zeros_like(q))
    flat = np.minimum(q.ravel(), 1e200)  # which is a step as good as infinity; NaN stays NaN
    results = np.full((6, flat.size), np.nan)
    for chosen, rule in ((flat <= 0.5, _hermite), (flat > 0.5, _halves)):
        if chosen.any():
            results[:, chosen] = _integrals(activation, *rule(np.sqrt(flat[chosen])))
    if (
        activation == "tanh" and (flat <= 0.5).any()
    ):  # |tanh| has a corner at 0: two halves, with a seam there
        z, weights = _halves(np.sqrt(flat[flat <= 0.5]))
        results[1, flat <= 0.5] = np.sum(weights * np.abs(np.tanh(z)), axis=-1)
    return Moments(*results.reshape(6, *q.shape))


def _integrals(activation: str, z: Values, weights: Values) -> Values:
    """The six moments at sums ``z`` of shape (variances, nodes): shape (6, variances)."""
    a = np.tanh(z) if activation == "tanh" else 0.5 + 0.5 * np.tanh(0.5 * z)
    # From the exponential, because 1 - a**2 loses all digits where the curve is flat.
    tail = np.exp(-np.abs(z) * (2.0 if activation == "tanh" else 1.0))
    slope = tail / (1.0 + tail) ** 2 * (4.0 if activation == "tanh" else 1.0)
    bend = -2.0 * a * slope if activation == "tanh" else slope * (1.0 - 2.0 * a)
    wanted = (a, np.abs(a), a * a, slope, slope * slope, a * bend)
    return np.stack([np.sum(weights * value, axis=-1) for value in wanted])


@cache
def _rules() -> tuple[Values, Values, Values, Values]:
    """Nodes and weights: Gauss-Hermite for a standard normal, Gauss-Legendre for 0 to 1."""
    from numpy.polynomial.hermite_e import hermegauss
    from numpy.polynomial.legendre import leggauss

    (hermite, bell), (legendre, flat) = hermegauss(100), leggauss(80)
    return hermite, _PEAK * bell, 0.5 * (legendre + 1.0), 0.5 * flat


def _hermite(std: Values) -> tuple[Values, Values]:
    """Sums and weights of the Gauss-Hermite rule for each of some standard deviations."""
    nodes, weights, _, _ = _rules()
    return std[:, None] * nodes, weights[None, :]


def _halves(std: Values) -> tuple[Values, Values]:
    """Gauss-Legendre on either side of 0 in t, where z = sinh(t): nodes crowd around a step at 0."""
    _, _, places, weights = _rules()
    end = np.arcsinh(9.0 * std)[:, None]
    t = np.concatenate([-end * places[::-1], end * places], axis=1)
    z = np.sinh(t)
    with np.errstate(divide="ignore", invalid="ignore"):  # a bell of no width: all of it at 0
        bell = np.exp(-0.5 * (z / std[:, None]) ** 2) * np.cosh(t) * end / std[:, None]
    bell = np.where(std[:, None] > 0.0, bell, 1.0 / (2.0 * _PEAK))
    return z, _PEAK * bell * np.concatenate([weights[::-1], weights])


def saturated_share(activation: str, variance: ArrayLike) -> Values:
    """The share of units whose slope is below ``SATURATED`` times the largest; NaN for ReLU and linear."""
    q = np.asarray(variance, dtype=np.float64)
    checks.choice("activation", activation, ACTIVATIONS)
    if activation in ("relu", "linear"):
        return np.full_like(q, np.nan)
    edge = math.atanh(math.sqrt(1.0 - SATURATED)) * (1.0 if activation == "tanh" else 2.0)
    shares = [math.erfc(edge / math.sqrt(2.0 * v)) if v > 0.0 else 0.0 for v in q.ravel().tolist()]
    return np.array(shares).reshape(q.shape)


@dataclass(frozen=True)
class MeanField:
    """Theory for every layer of a network, each array of shape (layers + 1,), entry 0 being the input.

    Of the activations a: ``mean``, ``magnitude`` E|a|, ``square`` E[a**2], ``std``; of the sums z before
    them ``variance``; ``saturated`` is the share of saturated units (NaN where none can be). Of the
    gradients: ``gradient`` E|dL/da| and its square ``gradient_square``, the same of dL/dz in ``error`` and
    ``error_square``, and ``weight_gradient`` E|dL/dw|. What the input does not have is NaN.

    The gradient that enters at the last activations has variance 1, the inputs too.
    """

    mean: Values
    magnitude: Values
    square: Values
    variance: Values
    saturated: Values
    gradient: Values
    gradient_square: Values
    error: Values
    error_square: Values
    weight_gradient: Values

    @property
    def std(self) -> Values:
        """Standard deviation of the activations of each layer."""
        return np.sqrt(np.maximum(self.square - self.mean**2, 0.0))


def check_sizes(layer_sizes: Sequence[int]) -> tuple[int, ...]:
    """``layer_sizes``, input first, if there are 1 to 50 layers of 1 to 1000 units."""
    given: object = layer_sizes
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
        raise TypeError(f"layer_sizes must be a sequence such as [200] * 21, not {given!r}")
    checks.integer("the number of layer_sizes", len(given), 2, MAX_LAYERS + 1)
    return tuple(checks.integer(f"layer_sizes[{k}]", n, 1, MAX_WIDTH) for k, n in enumerate(layer_sizes))


def mean_field(
    layer_sizes: Sequence[int], activation: str = "tanh", initializer: str | Initializer = "kaiming"
) -> MeanField:
    """The recursion through a network, input first: ``[200] * 21`` is 20 layers of 200 units.

    Exact in the limit of wide layers, but for orthogonal weights too (their first two moments suffice).

    Raises TypeError or ValueError for sizes out of range, an unknown name, or a constant scheme other than
    all zeros: the theory is of weights with mean 0.
    """
    sizes = check_sizes(layer_sizes)
    scheme = get_initializer(initializer)
    if isinstance(scheme, Constant) and scheme.value != 0.0:
        raise ValueError(f"mean-field theory is of weights with mean 0; {scheme.label!r} has none of those")
    factors = [scheme.std(*shape) ** 2 for shape in pairwise(sizes)]
    forward = [Moments(*np.array([0.0, _HALF_NORMAL, 1.0, np.nan, np.nan, np.nan]))]
    variance = [math.nan]
    for fan_in, factor in zip(sizes, factors, strict=False):
        variance.append(fan_in * factor * float(forward[-1].square))
        forward.append(moments(activation, variance[-1]))
    square = np.ones(len(sizes))
    error_square = np.full(len(sizes), np.nan)
    for k in range(len(sizes) - 1, 0, -1):
        error_square[k] = square[k] * forward[k].slope_square
        square[k - 1] = sizes[k] * factors[k - 1] * error_square[k]
    magnitude = np.array([float(m.magnitude) for m in forward])
    error = _HALF_NORMAL * np.sqrt(square) * [float(m.slope) for m in forward]
    return MeanField(
        mean=np.array([float(m.mean) for m in forward]),
        magnitude=magnitude,
        square=np.array([float(m.square) for m in forward]),
        variance=np.array(variance),
        saturated=saturated_share(activation, variance),
        gradient=_HALF_NORMAL * np.sqrt(square),
        gradient_square=square,
        error=error,
        error_square=error_square,
        weight_gradient=np.concatenate([[np.nan], magnitude[:-1] * error[1:]]),
    )


@dataclass(frozen=True)
class FixedPoint:
    """Where a deep network of one width settles, each of the shape of ``gain``.

    ``variance``: the variance q* of the sums far from the input: 0 where signals die, infinity where they
    explode, NaN where every variance is kept (linear units at gain 1, ReLU at the square root of 2).
    ``chi``: the factor on the gradient's variance per layer, there. ``variance_depth`` and
    ``gradient_depth``: in how many layers the distance from q*, and the gradient's variance, fall by a
    factor e (infinity: never; negative: they grow). With chi below 1, ``gradient_depth`` is also the depth in
    which two different inputs come to look alike.
    """

    gain: Values
    variance: Values
    chi: Values
    variance_depth: Values
    gradient_depth: Values


def fixed_point(activation: str, gain: ArrayLike) -> FixedPoint:
    """The fixed point of the recursion at ``gain`` = std * sqrt(width), one number or many, 0 to 10**6.

    Raises ValueError for an unknown activation or a gain out of range.
    """
    checks.choice("activation", activation, ACTIVATIONS)
    g = np.asarray(gain, dtype=np.float64)
    for value in (g.min(), g.max()):  # either is NaN where any gain is
        checks.real("gain", float(value), 0.0, MAX_GAIN)
    squared = g**2
    if activation in ("relu", "linear"):
        factor = squared * (0.5 if activation == "relu" else 1.0)
        kept = np.isclose(factor, 1.0, rtol=1e-12, atol=0.0)
        factor = np.where(kept, 1.0, factor)
        variance = np.where(kept, np.nan, np.where(factor < 1.0, 0.0, np.inf))
        return FixedPoint(g, variance, factor, _depth(factor), _depth(factor))
    variance = _settled(activation, squared)
    there = moments(activation, variance)
    chi = squared * there.slope_square
    return FixedPoint(g, variance, chi, _depth(chi + squared * there.bend), _depth(chi))


def _settled(activation: str, squared_gain: Values) -> Values:
    """q with gain**2 E[phi**2] = q, by bisection of its logarithm: E[phi**2] / q falls with q."""
    low = np.full(squared_gain.shape, -60.0)
    high = np.log(np.maximum(squared_gain, 1e-300))  # |phi| < 1
    for _ in range(60):
        middle = 0.5 * (low + high)
        grows = squared_gain * moments(activation, np.exp(middle)).square > np.exp(middle)
        low, high = np.where(grows, middle, low), np.where(grows, high, middle)
    dies = squared_gain <= (1.0 if activation == "tanh" else 0.0)  # tanh(z) is less than z
    return np.where(dies, 0.0, np.exp(high))


def _depth(factor: Values) -> Values:
    with np.errstate(divide="ignore"):
        return np.where(factor == 1.0, np.inf, -1.0 / np.log(np.where(factor == 1.0, 2.0, factor)))


@cache
def level_gain(activation: str) -> float:
    """The gain at which chi is 1: a gradient neither vanishes nor explodes, however deep the network.

    1 for linear and tanh units (tanh only just: the signal itself dies slowly), the square root of 2 for
    ReLU; for the sigmoid found by bisection.
    """
    known = {"linear": 1.0, "tanh": 1.0, "relu": math.sqrt(2.0)}
    if activation in known:
        return known[activation]
    low, high = 1.0, 20.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if fixed_point(activation, middle).chi < 1.0 else (low, middle)
    return high
