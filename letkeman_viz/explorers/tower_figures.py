"""The charts of the chapter "Why initialization matters": layers left to right, magnitudes on log axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..mean_field import ACTIVATIONS, MeanField, fixed_point, level_gain
from ..propagation import Propagation
from .plots import DASHES, Figure, Trace, figure, line

Values = NDArray[np.float64]

GAINS = (0.1, 20.0)
LIMITS = {
    "float16": (2.0**-24, 65504.0),
    "float32": (2.0**-149, 3.4028235e38),
    "float64": (5e-324, 1.797e308),
}
"""The least and the largest number above 0 of each format."""
_DECADES = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0, 192.0, 256.0)
_BINS = 28
_TALL = 2.5  # decades of a distribution that are drawn; below it has a thin tail


class LogScale:
    """A log axis that stays while values move a little, with places of their own for 0 and for infinity."""

    def __init__(self, *curves: Values) -> None:
        values = np.concatenate([np.ravel(c) for c in curves])
        seen = np.log10(values[(values > 0.0) & np.isfinite(values)])
        self.low = -_roomy(-seen.min() if seen.size else 0.0)
        self.high = _roomy(seen.max() if seen.size else 0.0)
        span = self.high - self.low
        self.zero, self.infinity = 10.0 ** (self.low - 0.07 * span), 10.0 ** (self.high + 0.07 * span)
        self._zeros, self._wild = bool((values == 0.0).any()), not np.isfinite(values).all()

    def put(self, values: Values) -> Values:
        """Values with each 0 at its place; what is not finite becomes a gap."""
        return np.where(values == 0.0, self.zero, np.where(np.isfinite(values), values, np.nan))

    def axis(self) -> dict[str, Any]:
        every = max(1, round((self.high - self.low) / 6))
        powers = [p for p in range(math.ceil(self.low), math.floor(self.high) + 1) if p % every == 0]
        ticks, labels = [10.0**p for p in powers], [_power(p) for p in powers]
        edge = 0.11 * (self.high - self.low)
        if self._zeros:
            ticks, labels = [self.zero, *ticks], ["0", *labels]
        if self._wild:
            ticks, labels = [*ticks, self.infinity], [*labels, "∞"]
        low, high = self.low - edge * self._zeros, self.high + edge * self._wild
        return {"type": "log", "range": [low, high], "tickvals": ticks, "ticktext": labels}

    def overflow(self, values: Values) -> list[Trace]:
        """Marks at the layers whose values are infinite or not a number."""
        traces = []
        for name, there, symbol in (
            ("infinite", np.isinf(values), "triangle-up"),
            ("NaN", np.isnan(values), "x"),
        ):
            layers = np.flatnonzero(there)
            if layers.size:
                places = np.full(layers.size, self.infinity)
                marker = {"symbol": symbol, "size": 9}
                traces.append(
                    line(name, "--lkv-negative", layers.astype("f8"), places, mode="markers", marker=marker)
                    | {"hovertemplate": name}
                )
        return traces


def _roomy(decades: float) -> float:
    """The next of a few numbers of decades, so that an axis does not follow every small change."""
    return next((d for d in _DECADES if d >= decades + 0.05), 320.0)


def _power(p: int) -> str:
    if -3 <= p <= 3:
        return f"{10.0**p:g}"
    return f"10<sup>{p}</sup>".replace("-", "\N{MINUS SIGN}")


def _layer_axis(count: int) -> dict[str, Any]:
    every = 1 if count <= 12 else 5 if count <= 30 else 10
    ticks = [0, *(k for k in range(1, count + 1) if k % every == 0)]
    labels = ["in", *map(str, ticks[1:])]
    return {"title": "layer", "tickvals": ticks, "ticktext": labels, "range": [-0.7, count + 0.7]}


def violins(activations: Sequence[Values]) -> tuple[Values, Values]:
    """Outlines of the distribution of log10 |a| in each layer, as one polygon: x and y, with gaps of NaN."""
    x, y = [], []
    for layer, a in enumerate(activations):
        sizes = np.abs(a.ravel()[:: max(1, a.size // 4096)])
        sizes = np.log10(sizes[(sizes > 0.0) & np.isfinite(sizes)])
        if sizes.size < 8:
            continue
        top = float(sizes.max()) + 0.02
        counts, edges = np.histogram(sizes, _BINS, (top - _TALL, top))
        smooth = np.convolve(counts, [0.25, 0.5, 0.25])
        middle = np.concatenate([edges[:1], edges[1:] - 0.5 * (edges[1] - edges[0]), edges[-1:]])
        half = 0.42 * smooth / max(smooth.max(), 1e-9)
        x.append(np.concatenate([layer - half, (layer + half)[::-1], [np.nan]]))
        y.append(np.concatenate([10.0**middle, 10.0 ** middle[::-1], [np.nan]]))
    empty = np.empty(0)
    return np.concatenate([empty, *x]), np.concatenate([empty, *y])


def _points(name: str, color: str, measured: Values, scale: LogScale, **more: Any) -> Trace:
    """Means over the draws, with the least and the largest draw as a bar."""
    with np.errstate(invalid="ignore"):
        mean = measured.mean(0)
        settled = np.isfinite(mean) & (mean > 0.0)
        up, down = (
            np.where(settled, np.abs(edge - mean), 0.0) for edge in (measured.max(0), measured.min(0))
        )
    y = scale.put(mean)
    seen = ~np.isnan(y)
    bars = {"type": "data", "symmetric": False, "width": 0, "thickness": 1.5, "array": up[seen].tolist(),
            "arrayminus": down[seen].tolist()}  # fmt: skip
    where = np.flatnonzero(seen).astype("f8")
    return line(name, color, where, y[seen], true=mean[seen], mode="markers", error_y=bars, **more)


def _limits(stored_as: str, scale: LogScale, count: int) -> list[Trace]:
    """Where the numbers of the format end, if that is in sight."""
    ends = [end for end in LIMITS[stored_as] if scale.low < math.log10(end) < scale.high]
    return [
        line(f"{stored_as} ends", "--lkv-negative", [-0.7, count + 0.7], [end, end], dash="dot", mode="lines",
             showlegend=k == 0, hoverinfo="skip", line={"width": 1.5, "dash": "dot"})
        for k, end in enumerate(ends)
    ]  # fmt: skip


def signal_figure(found: Propagation, theory: MeanField, stored_as: str) -> Figure:
    """The activations of every layer: their distribution, mean magnitude, and theory."""
    count = len(found.layer_sizes) - 1
    x, y = violins(found.activations)
    scale = LogScale(found.magnitude, theory.magnitude)
    layers = np.arange(count + 1)
    spread = line("spread of one draw", "--lkv-layer-1", x, y, mode="none", fill="toself", hoverinfo="skip")
    traces = [
        spread,
        line("theory", "--lkv-ink", layers, scale.put(theory.magnitude), mode="lines"),
        _points("measured mean |a|", "--lkv-layer-1", found.magnitude, scale, marker={"size": 8}),
        *_limits(stored_as, scale, count),
        *scale.overflow(found.magnitude.sum(0)),
    ]
    return figure("The signal: size of the activations", traces, _layer_axis(count), scale.axis())


def gradient_figure(found: Propagation, theory: MeanField, stored_as: str) -> Figure:
    """The gradients that come back: with respect to activations and to weights, measured over theory."""
    count = len(found.layer_sizes) - 1
    weights = found.weight_gradient[:, 1:]
    scale = LogScale(found.gradient, weights, theory.gradient, theory.weight_gradient[1:])
    layers = np.arange(count + 1)
    square = {"size": 8, "symbol": "square-open"}
    of_weights = np.where(np.arange(count + 1) > 0, found.weight_gradient, np.nan)
    traces = [
        line("theory", "--lkv-ink", layers, scale.put(theory.gradient), mode="lines"),
        line("theory", "--lkv-ink", layers[1:], scale.put(theory.weight_gradient[1:]), mode="lines",
             dash="dash", showlegend=False),
        _points("mean |dL/da|", "--lkv-layer-2", found.gradient, scale, marker={"size": 8}),
        _points("mean |dL/dw|", "--lkv-layer-3", of_weights, scale, marker=square),
        *_limits(stored_as, scale, count),
        *scale.overflow(np.concatenate([[0.0], weights.sum(0)]) + found.gradient.sum(0)),
    ]  # fmt: skip
    return figure("The gradient that comes back", traces, _layer_axis(count), scale.axis())


def idle_figure(found: Propagation, theory: MeanField) -> Figure:
    """The share of saturated or dead units in every layer, in percent."""
    count = len(found.layer_sizes) - 1
    share = 100.0 * found.idle.mean(0)[1:]
    bars = {
        "type": "bar", "x0": 1, "dx": 1, "y": np.nan_to_num(share).astype("f4"), "opacity": 0.6,
        "name": "measured", "marker": {"line": {"width": 0}}, "hovertemplate": "%{y:.1f} %",
        "meta": {"color": "--lkv-layer-4"},
    }  # fmt: skip
    traces = [bars]
    if np.isfinite(theory.saturated[1:]).any():
        layers = np.arange(1, count + 1)
        traces.append(line("theory", "--lkv-ink", layers, 100.0 * theory.saturated[1:], mode="lines"))
    titles = {"relu": "Dead: 0 for every input", "linear": "A linear unit cannot saturate"}
    title = titles.get(found.activation, "Saturated: slope below a tenth of the largest")
    return figure(title, traces, _layer_axis(count), {"range": [0, 103], "ticksuffix": " %"})


@cache
def _factors(activation: str) -> tuple[Values, Values]:
    gains = np.unique([*np.geomspace(*GAINS, 81), level_gain(activation)])
    return gains, np.sqrt(fixed_point(activation, gains).chi)


def level_figure(activation: str, gain: float) -> Figure:
    """What a layer deep in the network multiplies a gradient by, against the gain; where it is level."""
    traces: list[Trace] = [
        line("level", "--lkv-ink", list(GAINS), [1.0, 1.0], mode="lines", showlegend=False,
             line={"width": 1.2, "dash": "solid"}, hoverinfo="skip")
    ]  # fmt: skip
    for k, name in enumerate(ACTIVATIONS):
        gains, factors = _factors(name)
        width = 4 if name == activation else 2
        label = "ReLU" if name == "relu" else name
        traces.append(
            line(label, f"--lkv-layer-{k + 1}", gains, factors, mode="lines",
                 line={"dash": DASHES[k], "width": width})
        )  # fmt: skip
    places = [level_gain(name) for name in ACTIVATIONS]
    traces.append(
        line("level", "--lkv-ink", places, np.ones(len(places)), mode="markers", showlegend=False,
             hoverinfo="skip", marker={"size": 10, "symbol": "circle-open"})
    )  # fmt: skip
    here = float(np.sqrt(fixed_point(activation, gain).chi))
    traces.append(
        line("this gain", "--lkv-focus", [gain], [here], mode="markers", showlegend=False,
             marker={"size": 14, "symbol": "diamond"})
    )  # fmt: skip
    ticks = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0]
    xaxis = {"title": "gain", "type": "log", "range": np.log10(GAINS).tolist(), "tickvals": ticks,
             "ticktext": [f"{t:g}" for t in ticks]}  # fmt: skip
    factors = [0.03, 0.1, 0.3, 1.0, 3.0, 10.0]
    yaxis = {
        "type": "log",
        "range": [-1.6, 1.1],
        "tickvals": factors,
        "ticktext": [f"\N{MULTIPLICATION SIGN}{f:g}" for f in factors],
    }
    return figure("What a deep layer does to a gradient", traces, xaxis, yaxis, hovermode="closest")


def compare_figure(
    title: str, measured: Mapping[str, Values], theory: Mapping[str, Values], sizes: Sequence[int] = ()
) -> Figure:
    """A line of theory and measured points for each of some schemes, layer by layer."""
    count = len(next(iter(theory.values()))) - 1
    scale = LogScale(*measured.values(), *theory.values())
    traces = []
    symbols = ("circle", "square", "diamond", "triangle-up", "cross")
    for k, (name, values) in enumerate(theory.items()):
        color = f"--lkv-layer-{k + 1}"
        traces.append(
            line(name, color, np.arange(count + 1), scale.put(values), dash=DASHES[k], mode="lines",
                 showlegend=False, hoverinfo="skip")
        )  # fmt: skip
        traces.append(
            line(name, color, np.arange(count + 1), scale.put(measured[name]), true=measured[name],
                 mode="markers", marker={"size": 8, "symbol": symbols[k]})
        )  # fmt: skip
    axis = _layer_axis(count)
    if sizes:
        axis |= {"title": "units", "tickvals": list(range(count + 1)), "ticktext": list(map(str, sizes))}
    return figure(title, traces, axis, scale.axis())


def update_figure(updates: Mapping[str, Values]) -> Figure:
    """How far a step moves each layer, as a share of its length: a line for each training."""
    count = len(next(iter(updates.values())))
    scale = LogScale(*updates.values())
    symbols = ("circle", "square", "diamond", "triangle-up")
    traces = [
        line(name, f"--lkv-layer-{k + 1}", np.arange(1, count + 1), scale.put(values), true=values,
             dash=DASHES[k], mode="lines+markers", marker={"size": 7, "symbol": symbols[k]})
        for k, (name, values) in enumerate(updates.items())
    ]  # fmt: skip
    return figure("Mean step, as a share of the weights", traces, _layer_axis(count), scale.axis())


def loss_figure(losses: Mapping[str, Values], steps: int) -> Figure:
    """The loss of several trainings against the step."""
    traces = [
        line(
            name,
            f"--lkv-layer-{k + 1}",
            np.arange(1, len(values) + 1),
            values,
            dash=DASHES[k],
            mode="lines" if len(values) > 1 else "markers",
        )
        for k, (name, values) in enumerate(losses.items())
    ]
    highest = max(float(np.nanmax(v)) for v in losses.values())
    xaxis = {"title": "step", "range": [0, steps]}
    return figure("The loss", traces, xaxis, {"range": [0, 1.08 * min(max(highest, 0.1), 5.0)]})
