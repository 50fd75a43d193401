"""The smaller explorables of the chapter "Why initialization matters"."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from ..initializers import Initializer, get_initializer
from ..mean_field import level_gain
from ..network import backward_pass, forward_pass, slope
from ..propagation import Propagation, distinct_units, propagate
from ..widgets import Slider, Table
from .live import Live, row
from .tower_words import TIMES, activations, layers_told, say, told

Values = NDArray[np.float64]


class NaiveFixes(Live):
    """Starting weights that anybody would try first, and what each layer makes of them."""

    LAYERS, UNITS = 6, 50
    STARTS = (
        ("all zeros", "zeros"),
        ("all ones", "ones"),
        ("tiny noise", "tiny"),
        ("too large", "large"),
        ("gain that fits", "fits"),
    )
    HEADER = ("layer", "mean |a|", "different units", "mean |dL/da|", "mean |dL/dw|")

    def __init__(self) -> None:
        self.start = ipywidgets.ToggleButtons(options=self.STARTS, value="zeros", description="Start from")
        self.start.style.button_width = "auto"
        self.activation = activations("sigmoid", "tanh", "relu", value="sigmoid")
        self.words = ipywidgets.HTML()
        self.table = Table(
            caption=f"{self.LAYERS} layers of {self.UNITS} units; marked: no gradient",
            header=list(self.HEADER),
        )
        super().__init__(self.table, [self.start, self.activation])
        self.children = [row(self.start, self.activation), self.words, self.status, self.table]

    def scheme(self) -> Initializer:
        start = self.start.value
        if start in ("zeros", "ones"):
            return get_initializer(start)
        gain = {"tiny": 0.01, "large": 20.0, "fits": level_gain(self.activation.value)}[start]
        return get_initializer("scaled", gain=gain)

    def compute(self, cancelled: Callable[[], bool]) -> None:
        found = propagate([self.UNITS] * (self.LAYERS + 1), self.activation.value, self.scheme(), draws=4)
        distinct = [distinct_units(a) for a in found.activations]
        sizes = {name: getattr(found, name).mean(0) for name in ("magnitude", "gradient", "weight_gradient")}
        rows = [
            [str(k), _shown(sizes["magnitude"][k]), f"{distinct[k]} of {self.UNITS}",
             _shown(sizes["gradient"][k]), _shown(sizes["weight_gradient"][k])]
            for k in range(1, self.LAYERS + 1)
        ]  # fmt: skip
        still = np.flatnonzero(sizes["weight_gradient"][1:] == 0.0) + 1
        words = self._words(found, distinct, still)

        def change() -> None:
            self.table.fill(rows, marked=[int(k) - 1 for k in still])
            self.words.value = words

        self.show(change)

    def _words(self, found: Propagation, distinct: list[int], still: NDArray[np.int64]) -> str:
        same = np.flatnonzero(np.array(distinct) == 1)
        parts = []
        if same.size:
            parts.append(
                f"<b>In {layers_told(same)} all {self.UNITS} units are the same</b>: worth one unit."
            )
        elif min(distinct) == self.UNITS:
            parts.append(f"All {self.UNITS} units of every layer differ.")
        if still.size:
            parts.append(
                f"<b>The gradient is exactly 0 in {layers_told(still)}</b>: there, nothing can move."
            )
        else:
            parts.append("Every layer gets a gradient.")
        weights = found.weight_gradient.mean(0)
        if not still.size:
            times = _times(weights[self.LAYERS] / weights[1])
            parts.append(f"That of layer 1 is {told(weights[1])}, {times} that of layer {self.LAYERS}.")
        idle = found.idle.mean(0)[-1]
        if idle > 0.1:
            kind = "dead" if found.activation == "relu" else "saturated"
            parts.append(f"{idle:.0%} of the last layer's units are {kind}.")
        return say(*parts)


def _times(ratio: float) -> str:
    if 0.9 < ratio < 1.1:
        return "about as large as"
    return f"{told(ratio)} times smaller than" if ratio > 1.0 else f"{told(1.0 / ratio)} times larger than"


def _shown(value: float) -> str:
    """Two digits as plain text, a zero as what it is."""
    return "exactly 0" if value == 0.0 else f"{value:.2g}"


class TwoProducts(Live):
    """Three layers of one unit each: every number that makes up a gradient, and the check by nudging."""

    WEIGHTS = tuple(round(0.1 * k, 1) for k in range(-50, 51))
    HEADER = ("layer", "in: x", "weight w", "sum w·x", "out: a", "slope", "error e", "gradient x·e",
              "by nudging w")  # fmt: skip
    TARGET = 0.0

    def __init__(self) -> None:
        self.activation = activations("sigmoid", "tanh", "relu", "linear", value="sigmoid")
        self.weight = Slider(self.WEIGHTS, 1.0, "All weights w")
        self.input = Slider([round(0.1 * k, 1) for k in range(0, 31)], 1.0, "Input")
        self.words = ipywidgets.HTML()
        self.table = Table(
            caption=f"Three layers; the output should be {self.TARGET:g}", header=list(self.HEADER)
        )
        super().__init__(self.table, [self.activation, self.weight, self.input])
        controls = row(self.activation, self.weight, self.input)
        self.children = [controls, self.table, self.words, self.status]
        self.compute(lambda: False)  # at once: it is quick, and there is nothing else to see

    def compute(self, cancelled: Callable[[], bool]) -> None:
        name, w, x = self.activation.value, float(self.weight.value), float(self.input.value)
        layers, names = _chain([w] * 3), [name] * 3
        activations = forward_pass(layers, names, np.array([[x]]))
        deltas = backward_pass(layers, names, activations, activations[-1] - self.TARGET)
        outs, errors = ([float(part[0, 0]) for part in parts] for parts in (activations, deltas))
        slopes = [float(slope(name, a)) for a in outs[1:]]
        gradients = [a * e for a, e in zip(outs, errors, strict=False)]
        columns = (outs, [w] * 3, [w * a for a in outs], outs[1:], slopes, errors, gradients)
        rows = [
            [str(k + 1), *(f"{column[k]:.4g}" for column in columns), f"{self._nudged(name, w, x, k):.4g}"]
            for k in range(3)
        ]
        e1, e2, e3 = map(told, errors)
        s1, s2 = map(told, slopes[:2])
        words = say(
            f"The error of layer 3 goes back through its weight: {w:g} {TIMES} {e3}, times the slope {s2}"
            f" of layer 2, is layer 2's error, <b>{e2}</b>. Once more: {w:g} {TIMES} {e2} {TIMES} {s1} ="
            f" <b>{e1}</b>. The gradient of the first weight is what comes in, times that:"
            f" {x:g} {TIMES} {e1} = <b>{told(gradients[0])}</b>."
        )

        def change() -> None:
            self.table.fill(rows)
            self.words.value = words

        self.show(change)

    def _nudged(self, name: str, w: float, x: float, layer: int, step: float = 1e-5) -> float:
        """The gradient of one weight without calculus: how the loss changes when it is moved a little."""
        losses = []
        for sign in (1.0, -1.0):
            weights = [w + sign * step * (k == layer) for k in range(3)]
            output = float(forward_pass(_chain(weights), [name] * 3, np.array([[x]]))[-1][0, 0])
            losses.append(0.5 * (output - self.TARGET) ** 2)
        return (losses[0] - losses[1]) / (2.0 * step)


def _chain(weights: list[float]) -> list[tuple[Values, Values]]:
    """Layers of one unit each, without biases."""
    return [(np.array([[w]]), np.zeros(1)) for w in weights]


def naive_fixes() -> NaiveFixes:
    """All zeros, all ones, tiny noise, too large: what each layer makes of them."""
    return NaiveFixes()


def two_products() -> TwoProducts:
    """What a gradient is made of, with the numbers of a network of three layers."""
    return TwoProducts()
