"""A dense network as one flat parameter vector, and its calculus in plain NumPy.

This is the readable statement of what a network computes, for any number of examples at once. Training runs
in the engine (``engine/engine.c``), which does the same arithmetic one example at a time; tests hold the two
together.

Layout of the vector, layer by layer from input to output: the weights, row-major with shape
(fan_in, fan_out), then the fan_out biases.

The hidden layers use ``activation``; the output layer is always sigmoid, because its numbers are read
as bits. The loss of one example is the sum over the outputs of (output - target)**2 / 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .initializers import Initializer, get_initializer

Vector = NDArray[np.float64]
Layers = Sequence[tuple[Vector, Vector]]
"""Weights (fan_in, fan_out) and biases (fan_out,) of every layer."""

ACTIVATIONS = ("sigmoid", "tanh", "relu")
MAX_LAYERS = 20
MAX_WIDTH = 256
MAX_PARAMETERS = 20_000
MAX_BIAS = 10.0


# Overflow is recorded and shown as infinity or NaN; NumPy need not warn of it as well.
_quietly = np.errstate(over="ignore", invalid="ignore")


def activate(name: str, z: ArrayLike) -> Vector:
    """The activation ``name`` (one of ``ACTIVATIONS``, or ``linear``) of pre-activations ``z``, any shape."""
    z = np.asarray(z, dtype=np.float64)
    if name == "linear":
        return z
    if name == "sigmoid":
        with np.errstate(over="ignore"):  # exp(-z) = inf gives the right limit, 0
            return np.asarray(1.0 / (1.0 + np.exp(-z)))
    return np.tanh(z) if name == "tanh" else np.where(z < 0.0, 0.0, z)  # this way round nan stays nan


def slope(name: str, a: ArrayLike) -> Vector:
    """Derivative of the activation ``name``, as a function of its *output* ``a``."""
    a = np.asarray(a, dtype=np.float64)
    if name == "linear":
        return np.ones_like(a)
    if name == "sigmoid":
        return a * (1.0 - a)
    return 1.0 - a * a if name == "tanh" else np.where(a > 0.0, 1.0, 0.0)


@_quietly
def forward_pass(layers: Layers, names: Sequence[str], inputs: Vector) -> list[Vector]:
    """Activations of every layer, the inputs first, of a network of any depth.

    Parameters
    ----------
    layers : sequence of (weights (fan_in, fan_out), biases (fan_out,))
    names : sequence of str
        The activation of each layer, as in ``activate``.
    inputs : ndarray, shape (rows, fan_in of the first layer)

    Returns
    -------
    list of ndarray
        [(rows, size of layer), ...], one more than ``layers``.
    """
    activations = [inputs]
    for (weights, biases), name in zip(layers, names, strict=True):
        activations.append(activate(name, activations[-1] @ weights + biases))
    return activations


@_quietly
def backward_pass(
    layers: Layers, names: Sequence[str], activations: Sequence[Vector], gradient: Vector
) -> list[Vector]:
    """dL/d(pre-activation) of every layer but the input, by the chain rule from the last layer to the first.

    Going back a layer, deltas pass through the weights and are multiplied by the activation's derivative.

    Parameters
    ----------
    layers, names
        As in ``forward_pass``.
    activations : sequence of ndarray
        What ``forward_pass`` gave.
    gradient : ndarray, shape (rows, size of the last layer)
        dL/d(last activations).

    Returns
    -------
    list of ndarray
        [(rows, size of layer), ...], as many as ``layers``.
    """
    deltas = [gradient * slope(names[-1], activations[-1])]
    for k in range(len(layers) - 1, 0, -1):
        deltas.insert(0, (deltas[0] @ layers[k][0].T) * slope(names[k - 1], activations[k]))
    return deltas


def check_bias(bias: float) -> float:
    """``bias`` as a float; raises TypeError or ValueError when it is not a number from -10 to 10."""
    return checks.real("bias", bias, -MAX_BIAS, MAX_BIAS)


@dataclass(frozen=True)
class Network:
    """The shape of a dense network: ``layer_sizes`` from input to output, hidden ``activation``.

    Raises TypeError or ValueError when there are fewer than 2 or more than 20 layers, a layer has no
    or more than 256 neurons, the network has more than 20,000 parameters, or the activation is not
    ``sigmoid``, ``tanh`` or ``relu``.
    """

    layer_sizes: Sequence[int] = (5, 8, 8, 5)
    activation: str = "sigmoid"

    def __post_init__(self) -> None:
        given: object = self.layer_sizes
        if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
            raise TypeError(f"layer_sizes must be a sequence such as (5, 8, 8, 5), not {given!r}")
        checks.integer("the number of layer_sizes", len(given), 2, MAX_LAYERS)
        sizes = tuple(checks.integer(f"layer_sizes[{k}]", n, 1, MAX_WIDTH) for k, n in enumerate(given))
        object.__setattr__(self, "layer_sizes", sizes)
        checks.choice("activation", self.activation, ACTIVATIONS)
        checks.integer("the number of parameters", self.parameter_count, 1, MAX_PARAMETERS)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(fan_in, fan_out) of every layer of weights."""
        return list(pairwise(self.layer_sizes))

    @property
    def parameter_count(self) -> int:
        """Weights and biases together."""
        return sum(fan_in * fan_out + fan_out for fan_in, fan_out in self.shapes)

    def layers(self, parameters: Vector) -> list[tuple[Vector, Vector]]:
        """Views [(W (fan_in, fan_out), b (fan_out,)), ...] into a vector of shape (parameter_count,)."""
        parameters = np.asarray(parameters)
        if parameters.shape != (self.parameter_count,):
            raise ValueError(
                f"parameters have shape {parameters.shape}; a {'-'.join(map(str, self.layer_sizes))} network "
                f"has ({self.parameter_count},)"
            )
        views, start = [], 0
        for fan_in, fan_out in self.shapes:
            biases = start + fan_in * fan_out
            views.append(
                (parameters[start:biases].reshape(fan_in, fan_out), parameters[biases : biases + fan_out])
            )
            start = biases + fan_out
        return views

    def initial(self, initializer: str | Initializer, seed: int, bias: float = 0.0) -> Vector:
        """Parameters before training: weights drawn by the scheme, every bias ``bias`` (-10 to 10).

        Weights come from their own random stream, so a seed means the same draw for every scheme.
        """
        scheme = get_initializer(initializer)
        rng = np.random.default_rng([checks.integer("seed", seed, 0, 2**32 - 1), 0])
        parameters = np.full(self.parameter_count, check_bias(bias))
        for (weights, _), (fan_in, fan_out) in zip(self.layers(parameters), self.shapes, strict=True):
            drawn = np.asarray(scheme.sample(fan_in, fan_out, rng), dtype=np.float64)
            if drawn.shape != (fan_in, fan_out):
                wanted = f"({fan_in}, {fan_out}) was asked for"
                raise ValueError(f"initializer {scheme.name!r} drew shape {drawn.shape}; {wanted}")
            weights[...] = drawn
        return parameters

    @property
    def _names(self) -> list[str]:
        """The activation of each layer."""
        return [self.activation] * (len(self.layer_sizes) - 2) + ["sigmoid"]

    def forward(self, parameters: Vector, inputs: ArrayLike) -> list[Vector]:
        """Activations of every layer, the inputs first: [(rows, size of layer), ...]."""
        rows = np.atleast_2d(np.asarray(inputs, dtype=np.float64))
        if rows.shape[1] != self.layer_sizes[0]:
            raise ValueError(f"inputs have {rows.shape[1]} columns; this network has {self.layer_sizes[0]}")
        return forward_pass(self.layers(parameters), self._names, rows)

    def errors(self, parameters: Vector, activations: list[Vector], targets: ArrayLike) -> list[Vector]:
        """dL/d(pre-activation) of every layer but the input: [(rows, size of layer), ...].

        An example's weight gradient is the outer product of a layer's inputs with its errors.
        """
        off = activations[-1] - np.asarray(targets)
        return backward_pass(self.layers(parameters), self._names, activations, off)

    @_quietly
    def gradient(self, parameters: Vector, inputs: ArrayLike, targets: ArrayLike) -> Vector:
        """dL/d(parameters) of each example: shape (rows, parameter_count)."""
        activations = self.forward(parameters, inputs)
        errors = self.errors(parameters, activations, targets)
        parts = []
        for before, error in zip(activations[:-1], errors, strict=True):
            parts += [(before[:, :, None] * error[:, None, :]).reshape(len(error), -1), error]
        return np.concatenate(parts, axis=1)

    @_quietly
    def gradient_magnitude(self, parameters: Vector, inputs: ArrayLike, targets: ArrayLike) -> Vector:
        """Mean |dL/dw| of each layer's weights, averaged over the examples: shape (layers,).

        A gradient is an input times an error, so its mean magnitude over a layer is the mean
        |input| times the mean |error|: no gradient need be formed.
        """
        activations = self.forward(parameters, inputs)
        errors = self.errors(parameters, activations, targets)
        means = [np.abs(a).mean(1) * np.abs(e).mean(1) for a, e in zip(activations[:-1], errors, strict=True)]
        return np.array([m.mean() for m in means])

    def loss(self, parameters: Vector, inputs: ArrayLike, targets: ArrayLike) -> float:
        """Mean over the examples of the sum over the outputs of (output - target)**2 / 2."""
        return self.judge(parameters, inputs, targets)[0]

    def right(self, parameters: Vector, inputs: ArrayLike, targets: ArrayLike) -> NDArray[np.bool_]:
        """Whether all outputs are on the right side of a half, for each example: shape (rows,).

        An output of exactly a half (or NaN) is on neither side.
        """
        return self.judge(parameters, inputs, targets)[1]

    @_quietly
    def judge(
        self, parameters: Vector, inputs: ArrayLike, targets: ArrayLike
    ) -> tuple[float, NDArray[np.bool_]]:
        """(``loss``, ``right``), looking once."""
        outputs, wanted = self.forward(parameters, inputs)[-1], np.asarray(targets)
        right = np.where(wanted > 0.5, outputs > 0.5, outputs < 0.5).all(axis=1)
        return float((0.5 * (outputs - wanted) ** 2).sum(axis=1).mean()), np.asarray(right)
