"""One network and the whole table: which of the 32 numbers it has learned, epoch by epoch."""

from __future__ import annotations

from typing import Any

import traitlets

from .. import checks
from ..counting import counting_task
from ..initializers import Initializer
from ..recording import MAX_FRAMES, Recording
from ..training import MAX_STEPS, train
from .explorable import SETTING, Checked, table_data
from .single_network import SingleNetwork


class WholeTable(SingleNetwork):
    """A 5-8-8-5 network learns all 32 numbers and their successors, in a new random order each epoch.

    Parameters
    ----------
    schemes : list of str or Initializer
        What the reader can start from, 1 to 20. By default all zeros, all ones, and Standard Xavier.
    initializer : str or Initializer
        The one of them on the screen; by default "ones" or, without it, the first.
    seed : int
        Of the random draw and the order of the examples, 0 to 2**32 - 1. By default 1.
    learning_rate : float
        1e-12 to 1000. By default 1.
    epochs : int
        0 to 100,000. By default 1000.
    row : int
        The number that is sent through the network on the screen, 0 to 31. By default 19.
    step : int
        The epoch on the screen; 0 is the network before training.
    scale : {"fixed", "layer", "frame"}
        What the widths of lines are measured by.
    pinned : list of int
        [layer, index] of the neuron whose numbers are shown, [layer, from, to] of a weight, or [].

    Examples
    --------
    >>> table = WholeTable(initializer="standard_xavier", epochs=600)
    >>> table.recording.correct_after.max()
    np.int64(32)
    >>> WholeTable().recording.correct_after.max()
    np.int64(4)
    """

    name = "whole_table"
    TASK = ("epochs",)
    LINKED = (*SingleNetwork.LINKED, "row")

    epochs = Checked(1000, checks.integer, 0, MAX_STEPS).tag(**SETTING)
    row = Checked(19, checks.integer, 0, 31).tag(**SETTING)

    def task(self) -> dict[str, Any]:
        return {**table_data(counting_task()), "epochs": self.epochs, "oneExample": False}

    def run(self, scheme: str | Initializer, seed: int, learning_rate: float) -> Recording:
        recording = train(scheme, learning_rate, epochs=self.epochs, seed=seed, max_frames=MAX_FRAMES)
        assert isinstance(recording, Recording)  # one scheme and one seed were asked for
        return recording

    @traitlets.observe("epochs")
    def _renew_task(self, change: Any) -> None:
        self._renew()
