"""What the two networks for handwritten digits share: batches of images, and the loss."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from .replicas import Trainer

CLASSES = 10


class ImageTrainer(Trainer):
    """Learns the digit on an image: ten sigmoid outputs, half the squared error summed over them."""

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Outputs (R, B, 10) for images (R, B, 28, 28) with values from 0 to 1."""

    def epoch_batches(self, step: Callable[[Tensor], None]) -> tuple[Tensor, Tensor]:
        count, batch = self.settings.images, self.settings.batch
        images = torch.from_numpy(self.data.images[:count])
        labels = torch.from_numpy(self.data.labels[:count]).long()
        order = torch.from_numpy(self.order(len(images)))
        total, right = torch.zeros(len(self.runs)), torch.zeros(len(self.runs))
        for chosen in torch.split(order, batch, dim=1):
            outputs = self.forward(images[chosen].float() / self.data.white)
            target = torch.nn.functional.one_hot(labels[chosen], CLASSES).float()
            losses = 0.5 * ((outputs - target) ** 2).sum(2)
            step(losses.mean(1))
            total += losses.detach().sum(1)
            right += (outputs.detach().argmax(2) == labels[chosen]).sum(1)
        return total / len(images), right / len(images)
