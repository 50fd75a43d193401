"""Hostile messages to live kernels, through the real server: nothing breaks, leaks, or runs that should not.

``SECURITY.md`` says what is promised; here it is tried.
"""

from __future__ import annotations

import http.client
import socket
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import websocket
from browser import Server, running, wait_idle
from hostile import messages, send
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kernel_page import PROTOCOL, KernelPage, opened

from letkeman_viz.site.kernel_socket import MAX_SOCKETS

CHAPTERS = [
    "01-why-initialization-matters",
    "02-doing-it-wrong",
    "03-doing-it-right",
    "04-preserving-magnitude",
    "05-results",
    "06-playground",
]
AT_A_TIME, TIMES, TWICE = 25, 210, 2  # each batch goes to two chapters: 10,500 messages and more in all
GROWTH = 50e6  # bytes
FIRST_ASKED = 20  # widgets


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of its own: what is done to it here should not disturb other tests."""
    with running("serve") as site:
        yield site


@pytest.fixture(scope="module")
def page(server: Server) -> Iterator[KernelPage]:
    """A chapter, for single messages."""
    with opened(server, "02-doing-it-wrong.ipynb") as chapter:
        yield chapter


def look(page: KernelPage) -> None:
    """See the whole page: everything on it is worked out for the first time."""
    for name, state in list(page.models.items()):
        if "wanted" in state:
            page.update(name, wanted=True)
    for button in page.of("ButtonModel"):
        page.custom(button, {"event": "click"})
    page.settle()


def answers(page: KernelPage) -> None:
    """The kernel takes a good value and refuses a bad one, as before."""
    example = page.of("one_example.OneExample")[0]
    for sent, kept in ((7, 7), (-1, 7), (1.5, 7), (1, 1)):
        page.update(example, seed=sent)
        page.ask(example)
        assert page.state(example, "seed") == kept


def count(page: KernelPage) -> int:
    """How many widgets the kernel has."""
    page.models.clear()
    page.restore()
    return len(page.models)


def header(page: KernelPage, run: str) -> dict[str, Any]:
    return page.models[run]["_wire"]["header"]


def test_ten_thousand_hostile_messages_change_nothing(server: Server) -> None:
    """To all chapters at once: the kernels stay up, answer as before, grow by less than 50 MB and go idle."""
    begun = time.monotonic()
    pages = [KernelPage(server, f"{chapter}.ipynb") for chapter in CHAPTERS]
    try:
        with ThreadPoolExecutor(len(pages)) as pool:
            list(pool.map(look, pages))
        kernels = [page.process() for page in pages]
        wait_idle(kernels, 240)
        models = [count(page) for page in pages]
        before = [
            process.memory_full_info().uss for process in [*kernels, psutil.Process(server.process.pid)]
        ]
        print(f"opened: {time.monotonic() - begun:.0f} s")
        sent = 0

        @settings(
            max_examples=TIMES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(messages, min_size=AT_A_TIME, max_size=AT_A_TIME))
        def attack(said: list[tuple[Any, ...]]) -> None:
            nonlocal sent
            for _ in range(TWICE):
                for message in said:
                    send(pages[sent // AT_A_TIME % len(pages)], message)
                sent += len(said)

        attack()
        assert sent >= 10_000
        print(f"sent {sent}: {time.monotonic() - begun:.0f} s")
        for page, kernel in zip(pages, kernels, strict=True):
            page.settle()
            assert kernel.is_running()
            assert page.process() == kernel, "the kernel was started anew"
        wait_idle(kernels, 240)
        print(f"settled: {time.monotonic() - begun:.0f} s")
        after = [process.memory_full_info().uss for process in [*kernels, psutil.Process(server.process.pid)]]
        print("MB", [(round(a / 1e6), round((b - a) / 1e6, 1)) for a, b in zip(before, after, strict=True)])
        assert [b - a < GROWTH for a, b in zip(before, after, strict=True)] == [True] * len(after)
        answers(pages[1])
        # What is built when it is first asked for may come; one a message would be thousands.
        assert [0 <= count(page) - k <= FIRST_ASKED for page, k in zip(pages, models, strict=True)] == [
            True
        ] * len(pages)
        print(f"done: {time.monotonic() - begun:.0f} s")
    finally:
        for page in pages:
            page.close()


def hears_until_closed(connection: websocket.WebSocket) -> int:
    """Read until the server has ended the connection; what hangs fails by its timeout. The bytes it sent."""
    heard = 0
    connection.settimeout(20)  # less than the 30 s between the server's pings, which keep a read going
    while connection.connected:
        try:
            data = connection.recv()
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            break
        if not data:
            break
        heard += len(data)
    return heard


# --- One by one -------------------------------------------------------------------------------------


def test_no_code_is_run(page: KernelPage, tmp_path: Path) -> None:
    target = tmp_path / "made by a visitor"
    code = f"open({str(target)!r}, 'w').close()"
    for kind in (
        "execute_request",
        "complete_request",
        "inspect_request",
        "is_complete_request",
        "debug_request",
    ):
        for channel in ("shell", "control", "stdin"):
            page.say(kind, {"code": code, "silent": False, "user_expressions": {"x": code}}, channel=channel)
    page.settle()
    assert not target.exists()
    assert not any(kind.startswith(("execute", "inspect", "complete")) for kind, _ in page.heard)


def test_a_lie_about_a_message_s_length_ends_that_connection_alone(server: Server, page: KernelPage) -> None:
    """jupyter_server counts up to 2**63 when it is told to, and answers nobody any more."""
    address = f"{server.url.replace('http', 'ws', 1)}/api/kernels/{page.kernel}/channels?session_id=x"
    for frame in ((2**63).to_bytes(8, "little") + b"x" * 100, b"", b"\xff" * 50, b"junk" * 100_000):
        liar = websocket.create_connection(address, subprotocols=[PROTOCOL], origin=server.url, timeout=60)
        liar.send_binary(frame)
        hears_until_closed(liar)
    old = websocket.create_connection(address, origin=server.url, timeout=60)
    old.send_binary((2**31 - 1).to_bytes(4, "big") + b"x" * 100)
    hears_until_closed(old)
    page.settle()
    with urllib.request.urlopen(server.url, timeout=60) as answer:
        assert answer.status == 200


def test_a_page_that_asks_and_does_not_read_is_cut_off(server: Server) -> None:
    """What waits for it lies in the memory of the server, which is everybody's."""
    with opened(server, "03-doing-it-right.ipynb") as page:
        race = page.of("race.Race")[0]
        address = f"{server.url.replace('http', 'ws', 1)}/api/kernels/{page.kernel}/channels?session_id=deaf"
        narrow = ((socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16),)
        deaf = websocket.create_connection(
            address, subprotocols=[PROTOCOL], origin=server.url, timeout=60, sockopt=narrow
        )
        before = psutil.Process(server.process.pid).memory_info().rss
        for k in range(1400):
            page.say("comm_msg", {"comm_id": race, "data": {"method": "request_state"}})
            if k % 100 == 99:
                page.settle()  # it reads, but not as fast as a kernel writes: it would be cut off as well
        assert psutil.Process(server.process.pid).memory_info().rss - before < 100e6
        assert hears_until_closed(deaf) < 60e6


