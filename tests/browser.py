"""What the browser tests stand on: finding Chromium, running our servers, watching what a page does.

Nothing here skips: where there is no browser, the tests that need one fail and say how to get one.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from nbformat import v4, write
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Playwright, Request, expect

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Driven by Playwright, V8 looks up the place of every error that is thrown, and plotly.js throws many.
    "--js-flags=--no-enable-lazy-source-positions",
)

# Two slow cores: seconds are free here, hanging is not.
START_SECONDS = 90
DRAWN_SECONDS = 120

LATE = """
import sys, time
sys.stdout.flush_timeout = sys.stderr.flush_timeout = 0  # the reply does not wait for what is published
sys.stdout.pub_thread.schedule(lambda: time.sleep(6))  # which is late
"late, but here"
"""
"""A cell whose output comes six seconds after its kernel has said that it has run."""

LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]", ""}


def find_chromium() -> str:
    """The Chromium to drive: ``$CHROMIUM``, or the first known name on the path; without one a test fails."""
    named = os.environ.get("CHROMIUM")
    names = (named,) if named else CHROMIUM_NAMES
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        pytest.fail(
            f"no browser: none of {', '.join(names)} is installed; `make test` installs one, and so does"
            " `apt-get install chromium`; or set CHROMIUM to the path of a Chromium",
            pytrace=False,
        )
    return found


def launch_chromium(playwright: Playwright) -> Browser:
    """A headless Chromium of the system; Playwright downloads nothing."""
    return playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS))


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_notebook(path: Path, *cells: object) -> None:
    """Store a notebook with these cells that asks for the kernel ``python3``."""
    kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    write(v4.new_notebook(cells=list(cells), metadata={"kernelspec": kernelspec}), path)


@dataclass
class Server:
    """A running ``letkeman-viz serve`` or ``letkeman-viz lab``.

    ``url`` is its address without a slash at the end, ``start`` the address it printed for the user.
    """

    url: str
    start: str
    process: subprocess.Popen[bytes]
    log: Path
    token: str = ""

    def address(self, path: str) -> str:
        """The full address of ``path``, with the token where the server has one."""
        return f"{self.url}/{path.lstrip('/')}" + (f"?token={self.token}" if self.token else "")

    def kernels(self) -> list[psutil.Process]:
        """The kernels this server runs now."""
        alive = []
        for child in _descendants(self.process.pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "ipykernel_launcher" in " ".join(child.cmdline()):
                    alive.append(child)
        return alive


@contextlib.contextmanager
def running(
    command: str, *options: str, port: int = 0, environment: dict[str, str] | None = None
) -> Iterator[Server]:
    """Run ``letkeman-viz command`` on a free port; afterwards every process it started is gone.

    ``environment`` takes the place of this process's own, settings and folders included.
    """
    port = port or free_port()
    scratch = Path(tempfile.mkdtemp(prefix="letkeman-viz-"))
    log = scratch / "server.log"
    # The settings, open tabs and signatures of whoever runs the tests are neither used nor changed.
    own = {"JUPYTER_CONFIG_DIR": str(scratch / "config"), "JUPYTER_DATA_DIR": str(scratch / "data")}
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [console_script(), command, "--port", str(port), "--no-browser", *options],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **own} if environment is None else environment,
            # Where the tests run in a shell's background, they ignore Ctrl-C, and so would what they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    try:
        address = _wait_for_address(process, log)
        token = re.search(r"token=(\w+)", address)
        yield Server(f"http://localhost:{port}", address, process, log, token.group(1) if token else "")
    finally:
        stop_tree(process)
        shutil.rmtree(scratch, ignore_errors=True)


def console_script() -> str:
    """The installed command ``letkeman-viz`` that belongs to this interpreter."""
    script = Path(sys.executable).with_name("letkeman-viz")
    if not script.exists():
        pytest.fail(
            f"{script} does not exist; install the package first: pip install -e '.[test]'", pytrace=False
        )
    return str(script)


def _wait_for_address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = re.search(r"is serving .*?(http://\S+)", log.read_text())
        if found:
            return found.group(1)
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"the server did not start (exit code {process.poll()}):\n{log.read_text()}", pytrace=False)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def stop_tree(process: subprocess.Popen[bytes]) -> None:
    """End a process politely, then whatever it left."""
    children = _descendants(process.pid)
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=20)
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(children, timeout=20)


@dataclass
class Watch:
    """Everything a page did that a good page does not do."""

    page: Page
    console_errors: list[str] = field(default_factory=list)
    page_errors: list[str] = field(default_factory=list)
    failed_requests: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        self.page.on("requestfailed", self._on_request_failed)
        self.page.on("request", self._on_request)
        self.page.on("websocket", lambda socket: self._note_host(socket.url))

    def _on_console(self, message: object) -> None:
        if message.type == "error":
            self.console_errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _on_request_failed(self, request: Request) -> None:
        # The beacon sent while leaving a page outlives it; Playwright counts that as a failure. JupyterLab
        # 4.2 gives up a save of where its windows are when the next one comes.
        given_up = "/lab/api/workspaces/" in request.url and request.failure == "net::ERR_ABORTED"
        if request.resource_type != "ping" and not given_up:
            self.failed_requests.append(f"{request.url}: {request.failure}")

    def _on_request(self, request: Request) -> None:
        self._note_host(request.url)

    def _note_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in LOCAL_HOSTS:
            self.foreign_requests.append(url)


class WatchedPages:
    """Makes pages that are watched from their first request on."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._contexts: list[BrowserContext] = []
        self._watches: dict[Page, Watch] = {}

    def __call__(self, url: str | None = None, **context_options: object) -> Page:
        """A new page in a context of its own, already at ``url`` if given.

        ``context_options`` go to ``Browser.new_context``: ``viewport={"width": 390, "height": 844}``,
        ``color_scheme="dark"``, ``reduced_motion="reduce"`` and so on.
        """
        context = self.browser.new_context(**context_options)
        context.set_default_timeout(DRAWN_SECONDS * 1000)
        page = context.new_page()
        self._contexts.append(context)
        self._watches[page] = Watch(page)
        if url is not None:
            page.goto(url)
        return page

    def watch(self, page: Page) -> Watch:
        """What was seen on ``page`` so far."""
        return self._watches[page]

    def assert_clean(self, page: Page) -> None:
        """No error in the console, no exception, no failed request, no request that leaves this machine."""
        watch = self._watches[page]
        assert watch.foreign_requests == []
        assert watch.page_errors == []
        assert watch.console_errors == []
        assert watch.failed_requests == []

    def close(self) -> None:
        """Leave every page as a reader does, so that its kernel is shut down, and close it."""
        for page in self._watches:
            if not page.is_closed():
                close_tab(page)
        for context in self._contexts:
            context.close()


