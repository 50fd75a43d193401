"""Recipes for the chapters on signals through deep networks and on magnitude: numbers, tables and charts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..mean_field import level_gain
from ..widgets import Slider
from ..widgets.axes import choices, numbers, pressed, stops
from ..widgets.recorder import Page
from .magnitude_tables import Calculator, StandardTable
from .offline_parts import settling
from .preserving_magnitude import LayerMap, OneNumber, Sampling
from .tower_depth import DeepTraining, Funnel
from .tower_lessons import NaiveFixes, TwoProducts
from .why_it_matters import GAINS, Tower

LAYERS = (5, 10, 20)
SHAPES = (1, 3, 10, 25, 50, 100, 300, 1000, 3000, 10_000)
STEPS = (1, 10, 30, 60, 100, 150, 200, 250)
COMMON = (1, 8, 10, 16, 32, 64, 100, 128, 256, 512, 784, 1000, 1024)


def tower(page: Page, explorable: Tower) -> None:
    """Every activation, three depths, and every fifth stop of the gain beside those that have names."""
    settle = settling(explorable)
    gain, activation = explorable.gain, explorable.activation
    fitting = {gain.nearest(level_gain(name)) for _, name in activation._options_full}
    kept = sorted({*GAINS[::5], *(GAINS[at] for at, _ in gain._marks), *fitting})
    drawn = [choices(activation), stops(explorable.layers, LAYERS), stops(gain, kept)]
    page.record(drawn, settle)
    for button in explorable.schemes:
        page.moves(button, [], [drawn[2]])
    page.moves(explorable.cure, [drawn[0]], [drawn[2]])


def naive_fixes(page: Page, explorable: NaiveFixes) -> None:
    page.record([choices(explorable.start), choices(explorable.activation)], settling(explorable))


def two_products(page: Page, explorable: TwoProducts) -> None:
    """Weights and inputs in steps of a half."""
    weight, size = (stops(s, _every(s, 5)) for s in (explorable.weight, explorable.input))
    page.record([choices(explorable.activation), weight, size], settling(explorable))


def funnel(page: Page, explorable: Funnel) -> None:
    controls = (explorable.shape, explorable.activation, explorable.measure)
    page.record([choices(control) for control in controls], settling(explorable))


def deep_training(page: Page, explorable: DeepTraining) -> None:
    """The first step of every network, and its training as a film."""
    explorable.PAUSE = 0.0
    picture = explorable._picture

    def few(seen: Any, number: int, done: bool) -> None:
        if number in STEPS or done:
            picture(seen, number, done)

    explorable._picture = few
    trained = pressed(2, lambda k: setattr(explorable, "asked", bool(k)))
    controls = [choices(explorable.activation), stops(explorable.layers, (2, 5, 10, 20, 30)), trained]
    page.record(controls, settling(explorable), film=(explorable, len(STEPS)))
    page.press(explorable.train, trained, 1)


def sampling(page: Page, explorable: Sampling) -> None:
    """Every scheme, some sizes, the first draw: a few pictures of each on the way."""
    explorable.PAUSE = 0.0
    size = stops(explorable.size, (1, 2, 3, 5, 8, 25, 100))
    page.record([size, choices(explorable.scheme)], settling(explorable), film=(explorable, 5))


def standard_table(page: Page, explorable: StandardTable) -> None:
    """Five draws."""
    draw = pressed(5, lambda k: setattr(explorable, "seed", k + 1))
    page.record([draw], settling(explorable))
    page.press(explorable.again, draw, "next")


def layer_map(page: Page, explorable: LayerMap) -> None:
    """Every other layer size."""
    sizes = [stops(slider, SHAPES) for slider in (explorable.fan_in, explorable.fan_out)]
    page.record([*sizes, choices(explorable.scheme), choices(explorable.sense)], settling(explorable))


def one_number(page: Page, explorable: OneNumber) -> None:
    page.record([stops(explorable.size), numbers(explorable.active, (False, True))], settling(explorable))


def calculator(page: Page, explorable: Calculator) -> None:
    """Layers of common sizes, counting all inputs or one."""
    sizes = [numbers(field, COMMON) for field in (explorable.fan_in, explorable.fan_out)]
    page.record([*sizes, numbers(explorable.active, (0, 1))], settling(explorable))


def _every(slider: Slider, step: int) -> list[float]:
    return slider.options[slider.options.index(0.0) % step :: step]


RECIPES: dict[type, Callable[[Page, Any], None]] = {
    Tower: tower,
    NaiveFixes: naive_fixes,
    TwoProducts: two_products,
    Funnel: funnel,
    DeepTraining: deep_training,
    Sampling: sampling,
    StandardTable: standard_table,
    LayerMap: layer_map,
    OneNumber: one_number,
    Calculator: calculator,
}
