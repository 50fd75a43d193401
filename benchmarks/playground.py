"""Drag and see: how many complete recomputations a second reach the screen while a slider is dragged.

Four schemes, 1,000 epochs of 32 examples each. A recomputation counts when the loss curves, the panel of
the race and the network in full have all been drawn anew. Next to it, in the same run, what the training
alone takes, and what it would take with the C loop of sgd.c: the part nobody can do without.

    python benchmarks/playground.py [seconds]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from browser import launch_chromium, running, wait_drawn

from letkeman_viz.explorers.settings import Settings

WATCH = """
() => {
  const root = document.querySelector(".lkv-playground");
  const parts = {
    chart: () => root.querySelector(".lkv-chart .scatterlayer path.js-line")?.getAttribute("d"),
    panel: () => root.querySelector(".lkv-lane-score").textContent,
    network: () => root.querySelector(".lkv-edges line:nth-child(7)").getAttribute("stroke-width"),
  };
  const seen = (globalThis.seen = {});
  for (const [name, read] of Object.entries(parts)) seen[name] = { count: 0, last: read() };
  seen.frames = 0;
  (function look() {
    seen.frames++;
    for (const [name, read] of Object.entries(parts)) {
      const now = read();
      const { last, count } = seen[name];
      if (now !== undefined && now !== last) seen[name] = { last: now, count: count + 1 };
    }
    requestAnimationFrame(look);
  })();
}
"""


def drag(page: Page, seconds: float) -> dict[str, float]:
    """Drag the learning rate to and fro with the mouse; redraws a second of each part."""
    slider = page.locator(".lkv-playground").get_by_role("slider", name="Learning rate")
    slider.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.45, middle)
    page.mouse.down()
    page.evaluate(WATCH)
    assert slider.evaluate("input => input.matches(':active')"), "the slider was not taken hold of"
    start, step = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        step += 1
        there = 0.35 + 0.25 * abs((step % 120) / 60 - 1)
        page.mouse.move(box["x"] + box["width"] * there, middle)
        page.wait_for_timeout(16)
    took = time.perf_counter() - start
    seen = page.evaluate("seen")
    page.mouse.up()
    return {name: (part if name == "frames" else part["count"]) / took for name, part in seen.items()}


def training_alone() -> float:
    """Seconds of one recomputation's training."""
    settings = Settings()
    settings.run(settings.schemes)
    times = []
    for _ in range(15):
        start = time.perf_counter()
        settings.run(settings.schemes)
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    alone = training_alone()
    print(f"training alone: {1e3 * alone:.0f} ms, so at most {1 / alone:.1f} a second")
    with running("serve") as server, sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(f"{server.url}/voila/render/06-playground.ipynb")
        wait_drawn(page)
        page.wait_for_function(
            "document.querySelectorAll('.lkv-playground .lkv-chart[data-drawn=yes]').length === 3"
        )
        page.wait_for_timeout(2000)
        for name, rate in drag(page, seconds).items():
            print(f"{name}: {rate:.1f} a second")
        browser.close()


if __name__ == "__main__":
    main()
