"""Signals and gradients sent through deep random networks, and what is left of them in each layer.

No training: weights are drawn, standard normal inputs go forward, and a standard normal gradient, put in at
the last layer's activations, comes back. Many networks are drawn at once, so that chance can be told from
law; the law is in :mod:`letkeman_viz.mean_field`.

The engine does the work. A weight of a uniform or normal scheme is one of its 32,768 evenly spaced quantiles
(of the normal one, rounded to 1/7,859 of a standard deviation), which changes no variance by more than 1e-8.
The same seed means the same quantiles for every scheme, so that two of them differ in scale and shape and
never in luck; and a network is the same however many others are drawn.

Sources: X. Glorot & Y. Bengio, 2010, whose figures 6 and 7 show these magnitudes; K. He et al., 2015; A. Saxe
et al., 2013; S. Schoenholz et al., 2017.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from . import checks
from .engine import ACTIVATIONS, FORMATS, KINDS, Instance, borrowed, signed
from .engine.threads import Stopped, cores, on_all_cores, one_blas_thread
from .initializers import Initializer, get_initializer, scales
from .mean_field import check_sizes

Values = NDArray[np.float64]

MAX_DRAWS = 1000
MAX_INPUTS = 1024
WORK = 10**8  # products between two reports of progress, where networks are smaller


@dataclass(frozen=True)
class Propagation:
    """What was measured: arrays of shape (draws, layers + 1), entry 0 of a row being the input.

    Means over the inputs and a layer's units of the activations: ``mean``, ``magnitude`` |a|, ``square``;
    of the squared sums before them: ``variance``; the share of ``idle`` units (sigmoid and tanh:
    saturated, slope below a tenth of the largest; ReLU: dead, 0 for all inputs; linear: NaN). Of the
    gradients: ``gradient`` |dL/da|, ``gradient_square``; of dL/dz: ``error`` and ``error_square``; and
    ``weight_gradient`` |dL/dw|, each input's own. Overflow is infinity or NaN, as it happened; what the
    input does not have is NaN.

    ``activations``: those of the first draw, input first: [(inputs, units), ...].
    """

    layer_sizes: tuple[int, ...]
    activation: str
    label: str
    mean: Values
    magnitude: Values
    square: Values
    variance: Values
    idle: Values
    gradient: Values
    gradient_square: Values
    error: Values
    error_square: Values
    weight_gradient: Values
    activations: list[Values]

    @property
    def std(self) -> Values:
        """Standard deviation of the activations of each layer, over all draws: shape (layers + 1,)."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(np.sqrt(np.maximum(self.square.mean(0) - self.mean.mean(0) ** 2, 0.0)))


MEASURES = (
    "mean", "magnitude", "square", "variance", "idle", "gradient", "gradient_square", "error", "error_square",
    "weight_gradient",
)  # fmt: skip


