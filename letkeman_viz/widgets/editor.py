"""Editor: change by hand the weight or bias that is pinned in a diagram."""

from __future__ import annotations

import math
from typing import Any

import traitlets

from ._assets import css, esm
from ._base import FROM_BROWSER, REFERENCE, Widget
from .network_diagram import NetworkDiagram
from .player import Player
from .run import Run

LARGEST = 10.0


class Editor(Widget):
    """A slider and a number for what ``diagram`` has pinned: its value before training.

    ``change`` is the wish of the page, {"place": as ``NetworkDiagram.pinned``, "value": -10 to 10}. Whoever
    computes the run decides what becomes of it, and empties ``change`` once that is shown: until then the
    slider and the number stand where they were put. ``run`` is the one that the diagram shows.
    """

    _esm = esm("editor.js")
    _css = css("editor.css")

    run = traitlets.Instance(Run).tag(**REFERENCE)
    player = traitlets.Instance(Player).tag(**REFERENCE)
    diagram = traitlets.Instance(NetworkDiagram).tag(**REFERENCE)
    disabled = traitlets.Bool(False).tag(sync=True)
    change = traitlets.Dict().tag(**FROM_BROWSER)

    @traitlets.validate("change")
    def _check(self, proposal: dict[str, Any]) -> dict[str, Any]:
        wish = proposal["value"]
        if not wish:
            return {}
        place, value = wish.get("place"), wish.get("value")
        good = (
            isinstance(place, list)
            and len(place) in (2, 3)
            and all(isinstance(n, int) and 0 <= n <= 255 for n in place)
            and isinstance(value, int | float)
            and math.isfinite(value)
        )
        if not good:
            raise traitlets.TraitError(f"change is {str(wish)[:80]}; it takes a place and a finite value")
        return {"place": place, "value": min(max(float(value), -LARGEST), LARGEST)}
