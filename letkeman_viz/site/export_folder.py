"""The folder that an export writes: made beside its place and moved there whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

MARKER = ".letkeman-viz-export.json"
"""Says that a folder was made by an export, and which files are its own."""

# Left by file managers in every folder they show; nobody's work.
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}


class FolderError(Exception):
    """The folder may not be written, or could not be."""


def checked_target(out: Path) -> Path:
    """``out``, made absolute, if an export may put a folder there; otherwise :class:`FolderError`."""
    target = out.expanduser().resolve()
    if not target.exists():
        return target
    if not target.is_dir():
        raise FolderError(f"{target} is a file; name a new folder")
    if os.path.ismount(target):
        raise FolderError(f"{target} is a whole drive; name a folder on it: {target / 'letkeman-viz'}")
    others = _not_ours(target)
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise FolderError(
            f"{target} holds what no export has made ({others[0]}{more}); name a new or empty folder"
        )
    return target


def _not_ours(folder: Path) -> list[str]:
    """The files of ``folder`` that its marker does not name, sorted."""
    try:
        own = {MARKER, *json.loads((folder / MARKER).read_text(encoding="utf-8"))["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        own = set()
    return [name for name in _files(folder) if name not in own and Path(name).name not in LITTER]


def _files(folder: Path) -> list[str]:
    """What lies in ``folder`` at any depth, but for folders, as names with slashes."""
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """An empty folder to write; it becomes ``target`` if the block ends well, and is gone if it does not.

    ``target`` is what :func:`checked_target` returned. Raises :class:`FolderError` where the disk refuses.
    """
    suffix = secrets.token_hex(4)
    made, old = (target.with_name(f".{target.name}.{word}-{suffix}") for word in ("new", "old"))
    try:
        made.mkdir(parents=True)
        yield made
        marker = {"files": _files(made)}
        (made / MARKER).write_text(json.dumps(marker, indent=1), encoding="utf-8")
        checked_target(target)  # minutes have passed: somebody may have put something there
        _swap(made, target, old)
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise FolderError(f"{target} could not be written: {reason}; nothing there was changed") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _swap(made: Path, target: Path, old: Path) -> None:
    """Put ``made`` where ``target`` is, by way of ``old``; if that fails, what was there is put back."""
    if target.exists():
        target.rename(old)
    try:
        made.rename(target)
    except BaseException:  # a signal included
        if old.exists() and not target.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
