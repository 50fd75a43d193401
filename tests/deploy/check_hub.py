"""deploy/jupyterhub_config.py in a real JupyterHub behind its proxy, with five users: ``make test-deploy``.

Not part of ``make test``: it needs jupyterhub and, from npm, configurable-http-proxy, which $HUB_PROXY names
if it is not on the path.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from browser import WatchedPages, free_port, launch_chromium, stop_tree, wait_drawn, wait_until  # noqa: E402
from driver import Visitor, new_client  # noqa: E402

from letkeman_viz.site.access import CONTENT_SECURITY_POLICY  # noqa: E402

CHAPTER = "voila/render/02-doing-it-wrong.ipynb"
USERS = ["ada", "blaise", "carl", "dorothy", "emmy"]
TOKEN = "for-the-test-only"

Result = TypeVar("Result")

# An open page is heard of every 30 seconds, when server and browser make sure of each other.
IDLE_SECONDS = 45

SETTINGS = """
load_subconfig({config!r})
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.JupyterHub.active_server_limit = {users}
c.JupyterHub.services += [{{"name": "test", "api_token": {token!r}}}]
role = {{"name": "test", "services": ["test"], "scopes": ["list:users", "read:servers"]}}
c.JupyterHub.load_roles += [role]
"""


@dataclass
class Hub:
    """A running JupyterHub and the browsers of those who have logged in."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    pages: WatchedPages
    seats: dict[str, Page] = field(default_factory=dict)
    cookies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def server(self, user: str, path: str = "") -> str:
        return f"{self.url}/user/{user}/{path}"

    def servers(self) -> set[str]:
        """The users whose server runs, as the hub says."""
        answer = httpx.get(f"{self.url}/hub/api/users", headers={"Authorization": f"token {TOKEN}"})
        answer.raise_for_status()
        return {user["name"] for user in answer.json() if user["servers"]}

    def processes(self) -> list[psutil.Process]:
        """The servers of all users."""
        alive = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "letkeman_viz.site.hub" in child.cmdline():
                    alive.append(child)
        return alive

    def log_in(self, user: str, path: str) -> Page:
        """Log in as a student does who follows a link that the whole class has got."""
        page = self.pages(f"{self.url}/hub/user-redirect/{path}")
        page.get_by_label("Username").fill(user)
        page.get_by_label("Password").fill("any")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(self.server(user, path))
        self.seats[user], self.cookies[user] = page, page.context.cookies()
        return page

    def client(self, user: str) -> httpx.AsyncClient:
        """A client with the cookies of a user's browser."""
        client = new_client()
        for cookie in self.cookies[user]:
            client.cookies.set(cookie["name"], cookie["value"], cookie["domain"], cookie["path"])
        return client


def assert_clean(hub: Hub, page: Page) -> None:
    """As for every page of ours; of the hub's own, the one with the progress bar drops its last request."""
    watch = hub.pages.watch(page)
    assert watch.foreign_requests == watch.page_errors == watch.console_errors == []
    assert [failed for failed in watch.failed_requests if "/hub/api/" not in failed] == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch_chromium(playwright)
        yield chromium
        chromium.close()


@contextlib.contextmanager
def running_hub(browser: Browser, folder: Path, idle_seconds: int) -> Iterator[Hub]:
    """The hub as deploy/ has it, on ports of its own and for as many users as there are."""
    proxy = os.environ.get("HUB_PROXY") or shutil.which("configurable-http-proxy")
    assert proxy, (
        "no proxy: npm install --prefix .venv/node configurable-http-proxy; HUB_PROXY says where it is"
    )
    url = f"http://127.0.0.1:{free_port()}"
    config = str(ROOT / "deploy" / "jupyterhub_config.py")
    settings = {"hub_port": free_port(), "proxy_port": free_port(), "users": len(USERS), "token": TOKEN}
    (folder / "config.py").write_text(SETTINGS.format(config=config, **settings))
    own = {
        "HUB_URL": url,
        "HUB_PROXY": proxy,
        "HUB_HOMES": "homes",
        "HUB_IDLE_MINUTES": str(idle_seconds / 60),
    }
    command = [str(Path(sys.executable).with_name("jupyterhub")), "--config", str(folder / "config.py")]
    log = folder / "hub.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **own}, stdout=sink, stderr=subprocess.STDOUT
        )
    pages = WatchedPages(browser)
    try:
        wait_until(
            lambda: "JupyterHub is now running" in log.read_text(), 90, f"the hub did not start: {log}"
        )
        yield Hub(url, process, log, pages)
    finally:
        pages.close()
        stop_tree(process)


