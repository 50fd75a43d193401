"""Weights for many random networks at once, drawn fast and drawn again at will.

A weight of a uniform or normal scheme is one of its 32,768 evenly spaced quantiles (of the normal one,
rounded to 1/7,600 of a standard deviation), kept as a whole number of two bytes. That changes no variance by
more than 1e-8, takes a quarter of the memory of a float64, and becomes one in a fraction of a nanosecond.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .initializers import Constant, Initializer, Normal, Uniform, get_initializer

Values = NDArray[np.float64]
Units = NDArray[np.int16]

KEPT = 7 * 10**6
"""Networks of at most so many weights are kept, 14 MB, from the second time on that they are asked for."""

_UNIFORM_STD = math.sqrt((2.0**30 - 1.0) / 3.0)  # of the odd numbers from -32,767 to 32,767


class _Shelf:
    """Where a draw is kept: a slider that is dragged asks for the same again and again; one look does not."""

    def __init__(self) -> None:
        self.asked = 0
        self.units: dict[tuple[range, int], Units] = {}


@lru_cache(maxsize=1)
def _shelf(seed: int, sizes: tuple[int, ...], draws: int, normal: bool) -> _Shelf:
    return _Shelf()


@cache
def _normal_units() -> tuple[Units, float]:
    """Standard normal quantiles by the 16 bits as an unsigned number, and the standard deviation of them."""
    odd = np.arange(65536, dtype=np.uint16).view(np.int16) | 1
    table = get_initializer("normal").from_quantiles(_quantiles(odd)[None])[0]
    units = np.rint(table * (32767.0 / table.max())).astype(np.int16)
    return units, float(units.std())


def _quantiles(units: Units) -> Values:
    return np.asarray((units + 32768.0) / 65536.0)


class Draws:
    """The weights of ``draws`` networks of one scheme, layer by layer: the same each time they are asked for.

    A ``group`` is a range of draws that are worked on together. The same seed, sizes and groups mean the same
    quantiles for every scheme.
    """

    def __init__(self, seed: int, sizes: tuple[int, ...], draws: int, scheme: Initializer) -> None:
        self.seed, self.sizes, self.scheme = seed, sizes, scheme
        self._normal = type(scheme) is Normal
        small = draws * sum(n * m for n, m in pairwise(sizes)) <= KEPT
        self._shelf = _shelf(seed, sizes, draws, self._normal) if small else _Shelf()
        self._shelf.asked += 1
        self._keep = small and self._shelf.asked > 1

    def weights(self, group: range, layer: int, out: Values) -> tuple[Values, float]:
        """Weights in ``out``, as (draws of the group, fan_in, fan_out), and a factor they still lack."""
        scheme, (n, m) = self.scheme, self.sizes[layer - 1 : layer + 1]
        weights = out[: len(group) * n * m].reshape(len(group), n, m)
        if type(scheme) is Constant:
            weights.fill(scheme.value)
            return weights, 1.0
        units = self._shelf.units.get((group, layer))
        if units is None:
            units = self._units(group, layer, weights.shape)
            if self._keep:
                self._shelf.units[group, layer] = units
        if type(scheme) in (Uniform, Normal):
            np.copyto(weights, units)
            return weights, scheme.std(n, m) / (_normal_units()[1] if self._normal else _UNIFORM_STD)
        for k, quantiles in enumerate(_quantiles(units)):
            weights[k] = scheme.from_quantiles(quantiles)
        return weights, 1.0

    def _units(self, group: range, layer: int, shape: tuple[int, ...]) -> Units:
        """The draw in whole numbers: odd ones, which lie symmetrically about 0, or normal ones."""
        words = np.random.SFC64([self.seed, group.start, layer]).random_raw(math.prod(shape) // 4 + 1)
        bits = np.asarray(words).view(np.int16)[: math.prod(shape)].reshape(shape)
        bits |= 1
        return _normal_units()[0].take(bits.view(np.uint16)) if self._normal else bits

    def signal(self, group: range, shape: tuple[int, ...], end: int) -> Values:
        """Standard normal numbers: inputs (``end`` 0) or gradients (1)."""
        rng = np.random.Generator(np.random.SFC64([self.seed, group.start, 0, end]))
        return rng.standard_normal((len(group), *shape))
