"""What the tower shows, in sentences: only what its own numbers say."""

from __future__ import annotations

import math

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from ..mean_field import level_gain
from ..propagation import Propagation

Values = NDArray[np.float64]

TIMES = "\N{MULTIPLICATION SIGN}"
NAMES = {"sigmoid": "the sigmoid", "tanh": "tanh", "relu": "ReLU", "linear": "a linear layer"}


def told(value: float, digits: int = 2) -> str:
    """A number with so many digits, as people write it."""
    if value == 0.0 or not math.isfinite(value):
        return "0" if value == 0.0 else str(value)
    if 0.001 <= abs(value) < 100_000:
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{digits}g}"
    size, power = f"{value:.{digits - 1}e}".split("e")
    return f"{size}·10<sup>{int(power)}</sup>".replace("-", "\N{MINUS SIGN}")


def say(*sentences: str) -> str:
    """Sentences as the paragraph that stands above a chart."""
    return "<p class='lkv-say' role='status'>" + " ".join(filter(None, sentences)) + "</p>"


def activations(*names: str, value: str) -> ipywidgets.Dropdown:
    """A choice of activations."""
    options = [("ReLU" if name == "relu" else name, name) for name in names]
    return ipywidgets.Dropdown(options=options, value=value, description="Activation")


def layers_told(layers: Values) -> str:
    """Layer numbers, ascending, as "layer 3" or "layers 3 to 7"."""
    first, last = int(layers[0]), int(layers[-1])
    return f"layer {first}" if first == last else f"layers {first} to {last}"


def tower_words(found: Propagation, gain: float, stored_as: str) -> str:
    """A paragraph of HTML: the gradient, the signal, and what is idle or out of range."""
    return say(_gradient(found, gain, stored_as), _signal(found, stored_as), _idle(found))


def _per_layer(start: float, end: float, count: int) -> float:
    """The factor from layer to layer that leads from ``start`` to ``end``."""
    return math.exp((math.log(end) - math.log(start)) / count)


def _gradient(found: Propagation, gain: float, stored_as: str) -> str:
    with np.errstate(invalid="ignore"):
        sizes = found.gradient.mean(0)
        weights = found.weight_gradient.mean(0)[1:]
    count = len(sizes) - 1
    wrong = np.flatnonzero(~np.isfinite(sizes))
    if wrong.size:
        where = f"from layer {wrong[-1]} back to the input"
        return f"<b>The gradient is lost:</b> {where} it is not a finite number."
    zero = np.flatnonzero(weights == 0.0) + 1
    alive = int(np.flatnonzero(sizes > 0.0)[0])
    if alive == count:
        return f"<b>No gradient at all:</b> it is exactly 0 in {layers_told(zero)}."
    factor = _per_layer(sizes[count], sizes[alive], count - alive)
    left, across = sizes[alive] / sizes[count], count - alive
    after = f"after {across} layer{'s' * (across != 1)}"
    if 0.97 <= factor <= 1.03:
        text = f"<b>The gradient is level:</b> {TIMES} {factor:.3f} per layer"
    elif 0.9 <= factor <= 1.1:
        way = "fades" if factor < 1.0 else "grows"
        text = f"<b>The gradient {way} slowly:</b> {TIMES} {factor:.3f} per layer"
    elif factor < 1.0:
        text = f"<b>The gradient vanishes:</b> it shrinks {told(1 / factor)} times per layer on its way back"
        text += f" (its variance {told(1 / factor**2)} times)"
    else:
        text = f"<b>The gradient explodes:</b> it grows {told(factor)} times per layer on its way back"
    text += f"; {after} " + (
        f"{told(left)} of it is left." if left < 2 else f"it is {told(left)} times as large."
    )
    if zero.size:
        text += f" In {layers_told(zero)} it is exactly 0: too small for {stored_as}."
    return text + _too_small(found, weights, gain, factor)


def _too_small(found: Propagation, weights: Values, gain: float, factor: float) -> str:
    """Which layers a step of rate 1 could not change in float32, and how far off underflow is."""
    typical = (0.8 * gain / np.sqrt(found.layer_sizes[:-1])).astype(np.float32)
    stuck = np.flatnonzero((weights > 0.0) & (weights < 0.5 * np.spacing(typical))) + 1
    text = ""
    if stuck.size:
        text = (
            f" In {layers_told(stuck)} a step at rate 1 is lost: float32 has seven digits, and a typical"
            " weight would change only after them."
        )
    if factor < 0.9:
        depth = math.ceil(math.log(2.0**-149) / math.log(factor))
        text += f" The number itself would run out of float32 after about {depth:,} layers."
    return text


def _signal(found: Propagation, stored_as: str) -> str:
    with np.errstate(invalid="ignore"):
        sizes = found.magnitude.mean(0)
    infinite = np.flatnonzero(~np.isfinite(sizes))
    if infinite.size:
        at = int(infinite[0])
        text = f"<b>Overflow:</b> in layer {at} the signal grows beyond what {stored_as} can hold"
        nan = np.flatnonzero(np.isnan(sizes))
        return text + (f"; from layer {nan[0]} on it is NaN, infinity minus infinity." if nan.size else ".")
    count = len(sizes) - 1
    dead = np.flatnonzero(sizes == 0.0)
    if dead.size:
        return f"The signal is exactly 0 from layer {dead[0]} on."
    if count < 2:
        return ""
    factor = _per_layer(sizes[1], sizes[count], count - 1)
    ends = f"from {told(sizes[1])} in layer 1 to {told(sizes[-1])} in layer {count}"
    if 0.97 <= factor <= 1.03:
        # A sigmoid is never near 0, so its mean |a| says little: what it tells apart is in the spread.
        spread = f", its spread {told(found.std[1])} and {told(found.std[-1])}" * (
            found.activation == "sigmoid"
        )
        return f"The signal keeps its size: mean |a| goes {ends}{spread}."
    if 0.9 <= factor <= 1.1:
        way = "fades slowly" if factor < 1.0 else "grows slowly"
        return f"The signal {way}, {TIMES} {factor:.3f} per layer, {ends}."
    way, change = ("shrinks", 1.0 / factor) if factor < 1.0 else ("grows", factor)
    return f"The signal {way} {told(change)} times per layer, {ends}."


def _idle(found: Propagation) -> str:
    share = float(found.idle.mean(0)[-1])
    if not share >= 0.1:  # NaN, too
        return ""
    if found.activation == "relu":
        return f"In the last layer {share:.0%} of the units are dead: 0 for all inputs."
    return f"In the last layer {share:.0%} of the units are saturated."


def cure_label(activation: str) -> str:
    """What the button that puts the gain right says."""
    return f"Cure: gain {level_gain(activation):.4g}, level for {NAMES[activation]}"
