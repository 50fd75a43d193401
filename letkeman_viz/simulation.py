"""The article's Monte-Carlo experiments: draw layers, add up their weights, see how large the sums are.

A draw is one layer of (fan_in, fan_out) weights. Its outputs are the sums over the inputs, each weight
times its input; the errors it sends back are the sums over the outputs, of weights times one. A weight of
a uniform scheme takes one of 65,536 equally spaced values (the 16 bits that a fast generator gives four
of at a time), so that sums of them are exact whole numbers until the last step; that changes their
variance by 2e-10. However large the layer, at most about two million weights exist at any moment. The engine
adds up uniform weights whose inputs are all 1, which is what the article does; all else is plain NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import checks
from .engine import Cancelled, borrowed, signed
from .initializers import MAX_FAN, Constant, Initializer, Normal, Uniform, get_initializer, scales
from .magnitude import sense_weights
from .network import activate

MAX_DRAWS = 10**9
MAX_WHOLE = 2**18  # weights of a layer that its scheme draws in one piece
TILE = 2**21  # weights in memory at once, as BAND in engine/sums.h; a uniform one takes 2 bytes, any other 8
MAX_CHUNK = 8192  # draws between two looks at `cancelled`, and between two points of a running mean
_SUMS = 2**19  # sums in memory at once, where layers lie side by side: 4 MB as float64
_WIDE = 4  # with fewer layers side by side, adding along a side of each is faster one by one

Values = NDArray[np.float64]
Inputs = Callable[[np.random.Generator, tuple[int, int]], Any]
"""(rng, (draws, fan_in)) -> an array of that shape: the inputs of each draw."""

QUANTITIES = ("forward", "mean_square", "backward", "input_magnitude", "active_inputs")
"""What is recorded of every draw: the mean |output|, the mean squared output, the mean |error sent back|,
the mean |input| and the sum of the squared inputs."""


class Estimate(NamedTuple):
    """A mean over all draws and the standard error of that mean."""

    mean: float
    standard_error: float


@dataclass(frozen=True)
class SimulatedMagnitude:
    """What ``draws`` layers had in common; ``means`` (5,) and ``covariance`` (5, 5) of ``QUANTITIES``."""

    fan_in: int
    fan_out: int | None
    label: str
    draws: int
    means: Values
    covariance: Values

    def estimate(self, sense: str | None = None) -> Estimate:
        """Mean magnitude in a sense of ``normalized_magnitude``, from these same draws.

        By default the article's number: ``"average"`` for a layer, ``"forward"`` for single outputs
        (``fan_out=None``), which have no other.

        Raises ValueError for a sense that is not known or was not simulated.
        """
        if self.fan_out is None:
            checks.choice("sense of single outputs (fan_out=None)", sense or "forward", ("forward",))
            return self.quantity("forward")
        forward, backward = sense_weights(self.fan_in, self.fan_out, sense or "average")
        return self._combine(np.array([forward, 0.0, backward, 0.0, 0.0]))

    def quantity(self, name: str) -> Estimate:
        """One of ``QUANTITIES``. The mean squared output is its variance, as its mean is 0."""
        checks.choice("quantity", name, QUANTITIES)
        return self._combine(np.array([1.0 if name == known else 0.0 for known in QUANTITIES]))

    def _combine(self, weights: Values) -> Estimate:
        # Rounding may leave -1e-20; NaN, of a single draw, goes through this way round.
        variance = max(float(weights @ self.covariance @ weights), 0.0)
        return Estimate(float(weights @ self.means), math.sqrt(variance / self.draws))

    @property
    def mean(self) -> float:
        """That of ``estimate()``."""
        return self.estimate().mean

    @property
    def standard_error(self) -> float:
        """That of ``estimate()``."""
        return self.estimate().standard_error


@dataclass(frozen=True)
class SimulatedChunk:
    """Some more draws: ``forward`` (draws, fan_out) outputs and ``backward`` (draws, fan_in) errors sent
    back, with their signs (empty for single outputs), and what all draws ``so_far`` say together.
    """

    forward: Values
    backward: Values
    so_far: SimulatedMagnitude


def _one_hot(rng: np.random.Generator, shape: tuple[int, int]) -> Values:
    inputs = np.zeros(shape)
    inputs[np.arange(shape[0]), rng.integers(0, shape[1], shape[0])] = 1.0
    return inputs


INPUTS: dict[str, Inputs | None] = {
    "ones": None,
    "signs": lambda rng, shape: rng.choice(np.array([-1.0, 1.0]), shape),
    "sigmoid": lambda rng, shape: activate("sigmoid", rng.standard_normal(shape)),
    "one_hot": _one_hot,
}
"""What inputs may be: all 1; -1 or 1 at random; sigmoid(z) with z standard normal; one 1 among 0s."""


@dataclass(frozen=True)
class _Job:
    """Everything a simulation needs, checked; ``single`` outputs are looked at forward only."""

    scheme: Initializer
    fan_in: int
    fan_out: int
    single: bool
    inputs: Inputs | None
    draws: int
    seed: int
    cancelled: Callable[[], bool] | None

    @property
    def chunk(self) -> int:
        """Draws that are made side by side."""
        n, m = self.fan_in, self.fan_out
        side_by_side = min(TILE // (n * m), _SUMS // (n + m), MAX_CHUNK, self.draws)
        return side_by_side if side_by_side >= _WIDE else 1

    def counts(self) -> Iterator[int]:
        """How many draws are made side by side, one time after the other."""
        for done in range(0, self.draws, self.chunk):
            yield min(self.chunk, self.draws - done)


def simulate_magnitude(
    fan_in: int,
    fan_out: int | None = None,
    initializer: str | Initializer = "standard_xavier",
    inputs: str | Inputs = "ones",
    draws: int = 100_000,
    seed: int = 1,
    cancelled: Callable[[], bool] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> SimulatedMagnitude:
    """Draw many layers and measure the magnitude of what comes out of them, forward and backward.

    Parameters
    ----------
    fan_in, fan_out : size of the layer, each 1 to 10**6. Without ``fan_out``, single outputs (a layer with
        one output, looked at forward only): the article's first experiment; with it, whole matrices: its
        second.
    initializer : a scheme's name, or an ``Initializer``. One that is not constant, uniform or normal takes
        at most 2**18 weights.
    inputs : ``"ones"``, ``"signs"`` (-1 or 1), ``"sigmoid"`` (of standard normal numbers), ``"one_hot"``,
        or a function of (rng, (draws, fan_in)) that gives an array of that shape. They are the same for
        all outputs of a draw. The errors sent back are always made from ones.
    draws : 2 to 10**9 layers.
    seed : 0 to 2**32 - 1; the same seed gives the same result.
    cancelled : asked every few milliseconds; when it answers True, ``Cancelled`` is raised.
    progress : called with (draws done, draws) as often.

    Memory stays below 100 MB whatever the sizes. Raises TypeError or ValueError for anything out of range.

    >>> result = simulate_magnitude(5, draws=10_000)
    >>> abs(result.mean - 0.465459) < 4 * result.standard_error
    True
    """
    for chunk in simulate_chunks(fan_in, fan_out, initializer, inputs, draws, seed, cancelled):
        if progress is not None:
            progress(chunk.so_far.draws, draws)
    return chunk.so_far


def simulate_chunks(
    fan_in: int,
    fan_out: int | None = None,
    initializer: str | Initializer = "standard_xavier",
    inputs: str | Inputs = "ones",
    draws: int = 100_000,
    seed: int = 1,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[SimulatedChunk]:
    """The same simulation in pieces of at most 8192 draws, for a histogram or a running mean that fills in.

    Arguments are those of ``simulate_magnitude`` and are checked at once; the last chunk's ``so_far`` is
    what that function returns.
    """
    n = checks.integer("fan_in", fan_in, 1, MAX_FAN)
    m = 1 if fan_out is None else checks.integer("fan_out", fan_out, 1, MAX_FAN)
    scheme = get_initializer(initializer)
    if type(scheme) not in (Constant, Uniform, Normal):
        checks.integer(f"fan_in * fan_out, with {scheme.label!r},", n * m, 1, MAX_WHOLE)
    kind = INPUTS[checks.choice("inputs", inputs, INPUTS)] if not callable(inputs) else inputs
    count = checks.integer("draws", draws, 2, MAX_DRAWS)
    seed = checks.integer("seed", seed, 0, 2**32 - 1)
    return _chunks(_Job(scheme, n, m, fan_out is None, kind, count, seed, cancelled))


def _chunks(job: _Job) -> Iterator[SimulatedChunk]:
    layers = _summed_layers(job) if type(job.scheme) is Uniform and job.inputs is None else _drawn_layers(job)
    done, means = 0, np.array([0.0, 0.0, 0.0, 1.0, job.fan_in])  # the last two stay so for inputs of one
    products = np.zeros((len(QUANTITIES), len(QUANTITIES)))
    for inputs, forward, backward in layers:
        count = forward.shape[1]
        here = _measure(job, inputs, forward, backward)
        # Means and products about the means of two groups, joined: no large sums to subtract.
        varying, here_means = slice(0, len(here)), here.mean(axis=1)
        apart = here_means - means[varying]
        here -= here_means[:, None]
        products[varying, varying] += here @ here.T + np.outer(apart, apart) * (done * count / (done + count))
        means[varying] += apart * (count / (done + count))
        done += count
        size = (job.fan_in, None if job.single else job.fan_out)
        covariance = products / (done - 1 or math.nan)  # one draw says nothing about its error
        so_far = SimulatedMagnitude(*size, job.scheme.label, done, means.copy(), covariance)
        yield SimulatedChunk(forward.T, backward.T, so_far)


def _draw_inputs(job: _Job, count: int, rng: np.random.Generator) -> Values | None:
    if job.inputs is None:
        return None  # all ones
    inputs = np.asarray(job.inputs(rng, (count, job.fan_in)), dtype=np.float64)
    if inputs.shape != (count, job.fan_in):
        raise ValueError(f"inputs gave shape {inputs.shape}; {(count, job.fan_in)} was asked for")
    return np.ascontiguousarray(inputs.T)


def _measure(job: _Job, inputs: Values | None, forward: Values, backward: Values) -> Values:
    """Those of the ``QUANTITIES`` that vary, for each draw: shape (2 to 5, draws)."""
    varying = len(QUANTITIES) if inputs is not None else 2 if job.single else 3
    here = np.zeros((varying, forward.shape[1]))
    magnitude = np.abs(forward)
    magnitude.mean(axis=0, out=here[0])
    magnitude *= magnitude
    magnitude.mean(axis=0, out=here[1])
    if not job.single:
        np.abs(backward).mean(axis=0, out=here[2])
    if inputs is not None:
        here[3], here[4] = np.abs(inputs).mean(axis=0), (inputs**2).sum(axis=0)
    return here


Sums = tuple[Values | None, Values, Values]
"""Inputs (fan_in, count; None: all ones), outputs (fan_out, count) and errors sent back (fan_in, count, or
empty) of ``count`` layers, which lie side by side along the last axis."""


def _summed_layers(job: _Job) -> Iterator[Sums]:
    """Layers of uniform weights, added up by the engine."""
    n, m = job.fan_in, job.fan_out
    (bound,) = scales(job.scheme, [(n, m)])[1]
    with borrowed() as engine:
        engine.prepare("sums", (), n, m, not job.single, job.chunk, bound, signed(job.seed))
        for count in job.counts():
            engine.call("begin_sums", count)
            engine.run(job.cancelled)
            forward = engine.array("sums_forward", np.float64, m, count)
            backward = engine.array("sums_backward", np.float64, 0 if job.single else n, count)
            yield None, forward.copy(), backward.copy()


def _drawn_layers(job: _Job) -> Iterator[Sums]:
    """Layers of any weights and inputs, in bands of some of their inputs where they are large."""
    rng = np.random.Generator(np.random.SFC64(job.seed))
    n, m = job.fan_in, job.fan_out
    for count in job.counts():
        inputs = _draw_inputs(job, count, rng)
        forward, backward = np.zeros((m, count)), np.zeros((0 if job.single else n, count))
        band = max(1, TILE // (m * count))
        for start in range(0, n, band):
            if job.cancelled is not None and job.cancelled():
                raise Cancelled
            rows = slice(start, min(start + band, n))
            weights = _weights(job, (rows.stop - start, m, count), rng)
            if not job.single:
                backward[rows] = weights.sum(axis=1)
            if inputs is not None:
                weights = weights * inputs[rows, None, :]
            forward += weights.sum(axis=0)
        yield inputs, forward, backward


def _weights(job: _Job, shape: tuple[int, int, int], rng: np.random.Generator) -> Values:
    """Weights of any scheme, (inputs, fan_out, layers)."""
    scheme, n, m = job.scheme, job.fan_in, job.fan_out
    if type(scheme) is Uniform:
        size = math.prod(shape)
        words = np.asarray(rng.bit_generator.random_raw((size + 3) // 4))
        whole = words.view(np.uint16)[:size].reshape(shape)  # 0 to 65535, each equally likely
        step = float(scheme.bound(n, m)) / 32768.0
        return np.asarray(whole * step - 32767.5 * step)
    if type(scheme) is Normal:
        return rng.standard_normal(shape) * scheme.std(n, m)
    if type(scheme) is Constant:
        return np.full(shape, scheme.value)
    return np.stack([scheme.sample(n, m, rng) for _ in range(shape[2])], axis=-1)
