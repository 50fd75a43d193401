"""What a layer does to magnitude: E|S|, where S is a sum of independent uniform weights.

An output of a layer whose inputs are all ones is the sum of its ``fan_in`` weights; an error of all
ones that goes back through it sums ``fan_out`` weights. How large those sums are on average is the
whole of the article's theory: exact here, beside the article's own approximations.

Sums of uniforms follow the Irwin-Hall distribution, whose textbook alternating sum is useless in
floating point from about 20 terms; so are quadratures of it. Here E|S_n| is an exact fraction for a few
weights and an asymptotic series for more, and the density is a recurrence of positive numbers or a
Fourier series. Only NumPy and the standard library are needed.

Sources: P. Hall, "The distribution of means for samples of size N ...", Biometrika 19, 1927;
T. Letkeman, "Rethinking Weight Initialization", 2021, for ``approximate`` and ``approximate_normalized``.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .initializers import Constant, Initializer, Normal, Orthogonal, Uniform, get_initializer

MAX_COUNT = 10**6
"""The most inputs or outputs that anything here is asked about."""
MIN_COUNT = 1e-6
"""The smallest number of active inputs; one input of size s counts as s squared."""

SENSES = ("average", "forward", "backward", "article_forward", "article_backward", "article_formula")
"""What ``normalized_magnitude`` and a simulation of a whole layer can tell."""

_EXACT_UP_TO = 40  # from here on series are as exact as float64, and quicker
# E|S_n| sqrt(3 pi / 2) in powers of 1/n. From log(sin t / t) = -t^2/6 - t^4/180 - ..., which makes the
# characteristic function of S_n a normal one times a power series in 1/n, each term of which integrates
# against 1/t^2 in closed form. Above 40 inputs the next term is below 1e-16; the tests derive all of them.
_SERIES = (
    1.0,
    1 / 20,
    11 / 1120,
    41 / 22400,
    -19773 / 19712000,
    -9938661 / 5125120000,
    -147653939 / 130457600000,
    1234157707 / 682393600000,
    26484417544927 / 4563848396800000,
)
_LIMIT = math.sqrt(2.0 / (3.0 * math.pi))

Values = NDArray[np.float64]


def _counts(name: str, value: Any, low: float = MIN_COUNT) -> Values:
    """``value`` as a float64 array of finite numbers in ``low..MAX_COUNT``."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number, or an array, from {low:g} to {MAX_COUNT}, not {value!r}")
    array = array.astype(np.float64)
    wrong = array[~((array >= low) & (array <= MAX_COUNT))]  # NaN compares false, so it is caught too
    if wrong.size:
        raise ValueError(f"{name} is {wrong[0]:g}; choose numbers from {low:g} to {MAX_COUNT}")
    return array


def _plain(values: Any) -> Any:
    """An array as it is, but a single number as a float."""
    return values if np.ndim(values) else float(values)


