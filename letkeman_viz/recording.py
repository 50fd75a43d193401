"""Recording: what a training run left behind, frame by frame.

Two clocks run in a Recording. Every *step* (one update of ``train_one``, one epoch of ``train``) has a
loss and a count of correct predictions. A bounded number of *frames*, evenly spaced among the steps and
always with the start and the end, also have all parameters and every layer's mean |gradient|.
"""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .files import write_whole
from .network import Network

MAX_FRAMES = 2000
SCHEMA = 1
ENDINGS = ("finished", "solved", "diverged")

_ARRAYS = ("inputs", "targets", "steps", "parameters", "gradient", "loss", "presented", "correct_after")
_KINDS = {"steps": "i", "presented": "b", "correct_after": "i"}  # the others are "f"
_PLAIN = (
    "initializer",
    "label",
    "seed",
    "learning_rate",
    "one_example",
    "start_loss",
    "start_correct",
    "ended",
)
_LATER: dict[str, Any] = {"bias": 0.0, "shuffle": True}  # files of version 0.1 do not have these


@dataclass(frozen=True, eq=False)
class Recording:
    """A finished run. E steps, F frames, P parameters, L layers of weights, R rows in the table."""

    initializer: str
    """Name of the scheme, as in ``INITIALIZERS``."""
    label: str
    """The scheme's name for people."""
    seed: int
    learning_rate: float
    network: Network
    one_example: bool
    """True for ``train_one``: a step is one update; False for ``train``: a step is one epoch."""
    inputs: NDArray[np.float64]
    """(R, first layer): what was presented."""
    targets: NDArray[np.float64]
    """(R, last layer)."""
    steps: NDArray[np.int64]
    """(F,): the step of each frame; 0 is the network before any training."""
    parameters: NDArray[np.float64]
    """(F, P), see ``Network.layers`` for the layout."""
    gradient: NDArray[np.float64]
    """(F, L): mean |dL/dw| of each layer's weights at the frame, averaged over the table's rows."""
    start_loss: float
    """Loss before training."""
    start_correct: int
    """Rows predicted right before training."""
    loss: NDArray[np.float64]
    """(E,): mean loss over the table after each step (sum over outputs of (o - t)**2 / 2)."""
    presented: NDArray[np.bool_]
    """(E, R): whether a row was right when it was presented, before the update made for it."""
    correct_after: NDArray[np.int64]
    """(E,): rows predicted right over the whole table after each step."""
    ended: str
    """``"finished"`` all steps, ``"solved"`` and so stopped, or ``"diverged"`` to NaN or infinity."""
    bias: float = 0.0
    """What every bias was to be before training."""
    shuffle: bool = True
    """Whether each epoch had an order of its own."""

    def __post_init__(self) -> None:
        for name in _ARRAYS:  # to be read only, views of it too; the caller's array stays as it is
            view = np.asarray(getattr(self, name)).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __len__(self) -> int:
        """The number of frames."""
        return len(self.steps)

    def __repr__(self) -> str:
        return f"<Recording: {self.label}, seed {self.seed}, {self.reason}; {len(self)} frames>"

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return len(self.inputs)

    @property
    def epochs(self) -> int:
        """Steps done; an epoch of a single example is one update."""
        return len(self.loss)

    @property
    def updates(self) -> int:
        """How many times the parameters were changed."""
        return self.epochs * self.rows

    @property
    def correct(self) -> NDArray[np.int64]:
        """(E,): rows that were right as they were presented, before their update (the article's count)."""
        return np.asarray(self.presented.sum(axis=1), dtype=np.int64)

    @property
    def solved_at(self) -> int | None:
        """The first step after which every row is right (0: right from the start), or None."""
        right = np.flatnonzero(self.curve("correct_after") == self.rows)
        return int(right[0]) if right.size else None

    @property
    def dropped_frames(self) -> int:
        """Steps that have no frame of their own."""
        return self.epochs + 1 - len(self)

    @property
    def reason(self) -> str:
        """Why the run ended, in words."""
        unit = "update" if self.one_example else "epoch"
        units = unit if self.epochs == 1 else f"{unit}s"
        if self.ended == "diverged":
            return f"stopped at {unit} {self.epochs}: the weights overflowed to infinity or NaN"
        if self.ended == "solved":
            return f"{'' if self.one_example else f'all {self.rows} '}right after {self.epochs} {units}"
        solved = "" if self.solved_at is None else f", all {self.rows} right after {unit} {self.solved_at}"
        return f"ran {self.epochs} {units}{solved}"

    def curve(self, name: str) -> NDArray[np.float64]:
        """``"loss"`` or ``"correct_after"`` from before training on: shape (E + 1,), index = step."""
        start = {"loss": self.start_loss, "correct_after": self.start_correct}
        if name not in start:
            raise ValueError(f"curve {name!r} is not known; choose one of {', '.join(start)}")
        return np.concatenate([[float(start[name])], getattr(self, name)])

    def parameters_at(self, frame: int) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """[(W (fan_in, fan_out), b (fan_out,)), ...] at a frame; negative frames count from the end."""
        if not -len(self) <= frame < len(self):
            raise IndexError(f"frame {frame} does not exist; this recording has frames 0 to {len(self) - 1}")
        return self.network.layers(self.parameters[frame])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write to ``path`` (.npz). The file appears whole or not at all; OSError says why not."""
        path = Path(path)
        settings = {name: getattr(self, name) for name in (*_PLAIN, *_LATER)}
        settings |= {
            "schema": SCHEMA,
            "layer_sizes": self.network.layer_sizes,
            "activation": self.network.activation,
        }
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        about = np.array(json.dumps(settings))
        write_whole(path, lambda file: np.savez_compressed(file, settings=about, **arrays))
        return path

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Recording:
        """Read what ``save`` wrote. Raises ValueError, naming the file, when it is not a whole Recording."""
        content = io.BytesIO(Path(path).read_bytes())
        try:
            with np.load(content, allow_pickle=False) as file:
                settings = json.loads(str(file["settings"]))
                arrays = {name: file[name] for name in _ARRAYS}
            if settings["schema"] != SCHEMA:
                raise ValueError(f"it has schema {settings['schema']}, this version reads {SCHEMA}")
            network = Network(tuple(settings["layer_sizes"]), settings["activation"])
            plain = {name: settings[name] for name in _PLAIN}
            plain |= {name: settings.get(name, usual) for name, usual in _LATER.items()}
            recording = cls(network=network, **plain, **arrays)
            recording._check_shapes()
        except Exception as error:  # a damaged file can fail in zipfile, zlib, tokenize, json, ... as well
            raise ValueError(f"{os.fspath(path)} is not a saved Recording: {error}") from error
        return recording

    def _check_shapes(self) -> None:
        frames, layers, steps = len(self.steps), len(self.network.shapes), len(self.loss)
        expected = {
            "steps": (frames,),
            "loss": (steps,),
            "inputs": (self.rows, self.network.layer_sizes[0]),
            "targets": (self.rows, self.network.layer_sizes[-1]),
            "parameters": (frames, self.network.parameter_count),
            "gradient": (frames, layers),
            "presented": (steps, self.rows),
            "correct_after": (steps,),
        }
        for name, shape in expected.items():
            array, kind = getattr(self, name), _KINDS.get(name, "f")
            if array.shape != shape or array.dtype.kind != kind:
                raise ValueError(
                    f"{name} is {array.dtype} of shape {array.shape}, expected {kind!r} of {shape}"
                )
        if self.ended not in ENDINGS or not 1 <= frames <= MAX_FRAMES:
            raise ValueError(f"it says it ended {self.ended!r} with {frames} frames")
        if self.steps[0] != 0 or self.steps[-1] != steps or (np.diff(self.steps) <= 0).any():
            raise ValueError(f"steps of the frames must rise from 0 to {steps}")

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write ``csv_text`` to ``path``, whole or not at all."""
        path = Path(path)
        write_whole(path, lambda file: file.write(self.csv_text().encode()))
        return path

    def csv_text(self) -> str:
        """The run as CSV, one line per step; gradient columns are filled where a frame was kept."""
        layers = [f"gradient_layer_{k + 1}" for k in range(self.gradient.shape[1])]
        frame_of = {int(step): k for k, step in enumerate(self.steps)}
        loss, after = self.curve("loss"), self.curve("correct_after").astype(int)
        presented: list[Any] = ["", *self.correct]
        text = io.StringIO(newline="")
        out = csv.writer(text)
        out.writerow(["step", "loss", "correct_as_presented", "correct_after", *layers])
        for step in range(self.epochs + 1):
            frame = frame_of.get(step)
            gradient = [""] * len(layers) if frame is None else [repr(float(g)) for g in self.gradient[frame]]
            out.writerow([step, repr(float(loss[step])), presented[step], after[step], *gradient])
        return text.getvalue()
