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

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from browser import launch_chromium, running, wait_drawn

from letkeman_viz.explorers.settings import Settings

DRAG = """
(seconds) => new Promise((done) => {
  const root = document.querySelector(".lkv-playground");
  const slider = root.querySelector("input[aria-label='Learning rate']");
  const parts = {
    slider: () => slider.value,
    curves: () => root.querySelector(".lkv-chart .scatterlayer path.js-line")?.getAttribute("d"),
    panels: () => [...root.querySelectorAll(".lkv-lane-score")].map((lane) => lane.textContent).join(),
    network: () => [...root.querySelectorAll(".lkv-edges line")].slice(0, 30)
      .map((line) => line.getAttribute("stroke-width")).join(),
  };
  const seen = Object.fromEntries(Object.keys(parts).map((name) => [name, { count: 0, last: null }]));
  const start = performance.now();
  let frames = 0;
  (function look(now) {
    frames++;
    for (const [name, read] of Object.entries(parts)) {
      const value = read();
      const { last, count } = seen[name];
      if (value !== undefined && value !== last) seen[name] = { last: value, count: count + 1 };
    }
    if (performance.now() - start > 1000 * seconds) {
      const rate = (count) => count / seconds;
      const rates = Object.entries(seen).map(([name, { count }]) => [name, rate(count)]);
      return done({ ...Object.fromEntries(rates), frames: rate(frames) });
    }
    // A hand that moves to and fro between a rate of 0.2 and one of 4, without pause.
    slider.value = String(Math.round(48 + 16 * Math.sin(frames / 20)));
    slider.dispatchEvent(new Event("input"));
    requestAnimationFrame(look);
  })();
})
"""


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
        for name, rate in page.evaluate(DRAG, seconds).items():
            print(f"{name}: {rate:.1f} a second")
        browser.close()


if __name__ == "__main__":
    main()
