"""What every chapter shows under its title."""

from __future__ import annotations

from ..widgets import PageTools


def tools() -> PageTools:
    """The page's colours, presenter mode and keys. Needs no kernel once it is shown."""
    return PageTools()
