"""Are five seeds enough? Many draws of every scheme, and what a ranking from a few of them is worth."""

from __future__ import annotations

from typing import Any

import traitlets

from .. import checks
from ..network import Network
from ..study import MAX_SEEDS, Study, study
from ..tasks import check_task
from .explorable import SCHEMES, SETTING, Checked, Explorable, scheme_data, table_data

RATES = (0.1, 0.3, 1.0, 3.0)
SEEDS = (*range(1, 11), *range(15, 51, 5), *range(60, 101, 10), *range(150, MAX_SEEDS + 1, 50))
SIZES = (1, 5, 20, 50)
EPOCHS = 1000


def _one_of(name: str, value: Any, allowed: tuple[float, ...]) -> float:
    """The one of ``allowed`` that equals ``value``; True is none of them, though it equals 1."""
    if isinstance(value, bool) or value not in allowed:
        raise ValueError(f"{name} is {value!r}; choose one of {', '.join(map(str, allowed))}")
    return allowed[allowed.index(value)]


class FiveSeeds(Explorable):
    """Seven schemes with up to 500 seeds: medians settle, bands overlap, and rankings change with the draw.

    The page trains them itself, seed by seed, as soon as a reader comes near; it can be stopped and goes on.

    Parameters
    ----------
    seeds : int
        How many, 1 to 500; the seeds are 1, 2, ... By default 100.
    learning_rate : float
        0.1, 0.3, 1 or 3. By default 1.
    measure : {"loss", "correct"}
        What the large chart shows: the loss, or the number of rows that are correct.
    group : {1, 5, 20, 50}
        Seeds in one experiment of those that are ranked. By default 5.

    Raises
    ------
    TypeError
        For a name that is no setting.
    traitlets.TraitError
        For a value that a setting refuses.

    Examples
    --------
    >>> few = FiveSeeds(seeds=5, learning_rate=3.0)
    >>> few.study
    <Study: 7 schemes, 5 seeds, 1000 epochs>
    >>> few.study.share_solved().tolist()[:2]
    [0.0, 0.0]
    """

    name = "five_seeds"

    seeds = Checked(100, checks.integer, 1, MAX_SEEDS).tag(**SETTING)
    learning_rate = Checked(1.0, _one_of, RATES).tag(**SETTING)
    measure = traitlets.Enum(("loss", "correct"), "loss").tag(**SETTING)
    group = Checked(5, _one_of, SIZES).tag(**SETTING)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        network = Network()
        self._data = {
            "schemes": scheme_data(SCHEMES, network, 1),
            "sizes": list(network.layer_sizes),
            "table": table_data(check_task(None, network)),
            "epochs": EPOCHS,
            "rates": list(RATES),
            "seeds": list(SEEDS),
            "groups": list(SIZES),
        }

    @property
    def study(self) -> Study:
        """The runs that the page shows once it has worked out all seeds, computed here: the same bits."""
        return study(SCHEMES, self.seeds, self.learning_rate, EPOCHS)
