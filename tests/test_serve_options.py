"""What a teacher can ask of ``letkeman-viz serve``: who gets in, how many, for how long, in which bytes."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest
import segno
import tornado.httpclient
import tornado.httpserver
import tornado.testing
import tornado.web
import websocket
from browser import (
    Server,
    WatchedPages,
    close_tab,
    free_port,
    running,
    wait_drawn,
    wait_idle,
    wait_until,
    write_notebook,
)
from nbformat import v4
from playwright.sync_api import Browser

from letkeman_viz.site import access, announce, offline
from letkeman_viz.site.access import GUESSES_AT_ONCE, SECONDS_A_GUESS, Guesses, known_host
from letkeman_viz.site.cli import build_parser, main
from letkeman_viz.site.options import ServeOptions, UsageError, serve_options
from letkeman_viz.site.shelf import Shelf

PROTOCOL = "v1.kernel.websocket.jupyter.org"
PAGE = "/voila/render/01-page.ipynb"

T = TypeVar("T")


def finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """What ``coroutine`` returns, run in a thread: Playwright leaves a loop of its own in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small notebook."""
    folder = tmp_path_factory.mktemp("notebooks")
    write_notebook(
        folder / "01-page.ipynb",
        v4.new_markdown_cell("# A page"),
        v4.new_code_cell("import ipywidgets; ipywidgets.Label('hello')"),
    )
    return folder


def options(*given: str, **environment: str) -> ServeOptions:
    """What ``serve`` makes of a command line."""
    port = () if "--port" in given else ("--port", str(free_port()))
    return serve_options(build_parser().parse_args(["serve", *given, *port]), environment)


# --- The command line -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["--max-sessions", "0"], r"'0' is not a number of kernels; give --max-sessions .* from 1 to 1000"),
        (["--max-sessions", "many"], r"'many' is not .* from 1 to 1000"),
        (["--preheat", "-1"], r"'-1' is not .* --preheat a whole number from 0 to 20"),
        (["--preheat", "1.5"], r"'1.5' is not"),
        (["--idle-minutes", "0"], r"'0' is not a number of minutes; give --idle-minutes .* from 1 to 1440"),
        (["--host", "no.such.host.invalid"], r"'no.such.host.invalid' is not known .* 0\.0\.0\.0"),
        (["--host", "203.0.113.7", "--public"], r"203\.0\.113\.7 is no address of this machine"),
        (["--host", "0.0.0.0"], r"everybody in the network .* --token or --password .*or --public"),
        (["--host", "0.0.0.0", "--token", "--public"], r"--public means without a password"),
        (["--password", "abc"], r"the password has 3 characters; give one of 6 to 200"),
        (["--token", "a b c d e f"], r"a token is part of an address: .* letters, digits"),
        (["--token", "abc"], r"the token has 3 characters"),
        (
            ["--offline", "/nowhere"],
            r"/nowhere holds no index\.html; make it first with `letkeman-viz export",
        ),
    ],
)
def test_a_bad_option_is_refused_in_one_line(given: list[str], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as refused:
        options(*given)
    assert "\n" not in str(refused.value)


def test_a_refused_password_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--password", "qwxyz", "--port", str(free_port())]) == 2
    assert "qwxyz" not in capsys.readouterr().err


def test_passwords_come_from_the_environment_too() -> None:
    assert options("--host", "0.0.0.0", LETKEMAN_VIZ_PASSWORD="from outside").password == "from outside"
    assert options("--password", "command", LETKEMAN_VIZ_PASSWORD="from outside").password == "command"
    assert options(LETKEMAN_VIZ_TOKEN="abcdef123").token == "abcdef123"
    with pytest.raises(UsageError, match="the password has 0 characters"):
        options(LETKEMAN_VIZ_PASSWORD="")


def test_a_token_without_a_value_is_made_up_and_long() -> None:
    first, second = options("--token").token, options("--token").token
    assert first != second
    assert re.fullmatch(r"[\w-]{22}", first)


def test_without_options_only_this_machine_is_served() -> None:
    usual = options()
    assert (usual.host, usual.local, usual.password, usual.token) == ("localhost", True, "", "")
    assert (usual.max_sessions, usual.preheat, usual.idle_minutes, usual.offline) == (None, 0, 20, None)
    assert not options("--host", "0.0.0.0", "--public").local


# --- What the terminal says -----------------------------------------------------------------------


def test_the_class_gets_an_address_and_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announce, "network_address", lambda: "192.168.1.20")
    shown = announce.announcement(ServeOptions(Path(), 8866, host="0.0.0.0", token="abcdef")).splitlines()
    assert shown[0] == "letkeman-viz is serving http://localhost:8866/?token=abcdef - press Ctrl-C to stop"
    assert shown[1] == "For the class: http://192.168.1.20:8866/?token=abcdef"
    assert shown[2:] == announce.code("http://192.168.1.20:8866/?token=abcdef")


def test_the_code_is_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = announce.code("http://192.168.1.20:8866")
    dark = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
    rows = [[dark[character][half] for character in line] for line in lines for half in (0, 1)]
    expected = [[int(bool(m)) for m in row] for row in
                segno.make_qr("http://192.168.1.20:8866", error="l").matrix_iter(border=2)]  # fmt: skip
    assert rows[: len(expected)] == expected
    assert not any(map(any, rows[len(expected) :]))


def test_without_a_network_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announce, "network_address", lambda: None)
    assert "in no network yet" in announce.announcement(ServeOptions(Path(), 8866, host="0.0.0.0"))


def test_a_password_is_never_shown() -> None:
    shown = announce.announcement(ServeOptions(Path(), 8866, host="127.0.0.1", password="geheim"))
    assert "geheim" not in shown
    assert shown.startswith("letkeman-viz is serving http://127.0.0.1:8866 ")


# --- Guesses, names, files -----------------------------------------------------------------------


def test_guesses_are_slowed_for_each_household_alone() -> None:
    now = [0.0]
    guesses = Guesses(clock=lambda: now[0])
    for _ in range(GUESSES_AT_ONCE):
        assert guesses.wait("2001:db8::1") == 0
        guesses.wrong("2001:db8::1")
    assert guesses.wait("2001:db8::1") == pytest.approx(SECONDS_A_GUESS)
    assert guesses.wait("2001:db8::2") > 0  # the same household
    assert guesses.wait("2001:db8:0:1::1") == guesses.wait("192.168.1.20") == 0
    now[0] = SECONDS_A_GUESS
    assert guesses.wait("2001:db8::1") == 0
    guesses.wrong("2001:db8::1")
    assert guesses.wait("2001:db8::1") == pytest.approx(SECONDS_A_GUESS)


@pytest.mark.parametrize(
    ("asked", "listening", "known"),
    [
        ("localhost", "localhost", True),
        ("127.0.0.1", "localhost", True),
        ("[::1]", "localhost", True),
        ("evil.example", "localhost", False),
        ("192.168.1.20", "localhost", False),
        ("192.168.1.20", "0.0.0.0", True),
        ("localhost", "0.0.0.0", True),
        ("evil.example", "0.0.0.0", False),
        ("lab12.uni.example", "lab12.uni.example", True),
        ("proxy.example", "0.0.0.0", True),
        (socket.gethostname(), "0.0.0.0", True),
    ],
)
def test_only_names_of_this_machine_are_answered(asked: str, listening: str, known: bool) -> None:
    assert known_host(asked, listening, ("proxy.example",)) == known


def test_a_shelf_holds_its_files_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.js").write_text("a" * 1000)
    (tmp_path / "in" / "a.css").write_text("small")
    (tmp_path / "secret").write_text("secret")
    shelf = Shelf({"x/": [tmp_path / "in"]})
    assert shelf.path("x/a.js") == tmp_path / "in" / "a.js"
    assert [shelf.path(name) for name in ("x/../secret", "a.js", "x/", "x/../in/a.js", "/etc/passwd")] == [
        None
    ] * 5
    assert len(finished(shelf.packed("x/a.js"))) < 100
    assert finished(shelf.packed("x/a.css")) is None
    before = shelf.version
    (tmp_path / "in" / "a.css").write_text("SMALL")
    assert Shelf({"x/": [tmp_path / "in"]}).version != before


# --- A guarded server -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded(folder: Path) -> Iterator[Server]:
    """A server with a password, and a token in its address."""
    with running(
        "serve", "--notebooks", str(folder), "--password", "open sesame", "--token", "abcdef-123"
    ) as site:
        yield site


def ask(
    server: Server, path: str, method: str = "GET", body: str | None = None, **headers: str
) -> http.client.HTTPResponse:
    """One answer of the server, redirections not followed, body read."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body=body, headers=sent)
    answer = connection.getresponse()
    answer.text = answer.read().decode(errors="replace")
    return answer


