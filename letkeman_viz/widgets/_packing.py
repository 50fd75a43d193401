"""Values as a page without a kernel carries them: each distinct one once, as JSON."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import numpy as np

LONG = 100
"""Characters of JSON from which a part of a value is worth storing once for all values that have it."""


class Values:
    """Numbers values; equal ones get the same number. ``values`` and ``parts`` are JSON-able.

    In ``values``, bytes are ``{"$bytes": base64}`` and a part that is stored by itself ``{"$part": number}``.
    """

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.parts: list[Any] = []
        self._numbers: dict[bytes, int] = {}
        self._places: dict[bytes, int] = {}

    def add(self, value: Any) -> int:
        """The number of a value."""
        packed = self._packed(value, top=True)
        key = _key(packed)
        if key not in self._numbers:
            self._numbers[key] = len(self.values)
            self.values.append(packed)
        return self._numbers[key]

    def _packed(self, value: Any, top: bool = False) -> Any:
        if isinstance(value, bytes | bytearray | memoryview):
            packed: Any = {"$bytes": base64.b64encode(value).decode("ascii")}
        elif isinstance(value, dict) and value.get("dtype") == "f4":
            packed = {**value, "bdata": _rounded(value["bdata"])}
        elif isinstance(value, dict):
            packed = {str(key): self._packed(part) for key, part in value.items()}
        elif isinstance(value, list | tuple):
            packed = [self._packed(part) for part in value]
        elif value is None or isinstance(value, str | int | float):
            packed = value
        else:
            raise TypeError(f"{type(value).__name__} cannot be written into a page")
        return packed if top or not _long(packed) else self._part(packed)

    def _part(self, packed: Any) -> dict[str, int]:
        key = _key(packed)
        if key not in self._places:
            self._places[key] = len(self.parts)
            self.parts.append(packed)
        return {"$part": self._places[key]}


def _rounded(data: str) -> str:
    """The float32 numbers of a chart with 12 binary digits each: lines and three decimal digits show less."""
    bits = np.frombuffer(base64.b64decode(data), "<u4")
    special = (bits & 0x7F800000) == 0x7F800000  # infinity and NaN
    rounded = np.where(special, bits, (bits + np.uint32(0x800)) & np.uint32(0xFFFFF000))
    return base64.b64encode(rounded.astype("<u4").tobytes()).decode("ascii")


def _long(packed: Any) -> bool:
    if isinstance(packed, str):
        return len(packed) > LONG
    return isinstance(packed, dict | list) and len(json.dumps(packed)) > LONG


def _key(packed: Any) -> bytes:
    return hashlib.sha256(json.dumps(packed, sort_keys=True, allow_nan=False).encode()).digest()
