"""The article's large dense network: handwritten digits, six layers of neurons, every one a sigmoid.

The article states neither sizes nor rates. These show every effect that it describes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from .images import ImageTrainer
from .replicas import Layer


@dataclass(frozen=True)
class Settings:
    """The hyperparameters."""

    epochs: int = 40
    learning_rate: float = 0.6
    batch: int = 10
    images: int = 4000
    """The first so many images of the training set."""
    sizes: tuple[int, ...] = (784, 256, 256, 256, 256, 10)


class MnistDense(ImageTrainer):
    name, revision, together = "mnist-dense", 1, 1

    def describe(self) -> list[Layer]:
        return [
            Layer(f"dense {k + 1}", (n, m), fan_in=n, fan_out=m, biases=(1, m))
            for k, (n, m) in enumerate(pairwise(self.settings.sizes))
        ]

    def forward(self, images: Tensor) -> Tensor:
        signal = images.flatten(2)
        for weights, biases in zip(self.weights, self.biases, strict=True):
            signal = torch.sigmoid(torch.baddbmm(biases, signal, weights))
        return signal
