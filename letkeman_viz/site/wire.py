"""Compression of the websocket, where it pays."""

from __future__ import annotations

from typing import Any

from tornado.websocket import WebSocketProtocol13

from .kernel_socket import KernelSocket

PARTS_BEFORE_BUFFERS = 5
"""Of a message as Jupyter sends it: channel, header, parent, metadata, content; then comes binary data."""

# Level 1 makes the state of a page's widgets, 600 kB of JSON, ten times smaller in 5 ms.
COMPRESSION = {"compression_level": 1}


class SparingProtocol(WebSocketProtocol13):
    """Leaves messages as they are that are mostly binary: recordings are packed already, or urgent.

    A stream of them, while a slider is dragged, would otherwise keep the server's one thread busy.
    """

    def write_message(self, message: Any, binary: bool = False) -> Any:
        """Send the message, compressed if it is mostly text."""
        if not (binary and mostly_buffers(message)):
            return super().write_message(message, binary)
        # Each message says whether it is compressed (RFC 7692), but Tornado offers no choice.
        compressor, self._compressor = self._compressor, None
        try:
            return super().write_message(message, binary)
        finally:
            self._compressor = compressor


class CompressedKernelSocket(KernelSocket):
    """The websocket between page and kernel, compressed."""

    def get_compression_options(self) -> dict[str, Any]:
        """Compress if the browser can."""
        return COMPRESSION

    def get_websocket_protocol(self) -> SparingProtocol | None:
        """As Tornado makes it, with our choice of messages."""
        usual = super().get_websocket_protocol()
        return None if usual is None else SparingProtocol(self, False, usual.params)


def mostly_buffers(message: bytes) -> bool:
    """Whether more than half of ``message``, as this server writes it, is binary data."""
    count = int.from_bytes(message[:8], "little")
    if count <= PARTS_BEFORE_BUFFERS + 1:
        return False
    at = 8 * (1 + PARTS_BEFORE_BUFFERS)
    start = int.from_bytes(message[at : at + 8], "little")
    return 2 * start < len(message)
