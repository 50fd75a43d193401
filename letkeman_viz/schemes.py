"""The built-in schemes, registered by the same door as anybody's own.

Every scheme takes ``active_inputs``, a number that then stands in for fan_in (the article's Active Node
Method): how many inputs' worth of signal a layer gets. A one-hot layer counts as 1; in general it is the
mean over the examples of the sum of the squared inputs, so it need not be whole (MNIST pixels between 0
and 1: 87.81 of 784). Schemes that do not look at fan_in accept it and change nothing: the constants,
``uniform``, ``normal`` and ``kaiming`` by fan_out.

Sources, beside those of :mod:`letkeman_viz.initializers`: Y. LeCun et al., "Efficient BackProp", 1998, eq.
16 (lecun); A. Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural
networks", 2013 (orthogonal); T. Letkeman, "Rethinking Weight Initialization", 2021 (the two Letkeman
schemes and the Active Node Method).
"""

from __future__ import annotations

import math

from . import checks
from .initializers import Constant, Initializer, Normal, Orthogonal, Scale, Uniform, register_initializer
from .magnitude import (
    MAX_COUNT,
    MIN_COUNT,
    approximate,
    approximate_normalized,
    expected_magnitude,
    normalized_magnitude,
)

METHODS = ("exact", "article")
"""How a Letkeman scheme gets its expected magnitude."""
MAX_SCALE = 1e6
"""The largest value, bound, standard deviation or gain that a scheme takes."""


def _active(active_inputs: float | None, low: float = MIN_COUNT) -> float | None:
    return None if active_inputs is None else checks.real("active_inputs", active_inputs, low, MAX_COUNT)


def _counting(scale: Scale, active: float | None) -> Scale:
    """``scale`` with ``active`` in the place of fan_in."""
    return scale if active is None else lambda fan_in, fan_out: scale(active, fan_out)


def _label(label: str, active: float | None) -> str:
    if active is None:
        return label
    return f"{label}, {active:g} active input{'' if active == 1 else 's'}"


def _always(value: float) -> Scale:
    return lambda fan_in, fan_out: value


# Schemes that do not look at the size of a layer


def zeros(active_inputs: float | None = None) -> Initializer:
    """Every weight 0."""
    _active(active_inputs)
    return Constant("zeros", "All zeros", 0.0)


def ones(active_inputs: float | None = None) -> Initializer:
    """Every weight 1."""
    _active(active_inputs)
    return Constant("ones", "All ones", 1.0)


def constant(value: float = 0.5, active_inputs: float | None = None) -> Initializer:
    """Every weight ``value``, -10**6 to 10**6."""
    _active(active_inputs)
    value = checks.real("value", value, -MAX_SCALE, MAX_SCALE)
    return Constant("constant", f"All {value:g}", value)


def uniform(bound: float = 1.0, active_inputs: float | None = None) -> Initializer:
    """U(-bound, bound), ``bound`` 0 to 10**6."""
    _active(active_inputs)
    bound = checks.real("bound", bound, 0.0, MAX_SCALE)
    return Uniform("uniform", f"Uniform ±{bound:g}", _always(bound))


def normal(std: float = 1.0, active_inputs: float | None = None) -> Initializer:
    """Normal with standard deviation ``std``, 0 to 10**6."""
    _active(active_inputs)
    std = checks.real("std", std, 0.0, MAX_SCALE)
    return Normal("normal", f"Normal, std {std:g}", _always(std))


# Schemes that keep the variance


def scaled(gain: float = 1.0, active_inputs: float | None = None) -> Initializer:
    """Uniform with standard deviation ``gain / sqrt(fan_in)``, ``gain`` 0 to 10**6: one free number."""
    active, gain = _active(active_inputs), checks.real("gain", gain, 0.0, MAX_SCALE)
    limit = _counting(lambda fan_in, fan_out: gain * math.sqrt(3.0 / fan_in), active)
    return Uniform("scaled", _label(f"Uniform, gain {gain:g}", active), limit)


