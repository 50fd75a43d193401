"""PageTools: what belongs to a page as a whole: its colours, and presenting it in class."""

from __future__ import annotations

from ._assets import css, esm
from ._base import Widget


class PageTools(Widget):
    """A quiet line of controls for all widgets of a page; one a page, before the others.

    *Colours* switches every sign colour of the page between green / red and blue / vermillion, and the
    browser remembers which. *Present* puts one explorable after another on a full-screen stage, in large
    type, driven by a few keys; *Keys* says which. While it is shown, it also tells screen readers what
    ipywidgets does not: which button of a group is pressed, and what a line of results says once it has
    come to rest.

    All of it happens in the browser: nothing here is sent to the kernel, or taken from it.
    """

    _esm = esm("page_tools.js")
    _css = css("theme.css", "page_tools.css")
