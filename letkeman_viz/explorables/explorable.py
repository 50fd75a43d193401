"""What all explorables share: settings that are checked, and the data that their pages cannot know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import traitlets

from ..initializers import Initializer, get_initializer, scales
from ..network import Network
from ..tasks import Table
from . import bundle
from .widget import FROM_BROWSER, Widget

SETTING = FROM_BROWSER
"""Tag of a trait that readers and Python set alike."""


SCHEMES = (
    "zeros",
    "ones",
    "standard_xavier",
    "normalized_xavier",
    "standard_letkeman",
    "normalized_letkeman",
    "kaiming",
)
"""The schemes of the article and of its rivals: what is offered where nothing else is asked for."""

SCALES = ("fixed", "layer", "frame")


class Checked(traitlets.TraitType[Any, Any]):
    """A setting that one of the functions in ``checks`` looks at; what it refuses is a ``TraitError``."""

    def __init__(self, default: Any, check: Callable[..., Any], *limits: Any) -> None:
        super().__init__(default)
        self._check, self._limits = check, limits

    def validate(self, obj: Any, value: Any) -> Any:
        try:
            return self._check(self.name, value, *self._limits)
        except (TypeError, ValueError) as error:
            raise traitlets.TraitError(str(error)) from error


class Explorable(Widget):
    """One explorable: one widget, whose public traits are its settings.

    A subclass names its JavaScript with ``name``, tags its settings with ``SETTING``, and puts what its page
    cannot know into ``_data`` (plain JSON; never dependent on the order of keys).

    Parameters
    ----------
    **settings
        Values for the settings, by name. ``layout`` is taken as any widget takes it.

    Raises
    ------
    TypeError
        For a name that is no setting; the message lists those there are.
    traitlets.TraitError
        For a value that a setting refuses.
    """

    name = ""
    """Name of the JavaScript file beside the subclass, without its ending."""

    _data = traitlets.Dict().tag(sync=True)
    _channel = traitlets.Unicode("").tag(sync=True)
    """Explorables of one page with the same channel share their settings and their clock; "" for none."""

    def __init__(self, **settings: Any) -> None:
        known = self.settings_names()
        for name in settings:
            if name not in known and name != "layout":
                raise TypeError(
                    f"{type(self).__name__} has no setting {name!r}; it has {', '.join(sorted(known))}"
                )
        type(self)._esm = bundle.widget(self.name)  # only now: packing the code of all kinds takes a while
        super().__init__(**settings)
        given = settings.get("layout")
        self._own_layout = self.layout if given is None or isinstance(given, dict) else None

    def close(self) -> None:
        """Remove the widget from the page, and free all that was made for it."""
        super().close()
        own, self._own_layout = getattr(self, "_own_layout", None), None
        if own is not None:  # a widget of its own, which ipywidgets leaves behind
            own.close()

    @classmethod
    def settings_names(cls) -> list[str]:
        """The names of the public settings."""
        return [name for name in cls.class_traits(echo_update=False) if not name.startswith("_")]

    def state(self) -> dict[str, Any]:
        """What the page needs to show this explorable as it is, without a kernel: plain JSON and bytes."""
        names = [*self.settings_names(), "_data", "_channel"]
        return {name: value for name, value in self.get_state(names).items() if name in names}


def scheme_data(
    schemes: Sequence[str | Initializer], network: Network, seed: int, bias: float = 0.0
) -> list[dict[str, Any]]:
    """What a page must know of schemes to draw their weights itself.

    Parameters
    ----------
    schemes : sequence of str or Initializer
    network : Network
    seed : int
        For a scheme whose weights only Python can draw: the draw that travels.
    bias : float
        Of every unit before training.

    Returns
    -------
    list of dict
        ``name``, ``label``, ``kind`` and ``scales`` (a number for each layer), as in ``initializers.scales``.
        Where ``kind`` is "given", ``parameters`` (parameter_count,) are the start, right for ``seed`` alone.
    """
    found = []
    for scheme in map(get_initializer, schemes):
        kind, drawn = scales(scheme, network.shapes)
        one: dict[str, Any] = {"name": scheme.name, "label": scheme.label, "kind": kind, "scales": drawn}
        if kind == "given":
            one |= {"seed": seed, "parameters": network.initial(scheme, seed, bias).tolist()}
        found.append(one)
    return found


def table_data(table: Table) -> dict[str, list[list[float]]]:
    """A table of examples as the page takes it: ``inputs`` and ``targets``, row by row."""
    inputs, targets = table
    return {"inputs": inputs.tolist(), "targets": targets.tolist()}
