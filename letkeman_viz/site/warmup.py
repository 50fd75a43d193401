"""Compiling the training code before the first reader needs it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def warming_up() -> Iterator[subprocess.Popen[bytes]]:
    """Fill Numba's cache on disk in a process of its own, as long as this context lasts at most.

    The first time takes seconds, later ones next to nothing. The site does not wait for it: a page that
    trains sooner compiles for itself, only slower. What the process complains of shows in the terminal.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", "from letkeman_viz import train_one; train_one()"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
