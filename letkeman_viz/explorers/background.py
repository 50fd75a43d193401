"""Work that must not hold up the kernel: one thread, and the newest request wins."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable

from ..training import Cancelled

Job = Callable[[Callable[[], bool]], None]
"""Work to do. It is given a function that answers True when a newer job has made it needless."""


class TookTooLong(Exception):
    """A job used more than its share."""

    def __init__(self, limit: float) -> None:
        super().__init__(
            f"this was stopped after {limit:g} s of work, the most that a page of this site may use at once;"
            " choose something smaller, or run it on your own machine"
        )


class Newest:
    """Runs jobs in a thread of its own, one at a time.

    A job that waits is replaced by the next one, and the one that runs is told to stop: while someone
    drags a slider only the last value is worked out to the end, and nothing queues up. For its first
    ``patience`` seconds a job is left alone, though: jobs that are done by then are all seen on the way,
    where otherwise a hand that does not pause would see none. After ``limit`` seconds of processor time, of
    all threads together, a job is told to stop as well (a crowded machine takes nothing from it). An
    exception of a job is given to ``on_error``.
    """

    def __init__(
        self, on_error: Callable[[Exception], None], patience: float = 0.0, limit: float = math.inf
    ) -> None:
        self._on_error = on_error
        self._patience, self._limit = patience, limit
        self._begun = self._used = 0.0
        self._spent = False
        self._state = threading.Condition()
        self._next: Job | None = None
        self._busy = False

    def submit(self, job: Job) -> None:
        """Do ``job`` as soon as the one that runs has stopped."""
        with self._state:
            self._next = job
            if not self._busy:
                self._busy = True
                threading.Thread(target=self._work, name="letkeman_viz", daemon=True).start()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until there is nothing left to do; False when ``timeout`` seconds were not enough."""
        with self._state:
            return self._state.wait_for(lambda: not self._busy, timeout)

    def _superseded(self) -> bool:
        return self._next is not None and time.monotonic() - self._begun >= self._patience

    def _stop(self) -> bool:
        self._spent = self._spent or time.process_time() - self._used > self._limit
        return self._spent or self._superseded()

    def _work(self) -> None:
        while True:
            with self._state:
                job, self._next = self._next, None
                if job is None:
                    self._busy = False
                    self._state.notify_all()
                    return
            self._begun, self._used, self._spent = time.monotonic(), time.process_time(), False
            try:
                job(self._stop)
            except Cancelled:
                pass  # a newer job is waiting and has the say, or it was too much
            except Exception as error:  # whatever went wrong must reach the page, not only a log
                self._report(error)
            if self._spent:
                self._report(TookTooLong(self._limit))

    def _report(self, error: Exception) -> None:
        try:
            self._on_error(error)
        except Exception:  # a report that fails must not end the thread, or nothing would be worked out again
            logging.getLogger(__name__).exception("could not report %r", error)
