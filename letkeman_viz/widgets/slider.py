"""Slider: a native range input over a few numbers, with a name that everybody can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets

from ..explorables.widget import FROM_BROWSER, Widget
from ._assets import css, esm


class Slider(Widget):
    """Chooses one of ``options``, ascending numbers, such as layer sizes or rates spaced by ratios.

    ``value`` is the one chosen; ``nearest`` finds the option next to any number. While it is dragged,
    Python hears of a new value at most 30 times a second, the last one always. ``labels`` are shown in
    the place of the numbers, if given; ``marks`` name options worth finding: {option: short name}.
    """

    _esm = esm("slider.js")
    _css = css("theme.css", "slider.css")

    description = traitlets.Unicode("").tag(sync=True)
    value = traitlets.Float()
    disabled = traitlets.Bool(False).tag(sync=True)
    _labels = traitlets.List(traitlets.Unicode(), minlen=1).tag(sync=True)
    _marks = traitlets.List().tag(sync=True)  # [[index, name], ...]
    _index = traitlets.Int(0).tag(**FROM_BROWSER)

    def __init__(
        self,
        options: Sequence[float],
        value: float,
        description: str,
        labels: Sequence[str] | None = None,
        marks: dict[float, str] | None = None,
        **traits: Any,
    ) -> None:
        self.options = list(options)
        texts = list(labels) if labels else [f"{option:,}" for option in self.options]
        super().__init__(description=description, _labels=texts, **traits)
        self._marks = [[self.options.index(option), name] for option, name in (marks or {}).items()]
        self.value = value
        self._index = self.options.index(value)  # nobody is told of a value that was the default already

    def nearest(self, value: float) -> float:
        """The option closest to ``value``."""
        return min(self.options, key=lambda option: abs(option - value))

    @traitlets.validate("value")
    def _check_value(self, proposal: dict[str, Any]) -> float:
        if proposal["value"] not in self.options:
            first, last = self._labels[0], self._labels[-1]
            raise traitlets.TraitError(
                f"{self.description} is {proposal['value']:g}; choose one of the {first} to {last} offered"
            )
        return self.options[self.options.index(proposal["value"])]  # a whole number stays one

    @traitlets.validate("_index")
    def _check_index(self, proposal: dict[str, Any]) -> int:
        if not 0 <= proposal["value"] < len(self.options):
            raise traitlets.TraitError(f"{self.description} has no option {proposal['value']}")
        return int(proposal["value"])

    @traitlets.observe("value")
    def _point(self, change: dict[str, Any]) -> None:
        self._index = self.options.index(change["new"])

    @traitlets.observe("_index")
    def _choose(self, change: dict[str, Any]) -> None:
        self.value = self.options[change["new"]]
