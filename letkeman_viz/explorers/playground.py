"""The explorable of the chapter "Playground": everything adjustable, everything recomputed while it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

import ipywidgets

from ..recording import Recording
from ..widgets import (
    AnswerGrid,
    Chart,
    Editor,
    NetworkDiagram,
    Player,
    Race,
    Readout,
    Run,
    Share,
    TakeAlong,
)
from . import take_along
from .fields import MAX_EDITS, Edit
from .live import TRAINING, Live, row
from .playground_controls import TITLES, Controls
from .race_schemes import LABELS, STYLES
from .settings import SCHEMES, Settings
from .sweep_map import SweepMap

__all__ = ["Playground", "playground", "sweep_map"]

CHARTS = ("Loss of every scheme", "Rows that every scheme has right", "Gradient magnitude of each layer")

GRADIENT = "Gradient of each layer"


class Playground(Live):
    """Set anything, and every curve and network follows; the whole state is in the page's address.

    ``settings`` is what is on show, ``recordings`` the runs of it, scheme by scheme. ``apply`` shows
    other settings.
    """

    BUSY = TRAINING
    PATIENCE = 0.4  # a run that is done by then is seen even while the slider moves on

    def __init__(self, settings: Settings) -> None:
        self.settings = self._opened = settings
        self.complaints: list[str] = []
        self._refusal: ValueError | None = None
        self.controls = Controls(settings)
        untrained = settings.run(SCHEMES, trained=False)
        self.runs = {
            name: Run(run, example=settings.number, hurried=True)
            for name, run in zip(SCHEMES, untrained, strict=True)
        }
        self.recordings = {name: run.recording for name, run in self.runs.items()}
        self.player = Player(unit="epoch")
        shown: dict[str, Any] = {"run": self.runs[settings.shown], "player": self.player}
        self.race = Race(**self._line_up(settings.schemes), player=self.player)
        super().__init__(self.race, self.controls.all())
        self.readout, self.diagram, self.grid = Readout(**shown), NetworkDiagram(**shown), AnswerGrid(**shown)
        self.editor = Editor(**shown, diagram=self.diagram)
        self.charts = [Chart(player=self.player, label=label, height=230, covers=False) for label in CHARTS]
        self.share = Share(controls=[[name, title] for name, title in TITLES.items()])
        self.files = TakeAlong(take_along.offers(self), picture=True)
        self._build_edit_buttons()
        self._observe()
        self._arrange()
        self._tell(settings)

    def _build_edit_buttons(self) -> None:
        self.undo = ipywidgets.Button(description="Undo")
        self.undo_all = ipywidgets.Button(description="Undo all changes")
        self.level = ipywidgets.BoundedFloatText(0.5, min=-10, max=10, step=0.1, description="All weights")
        self.equal = ipywidgets.Button(description="Set all equal")
        self.undo.on_click(lambda _: self._take_back(self.settings.edits[:-1]))
        self.undo_all.on_click(lambda _: self._take_back(()))
        self.equal.on_click(lambda _: self._change({"place": (), "value": self.level.value}))
        self.controls.widgets["edits"] = [self.editor, self.undo, self.undo_all, self.level, self.equal]
        self.controls.write(self.settings)  # a link can hide or fix these too

    def _observe(self) -> None:
        self.share.observe(self._follow_link, "asked")
        self.race.observe(self._choose, "chosen")
        self.editor.observe(lambda change: self._change(change["new"]), "change")
        for run in self.runs.values():
            run.observe(self._choose_row, "example")

    def _arrange(self) -> None:
        panel = ipywidgets.VBox(list(self.controls.groups))
        panel.add_class("lkv-panel")
        edit = ipywidgets.VBox([self.editor, row(self.undo, self.undo_all, self.level, self.equal)])
        edit.add_class("lkv-minor")
        take = ipywidgets.VBox([self.files, self.share])
        take.add_class("lkv-minor")
        self.heading = ipywidgets.HTML()
        charts = row(*self.charts, style="lkv-thirds")
        stage = ipywidgets.VBox(
            [
                self.status,
                self.race,
                self.player,
                charts,
                self.heading,
                self.readout,
                self.diagram,
                edit,
                self.grid,
                take,
            ]
        )
        stage.add_class("lkv-stage")
        self.children = [row(panel, stage, style="lkv-desk")]
        self.add_class("lkv-playground")

    # --- What is asked for ------------------------------------------------------------------------------

    def apply(self, settings: Settings) -> None:
        """Show ``settings``: every control moves there, and the runs are computed."""
        self.settings = settings
        self.controls.write(settings)
        self._restart()

    def _follow_link(self, change: dict[str, Any]) -> None:
        """What the address of the page asked for, once it is known."""
        if change["new"]:
            self._opened, self.complaints = Settings.from_query(change["new"])
            self.apply(self._opened)
        else:
            self._restart()

    def _restart(self, change: Any = None) -> None:
        """Take down what the controls ask for, here where nobody else moves them, and have it computed."""
        if self.share.asked is None or self.controls.quiet:
            return  # the address comes first; and controls that are being set are no wish of anybody's
        if change is not None and change["name"] == "value":
            self.complaints = []
        try:
            asked = replace(self.controls.read(), hide=self.settings.hide, fix=self.settings.fix)
        except ValueError as error:  # a table of one's own that is none: the picture stays
            self._refusal = error
            self.controls.arrange(self.settings.hide)
            super()._restart(change)
            return
        self._refusal = None
        # What a teacher's link has locked stays as it was, whatever the page sends.
        locked = {name: getattr(self._opened, name) for name in (*asked.hide, *asked.fix)}
        wanted = asked.changed(**locked)
        if wanted != asked or wanted.schemes != self.controls.ticked():
            self.controls.write(wanted)
        self.controls.edits = wanted.edits
        self.controls.arrange(wanted.hide)
        self._tell(wanted)
        super()._restart(change)

    def finish(self, timeout: float = 120.0) -> dict[str, Recording]:
        """Wait as ``Live.finish`` does; the runs on show."""
        if self.share.asked is None:
            self.share.asked = ""
        super().finish(timeout)
        return {name: self.recordings[name] for name in self.settings.schemes}

    def _change(self, wish: dict[str, Any]) -> None:
        """Change the weight or bias at a place of the network on show; an empty wish has been answered."""
        if not wish:
            return
        edit = Edit(self.settings.shown, tuple(wish["place"]), round(float(wish["value"]), 4))
        kept = self.settings.edits
        # Changes of one place in a row count as one, so that a drag is undone at once.
        if kept and (kept[-1].scheme, kept[-1].place) == (edit.scheme, edit.place):
            kept = kept[:-1]
        self._edit((*kept, edit)[-MAX_EDITS:])

    def _edit(self, edits: tuple[Edit, ...]) -> None:
        self.controls.edits = edits
        self._restart()

    def _take_back(self, kept: tuple[Edit, ...]) -> None:
        self.editor.change = {}  # the same wish again is a new one
        self._edit(kept)

    def _choose(self, change: dict[str, Any]) -> None:
        """A panel of the race was pressed: its network is the one to be seen in full."""
        if not 0 <= change["new"] < len(self.race.runs):
            return
        name = next(name for name, run in self.runs.items() if run is self.race.runs[change["new"]])
        if name != self.settings.shown:
            self.controls.shown = name
            self._tell(replace(self.settings, shown=name))
            self._show_in_full(name)

    def _choose_row(self, change: dict[str, Any]) -> None:
        """Another row of the table was chosen: for every network, and for the control."""
        if self.controls.quiet or self.settings.mode == "one":
            return
        number = (
            self._opened.number if "number" in (*self.settings.hide, *self.settings.fix) else change["new"]
        )
        self._set_rows(number)
        self._tell(replace(self.settings, number=number))

    def _set_rows(self, number: int) -> None:
        with self.controls.quietly():
            for run in self.race.runs:
                run.example = number
            if self.settings.mode == "table":
                self.controls.number.value = number

    # --- What comes of it -------------------------------------------------------------------------------

    def compute(self, cancelled: Callable[[], bool]) -> None:
        from . import figures, race_figures

        if self._refusal is not None:
            raise self._refusal
        settings = self.settings  # as _restart left them; newer ones start another job
        found = dict(zip(settings.schemes, settings.run(settings.schemes, cancelled), strict=True))
        if cancelled():
            return
        drawn = [
            race_figures.loss_figure(found),
            race_figures.right_figure(found),
            figures.gradient_figure(found[settings.shown], GRADIENT),
        ]
        self.show(partial(self._picture, settings, found, drawn))

    def _picture(self, settings: Settings, found: dict[str, Recording], drawn: list[Any]) -> None:
        """Show what a job has found. What is asked for may have moved on; it is not touched here."""
        line_up = self._line_up(settings.schemes)
        if self.race.runs != line_up["runs"]:
            self.race.line_up(**line_up)
        longest = max(found.values(), key=lambda run: run.epochs)
        self.player.unit = "update" if settings.mode == "one" else "epoch"
        self.player.load(longest.steps.tolist(), keep=True)
        self.recordings.update(found)
        with self.controls.quietly():
            for name, recording in found.items():
                self.runs[name].recording = recording
        self._set_rows(0 if settings.mode == "one" else self.settings.number)
        self.editor.change = {}
        for chart, figure in zip(self.charts, drawn, strict=True):
            chart.show(figure)
        shown = self.settings.shown if self.settings.shown in found else settings.shown
        self._show_in_full(shown, figure=shown != settings.shown)

    def _show_in_full(self, name: str, figure: bool = True) -> None:
        from . import figures

        run = self.runs[name]
        for view in (self.diagram, self.readout, self.grid, self.editor):
            view.run = run
        if run in self.race.runs:
            self.race.chosen = self.race.runs.index(run)
        if figure:
            self.charts[2].show(figures.gradient_figure(run.recording, GRADIENT))

    def _head(self, settings: Settings) -> None:
        label = LABELS[settings.shown]
        gain = f", {settings.gain:g}" if settings.shown == "scaled" else ""
        others = (
            " Press the name of another scheme above to see that one." if len(settings.schemes) > 1 else ""
        )
        self.heading.value = f"<p class='lkv-say'><b>{escape(label)}{gain}</b>, in full.{others}</p>"

    def _line_up(self, schemes: tuple[str, ...]) -> dict[str, Any]:
        return {"runs": [self.runs[name] for name in schemes], "styles": [STYLES[name] for name in schemes]}

    def _tell(self, settings: Settings) -> None:
        """Note what is on show, in the address and for Python."""
        self.settings = settings
        self._head(settings)
        query = settings.to_query()
        with self.share.hold_sync():
            self.share.query = query
            self.share.call = f"playground.playground({query!r})" if query else "playground.playground()"
            self.share.code = take_along.python(settings)
        self.undo.disabled = self.undo_all.disabled = not settings.edits or "edits" in settings.fix

    def _say(self, text: str) -> None:
        complaints = "".join(f"<p role='status'>{escape(sentence)}</p>" for sentence in self.complaints)
        super()._say(complaints + text)


def sweep_map(page: Playground) -> SweepMap:
    """The map of learning rate or depth against gain, whose cells open in ``page``."""
    return SweepMap(page)


def playground(link: str = "") -> Playground:
    """The playground, as it opens or as a ``link`` (the part behind the question mark) says.

    Raises ValueError, naming every part of the link that cannot be followed.
    """
    settings, complaints = Settings.from_query(link)
    if complaints:
        raise ValueError(" ".join(complaints))
    return Playground(settings)
