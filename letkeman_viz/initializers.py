"""What a weight initialization scheme is, and how schemes are found by name.

Every scheme turns the same uniform numbers into weights: one number in [0, 1) per weight is drawn
first and then mapped through the scheme's own quantile function. Two schemes given the same seed
therefore differ in scale (and shape) only, never in luck.

``fan_in`` is a layer's number of inputs and ``fan_out`` its number of outputs, as everywhere in the
field. (The article that this project explains uses the two words the other way round.) The built-in
schemes are in :mod:`letkeman_viz.schemes`.

Sources: X. Glorot & Y. Bengio, "Understanding the difficulty of training deep feedforward neural
networks", 2010, eq. 1 (standard) and eq. 16 (normalized); K. He et al., "Delving deep into
rectifiers", 2015, eq. 10 and eq. 14.
"""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import checks
from .engine import normal_quantiles

MAX_FAN = 10**6
"""The largest layer of neurons that any scheme is asked about."""
MAX_WEIGHTS = 10**8
"""The most weights that ``sample`` draws at once: 0.8 GB."""

Scale = Callable[[float, float], float]
"""(fan_in, fan_out) -> a bound or a standard deviation. A number of active inputs need not be whole."""


def _check_fans(fan_in: int, fan_out: int) -> None:
    checks.integer("fan_in", fan_in, 1, MAX_FAN)
    checks.integer("fan_out", fan_out, 1, MAX_FAN)


