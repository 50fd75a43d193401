"""The seven schemes that race, and how each looks wherever it is drawn."""

from __future__ import annotations

from typing import Any

from ..explorables.explorable import SCHEMES as SCHEMES
from ..initializers import get_initializer
from .plots import Trace, line

LABELS = {name: get_initializer(name).label for name in SCHEMES} | {"scaled": "Free gain"}
STYLES = {name: k + 1 for k, name in enumerate(LABELS)}
"""Which of the widgets' eight styles (colour, dash, mark) is a scheme's own."""

# As in parts/schemes.js: colours may fail a reader, shapes should not.
_DASHES = (
    "2px,3px",
    "9px,3px,2px,3px",
    "solid",
    "6px,4px",
    "11px,4px",
    "6px,3px,2px,3px",
    "8px,3px,2px,3px,2px,3px",
    "4px,2px",
)
_MARKS = ("circle", "square", "circle", "diamond", "triangle-up", "triangle-down", "cross", "star")
MARKS_A_LINE = 7


def scheme_line(name: str, x: Any, y: Any, **more: Any) -> Trace:
    """A curve of a scheme, in its colour, with its dash and its mark; see ``plots.line``."""
    k = STYLES[name] - 1
    marker = {"symbol": _MARKS[k], "size": 9, "maxdisplayed": MARKS_A_LINE}
    look = {"mode": "lines+markers", "marker": marker, "legendgroup": name}
    return line(LABELS[name], f"--lkv-scheme-{k + 1}", x, y, dash=_DASHES[k], **(look | more))