def close_tab(page: Page) -> None:
    """Close a page the way a reader closes a tab: its ``beforeunload`` listeners run."""
    with page.expect_event("close", timeout=20_000):
        page.close(run_before_unload=True)


def cut_formulas(page: Page) -> list[str]:
    """Formulas on lines of their own that are wider than the page: cut off, a formula says something else."""
    formulas = page.locator("mjx-container[display=true], .lk-formula")
    return formulas.evaluate_all(
        "all => all.filter((f) => f.scrollWidth > f.clientWidth).map((f) => f.textContent)"
    )


def wait_drawn(page: Page) -> Page:
    """Wait until a chapter in our Voila template has drawn all its outputs."""
    page.wait_for_selector("body[data-drawn=true]", timeout=DRAWN_SECONDS * 1000)
    return page


def open_chapter(pages: WatchedPages, address: str, charts: int, **context: object) -> Page:
    """The chapter at ``address`` in a page of its own, all its outputs and ``charts`` charts drawn."""
    page = wait_drawn(pages(address, **context))
    look_through(page, charts)
    return page


@contextlib.contextmanager
def telephone(page: Page) -> Iterator[None]:
    """The page as on a narrow screen; afterwards as it was, and light."""
    before = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    try:
        yield
    finally:
        page.set_viewport_size(before)
        page.emulate_media(color_scheme="light")


