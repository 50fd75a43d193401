"""Several copies of one network, each from its own scheme or seed, trained side by side in PyTorch.

Every tensor has a first dimension for the copies ("replicas", R of them), so that one call of a batched
product moves all of them one step on; with R = 1 it is the network as a textbook writes it. The losses of
the replicas are added up before ``backward``: no weight occurs in two of them, so each gets the gradient
that it would get alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..initializers import Initializer, get_initializer
from .runs import Run


@dataclass(frozen=True)
class Layer:
    """The weights of one layer: ``shape`` without the replicas, and the fans that the schemes see."""

    name: str
    shape: tuple[int, ...]
    fan_in: int
    fan_out: int
    biases: tuple[int, ...]
    """Shape of the biases, which start at zero; () for a layer without."""
    one_hot: bool = False
    """Whether its inputs are one-hot, so that counting active nodes makes a difference."""


def draw(layer: Layer, run: Run, rng: np.random.Generator) -> NDArray[np.float64]:
    """Weights of ``layer`` by the scheme of ``run``: one number of ``rng`` a weight, whatever the scheme.

    NumPy's generator is the same on every machine, so a seed means one draw everywhere.
    """
    options = {"active_inputs": 1.0} if layer.one_hot and run.active_nodes else {}
    scheme = get_initializer(run.scheme, **options)
    bound = scheme.bound(layer.fan_in, layer.fan_out)
    fixed: Initializer  # a kernel's fans are not its shape, so the scheme's range is worked out first
    if bound is None:
        fixed = get_initializer("normal", std=scheme.std(layer.fan_in, layer.fan_out))
    else:
        fixed = get_initializer("uniform", bound=bound)
    rows = layer.shape[0]
    return fixed.sample(rows, int(np.prod(layer.shape[1:])), rng).reshape(layer.shape)


class Trainer(ABC):
    """The training of R replicas, epoch by epoch.

    A subclass gives the ``layers`` of its network and ``batches``, which yields the loss of every batch.
    """

    name: ClassVar[str]
    revision: ClassVar[int]
    """Counts up whenever a change makes the numbers of a run other ones."""
    together: ClassVar[int]
    """How many replicas it is quickest to train side by side (measured: benchmarks/experiments.py)."""

    def __init__(self, settings: Any, runs: Sequence[Run], data: Any) -> None:
        self.settings, self.runs, self.data = settings, list(runs), data
        self.epoch = 0
        self.layers = self.describe()
        self.watching = False
        """Whether ``gradient`` is kept up to date, which takes time."""
        self.gradient = np.zeros((len(self.runs), len(self.layers)))
        """(R, layers): mean |dL/dw| of each layer over the last epoch."""
        self.weights: list[Tensor] = []
        self.biases: list[Tensor] = []
        generators = [np.random.default_rng([run.seed, 0]) for run in self.runs]
        for layer in self.layers:
            drawn = [draw(layer, run, rng) for run, rng in zip(self.runs, generators, strict=True)]
            self.weights.append(torch.tensor(np.stack(drawn), dtype=torch.float32))
            self.biases.append(torch.zeros(len(self.runs), *layer.biases))
        for parameter in self.parameters:
            parameter.requires_grad_()

    @property
    def layer_names(self) -> list[str]:
        return [layer.name for layer in self.layers]

    @property
    def parameters(self) -> list[Tensor]:
        return [
            *self.weights,
            *(b for b, layer in zip(self.biases, self.layers, strict=True) if layer.biases),
        ]

    @abstractmethod
    def describe(self) -> list[Layer]:
        """The layers, from input to output."""

    @abstractmethod
    def epoch_batches(self, step: Callable[[Tensor], None]) -> tuple[Tensor, Tensor]:
        """Go once through the data, calling ``step`` with the loss (R,) of every batch.

        Returns mean loss and accuracy over the epoch, both of shape (R,).
        """

    def advance(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Train one epoch: its (loss, accuracy), each of shape (1, R)."""
        self._seen, self._steps = torch.zeros(self.gradient.shape), 0
        loss, accuracy = self.epoch_batches(self.step)
        if self.watching:
            self.gradient = self._seen.numpy() / max(self._steps, 1)
        self.epoch += 1
        return loss.double().numpy()[None], accuracy.double().numpy()[None]

    def step(self, loss: Tensor) -> None:
        """One step of stochastic gradient descent for every replica."""
        gradients = self.limit(torch.autograd.grad(loss.sum(), self.parameters))
        if self.watching:
            sizes = [g.abs().flatten(1).mean(1) for g in gradients[: len(self.weights)]]
            self._seen += torch.stack(sizes, 1)
            self._steps += 1
        with torch.no_grad():
            torch._foreach_add_(self.parameters, gradients, alpha=-self.settings.learning_rate)

    def limit(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        """The gradients as they are applied; a network that limits their size says so here."""
        return list(gradients)

    def order(self, count: int) -> NDArray[np.int64]:
        """(R, count): each replica's order of examples in this epoch, which depends on its seed alone."""
        orders = [np.random.default_rng([run.seed, 1, self.epoch]).permutation(count) for run in self.runs]
        return np.stack(orders)

    def state(self) -> dict[str, NDArray[Any]]:
        """All that must be kept to go on later."""
        kept = {f"p{k}": parameter.detach().numpy() for k, parameter in enumerate(self.parameters)}
        return {"epoch": np.array(self.epoch), **kept}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what ``state`` kept."""
        self.epoch = int(state["epoch"])
        with torch.no_grad():
            for k, parameter in enumerate(self.parameters):
                parameter.copy_(torch.from_numpy(np.array(state[f"p{k}"])))
