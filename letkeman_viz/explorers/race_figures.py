"""The charts under a race: one line a scheme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..recording import Recording
from .plots import Curve, Figure, figure, log_axis
from .race_schemes import scheme_line

Runs = Mapping[str, Recording]
"""Scheme -> its run; all with the same steps."""


def _figure(runs: Runs, title: str, curves: list[Curve], true: Any, yaxis: Any) -> Figure:
    lines = [
        scheme_line(name, run.steps, y, true=t)
        for (name, run), y, t in zip(runs.items(), curves, true, strict=True)
    ]
    last = max(int(run.steps[-1]) for run in runs.values())
    xaxis = {
        "title": "update" if any(run.one_example for run in runs.values()) else "epoch",
        "range": [-0.01 * last, 1.01 * last],
        "nticks": 6,
    }
    # The panels above are the legend; a second one would take the room of the lines.
    return figure(title, lines, xaxis, yaxis, showlegend=False, margin={"t": 28})


def loss_figure(runs: Runs) -> Figure:
    """Loss of every run against the epoch."""
    true = [run.curve("loss")[run.steps] for run in runs.values()]
    curves, axis = log_axis(true)
    return _figure(runs, "Loss", curves, true, axis)


def right_figure(runs: Runs) -> Figure:
    """How many rows are right after the epoch."""
    rows = next(iter(runs.values())).rows
    curves = [run.curve("correct_after")[run.steps].astype(int) for run in runs.values()]
    return _figure(
        runs, f"Right, of {rows}", curves, curves, {"range": [-0.9, rows + 0.9], "dtick": max(1, rows // 4)}
    )


def gradient_figure(runs: Runs, layer: int) -> Figure:
    """Mean |dL/dw| of ``layer`` (1 is next to the input), on an axis that fits all layers."""
    layers = next(iter(runs.values())).gradient.shape[1]
    every, axis = log_axis([run.gradient[:, k] for run in runs.values() for k in range(layers)])
    true = [run.gradient[:, layer - 1] for run in runs.values()]
    return _figure(runs, f"Gradient of layer {layer}: mean |dL/dw|", every[layer - 1 :: layers], true, axis)
