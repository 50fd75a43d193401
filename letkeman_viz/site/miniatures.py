"""The small live pictures of the landing page and of a chapter that is still starting.

They are drawn by ``static/miniatures.js`` from data that is in the page, so neither a kernel nor a further
request stands before the first picture. ``miniature_runs.py`` says what the data is, and computes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("miniatures.json")
THEME = Path(__file__).resolve().parent.parent / "widgets" / "static" / "theme.css"

HERO = "counting"

# A chapter's picture goes by its file name; a notebook of somebody else's has none.
OF_CHAPTER = {
    "01-why-initialization-matters.ipynb": "tower",
    "02-doing-it-wrong.ipynb": "example",
    "03-doing-it-right.ipynb": "race",
    "04-preserving-magnitude.ipynb": "shapes",
    "05-results.ipynb": "curves",
    "06-playground.ipynb": "rate",
}


@cache
def stored() -> dict[str, Any]:
    """The data of every miniature, by name."""
    loaded: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return loaded


def data(names: Iterable[str]) -> dict[str, Any]:
    """The data of these miniatures, for a page."""
    return {name: stored()[name] for name in names}


@cache
def colours() -> str:
    """The style sheet that gives the pictures the colours of the widgets, in both themes and palettes."""
    return THEME.read_text(encoding="utf-8")
