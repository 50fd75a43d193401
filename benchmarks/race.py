"""How smoothly seven networks race with all their charts, what that sends, and how fast many seeds are.

    python benchmarks/race.py

Needs Chromium, like the tests, whose harness it borrows. Frames are counted as the browser makes them, at
60 of the player's frames a second, beside those of the same page standing still: software rendering, no GPU.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path

from page import OURS, frames_per_second, kernel_seconds, server
from playwright.sync_api import Browser, Page, sync_playwright
from timing import best

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from browser import free_port, launch_chromium, look_through

from letkeman_viz.explorers.race import EPOCHS, FRAMES
from letkeman_viz.explorers.race_schemes import SCHEMES
from letkeman_viz.study import study
from letkeman_viz.training import train
from letkeman_viz.widgets import Run

CHAPTER = "03-doing-it-right.ipynb"
CHARTS = 11
SIZES = ((1280, 900), (1280, 1400))  # the second shows panels, charts and ranking at once
REPEATS = 3
SECONDS = 1.8  # of the 2.1 that 126 frames take


def ready(page: Page) -> None:
    """Wait until every chart is drawn and the many seeds are done: nothing else is at work."""
    look_through(page, CHARTS)
    page.get_by_role("button", name="Stop", disabled=True).wait_for(timeout=120_000)
    page.evaluate("document.querySelector('.lkv-race').closest('.lkv-explorable').scrollIntoView()")
    page.wait_for_timeout(1000)


def measure_playing(browser: Browser, address: str, width: int, height: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(address)
    ready(page)
    race = page.locator(".lkv-explorable").filter(has=page.locator(".lkv-race"))
    race.get_by_label("speed").select_option("60")
    idle, playing, kernel = [], [], []
    for _ in range(REPEATS):
        race.get_by_role("button", name="Back to the start").click()
        page.wait_for_timeout(300)
        idle.append(frames_per_second(page, SECONDS))
        before = kernel_seconds()
        race.get_by_role("button", name="Play").click()
        playing.append(frames_per_second(page, SECONDS))
        kernel.append((kernel_seconds() - before) / SECONDS)
    page.close(run_before_unload=True)
    frames, still, used = map(statistics.median, (playing, idle, kernel))
    print(f"seven networks, three charts and the ranking at {width} x {height}: {frames:.0f} frames/s")
    print(f"  ({min(playing):.0f} to {max(playing):.0f}; at rest {still:.0f}); kernel {used:.1%} of a core")


def measure_bytes() -> None:
    runs = train(SCHEMES, epochs=EPOCHS, max_frames=FRAMES)
    sent = [len(Run(run)._wire["data"]) for run in runs]
    frames = len(runs[0])
    print(f"a race is {sum(sent) / 1e6:.3f} MB for the page: {len(runs)} runs of {frames} frames, compressed")


def measure_seeds() -> None:
    one = best(lambda: train(SCHEMES, epochs=EPOCHS, max_frames=3), 3)
    many = best(lambda: study(SCHEMES, 100, epochs=EPOCHS), 1)
    print(
        f"7 schemes x 100 seeds x {EPOCHS} epochs take {many:.1f} s, {many / one:.0f} times one seed of each"
    )


def main() -> None:
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    measure_bytes()
    measure_seeds()
    port = free_port()
    with (
        server([sys.executable, "-c", OURS.format(port=port, preheat=False)], port) as site,
        sync_playwright() as playwright,
    ):
        browser = launch_chromium(playwright)
        for width, height in SIZES:
            measure_playing(browser, f"{site}/voila/render/{CHAPTER}", width, height)
        browser.close()


if __name__ == "__main__":
    main()
