"""The kinds of value a link can carry: each reads a text that anybody may have written, and writes it back.

``read`` raises ValueError with a sentence that names what is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..tasks import MAX_TEXT, task_from_csv

MAX_SEED = 9999  # that a reader can ask for: four digits fit in every field

MAX_EDITS = 200

# Two digits, 24 to a decade, evenly spaced by ratio: the E24 series that resistors come in.
_STEPS = [
    "10",
    "11",
    "12",
    "13",
    "15",
    "16",
    "18",
    "20",
    "22",
    "24",
    "27",
    "30",
    "33",
    "36",
    "39",
    "43",
    "47",
    "51",
    "56",
    "62",
    "68",
    "75",
    "82",
    "91",
]


def decades(low: int, high: int) -> list[float]:
    """Numbers from 10**low to 10**high, evenly spaced by ratio and short to write: 24 to a decade."""
    return [float(f"{step}e{power - 1}") for power in range(low, high) for step in _STEPS] + [10.0**high]


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    allowed: tuple[str, ...]

    def read(self, text: str) -> str:
        if text not in self.allowed:
            raise ValueError(f"choose one of {', '.join(self.allowed)}")
        return text

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Whole:
    """A whole number from ``low`` to ``high``."""

    low: int
    high: int

    def read(self, text: str) -> int:
        if (
            not (text.isascii() and text.isdigit() and len(text) < 10)
            or not self.low <= int(text) <= self.high
        ):
            raise ValueError(f"choose a whole number from {self.low} to {self.high}")
        return int(text)

    def write(self, value: int) -> str:
        return str(value)


@dataclass(frozen=True)
class Stop:
    """One of the numbers a slider stops at; any other in their range goes to the nearest of them."""

    stops: tuple[float, ...]

    def read(self, text: str) -> float:
        first, last = self.stops[0], self.stops[-1]
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not first <= number <= last:  # which NaN is not, either
            raise ValueError(f"choose a number from {first:g} to {last:g}")
        return min(self.stops, key=lambda stop: abs(stop - number))

    def write(self, value: float) -> str:
        return f"{value:g}"


@dataclass(frozen=True)
class Words:
    """Some of a few words, from ``low`` to ``high`` of them, each once."""

    allowed: tuple[str, ...]
    low: int = 0
    high: int = 99

    def read(self, text: str) -> tuple[str, ...]:
        words = tuple(dict.fromkeys(filter(None, text.split(","))))
        if not self.low <= len(words) <= self.high or not set(words) <= set(self.allowed):
            count = f"{self.low} to {min(self.high, len(self.allowed))}"
            raise ValueError(f"choose {count} of {', '.join(self.allowed)}, with commas between them")
        return tuple(word for word in self.allowed if word in words)

    def write(self, value: Sequence[str]) -> str:
        return ",".join(value)


@dataclass(frozen=True)
class Sizes:
    """Sizes of the hidden layers, such as 8-8."""

    layers: int
    neurons: int

    def read(self, text: str) -> tuple[int, ...]:
        whole = Whole(1, self.neurons)
        try:
            sizes = tuple(whole.read(size) for size in text.split("-", self.layers))
        except ValueError:
            sizes = ()
        if not 1 <= len(sizes) <= self.layers:
            raise ValueError(
                f"give 1 to {self.layers} hidden layers of 1 to {self.neurons} neurons, such as 8-8"
            )
        return sizes

    def write(self, value: Sequence[int]) -> str:
        return "-".join(map(str, value))


class TableText:
    """A table of one's own as CSV; see ``letkeman_viz.tasks``."""

    def read(self, text: str) -> str:
        if text:
            task_from_csv(text[: MAX_TEXT + 1])
        return text

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Edit:
    """A change by hand to the start of one scheme's network.

    ``place`` is () for all weights, (layer, neuron) for a bias, (layer, from, to) for a weight; layers count
    from 1, neurons from 0, as ``NetworkDiagram.pinned`` has them.
    """

    scheme: str
    place: tuple[int, ...]
    value: float


@dataclass(frozen=True)
class Edits:
    """Changes by hand, in the order they were made."""

    schemes: tuple[str, ...]
    largest: float

    def read(self, text: str) -> tuple[Edit, ...]:
        parts = text.split(",", MAX_EDITS) if text else []
        if len(parts) > MAX_EDITS:
            raise ValueError(f"give at most {MAX_EDITS}")
        return tuple(self._one(part) for part in parts)

    def _one(self, text: str) -> Edit:
        scheme, where, what = [*text.split(":"), "", ""][:3]
        try:
            place = tuple(Whole(0, 255).read(number) for number in where.split(".")) if where else ()
            value = float(what)
        except ValueError:
            place, value = (0,), float("nan")
        if scheme not in self.schemes or len(place) not in (0, 2, 3) or not abs(value) <= self.largest:
            raise ValueError(
                "write each as scheme:layer.neuron:value or scheme:layer.from.to:value, "
                f"with a value from -{self.largest:g} to {self.largest:g}"
            )
        return Edit(scheme, place, value)

    def write(self, value: Sequence[Edit]) -> str:
        return ",".join(f"{e.scheme}:{'.'.join(map(str, e.place))}:{e.value:g}" for e in value)


Field = Any
"""Choice, Whole, Stop, Words, Sizes, TableText or Edits: ``read(text)`` and ``write(value)``."""
