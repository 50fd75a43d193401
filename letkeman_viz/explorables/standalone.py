"""Explorables as one HTML file that is alive without a kernel, a server or the internet."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import bundle
from .explorable import Explorable


def standalone(shown: Sequence[Explorable], title: str) -> str:
    """One HTML page that shows explorables one under another, as they are set now.

    Parameters
    ----------
    shown : sequence of Explorable
    title : str
        Plain text.

    Returns
    -------
    str
        The page; it asks nothing of any server.
    """
    names = sorted({one.name for one in shown})
    states = [{"name": one.name, "state": one.state()} for one in shown]
    parts = {"title": html.escape(title), "script": bundle.script(names), "states": state_json(states)}
    text = Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
    for name, part in parts.items():  # the states last: nothing in them is taken for a place to fill
        text = text.replace(f"{{{{{name}}}}}", part)
    return text


def state_json(states: Any) -> str:
    """States as JSON that a ``script`` element can hold; bytes as ``{"base64": ...}``."""

    def packed(value: Any) -> Any:
        return {"base64": base64.b64encode(value).decode("ascii")}

    text = json.dumps(states, separators=(",", ":"), allow_nan=False, default=packed)
    return text.replace("<", "\\u003c")  # it could end the script
