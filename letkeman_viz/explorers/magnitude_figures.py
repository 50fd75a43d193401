"""The charts of the chapter "Preserving magnitude"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .plots import DASHES, Figure, figure, line

TIMES = ["1/100", "1/10", "kept", "10 times", "100 times"]

Values = NDArray[np.float64]

# Blue is too small, vermillion too large; what is kept has the colour of neither.
TOO_SMALL_TO_TOO_LARGE = [
    [0.0, "#0b4f82"],
    [0.35, "#6aa7d6"],
    [0.5, "#f4f1e6"],
    [0.65, "#e79a6b"],
    [1.0, "#9c3a05"],
]


def histogram_figure(edges: Values, density: Values, x: Values, exact: Values, mean: float) -> Figure:
    """Sampled density of \\|sum\\| (bars) under the exact one (line), and the mean so far."""
    top = 1.15 * float(max(exact.max(), density.max()))
    bars = {
        "type": "bar",
        "x": ((edges[1:] + edges[:-1]) / 2).astype("f4"),
        "y": density.astype("f4"),
        "width": float(edges[1] - edges[0]),
        "name": "sampled",
        "marker": {"line": {"width": 0}},
        "opacity": 0.55,
        "meta": {"color": "--lkv-layer-1"},
    }
    traces = [
        bars,
        line("exact density", "--lkv-ink", x, exact, mode="lines"),
        line("mean so far", "--lkv-layer-2", [mean, mean], [0.0, top], dash="dash", mode="lines"),
    ]
    axes: tuple[dict[str, Any], dict[str, Any]] = (
        {"title": "|sum of the weights|", "range": [0.0, float(edges[-1])]},
        {"range": [0.0, top], "showticklabels": False},
    )
    return figure("How large is an output?", traces, *axes)


def running_mean_figure(draws: Values, mean: Values, error: Values, exact: float, last: int) -> Figure:
    """The running mean with two standard errors on either side, and the exact value it settles on."""
    band = line(
        "two standard errors", "--lkv-layer-1",
        np.concatenate([draws, draws[::-1]]), np.concatenate([mean + 2 * error, (mean - 2 * error)[::-1]]),
        fill="toself", mode="none", hoverinfo="skip",
    )  # fmt: skip
    spread = max(6 * float(error[min(2, len(error) - 1)]), 1e-3 * exact)
    traces = [
        band,
        line("running mean", "--lkv-layer-1", draws, mean, mode="lines"),
        line("exact", "--lkv-ink", [draws[0], last], [exact, exact], dash="dash", mode="lines"),
    ]
    xaxis = {"title": "draws", "type": "log", "range": [np.log10(draws[0]), np.log10(last)], "dtick": 1}
    return figure("Its mean settles", traces, xaxis, {"range": [exact - spread, exact + spread]})


def approximation_figure(n: Values, errors: Mapping[str, Values]) -> Figure:
    """Relative error of approximations of E|S_n|, in parts per million, against n."""
    colors = ("--lkv-layer-2", "--lkv-layer-1")
    traces = [
        line(name, color, n, 1e6 * error, dash=dash, mode="lines")
        for (name, error), color, dash in zip(errors.items(), colors, DASHES, strict=False)
    ]
    xaxis = {"title": "number of inputs n", "type": "log", "dtick": 1}
    return figure(
        "Relative error, parts per million", traces, xaxis, {"zeroline": True, "range": [-350, 850]}
    )


def heat_map(sizes: Sequence[int], magnitude: Values, column: int, across: int, title: str) -> Figure:
    """log10 of the magnitude over (fan_in, fan_out), with a cross-hair at (column, across)."""
    places = list(range(len(sizes)))
    cells = {
        "type": "heatmap",
        "x": places,
        "y": places,
        "z": np.log10(magnitude).astype("f4"),
        "customdata": magnitude.astype("f4"),
        "hovertemplate": "%{customdata:.3g}<extra></extra>",
        "zmin": -2,
        "zmax": 2,
        "colorscale": TOO_SMALL_TO_TOO_LARGE,
        "colorbar": {"tickvals": [-2, -1, 0, 1, 2], "ticktext": TIMES, "thickness": 12},
    }
    ends = [-0.5, len(sizes) - 0.5]
    hair: dict[str, Any] = {"mode": "lines", "showlegend": False, "hoverinfo": "skip"}
    traces = [
        cells,
        line("fan_in", "--lkv-focus", [column, column], ends, **hair),
        line("fan_out", "--lkv-focus", ends, [across, across], **hair),
    ]
    across_ticks, up_ticks = (
        {
            "tickvals": places[::every],
            "ticktext": [str(s) for s in sizes[::every]],
            "range": ends,
            "tickangle": 0,
        }
        for every in (4, 2)
    )
    axes = {"title": "fan_in, n", **across_ticks}, {"title": "fan_out, m", **up_ticks}
    margin = {"t": 28, "r": 10, "l": 62, "b": 46}
    return figure(title, traces, *axes, showlegend=False, hovermode="closest", margin=margin)


def gain_figure(
    gains: Mapping[str, float], slopes: Mapping[str, float], measured: Mapping[str, float]
) -> Figure:
    """Magnitude of an output against the gain: a line for each kind of input, a mark for each scheme."""
    end = 1.7
    kinds = [
        line(kind, f"--lkv-layer-{k + 1}", [0.0, end], [0.0, end * slope], dash=DASHES[k], mode="lines")
        for k, (kind, slope) in enumerate(slopes.items())
    ]
    dots = [
        line(
            f"{kind}, measured", f"--lkv-layer-{list(slopes).index(kind) + 1}", list(gains.values()),
            [gain * slope for gain in gains.values()], mode="markers", marker={"size": 8}, showlegend=False,
        )
        for kind, slope in measured.items()
    ]  # fmt: skip
    kept = line("kept", "--lkv-ink", [0.0, end], [1.0, 1.0], dash="dash", mode="lines", showlegend=False)
    names = {
        "type": "scatter",
        "x": list(gains.values()),
        "y": [1.62 - 0.12 * (k % 3) for k in range(len(gains))],
        "text": list(gains),
        "mode": "text",
        "showlegend": False,
        "hoverinfo": "skip",
        "textposition": "middle center",
    }
    stems = [
        line(name, "--lkv-line", [g, g], [0.0, 1.56 - 0.12 * (k % 3)], mode="lines", showlegend=False,
             hoverinfo="skip", line={"width": 1})
        for k, (name, g) in enumerate(gains.items())
    ]  # fmt: skip
    xaxis = {"title": "one number: std · √fan_in", "range": [0.3, end]}
    yaxis = {"title": "|output| / |active input|", "range": [0.0, 1.75]}
    return figure("What the layer does to magnitude", [*stems, kept, *kinds, *dots, names], xaxis, yaxis)


def depth_figure(by_scheme: Mapping[str, Values]) -> Figure:
    """Mean magnitude after each layer of a deep linear network, one line a scheme, on a log axis."""
    traces = [
        line(name, f"--lkv-layer-{k + 1}", np.arange(1, len(values) + 1), values, dash=DASHES[k])
        for k, (name, values) in enumerate(by_scheme.items())
    ]
    xaxis = {"title": "layer", "dtick": 1}
    return figure("Ten linear layers, one after another", traces, xaxis, {"type": "log", "dtick": 1})
