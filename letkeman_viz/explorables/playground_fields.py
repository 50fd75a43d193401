"""The kinds of value that a setting of the playground can have.

``read`` takes the text of a link, ``check`` a value from Python or the page; both return the value as it is
kept, or raise ValueError with a sentence that says what is allowed. ``write`` gives the text of a link.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..tasks import MAX_TEXT, task_from_csv

MAX_EDITS = 200


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _digits(value: float) -> str:
    """The shortest decimal that reads as ``value``."""
    return np.format_float_positional(value + 0.0, trim="-")


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    allowed: Sequence[str]
    kind = "choice"

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.allowed:
            raise ValueError(f"choose one of {', '.join(self.allowed)}")
        return value

    read = check

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Whole:
    """A whole number from ``low`` to ``high``; ``stops`` are where a slider stops."""

    low: int
    high: int
    stops: Sequence[int] = ()
    kind = "whole"

    def check(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not self.low <= value <= self.high:
            raise ValueError(f"choose a whole number from {self.low} to {self.high}")
        return value

    def read(self, text: str) -> int:
        good = text.isascii() and text.isdigit() and len(text) < 10
        return self.check(int(text) if good else None)

    def write(self, value: int) -> str:
        return str(value)


@dataclass(frozen=True)
class Number:
    """A number from ``low`` to ``high``."""

    low: float
    high: float
    stops: Sequence[float]
    kind = "number"

    def check(self, value: Any) -> float:
        if not _is_number(value) or not self.low <= value <= self.high:  # which NaN is not, either
            raise ValueError(f"choose a number from {_digits(self.low)} to {_digits(self.high)}")
        return float(value) + 0.0  # no -0.0: no link could say it

    def read(self, text: str) -> float:
        return self.check(float(text) if _NUMBER.fullmatch(text) else None)

    def write(self, value: float) -> str:
        return _digits(value)


@dataclass(frozen=True)
class Words:
    """Some of a few words, each once, in their own order."""

    allowed: Sequence[str]
    low: int = 0
    high: int = 99
    named: int | None = None  # how many of them a refusal names
    kind = "words"

    def check(self, value: Any) -> list[str]:
        words = list(value) if isinstance(value, list | tuple) else [None]
        good = all(isinstance(word, str) and word in self.allowed for word in words)
        if not good or not self.low <= len(set(words)) <= self.high:
            named = self.allowed[: self.named]
            count = f"{self.low} to {min(self.high, len(named))}"
            raise ValueError(f"choose {count} of {', '.join(named)}, with commas between them")
        return [word for word in self.allowed if word in words]

    def read(self, text: str) -> list[str]:
        return self.check(list(filter(None, text.split(","))))

    def write(self, value: Sequence[str]) -> str:
        return ",".join(value)


@dataclass(frozen=True)
class Sizes:
    """Sizes of the hidden layers, such as 8-8."""

    layers: int
    neurons: int
    kind = "sizes"

    def check(self, value: Any) -> list[int]:
        sizes = list(value) if isinstance(value, list | tuple) else []
        good = all(isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= self.neurons for n in sizes)
        if not good or not 1 <= len(sizes) <= self.layers:
            raise ValueError(
                f"give 1 to {self.layers} hidden layers of 1 to {self.neurons} neurons, such as 8-8"
            )
        return sizes

    def read(self, text: str) -> list[int]:
        parts = text.split("-")
        return self.check([int(part) if re.fullmatch("[0-9]{1,2}", part) else 0 for part in parts])

    def write(self, value: Sequence[int]) -> str:
        return "-".join(map(str, value))


@dataclass(frozen=True)
class TableText:
    """A table of one's own as CSV, as ``letkeman_viz.tasks`` reads it, or nothing."""

    kind = "table"

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("give the text of a table: in1,in2,...,out1,... and a line for each row")
        if value:
            task_from_csv(value[: MAX_TEXT + 1])
        return value

    read = check

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Edits:
    """Changes by hand to the start of one scheme's network, in the order in which they were made.

    Each is ``[scheme, place, value]``. ``place`` is [] for all weights, [layer, neuron] for a bias, and
    [layer, from, to] for a weight; layers count from 1, neurons from 0.
    """

    schemes: Sequence[str]
    largest: float
    most: int
    kind = "edits"

    def check(self, value: Any) -> list[list[Any]]:
        edits = value if isinstance(value, list | tuple) else [None]
        if len(edits) > self.most:
            raise ValueError(f"give at most {self.most}")
        return [self._one(edit) for edit in edits]

    def _one(self, edit: Any) -> list[Any]:
        scheme, place, value = edit if isinstance(edit, list | tuple) and len(edit) == 3 else ("", [], 0)
        good = (
            scheme in self.schemes
            and isinstance(place, list | tuple)
            and len(place) in (0, 2, 3)
            and all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= 255 for n in place)
            and _is_number(value)
            and abs(value) <= self.largest
        )
        if not good:
            raise ValueError(
                "write each as scheme:layer.neuron:value or scheme:layer.from.to:value, "
                f"with a value from -{_digits(self.largest)} to {_digits(self.largest)}"
            )
        return [scheme, list(place), float(value) + 0.0]

    def read(self, text: str) -> list[list[Any]]:
        return self.check([self._split(part) for part in text.split(",")] if text else [])

    def _split(self, text: str) -> list[Any] | None:
        scheme, where, what = [*text.split(":"), "", ""][:3]
        places = where.split(".") if where else []
        if not all(re.fullmatch("[0-9]{1,3}", place) for place in places) or not _NUMBER.fullmatch(what):
            return None
        return [scheme, [int(place) for place in places], float(what)]

    def write(self, value: Sequence[Sequence[Any]]) -> str:
        return ",".join(f"{name}:{'.'.join(map(str, place))}:{_digits(x)}" for name, place, x in value)


Field = Choice | Whole | Number | Words | Sizes | TableText | Edits
