"""Small matrix products without NumPy's threads.

OpenBLAS, which comes with NumPy, splits even a product of a tenth of a millisecond over all cores, and its
threads wait for one another by spinning. With nothing else to do, that gains little on products so small;
on a busy machine each of them can take a hundred times as long. OpenBLAS has a switch, which NumPy does not
show. Where NumPy stands on another library, or hides it elsewhere, nothing is changed.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

_state = threading.Lock()
_inside = 0
_before = 0


@cache
def blas_threads() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """OpenBLAS's own functions that tell and set its number of threads; None where they are not found."""
    for folder in ("../numpy.libs", ".dylibs", "../numpy.dylibs"):
        for path in sorted((Path(np.__file__).parent / folder).glob("*openblas*")):
            with contextlib.suppress(OSError, AttributeError):
                library = ctypes.CDLL(str(path))  # loaded already: this is that very copy
                return library.scipy_openblas_get_num_threads64_, library.scipy_openblas_set_num_threads64_
    return None


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Matrix products run on the thread that asks for them as long as anybody is inside."""
    global _inside, _before
    threads = blas_threads()
    if threads is None:
        yield
        return
    tell, choose = threads
    with _state:
        if not _inside:
            _before = tell()
            choose(1)
        _inside += 1
    try:
        yield
    finally:
        with _state:
            _inside -= 1
            if not _inside:
                choose(_before)
