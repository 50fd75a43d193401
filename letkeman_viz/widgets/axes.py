"""Axes: the controls of an explorable that ``recorder`` moves, each with the values that are recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import ipywidgets

from .slider import Slider


@dataclass(eq=False)
class Axis:
    """One control and the values of it that are recorded, as the browser has them.

    ``go(k)`` brings the explorable to value ``k`` as a reader would, ``at()`` says where it is (ValueError:
    at none). ``widget`` and ``trait`` are what the reader moves, None for an axis that only buttons move.
    """

    values: list[Any]
    go: Callable[[int], Any]
    at: Callable[[], int]
    widget: ipywidgets.Widget | None = None
    trait: str = ""
    start: int = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.at()
        if not 0 <= self.start < len(self.values):
            raise ValueError(f"the control stands at none of the values to record, {self.values}")


def choices(control: Any, only: Sequence[Any] | None = None) -> Axis:
    """The options of ToggleButtons, Dropdown or RadioButtons; ``only`` some of their values, if given."""
    offered = [value for _, value in control._options_full]
    kept = [k for k, value in enumerate(offered) if only is None or value in only]

    def go(k: int) -> None:
        control.index = kept[k]

    return Axis(list(kept), go, lambda: kept.index(control.index), control, "index")


def numbers(control: Any, values: Sequence[float]) -> Axis:
    """Some values of a field for numbers, or of any control whose ``value`` is plain."""

    def go(k: int) -> None:
        control.value = values[k]

    return Axis(list(values), go, lambda: list(values).index(control.value), control, "value")


def stops(slider: Slider, only: Sequence[float] | None = None) -> Axis:
    """The stops of a slider; with ``only``, the page's slider has no others."""
    kept = [k for k, option in enumerate(slider.options) if only is None or option in only]

    def go(k: int) -> None:
        slider.value = slider.options[kept[k]]

    return Axis(list(range(len(kept))), go, lambda: kept.index(slider._index), slider, "_index")


def pressed(count: int, go: Callable[[int], Any]) -> Axis:
    """What only buttons move; see ``Page.press``. It begins at 0, where the explorable stands already."""
    now = [0]

    def step(k: int) -> None:
        now[0] = k
        go(k)

    return Axis(list(range(count)), step, lambda: now[0])
