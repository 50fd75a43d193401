"""NetworkDiagram: neurons, weights and biases of one frame, with the numbers behind them."""

from __future__ import annotations

import traitlets

from ._assets import css, esm
from ._base import FROM_BROWSER, REFERENCE, Widget
from .player import Player
from .run import Run


class NetworkDiagram(Widget):
    """The network of a ``run`` at the frame where ``player`` stands, shown with the run's ``example``.

    Edges are solid (green, or blue) for positive and dashed (red, or vermillion) for negative weights, as
    wide as |weight|; a neuron is filled by its activation and outlined by its bias. Under each layer of
    weights a meter shows the layer's mean |gradient|. Pointing at an edge or neuron, or walking there with
    the arrow keys, shows its sum in numbers; pressing it pins it and fades the rest. Pressing an input
    flips its bit: the run's ``example`` becomes the row that has it flipped.

    ``scale`` says what the widest line stands for: ``"fixed"``, the largest |weight| of the whole run
    (one scale for all frames); ``"layer"``, the largest of the run in that layer; ``"frame"``, the
    largest at the moment.

    ``pinned`` is what was pressed: [] for nothing, [layer, index] for a neuron (layer 0 is the input),
    [layer, from, to] for the weight that leads from neuron ``from`` of the layer before to neuron ``to``.
    """

    _esm = esm("network_diagram.js")
    _css = css("network_diagram.css")

    run = traitlets.Instance(Run).tag(**REFERENCE)
    player = traitlets.Instance(Player).tag(**REFERENCE)
    scale = traitlets.Enum(("fixed", "layer", "frame"), default_value="fixed").tag(**FROM_BROWSER)
    pinned = traitlets.List(traitlets.Int(min=0, max=255), maxlen=3).tag(**FROM_BROWSER)