def propagate(
    layer_sizes: Sequence[int],
    activation: str = "tanh",
    initializer: str | Initializer = "kaiming",
    draws: int = 8,
    inputs: int = 32,
    seed: int = 1,
    stored_as: str = "float64",
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Propagation:
    """Send ``inputs`` signals forward and as many gradients back through ``draws`` networks.

    ``layer_sizes`` has the input first: ``[200] * 21`` is 20 layers of 200 units. ``activation`` (sigmoid,
    tanh, relu or linear) is that of all layers. ``stored_as`` rounds activations and gradients to float32 or
    float16 between layers, with the overflow and the zeros that this brings. ``progress`` is called now and
    then with the steps done and their number, ``cancelled`` asked every few milliseconds.

    Raises TypeError or ValueError for a size or number out of range or an unknown name, and ``Cancelled``.

    >>> kept = propagate([100] * 11, "linear", get_initializer("scaled", gain=1.0))
    >>> bool(0.3 < kept.square[:, -1].mean() < 3.0)
    True
    """
    sizes = check_sizes(layer_sizes)
    job = _Job(
        sizes,
        checks.choice("activation", activation, ACTIVATIONS),
        get_initializer(initializer),
        checks.integer("inputs", inputs, 1, MAX_INPUTS),
        checks.choice("stored_as", stored_as, FORMATS),
        checks.integer("seed", seed, 0, 2**32 - 1),
    )
    count = checks.integer("draws", draws, 1, MAX_DRAWS)
    if job.scales[0] == "given":
        group = count  # weights come from Python: nothing to gain from threads
    else:
        products = inputs * sum(n * m for n, m in pairwise(sizes))
        group = max(1, min(-(-count // (4 * cores())), WORK // products))
    groups = [range(start, min(start + group, count)) for start in range(0, count, group)]
    steps, done = 2 * (len(sizes) - 1) * count, 0

    def report(share: float) -> None:
        nonlocal done
        if progress is not None and round(share * steps) > done:
            done = round(share * steps)
            progress(done, steps)

    if len(groups) == 1:
        parts = [job.send(groups[0], cancelled, report)]
    else:
        parts = []
        for part in on_all_cores(groups, job.send, cancelled):
            parts.append(part)
            report(sum(len(measures) for measures, _ in parts) / count)
    measured = np.concatenate([measures for measures, _ in parts])
    found = {name: measured[:, k] for k, name in enumerate(MEASURES)}
    return Propagation(sizes, activation, job.scheme.label, activations=parts[0][1], **found)


@dataclass(frozen=True)
class _Job:
    """What all draws have in common, checked."""

    sizes: tuple[int, ...]
    activation: str
    scheme: Initializer
    inputs: int
    stored_as: str
    seed: int

    @property
    def scales(self) -> tuple[str, list[float]]:
        """How the engine draws the weights, see ``initializers.scales``."""
        return scales(self.scheme, list(pairwise(self.sizes)))

    def send(
        self, draws: range, stopped: Stopped | None, progress: Callable[[float], None] | None = None
    ) -> tuple[Values, list[Values]]:
        """Measures of some draws, (draws, measures, layers + 1), and the activations of the first of them."""
        layers, (kind, scale) = len(self.sizes) - 1, self.scales
        with borrowed() as engine:
            engine.prepare(
                "propagation", self.sizes, layers, ACTIVATIONS.index(self.activation), self.inputs,
                KINDS.index(kind), FORMATS.index(self.stored_as), len(draws), draws.start, signed(self.seed),
            )  # fmt: skip
            engine.array("propagation_scales", np.float64, layers)[:] = scale

            def supply() -> None:
                layer = engine.call("propagation_layer")
                quantiles = drawn_quantiles(self.seed, engine.call("propagation_network"), layer, self.sizes)
                weights = engine.array("propagation_given", np.float64, *quantiles.shape)
                # What is not finite is recorded and shown: NumPy need not warn of it as well.
                with one_blas_thread(), np.errstate(all="ignore"):
                    weights[:] = self.scheme.from_quantiles(quantiles)

            engine.run(stopped, supply, progress)
            measures = engine.array(
                "propagation_measures", np.float64, len(draws), len(MEASURES), layers + 1
            ).copy()
            return measures, [self._activations(engine, layer) for layer in range(layers + 1)]

    def _activations(self, engine: Instance, layer: int) -> Values:
        units = self.sizes[layer]
        padded = -(-units // 4) * 4  # see engine/propagation.h
        found = engine.array("propagation_activations", np.float64, self.inputs, padded, of=[layer])
        return found[:, :units].copy()


def drawn_quantiles(seed: int, draw: int, layer: int, sizes: Sequence[int]) -> Values:
    """The quantiles that a draw's weights are made from, the engine's own number by number.

    Parameters
    ----------
    seed, draw : int
    layer : int
        Counted from 1.
    sizes : sequence of int
        Units of each layer, the input first.

    Returns
    -------
    ndarray of float64, shape (fan_in, fan_out)
    """
    shape = sizes[layer - 1], sizes[layer]
    words = np.random.SFC64([seed, draw, layer]).random_raw(-(-math.prod(shape) // 4))
    odd = np.asarray(words).view(np.uint16)[: math.prod(shape)] | 1
    return ((odd ^ 0x8000) / 65536.0).reshape(shape)


def distinct_units(activations: Values) -> int:
    """How many different units a layer has: ``activations`` (inputs, units), equal to nine digits or not.

    Raises ValueError when it is not of that shape.
    """
    values = np.asarray(activations, dtype=np.float64)
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"activations must have the shape (inputs, units), not {values.shape}")
    largest = float(np.abs(values).max())
    scaled = values / largest if 0.0 < largest < math.inf else values
    return len(np.unique(np.round(scaled.T, 9) + 0.0, axis=0))
