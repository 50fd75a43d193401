"""What all widgets of the package share: how they refuse what a browser has no business sending."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

REFERENCE: dict[str, Any] = {
    "sync": True,
    "to_json": lambda widget, _: widget and f"anywidget:{widget.model_id}",
    "from_json": lambda value, _: value,
}
"""Tag of a trait that holds another widget: it crosses as the address ``host.getWidget`` takes."""

FROM_BROWSER: dict[str, Any] = {"sync": True, "echo_update": False}
"""Tag of a trait that the page sets. An echo would come late and undo what the page has done since."""


class Widget(anywidget.AnyWidget):
    """An anywidget that takes from the browser only the traits tagged ``FROM_BROWSER``.

    Everything a page sends is untrusted: a visitor can put any value into any message. Keys that are
    not tagged are dropped; a value that its trait refuses is dropped too, and the page is told
    the true value again.
    """

    def set_state(self, sync_data: dict[str, Any]) -> None:
        if not isinstance(sync_data, dict):
            return
        allowed = self.traits(echo_update=False)
        refused = []
        for key, value in sync_data.items():
            if key not in allowed:
                refused.append(key)
                continue
            try:
                super().set_state({key: value})
            except (traitlets.TraitError, TypeError, ValueError, OverflowError):
                refused.append(key)
        known = [key for key in refused if key in self.keys]
        if known:
            self.send_state(known)
