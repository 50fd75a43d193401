"""How the curves are read: epochs until a loss is reached, "n times faster", and how sure that is.

The article's way: average the loss over the seeds, look where a scheme ends, and count the epochs that
another one needs to get below that. What it leaves out is added here: how many single runs get there at all,
and an interval for every ratio, from drawing the seeds anew (B. Efron, "Bootstrap methods", 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .records import Records

DRAWS = 2000
CONFIDENCE = 0.95

Values = NDArray[np.float64]


def epochs_to_reach(epochs: NDArray[np.int64], curves: ArrayLike, level: ArrayLike) -> Values:
    """The first of ``epochs`` (K,) at which each curve (..., K) is at ``level`` or below; infinity for never.

    ``level`` is one number, or one a curve (...). A curve that has become NaN is at no level.
    """
    below = np.asarray(curves) <= np.asarray(level)[..., None]
    return np.where(below.any(axis=-1), epochs[below.argmax(axis=-1)].astype(np.float64), np.inf)


@dataclass(frozen=True)
class SpeedUp:
    """How much sooner one variant reaches a loss than another one does."""

    level: float
    base: float
    """Epoch at which the base's mean curve gets there; infinity for never."""
    other: float
    """The same of the other."""
    ratio: float
    """``base / other``: n times faster. Infinity where only the base never gets there, 0 where only the
    other one does not, NaN where neither does."""
    low: float
    high: float
    """The interval that holds 95 % of the ratios with seeds drawn anew."""
    reached: int
    """How many single runs of the other get there."""
    runs: int
    median: float
    """Epoch at which the other's median run gets there: runs that never do count as later than all."""


def speed_up(
    records: Records,
    base: str,
    other: str,
    level: float | None = None,
    seeds: Sequence[int] | None = None,
    draws: int = DRAWS,
) -> SpeedUp:
    """``other`` against ``base`` at a loss of ``level``.

    By default that is the loss at which ``base`` ends, and ``base`` is said to need all its epochs for it,
    as in the article. The same seeds are drawn for both, and where ``base`` ends is worked out anew for
    every draw.
    """
    one, two = records.curves(base, seeds), records.curves(other, seeds)
    ends = one.mean(axis=0), two.mean(axis=0)
    goal = float(ends[0][-1]) if level is None else level
    base_epoch, other_epoch = (float(epochs_to_reach(records.epochs, curve, goal)) for curve in ends)
    if level is None:
        base_epoch = float(records.last)
    chosen = resamples(len(one), draws)
    first, second = _means(one, chosen), _means(two, chosen)
    if level is None:
        goals, needed = first[:, -1], np.full(draws, float(records.last))
    else:
        goals, needed = np.full(draws, level), epochs_to_reach(records.epochs, first, level)
    ratios = _ratio(needed, epochs_to_reach(records.epochs, second, goals))
    low, high = interval(ratios)
    single = epochs_to_reach(records.epochs, two, goal)
    return SpeedUp(
        level=goal,
        base=base_epoch,
        other=other_epoch,
        ratio=float(_ratio(np.array(base_epoch), np.array(other_epoch))),
        low=low,
        high=high,
        reached=int(np.isfinite(single).sum()),
        runs=len(single),
        median=middle(single),
    )


def middle(values: Values) -> float:
    """The median, of the two in the middle the later one: infinity needs no arithmetic."""
    return float(np.sort(values)[len(values) // 2])


def resamples(count: int, draws: int) -> NDArray[np.int64]:
    """(draws, count): which runs each resample has; the same ones at every call."""
    return np.random.default_rng(1).integers(0, count, (draws, count))


def _means(curves: Values, chosen: NDArray[np.int64]) -> Values:
    """Mean curve of each resample, (draws, K): how often a run was drawn is its weight in the mean."""
    weights = np.stack([(chosen == k).sum(axis=1) for k in range(len(curves))], axis=1) / len(curves)
    if np.isfinite(curves).all():
        return np.asarray(weights @ curves)
    # A resample without the run that diverged must not hear of it: 0 times NaN is NaN.
    return np.stack([curves[each].mean(axis=0) for each in chosen])


def _ratio(base: Values, other: Values) -> Values:
    with np.errstate(invalid="ignore"):
        return np.asarray(base / other)


def interval(values: Values) -> tuple[float, float]:
    """The middle 95 % of ``values``; ends are among the values, as infinity has no neighbours to mix with."""
    known = values[~np.isnan(values)]
    if not known.size:
        return np.nan, np.nan
    tail = (1.0 - CONFIDENCE) / 2
    low, high = (np.quantile(known, q, method="nearest") for q in (tail, 1.0 - tail))
    return float(low), float(high)


def final(records: Records, variant: str, seeds: Sequence[int] | None = None) -> Values:
    """Loss (seeds,) at the end."""
    return records.curves(variant, seeds)[:, -1]


def failed(records: Records, variant: str, level: float, seeds: Sequence[int] | None = None) -> int:
    """How many runs never get to ``level``."""
    return int(np.isinf(epochs_to_reach(records.epochs, records.curves(variant, seeds), level)).sum())
