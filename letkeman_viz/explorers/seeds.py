"""Are five seeds enough? Many draws of every scheme, and what a ranking from a few of them is worth."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from ..study import MAX_SEEDS, Study, study_chunks
from ..widgets import Chart, Slider, Table
from .live import Live, row
from .race import EPOCHS, RATES
from .race_schemes import LABELS, SCHEMES

SEEDS = [*range(1, 11), *range(15, 51, 5), *range(60, 101, 10), *range(150, MAX_SEEDS + 1, 50)]
SIZES = (1, 5, 20, 50)
FEW, MANY = 5, 50
CROWD = 4  # a draw of more than a quarter of all seeds is too much like the next one
EXPERIMENTS = 40  # at most in the picture; the words count all
DRAWS = 2000


class Seeds(Live):
    """Choose how many seeds; watch medians settle, bands overlap, and rankings change with the draw.

    ``study`` holds every seed worked out so far: fewer seeds are then a part of it, more are added to it.
    """

    PAUSE = 0.5  # seconds between two pictures while it works
    HEADER = ("scheme", "solved", "median epoch (95 % sure)", "seeds 1 to 5", "seeds 6 to 10", "all seeds")

    def __init__(self, seeds: int = 100, learning_rate: float = 1.0) -> None:
        self.count = Slider(SEEDS, seeds, "Seeds")
        self.rate = _buttons("Learning rate", {f"{rate:g}": rate for rate in RATES}, learning_rate)
        self.what = _buttons("Show", {"loss": "loss", "number right": "right"}, "loss")
        self.size = _buttons("Seeds in one experiment", {str(size): size for size in SIZES}, FEW)
        self.stop = ipywidgets.Button(description="Stop")
        self.progress = ipywidgets.IntProgress(0, 0, seeds, layout={"width": "250px"})
        self.words = ipywidgets.HTML()
        self.bands = Chart(label="Median and middle half of all seeds over the epochs", height=400)
        self.places = Chart(label="Place of every scheme in one experiment after another", height=300)
        self.wins = Chart(label="How often each scheme comes first, with few seeds and with many", height=300)
        self.table = Table(caption="Solved: all 32 right within 1000 epochs", header=list(self.HEADER))
        self.study: Study | None = None
        self._rate = learning_rate
        self.stopped = False
        super().__init__(self.bands, [self.count, self.rate, self.what, self.size])
        self.stop.on_click(self._on_stop)
        controls = row(self.count, self.rate, self.what, self.stop, self.progress)
        charts = row(self.places, self.wins, style="lkv-columns")
        self.children = [controls, self.words, self.status, self.bands, self.table, self.size, charts]

    def _on_stop(self, _: ipywidgets.Button) -> None:
        self._set_stopped(not self.stopped)
        if not self.stopped:
            super()._restart()

    def _set_stopped(self, stopped: bool) -> None:
        self.stopped = stopped
        self.stop.description = "Go on" if stopped else "Stop"

    def _restart(self, change: traitlets.Bunch | None = None) -> None:
        if change is not None and change.owner not in (self.what, self.size):  # those only look otherwise
            self._set_stopped(False)
        super()._restart(change)

    def compute(self, cancelled: Callable[[], bool]) -> None:
        if self._rate != self.rate.value:  # only here, where no older job can still add to the study
            self.study, self._rate = None, self.rate.value
        wanted, shown_at = self.count.value, -math.inf
        for found in self._grow(wanted, cancelled):
            self.study = found
            self.show(partial(self._tell_progress, len(found.seeds), wanted))
            if self.stopped:
                break
            if time.monotonic() - shown_at > self.PAUSE:
                self._draw(found, min(wanted, len(found.seeds)))
                shown_at = time.monotonic()
        if self.study is not None:
            self._draw(self.study, min(wanted, len(self.study.seeds)))

    def _grow(self, wanted: int, cancelled: Callable[[], bool]) -> Iterator[Study]:
        """The study so far, then with more and more of the seeds that are missing."""
        done, count = self.study, 0 if self.study is None else len(self.study.seeds)
        if done is not None:
            yield done
        if count < wanted and not self.stopped:
            missing = range(count + 1, wanted + 1)
            for more in study_chunks(SCHEMES, missing, self._rate, EPOCHS, cancelled=cancelled):
                yield more if done is None else join(done, more)

    def _tell_progress(self, done: int, wanted: int) -> None:
        self.progress.max, self.progress.value = wanted, min(done, wanted)
        self.progress.description = f"{min(done, wanted)} of {wanted}"
        self.stop.disabled = done >= wanted

    def _draw(self, study: Study, count: int) -> None:
        from . import seeds_figures as figures

        size = min(self.size.value, count)
        starts = range(0, count - size + 1, size)
        orders = [part(study, start, start + size).ranking() for start in starts]
        few, many = min(FEW, count), max(1, min(MANY, count // CROWD))
        first = part(study, 0, count)
        shares = {n: first.rankings(n, DRAWS)[:, 0] for n in sorted({few, many})}
        drawn = [
            (self.bands, figures.band_figure(study, self.what.value, count)),
            (self.places, figures.places_figure(study.schemes, orders[:EXPERIMENTS], size)),
            (self.wins, figures.wins_figure(study.schemes, shares)),
        ]
        rows, words = _table(first), _words(first, orders, size)
        self.show(partial(self._picture, drawn, rows, words))

    def _picture(self, drawn: list[tuple[Chart, Any]], rows: list[list[str]], words: str) -> None:
        for chart, figure in drawn:
            chart.show(figure)
        self.table.fill(rows)
        self.words.value = words


def part(study: Study, start: int, stop: int) -> Study:
    """The study of the seeds at places ``start`` to ``stop`` (without it) alone."""
    seeds = slice(start, stop)
    arrays = {name: getattr(study, name)[:, seeds] for name in ("loss", "right", "solved")}
    return replace(study, seeds=study.seeds[seeds], **arrays)


def join(study: Study, more: Study) -> Study:
    """Two studies of other seeds, all else equal, as one."""
    arrays = {
        name: np.concatenate([getattr(study, name), getattr(more, name)], axis=1)
        for name in ("loss", "right", "solved")
    }
    return replace(study, seeds=study.seeds + more.seeds, **arrays)


def _buttons(description: str, options: dict[str, Any], value: Any) -> ipywidgets.ToggleButtons:
    buttons = ipywidgets.ToggleButtons(options=list(options.items()), value=value, description=description)
    buttons.style.button_width, buttons.style.description_width = "auto", "initial"
    return buttons


def _table(study: Study) -> list[list[str]]:
    """One row a scheme, best first."""
    count = len(study.seeds)
    share = study.share_solved()
    columns = [_places(study, 0, FEW), _places(study, FEW, 2 * FEW), _places(study, 0, count)]
    return [
        [
            LABELS[study.schemes[k]],
            f"{100 * share[k]:.0f} %",
            _median(study, k),
            *(column[k] for column in columns),
        ]
        for k in study.ranking()
    ]


def _median(study: Study, k: int) -> str:
    """Median epoch of a scheme, and an interval that holds the true one with 95 % certainty.

    The interval lies between two of the sorted values: how many of ``count`` lie below the true median is
    binomial with 1/2, whatever their distribution (W. Conover, *Practical Nonparametric Statistics*).
    """
    median, count = study.median_solved()[k], len(study.seeds)
    spread = 0.98 * math.sqrt(count)
    low, high = round(count / 2 - spread) - 1, round(count / 2 + spread)
    ordered = np.sort(np.where(study.solved[k] < 0, np.inf, study.solved[k]))
    if not math.isfinite(ordered[max(low, 0)]):
        return "not reached"
    if low < 0 or high >= count:  # too few to say
        return _epoch(median, study)
    return f"{_epoch(median, study)} ({_epoch(ordered[low], study)} to {_epoch(ordered[high], study)})"


def _epoch(value: float, study: Study) -> str:
    return f"{value:.0f}" if math.isfinite(value) else f"over {study.epochs}"


def _places(study: Study, start: int, stop: int) -> list[str]:
    """The place of each scheme among these seeds, or a dash where they are not done."""
    if stop > len(study.seeds):
        return ["\N{EN DASH}"] * len(study.schemes)
    order = part(study, start, stop).ranking()
    return [f"{order.index(k) + 1}." for k in range(len(order))]


def _words(study: Study, orders: list[list[int]], size: int) -> str:
    """How steady the winner is, in a sentence made from the rankings."""
    winners = [order[0] for order in orders]
    counted = sorted({(winners.count(k), k) for k in winners}, reverse=True)
    names = ", ".join(f"{LABELS[study.schemes[k]]} {times}" for times, k in counted)
    experiments = f"{len(orders)} experiment{'s' if len(orders) > 1 else ''}"
    different = f"{len(counted)} different winner{'s' if len(counted) > 1 else ''}"
    return (
        f"<p class='lkv-say' role='status'>{experiments} of {size} seed{'s' if size > 1 else ''} each: "
        f"<b>{different}</b> ({names}).</p>"
    )


def five_seeds(seeds: int = 100, learning_rate: float = 1.0) -> Seeds:
    """All seven schemes with many seeds; ``seeds`` is 1 to 500, ``learning_rate`` 0.1, 0.3, 1 or 3."""
    return Seeds(seeds, learning_rate)
