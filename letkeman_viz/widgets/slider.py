"""Slider: a native range input over a few numbers, with a name that everybody can read."""

from __future__ import annotations

from typing import Any

import traitlets

from ._assets import css, esm
from ._base import FROM_BROWSER, Widget


class Slider(Widget):
    """Chooses one of ``options``, ascending numbers such as layer sizes spaced by ratios.

    While it is dragged, Python hears of a new ``value`` at most 30 times a second, the last one always.
    """

    _esm = esm("slider.js")
    _css = css("theme.css", "slider.css")

    description = traitlets.Unicode("").tag(sync=True)
    options = traitlets.List(traitlets.Int(), minlen=1).tag(sync=True)
    value = traitlets.Int().tag(**FROM_BROWSER)

    def __init__(self, options: list[int], value: int, description: str, **traits: Any) -> None:
        super().__init__(options=options, value=value, description=description, **traits)

    @traitlets.validate("value")
    def _check(self, proposal: dict[str, Any]) -> int:
        value = proposal["value"]
        if self.options and value not in self.options:
            first, last = self.options[0], self.options[-1]
            raise traitlets.TraitError(
                f"{self.description} is {value}; choose one of the {first} to {last} offered"
            )
        return value
