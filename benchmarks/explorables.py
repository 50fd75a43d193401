"""Whether the explorables reach their aims: how soon they are there, how smoothly they move, what they cost.

    python benchmarks/explorables.py [--visits N] [--notebooks FOLDER] [part ...]

Parts: opening, dragging, race, memory (default: all). Times are ratios to a stock Voila page with one Label,
opened in turn with ours in the same run, each visit in a fresh browser profile. Exits with 1 if an aim is
missed. Needs Chromium, like the tests, whose harness it borrows; no GPU. FOLDER has the chapters if they are
not those of this installation.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import (  # noqa: E402
    Traffic,
    close_tab,
    free_port,
    launch_chromium,
    running,
    stop_tree,
    wait_drawn,
    wait_until,
)

from letkeman_viz.site.chapters import packaged_folder  # noqa: E402
from letkeman_viz.site.export import export  # noqa: E402

CHAPTERS = {"one": "02-doing-it-wrong", "race": "03-doing-it-right", "playground": "06-playground"}
LABEL = "document.querySelector('.widget-label')?.textContent === 'hello'"
NETWORK = "document.querySelector('.lv-one_example[data-drawn=yes]') !== null"
# What nobody comes near is drawn once the page says that it wants everything.
ALL = """(dispatchEvent(new Event('lkv:want')), document.body.dataset.drawn === 'true'
  && [...document.querySelectorAll('.lkv-explorable')].every((one) => one.dataset.drawn === 'yes'))"""

DRAG = """
(slider, seconds) => new Promise((done) => {
  const root = slider.closest(".lkv-explorable");
  const start = performance.now();
  let [frames, seen, last] = [0, 0, root.dataset.runs];
  (function look() {
    frames++;
    if (root.dataset.runs !== last) [seen, last] = [seen + 1, root.dataset.runs];
    if (performance.now() - start > 1000 * seconds) return done([seen / seconds, frames / seconds]);
    // A hand that moves to and fro without pause.
    slider.value = String(Math.round(slider.max * (0.55 + 0.2 * Math.sin(frames / 20))));
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    requestAnimationFrame(look);
  })();
})
"""
FRAMES = """async (seconds) => {
  const start = performance.now();
  let frames = 0;
  while (performance.now() - start < 1000 * seconds) { await new Promise(requestAnimationFrame); frames++; }
  return (1000 * frames) / (performance.now() - start);
}"""

missed: list[str] = []


def report(what: str, value: float, aim: float, unit: str = "", least: bool = False) -> None:
    """Print a measurement beside its aim, an upper bound unless ``least``."""
    good = value >= aim if least else value <= aim
    bound = "least" if least else "most"
    print(f"{'  ' if good else '! '}{what}: {value:.3g}{unit} (at {bound} {aim:g}{unit})")
    if not good:
        missed.append(what)


# --- Servers ------------------------------------------------------------------------------------------


@contextmanager
def stock_voila(folder: Path) -> Iterator[str]:
    """Voila without anything of ours, on a notebook with one Label; its address."""
    cell = nbformat.v4.new_code_cell("import ipywidgets\nipywidgets.Label('hello')")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "label.ipynb")
    port = free_port()
    command = [sys.executable, "-m", "voila", str(folder), f"--port={port}", "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port), 60, "Voila did not start")
        yield f"http://localhost:{port}/voila/render/label.ipynb"
    finally:
        stop_tree(process)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Python's file server without its log."""

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def files(folder: Path) -> Iterator[str]:
    """A plain server of files, as any computer has one; its address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


# --- Opening ------------------------------------------------------------------------------------------


def visit(
    browser: Browser, address: str, moments: list[str], again: bool = False
) -> tuple[list[float], Traffic]:
    """Seconds from navigation until each condition holds, and the bytes; ``again``: of a second visit."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    if again:
        before = context.new_page()
        before.goto(address)
        before.wait_for_function(moments[-1], timeout=90_000)
        close_tab(before)
    page = context.new_page()
    traffic = Traffic(page)
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    seconds = []
    for moment in moments:
        page.wait_for_function(moment, timeout=90_000, polling="raf")
        seconds.append(time.perf_counter() - start)
    page.wait_for_timeout(1000)
    close_tab(page)
    context.close()
    return seconds, traffic


