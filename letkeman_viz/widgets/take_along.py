"""TakeAlong: buttons that give the reader a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from ..explorables.widget import Allowance, Widget
from ._assets import css, esm

Make = Callable[[], tuple[str, bytes]]
"""Makes a file: (its name, its content)."""


class TakeAlong(Widget):
    """A button for each of ``offers``, {label: function that makes (file name, bytes)}."""

    _esm = esm("take_along.js")
    _css = css("theme.css", "take_along.css")

    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, offers: Mapping[str, Make] | None = None) -> None:
        self.offers = dict(offers or {})
        super().__init__(labels=list(self.offers))
        self._files = Allowance(6, 3.0)
        self.on_msg(self._on_message)

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict) or content.get("type") != "make":
            return
        label = content.get("label")
        if not isinstance(label, str) or label not in self.offers:
            return
        if not self._files.take():
            self.send(
                {"type": "failed", "label": label, "text": "Too many files at once. Wait, and press again."}
            )
            return
        try:
            name, data = self.offers[label]()
        except Exception as error:  # said on the page, which otherwise would wait for ever
            self.send({"type": "failed", "label": label, "text": str(error)})
        else:
            self.send({"type": "file", "label": label, "name": name}, buffers=[data])
