"""The chapters without a kernel, for those who find the server full: a static export, served at /offline/."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs

import letkeman_viz

from .chapters import PACKAGE, packaged_folder
from .shelf import Shelf

CHECK_SECONDS = 1.0
KEPT = 3
"""Exports in the cache: this version's, and those of others that may be running."""


class Offline:
    """A static export that is there, or that is being made; ``shelf`` is None until then."""

    def __init__(self, folder: Path | None = None) -> None:
        self.shelf = Shelf({"": [folder]}) if folder else None
        self._process: subprocess.Popen[bytes] | None = None

    async def make(self, say: Callable[[str], None]) -> None:
        """Export the chapters once for all servers of this version, in a process that goes last."""
        try:
            folder = cache_folder() / fingerprint()
            if not (folder / "index.html").is_file():
                await self._export(folder)
            self.shelf = await asyncio.to_thread(Shelf, {"": [folder]})
        except (OSError, ExportFailedError) as error:
            say(f"letkeman-viz: no offline version is offered, since it could not be made: {error}")

    async def _export(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="export-", dir=folder.parent))
        try:
            made = scratch / "site"
            with (scratch / "log").open("wb") as log:
                self._process = _export_process(made, log.fileno())
                while self._process.poll() is None:
                    await asyncio.sleep(CHECK_SECONDS)
            if self._process.returncode:
                lines = (scratch / "log").read_text(errors="replace").strip().splitlines()
                raise ExportFailedError(lines[-1] if lines else f"exit code {self._process.returncode}")
            # Another server may have been faster; then its export stays.
            with contextlib.suppress(OSError):
                made.replace(folder)
            if not (folder / "index.html").is_file():
                raise ExportFailedError(f"{folder} holds no index.html")
            _forget_old(folder.parent, keep=folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def stop(self) -> None:
        """End the export, if it is being made."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


class ExportFailedError(Exception):
    """The export could not be made; says why."""


def cache_folder() -> Path:
    """Where exports are kept: the user's cache, or the temporary folder where there is none to write in."""
    cache = Path(platformdirs.user_cache_dir("letkeman-viz")) / "offline"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            return cache
    except OSError:
        return _own_temporary_folder() / "offline"


def _own_temporary_folder() -> Path:
    """A folder of this user's for temporary files, the same at each start.

    What lies in it is served: one that somebody else has put there is refused.
    """
    folder = Path(tempfile.gettempdir()) / f"letkeman-viz-{_user()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and (folder.is_symlink() or folder.stat().st_uid != os.getuid()):
        raise ExportFailedError(f"{folder} belongs to somebody else; delete it")
    return folder


def fingerprint() -> str:
    """A name that changes whenever an export would."""
    digest = hashlib.sha256(letkeman_viz.__version__.encode())
    notebooks = packaged_folder().glob("*.ipynb")
    sources = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    for path in sorted({*notebooks, *sources}):
        digest.update(f"{path.name}\0".encode())
        digest.update(path.read_bytes())
    return f"{letkeman_viz.__version__}-{digest.hexdigest()[:12]}"


def _export_process(made: Path, log: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "letkeman_viz.site.cli", "export", str(made)]
    lowest = {"preexec_fn": _last} if hasattr(os, "nice") else {"creationflags": 0x4000}  # below normal
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **lowest)


def _last() -> None:
    os.nice(19)


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "user"


def _forget_old(cache: Path, keep: Path) -> None:
    """Delete all but the newest exports."""
    exports = [path for path in cache.iterdir() if (path / "index.html").is_file() and path != keep]
    exports.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in exports[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
