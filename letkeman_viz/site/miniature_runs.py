"""What the site's miniatures show: short extracts of real runs of the package itself.

``python -m letkeman_viz.site.miniature_runs`` computes them again and stores them beside this module. They
are stored because a landing page should have them at once; a test computes them afresh and compares.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import counting_task, get_initializer, layer_magnitude, propagate, train, train_one
from ..experiments.records import recorded
from ..explorers.race_schemes import LABELS, SCHEMES, STYLES
from ..recording import Recording
from .miniatures import FILE

EPOCHS = 1000
NUMBER = 19  # the example whose activations are shown
LEVELS = 255  # of a packed number: a miniature is a few hundred pixels wide

Packed = dict[str, Any]


def packed(values: ArrayLike, low: float | None = None, high: float | None = None) -> Packed:
    """Numbers as bytes between ``low`` and ``high`` (by default the least and the greatest), row by row."""
    array = np.asarray(values, dtype=np.float64)
    low = float(array.min()) if low is None else low
    high = float(array.max()) if high is None else high
    levels = np.rint((array - low) / (high - low) * LEVELS).clip(0, LEVELS).astype(np.uint8)
    data = base64.b64encode(levels.tobytes()).decode()
    return {"low": low, "high": high, "shape": list(array.shape), "data": data}


def symmetric(values: ArrayLike) -> Packed:
    """The same with a zero that stays exactly zero: 127 steps to either side of it."""
    array = np.asarray(values, dtype=np.float64)
    top = float(np.abs(array).max()) or 1.0
    return packed(array, -top, top * 128 / 127)


def scheme(name: str, **more: Any) -> dict[str, Any]:
    """A scheme as the pictures name and colour it."""
    return {"label": LABELS[name], "style": STYLES[name], **more}


def thinned(run: Recording, frames: Iterable[int], row: int) -> dict[str, Any]:
    """Weights and activations of a run at some of its frames, and how much of the table is right there."""
    chosen = list(frames)
    weights = [np.concatenate([w.ravel() for w, _ in run.parameters_at(k)]) for k in chosen]
    forward = [run.network.forward(run.parameters[k], run.inputs[row]) for k in chosen]
    steps = run.steps[chosen]
    return {
        "sizes": list(run.network.layer_sizes),
        "steps": steps.tolist(),
        "weights": np.array(weights),
        "activations": np.array([np.concatenate([np.ravel(a) for a in layers]) for layers in forward]),
        "right": run.curve("correct_after")[steps].astype(int).tolist(),
        "target": run.targets[row].astype(int).tolist(),
    }


def counting() -> dict[str, Any]:
    """Three networks learn to count side by side: same draw, same examples, one scale for their weights."""
    names = ["zeros", "ones", "kaiming"]
    runs = train(names, 1.0, epochs=400, seed=1, max_frames=401)
    assert isinstance(runs, list)
    parts = [thinned(run, range(0, 401, 8), NUMBER) for run in runs]
    weights = symmetric([part.pop("weights") for part in parts])
    activations = packed([part.pop("activations") for part in parts], 0.0, 1.0)
    networks = [scheme(name, right=part["right"]) for name, part in zip(names, parts, strict=True)]
    return {**_common(parts[0]), "networks": networks, "weights": weights, "activations": activations}


def _common(part: dict[str, Any]) -> dict[str, Any]:
    return {key: part[key] for key in ("sizes", "steps", "target")}


def tower() -> dict[str, Any]:
    """Gradient, layer by layer, in 20 layers of 100 tanh units, for gains from 0.4 to 2."""
    gains = np.round(np.geomspace(0.4, 2.0, 41), 3)
    sizes = [100] * 21
    runs = [
        propagate(sizes, "tanh", get_initializer("scaled", gain=float(gain)), draws=4, inputs=16)
        for gain in gains
    ]
    gradient = np.log10([run.gradient.mean(axis=0) for run in runs])
    return {"gains": gains.tolist(), "logGradient": packed(gradient)}


def example() -> dict[str, Any]:
    """All ones learns 19 -> 20: nothing for a long time, then all at once."""
    run = train_one(NUMBER, "ones")
    assert isinstance(run, Recording)
    part = thinned(run, [*range(0, 300, 12), *range(300, len(run) - 1, 2), len(run) - 1], 0)
    loss = run.curve("loss")[part["steps"]]
    weights, activations = symmetric(part["weights"]), packed(part["activations"], 0.0, 1.0)
    return {**_common(part), "weights": weights, "activations": activations, "loss": packed(loss, 0.0)}


def race() -> dict[str, Any]:
    """How many of the 32 numbers each of the seven schemes has right, epoch by epoch."""
    runs = train(SCHEMES, 1.0, epochs=EPOCHS, seed=1)
    assert isinstance(runs, list)
    steps = list(range(0, EPOCHS + 1, 10))
    lanes = [
        scheme(name, right=run.curve("correct_after")[steps].astype(int).tolist())
        for name, run in zip(SCHEMES, runs, strict=True)
    ]
    return {"steps": steps, "of": len(counting_task()[0]), "lanes": lanes}


def shapes() -> dict[str, Any]:
    """Magnitude forward and backward through a layer, from a fan to a funnel, with Normalized Letkeman."""
    ratio = np.geomspace(1 / 16, 16, 49)
    n, m = np.rint(64 * np.sqrt(ratio)).astype(int), np.rint(64 / np.sqrt(ratio)).astype(int)
    forward, backward = (
        np.round(layer_magnitude("normalized_letkeman", n, m, sense), 3).tolist()
        for sense in ("forward", "backward")
    )
    return {"fanIn": n.tolist(), "fanOut": m.tolist(), "forward": forward, "backward": backward}


def curves() -> dict[str, Any]:
    """Mean loss over five seeds in the convolutional network: the recorded results."""
    records = recorded("mnist-conv")
    names = [name for name in records.variants if name in STYLES]
    mean = np.array([np.nanmean(records.curves(name, range(1, 6)), axis=0) for name in names])
    lines = [scheme(name) for name in names]
    return {"epochs": records.epochs.tolist(), "lines": lines, "logLoss": packed(np.log10(mean))}


def rate() -> dict[str, Any]:
    """Numbers right over a thousand epochs, at one learning rate after another, as in the playground."""
    names = ["standard_xavier", "normalized_letkeman", "kaiming"]
    rates = np.round(np.geomspace(0.1, 20.0, 24), 2)
    steps = list(range(0, EPOCHS + 1, 25))
    right = np.array([_rights(names, float(value), steps) for value in rates])
    lines = [scheme(name) for name in names]
    return {"rates": rates.tolist(), "steps": steps, "lines": lines, "right": packed(right, 0, 32)}


def _rights(names: Sequence[str], learning_rate: float, steps: Sequence[int]) -> list[NDArray[np.float64]]:
    runs = train(names, learning_rate, epochs=EPOCHS, seed=1, max_frames=3)
    assert isinstance(runs, list)
    return [run.curve("correct_after")[list(steps)] for run in runs]


COMPUTED: dict[str, Callable[[], dict[str, Any]]] = {
    function.__name__: function for function in (counting, tower, example, race, shapes, curves, rate)
}


def compute() -> dict[str, Any]:
    """All of them, by name."""
    return {name: function() for name, function in COMPUTED.items()}


if __name__ == "__main__":
    FILE.write_text(json.dumps(compute(), separators=(",", ":")) + "\n", encoding="utf-8")
