"""The map of the chapter "Playground": where learning works, over learning rate or depth, and gain."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from ..sweep import Sweep, sweep_chunks
from ..training import Cancelled
from ..widgets import Chart, Slider
from .live import Live, row
from .plots import Figure, figure, line
from .settings import EPOCHS, MAX_HIDDEN, NAMED_GAINS, Settings

if TYPE_CHECKING:
    from .playground import Playground

GAINS = [0.1, 0.15, 0.22, 0.33, 0.47, 0.68, 1.0, 1.5, 2.2, 3.3, 4.7, 6.8, 10.0]
RATES = [0.1, 0.15, 0.22, 0.33, 0.47, 0.68, 1.0, 1.5, 2.2, 3.3, 4.7, 6.8, 10.0]
DEPTHS = list(range(1, MAX_HIDDEN + 1))
FLAG = 17  # px from the name of one gain to the next
WORDS = {"learning_rate": "learning rate", "depth": "hidden layers"}

GREY = "#8b8f94"
# Neither end is white or black, which would vanish in one of the themes.
SOON_TO_LATE = [[0.0, "#fde725"], [0.25, "#6ccd5a"], [0.5, "#1f9a8a"], [0.75, "#33638d"], [1.0, "#482173"]]


class SweepMap(Live):
    """A cell for every pair of settings, coloured by how soon half the seeds have the whole table right.

    Everything else is as in the playground when the map is drawn. Pressing a cell shows its network there.
    ``sweep`` is what has been worked out.
    """

    def __init__(self, page: Playground) -> None:
        self.page = page
        self.sweep: Sweep | None = None
        self.base = page.settings
        self.stopped = False
        kinds = [("learning rate, gain", "learning_rate"), ("depth, gain", "depth")]
        self.kind = ipywidgets.ToggleButtons(options=kinds, description="Map of")
        self.kind.style.button_width = "auto"
        self.seeds = Slider([1, 3, 5, 9, 15], 5, "Seeds in every cell")
        self.epochs = Slider(EPOCHS[:4], 1000, "Epochs at most")
        self.start = ipywidgets.Button(description="Draw the map", button_style="primary")
        self.stop = ipywidgets.Button(description="Stop", disabled=True)
        self.best = ipywidgets.Button(
            description="Open the soonest", tooltip="Without a mouse: its network above"
        )
        self.progress = ipywidgets.IntProgress(0, 0, 1, layout={"width": "180px"})
        self.map = Chart(label="Epochs until the whole table is right, over two settings", height=470)
        self.words = ipywidgets.HTML()
        super().__init__(self.map, [self.kind])
        self.start.on_click(lambda _: self.draw())
        self.stop.on_click(lambda _: setattr(self, "stopped", True))
        self.map.observe(self._load, "clicked")
        self.best.on_click(lambda _: self._open_soonest())
        controls = row(self.kind, self.seeds, self.epochs, self.start, self.stop, self.best, self.progress)
        self.children = [controls, self.words, self.status, self.map]
        self._show_words("Nothing has been run yet.")

    def draw(self) -> None:
        """Work out the map of what the playground shows now."""
        self.stopped = False
        self._worker.submit(self._work)

    def _restart(self, _: Any = None) -> None:
        """A map takes seconds, and minutes for large networks: only when somebody asks."""
        if self._trigger.wanted and self.sweep is None:
            self.map.show(sweep_figure(_empty(self.kind.value)))

    def compute(self, cancelled: Callable[[], bool]) -> None:
        base, kind = self.page.settings, self.kind.value
        inputs, targets = task = base.examples()
        sides: dict[str, Any] = {"learning_rates": RATES}
        if kind == "depth":
            sides = {"learning_rates": base.rate, "depths": DEPTHS, "width": max(base.hidden)}
        chunks = sweep_chunks(
            **sides,
            gains=GAINS,
            seeds=self.seeds.value,
            epochs=self.epochs.value,
            task=task,
            layer_sizes=(inputs.shape[1], *base.hidden, targets.shape[1]),
            activation=base.activation,
            bias=base.bias,
            shuffle=base.order == "shuffled",
            cancelled=lambda: self.stopped or cancelled(),
        )
        self.show(partial(setattr, self.stop, "disabled", False))
        try:
            for sweep in chunks:
                self.show(partial(self._picture, sweep, base, sweep_figure(sweep)))
        except Cancelled:
            if not self.stopped:
                raise
            self.show(lambda: self._show_words("Stopped; what was done is kept."))
        finally:
            self.show(partial(setattr, self.stop, "disabled", True))

    def _picture(self, sweep: Sweep, base: Settings, drawn: Figure) -> None:
        self.sweep, self.base = sweep, base
        self.map.show(drawn)
        cells = sweep.median()
        self.progress.max, self.progress.value = cells.size, sweep.done
        found = cells[np.isfinite(cells)]
        best = ""
        if found.size:
            at = _soonest(cells)
            where = f"{WORDS[sweep.row_name]} {sweep.row_values[at[0]]:g}, gain {sweep.gains[at[1]]:g}"
            best = f" The soonest: {where}, after {found.min():,g} epochs (median of {sweep.seeds} seeds)."
        solved = f"{found.size} of {sweep.done} cells run have it right within {sweep.epochs:,} epochs."
        self._show_words(solved + best)

    def _show_words(self, text: str) -> None:
        self.words.value = f"<p class='lkv-say' role='status'>{text}</p>"

    def _load(self, change: dict[str, Any]) -> None:
        """A cell was pressed: its network in the playground."""
        x, y, _ = change["new"]
        if self.sweep is not None:
            places = np.abs(_places(self.sweep) - y), np.abs(np.log10(self.sweep.gains) - x)
            self._open(self.sweep, int(places[0].argmin()), int(places[1].argmin()))

    def _open_soonest(self) -> None:
        if self.sweep is None:
            self._show_words("There is nothing to open yet: draw a map first.")
        elif np.isfinite(cells := self.sweep.median()).any():
            self._open(self.sweep, *_soonest(cells))

    def _open(self, sweep: Sweep, across: int, column: int) -> None:
        gain = float(sweep.gains[column])
        schemes = (*(s for s in self.base.schemes if s != "scaled"), "scaled")[-4:]
        wanted: dict[str, Any] = {"gain": gain, "schemes": schemes, "shown": "scaled", "mode": "table"}
        wanted["epochs"] = sweep.epochs
        if sweep.row_name == "depth":
            wanted["hidden"] = (max(self.base.hidden),) * int(sweep.row_values[across])
        else:
            wanted["rate"] = float(sweep.row_values[across])
        self.page.apply(replace(self.base, edits=(), noise=0.0).changed(**wanted))


def _empty(kind: str) -> Sweep:
    rows = np.array(DEPTHS if kind == "depth" else RATES, float)
    cells = np.full((len(rows), len(GAINS), 1), np.nan, np.float32)
    return Sweep(kind, rows, np.array(GAINS), 1, EPOCHS[3], cells)


def _soonest(cells: NDArray[np.float64]) -> tuple[int, int]:
    """(row, column) of the smallest of the medians that are known."""
    across, column = np.unravel_index(np.where(np.isnan(cells), np.inf, cells).argmin(), cells.shape)
    return int(across), int(column)


def _places(sweep: Sweep) -> NDArray[np.float64]:
    """Where the rows of the map lie: rates by their logarithm, depths one by one."""
    return sweep.row_values if sweep.row_name == "depth" else np.log10(sweep.row_values)


def sweep_figure(sweep: Sweep) -> Figure:
    """Median epochs to all-right over gain (across) and rate or depth (up); grey where most never do."""
    x, y, median = np.log10(sweep.gains), _places(sweep), sweep.median()
    shape: dict[str, Any] = {
        "type": "heatmap",
        "x": x.astype("f4"),
        "y": y.astype("f4"),
        "xgap": 1,
        "ygap": 1,
    }
    solved = np.isfinite(sweep.epochs_to_solve).sum(axis=2)
    says = [
        [
            f"gain {gain:g}, {WORDS[sweep.row_name]} {value:g}<br>"
            + (
                "not run yet"
                if np.isnan(cell)
                else f"{'never' if np.isinf(cell) else f'{cell:g} epochs'}, {count} of {sweep.seeds} seeds"
            )
            for gain, cell, count in zip(sweep.gains, cells, counts, strict=True)
        ]
        for value, cells, counts in zip(sweep.row_values, median, solved, strict=True)
    ]
    soon = {
        **shape,
        "z": np.where(np.isfinite(median), median, np.nan).astype("f4"),
        "zmin": 0,
        "zmax": sweep.epochs,
        "colorscale": SOON_TO_LATE,
        "colorbar": {"title": {"text": "epochs"}, "thickness": 12},
        "customdata": says,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    never = {
        **shape,
        "z": np.where(np.isinf(median), 1.0, np.nan).astype("f4"),
        "showscale": False,
        "colorscale": [[0.0, GREY], [1.0, GREY]],
        "customdata": says,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    low, high = y[0] - (y[1] - y[0]) / 2, y[-1] + (y[-1] - y[-2]) / 2
    hair: dict[str, Any] = {"mode": "lines", "showlegend": False, "hoverinfo": "skip"}
    named = [
        line(name, "--lkv-ink", np.log10([gain, gain]), [low, high], dash="dot", **hair)
        for gain, name in NAMED_GAINS.items()
    ]
    ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10]
    xaxis = {
        "title": "gain: std · √fan_in",
        "tickvals": np.log10(ticks),
        "range": [x[0] - (x[1] - x[0]) / 2, x[-1] + (x[-1] - x[-2]) / 2],
        "ticktext": [f"{t:g}" for t in ticks],
    }
    rows = [v for k, v in enumerate(sweep.row_values) if sweep.row_name == "depth" or k % 2 == 0]
    places = rows if sweep.row_name == "depth" else np.log10(rows)
    yaxis = {"title": WORDS[sweep.row_name], "tickvals": places, "ticktext": [f"{v:g}" for v in rows]}
    title = f"Epochs until all rows are right<br>grey: not within {sweep.epochs:,}"
    layout: dict[str, Any] = {"showlegend": False, "hovermode": "closest", "annotations": _flags()}
    return figure(
        title,
        [soon, never, *named],
        xaxis,
        {**yaxis, "range": [low, high]},
        margin={"t": 44 + FLAG * len(NAMED_GAINS), "r": 10, "l": 62, "b": 46},
        **layout,
    )


def _flags() -> list[dict[str, Any]]:
    """The names of the gains above the map, each on a pole of its own: the leftmost stands highest."""
    return [
        {
            "x": math.log10(gain),
            "y": 1.0,
            "yref": "paper",
            "text": name,
            "xanchor": "left",
            "ax": 0,
            "ay": -FLAG * (len(NAMED_GAINS) - k) + FLAG // 3,
            "arrowhead": 0,
            "arrowwidth": 1,
            "arrowcolor": GREY,
            "borderpad": 0,
        }
        for k, (gain, name) in enumerate(NAMED_GAINS.items())
    ]
