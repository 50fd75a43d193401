"""The charts of the chapter "Results"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..experiments.analysis import epochs_to_reach
from ..experiments.records import Records
from .plots import Curve, Figure, Trace, figure, line, log_axis
from .race_schemes import LABELS, scheme_line

LEVELS = 160
BELOW: dict[str, Any] = {
    "legend": {"orientation": "h", "x": 0, "y": -0.16, "yanchor": "top"},
    "margin": {"l": 50, "t": 28},
}
"""Five names take two or three lines: under the chart they are in nobody's way, and Plotly makes room."""
ACTIVE = "+active"
BEHIND: dict[str, Any] = {"showlegend": False, "hoverinfo": "skip", "hovertemplate": None, "mode": "lines"}
"""What only stands behind the curves that are named."""


def label(variant: str) -> str:
    """The scheme's name for people."""
    name = variant.removesuffix(ACTIVE)
    return LABELS[name] + (", active nodes" if variant.endswith(ACTIVE) else "")


def variant_line(variant: str, x: Any, y: Any, *, title: str = "", thin: bool = False, **more: Any) -> Trace:
    """A curve in the colour and with the mark of its scheme; ``title`` in the place of its label."""
    trace = scheme_line(variant.removesuffix(ACTIVE), x, y, **more)
    trace["name"] = title or label(variant)
    if thin:
        trace["line"] = {**trace["line"], "width": 1}
    return trace


def loss_figure(
    records: Records, variants: Sequence[str], seeds: Sequence[int], level: float, single: bool, log: bool
) -> Figure:
    """Mean loss by epoch, with a band from the best to the worst seed or with every seed, and the line."""
    curves = {variant: records.curves(variant, seeds) for variant in variants}
    shown, axis = _axis(list(curves.values()), log)
    traces: list[Trace] = []
    for (variant, true), drawn in zip(curves.items(), shown, strict=True):
        if single:
            traces += [variant_line(variant, records.epochs, one, thin=True, **BEHIND) for one in drawn]
        else:
            around = np.concatenate([records.epochs, records.epochs[::-1]])
            band = np.concatenate([drawn.min(axis=0), drawn.max(axis=0)[::-1]])
            traces.append(
                variant_line(
                    variant, around, band, fill="toself", **(BEHIND | {"mode": "none", "opacity": 0.5})
                )
            )
        mean = true.mean(axis=0)
        traces.append(variant_line(variant, records.epochs, mean))
    ends = [1, records.last]
    traces.append(line("the chosen loss", "--lkv-ink", ends, [level, level], dash="dash", mode="lines"))
    what = "every seed and their mean" if single else "mean, best to worst seed"
    return figure(f"Training loss: {what}", traces, _epoch_axis(records), axis, **BELOW)


def _axis(curves: list[Curve], log: bool) -> tuple[list[Curve], dict[str, Any]]:
    if log:
        return log_axis(curves)
    every = np.concatenate([np.ravel(curve) for curve in curves])
    low, high = (float(pick(every[np.isfinite(every)])) for pick in (np.min, np.max))
    # From zero, unless that would leave most of the chart empty.
    return curves, {"range": [0.0 if low < 0.3 * high else 0.95 * low, 1.05 * high]}


def _epoch_axis(records: Records) -> dict[str, Any]:
    return {"title": "epoch", "range": [0, 1.01 * records.last]}


def reach_figure(records: Records, variants: Sequence[str], seeds: Sequence[int], level: float) -> Figure:
    """Epochs until the mean loss is down to each level; what is never reached is not drawn."""
    means = {variant: records.curves(variant, seeds).mean(axis=0) for variant in variants}
    levels = levels_of(list(means.values()))
    traces = []
    for variant, mean in means.items():
        epochs = epochs_to_reach(records.epochs, mean[None], levels)
        traces.append(variant_line(variant, levels, np.where(np.isfinite(epochs), epochs, np.nan)))
    chosen = line(
        "the chosen loss", "--lkv-ink", [level, level], [1, records.last], dash="dash", mode="lines"
    )
    _, ticks = log_axis([levels])
    xaxis = {"title": "loss to be reached (lower to the right)", **ticks}
    xaxis["range"] = xaxis["range"][::-1]
    yaxis = {"range": [0, 1.03 * records.last]}
    return figure("Epochs until the mean loss is reached", [*traces, chosen], xaxis, yaxis, **BELOW)


def levels_of(means: list[Curve]) -> NDArray[np.float64]:
    """Losses from the highest to the lowest of some curves, spaced by ratios."""
    known = np.concatenate(means)
    known = known[np.isfinite(known) & (known > 0)]
    return np.geomspace(known.max(), known.min(), LEVELS)