def log_in(server: Server, password: str = "open sesame") -> http.client.HTTPResponse:
    return ask(server, "/login", "POST", urlencode({"password": password, "next": PAGE}))


def addresses(server: Server, cookie: str) -> list[str]:
    """One address of every kind that the site has."""
    html = ask(server, PAGE, Cookie=cookie).text
    kernel = re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', html)
    script = re.search(r'src="(/letkeman/lab/[^"]+/voila\.js)"', html)
    assert kernel
    assert script
    return [
        "/",
        PAGE,
        "/letkeman/plotly.js.gz",
        "/offline/",
        "/nowhere",
        script[1],
        f"/api/kernels/{kernel[1]}",
    ]


def test_strangers_are_let_in_nowhere_and_the_class_everywhere(guarded: Server) -> None:
    cookie = log_in(guarded).headers["Set-Cookie"].split(";")[0]
    known = addresses(guarded, cookie)
    kernel = known[-1]
    for wrong in ({}, {"Cookie": cookie + "x"}, {"Authorization": "token abcdef-124"}):
        answers = [ask(guarded, path, **wrong) for path in known]
        assert {answer.status for answer in answers} <= {302, 403}
        assert all("/login" in answer.headers["Location"] for answer in answers if answer.status == 302)
        assert ask(guarded, f"/voila/api/shutdown/{kernel[13:]}", "POST", **wrong).status == 403
        with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
            websocket.create_connection(f"ws{guarded.url[4:]}{kernel}/channels", header=wrong)
    assert [ask(guarded, path, Cookie=cookie).status for path in known] == [200, 200, 200, 404, 404, 200, 200]
    assert ask(guarded, known[-1], Authorization="token abcdef-123").status == 200


