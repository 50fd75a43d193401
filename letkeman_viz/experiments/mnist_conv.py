"""The article's convolutional network: two convolutions, two dense layers, ReLU within, sigmoid at the end.

The article states neither sizes nor rates. These show the effects that it describes, but for those that
hang on a single seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .images import CLASSES, ImageTrainer
from .replicas import Layer


@dataclass(frozen=True)
class Settings:
    """The hyperparameters."""

    epochs: int = 75
    learning_rate: float = 0.3
    batch: int = 40
    images: int = 1000
    """The first so many images of the training set."""
    channels: tuple[int, int] = (8, 16)
    kernel: int = 5
    hidden: int = 128


class MnistConv(ImageTrainer):
    name, revision, together = "mnist-conv", 1, 1

    def describe(self) -> list[Layer]:
        chosen = self.settings
        k, (first, second), hidden = chosen.kernel, chosen.channels, chosen.hidden
        side = 28 // 2 // 2  # the convolutions keep the size, and each is halved
        flat = second * side * side
        return [
            # A kernel's fans are its inputs and outputs times its places, as in torch.nn.init.
            Layer("convolution 1", (first, 1, k, k), fan_in=k * k, fan_out=first * k * k, biases=(first,)),
            Layer("convolution 2", (second, first, k, k), fan_in=first * k * k, fan_out=second * k * k,
                  biases=(second,)),
            Layer("dense 1", (flat, hidden), fan_in=flat, fan_out=hidden, biases=(1, hidden)),
            Layer("dense 2", (hidden, CLASSES), fan_in=hidden, fan_out=CLASSES, biases=(1, CLASSES)),
        ]  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        replicas, batch = images.shape[:2]
        signal = images.transpose(0, 1)  # (B, R, 28, 28): the replicas are groups of channels
        for weights, biases in zip(self.weights[:2], self.biases[:2], strict=True):
            signal = F.conv2d(
                signal, weights.flatten(0, 1), biases.flatten(), padding="same", groups=replicas
            )
            signal = F.max_pool2d(torch.relu(signal), 2)
        signal = signal.reshape(batch, replicas, -1).transpose(0, 1)
        signal = torch.relu(torch.baddbmm(self.biases[2], signal, self.weights[2]))
        return torch.sigmoid(torch.baddbmm(self.biases[3], signal, self.weights[3]))