def look_through(page: Page, charts: int) -> None:
    """Scroll to everything, as who reads to the end would: what nobody comes near is not computed."""
    page.wait_for_function("(n) => document.querySelectorAll('.lkv-chart').length === n", arg=charts)
    page.evaluate(
        """async () => {
          for (const view of document.querySelectorAll(".lkv-chart, .lkv-table, .lkv-diagram, .lkv-race")) {
            view.scrollIntoView({ block: "center", behavior: "instant" });
            await new Promise((done) => setTimeout(done, 60));
          }
          document.querySelector(".lkv-explorable").scrollIntoView({ block: "center", behavior: "instant" });
        }"""
    )
    expect(page.locator(".lkv-chart[data-drawn=yes]")).to_have_count(charts, timeout=DRAWN_SECONDS * 1000)
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")


def wait_until(condition: object, seconds: float, what: str) -> None:
    """Poll ``condition()`` until it holds; fail with ``what`` when it does not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    pytest.fail(f"{what} (waited {seconds:.0f} s)")


def wait_idle(processes: list[psutil.Process], seconds: float) -> None:
    """Wait until each process uses less than 5 % of a core for two seconds."""

    def used(process: psutil.Process) -> float:
        times = process.cpu_times()
        return times.user + times.system

    deadline = time.monotonic() + seconds
    busy = processes
    while busy and time.monotonic() < deadline:
        before = [used(process) for process in busy]
        time.sleep(2)
        busy = [process for process, then in zip(busy, before, strict=True) if used(process) - then >= 0.1]
    if busy:
        pytest.fail(f"still at work after {seconds:.0f} s: {busy}")


class Traffic:
    """Counts a page's bytes through Chromium's own protocol. Make it before the page goes anywhere.

    ``http`` counts bodies after decompression, ``wire`` what was sent, headers included. What a page makes
    for itself (``blob:`` and ``data:`` addresses) is in neither.
    """

    def __init__(self, page: Page) -> None:
        self.http = 0
        self.wire = 0
        self.websocket_received = 0
        self.websocket_sent = 0
        self._fetched: set[str] = set()
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.send("Network.enable")
        self.session.on("Network.requestWillBeSent", self._on_request)
        self.session.on("Network.dataReceived", self._on_data)
        self.session.on("Network.loadingFinished", self._on_finished)
        self.session.on("Network.webSocketFrameReceived", self._on_frame_received)
        self.session.on("Network.webSocketFrameSent", self._on_frame_sent)

    def _on_request(self, event: dict) -> None:
        if event["request"]["url"].startswith("http"):
            self._fetched.add(event["requestId"])

    def _on_data(self, event: dict) -> None:
        if event["requestId"] in self._fetched:
            self.http += event["dataLength"]

    def _on_finished(self, event: dict) -> None:
        if event["requestId"] in self._fetched:
            self.wire += int(event["encodedDataLength"])

    def _on_frame_received(self, event: dict) -> None:
        self.websocket_received += _payload_bytes(event["response"])

    def _on_frame_sent(self, event: dict) -> None:
        self.websocket_sent += _payload_bytes(event["response"])


def _payload_bytes(frame: dict) -> int:
    """Bytes of a websocket frame; the protocol gives binary frames (opcode 2) in base64."""
    payload = frame["payloadData"]
    if frame["opcode"] == 2:
        return len(payload) * 3 // 4 - payload[-2:].count("=")
    return len(payload.encode())


def throttle_cpu(page: Page, rate: float) -> None:
    """Make the page's scripts run ``rate`` times slower (1 undoes it)."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})
