"""Race: up to seven networks side by side, on one clock and one scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets

from ._assets import css, esm
from ._base import FROM_BROWSER, REFERENCE, Widget
from .player import Player
from .run import Run

MAX_RUNS = 7
STYLES = 8

REFERENCES: dict[str, Any] = {
    "sync": True,
    "to_json": lambda widgets, _: [f"anywidget:{widget.model_id}" for widget in widgets],
    "from_json": lambda value, _: value,
}
"""Tag of a trait that holds several widgets, as ``REFERENCE`` is for one."""


class Race(Widget):
    """The networks of 1 to 7 ``runs`` at the step where ``player`` stands, and who is ahead.

    Each run has a panel: its network, how many rows are right, its loss, and since when all were right.
    Every line of every panel, at every moment, is drawn on one scale. A run that ended early stays at its
    last frame. The player's ``steps`` should be those of the longest run.

    ``styles`` says in which of the eight colours and shapes (1 to 8) each run is named; without it, in
    that of its place in the list. ``chosen`` is the index of the panel that was pressed, or -1.
    ``scale`` is ``"fixed"``, one for all frames, or ``"frame"``, one for all panels but anew at every frame.
    ``wanted`` turns true when a page first shows the race.
    """

    _esm = esm("race.js")
    _css = css("theme.css", "race.css")  # its colours are painted once, and so must be there first

    runs = traitlets.List(traitlets.Instance(Run), minlen=1, maxlen=MAX_RUNS).tag(**REFERENCES)
    styles = traitlets.List(traitlets.Int(min=1, max=STYLES), maxlen=MAX_RUNS).tag(sync=True)
    player = traitlets.Instance(Player).tag(**REFERENCE)
    chosen = traitlets.Int(-1, min=-1).tag(**FROM_BROWSER)
    scale = traitlets.Enum(("fixed", "frame"), default_value="fixed").tag(**FROM_BROWSER)
    wanted = traitlets.Bool(False).tag(**FROM_BROWSER)

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: dict[str, Any]) -> int:
        if proposal["value"] >= len(self.runs):
            raise traitlets.TraitError(
                f"chosen is {proposal['value']}; there are runs 0 to {len(self.runs) - 1}, or -1 for none"
            )
        return int(proposal["value"])

    def line_up(self, runs: Sequence[Run], styles: Sequence[int]) -> None:
        """Let other runs take part; one message to the page."""
        with self.hold_sync():
            self.chosen = -1
            self.runs, self.styles = list(runs), list(styles)


class RaceRanking(Widget):
    """The runs of a race in order, at the step where ``player`` stands.

    First comes who was first to have every row right; those who have not are ordered by how many are
    right now, then by loss. ``runs`` and ``styles`` are as in ``Race``.
    """

    _esm = esm("race_ranking.js")
    _css = css("table.css", "race_ranking.css")

    runs = traitlets.List(traitlets.Instance(Run), minlen=1, maxlen=MAX_RUNS).tag(**REFERENCES)
    styles = traitlets.List(traitlets.Int(min=1, max=STYLES), maxlen=MAX_RUNS).tag(sync=True)
    player = traitlets.Instance(Player).tag(**REFERENCE)
