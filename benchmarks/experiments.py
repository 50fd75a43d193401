"""How much quicker the experiments' networks train side by side than one after another, in one run.

    python benchmarks/experiments.py

Needs PyTorch and scikit-learn. The data are scikit-learn's digits and the packaged excerpt of Hamlet, one
thread is used, and every number printed is a ratio of the best of several repeats. The class attribute
``together`` of every trainer says what was made of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from timing import best

from letkeman_viz.experiments.catalogue import EXPERIMENTS, settings_of, trainer_of
from letkeman_viz.experiments.data import load
from letkeman_viz.experiments.runs import SCHEMES, Run

AMOUNTS = {"mnist-dense": 200, "mnist-conv": 400, "hamlet": 3000}
REPEATS = 4


def epochs(name: str, groups: list[list[Run]]) -> Callable[[], None]:
    """One epoch of every group of runs, group after group."""
    experiment = EXPERIMENTS[name]
    amount = AMOUNTS[name]
    settings = settings_of(experiment, {experiment.amount: amount})
    data: Any = load(experiment.data[1], amount)
    trainers = [trainer_of(experiment)(settings, runs, data) for runs in groups]

    def work() -> None:
        for trainer in trainers:
            trainer.advance()

    return work


def main() -> None:
    torch.set_num_threads(1)
    for name in AMOUNTS:
        print(f"{name}: runs side by side against the same runs one after another")
        for count in (5, 10, 25):
            runs = [Run(scheme, seed) for seed in range(1, count // 5 + 1) for scheme in SCHEMES]
            alone = best(epochs(name, [[run] for run in runs]), REPEATS)
            together = best(epochs(name, [runs]), REPEATS)
            print(f"  {count} runs: {alone / together:.2f} times as fast")
        print(f"  the runner trains {trainer_of(EXPERIMENTS[name]).together} together")


if __name__ == "__main__":
    main()
