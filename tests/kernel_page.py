"""A page without a browser: it gets the HTML of a chapter, then talks to its kernel over a real websocket.

It can say what a browser would, and what no browser would.
"""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import psutil
import pytest
import websocket
from browser import Server

PROTOCOL = "v1.kernel.websocket.jupyter.org"
CONTROL = "jupyter.widget.control"
SECONDS = 120


class KernelPage:
    """One open chapter. ``models`` is every widget's state as the page was last told, by its id."""

    def __init__(self, server: Server, chapter: str, query: str = "") -> None:
        with urllib.request.urlopen(f"{server.url}/voila/render/{chapter}{query}", timeout=SECONDS) as answer:
            found = re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', answer.read().decode())
        assert found, "the page names no kernel"
        self.server, self.kernel, self.session = server, found[1], uuid.uuid4().hex
        self.models: dict[str, dict[str, Any]] = {}
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self._lock = threading.RLock()
        self.connect(server.url)
        self.restore()

    # --- The connection ---------------------------------------------------------------------------------

    def connect(self, url: str) -> None:
        """Open the websocket, at ``url`` rather than the server's if something lies between."""
        address = (
            f"{url.replace('http', 'ws', 1)}/api/kernels/{self.kernel}/channels?session_id={self.session}"
        )
        self.socket = websocket.create_connection(
            address, subprotocols=[PROTOCOL], timeout=SECONDS, origin=url
        )
        threading.Thread(target=self._listen, args=(self.socket,), daemon=True).start()

    def close(self) -> None:
        """Leave as a reader does: the connection ends, and the kernel is shut down."""
        self.socket.close()
        request = urllib.request.Request(f"{self.server.url}/voila/api/shutdown/{self.kernel}", data=b"")
        urllib.request.urlopen(request, timeout=SECONDS).close()

    def process(self) -> psutil.Process:
        """The kernel's process."""
        return next(p for p in self.server.kernels() if any(self.kernel in part for part in p.cmdline()))

    @property
    def connected(self) -> bool:
        return bool(self.socket.connected)

    def _listen(self, socket: Any) -> None:
        while True:
            try:
                data = socket.recv()
            except (OSError, websocket.WebSocketException):
                return
            if isinstance(data, bytes) and data:
                self._take(data)

    def _take(self, data: bytes) -> None:
        count = int.from_bytes(data[:8], "little")
        offsets = [int.from_bytes(data[8 * k : 8 * (k + 1)], "little") for k in range(1, count + 1)]
        parts = [data[a:b] for a, b in pairwise(offsets[1:])]
        header, parent, _, content = (json.loads(part) for part in parts[:4])
        with self._lock:
            kind = header["msg_type"]
            if kind == "comm_msg" and content["data"].get("method") == "update_states":
                for name, model in content["data"]["states"].items():
                    self.models[name] = model["state"]
            elif kind == "comm_msg" and content["data"].get("method") == "update":
                self.models.setdefault(content["comm_id"], {}).update(content["data"]["state"])
            elif kind == "comm_open" and "state" in content["data"]:
                self.models[content["comm_id"]] = content["data"]["state"]
            state = content["execution_state"] if kind == "status" else None
            if state is None:
                self.heard.append((kind, content))
            elif state != "busy":
                self.heard.append((state, parent))

    # --- What it says -----------------------------------------------------------------------------------

    def say(
        self, kind: Any, content: Any, buffers: Sequence[bytes] = (), channel: str = "shell", **header: Any
    ) -> str:
        """Send a message of any kind; its id. ``content`` as bytes is sent as it is, JSON or not."""
        name = uuid.uuid4().hex
        head = {"msg_id": name, "msg_type": kind, "username": "", "session": self.session, "version": "5.4"}
        whole = (head | header, {}, {"version": "2.1.0"}, content)
        parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in whole]
        if kind == "comm_open" and isinstance(content, dict) and content.get("target_name") == CONTROL:
            parts[2] = b'{"version": "1.0.0"}'
        self.socket.send_binary(packed(channel, [*parts, *buffers]))
        return name

    def update(self, model: str, buffers: Sequence[bytes] = (), paths: Any = (), **state: Any) -> str:
        """Set traits of a widget, as its view would."""
        data = {"method": "update", "state": state, "buffer_paths": list(paths)}
        return self.say("comm_msg", {"comm_id": model, "data": data}, buffers)

    def custom(self, model: str, content: Any) -> str:
        return self.say("comm_msg", {"comm_id": model, "data": {"method": "custom", "content": content}})

    def restore(self) -> None:
        """Ask for the state of all widgets, as a page does when it opens."""
        comm = uuid.uuid4().hex
        self.say("comm_open", {"comm_id": comm, "target_name": CONTROL, "data": {}})
        asked = [0.0]

        def answered() -> bool:
            """Ask again now and then: a kernel that is asked too often does not answer (see ``guard``)."""
            if time.monotonic() - asked[0] > 5:
                asked[0] = time.monotonic()
                self.say("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
            return any(kind == "comm_msg" and c["comm_id"] == comm for kind, c in self.heard)

        self.wait(answered, "widgets")
        self.say("comm_close", {"comm_id": comm, "data": {}})

    def ask(self, model: str) -> None:
        """Have the state of one widget sent again, and wait for it."""
        self.say("comm_msg", {"comm_id": model, "data": {"method": "request_state"}})
        self.settle()

    def settle(self, seconds: float = SECONDS) -> None:
        """Wait until the kernel has dealt with all that was said to it."""
        name = self.say("kernel_info_request", {})
        self.wait(
            lambda: any(k == "idle" and c.get("msg_id") == name for k, c in self.heard), "idle", seconds
        )

    # --- What it finds ----------------------------------------------------------------------------------

    def find(self, **traits: Any) -> str:
        """The id of the first widget whose state has these values."""
        with self._lock:
            for name, state in self.models.items():
                if all(key in state and state[key] == value for key, value in traits.items()):
                    return name
        raise AssertionError(f"no widget with {traits}")

    def of(self, kind: str) -> list[str]:
        """The ids of the widgets of a class of ours, such as ``"run.Run"``, or of a model of ipywidgets'."""
        with self._lock:
            return [
                name
                for name, state in self.models.items()
                if str(state.get("_anywidget_id", "")).endswith(kind) or state.get("_model_name") == kind
            ]

    def state(self, model: str, key: str) -> Any:
        with self._lock:
            return self.models[model].get(key)

    def wait(self, condition: Any, what: str, seconds: float = SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self._lock:
                if condition():
                    return
            time.sleep(0.05)
        pytest.fail(f"waited {seconds:.0f} s for: {what}")


def packed(channel: str, parts: Sequence[bytes]) -> bytes:
    """Parts of a message as the websocket carries them."""
    pieces = [channel.encode(), *parts]
    offsets = [8 * (len(pieces) + 2)]
    for piece in pieces:
        offsets.append(offsets[-1] + len(piece))
    return b"".join([n.to_bytes(8, "little") for n in (len(offsets), *offsets)] + pieces)


@contextmanager
def opened(server: Server, chapter: str, query: str = "") -> Iterator[KernelPage]:
    """A chapter in a page of its own, closed afterwards."""
    page = KernelPage(server, chapter, query)
    try:
        yield page
    finally:
        page.close()
