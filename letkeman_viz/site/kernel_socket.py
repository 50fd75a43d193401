"""The websocket between a page and its kernel, as far as strangers may use it.

jupyter_server believes what a message says of itself: eight bytes that promise 2**63 parts keep it counting,
and eating memory, until somebody kills it, and with it the whole class. So a message is looked at first. And
one kernel takes only so many a second: who sends more waits, and the other pages do not.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from tornado.iostream import StreamBufferFullError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

PROTOCOL = "v1.kernel.websocket.jupyter.org"
MAX_MESSAGE = 8 * 2**20
"""Bytes of one message: the largest upload that is still answered, with what little of it is read."""
FEWEST_PARTS, MOST_PARTS = 4, 16
"""Of a message: header, parent, metadata and content, then binary data."""
AT_ONCE, A_SECOND = 1000, 300
"""Messages that a kernel takes at once, and a second in the long run. A page at work sends about 50."""
BYTES_A_SECOND = 2 * 2**20
"""In the long run; who sends more waits as if it had been more messages."""
MAX_UNREAD = 32 * 2**20
"""Bytes that may wait for a page: one that has stopped reading must not fill the server's memory."""
MAX_SOCKETS = 8
"""Of one kernel at the same time. A page has one; those that it has lost may take a while to be noticed."""


class KernelSocket(VoilaKernelWebsocketHandler):
    """Voila's websocket, for messages that are what they say they are."""

    _due: ClassVar[WeakKeyDictionary[object, float]] = WeakKeyDictionary()
    """For each kernel when it will have got over the messages sent so far; all its sockets share that."""
    _open: ClassVar[Counter[str]] = Counter()
    """For each kernel how many sockets it has."""

    def get_compression_options(self) -> dict[str, Any]:
        """Compress if the browser can: level 1 makes the code and state of a page's widgets small in 5 ms."""
        return {"compression_level": 1}

    @property
    def max_message_size(self) -> int:
        """Tornado cuts off who sends more."""
        return MAX_MESSAGE

    async def open(self, kernel_id: str) -> None:  # type: ignore[override]
        """Connect page and kernel, unless the kernel has many pages already."""
        self._open[kernel_id] += 1
        if self._open[kernel_id] > MAX_SOCKETS:
            self.close(1008, "too many connections")
            return
        self.ws_connection.stream.max_write_buffer_size = MAX_UNREAD
        await super().open(kernel_id)

    def on_close(self) -> None:
        """Forget this socket."""
        self._open[self.kernel_id] -= 1
        if not self._open[self.kernel_id]:
            del self._open[self.kernel_id]
        super().on_close()

    def write_message(self, message: Any, binary: bool = False) -> Any:
        """Send to the page; one that does not read is cut off."""
        try:
            return super().write_message(message, binary)
        except StreamBufferFullError:
            self.log.warning("A page of kernel %s does not read: it is cut off", self.kernel_id)
            self.ws_connection.stream.close()

    async def on_message(self, message: str | bytes) -> None:
        """Hand a message to the kernel, in its turn; a page that sends anything else is cut off."""
        await self._wait_turn(len(message))
        if self.connection is None:  # closed while it waited
            return
        usual = self.selected_subprotocol == PROTOCOL
        try:
            if not (well_formed(message) if usual else isinstance(message, str)):
                raise ValueError("its parts are not where it says")
            super().on_message(message)
        except Exception as error:  # whatever a stranger found to say: it concerns this page alone
            self.log.warning("What a page sent to kernel %s is no message: %r", self.kernel_id, error)
            self.close(1008, "not a message")

    async def _wait_turn(self, size: int) -> None:
        """Tornado reads the next message of this page only when this one is done with."""
        now, kernel = time.monotonic(), self.connection and self.connection.kernel_manager
        if kernel is None:
            return
        due = max(self._due.get(kernel, 0.0), now) + max(1.0 / A_SECOND, size / BYTES_A_SECOND)
        self._due[kernel] = due
        if (ahead := due - now - AT_ONCE / A_SECOND) > 0.0:
            await asyncio.sleep(ahead)


def well_formed(message: str | bytes) -> bool:
    """Whether a message of the usual protocol is as long as it says: a count, offsets, then the parts."""
    if not isinstance(message, bytes) or len(message) < 8:
        return False
    count = int.from_bytes(message[:8], "little")  # offsets: of the channel, of each part, and of the end
    if not FEWEST_PARTS + 2 <= count <= MOST_PARTS + 2 or len(message) < 8 * (count + 1):
        return False
    offsets = [int.from_bytes(message[8 * k : 8 * (k + 1)], "little") for k in range(1, count + 1)]
    return offsets == sorted(offsets) and 8 * (count + 1) <= offsets[0] and offsets[-1] <= len(message)