@cache
def _exact() -> tuple[Values, Values]:
    """(1/n, E|S_n|) for n = 40, 39, ..., 1, each fraction evaluated in whole numbers and rounded once."""
    reciprocals, magnitudes = [], []
    for n in range(_EXACT_UP_TO, 0, -1):
        terms = ((-1) ** k * math.comb(n, k) * (n - 2 * k) ** (n + 1) for k in range((n + 1) // 2))
        reciprocals.append(1.0 / n)
        magnitudes.append(2 * sum(terms) / (2**n * math.factorial(n + 1)) / math.sqrt(n))
    return np.array(reciprocals), np.array(magnitudes)


def _magnitude(n: Values) -> Values:
    x = 1.0 / n
    series = _LIMIT * np.polynomial.polynomial.polyval(np.minimum(x, 1.0 / _EXACT_UP_TO), _SERIES)
    return np.where(n <= _EXACT_UP_TO, np.interp(x, *_exact()), series)


def expected_magnitude(n: ArrayLike) -> Any:
    """E|S_n|: the mean magnitude of a sum of n draws of U(-1/sqrt(n), 1/sqrt(n)).

    That is the mean magnitude of an output of a Standard Xavier layer with n inputs of size one. It
    falls from 1/2 at n = 1 to sqrt(2 / (3 pi)) = 0.46066.

    Parameters
    ----------
    n : number of inputs, 1e-6 to 10**6; an array of any shape, or one number.

    Returns float64 of the same shape, a float for one number. For whole n the relative error is below
    1e-15. Other n stand for a number of *active* inputs (the mean of the sum of their squares), for
    which no single exact value exists: up to 40 the value is then linear in 1/n between its whole
    neighbours, above 40 it is the same smooth series as for whole n, and below 1 it is 1/2, which is
    exact for a single input of size sqrt(n). It is continuous and never rises.

    Raises TypeError or ValueError for anything else.

    >>> expected_magnitude(4)  # 7/15
    0.4666666666666667
    """
    return _plain(_magnitude(_counts("n", n)))


def sense_weights(fan_in: Any, fan_out: Any, sense: str) -> tuple[Any, Any]:
    """(a, b) such that ``a * forward + b * backward`` is the magnitude in the ``sense`` asked for.

    ``forward`` is the mean magnitude of an output and ``backward`` that of an error sent back; see
    ``normalized_magnitude`` for the senses.
    """
    checks.choice("sense", sense, SENSES)
    if sense == "average":  # over all fan_out + fan_in sums of the layer
        return fan_out / (fan_in + fan_out), fan_in / (fan_in + fan_out)
    if sense == "article_forward":
        return 0.0, fan_in / fan_out
    if sense == "article_backward":
        return fan_out / fan_in, 0.0
    if sense == "article_formula":
        return fan_in / (fan_in + fan_out), fan_out / (fan_in + fan_out)
    return (1.0, 0.0) if sense == "forward" else (0.0, 1.0)


def normalized_magnitude(fan_in: ArrayLike, fan_out: ArrayLike, sense: str = "average") -> Any:
    """Mean magnitude of the sums of a Normalized Xavier layer, U(-b, b), b = sqrt(6 / (fan_in + fan_out)).

    Parameters
    ----------
    fan_in, fan_out : n inputs (or active inputs) and m outputs, each 1e-6 to 10**6, arrays that broadcast.
    sense : ``"forward"``, an output: E|sum of n draws|; ``"backward"``, an error sent back to an input:
        E|sum of m draws|; ``"average"``, over the m outputs and n inputs together, as in the article:
        (m forward + n backward) / (n + m). The article's two other printed columns add up the one
        and divide by the number of the other: ``"article_forward"`` is (n/m) backward and
        ``"article_backward"`` is (m/n) forward. The formula it ends with, ``"article_formula"``, is not
        the average that its code and tables aim at, but (n forward + m backward) / (n + m).

    Returns float64 of the broadcast shape, a float for two numbers; relative error below 1e-15. For any
    other bound multiply by ``bound / sqrt(6 / (n + m))``.

    Raises TypeError or ValueError for anything out of range.

    >>> round(normalized_magnitude(100, 50), 6)
    0.742009
    """
    n, m = _counts("fan_in", fan_in), _counts("fan_out", fan_out)
    to_forward, to_backward = sense_weights(n, m, sense)
    bound = np.sqrt(6.0 / (n + m))
    forward, backward = bound * np.sqrt(n) * _magnitude(n), bound * np.sqrt(m) * _magnitude(m)
    return _plain(to_forward * forward + to_backward * backward)


def layer_magnitude(
    initializer: str | Initializer, fan_in: ArrayLike, fan_out: ArrayLike, sense: str = "average"
) -> Any:
    """The same for any built-in scheme: mean magnitude of the sums of a layer that it has drawn.

    ``fan_in`` and ``fan_out`` are whole numbers from 1 to 10**6, arrays that broadcast; ``sense`` and what
    comes back are as in ``normalized_magnitude``. A scheme's ``active_inputs`` change its weights only: the
    sums are still over all inputs, each of size one.

    Raises TypeError or ValueError for anything out of range, and for a scheme of your own that is not a
    ``Constant``, ``Uniform``, ``Normal`` or ``Orthogonal``: simulate that.

    >>> round(layer_magnitude("standard_letkeman", 784, 128, "forward"), 12)
    1.0
    """
    scheme = get_initializer(initializer)
    n, m = np.asarray(fan_in), np.asarray(fan_out)
    for name, fan in (("fan_in", n), ("fan_out", m)):
        if fan.dtype.kind not in "iu":
            raise TypeError(f"{name} must be whole numbers from 1 to {MAX_COUNT}, not {fan!r}")
        _counts(name, fan, 1.0)
    to_forward, to_backward = sense_weights(n, m, sense)
    std = np.vectorize(scheme.std, otypes=[np.float64])(n, m)
    forward, backward = (_sum_magnitude(scheme, std, count, np.maximum(n, m)) for count in (n, m))
    return _plain(to_forward * forward + to_backward * backward)


def _sum_magnitude(scheme: Initializer, std: Values, count: Values, longest: Values) -> Values:
    """E|sum of ``count`` weights| along one side of a layer whose longer side is ``longest``."""
    if type(scheme) is Constant:
        return np.asarray(abs(scheme.value) * count)
    root = np.sqrt(count)
    if type(scheme) is Uniform:
        return np.asarray(std * math.sqrt(3.0) * root * _magnitude(count.astype(np.float64)))
    if type(scheme) is Normal:
        return np.asarray(std * root * math.sqrt(2.0 / math.pi))
    if type(scheme) is Orthogonal:  # the sum is one coordinate of a random direction in `longest` dimensions
        gamma = np.vectorize(math.lgamma, otypes=[np.float64])
        coordinate = np.exp(gamma(longest / 2.0) - gamma((longest + 1.0) / 2.0)) / math.sqrt(math.pi)
        return np.asarray(std * np.sqrt(longest) * root * coordinate)
    raise TypeError(f"no exact value is known for {scheme.label!r}; use simulate_magnitude")


def irwin_hall_pdf(x: ArrayLike, n: int, bound: float | None = None) -> Any:
    """Density at ``x`` of the sum of ``n`` draws of U(-bound, bound).

    Parameters
    ----------
    x : where; numbers of any shape. Outside (-n bound, n bound) the density is 0.
    n : 1 to 10**6 draws.
    bound : 1e-12 to 1e12; by default 1/sqrt(n), which is Standard Xavier.

    Returns float64 of x's shape, in 1/(unit of x). Up to n = 40 the relative error is below 1e-13 even
    far out in the tails; beyond, the error is below 1e-14 of the peak. A thousand points take at most
    a few milliseconds, whatever n.

    Raises TypeError or ValueError for anything out of range.
    """
    count = checks.integer("n", n, 1, MAX_COUNT)
    half = 1.0 / math.sqrt(count) if bound is None else checks.real("bound", bound, 1e-12, 1e12)
    points = np.asarray(x, dtype=np.float64)
    inside = np.abs(points) <= count * half  # not so for NaN
    # From here on: 0 to 1 for every draw, and only the lower half, the density being even.
    y = np.where(inside, 0.5 * (count - np.abs(points) / half), 0.0)
    density = _recurrence(y, count) if count <= _EXACT_UP_TO else _fourier(y, count)
    return _plain(np.where(np.isnan(points), np.nan, np.where(inside, density / (2.0 * half), 0.0)))


def _recurrence(y: Values, n: int) -> Values:
    """Density at ``y`` of the sum of n draws of U(0, 1): sums and products of positive numbers only.

    With g_k(y) the density of k draws, (k - 1) g_k(y) = y g_{k-1}(y) + (k - y) g_{k-1}(y - 1).
    """
    shifts = y[..., None] - np.arange(n)
    g = ((shifts >= 0.0) & (shifts < 1.0)).astype(np.float64)  # g_1 at y, y - 1, ..., y - n + 1
    for k in range(2, n + 1):
        shifts = shifts[..., :-1]
        g = (shifts * g[..., :-1] + (k - shifts) * g[..., 1:]) / (k - 1)
    return g[..., 0]


def _fourier(y: Values, n: int) -> Values:
    """The same for large n, as a Fourier series over twelve standard deviations (or the whole support).

    Outside them there is nothing to see (1e-31 of the peak), so that the smooth density is as good as
    periodic, and 36 coefficients, each a value of its characteristic function, leave less than 1e-16.
    """
    half_period = min(0.5 * n, math.sqrt(12.0 * n))
    k = np.arange(1, 37)
    coefficients = np.sinc(k / (2.0 * half_period)) ** n
    z = y - 0.5 * n
    series = 0.5 + np.cos((math.pi / half_period) * z[..., None] * k) @ coefficients
    return np.where(np.abs(z) < half_period, np.maximum(series, 0.0) / half_period, 0.0)


def approximate(n: ArrayLike) -> Any:
    """The article's approximation of ``expected_magnitude``: three values by heart, then one formula.

    ``n`` is 1 to 10**6, a number or an array of any shape; float64 of the same shape comes back.

    Measured against the exact value: relative error from -2.71e-4 (n = 5) to +7.40e-4 (n = 10**4), and
    towards +7.41e-4 beyond. Two terms of the exact series beat it for every n from 4.
    """
    count = _counts("n", n, 1.0)
    known = [(1.0, 0.5), (2.0, 0.471404520791), (3.0, 0.469097093716)]
    formula = 0.461 + 0.039 / (2.0 * count - 1.0)
    return _plain(np.select([count == key for key, _ in known], [value for _, value in known], formula))


def approximate_normalized(fan_in: ArrayLike, fan_out: ArrayLike) -> Any:
    """The article's approximation of ``normalized_magnitude``'s average.

    Both arguments are 1 to 10**6, arrays that broadcast; float64 of the broadcast shape comes back.

    Measured over 1 to 10**4 squared: relative error from -11.03 % (at 1727 and 10**4) to +7.05 % (at 2
    and 10**4); where both are equal, at most 0.58 % there and 0.61 % in the limit.
    """
    n, m = _counts("fan_in", fan_in, 1.0), _counts("fan_out", fan_out, 1.0)
    low, high = np.minimum(n, m), np.maximum(n, m)
    equal = 0.793 + 0.073 / np.sqrt(6.0 * low - 5.0)
    apart = 1.08 - 0.08 / np.sqrt(6.0 * (high - low + 1.0) - 5.0)
    return _plain(equal * apart / np.sqrt(0.5 * high / low + 0.5))
