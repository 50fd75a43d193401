"""A class opens one chapter at once: what it costs the server, how long each reader waits, what is left.

    python benchmarks/sessions.py [--sessions 30] [--within 50] [--idle-minutes 1]

Three of the sessions are pages in Chromium; one of them is there first and plays its run until the end. The
others are visitors of ``driver.py``, with real kernels and real websockets. They all open "Doing it wrong",
and in each browser the network must learn its example in 337 updates. What they cost is compared with one
session at a time, measured just before. Each stays until the last has come; then most close their page as one
closes a tab, and some vanish without a word. The exit code is 1 if a criterion is missed.

CPU seconds are those of the server and of all its kernels together. The page that plays has a browser of its
own, and everything else the lowest priority: a reader's computer is not the server. It shares the cores with
all of them even so, and loses some frames to that; what it needs of the server is seen by stopping the server
for a while. Needs Chromium, like the tests, whose harness it borrows.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil
from driver import PATIENCE, Visit, Visitor
from playwright.async_api import Browser, Page, Playwright, async_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import CHROMIUM_ARGUMENTS, Server, find_chromium, running  # noqa: E402

CHAPTER = "voila/render/02-doing-it-wrong.ipynb"
UPDATES = 337
VANISH = 3  # how many visitors leave without a word
SINGLES = 3
STAY = 5.0  # seconds that a single session stays once its run is there
QUIET = 4.0  # seconds of playing before the others come
LEARNED = ".lkv-explorable >> text=/^update 0 of [1-9]/"
NICE = 19

# The least that counts as passed.
MAX_RATIO = 1.3
MIN_ALONE, MIN_BESIDE = 0.95, 0.8  # of the frames per second before the others came

PLAY_AND_WATCH = """() => {
  window.frameTimes = [];
  const tick = (now) => { window.frameTimes.push(now); requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  const play = () => document.querySelector(".lkv-play[aria-label=Play]")?.click();
  play();
  setInterval(play, 250);
}"""
TAKE_FRAMES = "() => window.frameTimes.splice(0)"


class Costs:
    """What a site has used since this was made."""

    def __init__(self, site: Server) -> None:
        self._site = site
        self._before = self._total()

    def _total(self) -> float:
        """CPU seconds of the server, of its kernels, and of those that have ended."""
        server = site_process(self._site)
        total = 0.0
        for process in [server, *server.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:4])
        return total

    def seconds(self) -> float:
        return self._total() - self._before


def private(process: psutil.Process) -> float:
    """Megabytes that would be free if this process ended."""
    return process.memory_full_info().uss / 1e6


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that at least ``percent`` % of all do not exceed."""
    return sorted(values)[max(-(-len(values) * percent // 100), 1) - 1]


def site_process(site: Server) -> psutil.Process:
    """The server itself, without its kernels."""
    return psutil.Process(site.process.pid)


async def kernels_gone(site: Server, within: float, but: int = 0) -> float:
    """Seconds until at most ``but`` kernels are left; infinite if more are left after ``within`` s."""
    start = time.monotonic()
    while len(site.kernels()) > but:
        if time.monotonic() - start > within:
            return math.inf
        await asyncio.sleep(0.25)
    return time.monotonic() - start


async def open_in_chromium(browser: Browser, address: str) -> tuple[Page, Visit]:
    """A page of a visitor who has never been here, drawn, with its run computed."""
    page = await new_page(browser)
    start = time.perf_counter()
    await page.goto(address, wait_until="commit")
    await page.wait_for_selector("body[data-drawn=true]")
    drawn = time.perf_counter() - start
    await page.locator(LEARNED).first.wait_for()
    where = await page.locator(LEARNED).first.inner_text()
    return page, Visit(drawn, time.perf_counter() - start, updates=int(where.split()[-1]))


async def new_page(browser: Browser) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE * 1000)
    return await context.new_page()


async def assets_of(browser: Browser, address: str) -> list[str]:
    """The files that Chromium asks for at a first visit. Warms up the server's caches as well."""
    page = await new_page(browser)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "GET" else None)
    await page.goto(address)
    await page.locator(LEARNED).first.wait_for()
    await page.wait_for_timeout(2000)
    await close_tab(page)
    return [url for url in asked if url.startswith("http") and url != address and "/api/kernels/" not in url]


async def close_tab(page: Page) -> None:
    """Close a page as a reader closes a tab."""
    context = page.context
    async with page.expect_event("close"):
        await page.close(run_before_unload=True)
    await context.close()


async def single(site: Server, assets: Sequence[str]) -> tuple[float, float]:
    """(CPU seconds, the kernel's private megabytes) of one session with the whole server to itself."""
    costs = Costs(site)
    visitor = Visitor(site.address(CHAPTER), assets)
    visit = await visitor.open()
    assert visit.updates in (UPDATES, None), visit
    await visitor.stay(STAY)
    (kernel,) = site.kernels()
    memory = private(kernel)
    await visitor.close()
    if math.isinf(await kernels_gone(site, 60)):
        raise SystemExit("the kernel of a single session outlived its page")
    return costs.seconds(), memory


async def frames(page: Page) -> tuple[float, float]:
    """(frames per second, longest gap in ms) of a playing page since this was last asked."""
    times = await page.evaluate(TAKE_FRAMES)
    gaps = [after - before for before, after in pairwise(times)]
    return 1000 * len(gaps) / sum(gaps), max(gaps)


@dataclass
class Rush:
    """What the class came to."""

    visits: list[Visit]
    errors: list[str]
    """What became of those that failed."""
    seconds: float
    """From the first page asked for to the last."""
    cpu: float
    """Of the whole, from before the first page to after the last kernel."""
    kernels: list[float]
    """Private megabytes of each, when all were open."""
    server: float
    """Private megabytes by which the server had grown then."""
    quiet: tuple[float, float]
    """Frames per second and longest gap in ms of the page that was there first, before the others came."""
    stopped: tuple[float, float]
    """The same while the server was stopped (SIGSTOP)."""
    busy: tuple[float, float]
    """The same while the others came."""
    gone_told: float
    """Seconds until the kernels of the pages that were closed were gone."""
    gone: float
    """Seconds until all were gone."""


async def rush(
    site: Server, own: Browser, browser: Browser, assets: Sequence[str], plan: argparse.Namespace
) -> Rush:
    """All sessions, from the first page asked for to the last kernel gone."""
    address, sessions = site.address(CHAPTER), plan.sessions
    costs, server_before = Costs(site), private(site_process(site))
    player, first = await open_in_chromium(own, address)
    await player.locator(".lkv-speed select").first.select_option("60")
    await player.evaluate(PLAY_AND_WATCH)
    await asyncio.sleep(QUIET)
    quiet = await frames(player)
    site_process(site).suspend()
    await asyncio.sleep(QUIET)
    stopped = await frames(player)
    site_process(site).resume()
    start = time.monotonic()

    pages, visitors, reading, came = [player], [], [], []

    async def come(k: int) -> Visit:
        await asyncio.sleep(k * (plan.within - (time.monotonic() - start)) / (sessions - 1))
        came.append(time.monotonic() - start)
        if k in (sessions // 3, 2 * sessions // 3):
            page, visit = await open_in_chromium(browser, address)
            pages.append(page)
            return visit
        visitor = Visitor(address, assets)
        visit = await visitor.open()
        visitors.append(visitor)
        reading.append(asyncio.create_task(visitor.stay(math.inf)))
        return visit

    arrived = await asyncio.gather(*map(come, range(1, sessions)), return_exceptions=True)
    busy = await frames(player)
    kernels = [private(kernel) for kernel in site.kernels()]
    server = private(site_process(site)) - server_before
    for task in reading:
        task.cancel()
    stayed = await asyncio.gather(*reading, return_exceptions=True)
    for k, visitor in enumerate(visitors):
        await visitor.close(beacon=k >= VANISH)
    for page in pages:
        await close_tab(page)
    told = await kernels_gone(site, patience(plan), but=VANISH)
    gone = told + await kernels_gone(site, patience(plan) - told)
    visits = [first, *(visit for visit in arrived if isinstance(visit, Visit))]
    errors = [repr(end) for end in (*arrived, *stayed) if isinstance(end, Exception)]
    return Rush(visits, errors, max(came), costs.seconds(), kernels, server, quiet, stopped, busy, told, gone)


def patience(plan: argparse.Namespace) -> float:
    """Seconds in which every kernel must be gone: the idle time and as much again, until the next look."""
    return 2 * 60.0 * plan.idle_minutes


def report(one: list[tuple[float, float]], many: Rush, plan: argparse.Namespace) -> list[str]:
    """Print what was measured; the criteria that were missed, in words."""
    sessions = plan.sessions
    single_cpu = statistics.median(cpu for cpu, _ in one)
    ratio = many.cpu / sessions / single_cpu
    drawn, ran = ([getattr(visit, name) for visit in many.visits] for name in ("drawn", "ran"))
    received = statistics.median(visit.received for visit in many.visits if visit.received) / 1e6
    print(f"{SINGLES} sessions one after another: {', '.join(f'{cpu:.2f}' for cpu, _ in one)} CPU seconds")
    print(
        f"{sessions} sessions, opened within {many.seconds:.0f} s: {many.cpu / sessions:.2f} CPU seconds each"
    )
    print(f"  {ratio:.2f} times a single one's; at most {MAX_RATIO} is wanted")
    print(
        f"  page drawn after {statistics.median(drawn):.1f} s (median), {percentile(drawn, 95):.1f} s (p95)"
    )
    print(f"  run computed after {statistics.median(ran):.1f} s (median), {percentile(ran, 95):.1f} s (p95)")
    print(f"  {received:.2f} MB to each first visitor")
    print(f"  private memory of a kernel: {statistics.median(many.kernels):.0f} MB (median),", end=" ")
    print(f"{max(many.kernels):.0f} MB (most); alone {statistics.median(mb for _, mb in one):.0f} MB")
    print(f"  memory of a session, with its part of the server: {memory(many) / sessions:.0f} MB")
    played = {"alone": many.quiet, "without the server": many.stopped, "while the others came": many.busy}
    for what, (rate, gap) in played.items():
        print(f"  the playing page {what}: {rate:.0f} frames/s, longest gap {gap:.0f} ms")
    print(f"  kernels of closed pages gone after {many.gone_told:.1f} s,", end=" ")
    print(f"those of {VANISH} that vanished after {many.gone:.0f} s, with --idle-minutes {plan.idle_minutes}")
    for error in many.errors:
        print(f"  FAILED: {error}")
    criteria = {
        "no session fails": not many.errors,
        f"every browser learns the example in {UPDATES} updates": (
            {visit.updates for visit in many.visits} <= {UPDATES, None}
        ),
        "all are opened within a minute": many.seconds <= 60,
        "a kernel for each": len(many.kernels) == sessions,
        f"at most {MAX_RATIO} times the CPU seconds of a single session": ratio <= MAX_RATIO,
        f"playback keeps {MIN_ALONE:.0%} of its frames without the server": (
            many.stopped[0] >= MIN_ALONE * many.quiet[0]
        ),
        f"and {MIN_BESIDE:.0%} beside all others": many.busy[0] >= MIN_BESIDE * many.quiet[0],
        f"no kernel left {patience(plan):.0f} s after the pages closed": not math.isinf(many.gone),
    }
    return [what for what, holds in criteria.items() if not holds]


def memory(many: Rush) -> float:
    """Private megabytes of all sessions together."""
    return sum(many.kernels) + many.server


async def measure(plan: argparse.Namespace) -> list[str]:
    """Start the site, measure, report; the criteria that were missed."""
    async with async_playwright() as playwright:
        own = await launch(playwright)
        os.nice(NICE)  # everything that is started from now on
        browser = await launch(playwright)
        with running("serve", "--idle-minutes", str(plan.idle_minutes)) as site:
            assets = await assets_of(browser, site.address(CHAPTER))
            await kernels_gone(site, 60)
            one = [await single(site, assets) for _ in range(SINGLES)]
            many = await rush(site, own, browser, assets, plan)
        await own.close()
        await browser.close()
    return report(one, many, plan)


async def launch(playwright: Playwright) -> Browser:
    return await playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--within", type=float, default=50.0, help="seconds in which all pages are opened")
    parser.add_argument("--idle-minutes", type=int, default=1, help="more, if the machine is busy otherwise")
    missed = asyncio.run(measure(parser.parse_args()))
    for criterion in missed:
        print(f"MISSED: {criterion}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
