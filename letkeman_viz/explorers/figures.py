"""The charts of a recording."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..recording import Recording
from .plots import DASHES, Figure, Trace, figure, line, log_axis

MAX_POINTS = 1001  # every epoch of the chapters: thinning would hide the best of them


def _thin(recording: Recording) -> NDArray[np.int64]:
    """Steps to draw: enough for any screen, always with the first and the last."""
    count = min(recording.epochs + 1, MAX_POINTS)
    return np.unique(np.linspace(0, recording.epochs, count).round().astype(np.int64))


def _figure(recording: Recording, title: str, lines: list[Trace], yaxis: dict[str, Any]) -> Figure:
    # Room on both sides, so that a play head at either end is seen.
    span = max(recording.epochs, 1)
    xaxis: dict[str, Any] = {
        "title": "update" if recording.one_example else "epoch",
        "range": [-0.01 * span, 1.01 * span],
    }
    if span <= 8:
        xaxis["dtick"] = 1
    return figure(title, lines, xaxis, yaxis)


def gradient_figure(recording: Recording, title: str = "Gradient: mean |dL/dw| of each layer") -> Figure:
    """Mean |dL/dw| of every layer against the step, on a log axis that has a zero."""
    true = list(recording.gradient.T)
    drawn, axis = log_axis(true)
    lines = [
        line(f"layer {k + 1}", f"--lkv-layer-{k % 6 + 1}", recording.steps, y, true=t, dash=DASHES[k % 6])
        for k, (y, t) in enumerate(zip(drawn, true, strict=True))
    ]
    return _figure(recording, title, lines, axis)


def loss_figure(recording: Recording) -> Figure:
    """Loss against the step, on a log axis that has a zero."""
    steps = _thin(recording)
    true = recording.curve("loss")[steps]
    drawn, axis = log_axis([true])
    return _figure(recording, "Loss", [line("loss", "--lkv-ink", steps, drawn[0], true=true)], axis)


def correct_figure(recording: Recording) -> Figure:
    """How many rows are right, in both ways of counting, against the epoch."""
    steps = _thin(recording)
    after = recording.curve("correct_after").astype(int)[steps]
    presented = recording.correct[steps[1:] - 1]  # before the first epoch nothing has been presented
    lines = [
        line("as presented", "--lkv-layer-2", steps[1:], presented, dash="dot"),
        line("after the epoch", "--lkv-layer-1", steps, after),
    ]
    return _figure(recording, f"Right, of {recording.rows}", lines, {"range": [-0.5, recording.rows + 0.5]})
