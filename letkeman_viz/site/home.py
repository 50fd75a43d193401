"""A home for a server whose user has none, or none that can be written to, as in containers and kiosks."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "USERPROFILE" if sys.platform == "win32" else "HOME"


@contextlib.contextmanager
def writable_home() -> Iterator[None]:
    """Make sure that Jupyter and its kernels find a home in which they can write.

    Where there is none, a folder that only this user can enter takes its place as long as the context lasts.
    """
    before = os.environ.get(VARIABLE)
    if can_write(before or "~"):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="letkeman-viz-", ignore_cleanup_errors=True) as folder:
        print(
            f"letkeman-viz: the home folder {before or 'of this user'} cannot be written to; until the server"
            f" stops, {folder} takes its place",
            file=sys.stderr,
        )
        os.environ[VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[VARIABLE]
            if before is not None:
                os.environ[VARIABLE] = before


def can_write(folder: str) -> bool:
    """Whether ``folder`` is there and takes a new file."""
    try:
        with tempfile.TemporaryFile(dir=Path(folder).expanduser()):
            return True
    except (OSError, RuntimeError):  # the latter where nobody knows a home
        return False
