"""An explorable of one run: choose how it starts, watch it train."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import ipywidgets

from .. import checks
from ..initializers import get_initializer
from ..recording import Recording
from ..widgets import Chart, NetworkDiagram, Player, Readout, Run
from .fields import MAX_SEED
from .live import TRAINING, Live, row

Compute = Callable[..., Recording]
"""(initializer, seed, steps=..., cancelled=...) -> Recording; without ``steps``, the whole run."""


class RunExplorable(Live):
    """Controls for scheme and seed, a readout, a player, a diagram and charts, all of one run.

    The page opens with the untrained network; the run is computed once a page shows it, and again when
    a control changes. Playing it needs no kernel. ``recording`` is what is on show.
    """

    BUSY = TRAINING
    CHARTS: tuple[tuple[str, int], ...] = (
        ("Mean gradient magnitude of each layer over the run", 380),
        ("Loss over the run", 290),
    )
    """What each chart shows, in words, and its height in pixels."""

    def __init__(self, compute: Compute, schemes: list[str], unit: str, initializer: str, seed: int) -> None:
        checks.choice("initializer", initializer, schemes)
        checks.integer("seed", seed, 0, MAX_SEED)
        self._compute = compute
        labels = [(get_initializer(name).label, name) for name in schemes]
        self.scheme = ipywidgets.ToggleButtons(options=labels, value=initializer, description="Start from")
        self.scheme.style.button_width = "auto"
        self.scheme.add_class("lkv-schemes")  # the keys 1 to 7 of presenter mode choose among these
        self.seed = ipywidgets.BoundedIntText(
            seed, min=0, max=MAX_SEED, description="Seed", layout={"width": "170px"}
        )
        self.seed.tooltip = "The random draw. The same seed gives the same run again."
        self.seed.add_class("lkv-minor")  # not on the stage
        self.run = Run(compute(initializer, seed, steps=0))
        self.player = Player(unit=unit)
        super().__init__(self.run, [self.scheme, self.seed])
        shown: dict[str, Any] = {"run": self.run, "player": self.player}
        self.readout = Readout(**shown)
        self.diagram = NetworkDiagram(**shown)
        self.charts = [Chart(player=self.player, label=label, height=height) for label, height in self.CHARTS]
        columns = row(self.diagram, ipywidgets.VBox(self.charts), style="lkv-columns")
        self.children = [row(self.scheme, self.seed), self.readout, self.player, self.status, columns]

    @staticmethod
    def draw_with(figures: ModuleType) -> list[Callable[[Recording], Any]]:
        """What draws each of the ``CHARTS``. (The module is imported late, and so handed in.)"""
        return [figures.gradient_figure, figures.loss_figure]

    @property
    def recording(self) -> Recording:
        return self.run.recording

    def finish(self, timeout: float = 120.0) -> Recording:
        super().finish(timeout)
        return self.recording

    def compute(self, cancelled: Callable[[], bool]) -> None:
        recording = self._compute(self.scheme.value, self.seed.value, cancelled=cancelled)
        if cancelled():
            return
        from . import figures  # only here: Plotly need not hold up the first picture

        drawn = [draw(recording) for draw in self.draw_with(figures)]

        def change() -> None:
            self.player.load(recording.steps.tolist())
            self.run.recording = recording
            for chart, figure in zip(self.charts, drawn, strict=True):
                chart.show(figure)

        self.show(change)
