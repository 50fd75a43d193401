"""What every explorable does: work out what its controls ask for, in a thread, once somebody looks."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable

import ipywidgets
import traitlets

from ..widgets import Chart, Run, Table
from .background import Newest


class Live(ipywidgets.VBox):
    """A box whose ``compute`` runs whenever one of its ``controls`` changes.

    It does not run before a page shows the ``trigger`` (a Run, Chart or Table), so that opening a page costs
    nothing that nobody sees. What goes wrong is said in ``status``, on the page.
    """

    def __init__(self, trigger: Run | Chart | Table, controls: Iterable[ipywidgets.Widget]) -> None:
        super().__init__()
        self._trigger = trigger
        self._worker = Newest(self._show_error)
        self.status = ipywidgets.HTML()
        self.status.layout.display = "none"
        self.add_class("lkv-explorable")
        trigger.observe(self._restart, "wanted")
        for control in controls:
            control.observe(self._restart, "value")

    def compute(self, cancelled: Callable[[], bool]) -> None:
        """Work out and show what the controls ask for; called in a thread."""
        raise NotImplementedError

    def finish(self, timeout: float = 120.0) -> None:
        """Wait until all that the controls ask for is shown (for use without a browser)."""
        self._trigger.wanted = True
        if not self._worker.wait(timeout):
            raise TimeoutError(f"the explorable was not ready after {timeout:g} s")

    def _restart(self, _: traitlets.Bunch | None = None) -> None:
        if self._trigger.wanted:
            self._worker.submit(self._work)

    def _work(self, cancelled: Callable[[], bool]) -> None:
        self.compute(cancelled)
        self.status.layout.display = "none"

    def _show_error(self, error: Exception) -> None:
        words = html.escape(f"{type(error).__name__}: {error}")
        self.status.value = f"<p role='alert'><b>That did not work.</b> {words}</p>"
        self.status.layout.display = ""


def row(*children: ipywidgets.Widget, style: str = "lkv-controls") -> ipywidgets.Box:
    """Controls side by side, or (``lkv-columns``) two columns that become one where it is narrow."""
    box = ipywidgets.Box(children)
    box.add_class(style)
    return box
