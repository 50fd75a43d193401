"""Where learning works: a map over the gain and the learning rate, or over the gain and the depth."""

from __future__ import annotations

from typing import Any

import traitlets

from ..initializers import scales
from ..schemes import scaled
from ..sweep import Sweep, sweep_chunks
from .explorable import SETTING, Explorable, table_data
from .playground import Playground
from .playground_settings import MAX_FAN, NAMED_GAINS, network_of, settled, task_of

GAINS = (0.1, 0.15, 0.22, 0.33, 0.47, 0.68, 1.0, 1.5, 2.2, 3.3, 4.7, 6.8, 10.0)
RATES = GAINS
DEPTHS = (1, 2, 3, 4, 5, 6)
SEEDS = 5
EPOCHS = 1000
COUNTED = ("task", "bits", "table", "hidden", "activation", "order", "bias", "rate")
"""The settings of the playground that a map depends on."""


class SweepMap(Explorable):
    """Where learning works: a map of cells of five runs, coloured by how soon the middle one is done.

    Done means that all rows of the table are correct. Weights are uniform with standard deviation
    ``gain / sqrt(fan_in)``, the scheme ``scaled``. The page draws the map as soon as a reader comes near, for
    the task and the network that the playground shows then. Pressing a cell opens it in the playground.

    Parameters
    ----------
    of : Playground, optional
        Whose task and network are used; without one, counting up with a 5-8-8-5 network.
    kind : {"rate", "depth"}
        What the rows are: learning rates from 0.1 to 10 (the default), or 1 to 6 hidden layers. The columns
        are gains from 0.1 to 10.

    Raises
    ------
    TypeError
        For a name that is no setting, or an ``of`` that is no Playground.
    traitlets.TraitError
        For a value that a setting refuses.

    Examples
    --------
    >>> sweep_map = SweepMap(of=Playground(task="parity", bits=2, hidden=[4]))
    >>> sweep_map.sweep
    <Sweep: learning_rate x gain, 169 of 169 cells>
    """

    name = "sweep_map"

    kind = traitlets.Enum(("rate", "depth"), "rate").tag(**SETTING)

    def __init__(self, of: Playground | None = None, kind: str = "rate", **more: Any) -> None:
        if of is not None and not isinstance(of, Playground):
            raise TypeError(f"of must be a Playground, not {of!r}")
        super().__init__(kind=kind, **more)
        self._of = of
        self._channel = "" if of is None else of._channel
        usual = settled({})
        inputs = range(1, MAX_FAN + 1)
        self._data = {
            "gains": list(GAINS),
            "rates": list(RATES),
            "depths": list(DEPTHS),
            "seeds": SEEDS,
            "epochs": EPOCHS,
            "bounds": [[scales(scaled(gain), [(n, 1)])[1][0] for n in inputs] for gain in GAINS],
            "named": [list(pair) for pair in NAMED_GAINS.items()],
            "counted": list(COUNTED),
            "usual": {name: usual[name] for name in COUNTED},
            "table": table_data(task_of(usual)),
        }

    @property
    def sweep(self) -> Sweep:
        """The map that the page draws for the playground as it is now, computed here: the same bits."""
        values = settled({}) if self._of is None else self._of.values
        network = network_of(values)
        sides: dict[str, Any] = {"learning_rates": RATES}
        if self.kind == "depth":
            sides = {"learning_rates": values["rate"], "depths": DEPTHS, "width": max(values["hidden"])}
        *_, found = sweep_chunks(
            **sides,
            gains=GAINS,
            seeds=SEEDS,
            epochs=EPOCHS,
            layer_sizes=network.layer_sizes,
            task=task_of(values),
            activation=network.activation,
            bias=values["bias"],
            shuffle=values["order"] == "shuffled",
        )
        return found