def test_the_right_word_leads_on_and_a_wrong_one_is_told(guarded: Server) -> None:
    right = log_in(guarded)
    assert (right.status, right.headers["Location"]) == (302, PAGE)
    assert "HttpOnly" in right.headers["Set-Cookie"]
    assert "SameSite=Lax" in right.headers["Set-Cookie"]
    wrong = log_in(guarded, "open says me")
    assert wrong.status == 401
    assert "That is not the password" in wrong.text
    assert "A page" not in wrong.text  # not even the chapters' names
    away = ask(guarded, "/login", "POST", urlencode({"password": "open sesame", "next": "//evil.example"}))
    assert away.headers["Location"] == "/"


def test_who_has_a_link_is_sent_to_it_only_where_links_let_in(guarded: Server, folder: Path) -> None:
    assert "QR code instead, open that" in ask(guarded, "/login").text
    with running("serve", "--notebooks", str(folder), "--password", "open sesame") as server:
        login = ask(server, "/login").text
        assert 'name="password"' in login
        assert "QR code" not in login


def test_handlers_of_others_are_guarded_too() -> None:
    """Those of JupyterHub prepare in tornado's own way, with nothing to wait for."""

    class Plain(tornado.web.RequestHandler):
        def get(self) -> None:
            self.write("plain")

    async def answered() -> tornado.httpclient.HTTPResponse:
        site = tornado.web.Application([("/", access.guarded(Plain))], letkeman_hosts=("localhost", ()))
        server = tornado.httpserver.HTTPServer(site)
        listening, port = tornado.testing.bind_unused_port()
        server.add_socket(listening)
        try:
            return await tornado.httpclient.AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/")
        finally:
            server.stop()

    answer = finished(answered())
    assert answer.body == b"plain"
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


def test_the_token_leaves_the_address(guarded: Server) -> None:
    answer = ask(guarded, f"{PAGE}?token=abcdef-123&epochs=7", Accept="text/html")
    assert (answer.status, answer.headers["Location"]) == (302, f"{PAGE}?epochs=7")
    assert "username-" in answer.headers["Set-Cookie"]


@pytest.mark.browser
def test_a_visitor_types_the_password_and_is_where_she_wanted_to_be(
    pages: WatchedPages, guarded: Server
) -> None:
    page = pages(f"{guarded.url}{PAGE}")
    page.get_by_label("Password").fill("wrong one")
    page.get_by_role("button").last.click()
    page.get_by_text("That is not the password").wait_for()
    page.get_by_label("Password").fill("open sesame")
    page.keyboard.press("Enter")
    wait_drawn(page).get_by_text("hello").wait_for()
    assert page.url == f"{guarded.url}{PAGE}"


