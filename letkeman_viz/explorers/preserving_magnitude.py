"""The explorables of the chapter "Preserving magnitude"."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import ipywidgets
import numpy as np
import traitlets
from numpy.typing import NDArray

from ..initializers import Initializer, Normal, get_initializer
from ..magnitude import expected_magnitude, irwin_hall_pdf, layer_magnitude
from ..simulation import simulate_chunks, simulate_magnitude
from ..widgets import Chart, Slider, Table
from .live import Live, row
from .magnitude_tables import SCHEMES, article_tables, calculator, standard_table

__all__ = ["article_tables", "calculator", "layer_map", "one_number", "sampling", "standard_table"]

SIZES = [1, 2, 3, 4, 5, 8, 10, 15, 25, 40, 65, 100, 160, 250, 300, 400, 650, 1000]
LAYER_SIZES = [1, 2, 3, 5, 10, 15, 25, 50, 100, 200, 300, 500, 1000, 2000, 3000, 5000, 10_000]


def choose(names: list[str], value: str, description: str = "Scheme") -> ipywidgets.Dropdown:
    """A control that chooses among the schemes ``names``."""
    options = [(get_initializer(name).label, name) for name in names]
    dropdown = ipywidgets.Dropdown(options=options, value=value, description=description)
    dropdown.add_class("lkv-schemes")  # the keys 1 to 7 of presenter mode choose among these
    return dropdown


class Sampling(Live):
    """Draw a layer's weights again and again; watch the size of their sum, and its mean settle."""

    DRAWS = 400_000
    PAUSE = 0.1  # seconds between two pictures: the drawing itself is too fast to watch

    def __init__(self) -> None:
        self.size = Slider(SIZES, 8, "Inputs n")
        self.scheme = choose(SCHEMES, "standard_xavier")
        self.stop = ipywidgets.Button(description="Stop")
        self.again = ipywidgets.Button(description="Draw again")
        self.progress = ipywidgets.IntProgress(0, 0, self.DRAWS, layout={"width": "180px"})
        self.words = ipywidgets.HTML()
        self.histogram = Chart(label="Distribution of the magnitude of a sum of weights", height=330)
        self.running = Chart(label="Running mean of the magnitude over the draws", height=330)
        self.seed, self.stopped = 1, False
        super().__init__(self.histogram, [self.size, self.scheme])
        self.stop.on_click(self._on_stop)
        self.again.on_click(self._on_again)
        charts = row(self.histogram, self.running, style="lkv-columns")
        controls = row(self.size, self.scheme, self.again, self.stop, self.progress)
        self.children = [controls, self.words, self.status, charts]

    def _on_stop(self, _: ipywidgets.Button) -> None:
        self.stopped = True

    def _on_again(self, _: ipywidgets.Button) -> None:
        self.seed += 1
        self._restart()

    def _restart(self, change: traitlets.Bunch | None = None) -> None:
        self.stopped = False
        super()._restart(change)

    def compute(self, cancelled: Callable[[], bool]) -> None:
        from . import magnitude_figures as figures

        n, scheme = self.size.value, get_initializer(self.scheme.value)
        std, exact = math.sqrt(n) * scheme.std(n, n), layer_magnitude(scheme, n, n, "forward")
        bound = scheme.bound(n, n)
        far = min(4.0 * std, n * bound) if bound else 4.0 * std
        edges, x = np.linspace(0.0, far, 41), np.linspace(0.0, far, 161)
        density = 2.0 * _density(scheme, n, x)
        counts, history, sums = np.zeros(40), [], np.zeros(3)
        for values in self._samples(scheme, n, cancelled):
            counts += np.histogram(values, edges)[0]
            sums += [values.sum(), (values**2).sum(), (values**4).sum()]
            drawn = int(values.size + (history[-1][0] if history else 0))
            mean, square, fourth = sums / drawn
            history.append((drawn, mean, math.sqrt(max(square - mean * mean, 0.0) / drawn)))
            sampled = counts / (drawn * (edges[1] - edges[0]))
            bars = figures.histogram_figure(edges, sampled, x, density, mean)
            curve = figures.running_mean_figure(*np.array(history).T, exact, self.DRAWS)
            error = math.sqrt(max(fourth - square * square, 0.0) / drawn)
            words = (
                f"<p class='lkv-say'>{scheme.label}, {n} inputs of size 1, {drawn:,} draws. Mean |sum| "
                f"<b>{mean:.4f}</b> ± {2 * history[-1][2]:.4f}, exactly {exact:.6f}. Variance "
                f"<b>{square:.4f}</b> ± {2 * error:.4f}, exactly {std * std:.4f}.</p>"
            )
            self.show(partial(self._picture, bars, curve, words, drawn))
            if self.stopped or cancelled():
                return
            time.sleep(self.PAUSE)

    def _picture(self, bars: Any, curve: Any, words: str, drawn: int) -> None:
        self.histogram.show(bars)
        self.running.show(curve)
        self.words.value = words
        self.progress.value = drawn

    def _samples(
        self, scheme: Initializer, n: int, cancelled: Callable[[], bool]
    ) -> Iterator[NDArray[np.float64]]:
        """|sum| of more and more draws: each piece is what one picture adds to the one before."""
        pictures = np.unique(np.geomspace(20, self.DRAWS, 50).round()).astype(int)
        chunks = simulate_chunks(
            n, initializer=_for_square(scheme, n), draws=self.DRAWS, seed=self.seed, cancelled=cancelled
        )
        waiting: list[NDArray[np.float64]] = []
        for more in np.diff(pictures, prepend=0):
            while sum(part.size for part in waiting) < more:
                waiting.append(np.abs(next(chunks).forward[:, 0]))
            joined = np.concatenate(waiting)
            waiting = [joined[more:]]
            yield joined[:more]


