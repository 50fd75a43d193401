"""The files of an export: pages from templates, data and libraries as scripts, style sheets.

A page opened from a disk may load scripts, style sheets and pictures, but may fetch nothing: data comes as a
script that hands it over, and the font of the formulas is written into the style sheet.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jupyter_core.paths import jupyter_path

import letkeman_viz

from ..explorables import bundle
from ..explorables.standalone import state_json
from ..plotly_js import compressed
from ..widgets.standalone import host_code, host_style
from . import miniatures
from .chapters import Listed
from .export_chapter import Output, Prose
from .export_font import math_font

SITE = Path(__file__).resolve().parent
STATIC = SITE / "static"

# What the pages share, by the name under which templates ask for it.
THEMES = ("theme-light.css", "theme-dark.css")
SHARED = ("site.css", "site.js", "miniatures.js", "offline.css", "offline.js")
LIVE = ("explorables.js",)
RECORDED = ("recorded.js", "recorded.css")

FORMULA = re.compile(r"<math.*?</math>", re.DOTALL)
# The page's frame has the chapter's title already.
TITLE = re.compile(r"\s*<h1[^>]*>.*?</h1>\s*", re.DOTALL)


class Pages:
    """Writes the pages of these chapters; their addresses, as all in the pages, are relative."""

    def __init__(self, chosen: Sequence[Listed]) -> None:
        self._chapters = chosen
        self._signs = ""  # of all formulas so far
        self._live: set[str] = set()  # names of the explorables that a page computes
        self._recorded: list[Listed] = []  # chapters with explorables that play what was recorded
        self._assets = {name: f"assets/{name}" for name in (*SHARED, *THEMES, *LIVE, *RECORDED)}
        self._templates = Environment(
            loader=FileSystemLoader([SITE / "templates" / "offline", SITE / "templates" / "letkeman"]),
            autoescape=True,
            undefined=StrictUndefined,
        )
        self._templates.globals.update(
            chapters=chosen,
            assets=self._assets,
            base_url="index.html",
            colours=miniatures.colours(),
            version=letkeman_viz.__version__,
        )

    def assets(self) -> dict[str, str]:
        """The files that the pages so far share."""
        files = {f"assets/{name}": _read(STATIC / name) for name in SHARED}
        files |= {f"assets/{name}": _read(_jupyter_theme(name)) for name in THEMES}
        font = base64.b64encode(math_font(self._signs)).decode("ascii")
        files["assets/offline.css"] = files["assets/offline.css"].replace("{{math.woff}}", font)
        if self._live:
            files["assets/explorables.js"] = bundle.script(sorted(self._live))
        if self._recorded:
            # Under a name of its own: explorables.js, which comes after it, defines letkemanViz too.
            rename = "globalThis.letkemanRecorded = globalThis.letkemanViz;\ndelete globalThis.letkemanViz;\n"
            files["assets/recorded.js"] = f"{{\n{host_code()}{rename}}}\n"
            files["assets/recorded.css"] = host_style()
            files["data/plotly.js"] = f"letkemanPlotly({_packed(compressed().result())});\n"
        return files

    def chapter(self, chapter: Listed, parts: Sequence[Prose | Output]) -> str:
        """The page of a chapter: its prose, and a place for every explorable."""
        for part in parts:
            self._signs += "".join(FORMULA.findall(part.html)) if isinstance(part, Prose) else ""
        first, *rest = parts or [Prose("")]
        if isinstance(first, Prose):
            parts = [Prose(TITLE.sub("", first.html, count=1)), *rest]
        outputs = [part for part in parts if isinstance(part, Output)]
        names = {part.view.name for part in outputs if part.is_live}
        recorded = any(not part.is_live for part in outputs)
        self._live |= names
        if recorded:
            self._recorded.append(chapter)
        picture = miniatures.OF_CHAPTER.get(chapter.path)
        return self._render(
            "chapter.html",
            chapter=chapter,
            parts=[_place(part) for part in parts],
            live=bool(names),
            recorded=[chapter] if recorded else [],
            miniature=picture,
            data=miniatures.data([picture] if picture else []),
            script=data_file(chapter),
        )

    def landing(self) -> str:
        """The page that lists the chapters."""
        pictures = {chapter.path: miniatures.OF_CHAPTER.get(chapter.path) for chapter in self._chapters}
        names = [miniatures.HERO, *filter(None, pictures.values())]
        return self._render(
            "index.html",
            pictures=pictures,
            data=miniatures.data(names),
            offline=None,
            recorded=self._recorded,
            live_playground="playground" in self._live,
        )

    def singles(self, files: Sequence[tuple[Listed, Sequence[tuple[str, str, str]]]]) -> str:
        """The page, in a folder of its own, that lists (title, file name, size in words) by chapter."""
        listed = [replace(chapter, address=f"../{chapter.address}") for chapter in self._chapters]
        assets = {name: f"../{address}" for name, address in self._assets.items()}
        names = {"chapters": listed, "assets": assets, "base_url": "../index.html"}
        return self._render("single.html", files=files, recorded=self._recorded, **names)

    def _render(self, template: str, **names: Any) -> str:
        return self._templates.get_template(template).render(**names)


def _place(part: Prose | Output) -> dict[str, str]:
    """A part of a chapter as its template takes it: ``html``, or ``name`` and ``state`` of what is live."""
    if isinstance(part, Prose):
        return {"html": part.html}
    return {"name": part.view.name, "state": state_json(part.view.state())} if part.is_live else {}


def page_file(path: str) -> str:
    """The page of the chapter in the notebook ``path``."""
    return Path(path).with_suffix(".html").name


def data_file(chapter: Listed) -> str:
    """The script with what the explorables of ``chapter`` show."""
    return f"data/{Path(chapter.path).stem}.js"


def data(page: dict[str, Any]) -> str:
    """What ``record`` gave, as a script that hands it to the page."""
    text = json.dumps(page, separators=(",", ":"))
    return f"letkemanPage({_packed(gzip.compress(text.encode(), 9, mtime=0))});\n"


def _packed(content: bytes) -> str:
    return f'"{base64.b64encode(content).decode("ascii")}"'


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _jupyter_theme(name: str) -> Path:
    """A style sheet of JupyterLab's colours, from the installed nbconvert, as the site's pages have it."""
    folders = [Path(folder) for folder in jupyter_path("nbconvert", "templates", "lab", "static")]
    return next(folder / name for folder in folders if (folder / name).is_file())
