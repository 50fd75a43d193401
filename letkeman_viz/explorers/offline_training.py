"""Recipes for the explorables that train the small network: one run, the race, many seeds, predictions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..widgets.axes import Axis, choices, numbers, pressed, stops, trait_axis
from ..widgets.recorder import Page
from .doing_it_wrong import WholeTable, _train_table
from .explorable import RunExplorable
from .offline_parts import SEEDS, settling
from .playground import Playground
from .predict import Prediction
from .race import FEWEST, FRAMES, SchemeRace
from .seeds import Seeds
from .sweep_map import SweepMap

COUNTS = (1, 2, 3, 5, 10, 20, 50, 100, 200)


def one_run(page: Page, explorable: RunExplorable) -> None:
    """Every scheme, five seeds. Long runs have as many frames as a race has, and share its data."""
    if isinstance(explorable, WholeTable):
        explorable._compute = partial(_train_table, frames=FRAMES)
    page.record([choices(explorable.scheme), numbers(explorable.seed, SEEDS)], settling(explorable))


def race(page: Page, explorable: SchemeRace) -> None:
    """All seven at learning rate 1; who takes part is chosen among them, and one is seen in full."""
    settle = settling(explorable)
    seed = numbers(explorable.seed, SEEDS)
    page.record([seed, choices(explorable.rate, [1.0]), choices(explorable.layer)], settle)
    chosen = trait_axis(explorable.race, "chosen", range(-1, len(explorable.runs)))
    page.record([chosen], settle)
    page.link(*((run, "example") for run in explorable.runs.values()))
    lists = [(view, trait) for view in (explorable.race, explorable.ranking) for trait in ("runs", "styles")]
    page.subset(explorable.takes_part.values(), lists, explorable.charts, FEWEST, [chosen])


def many_seeds(page: Page, explorable: Seeds) -> None:
    """Learning rate 1, up to 200 seeds."""
    settle = settling(explorable)
    explorable.PAUSE = 1e9  # the last picture alone
    count, rate = stops(explorable.count, COUNTS), choices(explorable.rate, [1.0])
    page.record([count, rate, choices(explorable.what), choices(explorable.size)], settle)


def prediction(page: Page, explorable: Prediction) -> None:
    """Every answer, and what comes of it; for a number, what is said of all that are not near the truth."""
    locked = pressed(2, lambda k: _lock(explorable, k), fleeting=True)
    if hasattr(explorable.answer, "options"):
        answer = Axis(
            [None, *range(len(explorable.answer.options))],
            lambda k: setattr(explorable.answer, "index", None if k == 0 else k - 1),
            lambda: 0 if explorable.answer.index is None else explorable.answer.index + 1,
            explorable.answer,
            "index",
        )
    else:
        answer = _number(explorable)
    page.record([answer, locked], lambda: _settle(explorable))
    page.press(explorable.lock, locked, "toggle")


def _number(explorable: Prediction) -> Axis:
    low, high, actual = explorable.answer.min, explorable.answer.max, int(explorable._actual())
    near = range(max(low, actual - 3), min(high, actual + 3) + 1)
    far = high - 1  # stands for every other answer; its digits occur in no text but where the answer is told
    axis = numbers(explorable.answer, sorted({low, *near, far}))
    axis.other = axis.values.index(far)
    return axis


def _lock(explorable: Prediction, k: int) -> None:
    if k:
        explorable.lock.click()
    else:
        explorable._ask_again()


def _settle(explorable: Prediction) -> None:
    if explorable._locked.wanted:
        explorable.finish()


def playground(page: Page, explorable: Playground) -> None:
    """As it opens, with five draws; each of its schemes in full."""
    for run in explorable.runs.values():
        run.compressed = True  # here nobody waits while a slider moves
    settle = settling(explorable)
    settle()
    controls = explorable.controls
    seed = numbers(controls.seed, SEEDS)
    shown = trait_axis(explorable.race, "chosen", range(len(explorable.race.runs)))
    page.record([seed, shown], settle)
    page.moves(controls.draw, [seed], [seed])
    page.link(*((run, "example") for run in explorable.runs.values()), (controls.number, "value"))
    page.instead(controls.number, "max", len(explorable.settings.examples()[0]) - 1)
    page.needs(explorable.editor, "change", "Changing a weight trains the network anew. That needs Python.")


def sweep_map(page: Page, explorable: SweepMap) -> None:
    """Both maps as they are drawn first."""
    drawn = pressed(2, lambda k: _draw(explorable, k), fleeting=True)
    page.record([choices(explorable.kind), drawn], partial(explorable.finish, 300.0), film=(explorable, 10))
    page.press(explorable.start, drawn, 1)
    page.needs(explorable.map, "clicked", "Opening a cell trains its network. That needs Python.")


def _draw(explorable: SweepMap, k: int) -> None:
    explorable.sweep, explorable.progress.value = None, 0
    explorable._restart()
    explorable._show_words("Nothing has been run yet.")
    if k:
        explorable.draw()


RECIPES: dict[type, Callable[[Page, Any], None]] = {
    RunExplorable: one_run,
    SchemeRace: race,
    Seeds: many_seeds,
    Prediction: prediction,
    Playground: playground,
    SweepMap: sweep_map,
}