def _for_square(scheme: Initializer, n: int) -> Initializer:
    """The scheme as it is for n inputs and n outputs: single outputs are drawn here, but of such a layer."""
    bound = scheme.bound(n, n)
    if bound is None:
        return get_initializer("normal", std=scheme.std(n, n))
    return get_initializer("uniform", bound=bound)


def _density(scheme: Initializer, n: int, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Density at ``x`` of the sum of n weights of an (n, n) layer."""
    if isinstance(scheme, Normal):
        std = scheme.std(n, n) * math.sqrt(n)
        return np.exp(-0.5 * (x / std) ** 2) / (std * math.sqrt(2.0 * math.pi))
    return np.asarray(irwin_hall_pdf(x, n, bound=scheme.bound(n, n)))


@cache
def _magnitudes(name: str, sense: str) -> NDArray[np.float64]:
    """Magnitude over LAYER_SIZES squared: [fan_out, fan_in]."""
    sizes = np.array(LAYER_SIZES)
    return np.asarray(layer_magnitude(name, sizes[None, :], sizes[:, None], sense))


def _three_digits(value: float) -> str:
    return f"{value:.3f}" if 0.01 <= value < 100 else f"{value:.3g}"


class LayerMap(Live):
    """What each scheme does to magnitude in a layer of any shape, forward, backward and on average."""

    SENSES = (("average of both", "average"), ("forward", "forward"), ("backward", "backward"))

    def __init__(self) -> None:
        self.fan_in = Slider(LAYER_SIZES, 100, "fan_in n")
        self.fan_out = Slider(LAYER_SIZES, 50, "fan_out m")
        self.scheme = choose(SCHEMES, "normalized_xavier")
        self.sense = ipywidgets.Dropdown(options=self.SENSES, value="average", description="Magnitude")
        self.map = Chart(label="Magnitude over all layer shapes", height=420)
        self.table = Table(header=["scheme", "forward", "backward", "average"])
        super().__init__(self.map, [self.fan_in, self.fan_out, self.scheme, self.sense])
        controls = ipywidgets.VBox([row(self.scheme, self.sense), row(self.fan_in, self.fan_out)])
        self.children = [controls, self.status, row(self.map, self.table, style="lkv-columns")]

    def compute(self, cancelled: Callable[[], bool]) -> None:
        from . import magnitude_figures as figures

        n, m, name, sense = self.fan_in.value, self.fan_out.value, self.scheme.value, self.sense.value
        at = LAYER_SIZES.index(n), LAYER_SIZES.index(m)
        title = f"{get_initializer(name).label}: {self.sense.label}"
        drawn = figures.heat_map(LAYER_SIZES, _magnitudes(name, sense), *at, title)
        columns = ("forward", "backward", "average")
        rows = [
            [get_initializer(other).label, *(_three_digits(layer_magnitude(other, n, m, c)) for c in columns)]
            for other in SCHEMES
        ]

        def change() -> None:
            self.map.show(drawn)
            self.table.caption = f"A layer of {n} inputs and {m} outputs"
            self.table.fill(rows, marked=[SCHEMES.index(name)])

        self.show(change)


INPUT_KINDS = {
    "all ones": "ones",
    "random signs": "signs",
    "sigmoid outputs": "sigmoid",
    "one-hot": "one_hot",
}


class OneNumber(Live):
    """Every scheme on one axis, and what the kind of input does to the claim that magnitude is kept."""

    DRAWS = 4000

    def __init__(self) -> None:
        self.size = Slider([s for s in SIZES if s >= 2], 100, "Inputs n")
        self.active = ipywidgets.Checkbox(description="count active inputs only", indent=False)
        self.gains = Chart(
            label="Magnitude of an output against the gain, for four kinds of input", height=420
        )
        self.depth = Chart(label="Magnitude after each of ten linear layers", height=420)
        super().__init__(self.gains, [self.size, self.active])
        charts = row(self.gains, self.depth, style="lkv-columns")
        self.children = [row(self.size, self.active), self.status, charts]

    def compute(self, cancelled: Callable[[], bool]) -> None:
        from . import magnitude_figures as figures

        n = self.size.value
        names = ["standard_xavier", "lecun", "standard_letkeman", "kaiming"]
        gains = {get_initializer(s).label: get_initializer(s).std(n, n) * math.sqrt(n) for s in names}
        slopes = {kind: self._slope(inputs, n) for kind, inputs in INPUT_KINDS.items()}
        self.show(partial(self.gains.show, figures.gain_figure(gains, slopes, {})))
        deep = ["standard_xavier", "lecun", "standard_letkeman", "kaiming"]
        depth = figures.depth_figure({get_initializer(s).label: ten_layers(s) for s in deep})
        self.show(partial(self.depth.show, depth))
        measured = {}
        for kind, inputs in INPUT_KINDS.items():
            run = simulate_magnitude(
                n, initializer=get_initializer("uniform", bound=self._bound(inputs, n)), inputs=inputs,
                draws=self.DRAWS, cancelled=cancelled,
            )  # fmt: skip
            measured[kind] = run.estimate("forward").mean / self._input_size(inputs)
        self.show(partial(self.gains.show, figures.gain_figure(gains, slopes, measured)))

    def _active_inputs(self, inputs: str, n: int) -> float:
        """The mean of the sum of the squared inputs."""
        return {"sigmoid": n * _SIGMOID_SQUARE, "one_hot": 1.0}.get(inputs, float(n))

    def _bound(self, inputs: str, n: int) -> float:
        """Bound of the uniform scheme with gain 1, counting all inputs or the active ones."""
        counted = self._active_inputs(inputs, n) if self.active.value else n
        return math.sqrt(3.0 / counted)

    def _input_size(self, inputs: str) -> float:
        return 0.5 if inputs == "sigmoid" else 1.0

    def _slope(self, inputs: str, n: int) -> float:
        """E|output| / |active input| with gain 1; exact but for sigmoid outputs, and nearly so for those."""
        bound, active = self._bound(inputs, n), self._active_inputs(inputs, n)
        if inputs == "one_hot":
            return bound / 2.0
        return float(bound * math.sqrt(active) * expected_magnitude(n)) / self._input_size(inputs)


# E[sigmoid(z)**2] for a standard normal z, by the trapezoid rule, which is exact to 1e-15 for such a bell.
_Z = np.linspace(-12.0, 12.0, 481)
_BELL = np.exp(-0.5 * _Z**2) / math.sqrt(2.0 * math.pi)
_SIGMOID_SQUARE = float(np.sum(_BELL / (1.0 + np.exp(-_Z)) ** 2) * (_Z[1] - _Z[0]))


@cache
def ten_layers(name: str, width: int = 100, layers: int = 10, draws: int = 100) -> NDArray[np.float64]:
    """Mean |activation| after each layer of a linear network fed all ones: shape (layers,)."""
    scheme, rng = get_initializer(name), np.random.default_rng(1)
    bound, std = scheme.bound(width, width), scheme.std(width, width)
    total = np.zeros(layers)
    for _ in range(draws):
        x = np.ones(width)
        for layer in range(layers):
            shape = (width, width)
            x = x @ (rng.uniform(-bound, bound, shape) if bound else rng.normal(0.0, std, shape))
            total[layer] += np.abs(x).mean() / draws
    return total


def sampling() -> Sampling:
    """The article's experiment: the size of a sum of weights, drawn until its mean is known."""
    return Sampling()


def layer_map() -> LayerMap:
    """Magnitude over all layer shapes for each scheme."""
    return LayerMap()


def one_number() -> OneNumber:
    """All schemes on one axis, four kinds of input, and ten layers in a row."""
    return OneNumber()