def test_a_kernel_has_a_few_connections_at_most(server: Server, page: KernelPage) -> None:
    address = f"{server.url.replace('http', 'ws', 1)}/api/kernels/{page.kernel}/channels?session_id="
    sockets = [
        websocket.create_connection(f"{address}{k}", subprotocols=[PROTOCOL], origin=server.url, timeout=60)
        for k in range(MAX_SOCKETS)
    ]
    hears_until_closed(sockets[-1])  # with the page's own it is one too many
    for one in sockets[:-1]:
        one.close()
    page.settle()


@pytest.mark.parametrize(
    "path",
    [
        "voila/files/02-doing-it-wrong.ipynb",
        "voila/render/../pyproject.toml",
        "voila/render/%2e%2e/README.md",
        "voila/render//etc/passwd",
        "files/02-doing-it-wrong.ipynb",
        "api/contents",
        "api/contents/02-doing-it-wrong.ipynb",
        "voila/api/contents",
        "api/kernels",
        "api/sessions",
        "api/terminals",
        "voila/static/../../voila/app.py",
        "voila/templates/lab/static/../index.html.j2",
        "nbconvert/html/02-doing-it-wrong.ipynb",
        "voila/tree",
        "lab",
        "tree",
    ],
)
def test_no_file_and_no_list_has_an_address(server: Server, path: str) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.request("GET", f"/{path}")  # as it is: urllib would tidy it up
    assert connection.getresponse().status in (403, 404)
