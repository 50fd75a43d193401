"""A chapter's cells, run in this process: prose as HTML, and the explorables that its code makes."""

from __future__ import annotations

import ast
import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from ..explorables.explorable import Explorable
from .export_prose import FormulaError, html_of


class ChapterError(Exception):
    """A chapter that cannot be exported as it is."""


@dataclass(frozen=True)
class Prose:
    """Markdown cells, one or several, as ``html``."""

    html: str


@dataclass(frozen=True)
class Output:
    """What a code cell showed: ``view``, a widget, below ``heading``; ``number`` counts from 0."""

    view: Any
    heading: str
    number: int

    @property
    def is_live(self) -> bool:
        """Whether a page without a kernel computes it; the others are recorded, and play that."""
        return isinstance(self.view, Explorable)


def run(notebook: Path) -> list[Prose | Output]:
    """The cells of ``notebook`` in order, its code executed here; cells that show nothing are left out.

    Raises :class:`ChapterError` with the number of the cell that fails.
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    parts: list[Prose | Output] = []
    heading, number = "", 0
    for place, cell in enumerate(nbformat.read(notebook, as_version=4).cells, 1):
        try:
            if cell.cell_type == "markdown":
                prose = html_of(cell.source)
                parts.append(Prose(prose))
                heading = _last_heading(prose) or heading
            elif cell.cell_type == "code":
                value = _execute(cell.source, namespace)
                if value is not None:
                    parts.append(Output(value, heading, number))
                    number += 1
        except FormulaError as error:
            raise ChapterError(f"{notebook.name}, cell {place}: {error}") from error
        except Exception as error:  # whatever the chapter's own code raises
            raise ChapterError(f"{notebook.name}, cell {place}: {type(error).__name__}: {error}") from error
    return parts


def _execute(source: str, namespace: dict[str, Any]) -> Any:
    """Run a cell; the value of its last line if that is an expression, as a notebook would show it."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), namespace)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace) if last else None


def _last_heading(prose: str) -> str:
    """The last heading in ``prose`` (HTML) as plain words, or ""."""
    headings = re.findall(r"<h\d[^>]*>(.*?)</h\d>", prose, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "", headings[-1])).strip() if headings else ""
