"""The explorables of the chapter "Results": what the recorded experiments show. No PyTorch is needed.

The live ones, which train, are in ``results_live``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from ..experiments.analysis import SpeedUp, speed_up
from ..experiments.catalogue import EXPERIMENTS
from ..experiments.claims import times
from ..experiments.records import Records, recorded
from ..widgets import Slider, Table
from .live import Live, row
from .results_panels import ActiveNodes, FiveSeeds, MoreData, verdicts
from .results_parts import FIVE, article_variants, csv_of, epoch_text, interval_text, scheme_chart

__all__ = ["active_nodes", "curves", "five_seeds", "more_data", "run_here", "verdicts"]

FINE = 240
"""How many losses the line can be dragged to."""
BASES = {
    "counting": "standard_xavier",
    "mnist-conv": "standard_xavier",
    "mnist-dense": "normalized_xavier",
    "hamlet": "kaiming",
}
"""What the others are compared with at first."""
ARTICLE = {
    ("mnist-conv", "standard_xavier", "standard_letkeman"): "1.744 times",
    ("hamlet", "kaiming", "standard_letkeman+active"): "2.5 times",
    ("hamlet", "kaiming", "normalized_letkeman+active"): "3.125 times",
}
"""What the article prints for (network, compared with, scheme)."""
HEADER = [
    "scheme", "single runs that get there", "epoch (mean curve)", "n times as fast", "95 % interval",
    "epoch (median run)", "article",
]  # fmt: skip


class Curves(Live):
    """Training loss of one network under the five schemes; a line to drag; who is how much faster there."""

    def __init__(self) -> None:
        names = [(experiment.title, name) for name, experiment in EXPERIMENTS.items()]
        self.network = ipywidgets.ToggleButtons(options=names, value="mnist-conv", description="Network")
        self.network.style.button_width = "auto"
        self.view = ipywidgets.Dropdown(
            options=[
                ("mean and range", "band"),
                ("every seed", "single"),
                ("epochs to reach a loss", "reach"),
            ],
            description="Show",
        )
        self.scale = ipywidgets.Dropdown(
            options=[("logarithmic", "log"), ("linear", "linear")], description="Loss axis"
        )
        self.base = ipywidgets.Dropdown(description="Compare with")
        for dropdown in (self.view, self.scale, self.base):
            dropdown.style.description_width = "initial"
        self.chart = scheme_chart("Training loss by epoch under five schemes", 430)
        self.table = Table(header=HEADER)
        self.words = ipywidgets.HTML()
        self.lines = {name: self._line(name) for name in EXPERIMENTS}
        self._offer_bases()
        controls = [self.view, self.scale, self.base, *self.lines.values()]
        super().__init__(self.chart, controls)
        self.network.observe(self._change_network, "value")
        self.base.observe(self._to_the_end, "value")
        self.chart.observe(self._clicked, "clicked")
        self._place = row(self.lines[self.network.value])
        self._place.add_class("lkv-wide")
        self.children = [
            row(self.network), row(self.view, self.scale, self.base), self._place, self.words, self.status,
            self.chart, self.table, csv_of("counting", "mnist-conv", "mnist-dense", "hamlet"),
        ]  # fmt: skip
        self._to_the_end()

    @property
    def records(self) -> Records:
        """The recorded runs of the network on show."""
        return recorded(self.network.value)

    def _line(self, name: str) -> Slider:
        """The line of one network: losses spaced by ratios, and where each scheme ends."""
        records = recorded(name)
        means = {v: records.curves(v, FIVE).mean(axis=0) for v in article_variants(records)}
        every = np.concatenate(list(means.values()))
        ends = {float(mean[-1]): f"end of {_short(variant)}" for variant, mean in means.items()}
        levels = sorted({*np.geomspace(every.min(), every.max(), FINE).tolist(), *ends})
        labels = [f"{level:.4g}" for level in levels]
        return Slider(levels, levels[-1], "Loss to reach", labels, ends)

    def _offer_bases(self) -> None:
        from .results_figures import label

        name = self.network.value
        self.base.options = [(label(v), v) for v in article_variants(recorded(name))]
        self.base.value = BASES[name]

    def _change_network(self, _: traitlets.Bunch) -> None:
        self._offer_bases()
        self._place.children = [self.lines[self.network.value]]
        self.scale.value = "linear" if self.network.value == "hamlet" else "log"  # hardly a factor of two
        self._to_the_end()
        self._restart()

    def _to_the_end(self, _: traitlets.Bunch | None = None) -> None:
        """Put the line where the scheme that is compared with ends, as the article does."""
        self.lines[self.network.value].value = self._end()

    def _end(self) -> float:
        return float(self.records.curves(self.base.value, FIVE).mean(axis=0)[-1])

    def _clicked(self, change: traitlets.Bunch) -> None:
        slider = self.lines[self.network.value]
        x, y, _ = change["new"]
        slider.value = slider.nearest(x if self.view.value == "reach" else y)

    def compute(self, cancelled: Callable[[], bool]) -> None:
        from . import results_figures as figures

        name, records, base = self.network.value, self.records, self.base.value
        variants, level = article_variants(records), self.lines[name].value
        if base not in variants:  # the network has just been changed, and so will this be
            return
        if self.view.value == "reach":
            drawn = figures.reach_figure(records, variants, FIVE, level)
        else:
            single, log = self.view.value == "single", self.scale.value == "log"
            drawn = figures.loss_figure(records, variants, FIVE, level, single, log)
        at_end = level == self._end()
        rows = []
        for variant in variants:
            found = _compared(name, base, variant, None if at_end else level)
            rows.append(self._row(figures.label(variant), found, variant == base, (name, base, variant)))
            if cancelled():
                return
        words = self._say_line(figures.label(base), level, at_end)

        def change() -> None:
            self.chart.show(drawn)
            self.words.value = words
            self.table.caption = f"To a loss of {level:.4g}, compared with {figures.label(base)}"
            self.table.fill(rows, marked=[variants.index(base)])

        self.show(change)

    def _say_line(self, base: str, level: float, at_end: bool) -> str:
        where = f"where {base} ends after {self.records.last:,} epochs" if at_end else "of your choice"
        return f"<p class='lkv-say'>The line is at a loss of <b>{level:.4g}</b>, {where}.</p>"

    @staticmethod
    def _row(name: str, found: SpeedUp, is_base: bool, key: tuple[str, str, str]) -> list[str]:
        return [
            name,
            f"{found.reached} of {found.runs}",
            epoch_text(found.base if is_base else found.other),
            "compared with" if is_base else times(found.ratio),
            "" if is_base else interval_text(found),
            epoch_text(found.median),
            ARTICLE.get(key, ""),
        ]


@lru_cache(maxsize=4096)
def _compared(name: str, base: str, variant: str, level: float | None) -> SpeedUp:
    """Kept, because looking at the same line in another way changes none of it."""
    return speed_up(recorded(name), base, variant, level, FIVE)


def _short(variant: str) -> str:
    words = variant.removesuffix("+active").split("_")
    return " ".join(word.capitalize() for word in words)


def curves() -> Curves:
    """Loss of the four networks under five schemes, and who is how much faster."""
    return Curves()


def active_nodes() -> ActiveNodes:
    """Hamlet with and without the Active Node Method."""
    return ActiveNodes()


def five_seeds() -> FiveSeeds:
    """What a hundred seeds say that five do not."""
    return FiveSeeds()


def more_data() -> MoreData:
    """The MNIST networks on ten thousand images."""
    return MoreData()


def run_here() -> Any:
    """Train one of the networks now."""
    from .results_live import RunHere

    return RunHere()
