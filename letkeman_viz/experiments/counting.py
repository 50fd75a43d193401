"""The binary counting network, on this package's own core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..recording import Recording
from ..training import train
from .runs import Run


@dataclass(frozen=True)
class Settings:
    """The hyperparameters."""

    epochs: int = 10_000
    learning_rate: float = 0.1
    sizes: tuple[int, ...] = (5, 8, 8, 5)


class Counting:
    """All epochs at once: a run takes a fraction of a second, so there is nothing to resume."""

    name: ClassVar[str] = "counting"
    revision: ClassVar[int] = 1
    together: ClassVar[int] = 1

    def __init__(self, settings: Settings, runs: Sequence[Run], data: Any = None) -> None:
        self.settings, self.runs, self.data, self.epoch = settings, list(runs), data, 0
        self.layer_names = [f"layer {k + 1}" for k in range(len(settings.sizes) - 1)]
        self.gradient = np.zeros((len(self.runs), len(self.layer_names)))
        """(R, layers): mean |dL/dw| of each layer at the end."""

    def advance(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Train to the end: (loss, accuracy) after each epoch, each of shape (epochs, R)."""
        chosen = self.settings
        curves = np.full((2, chosen.epochs, len(self.runs)), np.nan)
        for k, run in enumerate(self.runs):
            one = train(run.scheme, chosen.learning_rate, chosen.epochs, run.seed, chosen.sizes, max_frames=3)
            assert isinstance(one, Recording)  # one scheme and one seed were asked for
            curves[:, : one.epochs, k] = one.loss, one.correct_after / one.rows
            self.gradient[k] = one.gradient[-1]
        self.epoch = chosen.epochs
        return curves[0], curves[1]

    def state(self) -> dict[str, NDArray[Any]]:
        return {"epoch": np.array(self.epoch)}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        self.epoch = int(state["epoch"])
