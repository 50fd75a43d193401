"""Recipes for the chapter "Results", whose experiments are recorded already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..experiments.catalogue import EXPERIMENTS
from ..widgets.axes import choices, pressed, stops
from ..widgets.recorder import Page
from .offline_parts import carry_files, settling
from .results import Curves
from .results_live import RunHere
from .results_panels import ActiveNodes, FiveSeeds, MoreData

LEVELS = 16
"""Losses of each network to which the line can be dragged, beside the ends of the schemes."""
DRAWS = 12
TOO_LARGE = ("counting, CSV",)
"""Files that do not come with the page: the hundred seeds of counting are 9 MB."""


def curves(page: Page, explorable: Curves) -> None:
    """Every network, view and base; changing one moves the line as it does in Python."""
    settle = settling(explorable)
    settle()
    network, base = choices(explorable.network), choices(explorable.base)
    view, scale = choices(explorable.view), choices(explorable.scale)
    lines = {}
    for slider, name in ((explorable.lines[name], name) for name in EXPERIMENTS):
        ends = [at for at, _ in slider._marks]
        even = np.linspace(0, len(slider.options) - 1, LEVELS).round().astype(int)
        lines[name] = stops(slider, [slider.options[at] for at in sorted({*ends, *even.tolist()})])
    start = network.start
    for k, name in enumerate(EXPERIMENTS):
        network.go(k)
        here = [(network, k)]
        page.record([base, lines[name]], settle, when=here, of=[explorable.words, explorable.table])
        page.record([view, scale, lines[name]], settle, when=here, of=[explorable.chart])
        page.moves(base, [network, base], [lines[name]])
    network.go(start)
    page.record([network], settle)
    page.moves(network, [network], [base, scale, *lines.values()])
    page.needs(
        explorable.chart, "clicked", "Drag the line with the slider above. A press on the chart needs Python."
    )
    carry_files(page, explorable, TOO_LARGE)


def five_seeds(page: Page, explorable: FiveSeeds) -> None:
    """The article's five seeds, and a dozen other fives."""
    draw = pressed(DRAWS + 1, lambda k: _draw(explorable, k))
    page.record([draw], settling(explorable))
    page.press(explorable.again, draw, "next")
    page.press(explorable.article, draw, 0)
    carry_files(page, explorable, TOO_LARGE)


def _draw(explorable: FiveSeeds, k: int) -> None:
    if k == 0:
        explorable.article.click()
    else:
        explorable.draws = k - 1
        explorable.again.click()


def active_nodes(page: Page, explorable: ActiveNodes) -> None:
    page.record([], settling(explorable))
    carry_files(page, explorable, TOO_LARGE)


def more_data(page: Page, explorable: MoreData) -> None:
    page.record([choices(explorable.network)], settling(explorable))
    carry_files(page, explorable, TOO_LARGE)


def run_here(page: Page, explorable: RunHere) -> None:
    """Nothing is recorded: it is there to train what nobody has trained before."""
    words = "This one trains a network while you watch. That needs Python and cannot be recorded."
    page.instead(explorable.words, "value", f"<p class='lkv-say'>{words}</p>")


RECIPES: dict[type, Callable[[Page, Any], None]] = {
    Curves: curves,
    FiveSeeds: five_seeds,
    ActiveNodes: active_nodes,
    MoreData: more_data,
    RunHere: run_here,
}
