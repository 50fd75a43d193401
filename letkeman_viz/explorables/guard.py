"""Who stands between a visitor's browser and the kernel of a page that Voila serves.

ipywidgets trusts whoever sends it messages: a browser may set every trait of every widget, make widgets of
any kind, and ask for the state of all of them as often as it likes. In JupyterLab that is all right, since
there the reader runs any code anyway. A visitor of a site must not: ``install`` lets through what the pages
themselves send, and drops everything else. ``SECURITY.md`` says what is promised.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets
from IPython import get_ipython
from ipywidgets.widgets import widget as _ipywidgets_core

from .widget import Allowance, Widget, fits

CONTROL = "jupyter.widget.control"
"""The comm target through which a page asks for all widgets there are."""

MAX_DEPTH, MAX_PARTS, MAX_CHARACTERS = 8, 2000, 200_000
"""How deep a message may be nested, of how many values it may consist, how long its texts may be in all."""
MAX_WHOLE = 2**53
"""The largest whole number that a browser counts exactly."""
MAX_CONTROLS = 4
"""Control comms that are open at the same time; a page opens one, and closes it."""

_VALUE = (
    ipywidgets.Checkbox, ipywidgets.ToggleButton, ipywidgets.Text, ipywidgets.Textarea, ipywidgets.Combobox,
    ipywidgets.IntText, ipywidgets.BoundedIntText, ipywidgets.IntSlider, ipywidgets.IntRangeSlider,
    ipywidgets.FloatText, ipywidgets.BoundedFloatText, ipywidgets.FloatSlider, ipywidgets.FloatLogSlider,
    ipywidgets.FloatRangeSlider, ipywidgets.ColorPicker,
)  # fmt: skip
_INDEX = (
    ipywidgets.Dropdown, ipywidgets.RadioButtons, ipywidgets.Select, ipywidgets.SelectionSlider,
    ipywidgets.SelectionRangeSlider, ipywidgets.SelectMultiple, ipywidgets.ToggleButtons,
)  # fmt: skip
SETTABLE = dict.fromkeys(_VALUE, "value") | dict.fromkeys(_INDEX, "index")
"""The one trait of each of ipywidgets' controls that its user moves; of their other widgets there is none."""

CUSTOM = {ipywidgets.Button: {"event": "click"}, ipywidgets.Text: {"event": "submit"}}
"""The messages of ipywidgets' controls that are no value."""

Handler = Callable[[Any, Any, dict[str, Any]], Any]


def served() -> bool:
    """Whether this kernel belongs to a page of Voila's, and so to a visitor."""
    return "VOILA_BASE_URL" in os.environ


def install() -> None:
    """Put a guard before this kernel, if it is a visitor's and has none yet."""
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None or not served():
        return
    handlers = kernel.shell_handlers
    if not isinstance(getattr(handlers["comm_msg"], "__self__", None), Guard):
        guard = Guard(handlers["comm_open"], handlers["comm_msg"], handlers["comm_close"])
        handlers.update(comm_open=guard.open, comm_msg=guard.message, comm_close=guard.close)


class Guard:
    """Takes the place of the kernel's three handlers of comm messages; what may pass goes on to them."""

    def __init__(self, open_: Handler, message: Handler, close: Handler) -> None:
        self._open, self._message, self._close = open_, message, close
        self._controls: deque[str] = deque()
        self._all_states = Allowance(6, 2.0)
        # A page that waited four seconds in vain for all at once asks for them one by one, hundreds.
        self._one_state = Allowance(1000, 0.05)

    def open(self, stream: Any, ident: Any, message: dict[str, Any]) -> Any:
        """A browser opens a comm: to ask for all widgets, never to make one."""
        content = message.get("content")
        if not (_modest(content) and isinstance(content, dict) and content.get("target_name") == CONTROL):
            return None
        name = content.get("comm_id")
        if not isinstance(name, str) or name in self._controls or name in _ipywidgets_core._instances:
            return None
        self._controls.append(name)
        if len(self._controls) > MAX_CONTROLS:
            self._close(stream, ident, {**message, "content": {"comm_id": self._controls.popleft()}})
        return self._open(stream, ident, message)

    def close(self, stream: Any, ident: Any, message: dict[str, Any]) -> Any:
        """A browser closes a comm: only one that it has opened."""
        content = message.get("content")
        name = content.get("comm_id") if isinstance(content, dict) else None
        if not isinstance(name, str) or name not in self._controls:
            return None
        self._controls.remove(name)
        return self._close(stream, ident, message)

    def message(self, stream: Any, ident: Any, message: dict[str, Any]) -> Any:
        """A browser says something to a widget, or asks for the state of all."""
        content = message.get("content")
        if not _modest(content) or not isinstance(content, dict):
            return None
        name, data = content.get("comm_id"), content.get("data")
        if not isinstance(name, str) or not isinstance(data, dict):
            return None
        if name in self._controls:
            asks = data.get("method") == "request_states" and self._all_states.take()
            allowed = {"method": "request_states"} if asks else None
        else:
            widget = _ipywidgets_core._instances.get(name)
            allowed = None if widget is None else self._allowed(widget, data)
        if allowed is None:
            return None
        passed = {**message, "content": {"comm_id": name, "data": allowed}, "buffers": []}
        return self._message(stream, ident, passed)

    def _allowed(self, widget: Any, data: dict[str, Any]) -> dict[str, Any] | None:
        """What of a message to ``widget`` may pass, or None."""
        method = data.get("method")
        if method == "update" and isinstance(data.get("state"), dict):
            state = {key: value for key, value in data["state"].items() if _may_set(widget, key, value)}
            return {"method": "update", "state": state} if state else None
        if method == "custom" and _may_say(widget, data.get("content")):
            return {"method": "custom", "content": data["content"]}
        if method == "request_state" and self._one_state.take():
            return {"method": "request_state"}
        return None


def _may_set(widget: Any, key: str, value: Any) -> bool:
    if isinstance(widget, Widget):  # its own guard looks at the value, and tells the page the true one
        return key in widget.traits(echo_update=False)
    if isinstance(widget, anywidget.AnyWidget):  # somebody's own, in a notebook of theirs
        return key in widget.keys and not key.startswith("_")
    mine = next((SETTABLE[kind] for kind in type(widget).__mro__ if kind in SETTABLE), None)
    # No user can take back a choice, and whoever reads one may count on it.
    return key == mine and value is not None and fits(widget, key, value)


def _may_say(widget: Any, content: Any) -> bool:
    if isinstance(widget, anywidget.AnyWidget):
        return isinstance(content, dict)
    return any(isinstance(widget, kind) and content == said for kind, said in CUSTOM.items())


def _modest(content: Any) -> bool:
    """Whether a message is of a size and kind that a page could have sent."""
    level, parts, characters = [content], 0, 0
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += [*value, *value.values()]
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str):
                characters += len(value)
            elif (isinstance(value, int) and abs(value) > MAX_WHOLE) or (
                isinstance(value, float) and not math.isfinite(value)
            ):
                return False
        parts += len(below)
        if parts > MAX_PARTS or characters > MAX_CHARACTERS:
            return False
        if not below:
            return True
        level = below
    return False