@pytest.fixture(scope="module")
def hub(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The hub with five users: ada has opened the chapter in Chromium, the others the landing page."""
    with running_hub(browser, tmp_path_factory.mktemp("hub"), idle_seconds=3600) as hub:
        hub.log_in(USERS[0], CHAPTER)
        for user in USERS[1:]:
            hub.log_in(user, "")
        yield hub


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """What ``work`` comes to. In a thread: Playwright has an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def test_a_link_for_the_class_leads_to_a_chapter_of_ones_own(hub: Hub) -> None:
    page = wait_drawn(hub.seats["ada"])
    assert page.url == hub.server("ada", CHAPTER)
    expect(page.locator(".lkv-where").first).to_have_text("update 0 of 337")
    page.locator(".lkv-explorable").first.get_by_role("button", name="One step forward").click()
    expect(page.locator(".lkv-where").first).to_have_text("update 1 of 337")
    assert_clean(hub, page)


def test_the_landing_page_leads_to_the_chapters_of_the_same_user(hub: Hub) -> None:
    page = hub.seats["emmy"]
    expect(page.get_by_role("heading", level=1)).to_have_text("What do the first weights do?")
    for link in page.locator("main a[href*='voila/render']").all():
        assert link.get_attribute("href").startswith("/user/emmy/voila/render/")
    assert_clean(hub, page)


def test_five_users_work_at_the_same_time(hub: Hub) -> None:
    async def visit(user: str) -> tuple[int, str]:
        visitor = Visitor(hub.server(user, CHAPTER), client=hub.client(user))
        visit = await visitor.open()
        kernel = visitor.kernel
        await visitor.close()
        return visit.updates, kernel

    async def everybody() -> list[tuple[int, str]]:
        return await asyncio.gather(*map(visit, USERS))

    came = run(everybody())
    assert [updates for updates, _ in came] == [337] * len(USERS)
    assert len({kernel for _, kernel in came}) == len(USERS)
    assert hub.servers() == set(USERS)
    assert len(hub.processes()) == len(USERS)


def test_nobody_reaches_the_server_of_another(hub: Hub) -> None:
    kernel = hub.seats["ada"].evaluate("document.body.dataset.kernelId")

    async def status(client: httpx.AsyncClient, path: str) -> int:
        async with client:
            return (await client.get(hub.server("ada", path))).status_code

    async def socket(user: str) -> int:
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in hub.client(user).cookies.jar)
        address = hub.server("ada", f"api/kernels/{kernel}/channels").replace("http", "ws", 1)
        try:
            await websocket_connect(HTTPRequest(address, headers={"Cookie": cookies}))
        except HTTPClientError as refused:
            return refused.code
        return 101

    for path in ("", CHAPTER, f"api/kernels/{kernel}"):
        assert run(status(hub.client("ada"), path)) == 200, path
        assert run(status(hub.client("blaise"), path)) == 403, path
    assert run(socket("ada")) == 101
    assert run(socket("blaise")) == 403


def test_without_logging_in_there_is_only_the_login(hub: Hub) -> None:
    """Not even at the port where a user's server listens, to whoever has an account on the machine."""
    ports = [c.laddr.port for p in hub.processes() for c in p.net_connections("tcp") if c.status == "LISTEN"]
    assert len(ports) >= len(USERS)
    answer = httpx.get(hub.server("ada", CHAPTER), follow_redirects=True)
    assert "/hub/login" in str(answer.url)
    for port in ports:
        for user in USERS:
            for path in (CHAPTER, "oauth_callback"):
                answer = httpx.get(f"http://127.0.0.1:{port}/user/{user}/{path}")
                assert answer.status_code in (302, 400, 403, 404)
                assert "kernelId" not in answer.text
                assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY, path


def test_a_user_has_six_pages_and_no_more(hub: Hub) -> None:
    async def seven() -> list[int]:
        client = hub.client("carl")
        visitors = [Visitor(hub.server("carl", CHAPTER), client=client) for _ in range(6)]
        for visitor in visitors:
            await visitor.open()
        answer = await client.get(hub.server("carl", CHAPTER))
        for visitor in visitors:
            await client.post(hub.server("carl", f"voila/api/shutdown/{visitor.kernel}"))
        await client.aclose()
        return [answer.status_code, *(visitor.visit.updates for visitor in visitors)]

    assert run(seven()) == [503] + [337] * 6


def test_the_limits_reach_the_servers(hub: Hub) -> None:
    processes = hub.processes()
    assert len(processes) == len(USERS)
    for process in processes:
        environment = process.environ()
        assert environment["MEM_LIMIT"] == str(1024**3)
        assert environment["CPU_LIMIT"] == "1.0"


def test_one_user_too_many_is_told_so(hub: Hub) -> None:
    page = hub.pages(f"{hub.url}/hub/login")
    page.get_by_label("Username").fill("frederic")
    page.get_by_label("Password").fill("any")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("body")).to_contain_text("Active user limit exceeded")
    assert hub.servers() == set(USERS)


def test_a_server_whose_user_has_gone_ends_and_one_in_use_does_not(browser: Browser, tmp_path: Path) -> None:
    with running_hub(browser, tmp_path, IDLE_SECONDS) as hub:
        page = wait_drawn(hub.log_in("ada", CHAPTER))
        hub.log_in("blaise", "").close()
        assert len(hub.processes()) == 2
        wait_until(lambda: hub.servers() == {"ada"}, 4 * IDLE_SECONDS, "the idle server was not culled")
        wait_until(lambda: len(hub.processes()) == 1, 30, "a culled server's process goes on")
        page.get_by_role("button", name="All zeros").first.click()
        expect(page.locator(".lkv-where").first).to_have_text("update 0 of 1")
