"""The charts of "are five seeds enough?"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..study import Study
from .plots import Figure, Trace, figure, log_axis
from .race_schemes import LABELS, scheme_line

LOSS, RIGHT = "loss", "right"
MARGIN = {"t": 28}


def band_figure(study: Study, what: str, count: int) -> Figure:
    """Median and middle half, over the first ``count`` seeds, of the loss or of the rows right."""
    every = 2 if len(study.steps) > 150 else 1  # as many points as a screen can show
    steps = study.steps[::every]
    low, middle, high = study.band(what, first=count)[:, :, ::every]
    axis: dict[str, object] = {"range": [-0.9, study.rows + 0.9], "dtick": 8}
    if what == LOSS:
        (low, middle, high), axis = log_axis([low, middle, high])
    bands = [_band(name, steps, low[k], high[k]) for k, name in enumerate(study.schemes)]
    lines = [scheme_line(name, steps, middle[k]) for k, name in enumerate(study.schemes)]
    title = "Loss" if what == LOSS else f"Right, of {study.rows}"
    seeds = f"{count} seed{'s' if count > 1 else ''}"
    xaxis = {"title": "epoch", "range": [-0.01 * study.epochs, 1.01 * study.epochs], "nticks": 6}
    below = {"orientation": "h", "x": 0, "y": -0.16, "yanchor": "top"}  # room for as many lines as it takes
    heading = f"{title}: median of {seeds}, band 25 to 75 %"
    return figure(heading, [*bands, *lines], xaxis, axis, legend=below, margin=MARGIN)


def _band(name: str, steps: NDArray[np.int64], low: NDArray[Any], high: NDArray[Any]) -> Trace:
    seen = np.isfinite(low) & np.isfinite(high)
    x, low, high = steps[seen], low[seen], high[seen]
    return scheme_line(
        name, np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]]),
        fill="toself", mode="none", hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def places_figure(schemes: Sequence[str], orders: Sequence[Sequence[int]], size: int) -> Figure:
    """The place of each scheme in one experiment after another, each of ``size`` other seeds."""
    places = np.argsort(np.array(orders), axis=1) + 1  # [experiment, scheme]
    across = np.arange(1, len(orders) + 1)
    marker = {"size": 10}
    lines = [
        scheme_line(name, across, places[:, k], marker={**_mark(name), **marker}, showlegend=False)
        for k, name in enumerate(schemes)
    ]
    last = len(orders)
    xaxis = {"title": f"experiment, each of {size} other seeds" if size > 1 else "seed",
             "range": [0.5, last + 0.5], "nticks": 10, "tickformat": "d"}  # fmt: skip
    yaxis = {"range": [len(schemes) + 0.4, 0.6], "dtick": 1, "ticksuffix": "."}
    return figure("Place in each experiment", lines, xaxis, yaxis, margin=MARGIN)


def _mark(name: str) -> dict[str, Any]:
    marker: dict[str, Any] = scheme_line(name, [0], [0])["marker"]
    return {"symbol": marker["symbol"]}


def wins_figure(schemes: Sequence[str], shares: dict[int, NDArray[np.float64]]) -> Figure:
    """How often each scheme comes first when so many seeds are drawn, for a few numbers of seeds."""
    labels = [LABELS[name] for name in schemes]
    looks = zip(("--lkv-layer-1", "--lkv-layer-2"), ("", "/"), strict=True)
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "name": f"{size} seed{'s' if size > 1 else ''}",
            "y": labels,
            "x": (100 * share).round(1),
            "text": [f"{100 * part:.0f} %" if part >= 0.005 else "" for part in share],
            "textposition": "outside",
            "hovertemplate": "%{x:.1f} %",
            "meta": {"color": color},
            "marker": {"pattern": {"shape": hatch}, "line": {"width": 0}},
        }
        for (size, share), (color, hatch) in zip(shares.items(), looks, strict=False)
    ]
    top = 100.0 * max(float(share.max()) for share in shares.values())
    share = {"range": [0, 1.25 * top], "ticksuffix": " %"}
    names = {"autorange": "reversed", "automargin": True}
    margin = {"l": 130, "t": 44}
    return figure("How often it comes first", bars, share, names, margin=margin, hovermode="closest")