@dataclass(frozen=True)
class Initializer(ABC):
    """A scheme: ``name`` for code, ``label`` for people, and how weights are drawn."""

    name: str
    label: str

    @abstractmethod
    def std(self, fan_in: int, fan_out: int) -> float:
        """Standard deviation of one weight of a (fan_in, fan_out) layer; sizes as in ``sample``."""

    def gain(self, fan_in: int, fan_out: int) -> float:
        """``std * sqrt(fan_in)``: the outputs' root mean square over the inputs'."""
        return self.std(fan_in, fan_out) * math.sqrt(fan_in)

    def bound(self, fan_in: int, fan_out: int) -> float | None:
        """Largest |weight| of a uniform scheme; None where the scheme draws from no interval."""
        return None

    @abstractmethod
    def from_quantiles(self, quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights of a layer from uniform numbers in [0, 1), both of shape (fan_in, fan_out)."""

    def sample(self, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw the weights of one layer.

        Takes exactly ``fan_in * fan_out`` uniform numbers from ``rng``, whatever the scheme, so that
        schemes stay in step from layer to layer. Returns float64 of shape (fan_in, fan_out).

        Raises TypeError or ValueError when a size is not a whole number from 1 to 10**6, or when
        ``rng`` is not a ``numpy.random.Generator``.
        """
        _check_fans(fan_in, fan_out)
        checks.integer("fan_in * fan_out", int(fan_in) * int(fan_out), 1, MAX_WEIGHTS)
        if not isinstance(rng, np.random.Generator):
            raise TypeError(
                f"rng must be a numpy.random.Generator (np.random.default_rng(seed)), not {rng!r}"
            )
        return self.from_quantiles(rng.random((fan_in, fan_out)))


@dataclass(frozen=True)
class Constant(Initializer):
    """Every weight the same."""

    value: float

    def std(self, fan_in: int, fan_out: int) -> float:
        return 0.0

    def from_quantiles(self, quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full(quantiles.shape, self.value)


@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform on (-b, b), ``b = limit(fan_in, fan_out)``."""

    limit: Scale

    def bound(self, fan_in: int, fan_out: int) -> float:
        _check_fans(fan_in, fan_out)
        return self.limit(fan_in, fan_out)

    def std(self, fan_in: int, fan_out: int) -> float:
        return self.bound(fan_in, fan_out) / math.sqrt(3.0)

    def from_quantiles(self, quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
        return (2.0 * quantiles - 1.0) * self.limit(*quantiles.shape)


@dataclass(frozen=True)
class Normal(Initializer):
    """Normal with mean 0 and standard deviation ``spread(fan_in, fan_out)``."""

    spread: Scale

    def std(self, fan_in: int, fan_out: int) -> float:
        _check_fans(fan_in, fan_out)
        return self.spread(fan_in, fan_out)

    def from_quantiles(self, quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
        return normal_quantiles(quantiles) * self.spread(*quantiles.shape)


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """A random matrix with orthogonal rows or columns, whichever are fewer, all of the same length.

    ``spread(fan_in, fan_out)`` is the standard deviation of one entry; ``1 / sqrt(max(fan_in, fan_out))``
    makes them orthonormal. Entries are neither independent nor quite normal.
    """

    spread: Scale

    def std(self, fan_in: int, fan_out: int) -> float:
        _check_fans(fan_in, fan_out)
        return self.spread(fan_in, fan_out)

    def from_quantiles(self, quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
        shape = quantiles.shape
        standard = normal_quantiles(quantiles)
        tall = standard if shape[0] >= shape[1] else standard.T
        q, r = np.linalg.qr(tall)
        # QR leaves each column's sign to chance of the algorithm; only this choice is uniform over rotations.
        q = q * np.where(np.diagonal(r) < 0.0, -1.0, 1.0)
        directions: NDArray[np.float64] = q if shape[0] >= shape[1] else q.T
        return directions * (self.spread(*shape) * math.sqrt(max(shape)))


def scales(scheme: Initializer, shapes: Sequence[tuple[int, int]]) -> tuple[str, list[float]]:
    """How the engine draws the weights of a scheme.

    Parameters
    ----------
    scheme : Initializer
    shapes : sequence of (int, int)
        (fan_in, fan_out) of each layer.

    Returns
    -------
    kind : {"constant", "uniform", "normal", "given"}
        Given are weights of any other class, one derived from those three included: Python draws them.
    scales : list of float
        For each layer the weight itself, a bound, or a standard deviation; 0 where weights are given.
    """
    if type(scheme) is Constant:
        return "constant", [scheme.value for _ in shapes]
    if type(scheme) is Uniform:
        return "uniform", [scheme.limit(*shape) for shape in shapes]
    if type(scheme) is Normal:
        return "normal", [scheme.spread(*shape) for shape in shapes]
    return "given", [0.0 for _ in shapes]


INITIALIZERS: dict[str, Callable[..., Initializer]] = {}
"""Every known scheme: name -> a function that makes it from keyword options."""


def get_initializer(name: str | Initializer, **options: Any) -> Initializer:
    """The scheme called ``name``, with its options.

    All built-in schemes take ``active_inputs``; some take more (``constant``: ``value``, ``kaiming``:
    ``mode``, ...): each is a function in :mod:`letkeman_viz.schemes`, whose arguments are the options.

    >>> get_initializer("standard_letkeman", active_inputs=1).bound(784, 128)
    2.0

    An ``Initializer`` is returned as it is, so that functions can take either.

    Raises ValueError for a name that is not in ``INITIALIZERS`` or an option's value out of range, and
    TypeError for an option the scheme does not have.
    """
    if isinstance(name, Initializer):
        if options:
            raise TypeError(
                f"options {sorted(options)} go with a scheme's name, not with a ready Initializer"
            )
        return name
    factory = INITIALIZERS[checks.choice("initializer", name, INITIALIZERS)]
    try:
        inspect.signature(factory).bind(**options)
    except TypeError as error:
        raise TypeError(
            f"initializer {name!r} does not take these options: {sorted(options)} ({error})"
        ) from error
    scheme = factory(**options)
    if not isinstance(scheme, Initializer):
        raise TypeError(f"the factory registered as {name!r} gave {scheme!r}; it must return an Initializer")
    return scheme


def register_initializer(name: str, factory: Callable[..., Initializer]) -> None:
    """Add a scheme of your own under ``name``: it then works wherever a built-in one does.

    ``factory`` takes the scheme's options as keywords and returns an ``Initializer``.

    Raises ValueError when ``name`` is taken or is not a Python identifier, TypeError when ``factory``
    cannot be called.

    >>> register_initializer("tiny", lambda: Uniform("tiny", "Tiny", lambda fan_in, fan_out: 0.01))
    >>> get_initializer("tiny").std(8, 8) < 0.01
    True
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"name {name!r} must be a plain word such as 'my_scheme'")
    if name in INITIALIZERS:
        raise ValueError(f"initializer {name!r} exists already; choose another name")
    if not callable(factory):
        raise TypeError(f"factory must be callable and return an Initializer, not {factory!r}")
    INITIALIZERS[name] = factory
