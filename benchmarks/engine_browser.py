"""How fast the engine is in a browser's worker against wasmtime, one core each, in one run.

    python benchmarks/engine_browser.py

Both train the same four schemes for 1,000 epochs, recorded, in one job. Exits with 1 when the browser takes
more than 1.4 times as long. Needs Chromium, like the tests, whose harness it borrows. The two take turns, and
the best repeat of each counts, because a shared machine is faster at one time than at another.
"""

from __future__ import annotations

import functools
import http.server
import sys
import threading
from pathlib import Path
from unittest import mock

from playwright.sync_api import Page, sync_playwright
from timing import best

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from browser import launch_chromium

from letkeman_viz import Network, batch, counting_task, train
from letkeman_viz.engine.engine import WASM
from letkeman_viz.initializers import get_initializer, scales

SCHEMES = ["ones", "standard_xavier", "kaiming", "standard_letkeman"]
EPOCHS = 1000
FRAMES = 400
ROUNDS, REPEATS = 6, 5
LIMIT = 1.4

PREPARE = """
async ([settings, repeats]) => {
  const { createEngine } = await import("/engine.js");
  const engine = createEngine(await (await fetch("/engine.wasm")).arrayBuffer(), { workers: 1 });
  const tables = { inputs: Float64Array.from(settings.inputs), targets: Float64Array.from(settings.targets) };
  globalThis.best = async () => {
    let seconds = Infinity;
    for (let k = 0; k < repeats; k++) {
      const start = performance.now();
      globalThis.last = await engine.train({ ...settings, ...tables });
      seconds = Math.min(seconds, (performance.now() - start) / 1000);
    }
    if (engine.mode !== "workers") throw new Error("this browser has no workers");
    return seconds;
  };
  await best();
}
"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves the engine's folder and writes no log."""

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def settings() -> dict[str, object]:
    """What `train` does by default, for engine.js."""
    network, (inputs, targets) = Network(), counting_task()
    runs = []
    for name in SCHEMES:
        kind, scale = scales(get_initializer(name), network.shapes)
        runs.append({"seed": 1, "learningRate": 1.0, "kind": kind, "scales": scale})
    return {
        "layerSizes": list(network.layer_sizes), "activation": network.activation, "runs": runs,
        "inputs": inputs.ravel().tolist(), "targets": targets.ravel().tolist(), "epochs": EPOCHS,
        "maxFrames": FRAMES, "shuffle": True, "stopWhenSolved": False, "bias": 0.0,
    }  # fmt: skip


def measure(page: Page) -> tuple[float, float]:
    """Seconds in Python and in the browser."""
    page.evaluate(PREPARE, [settings(), REPEATS])
    python, browser = [], []
    for _ in range(ROUNDS):
        # On one core all four runs are one job, as they are for one worker.
        with mock.patch.object(batch, "cores", return_value=1):
            python.append(best(lambda: train(SCHEMES, epochs=EPOCHS, max_frames=FRAMES), REPEATS))
        browser.append(page.evaluate("best()"))
    losses = [run.loss[-1] for run in train(SCHEMES, epochs=EPOCHS, max_frames=FRAMES)]
    assert page.evaluate("last.map(({ loss }) => loss.at(-1))") == losses
    return min(python), min(browser)


def main() -> int:
    handler = functools.partial(QuietHandler, directory=str(WASM.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        chromium = launch_chromium(playwright)
        page = chromium.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        python, browser = measure(page)
        chromium.close()
    server.shutdown()
    print(
        f"{len(SCHEMES)} schemes x {EPOCHS} epochs, recorded, one core: {python * 1e3:.1f} ms with wasmtime"
    )
    print(f"  in a worker of the browser {browser / python:.2f} times that (at most {LIMIT})")
    return int(browser / python > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
