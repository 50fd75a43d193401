"""Widgets as one HTML file that plays without a kernel, a server or the internet."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator, Sequence
from typing import Any

from ._assets import read
from ._base import Widget


def standalone(views: Sequence[Widget], title: str) -> str:
    """A page that shows ``views`` one under another, as they are now, with everything they refer to.

    What needs Python does nothing there. Plotly's charts are not taken along: they need its 5 MB library.
    """
    models = {}
    for widget in _reachable(views):
        state = {key: value for key, value in widget.get_state().items() if not key.startswith("_model_")}
        for key in ("_esm", "_css", "layout", "comm", "_anywidget_id"):
            state.pop(key, None)
        models[widget.model_id] = {"code": widget._esm, "style": getattr(widget, "_css", ""), "state": state}
    data = json.dumps({"models": models, "views": [view.model_id for view in views]}, default=_packed)
    name = html.escape(title)
    page = read("standalone.html").replace("{{title}}", name).replace("{{host}}", read("host.js"))
    # "<" could end the script that carries the data.
    return page.replace("{{data}}", data.replace("<", "\\u003c"))


def _reachable(views: Sequence[Widget]) -> Iterator[Widget]:
    """The widgets and all that their traits refer to, each once."""
    seen: list[Widget] = []
    waiting = list(views)
    while waiting:
        widget = waiting.pop(0)
        if widget in seen:
            continue
        seen.append(widget)
        for name in widget.trait_names(sync=True):
            value = getattr(widget, name)
            waiting += [
                part for part in (value if isinstance(value, list) else [value]) if isinstance(part, Widget)
            ]
    return iter(seen)


def _packed(value: Any) -> Any:
    """Bytes in a form that JSON can carry; host.js unpacks it."""
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"{type(value).__name__} cannot be written into a page")
