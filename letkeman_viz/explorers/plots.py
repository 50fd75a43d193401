"""How the charts of all chapters look: Plotly figures whose colours are names that the page resolves.

A figure is the dict that plotly.js draws, with NumPy arrays for data. ``plotly.graph_objects`` would
check it, but costs a kernel 17 MB and every figure 7 ms, which a dragged slider feels; so the tests
check every figure with it instead, and the pages do without.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

Curve = NDArray[np.float64]
Figure = dict[str, Any]
Trace = dict[str, Any]


def figure(
    title: str, traces: Sequence[Trace], xaxis: dict[str, Any], yaxis: dict[str, Any], **layout: Any
) -> Figure:
    """A figure in the house style; ``xaxis`` and ``yaxis`` are Plotly's, with ``title`` as a plain string.

    ``layout`` has what else of Plotly's layout differs from the house style, and of ``margin`` the sides
    that do.
    """
    names = sum(trace.get("showlegend", True) for trace in traces)
    top = 28 if names < 2 else 44 if names < 4 else 62  # room for no, one or two lines of legend
    margin = {"l": 50 if "title" in yaxis else 46, "r": 18, "t": top, "b": 34, **layout.pop("margin", {})}
    heading = {"text": title, "x": 0, "xref": "paper", "xanchor": "left", "y": 0.98, "font": {"size": 13}}
    return {
        "data": list(traces),
        "layout": {
            "title": heading,
            "template": "none",
            "margin": margin,
            "font": {"size": 12},
            "xaxis": _axis(xaxis),
            "yaxis": _axis(yaxis),
            "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
            "showlegend": names > 1,
            "hovermode": "x unified",
            **layout,
        },
    }


def _axis(settings: dict[str, Any]) -> dict[str, Any]:
    title = {"title": {"text": settings["title"], "standoff": 4}} if "title" in settings else {}
    return {"zeroline": False, "ticklabeloverflow": "allow", **settings, **title}


def _places(x: NDArray[Any]) -> dict[str, Any]:
    """The x of a trace; if evenly spaced, only where it begins and its step, which takes no bytes."""
    gaps = np.diff(x)
    if x.dtype.kind == "i" and gaps.size and gaps[0] > 0 and (gaps == gaps[0]).all():
        return {"x0": int(x[0]), "dx": int(gaps[0])}
    return {"x": x.astype("i4" if x.dtype.kind == "i" else "f4")}


def _values(y: NDArray[Any]) -> NDArray[Any]:
    """The same numbers in fewer bytes: counts as small whole numbers, others as float32 where it has them."""
    if y.dtype.kind == "i":
        return y.astype("i2")
    size, limits = np.abs(y), np.finfo("f4")
    # What float32 has not would become zeros, which a log axis drops, or infinities.
    beyond = (y != 0) & np.isfinite(y) & ((size < limits.tiny) | (size > limits.max))
    return y.astype("f8" if beyond.any() else "f4")


def line(
    name: str, color: str, x: Any, y: Any, *, dash: str = "solid", true: Any = None, **more: Any
) -> Trace:
    """A curve; ``color`` names a colour of the style sheet, ``true`` has the values where ``y`` was moved."""
    moved = true is not None and not np.array_equal(y, true, equal_nan=True)
    return {
        "type": "scatter",
        **_places(np.asarray(x)),
        "y": _values(np.asarray(y)),
        **({"customdata": _values(np.asarray(true))} if moved else {}),
        "hovertemplate": "%{customdata:.3g}" if moved else "%{y:.3g}",
        "name": name,
        "mode": "lines" if len(x) > 30 else "lines+markers",
        "line": {"dash": dash, "width": 2.5},
        "meta": {"color": color},
        **more,
    }


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
