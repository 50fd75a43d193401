"""The sigmoid and its slope, with the neurons of another explorable's network on them."""

from __future__ import annotations

from typing import Any

import traitlets

from .. import checks
from ..initializers import Initializer
from ..recording import Recording
from .explorable import SETTING, Checked
from .one_example import OneExample
from .single_network import SingleNetwork
from .whole_table import WholeTable


class Sigmoid(SingleNetwork):
    """Every neuron of a network as a dot on the sigmoid, and on its slope.

    It is linked with the explorable it is made of: in the page, both show the same run at the same step.

    Parameters
    ----------
    of : OneExample or WholeTable
    **settings
        ``schemes``, ``initializer``, ``seed``, ``learning_rate``, ``step`` and ``row``, as in ``of``; by
        default what they are there.

    Examples
    --------
    >>> example = OneExample(initializer="standard_xavier", seed=2)
    >>> curve = Sigmoid(of=example)
    >>> curve.initializer, curve.seed
    ('standard_xavier', 2)
    """

    name = "sigmoid"

    row = Checked(19, checks.integer, 0, 31).tag(**SETTING)

    def __init__(self, of: OneExample | WholeTable, **settings: Any) -> None:
        if not isinstance(of, OneExample | WholeTable):
            raise TypeError(f"of must be the OneExample or WholeTable whose neurons are shown, not {of!r}")
        self._of = of
        shared = ("initializer", "seed", "learning_rate", "step", "row")
        given = {name: getattr(of, name) for name in shared if of.has_trait(name)}
        super().__init__(**{"schemes": of.scheme_objects(), **given, **settings})
        of.observe(self._follow, ["schemes", *of.TASK])

    def task(self) -> dict[str, Any]:
        return {**self._of.task(), "linked": list(self._of.LINKED)}

    def run(self, scheme: str | Initializer, seed: int, learning_rate: float) -> Recording:
        return self._of.run(scheme, seed, learning_rate)

    def close(self) -> None:
        """Remove the widget from the page, and let go of the other explorable."""
        if self.comm is not None:
            self._of.unobserve(self._follow, ["schemes", *self._of.TASK])
        super().close()

    @traitlets.default("_channel")
    def _channel_of_other(self) -> str:
        return self._of._channel

    def _follow(self, change: Any) -> None:
        if change["name"] == "schemes":
            self.schemes = self._of.scheme_objects()
        self._renew()
