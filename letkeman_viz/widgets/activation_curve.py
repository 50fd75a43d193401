"""ActivationCurve: the sigmoid and its slope, with every neuron of the network marked on it."""

from __future__ import annotations

import traitlets

from ._assets import css, esm
from ._base import REFERENCE, Widget
from .player import Player
from .run import Run


class ActivationCurve(Widget):
    """Where the pre-activations of a ``run`` sit on the activation function and on its derivative."""

    _esm = esm("activation_curve.js")
    _css = css("activation_curve.css")

    run = traitlets.Instance(Run).tag(**REFERENCE)
    player = traitlets.Instance(Player).tag(**REFERENCE)
