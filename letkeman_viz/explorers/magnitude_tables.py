"""The tables of the chapter "Preserving magnitude", and the calculator."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import ipywidgets
import numpy as np

from ..initializers import Initializer, get_initializer
from ..magnitude import (
    MIN_COUNT,
    approximate,
    approximate_normalized,
    expected_magnitude,
    normalized_magnitude,
)
from ..simulation import simulate_magnitude
from ..widgets import Chart, Table
from .live import Live, row

SCHEMES = [
    "standard_xavier",
    "normalized_xavier",
    "lecun",
    "standard_letkeman",
    "normalized_letkeman",
    "kaiming",
]

# What the article prints: (n, magnitude), then ((n, m), forward, backward, average), of its own runs.
ARTICLE_STANDARD = {
    1: 0.500474810495207, 5: 0.4658366066117104, 25: 0.4617913077193642,
    100: 0.4611953525250335, 300: 0.4603023799913436, 1000: 0.4605755033078747,
}  # fmt: skip
Printed = dict[tuple[int, int], tuple[float, float, float]]

ARTICLE_NORMALIZED: Printed = {
    (1, 1): (0.8594973435645746, 0.8594973435645746, 0.8594973435645746),
    (5, 5): (0.8084311839378276, 0.8045734522931961, 0.806502318115512),
    (100, 1): (12.187413775506647, 0.011053896083235643, 0.1316119146913889),
    (15, 25): (0.5368980806669289, 1.1514005259906934, 0.7673364976633413),
    (10, 100): (0.1077280335302238, 3.4205235980572755, 0.4088912666690458),
    (100, 50): (1.3046534263608478, 0.46020072148131086, 0.7416849564411578),
    (100, 300): (0.3257606846562078, 1.6939843417948686, 0.6678165989408731),
    (1000, 10): (11.277801840070467, 0.011307052186118244, 0.1228565055315076),
    (1, 10000): (0.00011277174801493292, 122.47346786077979, 0.01235888264582831),
    (3, 10000): (0.0003375413496494392, 66.31341829144523, 0.020225499187326784),
}

ARTICLE_LETKEMAN: Printed = {
    (1, 1): (0.9943010700551295, 0.9943010700551295, 0.9943010700551295),
    (5, 5): (0.9993559541424449, 1.0016561989451123, 1.0005060765437785),
    (100, 1): (92.90548094688566, 0.08605654405489507, 1.0050607460631158),
    (15, 25): (0.7219516088992118, 1.552360250077088, 1.0333548493409184),
    (10, 100): (0.29088207337482874, 9.277565035000634, 1.1078532517044446),
    (100, 50): (1.8668152727502358, 0.657427648552596, 1.0605568566184786),
    (100, 300): (0.5372220506522588, 2.790470951744516, 1.1005342759253183),
    (1000, 10): (92.54224171674791, 0.09236415107640739, 1.0077094735088017),
    (1, 10000): (0.008441322648025064, 9262.953664512319, 0.93464322477678),
    (3, 10000): (0.015693092438484952, 3084.4314192973225, 0.9407402961388404),
}


class StandardTable(Live):
    """The article's first table, drawn anew, beside the exact values and the article's approximation."""

    DRAWS = 100_000
    HEADER = (
        "inputs n",
        "article's run",
        "our run",
        "± 2 std. errors",
        "exact",
        "article's formula",
        "its error",
    )

    def __init__(self) -> None:
        self.again = ipywidgets.Button(description="Draw again")
        self.table = Table(caption="E|sum of n weights|, Standard Xavier", header=list(self.HEADER))
        self.chart = Chart(label="Relative error of two approximations against n", height=300)
        self.seed = 1
        super().__init__(self.chart, [])
        self.again.on_click(self._on_again)
        self.children = [row(self.again), self.table, self.status, self.chart]

    def _on_again(self, _: ipywidgets.Button) -> None:
        self.seed += 1
        self._restart()

    def compute(self, cancelled: Callable[[], bool]) -> None:
        from . import magnitude_figures as figures

        n = np.unique(np.geomspace(1, 10_000, 200).round()).astype(int)
        exact = expected_magnitude(n)
        two_terms = math.sqrt(2 / (3 * math.pi)) * (1 + 1 / (20 * n) + 11 / (1120 * n**2))
        two_terms[n < 4] = np.nan  # far off there, where exact values are easy
        errors = {"article's formula": approximate(n) / exact - 1, "series, two terms": two_terms / exact - 1}
        self.show(partial(self.chart.show, figures.approximation_figure(n, errors)))
        rows: list[list[str]] = []
        for size, printed in ARTICLE_STANDARD.items():
            run = simulate_magnitude(size, draws=self.DRAWS, seed=self.seed, cancelled=cancelled)
            true, formula = expected_magnitude(size), float(approximate(size))
            rows.append([
                str(size), f"{printed:.6f}", f"{run.mean:.6f}", f"{2 * run.standard_error:.6f}",
                f"{true:.9f}", f"{formula:.6f}", f"{1e6 * (formula / true - 1):+.0f} ppm",
            ])  # fmt: skip
            self.show(partial(self.table.fill, list(rows)))


def article_tables() -> ipywidgets.Widget:
    """The article's two normalized tables as printed, what their columns are exactly, and what is true."""
    return ipywidgets.VBox(
        [
            _article_table("Normalized Xavier, as the article measured it", ARTICLE_NORMALIZED, _one),
            _article_table(
                "Normalized Letkeman, with the article's formula", ARTICLE_LETKEMAN, approximate_normalized
            ),
        ]
    )


