"""What the article says of its two networks for handwritten digits, held against the records."""

from __future__ import annotations

import numpy as np

from .analysis import epochs_to_reach, failed, final, speed_up
from .finding import (
    KA,
    NL,
    SL,
    SX,
    Finding,
    agrees,
    describe,
    epoch_name,
    judge,
    label,
    labels,
    ranking,
    seed_names,
)
from .records import Records, recorded

STUCK = {"mnist-conv": 0.1, "mnist-dense": 0.4}
"""A run that never gets to this loss has learned next to nothing: constant outputs have 0.45."""


def conv_speed() -> Finding:
    found = speed_up(recorded("mnist-conv"), SX, SL)
    return Finding(
        "MNIST, convolutional",
        "Standard Letkeman passes Standard Xavier's final loss early",
        "1.744 times (epoch 43 of 75)",
        f"{describe(found)}, epoch {found.other:.0f} of 75",
        judge(agrees(found, 1.744), found.low > 1.0),
    )


def _with_losses(variants: list[str], losses: dict[str, float]) -> str:
    return ", ".join(f"{label(variant)} {losses[variant]:.5f}" for variant in variants)


def conv_best() -> Finding:
    records = recorded("mnist-conv")
    ends = {variant: final(records, variant) for variant in records.variants}
    mean = {variant: float(values.mean()) for variant, values in ends.items()}
    median = {variant: float(np.median(values)) for variant, values in ends.items()}
    means, medians = ranking(mean), ranking(median)
    return Finding(
        "MNIST, convolutional",
        "Standard Letkeman is the best of the five",
        "",
        f"Lowest mean loss at the end: {_with_losses(means[:2], mean)}."
        f" Lowest median: {_with_losses(medians[:2], median)}.",
        judge(means[0] == medians[0] == SL, SL in (means[0], medians[0])),
    )


def conv_normalized_letkeman() -> Finding:
    records = recorded("mnist-conv")
    level = final(records, SX).mean()
    dead = failed(records, NL, STUCK["mnist-conv"])
    ahead = len(records.seeds) - failed(records, NL, level)
    return Finding(
        "MNIST, convolutional",
        "Normalized Letkeman fails in two seeds and is slow in the others",
        "2 of 5 fail",
        f"{dead} of {len(records.seeds)} never get below a loss of {STUCK['mnist-conv']:g};"
        f" {ahead} of the {len(records.seeds)} get down to Standard Xavier's final loss.",
        judge(dead == 2 and ahead == 0, dead > 0),
    )


def conv_kaiming_seed() -> Finding:
    records = recorded("mnist-conv")
    ends = final(records, KA)
    slow = [seed for seed, end in zip(records.seeds, ends, strict=True) if end > 3 * np.median(ends)]
    return Finding(
        "MNIST, convolutional",
        "One very slow seed pulls Kaiming's mean up",
        "seed 3",
        f"Far above the median: {seed_names(slow)}. Mean {ends.mean():.4f}, median {np.median(ends):.4f}.",
        judge(len(slow) == 1, bool(slow)),
    )


def dense_order() -> Finding:
    records = recorded("mnist-dense")
    left = _leaving(records)
    order = ranking(left)
    return Finding(
        "MNIST, dense",
        "Kaiming leaves the plateau first, then Standard Letkeman",
        "",
        "Median epoch at which the loss falls below"
        f" {STUCK['mnist-dense']:g}: {', '.join(f'{label(v)} {epoch_name(left[v])}' for v in order)}.",
        judge(order[:2] == [KA, SL], order[0] == KA),
    )


def dense_end() -> Finding:
    records = recorded("mnist-dense")
    ends = {variant: float(final(records, variant).mean()) for variant in (KA, SL, NL)}
    order = ranking(ends)
    close = max(ends.values()) < 2 * min(ends.values())
    return Finding(
        "MNIST, dense",
        "Kaiming and both Letkeman schemes end close together, Kaiming just ahead",
        "",
        f"Final loss: {', '.join(f'{label(v)} {ends[v]:.4f}' for v in order)}.",
        judge(order[0] == KA and close, order[0] == KA or close),
    )


def dense_standard_xavier() -> Finding:
    records = recorded("mnist-dense")
    stuck = failed(records, SX, STUCK["mnist-dense"])
    return Finding(
        "MNIST, dense",
        "Standard Xavier never gets going",
        "fails",
        f"{stuck} of {len(records.seeds)} stay on the plateau, at a loss of {final(records, SX).mean():.3f}.",
        judge(stuck == len(records.seeds), stuck > 0),
    )


def _leaving(records: Records) -> dict[str, float]:
    """The median epoch at which the runs of each scheme leave the plateau."""
    level = STUCK["mnist-dense"]
    found = {v: epochs_to_reach(records.epochs, records.curves(v), level) for v in records.variants}
    return {variant: float(np.sort(epochs)[len(epochs) // 2]) for variant, epochs in found.items()}


def larger_set(name: str) -> Finding:
    """Whether the ranking of an MNIST network on few images holds on 10,000."""
    small, large = recorded(name), recorded(f"{name}-10000")
    before, after = (ranking({v: float(np.median(final(r, v))) for v in r.variants}) for r in (small, large))
    stuck = {v: failed(large, v, STUCK[name]) for v in large.variants}
    failing = ", ".join(f"{label(v)} {n} of {len(large.seeds)}" for v, n in stuck.items() if n) or "none"
    return Finding(
        f"{_TITLES[name]}, {large.settings['images']:,} images",
        "The ranking carries over to more data",
        "",
        f"By median final loss, few images: {labels(before)}. {large.settings['images']:,} images,"
        f" {large.last} epochs: {labels(after)}. Stuck there: {failing}.",
        judge(before == after, before[0] == after[0] or before[-1] == after[-1]),
    )


_TITLES = {"mnist-conv": "MNIST, convolutional", "mnist-dense": "MNIST, dense"}
