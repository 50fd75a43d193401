"""Checks of what a caller passes in: one wording for every refusal.

Each function returns the value in the type the code works with, or raises ``TypeError`` (not that
kind of thing at all) or ``ValueError`` (out of range), naming the value, what is allowed, and so what
to do about it.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any


def integer(name: str, value: Any, low: int, high: int) -> int:
    """``value`` as an int in ``low..high`` (both included)."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    number = int(value)
    if not low <= number <= high:
        raise ValueError(f"{name} is {number}; choose a whole number from {low} to {high}")
    return number


def real(name: str, value: Any, low: float, high: float) -> float:
    """``value`` as a finite float in ``low..high`` (both included)."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number from {low:g} to {high:g}, not {value!r}")
    number = float(value)
    if not (math.isfinite(number) and low <= number <= high):
        raise ValueError(f"{name} is {number}; choose a number from {low:g} to {high:g}")
    return number


def boolean(name: str, value: Any) -> bool:
    """``value`` if it is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return value


def choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """``value`` if it is one of ``allowed``."""
    names = list(allowed)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {', '.join(names)}, not {value!r}")
    if value not in names:
        raise ValueError(f"{name} {value!r} is not known; choose one of {', '.join(names)}")
    return value
