"""Two explorables of the chapter "Why initialization matters": networks that narrow, and deep training."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, ClassVar

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from ..counting import counting_task
from ..deep_training import DeepStep, train_deep
from ..initializers import get_initializer
from ..mean_field import mean_field
from ..propagation import propagate
from ..widgets import Chart, Slider, Table
from .live import Live, row
from .tower_words import activations, say, told

Values = NDArray[np.float64]

FUNNEL_SCHEMES: dict[str, tuple[str, dict[str, Any], str]] = {
    "Kaiming, fan-in": ("kaiming", {}, "forward"),
    "Kaiming, fan-out": ("kaiming", {"mode": "fan_out"}, "backward"),
    "Glorot": ("normalized_xavier", {}, "average"),
    "Letkeman": ("normalized_letkeman", {}, "average"),
}
QUANTITIES = {"magnitude": ("magnitude", "gradient"), "square": ("square", "gradient_square")}

Followed = tuple[dict[str, dict[str, Values]], dict[str, dict[str, Values]], list[list[str]]]
"""Measured and expected, by quantity and scheme, for every layer; and the rows of the table."""


def follow(sizes: list[int], activation: str, cancelled: Callable[[], bool]) -> Followed:
    """Send signals and gradients through networks of these sizes, one for each scheme."""
    measured: dict[str, dict[str, Values]] = {}
    theory: dict[str, dict[str, Values]] = {}
    rows = []
    for label, (name, options, keeps) in FUNNEL_SCHEMES.items():
        scheme = get_initializer(name, **options)
        found = propagate(sizes, activation, scheme, draws=48, inputs=16, cancelled=cancelled)
        expected = mean_field(sizes, activation, scheme)
        for quantity in sum(QUANTITIES.values(), ()):
            measured.setdefault(quantity, {})[label] = getattr(found, quantity).mean(0)
            theory.setdefault(quantity, {})[label] = getattr(expected, quantity)
        ends = [measured[q][label] for q in ("square", "gradient_square", "magnitude", "gradient")]
        factors = [v[-1] / v[0] if k % 2 == 0 else v[0] / v[-1] for k, v in enumerate(ends)]
        rows.append([label, keeps, *(f"{f:.3g}" for f in factors), f"{factors[0] / factors[1]:.3g}"])
    return measured, theory, rows


class Funnel(Live):
    """A network whose layers get narrower, or wider: no scheme keeps both the signal and the gradient."""

    SHAPES = (("funnel, 512 to 8", 512), ("trumpet, 8 to 512", 8), ("one width, 64", 64))
    HEADER = ("scheme", "keeps", "variance forward", "variance backward", "magnitude forward",
              "magnitude backward", "variance: forward / backward")  # fmt: skip

    def __init__(self) -> None:
        self.shape = ipywidgets.Dropdown(options=self.SHAPES, value=512, description="Shape")
        self.activation = activations("relu", "linear", "tanh", value="relu")
        self.measure = ipywidgets.Dropdown(
            options=[("magnitude, E|a|", "magnitude"), ("variance, E[a²]", "square")],
            value="square",
            description="Show",
        )
        self.forward = Chart(label="Size of the signal in every layer, four schemes", height=340)
        self.backward = Chart(label="Size of the gradient in every layer, four schemes", height=340)
        self.table = Table(
            caption="From one end of the network to the other: multiplied by", header=list(self.HEADER)
        )
        self._followed: tuple[tuple[int, str], Followed] | None = None
        super().__init__(self.forward, [self.shape, self.activation, self.measure])
        charts = row(self.forward, self.backward, style="lkv-columns")
        self.children = [row(self.shape, self.activation, self.measure), self.status, charts, self.table]

    def sizes(self) -> list[int]:
        if self.shape.value == 64:
            return [64] * 7
        powers = [2**k for k in range(9, 2, -1)]
        return powers if self.shape.value == 512 else powers[::-1]

    def compute(self, cancelled: Callable[[], bool]) -> None:
        from . import tower_figures as figures

        key = (self.shape.value, self.activation.value)
        if self._followed is None or self._followed[0] != key:  # another quantity is of the same networks
            self._followed = key, follow(self.sizes(), self.activation.value, cancelled)
        measured, theory, rows = self._followed[1]
        drawn = [
            figures.compare_figure(title, measured[quantity], theory[quantity], self.sizes())
            for title, quantity in zip(("The signal, forward", "The gradient, backward"),
                                       QUANTITIES[self.measure.value], strict=True)
        ]  # fmt: skip

        def change() -> None:
            self.forward.show(drawn[0])
            self.backward.show(drawn[1])
            self.table.fill(rows)

        self.show(change)


class DeepTraining(Live):
    """A deep network learns to count from four gains: which layers move, and which never do."""

    GAINS: ClassVar[dict[str, float]] = {
        "Standard Xavier": 1.0 / math.sqrt(3.0),
        "LeCun, Glorot": 1.0,
        "Kaiming": math.sqrt(2.0),
        "gain 3": 3.0,
    }
    STEPS, UNITS, RATE, PAUSE = 300, 64, 0.2, 0.2

    def __init__(self) -> None:
        self.activation = activations("tanh", "relu", "sigmoid", value="tanh")
        self.layers = Slider([2, 3, 5, 8, 10, 15, 20, 30], 20, "Layers")
        self.train = ipywidgets.Button(description="Train", button_style="success")
        self.stop = ipywidgets.Button(description="Stop", disabled=True)
        self.progress = ipywidgets.IntProgress(0, 0, self.STEPS, layout={"width": "140px", "display": "none"})
        self.words = ipywidgets.HTML()
        self.updates = Chart(label="How far one step moves each layer, for four gains", height=340)
        self.loss = Chart(label="Loss against the step, for four gains", height=340)
        self.asked = self.stopped = False
        super().__init__(self.updates, [self.activation, self.layers])
        self.train.on_click(self._on_train)
        self.stop.on_click(self._on_stop)
        charts = row(self.updates, self.loss, style="lkv-columns")
        controls = row(self.activation, self.layers, self.train, self.stop, self.progress)
        self.children = [controls, self.words, self.status, charts]

    def _on_train(self, _: ipywidgets.Button) -> None:
        self.asked = True
        self.progress.layout.display = ""
        self._restart()

    def _on_stop(self, _: ipywidgets.Button) -> None:
        self.stopped = True

    def compute(self, cancelled: Callable[[], bool]) -> None:
        self.stopped = False
        x, t = counting_task()
        hidden = [self.UNITS] * (int(self.layers.value) - 1)
        runs = {
            name: train_deep(2.0 * x - 1.0, t, hidden, self.activation.value,
                             get_initializer("scaled", gain=gain), self.RATE, len(x), self.STEPS)
            for name, gain in self.GAINS.items()
        }  # fmt: skip
        seen: dict[str, list[DeepStep]] = {name: [] for name in runs}
        shown_at = 0.0
        steps = self.STEPS if self.asked else 1  # a page that is only looked at shows the first step
        for number in range(1, steps + 1):
            for name, run in runs.items():
                seen[name].extend(step for step in [next(run, None)] if step)
            last = number == steps or self.stopped
            if last or time.monotonic() > shown_at + self.PAUSE:
                self._picture(seen, number, last)
                shown_at = time.monotonic()
            if last or cancelled():
                return

    def _picture(self, seen: dict[str, list[DeepStep]], number: int, done: bool) -> None:
        from . import tower_figures as figures

        updates = {name: np.mean([step.update for step in steps], axis=0) for name, steps in seen.items()}
        losses = {name: np.array([step.loss for step in steps]) for name, steps in seen.items()}
        told_of = [
            f"<b>{name}</b>: loss {told(losses[name][-1], 3)},"
            f" layer 1 moved by {told(100 * steps[-1].moved[0])} %"
            for name, steps in seen.items()
        ]
        words = say(f"After {number} step{'s' * (number > 1)}, from", "; ".join(told_of) + " of its length.")
        drawn = figures.update_figure(updates), figures.loss_figure(losses, self.STEPS)

        def change() -> None:
            self.updates.show(drawn[0])
            self.loss.show(drawn[1])
            self.words.value = words
            self.progress.value = number
            self.stop.disabled = done

        self.show(change)


def funnel() -> Funnel:
    """Four schemes in a network that narrows or widens."""
    return Funnel()


def deep_training() -> DeepTraining:
    """Which layers of a deep network move, from four gains."""
    return DeepTraining()
