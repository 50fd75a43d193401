"""One network and one example, from its first update to the one after which the answer is right."""

from __future__ import annotations

from typing import Any

import traitlets

from .. import checks
from ..counting import counting_task
from ..initializers import Initializer
from ..recording import MAX_FRAMES, Recording
from ..training import train_one
from .explorable import SETTING, Checked, table_data
from .single_network import SingleNetwork

MAX_UPDATES = 5000


class OneExample(SingleNetwork):
    """A 5-8-8-5 network learns to answer one number with its successor, and stops when it first does.

    Parameters
    ----------
    schemes : list of str or Initializer
        What the reader can start from, 1 to 20. By default all zeros, all ones, and Standard Xavier.
    initializer : str or Initializer
        The one of them on the screen; by default "ones" or, without it, the first.
    seed : int
        Of the random draw, 0 to 2**32 - 1. By default 1.
    number : int
        The example's input, 0 to 31; the answer to 31 is 0. By default 19.
    learning_rate : float
        1e-12 to 1000. By default 1.
    step : int
        The update on the screen; 0 is the network before training.
    scale : {"fixed", "layer", "frame"}
        What the widths of lines are measured by.
    pinned : list of int
        [layer, index] of the neuron whose numbers are shown, [layer, from, to] of a weight, or [].

    Examples
    --------
    >>> example = OneExample(schemes=["ones", "kaiming"], seed=3)
    >>> example.recording.updates
    337
    >>> example.initializer = "kaiming"
    >>> example.recording.updates
    1
    """

    name = "one_example"
    TASK = ("number",)

    number = Checked(19, checks.integer, 0, 31).tag(**SETTING)

    def task(self) -> dict[str, Any]:
        inputs, targets = counting_task()
        row = slice(self.number, self.number + 1)
        table = table_data((inputs[row], targets[row]))
        return {**table, "epochs": MAX_UPDATES, "oneExample": True}

    def run(self, scheme: str | Initializer, seed: int, learning_rate: float) -> Recording:
        recording = train_one(
            self.number, scheme, learning_rate, seed=seed, max_updates=MAX_UPDATES, max_frames=MAX_FRAMES
        )
        assert isinstance(recording, Recording)  # one scheme and one seed were asked for
        return recording

    @traitlets.observe("number")
    def _renew_task(self, change: Any) -> None:
        self._renew()
