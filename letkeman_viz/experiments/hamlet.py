"""The article's recurrent network: it reads Hamlet letter by letter and predicts the next one.

Separate matrices for the letter and for the memory: with one matrix for both, counting active nodes
changes nothing to speak of. The article states neither sizes nor rates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .replicas import Layer, Trainer


@dataclass(frozen=True)
class Settings:
    """The hyperparameters."""

    epochs: int = 25
    learning_rate: float = 0.2
    hidden: int = 100
    streams: int = 16
    """The text is cut into so many pieces, which are read side by side."""
    unroll: int = 25
    """Errors go back through so many letters."""
    clip: float = 5.0
    """The norm of the gradient is at most this."""
    characters: int = 43_485
    """The first so many characters of the play: a quarter."""


class Hamlet(Trainer):
    name, revision, together = "hamlet", 1, 10

    def describe(self) -> list[Layer]:
        symbols, hidden = len(self.data.symbols), self.settings.hidden
        return [
            Layer("input", (symbols, hidden), symbols, hidden, biases=(1, hidden), one_hot=True),
            Layer("recurrent", (hidden, hidden), hidden, hidden, biases=()),
            Layer("output", (hidden, symbols), hidden, symbols, biases=(1, symbols)),
        ]

    def forward(self, letters: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (R, T, S, symbols) for letters (T, S), and the memory (R, S, hidden) at the end."""
        (inputs, recurrent, outputs), (before, _, after) = self.weights, self.biases
        replicas, symbols, hidden = inputs.shape
        # A one-hot vector times a matrix is a row of the matrix.
        rows = (inputs + before)[:, letters.flatten()].reshape(replicas, *letters.shape, hidden)
        states = []
        for row in rows.unbind(1):
            memory = torch.tanh(torch.baddbmm(row, memory, recurrent))
            states.append(memory)
        scores = torch.baddbmm(after, torch.stack(states, 1).flatten(1, 2), outputs)
        return scores.reshape(replicas, *letters.shape, symbols), memory

    def epoch_batches(self, step: Callable[[Tensor], None]) -> tuple[Tensor, Tensor]:
        chosen, replicas = self.settings, len(self.runs)
        codes = torch.from_numpy(self.data.codes[: chosen.characters].astype(np.int64))
        length = len(codes) // chosen.streams
        text = codes[: length * chosen.streams].reshape(chosen.streams, length).T  # (length, streams)
        memory = torch.zeros(replicas, chosen.streams, chosen.hidden)
        total, right, seen = torch.zeros(replicas), torch.zeros(replicas), 0
        for start in range(0, length - chosen.unroll, chosen.unroll):
            letters, following = (
                text[start : start + chosen.unroll],
                text[start + 1 : start + chosen.unroll + 1],
            )
            scores, memory = self.forward(letters, memory.detach())
            flat = following.flatten().repeat(replicas)
            losses = F.cross_entropy(scores.flatten(0, 2), flat, reduction="none").reshape(replicas, -1)
            step(losses.mean(1))
            total += losses.detach().sum(1)
            right += (scores.detach().argmax(3) == following).flatten(1).sum(1)
            seen += following.numel()
        return total / seen, right / seen

    def limit(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        squares = torch.stack([(gradient**2).flatten(1).sum(1) for gradient in gradients]).sum(0)
        factor = (self.settings.clip / (squares.sqrt() + 1e-6)).clamp(max=1.0)
        return [gradient * factor.reshape(-1, *[1] * (gradient.dim() - 1)) for gradient in gradients]

    @torch.no_grad()
    def sample(self, length: int, start: str, rng: np.random.Generator, replica: int = 0) -> str:
        """``length`` letters that the network writes after ``start``, each drawn from its own prediction."""
        memory = torch.zeros(len(self.runs), 1, self.settings.hidden)
        letters, written = [self.data.symbols.index(letter) for letter in start], []
        for _ in range(length):
            scores, memory = self.forward(torch.tensor(letters)[:, None], memory)
            chances = scores[replica, -1, 0].softmax(0).double().numpy()
            letters = [int(rng.choice(len(chances), p=chances / chances.sum()))]
            written.append(self.data.symbols[letters[0]])
        return "".join(written)