def measure_opening(browser: Browser, site: Path, notebooks: Path, visits: int) -> None:
    """Chapter 2 as plain files and in Voila, beside a stock Voila page with a Label, in turn."""
    name = CHAPTERS["one"]
    label, static, served = [], [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        stock_voila(Path(folder)) as stock,
        files(site) as plain,
        running("serve", "--notebooks", str(notebooks)) as server,
    ):
        for _ in range(visits + 1):
            label.append(visit(browser, stock, [LABEL])[0])
            seconds, first = visit(browser, f"{plain}/{name}.html", [NETWORK, ALL])
            static.append(seconds)
            seconds, traffic = visit(browser, f"{server.url}/voila/render/{name}.ipynb", [NETWORK])
            served.append(seconds)
        _, second = visit(browser, f"{plain}/{name}.html", [NETWORK, ALL], again=True)
    # The first visit of each warms caches.
    (base,), (network, charts), (voila,) = ([statistics.median(c) for c in zip(*t[1:], strict=True)]
                                            for t in (label, static, served))  # fmt: skip
    print(f"a stock Voila page with one Label takes {base:.2f} s; the static chapter {network:.2f} s")
    report("static, first network / Label page", network / base, 0.25)
    report("static, all explorables with their charts / Label page", charts / base, 0.6)
    report("static, first visit over the wire", first.wire / 1e6, 2.3, " MB")
    report("static, second visit over the wire", second.wire / 1e6, 0.1, " MB")
    report("Voila, first network / Label page", voila / base, 1.1)
    socket_bytes = traffic.websocket_received + traffic.websocket_sent
    report("Voila, websocket", socket_bytes / 1e6, 0.5, " MB")


# --- Moving -------------------------------------------------------------------------------------------


@contextmanager
def opened(browser: Browser, site: Path, name: str, height: int) -> Iterator[Page]:
    """A chapter from the disk with everything drawn."""
    page = browser.new_page(viewport={"width": 1280, "height": height})
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_function(ALL, timeout=90_000)
    yield page
    page.close()


def measure_dragging(browser: Browser, site: Path) -> None:
    """The playground's learning rate, four schemes of 1,000 epochs."""
    with opened(browser, site, CHAPTERS["playground"], 800) as page:
        slider = page.locator(".lv-playground").get_by_role("slider", name="Learning rate").first
        slider.scroll_into_view_if_needed()
        page.wait_for_timeout(2000)
        runs, frames = slider.evaluate(DRAG, 8.0)
    report("dragging the learning rate, recomputations on the screen", runs, 20, " per s", least=True)
    report("dragging the learning rate, frames", frames, 40, " per s", least=True)


def measure_race(browser: Browser, site: Path) -> None:
    """Seven networks and all charts, at 100 epochs a second: each frame is another one."""
    with opened(browser, site, CHAPTERS["race"], 1000) as page:
        race = page.locator(".lv-race")
        race.evaluate("race => race.scrollIntoView()")
        race.get_by_label("speed").select_option(label="100 per s")
        page.wait_for_timeout(5000)  # whatever is still being computed below it
        still, moving = [], []
        for _ in range(3):
            race.get_by_role("button", name="Back to the start").click()
            page.wait_for_timeout(300)
            still.append(page.evaluate(FRAMES, 3.0))
            race.get_by_role("button", name="Play", exact=True).click()
            moving.append(page.evaluate(FRAMES, 6.0))
    print(f"the page of the race at rest: {statistics.median(still):.1f} frames per s")
    report("race of seven with all charts, frames", statistics.median(moving), 57, " per s", least=True)


# --- Memory -------------------------------------------------------------------------------------------


def measure_memory(browser: Browser, notebooks: Path) -> None:
    """Private memory (USS) of the kernels of pages that have been looked at and played."""
    with running("serve", "--notebooks", str(notebooks)) as site:
        for name in CHAPTERS.values():
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            page = context.new_page()
            page.goto(f"{site.url}/voila/render/{name}.ipynb")
            wait_drawn(page)
            for one in page.locator(".lkv-explorable").all():
                one.scroll_into_view_if_needed()
                page.wait_for_timeout(500)
            for button in page.locator(".lkv-play:visible").all():
                button.click()
            page.wait_for_timeout(2000)
            (kernel,) = site.kernels()
            wait_until(functools.partial(_is_idle, kernel), 120, "the kernel was never idle")
            report(f"private memory of the kernel of {name}", kernel.memory_full_info().uss / 1e6, 70, " MB")
            close_tab(page)
            wait_until(lambda: not site.kernels(), 60, "the kernel outlived its page")
            context.close()


def _is_idle(kernel: psutil.Process) -> bool:
    before = sum(kernel.cpu_times()[:2])
    time.sleep(1.0)
    return sum(kernel.cpu_times()[:2]) - before < 0.05


def main() -> int:
    parts = ("opening", "dragging", "race", "memory")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(parts))
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--notebooks", type=Path, default=packaged_folder())
    options = parser.parse_args()
    chosen = options.parts or parts
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch_chromium(playwright)
        site = export(Path(folder) / "site", list(CHAPTERS.values()), folder=options.notebooks)
        if "opening" in chosen:
            measure_opening(browser, site, options.notebooks, options.visits)
        if "dragging" in chosen:
            measure_dragging(browser, site)
        if "race" in chosen:
            measure_race(browser, site)
        if "memory" in chosen:
            measure_memory(browser, options.notebooks)
        browser.close()
    if missed:
        print(f"missed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
