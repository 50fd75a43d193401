"""Compiled code that is kept on the disk: there for the next process, but never needed.

Numba keeps it too, but gives up where it can write nowhere, where the disk is full, and where a file is
damaged; and a file whose middle was lost in a power cut it would even run. Here such code is compiled anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

log = logging.getLogger(__name__)

DIGEST = 32


def kept(function: Callable[..., Any]) -> Any:
    """``function``, compiled at its first call unless an earlier process has left it on the disk."""
    compiled = njit(nogil=True, error_model="numpy")(function)
    with contextlib.suppress(RuntimeError):  # of Numba: there is no folder that it may write to
        compiled._cache = _Kept(function)  # what njit(cache=True) does, with a cache of ours
    return compiled


class _Checked(IndexDataCacheFile):
    """Numba's files, each with a checksum behind its end, which ``pickle`` does not read."""

    def _dump(self, obj: Any) -> bytes:
        data: bytes = super()._dump(obj)
        return data + hashlib.sha256(data).digest()

    def _load_data(self, name: str) -> Any:
        data = Path(self._data_path(name)).read_bytes()
        if hashlib.sha256(data[:-DIGEST]).digest() != data[-DIGEST:]:
            raise ValueError(f"{self._data_path(name)} is damaged")
        return super()._load_data(name)


class _Kept(FunctionCache):
    """Numba's cache of a function, for which a failure is no more than a file that is not there."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        impl = self._impl
        self._cache_file = _Checked(self._cache_path, impl.filename_base, impl.locator.get_source_stamp())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:  # a damaged file can fail in pickle, LLVM, ...
            log.info("the compiled code of %s on the disk cannot be used: %r", self._name, error)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            try:
                super().save_overload(sig, data)
            except OSError:
                raise
            except Exception:  # it reads the list of what is there first, and that may be damaged
                self.flush()
                super().save_overload(sig, data)
        except OSError as error:
            log.info("the compiled code of %s was not kept: %s", self._name, error)
