"""Work on all cores, for what releases the GIL, as the engine does; and matrix products on one core."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Stopped = Callable[[], bool]
Piece = TypeVar("Piece")
Result = TypeVar("Result")


def cores() -> int:
    """How many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def on_all_cores(
    work: Sequence[Piece], do: Callable[[Piece, Stopped], Result], cancelled: Stopped | None
) -> Iterator[Result]:
    """Run ``do(piece, stopped)`` for each piece of ``work``, in as many threads as there are cores.

    Parameters
    ----------
    work : sequence
    do : callable
        Should raise Cancelled soon after ``stopped()`` is true.
    cancelled : callable or None
        Makes ``stopped()`` true when it answers True. So does the end of this iterator.

    Yields
    ------
    What ``do`` returns, in the order of ``work``.
    """
    left = threading.Event()

    def stopped() -> bool:
        return left.is_set() or (cancelled is not None and cancelled())

    if len(work) == 1:
        yield do(work[0], stopped)
        return
    with ThreadPoolExecutor(max(1, min(len(work), cores()))) as pool:
        try:
            yield from pool.map(lambda piece: do(piece, stopped), work)
        finally:
            left.set()


@cache
def _controller() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


_one_at_a_time = threading.RLock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Matrix products of NumPy run on the thread that asks for them; for short work only.

    BLAS splits even small products over all cores, and its threads wait by spinning. Its number of threads is
    one for the process, so that two threads in here would set it back in the wrong order: one waits.
    """
    with _one_at_a_time, _controller().limit(limits=1, user_api="blas"):
        yield
