"""Writing files so that a full disk, a power cut or a killed process never costs what was there before."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let ``write`` fill a file that takes the place of ``path`` once it is whole and on the disk.

    Raises OSError that names ``path`` when that cannot be; an older file there is then as it was.
    """
    content = io.BytesIO()  # first, because writers of archives do not take it well when a file fails them
    write(content)
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            file.write(content.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        told = f"{error.strerror}; it was not written, and an older file of that name is as it was"
        raise OSError(error.errno, told, os.fspath(path)) from error
    finally:
        part.unlink(missing_ok=True)
