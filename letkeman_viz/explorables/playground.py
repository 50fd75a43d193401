"""The playground: set anything, and every curve and network follows."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import traitlets

from .. import checks
from ..recording import Recording
from . import playground_settings as settings
from .explorable import SETTING, Checked, Explorable


class _Setting(traitlets.TraitType[Any, Any]):
    """A trait that takes what the table of settings allows for its name."""

    name: str

    def __init__(self) -> None:
        super().__init__()
        self.tag(**SETTING)

    def default(self, obj: Any = None) -> Any:
        value = settings.DEFAULTS[self.name]
        return list(value) if isinstance(value, list) else value

    def validate(self, obj: Any, value: Any) -> Any:
        try:
            return settings.fields()[self.name].check(value)
        except ValueError as error:
            shown = repr(value)
            short = shown if len(shown) <= 60 else f"{shown[:60]}…"
            raise traitlets.TraitError(f"{self.name} is {short}: {error}") from None


class Playground(Explorable):
    """Set anything, and every curve and network follows at once.

    Parameters
    ----------
    task : str
        A name in ``letkeman_viz.TASKS``, or "own" for ``table``. Default "count_up".
    bits : int
        2 to 6; of a built-in task. Default 5.
    table : str
        A task of one's own as CSV, see ``letkeman_viz.task_from_csv``.
    mode : {"table", "one"}
        Learn the whole table, or one row until it is right.
    number : int
        The row shown (and learned, with "one"), 0 to 63. Default 19.
    hidden : list of int
        Sizes of the 1 to 6 hidden layers, each 1 to 16. Default [8, 8].
    activation : {"sigmoid", "tanh", "relu"}
        Of the hidden layers.
    schemes : list of str
        1 to 7 names of registered schemes that have scales.
    shown : str
        The scheme whose network is seen in full; the first one where it is not in ``schemes``.
    gain : float
        Of the scheme "scaled", 0.1 to 10. Default 1.
    bias : float
        Of every unit before training, -3 to 3. Default 0.
    rate : float
        Learning rate, 0.01 to 100. Default 1.
    epochs : int
        1 to 5000. Default 1000.
    order : {"shuffled", "fixed"}
        Of the rows in an epoch.
    seed : int
        0 to 9999. Default 1.
    noise : float
        Bound of a uniform number added to each parameter, 0 to 1. Default 0.
    edits : list of [str, list of int, float]
        Changes by hand, see ``playground_fields.Edits``.
    hide, fix : list of str
        Names of settings whose controls are hidden, or cannot be moved.
    step : int
        The epoch (or update) on the screen; -1 for the last.

    Examples
    --------
    >>> play = Playground(schemes=["ones", "kaiming"], rate=3)
    >>> play.to_link()
    '?schemes=ones,kaiming&shown=ones&rate=3'
    >>> play.recordings["kaiming"]
    <Recording: Kaiming, seed 1, ran 1000 epochs, all 32 right after epoch 162; 1001 frames>
    >>> Playground.from_link("?rate=fast")
    Traceback (most recent call last):
    ValueError: The link sets rate to “fast”: choose a number from 0.01 to 100. It is left as it was.
    """

    name = "playground"

    task = _Setting()
    bits = _Setting()
    table = _Setting()
    mode = _Setting()
    number = _Setting()
    hidden = _Setting()
    activation = _Setting()
    schemes = _Setting()
    shown = _Setting()
    gain = _Setting()
    bias = _Setting()
    rate = _Setting()
    epochs = _Setting()
    order = _Setting()
    seed = _Setting()
    noise = _Setting()
    edits = _Setting()
    hide = _Setting()
    fix = _Setting()
    step = Checked(-1, checks.integer, -1, settings.MAX_UPDATES).tag(**SETTING)

    @traitlets.default("_channel")
    def _own_channel(self) -> str:
        return uuid4().hex[:12]

    @traitlets.default("_data")
    def _page_data(self) -> dict[str, Any]:
        return settings.page_data() | {"linked": list(settings.DEFAULTS)}

    @traitlets.validate("schemes")
    def _tell_of_new_schemes(self, proposal: dict[str, Any]) -> list[str]:
        """A scheme can have been registered after this explorable was made: its scales go before its name."""
        names: list[str] = proposal["value"]
        if not {scheme["name"] for scheme in self._data["schemes"]}.issuperset(names):
            self._data = self._page_data()
        return names

    @classmethod
    def from_link(cls, link: str) -> Playground:
        """The playground as a link has it.

        Parameters
        ----------
        link : str
            An address, or the part of it behind the question mark.

        Raises
        ------
        ValueError
            Names every part of the link that cannot be followed.
        """
        values, complaints = settings.read_link(link)
        if complaints:
            raise ValueError(" ".join(complaints))
        return cls(**values)

    def to_link(self) -> str:
        """The part of a link that opens the playground as it is now; "" for that of a new one."""
        query = settings.write_link(self.values)
        return f"?{query}" if query else ""

    @property
    def values(self) -> settings.Values:
        """All settings but ``step``, those that depend on others in line with them."""
        return settings.settled({name: getattr(self, name) for name in settings.DEFAULTS})

    @property
    def recordings(self) -> dict[str, Recording]:
        """The runs on the screen, computed here: the name of each scheme -> its Recording."""
        return settings.recordings_of(self.values)
