"""Run: the recording that other widgets show, sent to the browser once for all of them."""

from __future__ import annotations

import gzip
import math
import time
from typing import Any

import numpy as np
import traitlets

from ..recording import Recording
from ._assets import esm
from ._base import FROM_BROWSER, Widget

HURRY = 0.5  # seconds


class Run(Widget):
    """A recording in the browser. Draws nothing; diagrams, charts and readouts refer to it.

    ``recording`` can be replaced at any time. ``wanted`` turns true when a page first shows something
    of this run, so that nothing need be computed for a page that nobody looks at. ``example`` is the row
    of the table that all its views show. A recording travels compressed; one of a ``hurried`` run
    does not when the one before it is less than half a second old, since packing would hold up the picture.
    """

    _esm = esm("run.js")

    recording = traitlets.Instance(Recording)
    wanted = traitlets.Bool(False).tag(**FROM_BROWSER)
    example = traitlets.Int(0).tag(**FROM_BROWSER)
    hurried = traitlets.Bool(False)
    _wire = traitlets.Dict().tag(sync=True)

    def __init__(self, recording: Recording, **traits: Any) -> None:
        self._packed_at = -math.inf
        super().__init__(recording=recording, **traits)

    @traitlets.validate("example")
    def _clamp(self, proposal: dict[str, Any]) -> int:
        return min(max(proposal["value"], 0), self.recording.rows - 1)

    @traitlets.observe("recording")
    def _pack(self, change: dict[str, Any]) -> None:
        header, data = change["new"].to_wire()
        # Header and data travel in one trait, so that no page ever sees one without the other.
        now = time.monotonic()
        compressed = not self.hurried or now - self._packed_at > HURRY
        self._packed_at = now
        packed = gzip.compress(planes(header, data), 6, mtime=0) if compressed else data
        self._wire = {"header": header, "data": packed, "compressed": compressed}


def planes(header: dict[str, Any], data: bytes) -> bytes:
    """A recording's buffer in a form that packs a quarter smaller, without loss; ``run.js`` undoes it.

    From one frame to the next the sign, exponent and first digits of a number hardly change. So a row holds
    only the bits in which it differs from the row before, and first come the lowest bytes of all numbers.
    """
    words = np.frombuffer(data, "<u4").copy()
    at = 0
    for shape in header["fields"].values():
        size = math.prod(shape)
        rows = words[at : at + size].reshape(shape[0], -1)
        rows[1:] ^= rows[:-1].copy()
        at += size
    return words.view(np.uint8).reshape(-1, 4).T.tobytes()
