"""Which chapters there are, in which folder, and what they are called."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import letkeman_viz

PACKAGE = Path(letkeman_viz.__file__).resolve().parent

HEADING = re.compile(r"^#\s+(.+?)\s*#*$", re.MULTILINE)


class NoChaptersError(Exception):
    """The folder asked for does not exist, or holds no notebook."""


@dataclass(frozen=True)
class Chapter:
    """One notebook of the site.

    ``path`` is the notebook's file name, which is also its address below ``/voila/render/``;
    ``title`` its first heading; ``summary`` the first paragraph under that heading, or "".
    """

    path: str
    title: str
    summary: str


@dataclass(frozen=True)
class Listed(Chapter):
    """A chapter in its place: ``number`` counts from 1, ``address`` is where its page is."""

    number: int
    address: str


def is_checkout() -> bool:
    """Whether the package is used from a checkout, where notebooks/ lies beside it."""
    return (PACKAGE.parent / "pyproject.toml").is_file() and (PACKAGE.parent / "notebooks").is_dir()


def packaged_folder() -> Path:
    """The folder of the chapters that belong to this installation."""
    return PACKAGE.parent / "notebooks" if is_checkout() else PACKAGE / "notebooks"


def checked_folder(folder: Path) -> Path:
    """``folder``, made absolute, if it holds at least one notebook; otherwise :class:`NoChaptersError`."""
    resolved = folder.expanduser().resolve()
    if not resolved.is_dir():
        raise NoChaptersError(f"there is no folder {resolved}; give one that holds .ipynb files")
    if not any(resolved.glob("*.ipynb")):
        raise NoChaptersError(f"the folder {resolved} holds no .ipynb file; give one that does")
    return resolved


def editable_copies(target: Path) -> Path:
    """Copy the packaged chapters to ``target`` and return it; what is there already stays as it is."""
    target.mkdir(parents=True, exist_ok=True)
    for source in sorted(packaged_folder().glob("*.ipynb")):
        copy = target / source.name
        if not copy.exists():
            shutil.copyfile(source, copy)
    return target


def chapters(folder: Path) -> list[Chapter]:
    """The chapters in ``folder`` in reading order, which is the order of their file names.

    Read afresh at each call, so that a notebook edited or added while the server runs is listed as it is.
    """
    return [read_chapter(path) for path in sorted(folder.glob("*.ipynb"))]


def listed(folder: Path, address: Callable[[Chapter], str]) -> list[Listed]:
    """The chapters in ``folder`` as menus list them, each at the ``address`` that it is given."""
    return [
        Listed(chapter.path, chapter.title, chapter.summary, number, address(chapter))
        for number, chapter in enumerate(chapters(folder), start=1)
    ]


def read_chapter(path: Path) -> Chapter:
    """The chapter in the notebook ``path``."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError):
        # Listed all the same: a chapter that cannot be read should be seen, not vanish.
        return Chapter(path.name, path.stem, "This notebook cannot be read.")
    text = _markdown(cells)
    heading = HEADING.search(text)
    if not heading:
        return Chapter(path.name, path.stem, "")
    return Chapter(path.name, _plain(heading.group(1)), _first_paragraph(text[heading.end() :]))


def _first_paragraph(markdown: str) -> str:
    """The first paragraph of prose, as plain text: no list, table, quotation, formula or picture."""
    paragraphs = (paragraph.strip() for paragraph in re.split(r"\n\s*\n", markdown))
    return _plain(next((p for p in paragraphs if p and p[0] not in "#$<!|>`*-"), ""))


def _markdown(cells: Iterable[Mapping[str, Any]]) -> str:
    """All markdown of the notebook; a source is a string, or a list of lines as stored on disk."""
    sources = (cell.get("source", "") for cell in cells if cell.get("cell_type") == "markdown")
    return "\n\n".join(source if isinstance(source, str) else "".join(source) for source in sources)


def _plain(markdown: str) -> str:
    """Markdown without its marks: enough for a title or a one-line summary."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    return re.sub(r"\s+", " ", re.sub(r"[*`]|\$", "", text)).strip()
