"""The race: two to seven schemes on one draw, one order of examples and one clock."""

from __future__ import annotations

from typing import Any

import traitlets

from .. import checks
from ..initializers import Initializer, get_initializer, scales
from ..network import Network
from ..recording import MAX_FRAMES, Recording
from ..tasks import make_task
from ..training import MAX_SEED, train
from .explorable import SCALES, SCHEMES, SETTING, Checked, Explorable, scheme_data, table_data

FEWEST, MOST = 2, len(SCHEMES)
MIN_RATE, MAX_RATE = 1e-3, 100.0
MAX_EPOCHS = 10_000
MAX_CANDIDATES = 20
"""The most schemes that a page offers."""

_NETWORK = Network()
_TABLE = make_task("count_up")


class Race(Explorable):
    """Networks that learn the whole table side by side, one for each scheme.

    All start from the same draw and see the 32 examples in the same order. A page trains them itself;
    pressing a network there shows it in full.

    Parameters
    ----------
    schemes : sequence of str or Initializer, 2 to 7
        Who takes part, each with a name of its own; by default the article's seven. Reading the trait gives
        their names. The page offers all schemes that were ever set here, and the seven.
    seed : int
        Of the draw and of the order of the examples, 0 to 2**32 - 1; 1 by default.
    learning_rate : float
        0.001 to 100; 1 by default.
    epochs : int
        1 to 10,000; 1000 by default.
    layer : int
        Whose gradient the first chart shows: 1 (next to the input, the default) to 3.
    row : int
        The number that all networks are shown with, 0 to 31; 19 by default.
    chosen : str
        Name of the scheme whose network is shown in full, or "" (default).
    step : int
        The epoch that the page shows, 0 (default) to ``epochs``.
    scale : {"fixed", "layer", "frame"}
        What the widest line stands for: the same at all times, the largest weight of its layer, or the
        largest of the moment.

    Raises
    ------
    TypeError
        For a name that is no setting.
    traitlets.TraitError
        For a value out of range, and for schemes that are unknown, too few, too many or named alike.

    Examples
    --------
    >>> race = Race(schemes=["ones", "kaiming"], seed=3)
    >>> race.seed = 4
    >>> {name: run.solved_at for name, run in race.recordings.items()}
    {'ones': None, 'kaiming': 496}
    """

    name = "race"

    schemes = traitlets.List(default_value=list(SCHEMES)).tag(**SETTING)
    seed = Checked(1, checks.integer, 0, MAX_SEED).tag(**SETTING)
    learning_rate = Checked(1.0, checks.real, MIN_RATE, MAX_RATE).tag(**SETTING)
    epochs = Checked(1000, checks.integer, 1, MAX_EPOCHS).tag(**SETTING)
    layer = Checked(1, checks.integer, 1, len(_NETWORK.shapes)).tag(**SETTING)
    row = Checked(19, checks.integer, 0, len(_TABLE[0]) - 1).tag(**SETTING)
    chosen = traitlets.Unicode("").tag(**SETTING)
    step = Checked(0, checks.integer, 0, MAX_EPOCHS).tag(**SETTING)
    scale = Checked("fixed", checks.choice, SCALES).tag(**SETTING)

    def __init__(self, **settings: Any) -> None:
        self._candidates: dict[str, Initializer] = {}
        # The schemes first: other settings are checked against them.
        super().__init__(**{"schemes": list(SCHEMES), **settings})

    @property
    def recordings(self) -> dict[str, Recording]:
        """The runs on the page by the names of their schemes: trained anew, the same bits."""
        schemes = [self._candidates[name] for name in self.schemes]
        runs = train(
            schemes, self.learning_rate, self.epochs, self.seed, _NETWORK.layer_sizes, _TABLE,
            max_frames=max(3, min(MAX_FRAMES, self.epochs + 1)),
        )  # fmt: skip
        assert isinstance(runs, list)  # a list of schemes was asked for
        return dict(zip(self.schemes, runs, strict=True))

    @traitlets.default("_data")
    def _page_data(self) -> dict[str, Any]:
        given = list(self._candidates.values())
        others = [name for name in SCHEMES if name not in self._candidates]
        return {
            "sizes": list(_NETWORK.layer_sizes),
            "table": table_data(_TABLE),
            "schemes": scheme_data([*given, *others], _NETWORK, self.seed),
            "linked": [],
        }

    @traitlets.validate("schemes")
    def _check_schemes(self, proposal: dict[str, Any]) -> list[str]:
        """The names; what they stand for is kept in ``_candidates``, and sent to the page."""
        asked = proposal["value"]
        if not FEWEST <= len(asked) <= MOST:
            raise traitlets.TraitError(
                f"schemes has {len(asked)} of them; choose {FEWEST} to {MOST}, names or Initializers"
            )
        found: dict[str, Initializer] = {}
        for one in asked:
            scheme = self._scheme(one)
            if scheme.name in found:
                raise traitlets.TraitError(
                    f"schemes name {scheme.name!r} twice; give each a name of its own, "
                    "such as dataclasses.replace(scheme, name='mine')"
                )
            found[scheme.name] = scheme
        if any(self._candidates.get(name) is not scheme for name, scheme in found.items()):
            candidates = {**self._candidates, **found}
            if len(candidates) > MAX_CANDIDATES:  # those that take part now are enough
                candidates = found
            self._candidates = candidates
            self._data = self._page_data()
        return list(found)

    def _scheme(self, one: Any) -> Initializer:
        """A scheme, and for a name that is known here the one that it was given for."""
        if isinstance(one, str) and one in self._candidates:
            return self._candidates[one]
        try:
            scheme = get_initializer(one)
            if scales(scheme, _NETWORK.shapes)[0] == "given":
                _NETWORK.initial(scheme, self.seed)  # that it can draw is seen now, not on the page
        except (TypeError, ValueError) as error:
            raise traitlets.TraitError(f"schemes hold {one!r}: {error}") from error
        return scheme

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: dict[str, Any]) -> str:
        name = str(proposal["value"])
        if name and name not in self.schemes:
            names = ", ".join(map(repr, self.schemes))
            raise traitlets.TraitError(f"chosen is {name!r}; choose one of {names}, or '' for none")
        return name

    @traitlets.validate("step")
    def _check_step(self, proposal: dict[str, Any]) -> int:
        step = int(proposal["value"])
        if step > self.epochs:
            raise traitlets.TraitError(f"step is {step}; choose a whole number from 0 to {self.epochs}")
        return step

    @traitlets.observe("schemes")
    def _keep_chosen(self, _: traitlets.Bunch) -> None:
        if self.chosen not in self.schemes:
            self.chosen = ""

    @traitlets.observe("epochs")
    def _keep_step(self, _: traitlets.Bunch) -> None:
        self.step = min(self.step, self.epochs)

    @traitlets.observe("seed")
    def _draw_again(self, _: traitlets.Bunch) -> None:
        """Only Python can draw some schemes: a new seed needs their weights."""
        if any(scales(scheme, _NETWORK.shapes)[0] == "given" for scheme in self._candidates.values()):
            self._data = self._page_data()
