"""The widgets of a page without a kernel: their names there, their values now, and what has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import ipywidgets

from ..explorables.widget import Widget
from ._packing import Values

Place = tuple[str, str]
"""(name of a model on the page, trait)."""

# What a page without a kernel has no use for.
_LEFT_OUT = {"_esm", "_css", "_anywidget_id", "comm", "keys", "wanted", "tabbable", "_view_count"}
_OF_JUPYTER = ("_model_", "_view_")


class Models:
    """All widgets that can be reached from ``views``."""

    def __init__(self, views: Sequence[ipywidgets.Widget]) -> None:
        self._values = Values()
        self._widgets: dict[str, ipywidgets.Widget] = {}  # name on the page -> widget
        self._names: dict[str, str] = {}  # model_id -> name on the page
        self._first: dict[Place, int] = {}  # the values with which the page opens
        self._changed: dict[Place, None] = {}  # since the last look; a dict keeps the order
        self._watching = False
        self.views = [self.name(view) for view in views]

    def name(self, widget: ipywidgets.Widget) -> str:
        """What the widget is called on the page; it and all it refers to become part of it."""
        known = self._names.get(widget.model_id)
        if known is not None:
            return known
        name = self._names[widget.model_id] = f"m{len(self._names)}"
        self._widgets[name] = widget
        for trait in _kept(widget):
            self._first[name, trait] = self._values.add(self._value(widget, trait))
        if self._watching:
            self._watch(name)
        return name

    def watch(self) -> None:
        """Take notice of all that changes from now on; for a page that is to be recorded."""
        self._watching = True
        for name in list(self._widgets):
            self._watch(name)

    def _watch(self, name: str) -> None:
        def note(change: Any) -> None:
            self._changed[name, change["name"]] = None

        widget = self._widgets[name]
        widget.observe(note, _kept(widget))

    def _value(self, widget: ipywidgets.Widget, trait: str) -> Any:
        """A trait as the browser has it, with widgets in it by their names."""
        value = getattr(widget, trait)
        if isinstance(value, ipywidgets.Widget):
            return f"anywidget:{self.name(value)}"
        if isinstance(value, list | tuple) and value and isinstance(value[0], ipywidgets.Widget):
            return [f"anywidget:{self.name(one)}" for one in value]
        return widget.get_state([trait])[trait]

    def _look(self) -> dict[Place, Any]:
        """What has changed since the last look."""
        changed, self._changed = list(self._changed), {}
        return {(name, trait): self._value(self._widgets[name], trait) for name, trait in changed}

    def _numbered(self, state: dict[Place, Any]) -> dict[Place, int]:
        return {place: self._values.add(value) for place, value in state.items()}


def _kept(widget: ipywidgets.Widget) -> list[str]:
    """The traits of a widget that a page without a kernel has a use for."""
    return [trait for trait in widget.keys if trait not in _LEFT_OUT and not trait.startswith(_OF_JUPYTER)]


def drawing(widget: ipywidgets.Widget, codes: dict[str, str], styles: dict[str, str]) -> dict[str, str]:
    """What draws a widget on the page: its own code and style, or the name of one of ipywidgets' controls."""
    if not isinstance(widget, Widget):
        return {"control": widget._model_name}
    found = {}
    for kind, texts, text in (("code", codes, widget._esm), ("style", styles, getattr(widget, "_css", ""))):
        if text:
            found[kind] = hashlib.sha256(str(text).encode()).hexdigest()[:12]
            texts[found[kind]] = str(text)
    return found
