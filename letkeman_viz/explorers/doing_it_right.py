"""The explorables of the chapter "Doing it right"."""

from __future__ import annotations

from .. import checks
from ..network import Network
from ..training import train, train_one
from .doing_it_wrong import LEARNING_RATE, NUMBER, OneExample, WholeTable
from .predict import Prediction
from .race import EPOCHS, race
from .race_schemes import LABELS, SCHEMES
from .seeds import five_seeds

__all__ = [
    "five_seeds",
    "one_example",
    "predict_layer",
    "predict_updates",
    "predict_winner",
    "race",
    "whole_table",
]

RANDOM = SCHEMES[2:]  # all but zeros and ones


def one_example(initializer: str = "standard_xavier", seed: int = 1) -> OneExample:
    """The single example 19 -> 20 at learning rate 1, from any of the seven schemes."""
    return OneExample(initializer, seed, SCHEMES)


def whole_table(initializer: str = "standard_xavier", seed: int = 1) -> WholeTable:
    """All 32 numbers at learning rate 1, from any of the seven schemes."""
    return WholeTable(initializer, seed, SCHEMES)


def predict_updates(initializer: str = "standard_letkeman", seed: int = 1) -> Prediction:
    """How many updates does the single example take?"""

    def updates(scheme: str = initializer) -> int:
        return train_one(NUMBER, scheme, LEARNING_RATE, seed=seed).updates

    def explain(said: int, actual: int) -> str:
        ones = updates("ones")
        faster = f", {ones / actual:.0f} times as many" if actual else ""
        close = "Close. " if said != actual and abs(said - actual) <= 2 else ""
        return f"{close}All ones took {ones}{faster}: there the outputs had to leave the flat part first."

    return Prediction(
        f"All ones needed 337 updates to get 19 \N{RIGHTWARDS ARROW} 20 right. How many will "
        f"{LABELS[initializer]} need, with seed {seed}?",
        updates,
        explain,
        high=5000,
        unit="updates",
        verb="took",
    )


def predict_layer(initializer: str = "standard_xavier", seed: int = 1) -> Prediction:
    """Which layer's gradient is smallest before the first update? For a scheme that draws at random."""
    checks.choice("initializer", initializer, RANDOM)
    names = [f"layer {k + 1}" for k in range(len(Network().shapes))]

    def gradients() -> list[float]:
        return train(initializer, LEARNING_RATE, epochs=0, seed=seed).gradient[0].tolist()

    def smallest() -> str:
        found = gradients()
        return names[found.index(min(found))]

    def explain(said: str, actual: str) -> str:
        found = gradients()
        sizes = ", ".join(f"{size:.2g} in {name}" for name, size in zip(names, found, strict=True))
        ratio = max(found) / min(found) if min(found) > 0.0 else None
        times = f" The largest is {ratio:.0f} times the smallest." if ratio else ""
        return f"Mean |dL/dw| is {sizes}.{times} Every layer that an error crosses shrinks it."

    return Prediction(
        f"{LABELS[initializer]}, seed {seed}, all 32 numbers, before the first update: "
        "the weights of which layer get the smallest gradient?",
        smallest,
        explain,
        choices=names,
    )


def predict_winner(seed: int = 1) -> Prediction:
    """Which scheme is the first to have all 32 right?"""

    def winner(draw: int = seed) -> str:
        runs = train(RANDOM, LEARNING_RATE, epochs=EPOCHS, seed=draw, max_frames=3)
        solved = {run.label: run.solved_at for run in runs if run.solved_at is not None}
        return min(solved, key=lambda label: solved[label]) if solved else "none of them"

    def explain(said: str, actual: str) -> str:
        others = "; ".join(f"with seed {draw}: {winner(draw)}" for draw in range(seed + 1, seed + 5))
        return f"But look at other draws of the same race: {others}."

    return Prediction(
        f"Learning rate 1, seed {seed}: which scheme is the first to have all 32 right?",
        winner,
        explain,
        choices=[LABELS[name] for name in RANDOM],
    )
