"""How soon a chapter is there and how smoothly it plays, against a stock Voila page with one Label.

    python benchmarks/page.py [visits]

Both sites run in turn, visit by visit, in one run; every visit is a fresh browser profile. Printed are
ratios of medians, and exact bytes. Needs Chromium, like the tests, whose harness it borrows.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import Traffic, close_tab, free_port, launch_chromium, stop_tree  # noqa: E402

CHAPTER = "02-doing-it-wrong.ipynb"
CHARTS = 5
NETWORK = "document.querySelector('.lkv-diagram line[stroke-width]') !== null"
# Those further down are drawn once a reader comes near, or the page says that it wants everything.
DRAWN = "document.querySelectorAll('.lkv-chart[data-drawn]').length"
ALL_CHARTS = f"dispatchEvent(new Event('lkv:want')), {DRAWN} >= {CHARTS}"
LABEL = "document.querySelector('.widget-label')?.textContent === 'hello'"

OURS = """
from letkeman_viz.site.chapters import packaged_folder
from letkeman_viz.site.options import ServeOptions
from letkeman_viz.site.server import serve
serve(ServeOptions(packaged_folder(), {port}, preheat=int({preheat})))
"""


def write_label_notebook(folder: Path) -> Path:
    """A notebook that shows one Label."""
    cell = nbformat.v4.new_code_cell("import ipywidgets\nipywidgets.Label('hello')")
    path = folder / "label.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


@contextmanager
def server(command: list[str], port: int) -> Iterator[str]:
    """A running site; its address."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not answers(port):
            if time.monotonic() > deadline or process.poll() is not None:
                raise SystemExit(f"the server did not start: {' '.join(command)[:200]}")
            time.sleep(0.2)
        yield f"http://localhost:{port}"
    finally:
        stop_tree(process)


def answers(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def visit(browser: Browser, address: str, moments: list[str]) -> tuple[list[float], Traffic]:
    """Seconds from navigation until each condition holds, and the bytes it took."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    traffic = Traffic(page)
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    seconds = []
    for moment in moments:
        page.wait_for_function(moment, timeout=90_000, polling=20)
        seconds.append(time.perf_counter() - start)
    page.wait_for_timeout(1000)
    close_tab(page)
    context.close()
    return seconds, traffic


def frames_per_second(page: Page, seconds: float = 4.0) -> float:
    """Pictures that the browser makes in a second while the page plays."""
    return page.evaluate(
        """async (ms) => {
          const start = performance.now();
          let frames = 0;
          while (performance.now() - start < ms) { await new Promise(requestAnimationFrame); frames++; }
          return (1000 * frames) / (performance.now() - start);
        }""",
        seconds * 1000,
    )


def measure_opening(browser: Browser, preheat: bool, visits: int, label: Path) -> None:
    ours, stock = free_port(), free_port()
    voila = [sys.executable, "-m", "voila", str(label.parent), f"--port={stock}", "--no-browser"]
    voila += [f"--VoilaConfiguration.preheat_kernel={preheat}", "--VoilaConfiguration.default_pool_size=1"]
    page = [sys.executable, "-c", OURS.format(port=ours, preheat=preheat)]
    with server(voila, stock) as base, server(page, ours) as site:
        first, charts, empty = [], [], []
        for k in range(visits + 1):
            if preheat:
                time.sleep(9)  # until the next kernel is ready on both sides
            (label_at,), _ = visit(browser, f"{base}/voila/render/{label.name}", [LABEL])
            (network_at, charts_at), traffic = visit(
                browser, f"{site}/voila/render/{CHAPTER}", [NETWORK, ALL_CHARTS]
            )
            if k > 0:  # the first visit warms caches on both sides
                empty.append(label_at)
                first.append(network_at)
                charts.append(charts_at)
    base_s, first_s, charts_s = map(statistics.median, (empty, first, charts))
    print(f"{'preheated' if preheat else 'not preheated'}: a stock page with a Label takes {base_s:.2f} s")
    print(
        f"  first network after {first_s / base_s:.2f} times that, all charts {charts_s / base_s:.2f} times"
    )
    http, socket = traffic.http / 1e6, traffic.websocket_received / 1e6
    print(f"  websocket {socket:.2f} MB, with HTTP {http + socket:.2f} MB uncompressed")


def kernel_seconds() -> float:
    """CPU time that the kernels started by this program have used."""
    kernels = [p for p in psutil.Process().children(recursive=True) if "ipykernel_launcher" in p.cmdline()]
    return sum(sum(kernel.cpu_times()[:2]) for kernel in kernels)


def measure_playing(browser: Browser) -> None:
    port = free_port()
    with server([sys.executable, "-c", OURS.format(port=port, preheat=False)], port) as site:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{site}/voila/render/{CHAPTER}")
        page.wait_for_function(ALL_CHARTS, timeout=90_000)
        page.wait_for_timeout(2000)
        page.evaluate("document.querySelector('.lkv-explorable').scrollIntoView()")
        page.locator(".lkv-speed select").first.select_option("60")
        idle = frames_per_second(page)
        page.locator(".lkv-play").first.click()
        before, playing, after = kernel_seconds(), frames_per_second(page), kernel_seconds()
        page.close()
    print(f"playing one network with its charts: {playing:.0f} frames/s (the idle page: {idle:.0f}),")
    print(f"  while the kernel uses {(after - before) / 4.0:.1%} of one core")


def main() -> None:
    visits = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch_chromium(playwright)
        label = write_label_notebook(Path(folder))
        for preheat in (False, True):
            measure_opening(browser, preheat, visits, label)
        measure_playing(browser)
        browser.close()


if __name__ == "__main__":
    main()
