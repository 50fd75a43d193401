"""Player: the one clock that moves everything on an explorable, and its controls."""

from __future__ import annotations

from typing import Any

import traitlets

from ..recording import MAX_FRAMES
from ._assets import css, esm
from ._base import FROM_BROWSER, Widget

MIN_SPEED, MAX_SPEED = 0.5, 240.0


class Player(Widget):
    """Play, pause, step, scrub, speed, reset: over frames that live in the browser.

    The clock runs in the browser and needs no kernel. It tells the kernel where it is at most five
    times a second.

    ``steps`` are the numbers of the frames (update or epoch), ``unit`` their name ("update"),
    ``frame`` the position in ``steps``, ``speed`` in frames per second (0.5 to 240).
    """

    _esm = esm("player.js")
    _css = css("theme.css", "player.css")  # the theme travels with the clock, which everything needs

    steps = traitlets.List(traitlets.Int(), default_value=[0]).tag(sync=True)
    unit = traitlets.Unicode("step").tag(sync=True)
    frame = traitlets.Int(0, min=0, max=MAX_FRAMES - 1).tag(**FROM_BROWSER)
    playing = traitlets.Bool(False).tag(**FROM_BROWSER)
    speed = traitlets.Float(30.0).tag(**FROM_BROWSER)
    _loads = traitlets.Int(0).tag(sync=True)
    _keeps = traitlets.Bool(False).tag(sync=True)

    @traitlets.validate("steps")
    def _check_steps(self, proposal: dict[str, Any]) -> list[int]:
        steps = proposal["value"]
        if not steps:
            raise traitlets.TraitError("steps are empty; a player needs at least one frame")
        return steps

    @traitlets.validate("speed")
    def _clamp_speed(self, proposal: dict[str, Any]) -> float:
        speed = proposal["value"]
        if speed != speed:
            raise traitlets.TraitError(f"speed is {speed}; choose frames per second from 0.5 to 240")
        return min(max(speed, MIN_SPEED), MAX_SPEED)

    def load(self, steps: list[int], keep: bool = False) -> None:
        """Take the frames of a new recording; the page then goes back to the first.

        With ``keep`` it stays at the frame where it is, or at the end if it is there: for one who
        watches what a slider changes.

        The page owns the position. A frame written from here could cross one that is on its way, and the
        page would start the new run where it was in the old one; so it is told to start, and does.
        """
        with self.hold_sync():
            self.steps = steps
            self._keeps = keep
            self._loads += 1
