"""One piece of work: train some runs from where they stand to their end. It runs in any process, anywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..files import write_whole
from .catalogue import code_version, get_experiment, plain_settings, settings_of, trainer_of
from .data import Images, Text
from .runs import Result, Run

Report = Callable[["Task", int, float], None]
"""Told (task, epochs done, mean loss of its runs) after every epoch; may raise to stop the work."""


@dataclass(frozen=True)
class Task:
    """Runs of one experiment that are trained together. Plain values only: it travels between machines."""

    experiment: str
    runs: tuple[Run, ...]
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Settings that differ from the experiment's own."""

    @property
    def label(self) -> str:
        """What a progress bar calls it."""
        if len(self.runs) == 1:
            return f"{self.experiment} {self.runs[0].key}"
        seeds = sorted({run.seed for run in self.runs})
        return f"{self.experiment}, {len(self.runs)} runs of seed {', '.join(map(str, seeds))}"


def identity(task: Task, data: Images | Text | None) -> dict[str, Any]:
    """What the results of ``task`` will say of themselves, but for scheme, seed and curves."""
    experiment = get_experiment(task.experiment)
    return {
        "experiment": task.experiment,
        "settings": plain_settings(settings_of(experiment, task.changes)),
        "data": {} if data is None else {"name": data.name, "sha256": data.sha256},
        "code": code_version(experiment),
    }


def checkpoint_path(folder: Path, task: Task, data: Images | Text | None) -> Path:
    """Where ``task`` keeps how far it has come: a name that no other settings, data or runs share."""
    whole = json.dumps([identity(task, data), [run.key for run in task.runs]], sort_keys=True)
    name = hashlib.sha256(whole.encode()).hexdigest()[:20]
    return folder / ".unfinished" / f"{task.experiment}-{name}.npz"


def execute(
    task: Task, data: Images | Text | None, checkpoint: Path | None = None, report: Report | None = None
) -> list[Result]:
    """Train the runs of ``task`` to the end, from ``checkpoint`` on if it is there: one Result per run.

    The checkpoint is written after every epoch, whole or not at all; whoever has stored the results
    removes it. Stopped at any moment and called again, it ends with the same numbers.
    """
    experiment = get_experiment(task.experiment)
    settings = settings_of(experiment, task.changes)
    with one_thread(task.experiment):
        trainer = trainer_of(experiment)(settings, task.runs, data)
        curves = np.zeros((2, 0, len(task.runs)))  # loss and accuracy
        if checkpoint is not None and checkpoint.exists():
            with np.load(checkpoint, allow_pickle=False) as state:
                trainer.restore(state)
                curves = state["curves"]
        while trainer.epoch < settings.epochs:
            curves = np.concatenate([curves, np.stack(trainer.advance())], axis=1)
            if checkpoint is not None:
                _keep(checkpoint, {**trainer.state(), "curves": curves})
            if report is not None:
                report(task, trainer.epoch, float(curves[0, -1].mean()))
    shared = identity(task, data)
    return [
        Result(run=run, loss=curves[0, :, k].copy(), accuracy=curves[1, :, k].copy(), **shared)
        for k, run in enumerate(task.runs)
    ]


def _keep(checkpoint: Path, state: Mapping[str, Any]) -> None:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    write_whole(checkpoint, lambda file: np.savez(file, **state))


@contextmanager
def one_thread(experiment: str) -> Iterator[None]:
    """PyTorch with one thread: sums in one order, so the same numbers whatever the number of cores."""
    if experiment == "counting":  # our own core; PyTorch need not be there
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
