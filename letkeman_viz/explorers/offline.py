"""Pages without Python: which controls of each explorable are recorded, and for which of their values.

``record`` brings the explorables of a page through these values and gives the page as data; the recipes,
one for each kind of explorable, are in ``offline_theory`` and ``offline_results``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from ..widgets.recorder import Page
from . import offline_results, offline_theory
from .live import Live

Recipe = Callable[[Page, Any], None]

RECIPES: dict[type[Live], Recipe] = {
    **offline_theory.RECIPES,
    **offline_results.RECIPES,
}


def record(views: Sequence[ipywidgets.Widget]) -> dict[str, Any]:
    """The page that shows ``views``, as data for ``show`` of ``widgets.standalone.host_code``.

    Explorables of one page that share widgets must be recorded together. They are left as they were, but for
    their results, which are then worked out.
    """
    page = Page(views)
    page.watch()
    for view in views:
        recipe = next((RECIPES[kind] for kind in type(view).__mro__ if kind in RECIPES), None)
        if recipe is not None:
            recipe(page, view)
    return page.data()
