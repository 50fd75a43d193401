"""An explorable of one run: choose how it starts, watch it train."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets
import traitlets

from ..initializers import get_initializer
from ..recording import Recording
from ..widgets import Chart, NetworkDiagram, Player, Readout, Run
from .background import Newest

Compute = Callable[..., Recording]
"""(initializer, seed, steps or None for all, cancelled) -> Recording."""

MAX_SEED = 9999


class RunExplorable(ipywidgets.VBox):
    """Controls for scheme and seed, a readout, a player, a diagram and charts, all of one run.

    The page opens with the untrained network; the run is computed in a thread once a page shows it, and
    again when a control changes. Playing it needs no kernel. ``recording`` is what is on show.
    """

    def __init__(self, compute: Compute, schemes: list[str], unit: str, initializer: str, seed: int) -> None:
        self._compute = compute
        self._worker = Newest(self._show_error)
        labels = [(get_initializer(name).label, name) for name in schemes]
        self.scheme = ipywidgets.ToggleButtons(options=labels, value=initializer, description="Start from")
        self.scheme.style.button_width = "auto"
        self.seed = ipywidgets.BoundedIntText(
            seed, min=0, max=MAX_SEED, description="Seed", layout={"width": "170px"}
        )
        self.seed.description_tooltip = "The random draw. The same seed gives the same run again."
        self.status = ipywidgets.HTML()
        self.status.layout.display = "none"

        start = compute(initializer, seed, steps=0)
        self.run = Run(start)
        self.player = Player(unit=unit)
        shown: dict[str, Any] = {"run": self.run, "player": self.player}
        self.readout = Readout(**shown)
        self.diagram = NetworkDiagram(**shown)
        self.charts = self._make_charts()
        controls = ipywidgets.Box([self.scheme, self.seed])
        columns = ipywidgets.Box([self.diagram, ipywidgets.VBox(list(self.charts))])
        self.controls, self.columns = controls, columns
        super().__init__([controls, self.readout, self.player, self.status, columns])
        for box, name in ((self, "lkv-explorable"), (controls, "lkv-controls"), (columns, "lkv-columns")):
            box.add_class(name)
        self.scheme.observe(self._restart, "value")
        self.seed.observe(self._restart, "value")
        self.run.observe(self._restart, "wanted")

    def _make_charts(self) -> dict[Chart, str]:
        """Chart -> the name of the function of ``figures`` that draws it."""
        return {
            self._chart("Mean gradient magnitude of each layer over the run", 380): "gradient_figure",
            self._chart("Loss over the run", 290): "loss_figure",
        }

    def _chart(self, label: str, height: int) -> Chart:
        return Chart(player=self.player, label=label, height=height)

    @property
    def recording(self) -> Recording:
        return self.run.recording

    def finish(self, timeout: float = 120.0) -> Recording:
        """Wait for the run that the controls ask for, and return it (for use without a browser)."""
        if not self.run.wanted:
            self.run.wanted = True
        if not self._worker.wait(timeout):
            raise TimeoutError(f"the run was not ready after {timeout:g} s")
        return self.recording

    def _restart(self, _: traitlets.Bunch) -> None:
        if not self.run.wanted:
            return  # nobody looks at it yet
        scheme, seed = self.scheme.value, self.seed.value

        def job(cancelled: Callable[[], bool]) -> None:
            recording = self._compute(scheme, seed, cancelled=cancelled)
            if not cancelled():
                self._show(recording)

        self._worker.submit(job)

    def _show(self, recording: Recording) -> None:
        from . import figures  # only here: Plotly need not hold up the first picture

        self.status.layout.display = "none"
        self.player.load(recording.steps.tolist())
        self.run.recording = recording
        for chart, name in self.charts.items():
            chart.show(getattr(figures, name)(recording))

    def _show_error(self, error: Exception) -> None:
        words = html.escape(f"{type(error).__name__}: {error}")
        self.status.value = f"<p role='alert'><b>That did not work.</b> {words}</p>"
        self.status.layout.display = ""
