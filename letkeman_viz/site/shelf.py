"""Files that never change while the server runs: compressed once, and kept by browsers for a year.

A shelf knows its files by name before anybody asks. What is not on it is not served, so no address can lead
out of its folders.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import mimetypes
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tornado.web
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler

COMPRESSIBLE = {".css", ".html", ".js", ".json", ".map", ".md", ".mjs", ".svg", ".txt", ".xml"}
LARGEST_KEPT = 8 * 2**20
"""Bytes of a file that is kept compressed in memory."""
SMALLEST_COMPRESSED = 512

# The same on every machine: Windows and small images of Linux know other types, or none.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}


class Shelf:
    """The files of ``folders``, each under its path in there; of two with one name the first folder's counts.

    ``folders`` maps what an address starts with ("static/", or "") to folders, ``only`` the same to the files
    that are wanted of them, if not all are. ``version`` is different whenever any of the files is.
    """

    def __init__(
        self, folders: dict[str, Iterable[Path]], only: dict[str, Iterable[str]] | None = None
    ) -> None:
        self._files: dict[str, Path] = {}
        for prefix, roots in folders.items():
            patterns = (only or {}).get(prefix, ["**/*"])
            for root in roots:
                for path in sorted(file for pattern in patterns for file in root.glob(pattern)):
                    if path.is_file():
                        self._files.setdefault(prefix + path.relative_to(root).as_posix(), path)
        self._packed: dict[str, asyncio.Future[bytes]] = {}
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="compress")

    @property
    def version(self) -> str:
        """A short name of the files as they are."""
        digest = hashlib.sha256()
        for name, path in sorted(self._files.items()):
            digest.update(f"{name}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()[:12]

    def path(self, name: str) -> Path | None:
        """The file at the address ``name``, or None."""
        return self._files.get(name)

    async def packed(self, name: str) -> bytes | None:
        """The file as gzip, or None where that does not pay. Thirty who ask at once wait for the same one."""
        path = self._files[name]
        size = path.stat().st_size
        if path.suffix not in COMPRESSIBLE or not SMALLEST_COMPRESSED <= size <= LARGEST_KEPT:
            return None
        if name not in self._packed:
            loop = asyncio.get_running_loop()
            self._packed[name] = loop.run_in_executor(self._threads, _pack, path)
        # One visitor who leaves must not cancel it for the others.
        return await asyncio.shield(self._packed[name])


def _pack(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 9, mtime=0)


class ShelfHandler(JupyterHandler):
    """Sends files of a shelf to visitors who are logged in."""

    def initialize(self, shelf: Shelf, immutable: bool = True) -> None:
        """``immutable`` if the address changes with the file."""
        self.shelf = shelf
        self.immutable = immutable

    async def prepare(self, **_: object) -> None:
        """Answer 403 to a stranger, not with a page to log in: nobody would see it."""
        await super().prepare(_redirect_to_login=False)

    def write_error(self, status_code: int, **_: object) -> None:
        """Say so in a word: no reader sees it."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code} {self._reason}")

    async def get(self, path: str) -> None:
        """Write the file, as it lies there if this browser takes no gzip."""
        name = path + "index.html" if path == "" or path.endswith("/") else path
        file = self.shelf.path(name)
        if file is None:
            raise tornado.web.HTTPError(404)
        self.set_header("Content-Type", _type_of(file))
        self.set_header(
            "Cache-Control", "private, max-age=31536000, immutable" if self.immutable else "no-cache"
        )
        packed = None
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            packed = await self.shelf.packed(name)
        if packed is not None:
            self.set_header("Content-Encoding", "gzip")
        self.set_header("Vary", "Accept-Encoding")
        self.write(file.read_bytes() if packed is None else packed)

    async def head(self, path: str) -> None:
        """As ``get``; Tornado leaves the body out."""
        await self.get(path)


class OpenShelfHandler(ShelfHandler):
    """Sends files that the login page needs, to anybody."""

    @allow_unauthenticated
    async def get(self, path: str) -> None:
        """As for those who are logged in."""
        await super().get(path)

    @allow_unauthenticated
    async def head(self, path: str) -> None:
        """As ``get``; Tornado leaves the body out."""
        await self.get(path)


def _type_of(path: Path) -> str:
    return TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