def _one(fan_in: int, fan_out: int) -> float:
    return 1.0


def _article_table(caption: str, printed_rows: Printed, divisor: Callable[[int, int], float]) -> Table:
    """A table of the article for Normalized Xavier's range divided by ``divisor(fan_in, fan_out)``."""
    header = ["layer (n, m)", "printed 'forward'", "(n/m) E|sum of m|", "printed 'backward'",
              "(m/n) E|sum of n|", "printed average", "exact average", "true forward",
              "true backward"]  # fmt: skip
    senses = ("article_forward", "article_backward", "average", "forward", "backward")
    rows = []
    for (n, m), printed in printed_rows.items():
        exact = [f"{normalized_magnitude(n, m, sense) / divisor(n, m):.6f}" for sense in senses]
        pairs = [text for pair in zip(map("{:.6f}".format, printed), exact[:3], strict=True) for text in pair]
        rows.append([f"({n}, {m})", *pairs, *exact[3:]])
    return Table(caption=caption, header=header, rows=rows)


class Calculator(Live):
    """Bounds and standard deviations of every scheme for a layer, with the line of PyTorch that does it."""

    LARGEST = 1_000_000

    def __init__(self) -> None:
        number = {"min": 1, "max": self.LARGEST, "layout": {"width": "200px"}}
        self.fan_in = ipywidgets.BoundedIntText(784, description="fan_in n", **number)
        self.fan_out = ipywidgets.BoundedIntText(128, description="fan_out m", **number)
        self.active = ipywidgets.BoundedFloatText(
            0,
            min=0,
            max=self.LARGEST,
            description="active inputs (0: all; one-hot: 1)",
            layout={"width": "360px", "max_width": "calc(100% - 4px)"},
        )
        self.active.style.description_width = "initial"
        self.table = Table(header=["scheme", "bound", "std", "std · √fan_in", "PyTorch"], copied=4)
        super().__init__(self.table, [self.fan_in, self.fan_out, self.active])
        self.children = [row(self.fan_in, self.fan_out, self.active), self.status, self.table]
        self.compute(lambda: False)  # at once: it is quick, and there is nothing else to see

    def compute(self, cancelled: Callable[[], bool]) -> None:
        n, m = self.fan_in.value, self.fan_out.value
        options = {"active_inputs": max(self.active.value, MIN_COUNT)} if self.active.value else {}
        rows = [self._row(get_initializer(name, **options), n, m) for name in SCHEMES]
        self.show(partial(self.table.fill, rows))

    @staticmethod
    def _row(scheme: Initializer, n: int, m: int) -> list[str]:
        bound, std = scheme.bound(n, m), scheme.std(n, m)
        if bound is None:
            line = f"torch.nn.init.normal_(layer.weight, std={std:.9g})"
        else:
            line = f"torch.nn.init.uniform_(layer.weight, {-bound:.9g}, {bound:.9g})"
        shown = "none" if bound is None else f"{bound:.6g}"
        return [scheme.label, shown, f"{std:.6g}", f"{std * math.sqrt(n):.4f}", line]


def standard_table() -> StandardTable:
    """The article's first table, live, and the error of its approximation."""
    return StandardTable()


def calculator() -> Calculator:
    """Bound, standard deviation and a line of PyTorch for any layer."""
    return Calculator()
