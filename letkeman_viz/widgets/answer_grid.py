"""AnswerGrid: which rows of the table are right, and a way to choose the one that is shown."""

from __future__ import annotations

import traitlets

from ._assets import css, esm
from ._base import REFERENCE, Widget
from .player import Player
from .run import Run


class AnswerGrid(Widget):
    """One cell a row: right as it was presented (before its update), and right after the epoch.

    Clicking a cell makes that row the run's ``example``.
    """

    _esm = esm("answer_grid.js")
    _css = css("answer_grid.css")

    run = traitlets.Instance(Run).tag(**REFERENCE)
    player = traitlets.Instance(Player).tag(**REFERENCE)
