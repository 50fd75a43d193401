"""A training run of one's own, shown like the runs of the chapters.

This is the only explorable whose run travels: one buffer, and a list that says what lies in it. Their order
is ``ARRAYS``, never that of the keys of an object, which a notebook sorts when it is saved.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from .. import checks
from ..recording import Recording
from ..tasks import MAX_ROWS
from ..training import MAX_STEPS
from .explorable import SCALES, SETTING, Checked, Explorable
from .single_network import check_pinned

MAX_BYTES = 32_000_000
"""The largest run that travels to a page."""

ARRAYS = (
    ("steps", "<f8"),
    ("parameters", "<f8"),
    ("gradient", "<f8"),
    ("loss", "<f8"),
    ("correct", "<f8"),
    ("inputs", "<f8"),
    ("targets", "<f8"),
    ("presented", "|u1"),
)
"""The arrays of the buffer, one behind another: name and type. Shapes, with F frames, E steps, R rows:

steps (F,), parameters (F, P), gradient (F, L), loss (E + 1,), correct (E + 1,), inputs (R, first layer),
targets (R, last layer), presented (E, R).
"""


class RecordingView(Explorable):
    """Shows a ``Recording``: one that ``train`` or ``train_one`` returned, or that was loaded from a file.

    Parameters
    ----------
    recording : Recording
    row : int
        The row of its table that is sent through the network on the screen; by default the first.
    step : int
        The update or epoch on the screen; 0 is the network before training.
    scale : {"fixed", "layer", "frame"}
        What the widths of lines are measured by.
    pinned : list of int
        [layer, index] of the neuron whose numbers are shown, [layer, from, to] of a weight, or [].

    Raises
    ------
    ValueError
        If the run is larger than 32 MB even with a few frames only.

    Examples
    --------
    >>> from letkeman_viz import train
    >>> view = RecordingView(train("kaiming", layer_sizes=(5, 12, 5), activation="tanh", epochs=50))
    >>> view.recording.epochs
    50
    """

    name = "recording_view"

    row = Checked(0, checks.integer, 0, MAX_ROWS - 1).tag(**SETTING)
    step = Checked(0, checks.integer, 0, MAX_STEPS).tag(**SETTING)
    scale = Checked("fixed", checks.choice, SCALES).tag(**SETTING)
    pinned = Checked((), check_pinned).tag(**SETTING)

    _run = traitlets.Bytes(b"").tag(sync=True)

    def __init__(self, recording: Recording, **settings: Any) -> None:
        if not isinstance(recording, Recording):
            raise TypeError(
                f"recording must be a Recording, as train and train_one return it, not {recording!r}"
            )
        self._recording = recording
        header, run = packed(recording)
        super().__init__(**settings)
        self._data, self._run = {"recording": header}, run

    @property
    def recording(self) -> Recording:
        """The run on the screen."""
        return self._recording

    def state(self) -> dict[str, Any]:
        return {**super().state(), "_run": self._run}

    @traitlets.validate("row")
    def _check_row(self, proposal: dict[str, Any]) -> int:
        rows = self._recording.rows
        if proposal["value"] >= rows:
            raise traitlets.TraitError(f"row is {proposal['value']}; this recording has rows 0 to {rows - 1}")
        return int(proposal["value"])


def show(recording: Recording, **settings: Any) -> RecordingView:
    """Show a run: the network, its gradients, its loss and what it answers, step by step.

    Parameters
    ----------
    recording : Recording
    **settings
        As in ``RecordingView``.

    Returns
    -------
    RecordingView
        A widget; a notebook shows it when it is the last value of a cell.

    Examples
    --------
    >>> from letkeman_viz import train_one
    >>> show(train_one(initializer="ones"), step=300).step
    300
    """
    return RecordingView(recording, **settings)


def packed(recording: Recording) -> tuple[list[Any], bytes]:
    """A run as it travels.

    Parameters
    ----------
    recording : Recording
        Of too large a one every second frame is left out, as often as needed; the first and the last stay.

    Returns
    -------
    header : list
        [[name, label, seed, learning rate, one_example, ended, layer sizes, activation],
        [[array, type, shape], ...]]. Plain JSON.
    buffer : bytes
        The ``ARRAYS``, at most ``MAX_BYTES``.

    Raises
    ------
    ValueError
        If it cannot be made small enough.
    """
    frames = _frames_that_fit(recording)
    found: dict[str, NDArray[Any]] = {
        "steps": recording.steps[frames],
        "parameters": recording.parameters[frames],
        "gradient": recording.gradient[frames],
        "loss": recording.curve("loss"),
        "correct": recording.curve("correct_after"),
        "inputs": recording.inputs,
        "targets": recording.targets,
        "presented": recording.presented,
    }
    about = [
        *(recording.initializer, recording.label, recording.seed, recording.learning_rate),
        *(recording.one_example, recording.ended),
        *(list(recording.network.layer_sizes), recording.network.activation),
    ]
    arrays = [[name, kind, list(found[name].shape)] for name, kind in ARRAYS]
    return [about, arrays], b"".join(
        np.ascontiguousarray(found[name], kind).tobytes() for name, kind in ARRAYS
    )


def _frames_that_fit(recording: Recording) -> NDArray[np.int64]:
    """The frames that travel: all, or so many that the run is small enough."""
    steps, rows = recording.epochs, recording.rows
    rest = 16 * (steps + 1) + steps * rows + 8 * (recording.inputs.size + recording.targets.size)
    each = 8 * (1 + recording.network.parameter_count + len(recording.network.shapes))
    frames = np.arange(len(recording))
    while rest + each * len(frames) > MAX_BYTES and len(frames) > 3:
        frames = np.union1d(frames[::2], frames[-1:])
    if (size := rest + each * len(frames)) > MAX_BYTES:
        raise ValueError(
            f"this recording would take {size / 1e6:.0f} MB in a page, more than {MAX_BYTES / 1e6:.0f} MB; "
            f"show one with fewer epochs (it has {steps:,}) or a smaller table ({rows} rows)"
        )
    return frames
