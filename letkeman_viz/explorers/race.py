"""The race: up to seven schemes on one draw, one order of examples and one clock."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets
import traitlets

from .. import checks
from ..recording import Recording
from ..training import train
from ..widgets import Chart, NetworkDiagram, Player, Race, RaceRanking, Readout, Run
from .fields import MAX_SEED
from .live import TRAINING, Live, row
from .race_schemes import LABELS, SCHEMES, STYLES

EPOCHS = 1000
FRAMES = 200  # at most: seven runs of them are about 0.4 MB for the page
RATES = (0.1, 0.3, 1.0, 3.0)
NUMBER = 19
FEWEST = 2


class SchemeRace(Live):
    """Choose who takes part, the draw and the learning rate; watch all learn to count at once.

    ``recordings`` holds the runs on show, scheme by scheme. Pressing a panel shows its network in full.
    """

    BUSY = TRAINING

    def __init__(self, seed: int = 1, learning_rate: float = 1.0) -> None:
        checks.integer("seed", seed, 0, MAX_SEED)
        if learning_rate not in RATES:
            raise ValueError(
                f"learning_rate is {learning_rate!r}; choose one of {', '.join(map(str, RATES))}"
            )
        self.takes_part = {
            name: ipywidgets.Checkbox(True, description=LABELS[name], indent=False, layout={"width": "auto"})
            for name in SCHEMES
        }
        self.seed = ipywidgets.BoundedIntText(
            seed, min=0, max=MAX_SEED, description="Seed", layout={"width": "170px"}
        )
        self.rate = ipywidgets.ToggleButtons(
            options=[(f"{rate:g}", rate) for rate in RATES], value=learning_rate, description="Learning rate"
        )
        self.rate.style.button_width, self.rate.style.description_width = "auto", "initial"
        self.layer = ipywidgets.ToggleButtons(
            options=[("layer 1", 1), ("layer 2", 2), ("layer 3", 3)], description="Gradient of"
        )
        self.layer.style.button_width, self.layer.style.description_width = "auto", "initial"
        started = train(SCHEMES, learning_rate, epochs=0, seed=seed)
        assert isinstance(started, list)  # a list of schemes was asked for
        self.recordings = dict(zip(SCHEMES, started, strict=True))
        self._asked: tuple[int, float] | None = None
        self._trained: dict[str, Recording] = {}
        self.runs = {name: Run(recording, example=NUMBER) for name, recording in self.recordings.items()}
        self.player = Player(unit="epoch", speed=15.0)
        entries: dict[str, Any] = {
            "runs": list(self.runs.values()),
            "styles": [STYLES[name] for name in SCHEMES],
        }
        self.race = Race(**entries, player=self.player)
        self.ranking = RaceRanking(**entries, player=self.player)
        for trait in entries:
            traitlets.dlink((self.race, trait), (self.ranking, trait))
        super().__init__(self.race, [*self.takes_part.values(), self.seed, self.rate, self.layer])
        self.charts = [
            Chart(player=self.player, label=label, height=250)
            for label in (
                "Loss of every scheme over the race",
                "Number of the 32 that each scheme has right, over the race",
                "Mean gradient magnitude of one layer for every scheme, over the race",
            )
        ]
        self.detail = ipywidgets.VBox()
        self._views: tuple[Readout | NetworkDiagram, ...] = ()
        for box in self.takes_part.values():
            box.observe(self._keep_two, "value")
        self.race.observe(self._focus, "chosen")
        for run in self.runs.values():
            run.observe(self._show_number, "example")
        who, how = row(*self.takes_part.values()), row(self.rate, self.seed, self.layer)
        who.add_class("lkv-schemes")  # the keys 1 to 7 of presenter mode
        charts = row(*self.charts, style="lkv-thirds")
        self.children = [who, how, self.player, self.status, self.race, self.detail, charts, self.ranking]

    def finish(self, timeout: float = 120.0) -> dict[str, Recording]:
        """Wait as ``Live.finish`` does; the recordings on show."""
        super().finish(timeout)
        return self.recordings

    def compute(self, cancelled: Callable[[], bool]) -> None:
        from . import race_figures as figures

        names = [name for name, box in self.takes_part.items() if box.value]
        if len(names) < FEWEST:  # the boxes do not allow it, but a page can send anything
            return
        recordings = self._train(self.seed.value, self.rate.value, cancelled)
        runs = {name: recordings[name] for name in names}
        drawn = [
            figures.loss_figure(runs),
            figures.right_figure(runs),
            figures.gradient_figure(runs, self.layer.value),
        ]
        self.show(partial(self._picture, runs, drawn))

    def _train(self, seed: int, rate: float, cancelled: Callable[[], bool]) -> dict[str, Recording]:
        """The runs of all seven: who takes part is chosen afterwards, and then costs nothing."""
        if self._asked != (seed, rate):
            runs = train(SCHEMES, rate, epochs=EPOCHS, seed=seed, max_frames=FRAMES, cancelled=cancelled)
            assert isinstance(runs, list)
            self._asked, self._trained = (seed, rate), dict(zip(SCHEMES, runs, strict=True))
        return self._trained

    def _picture(self, runs: dict[str, Recording], drawn: list[Any]) -> None:
        """Show these runs. The clock goes back to the start only for runs that are not on show already."""
        if list(runs) != list(self.recordings):
            self.race.line_up([self.runs[name] for name in runs], [STYLES[name] for name in runs])
        if any(runs[name] is not self.runs[name].recording for name in runs):
            longest = max(runs.values(), key=lambda run: run.epochs)
            self.player.load(longest.steps.tolist())
            for name, recording in runs.items():
                self.runs[name].recording = recording
        self.recordings = runs
        for chart, figure in zip(self.charts, drawn, strict=True):
            chart.show(figure)

    def _keep_two(self, _: traitlets.Bunch) -> None:
        """Of the last two that take part neither can leave."""
        ticked = [box for box in self.takes_part.values() if box.value]
        for box in ticked:
            box.disabled = len(ticked) <= FEWEST

    def _focus(self, _: traitlets.Bunch | None = None) -> None:
        """Show the network whose panel was pressed."""
        if self.race.chosen < 0:
            self.detail.children = ()
            return
        run = self.race.runs[self.race.chosen]
        if not self._views:  # made once: a widget that is taken off the page stays in the kernel
            shown: dict[str, Any] = {"run": run, "player": self.player}
            self._views = (Readout(**shown), NetworkDiagram(**shown))
        for view in self._views:
            view.run = run
        self.detail.children = self._views

    def _show_number(self, change: traitlets.Bunch) -> None:
        """A number chosen in one network is shown to all."""
        for run in self.runs.values():
            run.example = change["new"]


def race(seed: int = 1, learning_rate: float = 1.0) -> SchemeRace:
    """Seven networks learn the whole table side by side; ``learning_rate`` is 0.1, 0.3, 1 or 3."""
    return SchemeRace(seed, learning_rate)
