"""What all widgets of the package share: how they refuse what a browser has no business sending."""

from __future__ import annotations

import time
from typing import Any

import anywidget
import ipywidgets
import traitlets

FROM_BROWSER: dict[str, Any] = {"sync": True, "echo_update": False}
"""Tag of a trait that the page sets. An echo would come late and undo what the page has done since."""

REFUSALS = (traitlets.TraitError, TypeError, ValueError, OverflowError)
"""What a value that does not fit raises."""


class Widget(anywidget.AnyWidget):
    """An anywidget that takes from the browser only the traits tagged ``FROM_BROWSER``.

    Everything a page sends is untrusted: a visitor can put any value into any message. Keys that are
    not tagged are dropped; a value that its trait refuses is dropped too, and the page is told
    the true one again. What goes wrong afterwards, in those who observe the trait, is no refusal: it is
    raised, once every value of the message is set.
    """

    def set_state(self, sync_data: Any) -> None:
        if not isinstance(sync_data, dict):
            return
        allowed = self.traits(echo_update=False)
        good = {key: value for key, value in sync_data.items() if key in allowed and fits(self, key, value)}
        refused = [key for key in sync_data if key in self.keys and key not in good]
        errors = []
        for key, value in good.items():
            try:
                super().set_state({key: value})
            except Exception as error:  # of an observer: the other values still count
                errors.append(error)
        if refused:
            self.send_state(refused)
        if errors:
            raise errors[0]


def fits(widget: ipywidgets.Widget, key: str, value: Any) -> bool:
    """Whether the trait ``key`` takes what the browser sent for it; nobody is told of it."""
    read = widget.trait_metadata(key, "from_json", lambda value, _: value)
    try:
        trait, found = widget.traits()[key], read(value, widget)
        trait._validate(widget, found)  # what an assignment does before it tells
        if found is None:  # which a trait that may be None lets by without asking its validator
            trait._cross_validate(widget, found)
    except REFUSALS:
        return False
    return True


class Allowance:
    """So many at once, and then one more every so many seconds: for what costs more to answer than to ask."""

    def __init__(self, at_once: int, seconds: float) -> None:
        self._most, self._seconds = float(at_once), seconds
        self._left, self._seen = float(at_once), time.monotonic()

    def take(self) -> bool:
        """Whether there was one left."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._seen) / self._seconds)
        self._seen = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
