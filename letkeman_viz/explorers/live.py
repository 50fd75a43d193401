"""What every explorable does: work out what its controls ask for, in a thread, once somebody looks."""

from __future__ import annotations

import asyncio
import html
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

import ipywidgets
import traitlets

from ..explorables.guard import served
from ..widgets import Chart, Table
from .background import Newest

TRAINING = "<p role='status'>Computing.</p>"

WORK = 60.0
"""Seconds of processor time that a visitor of a site can have with one ask."""


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The kernel's event loop; None in a script."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Live(ipywidgets.VBox):
    """A box whose ``compute`` runs whenever one of its ``controls`` changes.

    It does not run before a page shows the ``trigger`` (a Chart or Table), so that opening a page
    costs nothing that nobody sees. What goes wrong is said in ``status``, on the page.
    """

    PATIENCE = 0.0
    """Seconds for which a computation goes on although a control has changed since; see ``Newest``."""

    BUSY = ""
    """What ``status`` says when a computation is not over at once; "" where something else shows it."""

    def __init__(self, trigger: Chart | Table, controls: Iterable[ipywidgets.Widget]) -> None:
        super().__init__()
        self._trigger = trigger
        self._worker = Newest(self._fail, self.PATIENCE, WORK if served() else math.inf)
        self._error: Exception | None = None
        self._shows: deque[Callable[[], None]] = deque()
        self._home = threading.current_thread()
        self._loop = running_loop()
        self.status = ipywidgets.HTML()
        self._say("")
        self.add_class("lkv-explorable")
        trigger.observe(self._restart, "wanted")
        for control in controls:
            control.observe(self._restart, "value")

    def compute(self, cancelled: Callable[[], bool]) -> None:
        """Work out what the controls ask for, in a thread, and hand what is to be seen to ``show``."""
        raise NotImplementedError

    def show(self, change: Callable[[], None]) -> None:
        """Call ``change`` where widgets may be changed: their traits are the kernel's thread's own."""
        self._shows.append(change)
        at_home = threading.current_thread() is self._home
        if at_home or self._loop is None or self._loop.is_closed():
            self._show_all()
        else:
            self._loop.call_soon_threadsafe(self._show_all)

    def finish(self, timeout: float = 120.0) -> None:
        """Wait until all that the controls ask for is shown (for use without a browser).

        Raises TimeoutError, or RuntimeError when it could not be worked out.
        """
        self._trigger.wanted = True
        if not self._worker.wait(timeout):
            raise TimeoutError(f"the explorable was not ready after {timeout:g} s")
        self._show_all()
        if self._error is not None:
            raise RuntimeError(f"this could not be worked out: {self._error}") from self._error

    def _show_all(self) -> None:
        while self._shows:
            self._shows.popleft()()

    def _restart(self, _: traitlets.Bunch | None = None) -> None:
        if self._trigger.wanted:
            self._worker.submit(self._work)

    def _work(self, cancelled: Callable[[], bool]) -> None:
        self._error = None
        done = threading.Event()
        # Asked again when it is shown: the job may have ended, and had its word, in between.
        say = partial(self.show, lambda: done.is_set() or self._say(self.BUSY))
        slow = threading.Timer(0.4, say)
        slow.start()
        try:
            self.compute(cancelled)
        finally:
            done.set()
            slow.cancel()
        self.show(partial(self._say, ""))

    def _fail(self, error: Exception) -> None:
        self._error = error
        self.show(lambda: self._say(error_text(error)))

    def _say(self, text: str) -> None:
        self.status.value = text
        self.status.layout.display = "" if text else "none"


def error_text(error: Exception) -> str:
    """What went wrong, as HTML that shows the error's words as words."""
    words = html.escape(f"{type(error).__name__}: {error}")
    return f"<p role='alert'><b>That did not work.</b> {words}</p>"


def row(*children: ipywidgets.Widget, style: str = "lkv-controls") -> ipywidgets.Box:
    """Controls side by side, or (``lkv-columns``) two columns that become one where it is narrow."""
    box = ipywidgets.Box(children)
    box.add_class(style)
    return box
