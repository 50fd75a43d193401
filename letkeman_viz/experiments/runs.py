"""What a run is, and what it leaves behind. No torch here: results are read without it.

A run is one network, one scheme, one seed. Its result is a small JSON file with the loss and accuracy of
every epoch and all that is needed to do it again; nothing in it depends on the machine or the hour.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import checks
from ..files import write_whole
from ..training import MAX_SEED

SCHEMA = 1
SCHEMES = ("standard_xavier", "normalized_xavier", "standard_letkeman", "normalized_letkeman", "kaiming")
"""The five schemes of the article, in its order."""

Curve = NDArray[np.float64]


@dataclass(frozen=True, order=True)
class Run:
    """One scheme at one seed. ``active_nodes``: one-hot inputs count as one active node."""

    scheme: str
    seed: int
    active_nodes: bool = False

    def __post_init__(self) -> None:
        checks.choice("scheme", self.scheme, SCHEMES)
        checks.integer("seed", self.seed, 0, MAX_SEED)

    @property
    def variant(self) -> str:
        """The scheme, and ``+active`` where it counts active nodes: one curve of a chart."""
        return self.scheme + ("+active" if self.active_nodes else "")

    @property
    def key(self) -> str:
        """A name for files and progress bars."""
        return f"{self.variant}-{self.seed}"


@dataclass(frozen=True, eq=False)
class Result:
    """What a run left behind: E epochs."""

    experiment: str
    run: Run
    settings: Mapping[str, Any]
    """The hyperparameters, as plain JSON values."""
    data: Mapping[str, str]
    """``name`` of the data, and ``sha256`` of what was learned from."""
    code: str
    """Version of the package, and the revision of the experiment."""
    loss: Curve
    """(E,): mean training loss of each epoch; NaN once a run has diverged."""
    accuracy: Curve
    """(E,): share of the training examples predicted right, 0 to 1."""

    @property
    def epochs(self) -> int:
        return len(self.loss)

    @property
    def identity(self) -> dict[str, Any]:
        """All that must agree for two results to be of the same thing."""
        return {
            "experiment": self.experiment,
            "settings": dict(self.settings),
            "data": dict(self.data),
            "code": self.code,
        }

    def to_json(self) -> str:
        """The file's text."""
        content = {
            "schema": SCHEMA,
            **self.identity,
            "scheme": self.run.scheme,
            "seed": self.run.seed,
            "active_nodes": self.run.active_nodes,
            "loss": [_plain(value) for value in self.loss],
            "accuracy": [_plain(value) for value in self.accuracy],
        }
        return json.dumps(content, indent=1) + "\n"

    def save(self, folder: Path) -> Path:
        """Write ``<experiment>/<run>.json`` under ``folder``. The file appears whole or not at all."""
        path = result_path(folder, self.experiment, self.run)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda file: file.write(self.to_json().encode()))
        return path

    @classmethod
    def load(cls, path: Path) -> Result:
        """Read what ``save`` wrote. Raises ValueError, naming the file, when it is not a whole result."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["schema"] != SCHEMA:
                raise ValueError(f"it has schema {content['schema']}, this version reads {SCHEMA}")
            loss, accuracy = (
                np.array([np.nan if value is None else value for value in content[name]], dtype=np.float64)
                for name in ("loss", "accuracy")
            )
            if loss.shape != accuracy.shape or loss.ndim != 1:
                raise ValueError(f"it has {len(loss)} losses and {len(accuracy)} accuracies")
            run = Run(content["scheme"], content["seed"], content["active_nodes"])
            same = {name: content[name] for name in ("experiment", "settings", "data", "code")}
            return cls(run=run, loss=loss, accuracy=accuracy, **same)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is not the result of a run: {error!r}") from error


def _plain(value: float) -> float | None:
    """Six digits are more than two machines agree on; JSON has no NaN."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


def result_path(folder: Path, experiment: str, run: Run) -> Path:
    return folder / experiment / f"{run.key}.json"
