"""A visitor of a chapter without a browser: the requests and messages that Chromium makes, and nothing drawn.

It asks for the page and for the files that a first visit needs, opens the kernel's websocket in the protocol
that JupyterLab's scripts choose, asks for the state of all widgets as the widget manager does, sets a trait
as our scripts do, and waits until the kernel has heard it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import math
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

PROTOCOL = "v1.kernel.websocket.jupyter.org"
CONNECTIONS = 6  # of a browser to one host
PATIENCE = 300.0  # seconds: a slow machine is no error, hanging is
MAX_MESSAGE = 64 * 2**20

_KERNEL = re.compile(r'"kernelId":\s*"([0-9a-f-]{36})"')


class VisitError(Exception):
    """The site did not do what a page needs."""


@dataclass
class Visit:
    """What one visitor got; seconds are counted from the moment the page was asked for."""

    drawn: float = math.nan
    """Until everything was there that the page is first drawn from."""
    ran: float = math.nan
    """Until a browser had learned the single example of "Doing it wrong"; else until the kernel answered."""
    updates: int | None = None
    """How many updates that took a browser."""
    received: int = 0
    """Bytes of all answers, as they came, and of all messages."""


def new_client() -> httpx.AsyncClient:
    """The connections and the cookies of one browser."""
    return httpx.AsyncClient(
        follow_redirects=True,
        headers={"Accept-Encoding": "gzip", "User-Agent": "letkeman_viz benchmark"},
        limits=httpx.Limits(max_connections=CONNECTIONS),
        timeout=PATIENCE,
    )


@dataclass
class Visitor:
    """One browser with one page open."""

    page: str
    """The address of the chapter."""
    assets: Sequence[str] = ()
    """The addresses of the files that the page needs, if the browser has none of them yet."""
    client: httpx.AsyncClient = field(default_factory=new_client)
    kernel: str = ""
    visit: Visit = field(default_factory=Visit)
    _session: str = field(default_factory=lambda: uuid.uuid4().hex)
    _socket: WebSocketClientConnection | None = None

    @property
    def site(self) -> str:
        """The site's address, without a slash at its end."""
        return self.page.partition("/voila/render/")[0]

    async def open(self) -> Visit:
        """Open the page and stay until its kernel has answered."""
        start = time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            html, *_ = await asyncio.gather(self.get(self.page), *map(self.get, self.assets))
            self._adopt(html.decode())
            await self._connect()
            states = await self._ask_for_states()
            self.visit.drawn = time.perf_counter() - start
            # The page computes its runs itself; here the kernel is asked whether it hears what a page sets.
            examples = [
                model
                for model, content in states.items()
                if str(content["state"].get("_anywidget_id", "")).endswith("OneExample")
            ]
            if not examples:
                raise VisitError(f"{self.page} shows no single example")
            update = {"method": "update", "state": {"seed": 2}, "buffer_paths": []}
            await self._send("comm_msg", {"comm_id": examples[0], "data": update})
            await self._send("kernel_info_request", {})
            while (await self._message())[0] != "kernel_info_reply":
                pass
            self.visit.ran = time.perf_counter() - start
        return self.visit

    async def stay(self, seconds: float) -> None:
        """Read for a while: take what the kernel still sends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    await self._receive()

    async def close(self, beacon: bool = True) -> None:
        """Leave: with the beacon that a browser sends when a tab is closed, or, as in a crash, without."""
        if beacon:
            (await self.client.post(f"{self.site}/voila/api/shutdown/{self.kernel}")).raise_for_status()
        if self._socket:
            self._socket.close()
        await self.client.aclose()

    async def get(self, address: str) -> bytes:
        """The body of an answer. Only what is read here is unpacked: that is a visitor's computer's work."""
        async with self.client.stream("GET", address) as answer:
            body = b"".join([part async for part in answer.aiter_raw()])
        if answer.status_code != 200:
            raise VisitError(f"{address} answered {answer.status_code}")
        self.visit.received += len(body)
        packed = address == self.page and answer.headers.get("content-encoding") == "gzip"
        return gzip.decompress(body) if packed else body

    def _adopt(self, html: str) -> None:
        found = _KERNEL.search(html)
        if not found:
            raise VisitError(f"{self.page} names no kernel; it begins {html[:200]!r}")
        self.kernel = found.group(1)

    async def _connect(self) -> None:
        address = f"{self.site}/api/kernels/{self.kernel}/channels?session_id={self._session}"
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.client.cookies.jar)
        self._socket = await websocket_connect(
            HTTPRequest("ws" + address.removeprefix("http"), headers={"Cookie": cookies}),
            subprotocols=[PROTOCOL],
            compression_options={},  # offered, as browsers do
            max_message_size=MAX_MESSAGE,
        )
        await self._send("kernel_info_request", {})
        # What is sent before the kernel's first answer may be lost; a browser waits for it too.
        while (await self._message())[0] != "kernel_info_reply":
            pass

    async def _ask_for_states(self) -> dict[str, Any]:
        """The state of every widget, by its id, as JupyterLab's widget manager gets it."""
        control = uuid.uuid4().hex
        await self._send(
            "comm_open", {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}}
        )
        await self._send("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})
        while True:
            data, _ = await self._receive()
            if data.get("method") == "update_states":
                await self._send("comm_close", {"comm_id": control, "data": {}})
                return data["states"]

    async def _send(self, kind: str, content: dict[str, Any]) -> None:
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "username": "",
            "session": self._session,
            "date": datetime.now(UTC).isoformat(),
            "version": "5.3",
        }
        # The version is ipywidgets' own, of the messages on its control channel.
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {"version": "1.0.0"},
            "content": content,
        }
        packed = serialize_msg_to_ws_v1(message, "shell", lambda part: json.dumps(part).encode())
        await self._socket.write_message(packed, binary=True)

    async def _receive(self) -> tuple[dict[str, Any], list[bytes]]:
        """(data, buffers) of the next message that is about a widget."""
        while True:
            kind, content, buffers = await self._message()
            if kind == "comm_msg":
                return json.loads(content)["data"], buffers

    async def _message(self) -> tuple[str, bytes, list[bytes]]:
        """(type, content, buffers) of the next message."""
        message = await self._socket.read_message()
        if message is None:
            raise VisitError("the kernel's websocket was closed")
        self.visit.received += len(message)
        _, (header, _, _, content, *buffers) = deserialize_msg_from_ws_v1(message)
        return json.loads(header)["msg_type"], content, buffers
