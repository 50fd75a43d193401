"""The explorables of the chapter "Why initialization matters"."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from ..initializers import Initializer, Normal, get_initializer
from ..mean_field import level_gain, mean_field
from ..propagation import FORMATS, Propagation, propagate
from ..training import Cancelled
from ..widgets import Chart, Slider
from .live import Live, row
from .tower_depth import deep_training, funnel
from .tower_lessons import naive_fixes, two_products
from .tower_words import activations, cure_label, tower_words

__all__ = ["deep_training", "funnel", "naive_fixes", "tower", "two_products"]

DEPTHS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50]
WIDTHS = [4, 8, 16, 32, 64, 100, 150, 200, 300, 400, 500, 700, 1000]
SCHEMES = {
    "Standard Xavier": 1.0 / math.sqrt(3.0),
    "LeCun, Glorot": 1.0,
    "Standard Letkeman": math.sqrt(math.pi / 2.0),
    "Kaiming": math.sqrt(2.0),
}
"""The named schemes by their gain, std * sqrt(fan_in), in layers of one width."""
GAINS = sorted({*np.geomspace(0.1, 20.0, 93).round(4).tolist(), *SCHEMES.values(), level_gain("sigmoid")})
DRAWN_AS = ("uniform", "normal", "orthogonal")
LARGE = 7 * 10**6
"""With more weights than these in all draws together, one draw is shown first."""


def scheme_of(gain: float, drawn_as: str) -> Initializer:
    """Weights of the gain ``std * sqrt(fan_in)``, of a distribution in ``DRAWN_AS``."""
    if drawn_as == "normal":
        return Normal("normal", f"Normal, gain {gain:g}", lambda fan_in, fan_out: gain / math.sqrt(fan_in))
    return get_initializer("scaled" if drawn_as == "uniform" else "orthogonal", gain=gain)


class Tower(Live):
    """A deep random network, layer by layer: signal and gradient, measured over theory, as the gain moves."""

    INPUTS, DRAWS = 32, 8

    def __init__(self) -> None:
        self.activation = activations("sigmoid", "tanh", "relu", "linear", value="sigmoid")
        marks = {gain: name for name, gain in SCHEMES.items()}
        marks[level_gain("sigmoid")] = "level for the sigmoid"
        labels = [f"{gain:.3g}" if gain < 1 else f"{gain:.4g}" for gain in GAINS]
        self.gain = Slider(GAINS, 1.0, "Gain", labels=labels, marks=marks)
        self.gain.layout.width = "min(640px, 100%)"  # the one to drag, and its stops have long names
        self.layers = Slider(DEPTHS, 20, "Layers")
        self.width = Slider(WIDTHS, 200, "Units a layer")
        self.drawn_as = ipywidgets.Dropdown(options=DRAWN_AS, value="uniform", description="Weights")
        self.stored_as = ipywidgets.Dropdown(options=list(FORMATS), value="float32", description="Stored as")
        self.schemes = [ipywidgets.Button(description=name) for name in SCHEMES]
        self.cure = ipywidgets.Button(description=cure_label("sigmoid"), button_style="success")
        self.again = ipywidgets.Button(description="Draw again")
        self.stop = ipywidgets.Button(description="Stop", disabled=True)
        self.progress = ipywidgets.FloatProgress(0.0, min=0.0, max=1.0, layout={"width": "120px"})
        self.progress.layout.display = "none"
        self.words = ipywidgets.HTML()
        self.signal = Chart(
            label="Size of the activations in every layer, measured and in theory", height=340
        )
        self.gradient = Chart(
            label="Size of the gradients in every layer, measured and in theory", height=340
        )
        self.idle = Chart(label="Share of saturated or dead units in every layer", height=220)
        self.level = Chart(
            label="Factor on a gradient per layer against the gain, four activations", height=220
        )
        self.seed, self.stopped = 1, False
        controls = [self.activation, self.gain, self.layers, self.width, self.drawn_as, self.stored_as]
        super().__init__(self.signal, controls)
        for button in self.schemes:
            button.layout.width = "auto"
            button.on_click(self._on_scheme)
        self.cure.layout.width = "auto"
        self.cure.on_click(self._on_cure)
        self.again.on_click(self._on_again)
        self.stop.on_click(self._on_stop)
        self.activation.observe(self._on_activation, "value")
        charts = ipywidgets.VBox(
            [
                row(self.signal, self.gradient, style="lkv-columns"),
                row(self.idle, self.level, style="lkv-columns"),
            ]
        )
        self.children = [
            row(self.activation, self.gain),
            row(self.layers, self.width),
            row(*self.schemes, self.cure),
            self.words, self.status, charts,
            row(self.drawn_as, self.stored_as, self.again, self.stop, self.progress),
        ]  # fmt: skip

    def _on_scheme(self, button: ipywidgets.Button) -> None:
        self.gain.value = SCHEMES[button.description]

    def _on_cure(self, _: ipywidgets.Button) -> None:
        self.gain.value = self.gain.nearest(level_gain(self.activation.value))

    def _on_activation(self, change: traitlets.Bunch) -> None:
        self.cure.description = cure_label(change["new"])

    def _on_again(self, _: ipywidgets.Button) -> None:
        self.seed += 1
        self._restart()

    def _on_stop(self, _: ipywidgets.Button) -> None:
        self.stopped = True

    def _restart(self, change: traitlets.Bunch | None = None) -> None:
        self.stopped = False
        super()._restart(change)

    def compute(self, cancelled: Callable[[], bool]) -> None:
        sizes = [int(self.width.value)] * (int(self.layers.value) + 1)
        activation, gain, stored_as = self.activation.value, float(self.gain.value), self.stored_as.value
        scheme = scheme_of(gain, self.drawn_as.value)
        theory = mean_field(sizes, activation, scheme)
        draws = 2 if self.drawn_as.value == "orthogonal" else self.DRAWS  # each of its matrices is a QR
        large = draws * len(sizes) * sizes[0] ** 2 > LARGE
        for count in (1, draws) if large else (draws,):  # one draw first, where eight take seconds
            try:
                found = propagate(
                    sizes, activation, scheme, count, self.INPUTS, self.seed, stored_as,
                    self._report if large else None, lambda: cancelled() or self.stopped,
                )  # fmt: skip
            except Cancelled:
                self.show(partial(self._at, 0.0, False))
                return
            self._draw(found, theory, gain, stored_as)
        self.show(partial(self._at, 0.0, False))

    def _draw(self, found: Propagation, theory: Any, gain: float, stored_as: str) -> None:
        from . import tower_figures as figures

        words = tower_words(found, gain, stored_as)
        drawn = [
            (self.signal, figures.signal_figure(found, theory, stored_as)),
            (self.gradient, figures.gradient_figure(found, theory, stored_as)),
            (self.idle, figures.idle_figure(found, theory)),
            (self.level, figures.level_figure(found.activation, gain)),
        ]

        def change() -> None:
            self.words.value = words
            for chart, figure in drawn:
                chart.show(figure)

        self.show(change)

    def _report(self, done: int, steps: int) -> None:
        self.show(partial(self._at, done / steps, True))

    def _at(self, share: float, busy: bool) -> None:
        self.progress.value = share
        self.progress.layout.display = "" if busy else "none"
        self.stop.disabled = not busy


def tower() -> Tower:
    """Signal and gradient in every layer of a deep random network."""
    return Tower()