def solved_figure(records: Records) -> Figure:
    """Share of all seeds that have solved the task by each epoch."""
    epochs = np.unique(np.geomspace(100, records.last, 200).round()).astype(np.int64)
    traces = []
    for variant in records.variants:
        at = records.perfect[records.rows(variant)]
        share = ((at > 0)[:, None] & (at[:, None] <= epochs)).mean(axis=0)
        traces.append(variant_line(variant, epochs, 100 * share))
    xaxis = {"title": "epoch", "range": [0, 1.01 * records.last]}
    return figure(
        f"Of {len(records.seeds)} seeds, per cent with all 32 right",
        traces,
        xaxis,
        {"range": [-2, 102]},
        **BELOW,
    )


def ends_figure(records: Records, chosen: Sequence[int]) -> Figure:
    """Final loss of every seed, one row of dots a scheme; the chosen seeds stand out."""
    traces: list[Trace] = []
    for k, variant in enumerate(records.variants):
        every, five = records.curves(variant)[:, -1], np.isin(records.seeds, chosen)
        spread = np.random.default_rng(k).uniform(-0.22, 0.22, len(every))
        dots = BEHIND | {"mode": "markers"}
        traces.append(variant_line(variant, every, k + spread, **dots, marker={"size": 5}, opacity=0.45))
        ring = {"size": 13, "symbol": "circle-open", "line": {"width": 2.5}}
        traces.append(line("the five", "--lkv-ink", every[five], (k + spread)[five], **dots, marker=ring))
    _, ticks = log_axis([records.loss[:, -1]])
    powers = [10.0**p for p in range(-9, 3) if ticks["range"][0] <= p <= ticks["range"][1]]
    ticks |= {"tickvals": powers, "ticktext": [f"{power:g}" for power in powers]}
    names = [label(variant) for variant in records.variants]
    yaxis = {
        "tickvals": list(range(len(names))),
        "ticktext": [_two_lines(n) for n in names],
        "range": [len(names) - 0.5, -0.5],  # the first scheme above the others, as in the table
    }
    layout = {"margin": {"l": 88, "t": 28}, "hovermode": False}
    return figure(
        "Final loss of every seed; rings: the five", traces, {"title": "final loss", **ticks}, yaxis, **layout
    )


def _two_lines(name: str) -> str:
    return name.replace(" ", "<br>", 1)


def active_figure(records: Records, variants: Sequence[str], title: str, top: float, bottom: float) -> Figure:
    """Mean loss by epoch on given ends of the axis, so that two charts can be compared."""
    traces = [
        variant_line(v, records.epochs, records.curves(v).mean(axis=0), title=LABELS[v.removesuffix(ACTIVE)])
        for v in variants
    ]
    return figure(title, traces, _epoch_axis(records), {"range": [bottom, top]}, **BELOW)


def plain_figure(records: Records, title: str) -> Figure:
    """Median loss by epoch of all schemes: one failed seed does not move it."""
    medians = [np.median(records.curves(variant), axis=0) for variant in records.variants]
    shown, axis = log_axis(medians)
    traces = [variant_line(v, records.epochs, y) for v, y in zip(records.variants, shown, strict=True)]
    return figure(title, traces, _epoch_axis(records), axis, **BELOW)


def live_loss_figure(curves: Mapping[str, Curve], epochs: int) -> Figure:
    """Loss so far of every scheme; ``epochs`` is how far the run will go."""
    values = np.concatenate(list(curves.values()))
    log = bool(np.nanmin(values) < 0.3 * np.nanmax(values))  # a narrow range needs no logarithm
    shown, axis = _axis(list(curves.values()), log)
    traces = [
        variant_line(v, np.arange(1, len(y) + 1), y, true=t)
        for (v, t), y in zip(curves.items(), shown, strict=True)
    ]
    xaxis = {"title": "epoch", "range": [0.5, epochs + 0.5]}
    return figure("Training loss", traces, xaxis, axis, **BELOW)


def live_gradient_figure(sizes: Mapping[str, Curve], layers: Sequence[str]) -> Figure:
    """Mean |dL/dw| of each layer, input to output, in the last epoch."""
    shown, axis = log_axis(list(sizes.values()))
    traces = [
        variant_line(v, np.arange(len(layers)), y, true=t, mode="lines+markers")
        for (v, t), y in zip(sizes.items(), shown, strict=True)
    ]
    xaxis = {"tickvals": list(range(len(layers))), "ticktext": [n.replace(" ", "<br>", 1) for n in layers],
             "range": [-0.3, len(layers) - 0.7]}  # fmt: skip
    legend = {**BELOW["legend"], "y": -0.26}  # under names of two lines
    return figure("Gradient: mean |dL/dw| of each layer", traces, xaxis, axis, **(BELOW | {"legend": legend}))


def waiting_figure(title: str) -> Figure:
    """An empty chart: what will be here once something runs."""
    return figure(
        title, [], {"range": [0, 1], "showticklabels": False}, {"range": [0, 1], "showticklabels": False}
    )