def orthogonal(gain: float = 1.0, active_inputs: float | None = None) -> Initializer:
    """``gain`` (0 to 10**6) times a random matrix with orthonormal rows or columns, whichever are fewer.

    The standard deviation is ``gain / sqrt(max(fan_in, fan_out))``.
    """
    active, gain = _active(active_inputs), checks.real("gain", gain, 0.0, MAX_SCALE)
    spread = _counting(lambda fan_in, fan_out: gain / math.sqrt(max(fan_in, fan_out)), active)
    label = "Orthogonal" if gain == 1.0 else f"Orthogonal, gain {gain:g}"
    return Orthogonal("orthogonal", _label(label, active), spread)


def lecun(active_inputs: float | None = None) -> Initializer:
    """Normal with standard deviation ``1 / sqrt(fan_in)``."""
    active = _active(active_inputs)
    spread = _counting(lambda fan_in, fan_out: 1.0 / math.sqrt(fan_in), active)
    return Normal("lecun", _label("LeCun", active), spread)


def _xavier_limit(fan_in: float, fan_out: float) -> float:
    return 1.0 / math.sqrt(fan_in)


def standard_xavier(active_inputs: float | None = None) -> Initializer:
    """Uniform with bound ``1 / sqrt(fan_in)``; it does *not* keep the variance, but a third of it."""
    active = _active(active_inputs)
    label = _label("Standard Xavier", active)
    return Uniform("standard_xavier", label, _counting(_xavier_limit, active))


def _glorot_limit(fan_in: float, fan_out: float) -> float:
    return math.sqrt(6.0 / (fan_in + fan_out))


def normalized_xavier(active_inputs: float | None = None) -> Initializer:
    """Uniform with bound ``sqrt(6 / (fan_in + fan_out))``."""
    active = _active(active_inputs)
    label = _label("Normalized Xavier", active)
    return Uniform("normalized_xavier", label, _counting(_glorot_limit, active))


def kaiming(mode: str = "fan_in", active_inputs: float | None = None) -> Initializer:
    """Normal with standard deviation ``sqrt(2 / fan_in)``, or of fan_out with ``mode="fan_out"``."""
    active = _active(active_inputs)
    if checks.choice("mode", mode, ("fan_in", "fan_out")) == "fan_out":
        return Normal("kaiming", "Kaiming (fan-out)", lambda fan_in, fan_out: math.sqrt(2.0 / fan_out))
    spread = _counting(lambda fan_in, fan_out: math.sqrt(2.0 / fan_in), active)
    return Normal("kaiming", _label("Kaiming", active), spread)


# Schemes that keep the magnitude


def _method(method: str, active_inputs: float | None) -> tuple[str, float | None]:
    """The label's addition, and the active inputs: the article's formulas start at one."""
    article = checks.choice("method", method, METHODS) == "article"
    return (" (article's approximation)" if article else ""), _active(
        active_inputs, 1.0 if article else MIN_COUNT
    )


def standard_letkeman(method: str = "exact", active_inputs: float | None = None) -> Initializer:
    """Uniform, such that outputs have mean magnitude 1 when all inputs have magnitude 1.

    The bound is Standard Xavier's divided by ``expected_magnitude(fan_in)``, or with
    ``method="article"`` by ``approximate(fan_in)``.
    """
    note, active = _method(method, active_inputs)
    magnitude = expected_magnitude if method == "exact" else approximate
    limit = _counting(lambda n, m: _xavier_limit(n, m) / float(magnitude(n)), active)
    return Uniform("standard_letkeman", _label(f"Standard Letkeman{note}", active), limit)


def normalized_letkeman(method: str = "exact", active_inputs: float | None = None) -> Initializer:
    """Uniform, such that the mean magnitude over all outputs and all errors sent back is 1.

    The bound is Normalized Xavier's divided by ``normalized_magnitude(fan_in, fan_out)``, or with
    ``method="article"`` by ``approximate_normalized(fan_in, fan_out)``.
    """
    note, active = _method(method, active_inputs)
    magnitude = normalized_magnitude if method == "exact" else approximate_normalized
    limit = _counting(lambda n, m: _glorot_limit(n, m) / float(magnitude(n, m)), active)
    return Uniform("normalized_letkeman", _label(f"Normalized Letkeman{note}", active), limit)


# In the order of the article; then what it leaves out.
for _factory in (
    zeros,
    ones,
    standard_xavier,
    normalized_xavier,
    kaiming,
    standard_letkeman,
    normalized_letkeman,
    lecun,
    orthogonal,
    scaled,
    uniform,
    normal,
    constant,
):
    register_initializer(_factory.__name__, _factory)
