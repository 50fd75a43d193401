"""The charts of a recording, as Plotly figures. Colours are names that the page resolves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..recording import Recording

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MAX_POINTS = 500

Curve = NDArray[np.float64]


def log_axis(curves: Sequence[Curve]) -> tuple[list[Curve], dict[str, object]]:
    """Curves and a y axis on which zeros have a place of their own, under the smallest other value.

    A logarithm has no zero, and dropping the point would hide the very thing to be seen. NaN and
    infinity stay gaps.
    """
    values = np.concatenate([np.ravel(c) for c in curves])
    positive = np.log10(values[(values > 0.0) & np.isfinite(values)])
    low, high = (positive.min(), positive.max()) if positive.size else (-1.0, 0.0)
    pad = max(0.06 * (high - low), (1.0 - (high - low)) / 2)  # at least a decade, so that ticks fit
    low, high = low - pad, high + pad
    ticks = _ticks(low, high)
    labels = [_tick_label(t) for t in ticks]
    zero = low - 0.14 * (high - low)
    if (values == 0.0).any():
        ticks, labels, low = [*ticks, 10.0**zero], [*labels, "0"], zero - pad
    axis: dict[str, object] = {"type": "log", "range": [low, high], "tickvals": ticks, "ticktext": labels}
    finite = [np.where(np.isfinite(c), c, np.nan) for c in curves]
    return [np.where(c == 0.0, 10.0**zero, c) for c in finite], axis


def _ticks(low: float, high: float) -> list[float]:
    """About five values for a log axis: powers of ten, with 2 and 5 between them on a short one."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    every = max(1, round((high - low) / 5))
    steps = (1, 2, 5) if high - low < 2.5 else (1,)
    ticks = [factor * 10.0**p for p in powers if p % every == 0 for factor in steps]
    return [t for t in ticks if low <= math.log10(t) <= high]


def _tick_label(value: float) -> str:
    if 0.0009 < value < 10_000:
        return f"{value:g}"
    power = math.floor(math.log10(value) + 1e-9)
    factor = round(value / 10.0**power)
    label = f"10<sup>{power}</sup>".replace("-", "\N{MINUS SIGN}")
    return label if factor == 1 else f"{factor}\N{MIDDLE DOT}{label}"


def _thin(recording: Recording) -> NDArray[np.int64]:
    """Steps to draw: enough for any screen, always with the first and the last."""
    count = min(recording.epochs + 1, MAX_POINTS)
    return np.unique(np.linspace(0, recording.epochs, count).round().astype(np.int64))


def _line(name: str, color: str, dash: str, x: NDArray[np.int64], y: Curve, true: Curve) -> go.Scatter:
    moved = not np.array_equal(y, true, equal_nan=True)  # zeros, drawn where a log axis can show them
    return go.Scatter(
        x=x.astype("i4"),
        y=y.astype("f4"),
        customdata=true.astype("f4") if moved else None,
        hovertemplate="%{customdata:.3g}" if moved else "%{y:.3g}",
        name=name,
        mode="lines" if len(x) > 30 else "lines+markers",
        line={"dash": dash, "width": 2.5},
        meta={"color": color},
    )


def _figure(recording: Recording, title: str, lines: list[go.Scatter], yaxis: dict[str, object]) -> go.Figure:
    unit = "update" if recording.one_example else "epoch"
    # Room on both sides, so that a play head at either end is seen.
    span = max(recording.epochs, 1)
    return go.Figure(
        lines,
        layout={
            "title": {
                "text": title,
                "x": 0,
                "xref": "paper",
                "xanchor": "left",
                "y": 0.98,
                "font": {"size": 13},
            },
            "template": "none",
            "margin": {"l": 46, "r": 10, "t": 44 if len(lines) > 1 else 28, "b": 34},
            "font": {"size": 12},
            "xaxis": {
                "title": {"text": unit, "standoff": 4},
                "range": [-0.01 * span, 1.01 * span],
                "dtick": 1 if span <= 8 else None,
                "zeroline": False,
            },
            "yaxis": {"zeroline": False, **yaxis},
            "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
            "showlegend": len(lines) > 1,
            "hovermode": "x unified",
        },
    )


def gradient_figure(recording: Recording) -> go.Figure:
    """Mean |dL/dw| of every layer against the step, on a log axis that has a zero."""
    true = list(recording.gradient.T)
    drawn, axis = log_axis(true)
    lines = [
        _line(f"layer {k + 1}", f"--lkv-layer-{k % 6 + 1}", DASHES[k % 6], recording.steps, y, t)
        for k, (y, t) in enumerate(zip(drawn, true, strict=True))
    ]
    return _figure(recording, "Gradient: mean |dL/dw| of each layer", lines, axis)


def loss_figure(recording: Recording) -> go.Figure:
    """Loss against the step, on a log axis that has a zero."""
    steps = _thin(recording)
    true = recording.curve("loss")[steps]
    drawn, axis = log_axis([true])
    return _figure(recording, "Loss", [_line("loss", "--lkv-ink", "solid", steps, drawn[0], true)], axis)


def correct_figure(recording: Recording) -> go.Figure:
    """How many rows are right, in both ways of counting, against the epoch."""
    steps = _thin(recording)
    presented = np.concatenate([[np.nan], recording.correct])[steps]
    after = recording.curve("correct_after")[steps]
    lines = [
        _line("as presented", "--lkv-layer-2", "dot", steps, presented, presented),
        _line("after the epoch", "--lkv-layer-1", "solid", steps, after, after),
    ]
    return _figure(recording, f"Right, of {recording.rows}", lines, {"range": [-0.5, recording.rows + 0.5]})
