"""Readout: what the network says at this frame, and a sentence on what is going on."""

from __future__ import annotations

import traitlets

from ._assets import css, esm
from ._base import REFERENCE, Widget
from .player import Player
from .run import Run


class Readout(Widget):
    """Counter, prediction in numbers, bits and decimal, and one plain sentence made from the numbers."""

    _esm = esm("readout.js")
    _css = css("readout.css")

    run = traitlets.Instance(Run).tag(**REFERENCE)
    player = traitlets.Instance(Player).tag(**REFERENCE)
