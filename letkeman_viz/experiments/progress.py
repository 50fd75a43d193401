"""Progress on a terminal: one bar for each piece of work that is under way, one for all of it."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from .catalogue import get_experiment, settings_of
from .work import Task


def _tqdm() -> Any:
    try:
        from tqdm import tqdm
    except ImportError:  # it comes with the extra; lines will do
        return None
    return tqdm


class Bars:
    """A ``runner.Progress``: bars where there is a terminal, otherwise a line for each finished run."""

    def __init__(self) -> None:
        self._tqdm: Any = _tqdm() if sys.stderr.isatty() else None
        self._bars: dict[Task | str, Any] = {}
        self._whole: Any = None

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bar in [*self._bars.values(), self._whole]:
            if bar is not None:
                bar.close()

    def started(self, runs: int, done: int) -> None:
        if done:
            print(f"{done} of {runs} runs are there already", file=sys.stderr)
        if self._tqdm is not None:
            self._whole = self._tqdm(total=runs, initial=done, desc="runs", unit="run")

    def advanced(self, task: Task, epoch: int, loss: float) -> None:
        if self._tqdm is None:
            return
        if task.label not in self._bars:
            total = settings_of(get_experiment(task.experiment), task.changes).epochs
            self._bars[task.label] = self._tqdm(total=total, desc=task.label, unit="epoch", leave=False)
        bar = self._bars[task.label]
        bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
        bar.update(epoch - bar.n)

    def finished(self, task: Task) -> None:
        if self._tqdm is None:
            print(f"done: {task.label}", file=sys.stderr)
            return
        if task.label in self._bars:
            self._bars.pop(task.label).close()
        self._whole.update(len(task.runs))
