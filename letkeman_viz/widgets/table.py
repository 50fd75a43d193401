"""Table: rows of text, with a button that copies where there is something to take along."""

from __future__ import annotations

from collections.abc import Sequence

import traitlets

from ..explorables.widget import FROM_BROWSER, Widget
from ._assets import css, esm


class Table(Widget):
    """A table of strings. ``marked`` rows stand out; ``copied`` is the column with copy buttons, or -1.

    The text is put into the page as text, never as HTML.
    """

    _esm = esm("table.js")
    _css = css("theme.css", "table.css")

    caption = traitlets.Unicode("").tag(sync=True)
    header = traitlets.List(traitlets.Unicode()).tag(sync=True)
    rows = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    wanted = traitlets.Bool(False).tag(**FROM_BROWSER)
    marked = traitlets.List(traitlets.Int()).tag(sync=True)
    copied = traitlets.Int(-1).tag(sync=True)

    def fill(self, rows: Sequence[Sequence[str]], marked: Sequence[int] = ()) -> None:
        """Show these rows in the place of those before; one message to the page."""
        with self.hold_sync():
            self.rows = [list(row) for row in rows]
            self.marked = list(marked)
