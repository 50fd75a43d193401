"""One claim of the article and what became of it, and the words that findings are put in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..initializers import get_initializer
from .analysis import SpeedUp

REPRODUCED, PARTLY, NOT = "reproduced", "partly", "not reproduced"

SX, NX, SL, NL, KA = (
    "standard_xavier",
    "normalized_xavier",
    "standard_letkeman",
    "normalized_letkeman",
    "kaiming",
)
FIVE = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Finding:
    """One claim and what became of it."""

    network: str
    claim: str
    """In our words."""
    article: str
    """The article's figure, if it gives one."""
    ours: str
    verdict: str


def judge(whole: bool, part: bool = False) -> str:
    return REPRODUCED if whole else PARTLY if part else NOT


def agrees(found: SpeedUp, article: float) -> bool:
    """Whether the article's ratio lies in the interval of ours, give or take one epoch.

    Both count whole epochs, and where the seeds hardly differ the interval is a single one of them.
    """
    low = found.base / (found.base / found.low + 1) if found.low > 0 else 0.0
    high = found.base / max(found.base / found.high - 1, 1e-9) if found.high > 0 else 0.0
    return bool(low <= article <= high)


def describe(found: SpeedUp) -> str:
    """A speed-up in words, with its interval."""
    return f"{times(found.ratio)} [{found.low:.3g} to {found.high:.3g}]"


def times(ratio: float) -> str:
    """A ratio with three digits; what is not a number of times is said."""
    if np.isnan(ratio):
        return "neither gets there"
    if ratio == 0.0:
        return "never"
    return "only it gets there" if np.isinf(ratio) else f"{ratio:.3g} times"


def ranking(values: dict[str, float]) -> list[str]:
    return sorted(values, key=lambda variant: values[variant])


def label(variant: str) -> str:
    return get_initializer(variant.removesuffix("+active")).label


def labels(variants: Iterable[str]) -> str:
    return ", ".join(map(label, variants))


def seed_names(seeds: list[int]) -> str:
    return "no seed" if not seeds else f"seed{'' if len(seeds) == 1 else 's'} {', '.join(map(str, seeds))}"


def epoch_name(epoch: float) -> str:
    return "never" if np.isinf(epoch) else f"{epoch:.0f}"
