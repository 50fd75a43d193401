"""What the explorables of a single network share: settings that are checked, and the data of their page."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import traitlets

from .. import checks
from ..initializers import INITIALIZERS, Initializer, get_initializer
from ..network import Network
from ..recording import Recording
from ..training import MAX_RATE, MAX_SEED, MAX_STEPS, MIN_RATE
from .explorable import SCALES, SCHEMES, SETTING, Checked, Explorable, scheme_data

MAX_SCHEMES = 20


class Schemes(traitlets.TraitType[Any, Any]):
    """Names of schemes. ``Initializer`` objects are taken as well; those are kept by the explorable."""

    def validate(self, obj: Any, value: Any) -> list[str]:
        if isinstance(value, str | Initializer | Mapping) or not hasattr(value, "__iter__"):
            raise traitlets.TraitError(f"schemes must be a list of names or Initializers, not {value!r}")
        given = list(value)
        if not 1 <= len(given) <= MAX_SCHEMES:
            raise traitlets.TraitError(f"schemes has {len(given)} entries; give 1 to {MAX_SCHEMES}")
        found = [self._scheme(obj, one) for one in given]
        names = [scheme.name for scheme in found]
        for name in names:
            if names.count(name) > 1:
                raise traitlets.TraitError(
                    f"schemes has {name!r} more than once; give each a name of its own, as in "
                    f"dataclasses.replace(scheme, name='{name}_2', label='...')"
                )
        # Only now, when nothing is refused any more.
        obj.own_schemes.update((s.name, s) for s in given if isinstance(s, Initializer))
        return names

    @staticmethod
    def _scheme(obj: Any, one: Any) -> Initializer:
        own: dict[str, Initializer] = obj.own_schemes
        if isinstance(one, str) and one in own:
            return own[one]
        try:
            return get_initializer(one)
        except (TypeError, ValueError) as error:
            raise traitlets.TraitError(f"schemes: {error}") from error


def check_pinned(name: str, value: Any) -> list[int]:
    """Nothing, a neuron (layer, index), or a weight (layer, from, to); all count from 0."""
    if not isinstance(value, list | tuple) or len(value) not in (0, 2, 3):
        raise ValueError(
            f"{name} is {value!r}; give [] for nothing, [layer, index] for a neuron (layer 0 is the input), "
            "or [layer, from, to] for a weight into a layer"
        )
    return [checks.integer(f"{name}[{k}]", one, 0, 255) for k, one in enumerate(value)]


def same(a: Any, b: Any) -> bool:
    """Whether two pieces of a page's data are equal; NaN equals itself."""
    return repr(a) == repr(b)


class SingleNetwork(Explorable):
    """Base of the explorables that show one training run.

    A subclass says what is trained with ``task``, and with ``TASK`` which of its settings change that.
    """

    TASK: tuple[str, ...] = ()
    LINKED: tuple[str, ...] = ("initializer", "seed", "learning_rate")
    NETWORK = Network()

    schemes = Schemes().tag(**SETTING)
    initializer = traitlets.Any().tag(**SETTING)
    seed = Checked(1, checks.integer, 0, MAX_SEED).tag(**SETTING)
    learning_rate = Checked(1.0, checks.real, MIN_RATE, MAX_RATE).tag(**SETTING)
    step = Checked(0, checks.integer, 0, MAX_STEPS).tag(**SETTING)
    scale = Checked("fixed", checks.choice, SCALES).tag(**SETTING)
    pinned = Checked((), check_pinned).tag(**SETTING)

    def __init__(self, **settings: Any) -> None:
        self.own_schemes: dict[str, Initializer] = {}
        super().__init__(**settings)

    def task(self) -> dict[str, Any]:
        """``inputs`` and ``targets``, ``epochs`` at most, and whether it is ``oneExample``."""
        raise NotImplementedError

    def run(self, scheme: str | Initializer, seed: int, learning_rate: float) -> Recording:
        """One run of this explorable's task, as its page trains it."""
        raise NotImplementedError

    @property
    def recording(self) -> Recording:
        """The run on the screen, trained anew in Python: the same numbers to the last bit."""
        return self.run(self._scheme(self.initializer), self.seed, self.learning_rate)

    def scheme_objects(self) -> list[str | Initializer]:
        """The schemes as they were given: an ``Initializer`` stays one."""
        return [self._scheme(name) for name in self.schemes]

    def _scheme(self, name: str) -> str | Initializer:
        return self.own_schemes.get(name, name)

    @traitlets.default("schemes")
    def _usual_schemes(self) -> list[str]:
        return list(SCHEMES)

    @traitlets.default("initializer")
    def _usual_initializer(self) -> str:
        return "ones" if "ones" in self.schemes else self.schemes[0]

    @traitlets.default("_channel")
    def _own_channel(self) -> str:
        return uuid.uuid4().hex[:12]

    @traitlets.default("_data")
    def _page_data(self) -> dict[str, Any]:
        return {
            "schemes": scheme_data(self.scheme_objects(), self.NETWORK, self.seed),
            "sizes": list(self.NETWORK.layer_sizes),
            "activation": self.NETWORK.activation,
            "linked": list(self.LINKED),
            **self.task(),
        }

    @traitlets.validate("initializer")
    def _check_initializer(self, proposal: dict[str, Any]) -> str:
        given = proposal["value"]
        name = given.name if isinstance(given, Initializer) else given
        if not isinstance(name, str) or name not in self.schemes:
            known = " Add it to schemes first." if isinstance(name, str) and name in INITIALIZERS else ""
            raise traitlets.TraitError(
                f"initializer is {name!r}; choose one of the schemes: {', '.join(self.schemes)}.{known}"
            )
        return name

    @traitlets.observe("schemes", "seed")
    def _renew(self, change: Any = None) -> None:
        """Bring the page's data up to date: other schemes, or weights that only Python can draw."""
        if self.initializer not in self.schemes:
            self.initializer = self._usual_initializer()
        data = self._page_data()
        if not same(data, self._data):
            self._data = data
