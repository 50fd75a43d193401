"""The recorded results: all runs of an experiment in one small file, which comes with the package.

Reading them takes NumPy only.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from .. import checks
from ..files import write_whole
from .runs import SCHEMA, SCHEMES, Curve, Result, Run

FOLDER = Path(__file__).with_name("results")
ALL_EPOCHS = 100
"""Up to here every epoch is kept."""
STEP = 1.02
"""From there on an epoch is kept at least this many times the one before: readings are exact to 2 %."""


@dataclass(frozen=True, eq=False)
class Records:
    """Runs of one experiment under one set of settings: R runs, K kept epochs."""

    experiment: str
    settings: Mapping[str, Any]
    data: Mapping[str, str]
    code: str
    runs: tuple[Run, ...]
    epochs: NDArray[np.int64]
    """(K,): which epochs were kept, from 1; the first and the last always are."""
    loss: Curve
    """(R, K): mean training loss of the epoch; NaN once a run has diverged."""
    accuracy: Curve
    """(R, K): share of the training examples that were right, 0 to 1."""
    perfect: NDArray[np.int64]
    """(R,): the first epoch at which everything was right, kept or not; 0 for never."""

    @property
    def variants(self) -> list[str]:
        """The schemes, with ``+active`` where active nodes are counted, in order of appearance."""
        return list(dict.fromkeys(run.variant for run in self.runs))

    @property
    def seeds(self) -> list[int]:
        return sorted({run.seed for run in self.runs})

    @property
    def last(self) -> int:
        """The last epoch."""
        return int(self.epochs[-1])

    def rows(self, variant: str, seeds: Sequence[int] | None = None) -> NDArray[np.int64]:
        """Places of a variant's runs, in the order of ``seeds`` (all of them by default).

        Raises ValueError for a variant or a seed that was not recorded.
        """
        checks.choice("variant", variant, self.variants)
        place = {run.seed: k for k, run in enumerate(self.runs) if run.variant == variant}
        wanted = self.seeds if seeds is None else list(seeds)
        unknown = [seed for seed in wanted if seed not in place]
        if unknown:
            raise ValueError(f"seeds {unknown} of {variant} were not recorded")
        return np.array([place[seed] for seed in wanted], dtype=np.int64)

    def curves(self, variant: str, seeds: Sequence[int] | None = None) -> Curve:
        """Loss (seeds, K) of a variant."""
        return self.loss[self.rows(variant, seeds)]

    def table(self) -> Iterator[tuple[str, str, bool, int, int, float, float]]:
        """Every number, as rows of ``COLUMNS``."""
        for k, run in enumerate(self.runs):
            for column, epoch in enumerate(self.epochs):
                yield (
                    self.experiment, run.scheme, run.active_nodes, run.seed, int(epoch),
                    float(f"{self.loss[k, column]:.6g}"), float(f"{self.accuracy[k, column]:.6g}"),
                )  # fmt: skip


COLUMNS = ("experiment", "scheme", "active_nodes", "seed", "epoch", "loss", "accuracy")


def kept_epochs(count: int) -> NDArray[np.int64]:
    """Which of ``count`` epochs are kept: all of the first hundred, then every one 2 % further on."""
    kept = [float(epoch) for epoch in range(1, min(count, ALL_EPOCHS) + 1)]
    while kept[-1] * STEP < count:
        kept.append(kept[-1] * STEP)
    return np.unique([*np.floor(kept), count]).astype(np.int64)


def gather(results: Iterable[Result]) -> Records:
    """Results of one experiment as Records. ValueError when they are none, or not of the same thing."""
    ordered = sorted(results, key=lambda result: _place(result.run))
    if not ordered:
        raise ValueError("there are no results to gather; run an experiment first")
    first = ordered[0]
    for result in ordered:
        if result.identity != first.identity:
            raise ValueError(f"{result.run.key} was not made like {first.run.key}: keep them in two folders")
    epochs = kept_epochs(first.epochs)
    accuracy = np.stack([result.accuracy for result in ordered])
    right = accuracy >= 1.0
    return Records(
        **first.identity,
        runs=tuple(result.run for result in ordered),
        epochs=epochs,
        loss=np.stack([result.loss for result in ordered])[:, epochs - 1],
        accuracy=accuracy[:, epochs - 1],
        perfect=np.where(right.any(axis=1), right.argmax(axis=1) + 1, 0),
    )


def _place(run: Run) -> tuple[int, int, bool]:
    """Seed by seed, the schemes in the article's order."""
    return run.seed, SCHEMES.index(run.scheme), run.active_nodes


def from_folder(folder: Path, experiment: str) -> Records:
    """The runs that ``run_experiment`` left in ``folder``."""
    return gather(Result.load(path) for path in sorted((folder / experiment).glob("*.json")))


def save(records: Records, path: Path) -> Path:
    """Write to ``path`` (.npz): five digits of each number, which is what compresses well."""
    about = {
        "schema": SCHEMA,
        "experiment": records.experiment,
        "settings": dict(records.settings),
        "data": dict(records.data),
        "code": records.code,
        "runs": [[run.scheme, run.seed, run.active_nodes] for run in records.runs],
    }
    arrays: dict[str, Any] = {
        "about": np.array(json.dumps(about)),
        "epochs": records.epochs.astype(np.int32),
        "perfect": records.perfect.astype(np.int32),
        "loss": _rounded(records.loss),
        "accuracy": _rounded(records.accuracy),
    }
    write_whole(path, lambda file: np.savez_compressed(file, **arrays))
    return path


def _rounded(values: Curve) -> NDArray[np.float32]:
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.where(values > 0, 10.0 ** (4 - np.floor(np.log10(values))), 1.0)
    return (np.round(values * power) / power).astype(np.float32)


def read(path: Path) -> Records:
    """Read what ``save`` wrote. Raises ValueError, naming the file, when it is not whole."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            arrays = {name: file[name] for name in ("epochs", "perfect", "loss", "accuracy")}
        if about.pop("schema") != SCHEMA:
            raise ValueError(f"this version reads schema {SCHEMA}")
        runs = tuple(Run(*run) for run in about.pop("runs"))
        shape = (len(runs), len(arrays["epochs"]))
        if arrays["loss"].shape != shape or arrays["accuracy"].shape != shape:
            raise ValueError(f"its curves are not of shape {shape}")
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} does not hold recorded results: {error!r}") from error
    kinds = {"epochs": np.int64, "perfect": np.int64, "loss": np.float64, "accuracy": np.float64}
    return Records(runs=runs, **about, **{name: arrays[name].astype(kinds[name]) for name in kinds})


def recorded_names() -> list[str]:
    """What comes with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.npz"))


@cache
def recorded(name: str) -> Records:
    """Recorded results by name; ``recorded_names`` says which there are. ValueError for any other."""
    return read(FOLDER / f"{checks.choice('recorded results', name, recorded_names())}.npz")


def write_csv(records: Records, file: TextIO) -> None:
    """All numbers as CSV, with a header."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(records.table())
