"""What the recipes of ``offline`` share."""

from __future__ import annotations

from collections.abc import Callable, Collection

import ipywidgets

from ..widgets import TakeAlong
from ..widgets.recorder import Page
from .live import Live

PATIENCE = 300.0  # seconds for one combination, on a slow machine


def settling(explorable: Live) -> Callable[[], None]:
    """What waits until an explorable has worked out its controls, once for all that were set before."""

    def settle() -> None:
        explorable.finish(PATIENCE)
        explorable._trigger.wanted = False  # the next controls to be set start nothing before all are

    return settle


def carry_files(page: Page, home: ipywidgets.Widget, but: Collection[str]) -> None:
    """Take the files along that the buttons in ``home`` give, ``but`` for those with these labels."""
    for part in inside(home):
        if isinstance(part, TakeAlong):
            for label, make in part.offers.items():
                if label not in but:
                    page.file(part, label, *make())


def inside(home: ipywidgets.Widget) -> list[ipywidgets.Widget]:
    """A box and everything in it."""
    return [home, *(part for child in getattr(home, "children", ()) for part in inside(child))]