@pytest.mark.browser
def test_the_link_with_the_token_is_enough(pages: WatchedPages, guarded: Server) -> None:
    page = wait_drawn(pages(f"{guarded.url}{PAGE}?token=abcdef-123"))
    page.get_by_text("hello").wait_for()
    assert page.url == f"{guarded.url}{PAGE}"
    pages.assert_clean(page)


def test_guessing_is_slowed(guarded: Server) -> None:
    """The last test of this server: it takes no word from this address for a while."""
    statuses = [log_in(guarded, f"guess {k}").status for k in range(GUESSES_AT_ONCE + 2)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    refused = log_in(guarded)  # whoever guesses on and on is not told that this one is right
    assert refused.status == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 2 * SECONDS_A_GUESS


# --- What every answer says, and what a kernel is asked -----------------------------------------------


@pytest.fixture(scope="module")
def site(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two places and a ready offline version."""
    ready = tmp_path_factory.mktemp("offline")
    (ready / "index.html").write_text("<title>offline</title>" + "<p>recorded</p>" * 100)
    (ready / "data.bin").write_bytes(b"\0\1")
    with running(
        "serve", "--notebooks", str(folder), "--max-sessions", "2", "--offline", str(ready)
    ) as server:
        yield server


@pytest.mark.parametrize(
    "path",
    [
        "/",
        PAGE,
        "/login",
        "/nowhere",
        "/offline/",
        "/letkeman/plotly.js.gz",
        "/api/kernels/" + "0-" * 4 + "0",
    ],
)
def test_every_answer_says_what_a_page_may_do(site: Server, path: str) -> None:
    headers = ask(site, path).headers
    end_all(site)
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; script-src 'self'")
    assert "frame-ancestors 'self'" in policy
    assert not re.search(r"https?:|\*", policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Server" not in headers


def test_a_foreign_name_that_leads_here_is_not_answered(site: Server) -> None:
    assert [ask(site, path, Host="evil.example").status for path in ("/", PAGE, "/offline/")] == [403] * 3


def test_files_are_packed_and_kept_and_pages_are_packed(site: Server) -> None:
    page = ask(site, "/", Accept_Encoding="gzip")
    assert page.headers["Content-Encoding"] == "gzip"
    html = ask(site, "/").text
    style = re.search(r'href="(/letkeman/site/[^"]+\.css)"', html)
    assert style
    packed = ask(site, style[1], Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "immutable" in packed.headers["Cache-Control"]
    assert int(packed.headers["Content-Length"]) < len(ask(site, style[1]).text) / 2


def connect(server: Server, kernel: str, **options: str) -> websocket.WebSocket:
    """A websocket to a kernel, as a browser opens it."""
    return websocket.create_connection(
        f"ws{server.url[4:]}/api/kernels/{kernel}/channels", timeout=30, subprotocols=[PROTOCOL], **options
    )


def open_kernel(server: Server) -> str:
    """Open the page; its kernel's name."""
    found = re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', ask(server, PAGE).text)
    assert found
    return found[1]


def end_all(server: Server) -> None:
    """End the server's kernels as pages do that are closed."""
    for kernel in server.kernels():
        name = re.search(r"kernel-([0-9a-f-]{36})\.json", " ".join(kernel.cmdline()))
        assert name
        ask(server, f"/voila/api/shutdown/{name[1]}", "POST")
    wait_until(lambda: server.kernels() == [], 30, "a kernel outlived its page")


def request(kind: str, content: dict[str, object], channel: str = "shell") -> bytes:
    """A request to a kernel."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "", "session": "s", "version": "5.3"}
    parts = [channel.encode(), *(json.dumps(part).encode() for part in (header, {}, {}, content))]
    start = 8 * (len(parts) + 2)
    offsets = [start + sum(map(len, parts[:k])) for k in range(len(parts) + 1)]
    return b"".join(n.to_bytes(8, "little") for n in (len(offsets), *offsets)) + b"".join(parts)


def test_a_kernel_runs_no_code_for_a_visitor(site: Server, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    kernel = open_kernel(site)
    socket_ = connect(site, kernel)
    for channel in ("shell", "control"):
        code = {"code": f"open({str(proof)!r}, 'w')", "silent": False}
        socket_.send_binary(request("execute_request", code, channel))
    socket_.send_binary(request("shutdown_request", {"restart": False}, "control"))
    socket_.send_binary(request("kernel_info_request", {}))
    heard = b""
    while b'"kernel_info_reply"' not in heard:
        heard = socket_.recv()
        assert b'"execute_reply"' not in heard
    socket_.close()
    assert not proof.exists()
    assert ask(site, f"/api/kernels/{kernel}").status == 200
    end_all(site)


def test_a_kernel_is_known_by_name_only_and_to_its_own_site(site: Server) -> None:
    kernel = open_kernel(site)
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        connect(site, kernel, origin="http://evil.example")
    assert ask(site, "/api/kernels").status == 404
    assert ask(site, f"/api/kernels/{kernel}", "DELETE").status == 405
    assert ask(site, f"/api/kernels/{kernel}/restart", "POST").status == 404
    assert ask(site, f"/api/kernels/{kernel}").status == 200
    end_all(site)


def test_a_kernel_that_dies_is_not_replaced_by_one_that_knows_nothing(site: Server) -> None:
    kernel = open_kernel(site)
    site.kernels()[0].kill()
    wait_until(lambda: ask(site, f"/api/kernels/{kernel}").status == 404, 30, "a dead kernel is still listed")
    assert site.kernels() == []


# --- As many as there are places ----------------------------------------------------------------------


def test_of_ten_at_once_two_get_in_and_eight_are_told(site: Server) -> None:
    most = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            most[0] = max(most[0], len(site.kernels()))
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(10) as visitors:
        answers = list(visitors.map(lambda _: ask(site, PAGE), range(10)))
    done.set()
    watcher.join()
    assert sorted(answer.status for answer in answers) == [200] * 2 + [503] * 8
    assert most[0] == 2
    full = next(answer for answer in answers if answer.status == 503)
    assert int(full.headers["Retry-After"]) > 0
    assert 'href="/offline/"' in full.text
    offline_page = ask(site, "/offline/", Accept_Encoding="gzip")
    assert (offline_page.status, offline_page.headers["Content-Encoding"]) == (200, "gzip")
    assert ask(site, "/offline/data.bin").text == "\0\1"
    assert ask(site, "/offline/../private").status == 404
    end_all(site)
    assert ask(site, PAGE).status == 200
    end_all(site)


def test_who_leaves_before_the_page_is_there_leaves_no_kernel(site: Server) -> None:
    host, port = site.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as impatient:
        impatient.sendall(f"GET {PAGE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        wait_until(lambda: len(site.kernels()) == 1, 60, "no kernel was started")
    wait_until(lambda: site.kernels() == [], 30, "the kernel stayed")


@pytest.mark.browser
def test_going_on_in_a_full_server_takes_the_own_place_along(pages: WatchedPages, site: Server) -> None:
    first, second = (wait_drawn(pages(f"{site.url}{PAGE}")) for _ in range(2))
    third = pages(f"{site.url}{PAGE}")
    assert third.get_by_role("link", name="Read it without a seat").get_attribute("href") == "/offline/"
    third.close()
    for _ in range(2):
        first.reload()
        wait_drawn(first).get_by_text("hello").wait_for()
    assert ask(site, PAGE).status == 503
    for page in (first, second):
        close_tab(page)
    wait_until(lambda: site.kernels() == [], 30, "a kernel outlived its page")


QUICK_CULLING = """
from letkeman_viz.site.options import ServeOptions
from letkeman_viz.site.server import LetkemanVoila
from pathlib import Path
app = LetkemanVoila(ServeOptions(Path({folder!r}), {port}, idle_minutes=1))
assert app.config.ClassKernelManager.cull_idle_timeout == 60
assert app.config.ClassKernelManager.cull_interval == 30
app.config.ClassKernelManager.cull_idle_timeout = 3
app.config.ClassKernelManager.cull_interval = 1
app.initialize(argv=[])
app.start()
"""


def test_a_kernel_without_a_page_ends_and_one_with_a_silent_page_stays(folder: Path, tmp_path: Path) -> None:
    port = free_port()
    log = tmp_path / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-c", QUICK_CULLING.format(folder=str(folder), port=port)],
            stdout=sink,
            stderr=sink,
        )
    server = Server(f"http://localhost:{port}", "", process, log)
    try:
        wait_until(lambda: "is serving" in log.read_text(), 60, "the server did not start")
        looked_at, left = open_kernel(server), open_kernel(server)
        open_page = connect(server, looked_at)
        wait_until(lambda: ask(server, f"/api/kernels/{left}").status == 404, 30, "the kernel stayed")
        time.sleep(4)
        assert ask(server, f"/api/kernels/{looked_at}").status == 200
        open_page.close()
        wait_until(lambda: server.kernels() == [], 30, "the kernel stayed")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def test_preheated_kernels_wait_are_used_and_do_not_count(folder: Path) -> None:
    with running("serve", "--notebooks", str(folder), "--preheat", "1", "--max-sessions", "1") as server:
        wait_until(lambda: len(server.kernels()) == 1, 60, "no kernel was preheated")
        (kernel,) = server.kernels()
        wait_idle([kernel], 60)  # it starts; a page that came sooner would get one of its own
        page = ask(server, PAGE + "?theme=dark")
        name = re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', page.text)[1]
        (used,) = [each.pid for each in server.kernels() if name in " ".join(each.cmdline())]
        assert used == kernel.pid
        wait_until(lambda: len(server.kernels()) == 2, 60, "the pool was not filled again")
        assert ask(server, PAGE).status == 503


# --- The offline version ---------------------------------------------------------------------------------


def make_offline(
    monkeypatch: pytest.MonkeyPatch, cache: Path, code: str
) -> tuple[offline.Offline, list[str]]:
    """What comes of an export that is done by ``code``, which finds the folder in ``sys.argv[1]``."""

    def process(made: Path, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", code, str(made)], stdout=log, stderr=log)

    monkeypatch.setattr(offline, "_export_process", process)
    monkeypatch.setattr(offline, "cache_folder", lambda: cache)
    monkeypatch.setattr(offline, "CHECK_SECONDS", 0.05)
    made, said = offline.Offline(), []
    finished(made.make(said.append))
    return made, said


def test_a_folder_that_somebody_else_has_made_is_not_served(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("no folder can be made here")
    monkeypatch.setattr(offline.platformdirs, "user_cache_dir", lambda _: tmp_path / "cache")
    monkeypatch.setattr(offline.tempfile, "gettempdir", lambda: str(tmp_path))
    own = offline.cache_folder()
    assert own.parent.parent == tmp_path
    assert own.parent.stat().st_mode & 0o777 == 0o700
    own.parent.rename(tmp_path / "elsewhere")
    own.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(offline.ExportFailedError, match="belongs to somebody else"):
        offline.cache_folder()


EXPORT = (
    "import pathlib, sys; p = pathlib.Path(sys.argv[1]); p.mkdir(); (p / 'index.html').write_text('here')"
)


def test_the_offline_version_is_made_once_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made, said = make_offline(monkeypatch, tmp_path, EXPORT)
    assert said == []
    assert made.shelf.path("index.html").read_text() == "here"
    assert [path.name for path in tmp_path.iterdir()] == [offline.fingerprint()]
    again, said = make_offline(monkeypatch, tmp_path, "raise SystemExit('made twice')")
    assert said == []
    assert again.shelf.path("index.html")


def test_a_failed_export_is_told_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made, said = make_offline(monkeypatch, tmp_path, EXPORT + "; raise SystemExit('the disk is full')")
    assert made.shelf is None
    assert said == [
        "letkeman-viz: no offline version is offered, since it could not be made: the disk is full"
    ]
    assert list(tmp_path.iterdir()) == []


# --- Bytes -----------------------------------------------------------------------------------------------


class Relay:
    """Passes a server's connections on, and counts what comes back: all of it, as it is on the wire."""

    def __init__(self, server: Server) -> None:
        self.received = 0
        self._target = int(server.url.rsplit(":", 1)[1])
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self._listening.accept()
                server = socket.create_connection(("localhost", self._target))
                threading.Thread(target=self._pass, args=(browser, server, False), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, browser, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.received += len(data) if counted else 0
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("chapter", "first"),  # the two heaviest, and what is seen first of each
    [("03-doing-it-right", ".lv-one_example[data-drawn]"), ("06-playground", ".lv-playground[data-drawn]")],
)
def test_a_first_visit_takes_two_and_a_half_megabytes_and_a_second_a_fifth(
    browser: Browser, voila: Server, chapter: str, first: str
) -> None:
    relay, received = Relay(voila), []
    context = browser.new_context()
    for _ in range(2):
        before = relay.received
        page = context.new_page()
        page.goto(f"{relay.url}/voila/render/{chapter}.ipynb")
        wait_drawn(page)
        page.wait_for_selector(first, state="attached")
        page.wait_for_timeout(2500)  # what comes with it, and after it
        close_tab(page)
        received.append(relay.received - before)
    context.close()
    relay.close()
    assert received[0] <= 2_500_000
    assert received[1] <= 500_000
