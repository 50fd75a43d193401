"""PageTools: what belongs to a page as a whole: its colours, presenting it in class, and its keys."""

from __future__ import annotations

from .explorable import Explorable


class PageTools(Explorable):
    """A quiet line of controls for all explorables of a page; one a page, before the others.

    *Colours* switches every sign colour of the page between green / red and blue / vermillion, and the
    browser remembers which. *Present* puts one explorable after another on a full-screen stage, in large
    type, driven by a few keys; *Keys*, or the key ``?``, says which. All of it happens in the page.

    Examples
    --------
    >>> from letkeman_viz.explorables import PageTools
    >>> tools = PageTools()
    """

    name = "page_tools"
