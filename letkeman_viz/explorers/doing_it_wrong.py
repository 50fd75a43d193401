"""The explorables of the chapter "Doing it wrong"."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import ipywidgets

from ..recording import Recording
from ..training import train, train_one
from ..widgets import ActivationCurve, AnswerGrid
from .explorable import RunExplorable
from .live import row

SCHEMES = ["zeros", "ones", "standard_xavier"]
LEARNING_RATE = 1.0
NUMBER = 19
EPOCHS = 1000

Cancel = Callable[[], bool] | None


class OneExample(RunExplorable):
    """The network learns one example, 10011 -> 10100, until it is first right."""

    def __init__(self, initializer: str = "ones", seed: int = 1, schemes: list[str] = SCHEMES) -> None:
        super().__init__(_train_one, schemes, "update", initializer, seed)


class WholeTable(RunExplorable):
    """The network learns all 32 numbers, in a new random order each epoch."""

    CHARTS = (
        ("Mean gradient magnitude of each layer over the run", 270),
        ("Loss over the run", 210),
        ("Number of the 32 that are right, over the run", 240),
    )

    def __init__(self, initializer: str = "ones", seed: int = 1, schemes: list[str] = SCHEMES) -> None:
        super().__init__(_train_table, schemes, "epoch", initializer, seed)
        self.run.example = NUMBER
        self.grid = AnswerGrid(run=self.run, player=self.player)
        self.children = [*self.children, self.grid]

    @staticmethod
    def draw_with(figures: ModuleType) -> list[Callable[[Recording], Any]]:
        return [figures.gradient_figure, figures.loss_figure, figures.correct_figure]


def _train_one(initializer: str, seed: int, steps: int = 5000, cancelled: Cancel = None) -> Recording:
    recording = train_one(
        NUMBER, initializer, learning_rate=LEARNING_RATE, seed=seed, max_updates=steps, cancelled=cancelled
    )
    assert isinstance(recording, Recording)  # one scheme and one seed were asked for
    return recording


def _train_table(
    initializer: str, seed: int, steps: int = EPOCHS, cancelled: Cancel = None, frames: int = 400
) -> Recording:
    recording = train(
        initializer, LEARNING_RATE, epochs=steps, seed=seed, cancelled=cancelled, max_frames=frames
    )
    assert isinstance(recording, Recording)
    return recording


def one_example(initializer: str = "ones", seed: int = 1) -> OneExample:
    """The single example 19 -> 20 at learning rate 1, from all zeros, all ones or Standard Xavier."""
    return OneExample(initializer, seed)


def whole_table(initializer: str = "ones", seed: int = 1) -> WholeTable:
    """All 32 numbers at learning rate 1."""
    return WholeTable(initializer, seed)


def sigmoid(lesson: RunExplorable) -> ipywidgets.Widget:
    """The sigmoid and its slope with every neuron of ``lesson`` on them, and the lesson's own controls."""
    curve = ActivationCurve(run=lesson.run, player=lesson.player)
    box = ipywidgets.VBox([row(lesson.scheme), lesson.player, curve])
    box.add_class("lkv-explorable")
    return box
