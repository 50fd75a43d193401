"""What the article says of its results, claim by claim, beside what the recorded results say.

Every verdict and every number of ours is worked out from the records here, never written down. A claim
that names a number is held against the interval of ours; one that says "faster" or "fails" against counts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from . import claims_mnist as mnist
from .analysis import final, resamples, speed_up
from .claims_mnist import STUCK
from .finding import KA, NL, NX, SL, SX, Finding, agrees, describe, judge, label, ranking, times
from .records import Records, recorded

__all__ = ["STUCK", "Finding", "findings", "times", "winners"]

FIVE = (1, 2, 3, 4, 5)
EARLY = 1000
"""An epoch at which the counting network has begun to learn but nobody has finished."""


def findings() -> list[Finding]:
    """All claims, network by network."""
    return [claim() for claim in _CLAIMS]


# --- Binary counting ----------------------------------------------------------------------------------


def winners(records: Records, count: int = 5, draws: int = 2000) -> dict[str, float]:
    """In what share of random choices of ``count`` seeds each scheme ends with the lowest mean loss."""
    chosen = np.random.default_rng(1).permuted(np.tile(np.arange(len(records.seeds)), (draws, 1)), axis=1)[
        :, :count
    ]
    ends = np.stack([final(records, variant)[chosen].mean(axis=1) for variant in records.variants])
    best = ends.argmin(axis=0)
    return {variant: float((best == k).mean()) for k, variant in enumerate(records.variants)}


def _counting_advantage() -> Finding:
    records = recorded("counting")
    five = {variant: float(final(records, variant, FIVE).mean()) for variant in records.variants}
    first, share = min(five, key=lambda v: five[v]), winners(records)[SL]
    return Finding(
        "Binary counting",
        "Standard Letkeman has a clear lead",
        "",
        f"With seeds 1-5 {label(first)} ends lowest. Of all choices of five among {len(records.seeds)} seeds,"
        f" Standard Letkeman wins {share:.0%}; chance is 20%.",
        judge(share > 0.6, share > 0.4),
    )


def _counting_slow_standard_xavier() -> Finding:
    records = recorded("counting")
    slow, fast = records.curves(SX), records.curves(SL)
    column = int(np.searchsorted(records.epochs, EARLY))
    early, late = (fast[:, k] < slow[:, k] for k in (column, -1))
    return Finding(
        "Binary counting",
        "Standard Letkeman is ahead of Standard Xavier",
        "",
        f"At epoch {records.epochs[column]:,} its loss is lower in {early.sum()} of {len(early)} seeds,"
        f" at the end in {late.sum()}.",
        judge(_clear(early) and _clear(late), _clear(early)),
    )


def _counting_one_bad_seed() -> Finding:
    records = recorded("counting")
    worst = {
        v: float(np.max(final(records, v, FIVE)) / np.median(final(records, v, FIVE)))
        for v in records.variants
    }
    spoiled = [v for v, ratio in worst.items() if ratio > 10]
    unsolved = ", ".join(
        f"{label(v)} {int((records.perfect[records.rows(v)] == 0).sum())}" for v in records.variants
    )
    return Finding(
        "Binary counting",
        "One bad seed alone puts Kaiming behind",
        "seed 5",
        f"Single seeds do decide: with seeds 1-5 the worst run is over ten times the median for"
        f" {', '.join(map(label, spoiled)) or 'no scheme'}. Never all right, of {len(records.seeds)} seeds:"
        f" {unsolved}.",
        judge(KA in spoiled and len(spoiled) == 1, bool(spoiled)),
    )


def _clear(better: NDArray[np.bool_]) -> bool:
    """Whether the share of ``better`` is above a half with 97.5 % of resamples."""
    shares = better[resamples(len(better), 2000)].mean(axis=1)
    return bool(np.quantile(shares, 0.025) > 0.5)


# --- Hamlet -------------------------------------------------------------------------------------------


def _hamlet_speed(variant: str, article: float, epoch: int) -> Callable[[], Finding]:
    def claim() -> Finding:
        found = speed_up(recorded("hamlet"), KA, f"{variant}+active")
        return Finding(
            "Hamlet",
            f"{label(variant)} (active nodes) passes Kaiming's (all nodes) final loss early",
            f"{article:g} times (epoch {epoch} of 25)",
            f"{describe(found)}, epoch {found.other:.0f} of 25",
            judge(agrees(found, article), found.low > 2.0),
        )

    return claim


def _hamlet_normalized_first() -> Finding:
    records = recorded("hamlet")
    one, two = final(records, f"{SL}+active"), final(records, f"{NL}+active")
    ahead = int((two < one).sum())
    return Finding(
        "Hamlet",
        "Normalized Letkeman is slightly faster than Standard Letkeman",
        "epoch 8 against 10",
        f"Lower at the end in {ahead} of {len(one)} seeds: mean {two.mean():.4f} against {one.mean():.4f}.",
        judge(ahead == len(one), ahead > len(one) / 2),
    )


def _hamlet_regular() -> Finding:
    records = recorded("hamlet")
    spread = max(float(np.ptp(final(records, v)) / final(records, v).mean()) for v in records.variants)
    return Finding(
        "Hamlet",
        "The seeds hardly differ",
        "",
        f"Between the best and the worst seed of a scheme there is at most {spread:.1%} of its final loss.",
        judge(spread < 0.03, spread < 0.1),
    )


def _active_equal() -> Finding:
    records = recorded("hamlet")
    ends = {v: float(final(records, f"{v}+active").mean()) for v in (KA, SL, NL)}
    apart = max(ends.values()) - min(ends.values())
    return Finding(
        "Active Node Method",
        "With it, Kaiming and Letkeman train alike, Kaiming a touch faster",
        "",
        f"Final loss: {', '.join(f'{label(v)} {ends[v]:.4f}' for v in ranking(ends))}; {apart:.3f} apart.",
        judge(apart < 0.03 and ranking(ends)[0] == KA, apart < 0.03),
    )


def _active_gain() -> Finding:
    records = recorded("hamlet")
    found = {v: speed_up(records, v, f"{v}+active") for v in (SX, NX, SL, NL, KA)}
    least = min(found.values(), key=lambda s: s.low)
    return Finding(
        "Active Node Method",
        "It speeds up every scheme a lot",
        "",
        "How many times as fast a scheme gets to its own end without it: "
        + ", ".join(f"{label(v)} {s.ratio:.3g}" for v, s in found.items())
        + ".",
        judge(least.low > 1.5, max(s.low for s in found.values()) > 1.5),
    )


def _letkeman_without() -> Finding:
    found = speed_up(recorded("hamlet"), KA, SL)
    return Finding(
        "Active Node Method",
        "Letkeman cuts training time by 68 %",
        "68 %",
        f"Both without active nodes, Standard Letkeman against Kaiming: {describe(found)}."
        " The cut is the Active Node Method's.",
        judge(found.low > 2.0, found.low > 1.1),
    )


_CLAIMS: tuple[Callable[[], Finding], ...] = (
    _counting_advantage,
    _counting_slow_standard_xavier,
    _counting_one_bad_seed,
    mnist.conv_speed,
    mnist.conv_best,
    mnist.conv_normalized_letkeman,
    mnist.conv_kaiming_seed,
    mnist.dense_order,
    mnist.dense_end,
    mnist.dense_standard_xavier,
    _hamlet_speed(SL, 2.5, 10),
    _hamlet_speed(NL, 3.125, 8),
    _hamlet_normalized_first,
    _hamlet_regular,
    _active_equal,
    _active_gain,
    _letkeman_without,
    lambda: mnist.larger_set("mnist-conv"),
    lambda: mnist.larger_set("mnist-dense"),
)
