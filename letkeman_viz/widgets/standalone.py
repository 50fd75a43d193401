"""Widgets as HTML that plays without a kernel, a server or the internet."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets

from ..plotly_js import compressed
from ._assets import css, esm, read
from .recorder import Page


def host_code() -> str:
    """JavaScript, for a module or a plain script, that defines ``show(page, elements)``.

    ``page`` is ``recorder.Page.data()``, and as ``howto`` the address of a page on running Python, if there
    is one; ``elements[k]`` takes view k. It is also ``globalThis.letkemanViz.show``. Charts need plotly.js,
    see ``chart_library``.
    """
    code = f"{esm('host.js')}return {{ show }};\n"
    return f"globalThis.letkemanViz = (() => {{\n{code}}})();\nconst {{ show }} = globalThis.letkemanViz;\n"


def host_style() -> str:
    """The style sheet of what ``host_code`` draws by itself: ipywidgets' controls and the notes."""
    return css("controls.css")


def chart_library() -> str:
    """A plain script that gives the charts of a page plotly.js; 2 MB."""
    data = base64.b64encode(compressed().result()).decode("ascii")
    return (
        f'globalThis[Symbol.for("letkeman_viz.plotly.bytes")] = Promise.resolve(\n'
        f'  Uint8Array.from(atob("{data}"), (c) => c.charCodeAt(0)),\n);\n'
    )


def standalone(
    views: Sequence[ipywidgets.Widget], title: str, page: Mapping[str, Any] | None = None, howto: str = ""
) -> str:
    """One HTML page that shows ``views`` one under another, with everything they refer to.

    They are as they are now, and do what they can without Python; with ``page``, what was recorded of these
    views, they also answer their controls as recorded. ``howto`` is the address that a page names where
    Python is needed.
    """
    data = {**(Page(views).data() if page is None else page), "howto": howto}
    charts = any("_figure" in model["state"] for model in data["models"].values())
    parts = {
        "title": html.escape(title),
        "class": "lkv-explorable" if page is None else "",  # a recorded view is one itself
        "style": host_style(),
        "charts": chart_library() if charts else "",
        "host": host_code(),
        # "<" could end the script that carries the data.
        "data": json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"),
    }
    text = read("standalone.html")
    for name, part in parts.items():  # the data last: nothing in it is taken for a place to fill
        text = text.replace(f"{{{{{name}}}}}", part)
    return text
