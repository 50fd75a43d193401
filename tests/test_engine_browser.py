"""The engine in Chromium, in workers and on the main thread: bits, threads, faults and bad settings."""

from __future__ import annotations

import hashlib
import http.server
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Error, Page

from letkeman_viz import Network, Recording, train
from letkeman_viz.engine import Instance
from letkeman_viz.engine.engine import ACTIVATIONS, FORMATS, KINDS, WASM, signed
from letkeman_viz.initializers import get_initializer, scales
from letkeman_viz.tasks import make_task

pytestmark = pytest.mark.browser

MODES = ("workers", "main thread")
PAGE = b"<!doctype html><title>engine</title><link rel=icon href=data:,>"
FORBIDDING = "worker-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'"

HARNESS = """
import { createEngine, EngineError } from "/engine.js";

globalThis.make = async (options, path = "/engine.wasm") =>
  createEngine(await (await fetch(path)).arrayBuffer(), options);

/** SHA-256 of all bytes of arrays */
globalThis.digest = async (arrays) => {
  const bytes = await new Blob(arrays).arrayBuffer();
  return Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)), (byte) =>
    byte.toString(16).padStart(2, "0")).join("");
};

/** How a promise ended: its value, or what it was rejected with */
globalThis.outcome = (promise) => promise.then(
  (value) => ({ value }),
  (error) => ({ type: error.name, text: error.message, engine: error instanceof EngineError }),
);

globalThis.digestRuns = async (runs) => {
  const finite = runs.filter(({ ended }) => ended !== "diverged");
  const fields = ["loss", "correct", "steps", "parameters", "gradient", "presented"];
  const found = { ended: runs.map(({ ended }) => ended), epochs: runs.map(({ epochs }) => epochs) };
  for (const field of fields) found[field] = await digest(finite.map((run) => run[field]));
  return found;
};

/** Settings of one run on exclusive or; `changes` to them, and to the run */
globalThis.small = (changes = {}, run = {}) => ({
  layerSizes: [2, 3, 1], activation: "tanh", inputs: Float64Array.of(0, 0, 0, 1, 1, 0, 1, 1),
  targets: Float64Array.of(0, 1, 1, 0), epochs: 20, maxFrames: 10, shuffle: true, stopWhenSolved: false,
  bias: 0, runs: [{ seed: 1, learningRate: 1, kind: "uniform", scales: [1, 1], ...run }], ...changes,
});

/** Settings of networks that take hours */
globalThis.large = () => ({
  layerSizes: Array(51).fill(1000), activation: "tanh", inputs: 1024, networks: 1000, seed: 1,
  format: "float64", kind: "uniform", scales: Array(50).fill(0.05),
});

/** Settings of 16 runs that take hours */
globalThis.endless = () => small({
  layerSizes: [8, 130, 130, 1], inputs: new Float64Array(8 * 1024), targets: new Float64Array(1024),
  epochs: 100_000, maxFrames: 0,
  runs: Array(16).fill({ seed: 1, learningRate: 1e-6, kind: "normal", scales: [0.1, 0.1, 0.1] }),
});
"""


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves ``files``: path -> (content type, content)."""

    files: dict[str, tuple[str, bytes]]

    def do_GET(self) -> None:
        kind, content = self.files.get(self.path, ("", b""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind)
        if self.path == "/forbidding":
            self.send_header("Content-Security-Policy", FORBIDDING)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Write no log."""


def compile_failing_engine(folder: Path) -> bytes:
    """An engine that traps in jobs whose first layer has 7 units, and finds no memory where it has 9.

    An instance to which that happened fails ever after.
    """
    source = shutil.copytree(WASM.parent, folder / "engine") / "engine.c"
    text = source.read_text()
    for old, new in (
        ("static int sizes[", "static int failed, sizes["),
        (
            "int advance(double work) {",
            "int advance(double work) {\n    if (sizes[0] == 7) failed = 1, __builtin_trap();",
        ),
        ("int reserved_all(void) {", "int reserved_all(void) {\n    if (failed |= sizes[0] == 9) return 0;"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    source.write_text(text)
    target = ["-target", "wasm32-freestanding", "-msimd128", "-nostdlib", "-Wl,--no-entry"]
    command = [sys.executable, "-m", "ziglang", "cc", "-O3", *target, "-o", "failing.wasm", "engine.c"]
    subprocess.run(command, cwd=source.parent, check=True, capture_output=True)
    return (source.parent / "failing.wasm").read_bytes()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server's address."""
    wasm = WASM.read_bytes()
    failing = compile_failing_engine(tmp_path_factory.mktemp("failing"))
    Handler.files = {
        "/": ("text/html", PAGE),
        "/forbidding": ("text/html", PAGE),
        "/engine.js": ("text/javascript", WASM.with_suffix(".js").read_bytes()),
        "/harness.js": ("text/javascript", HARNESS.encode()),
        "/engine.wasm": ("application/wasm", wasm),
        "/cut.wasm": ("application/wasm", wasm[: len(wasm) // 2]),
        "/empty.wasm": ("application/wasm", wasm[:8]),
        "/text.wasm": ("application/wasm", b"<!doctype html>"),
        "/failing.wasm": ("application/wasm", failing),
    }
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def open_page(browser: Browser, url: str) -> Page:
    """A page with the harness and two engines, ``engines["workers"]`` and ``engines["main thread"]``."""
    page = browser.new_page()
    page.goto(url)
    page.evaluate(
        """async () => {
          await import("/harness.js");
          const [workers, main] = [await make({ workers: 2 }), await make({ workers: 0 })];
          globalThis.engines = { workers, "main thread": main };
        }"""
    )
    return page


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = open_page(browser, address)
    yield page
    page.close()


@pytest.fixture
def fresh_page(browser: Browser, address: str) -> Iterator[Page]:
    page = open_page(browser, address)
    yield page
    page.close()


def sha256(arrays: Sequence[NDArray[Any]]) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


# --- The same bits ----------------------------------------------------------------------------------

BITS = (5, 8, 8, 5)
XOR = ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [1.0], [1.0], [0.0]])
TWO = ["standard_xavier", "kaiming"]
FOUR = ["ones", "standard_xavier", "kaiming", "standard_letkeman"]


def random_table(rows: int, inputs: int, outputs: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, inputs)), rng.random((rows, outputs))


CASES: list[dict[str, Any]] = [
    # what `train` takes; and `noise`, which only the engine takes
    {"initializer": FOUR, "epochs": 300},
    {"initializer": FOUR, "epochs": 57, "max_frames": 7},
    {"initializer": FOUR, "seed": [2**32 - 1], "epochs": 20},
    {"initializer": TWO, "seed": [0, 2**31], "epochs": 40, "activation": "tanh", "learning_rate": 0.1},
    {"initializer": TWO, "seed": [3], "epochs": 40, "activation": "relu", "learning_rate": 0.05},
    {"initializer": ["kaiming"], "seed": list(range(11)), "epochs": 30, "max_frames": 5},
    {"initializer": ["zeros"], "epochs": 10},
    {"initializer": ["normal", "uniform", "lecun"], "epochs": 25, "bias": -2.5},
    {"initializer": ["standard_xavier"], "epochs": 0},
    {"initializer": ["standard_xavier"], "epochs": 1, "max_frames": 3},
    {"initializer": ["standard_xavier"], "seed": [1, 2], "epochs": 900, "stop_when_solved": True},
    {"initializer": TWO, "seed": [5, 6, 7], "epochs": 50, "shuffle": False},
    {"initializer": ["standard_letkeman"], "epochs": 400, "max_frames": 400, "learning_rate": 3.0},
    {"initializer": TWO, "epochs": 200, "layer_sizes": (2, 3, 1), "task": XOR, "activation": "tanh"},
    {
        "initializer": ["kaiming"],
        "epochs": 60,
        "layer_sizes": (1, 1),
        "task": ([[1.0], [-2.0]], [[0.0], [1.0]]),
    },
    {"initializer": TWO, "epochs": 30, "layer_sizes": (3, 17, 4, 2), "task": random_table(13, 3, 2, 1)},
    {"initializer": TWO, "epochs": 3, "layer_sizes": (64, 128, 64), "task": random_table(9, 64, 64, 2)},
    {
        "initializer": ["kaiming"],
        "epochs": 4,
        "layer_sizes": (7, 256, 31),
        "task": random_table(20, 7, 31, 3),
    },
    {"initializer": FOUR, "epochs": 15, "layer_sizes": (4, *[6] * 18, 4), "activation": "tanh"},
    {"initializer": TWO, "epochs": 2, "layer_sizes": (8, 5, 8), "learning_rate": 1000.0},
    {"initializer": ["kaiming"], "epochs": 2, "layer_sizes": (2, 4, 3), "task": random_table(1024, 2, 3, 4)},
    {"initializer": ["kaiming"], "epochs": 30, "layer_sizes": (2, 4, 3), "task": random_table(1, 2, 3, 5)},
    {
        "initializer": FOUR,
        "epochs": 40,
        "layer_sizes": (4, 9, 4),
        "task": make_task("gray_code", 4),
        "seed": [8],
    },
    {
        "initializer": FOUR,
        "epochs": 40,
        "layer_sizes": (4, 9, 1),
        "task": make_task("parity", 4),
        "bias": 10.0,
    },
    {"initializer": FOUR, "epochs": 30, "noise": 0.1},
    {"initializer": ["ones"], "seed": [1, 2, 2**32 - 1], "epochs": 30, "noise": -1e-3, "bias": 0.5},
    {"initializer": ["ones"], "seed": [1, 2], "epochs": 30, "parameters": np.linspace(-1.0, 1.0, 165)},
    {"initializer": TWO, "epochs": 30, "parameters": np.random.default_rng(1).normal(size=(2, 165))},
    {"initializer": ["constant"], "epochs": 5, "activation": "relu", "learning_rate": 100.0},
    {
        "initializer": ["kaiming"],
        "epochs": 300,
        "activation": "relu",
        "learning_rate": 1e-12,
        "max_frames": 4,
    },
]


def test_there_are_thirty_settings() -> None:
    assert len(CASES) == 30


def train_in_python(case: dict[str, Any]) -> list[Recording]:
    noise, settings = case.get("noise", 0.0), {"seed": [1]} | case
    settings.pop("noise", None)
    if noise:
        network = Network()
        settings["parameters"] = [
            network.initial(scheme, seed, case.get("bias", 0.0))
            + noise * np.random.default_rng([seed, 2]).uniform(-1.0, 1.0, network.parameter_count)
            for scheme in settings["initializer"]
            for seed in settings["seed"]
        ]
    recordings = train(**settings)
    assert isinstance(recordings, list)
    return recordings


def settings_in_javascript(case: dict[str, Any], recordings: list[Recording]) -> dict[str, Any]:
    """What ``engine.train`` takes for the same runs."""
    first = recordings[0]
    runs: list[dict[str, Any]] = []
    for k, recording in enumerate(recordings):
        run = {
            "seed": recording.seed,
            "learningRate": recording.learning_rate,
            "noise": case.get("noise", 0.0),
        }
        if "parameters" in case:
            given = np.broadcast_to(case["parameters"], (len(recordings), first.network.parameter_count))
            runs.append(run | {"parameters": given[k].tolist()})
        else:
            scheme = get_initializer(recording.initializer)
            kind, scale = scales(scheme, first.network.shapes)
            runs.append(run | {"kind": kind, "scales": scale})
    return {
        "layerSizes": list(first.network.layer_sizes),
        "activation": first.network.activation,
        "inputs": first.inputs.ravel().tolist(),
        "targets": first.targets.ravel().tolist(),
        "epochs": case["epochs"],
        "maxFrames": case.get("max_frames", 400),
        "shuffle": case.get("shuffle", True),
        "stopWhenSolved": case.get("stop_when_solved", False),
        "bias": case.get("bias", 0.0),
        "runs": runs,
    }


def digest_recordings(recordings: list[Recording]) -> dict[str, Any]:
    """As ``digestRuns`` of the harness."""
    finite = [recording for recording in recordings if recording.ended != "diverged"]
    return {
        "ended": [recording.ended for recording in recordings],
        "epochs": [len(recording.loss) for recording in recordings],
        "loss": sha256([np.append(run.start_loss, run.loss) for run in finite]),
        "correct": sha256([run.curve("correct_after").astype(np.int32) for run in finite]),
        "steps": sha256([run.steps.astype(np.int32) for run in finite]),
        "parameters": sha256([run.parameters for run in finite]),
        "gradient": sha256([run.gradient for run in finite]),
        "presented": sha256([run.presented.astype(np.uint8) for run in finite]),
    }


@pytest.mark.parametrize("case", CASES, ids=map(str, range(1, len(CASES) + 1)))
def test_recordings_have_the_same_bits_in_python_and_in_the_browser(page: Page, case: dict[str, Any]) -> None:
    recordings = train_in_python(case)
    expected = digest_recordings(recordings)
    assert "finished" in expected["ended"] or "solved" in expected["ended"]
    for mode in MODES:
        found = page.evaluate(
            """async ([mode, settings]) => {
              const inputs = Float64Array.from(settings.inputs);
              const targets = Float64Array.from(settings.targets);
              const runs = await engines[mode].train({ ...settings, inputs, targets });
              return { ...await digestRuns(runs), mode: engines[mode].mode };
            }""",
            [mode, settings_in_javascript(case, recordings)],
        )
        assert found == expected | {"mode": mode}


def test_a_run_without_frames_has_the_same_curves(page: Page) -> None:
    found = page.evaluate(
        """async () => {
          const [recorded] = await engines.workers.train(small());
          const [bare] = await engines.workers.train(small({ maxFrames: 0 }));
          return [Object.keys(bare), await digest([recorded.loss]) === await digest([bare.loss])];
        }"""
    )
    assert found == [["ended", "epochs", "loss", "correct"], True]


def test_frames_that_no_epoch_fills_take_no_memory(page: Page) -> None:
    steps = page.evaluate(
        """async () => {
          const runs = await engines.workers.train({ ...endless(), epochs: 1, maxFrames: 2000 });
          return runs.map(({ steps }) => Array.from(steps));
        }"""
    )
    assert steps == [[0, 1]] * 16


MEASURES = 10


def propagate_in_python(settings: dict[str, Any]) -> dict[str, str]:
    sizes, networks, inputs = settings["layerSizes"], settings["networks"], settings["inputs"]
    layers, engine = len(sizes) - 1, Instance()
    engine.prepare(
        "propagation", sizes, layers, ACTIVATIONS.index(settings["activation"]), inputs,
        KINDS.index(settings["kind"]), FORMATS.index(settings["format"]), networks, settings.get("first", 0),
        signed(settings["seed"]),
    )  # fmt: skip
    engine.array("propagation_scales", np.float64, layers)[:] = settings["scales"]
    engine.run()
    measures = engine.array("propagation_measures", np.float64, networks, MEASURES, layers + 1)
    activations = []
    for layer, units in enumerate(sizes):
        shape = inputs, (units + 3) // 4 * 4
        padded = engine.array("propagation_activations", np.float64, *shape, of=[layer])
        activations.append(padded[:, :units].copy())
    return {"measures": sha256([measures.swapaxes(0, 1).copy()]), "activations": sha256(activations)}


@pytest.mark.parametrize(
    "settings",
    [
        {"layerSizes": [100] * 11, "activation": "tanh", "inputs": 32, "networks": 5, "seed": 1,
         "format": "float64", "kind": "normal", "scales": [0.1] * 10},
        {"layerSizes": [7, 30, 2, 9], "activation": "relu", "inputs": 5, "networks": 1, "seed": 2**32 - 1,
         "format": "float32", "kind": "uniform", "scales": [0.5, 0.25, 0.125]},
        {"layerSizes": [3, 4], "activation": "sigmoid", "inputs": 1, "networks": 3, "first": 7, "seed": 0,
         "format": "float16", "kind": "constant", "scales": [-0.3]},
        {"layerSizes": [20] * 51, "activation": "linear", "inputs": 6, "networks": 4, "seed": 2**31,
         "format": "float16", "kind": "normal", "scales": [0.22] * 50},
    ],
    ids=["tanh", "relu", "sigmoid", "linear"],
)  # fmt: skip
def test_propagation_has_the_same_bits_in_python_and_in_the_browser(
    page: Page, settings: dict[str, Any]
) -> None:
    expected = propagate_in_python(settings)
    for mode in MODES:
        found = page.evaluate(
            """async ([mode, settings]) => {
              const { measures, activations } = await engines[mode].propagate(settings);
              const found = { measures: Object.values(measures), activations };
              for (const name of Object.keys(found)) found[name] = await digest(found[name]);
              return found;
            }""",
            [mode, settings],
        )
        assert found == expected


@pytest.mark.parametrize(
    "settings",
    [
        {"fanIn": 300, "fanOut": 200, "both": True, "layers": 40, "bound": 0.05, "seed": 2**32 - 1},
        {"fanIn": 1, "fanOut": 1, "both": True, "layers": 1, "bound": 1.0, "seed": 0},
        {"fanIn": 100_000, "fanOut": 3, "both": False, "layers": 10, "bound": 2.0, "seed": 3},
    ],
)
def test_sums_have_the_same_bits_in_python_and_in_the_browser(page: Page, settings: dict[str, Any]) -> None:
    fan_in, fan_out, both, layers = (settings[name] for name in ("fanIn", "fanOut", "both", "layers"))
    engine = Instance()
    engine.prepare("sums", (), fan_in, fan_out, both, layers, settings["bound"], signed(settings["seed"]))
    engine.call("begin_sums", layers)
    engine.run()
    expected = [sha256([engine.array("sums_forward", np.float64, fan_out, layers)])]
    if both:
        expected.append(sha256([engine.array("sums_backward", np.float64, fan_in, layers)]))
    for mode in MODES:
        found = page.evaluate(
            """async ([mode, settings]) => {
              const found = await engines[mode].sums(settings);
              return Promise.all(Object.values(found).map((values) => digest([values])));
            }""",
            [mode, settings],
        )
        assert found == expected


# --- Threads ----------------------------------------------------------------------------------------


def test_work_runs_in_as_many_workers_as_there_are(fresh_page: Page) -> None:
    assert fresh_page.evaluate("engines.workers.mode ?? 'unknown'") == "unknown"
    assert fresh_page.workers == []
    fresh_page.evaluate(
        "async () => { await engines.workers.train(small({ runs: Array(5).fill(small().runs[0]) })); }"
    )
    assert fresh_page.evaluate("engines.workers.mode") == "workers"
    assert len(fresh_page.workers) == 2


def test_where_workers_are_forbidden_the_main_thread_does_the_same(
    browser: Browser, page: Page, address: str
) -> None:
    expected = page.evaluate("async () => digestRuns(await engines.workers.train(small()))")
    forbidding = open_page(browser, address + "forbidding")
    both = "async () => Promise.all([1, 2].map(async () => digestRuns(await engines.workers.train(small()))))"
    assert forbidding.evaluate(both) == [expected, expected]
    assert forbidding.evaluate("engines.workers.mode") == "main thread"
    assert forbidding.evaluate(both) == [expected, expected]
    assert forbidding.workers == []
    forbidding.close()


@pytest.mark.parametrize("method", ["train", "propagate"])
def test_a_page_stays_responsive_while_its_main_thread_computes(page: Page, method: str) -> None:
    # Where it did not, no frame would come before the job's end, which is hours away.
    found = page.evaluate(
        """async (method) => {
          const drop = new AbortController();
          let advanced = 0;
          const onProgress = () => { advanced++; };
          const options = { signal: drop.signal, onProgress };
          const settings = { train: endless, propagate: large }[method]();
          const job = engines["main thread"][method](settings, options);
          let frames = 0;
          while (frames < 5 || advanced < 5) {
            await new Promise((resolve) => requestAnimationFrame(resolve));
            frames++;
          }
          drop.abort();
          return (await outcome(job)).type;
        }""",
        method,
    )
    assert found == "AbortError"


@pytest.mark.parametrize("mode", MODES)
def test_progress_rises_to_one(page: Page, mode: str) -> None:
    shares = page.evaluate(
        """async (mode) => {
          const shares = [];
          const settings = small({ epochs: 30_000, runs: Array(6).fill(small().runs[0]) });
          await engines[mode].train(settings, { onProgress: (share) => shares.push(share) });
          return shares;
        }""",
        mode,
    )
    assert shares == sorted(shares)
    assert 0.0 < shares[0] < 1.0
    assert shares[-1] == 1.0


@pytest.mark.parametrize("mode", MODES)
def test_a_job_can_be_dropped_and_the_next_one_is_right(page: Page, mode: str) -> None:
    found = page.evaluate(
        """async (mode) => {
          const engine = engines[mode];
          const expected = await digestRuns(await engine.train(small()));
          const drop = new AbortController();
          const reason = new Error("settings have changed");
          const dropping = { signal: drop.signal, onProgress: () => drop.abort(reason) };
          const refused = (promise) => promise.then(() => false, (error) => error === reason);
          const dropped = await refused(engine.train(endless(), dropping));
          const next = await digestRuns(await engine.train(small()));
          const late = await refused(engine.train(small(), dropping));
          const { type } = await outcome(engine.train(small(), { signal: AbortSignal.abort() }));
          return [dropped, late, type, JSON.stringify(next) === JSON.stringify(expected)];
        }""",
        mode,
    )
    assert found == [True, True, "AbortError", True]


@pytest.mark.parametrize("mode", MODES)
def test_several_calls_at_a_time_have_their_own_results(page: Page, mode: str) -> None:
    found = page.evaluate(
        """async (mode) => {
          const seeds = [1, 2, 3, 4, 5, 6, 7];
          const train = (seed) => engines[mode].train(small({}, { seed }));
          const one = async (seed) => JSON.stringify(await digestRuns(await train(seed)));
          const together = await Promise.all(seeds.map(one));
          const alone = [];
          for (const seed of seeds) alone.push(await one(seed));
          return [together, alone];
        }""",
        mode,
    )
    assert found[0] == found[1]
    assert len(set(found[0])) == 7


@pytest.mark.parametrize("mode", MODES)
def test_a_closed_engine_rejects_what_is_pending_and_what_comes_later(fresh_page: Page, mode: str) -> None:
    found = fresh_page.evaluate(
        """async (mode) => {
          const engine = engines[mode];
          await engine.train(small());
          const pending = [engine.train(endless()), engine.train(small())].map(outcome);
          engine.close();
          return [...await Promise.all(pending), await outcome(engine.train(small()))];
        }""",
        mode,
    )
    assert [ended["type"] for ended in found] == ["AbortError"] * 3
    while (
        fresh_page.workers
    ):  # until the browser reports their end; what is left open fails by the test's limit
        fresh_page.wait_for_timeout(20)


# --- Faults -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("units", "sentence"), [(7, "the engine failed in this training (unreachable)"),
    (9, "there is not enough memory for this training; ask for fewer or smaller runs")])  # fmt: skip
def test_a_fault_becomes_one_error_and_the_next_call_works(
    page: Page, mode: str, units: int, sentence: str
) -> None:
    found = page.evaluate(
        """async ([mode, units]) => {
          const engine = await make({ workers: mode === "workers" ? 1 : 0 }, "/failing.wasm");
          const bad = small({ layerSizes: [units, 3, 1], inputs: new Float64Array(4 * units) });
          const one = await outcome(engine.train(bad));
          const rest = await Promise.all([engine.train(bad), engine.train(small())].map(outcome));
          rest[1].value = await digestRuns(rest[1].value);
          const expected = await digestRuns(await engines.workers.train(small()));
          engine.close();
          return [one, rest[0], JSON.stringify(rest[1].value) === JSON.stringify(expected)];
        }""",
        [mode, units],
    )
    error = {"type": "EngineError", "text": sentence, "engine": True}
    assert found == [error, error, True]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("path", ["cut", "text", "empty"])
def test_a_damaged_engine_is_reported(page: Page, mode: str, path: str) -> None:
    found = page.evaluate(
        """async ([mode, path]) => {
          const engine = await make({ workers: mode === "workers" ? 1 : 0 }, `/${path}.wasm`);
          const found = [await outcome(engine.train(small())), await outcome(engine.train(small()))];
          engine.close();
          return found;
        }""",
        [mode, path],
    )
    for error in found:
        assert error["engine"]
        assert error["text"].startswith("engine.wasm is damaged")


def test_a_large_memory_is_given_back_after_its_job(fresh_page: Page) -> None:
    instances = fresh_page.evaluate(
        """async () => {
          let count = 0;
          const instantiate = WebAssembly.instantiate;
          WebAssembly.instantiate = (...given) => { count++; return instantiate(...given); };
          const engine = engines["main thread"];
          const counts = [];
          for (const layers of [1, 1, 40, 1, 1]) {
            await engine.sums({ fanIn: 1_000_000, fanOut: 1, both: true, layers, bound: 1, seed: 1 });
            counts.push(count);
          }
          return counts;
        }"""
    )
    assert instances == [1, 1, 1, 2, 2]


# --- Bad settings -----------------------------------------------------------------------------------

RUN = "runs: [{ ...small().runs[0], %s }]"
BAD_TRAINING = [
    # (what is changed, what the sentence starts with)
    ("layerSizes: [2]", "the number of layerSizes must be a whole number from 2 to 20, not 1"),
    ("layerSizes: Array(21).fill(2)", "the number of layerSizes must be"),
    ("layerSizes: 5", "layerSizes must be an array, not 5"),
    ("layerSizes: [2, 257, 1]", "layerSizes[1] must be a whole number from 1 to 256, not 257"),
    ("layerSizes: [2, 0, 1]", "layerSizes[1] must be"),
    ("layerSizes: [2, 2.5, 1]", "layerSizes[1] must be"),
    ("layerSizes: [2, '3', 1]", 'layerSizes[1] must be a whole number from 1 to 256, not "3"'),
    ("layerSizes: [2, 256, 256, 1]", "the number of parameters must be a whole number from 1 to 20000, not"),
    ("activation: 'linear'", 'activation must be one of sigmoid, tanh, relu, not "linear"'),
    ("activation: undefined", "activation must be"),
    ("inputs: null", "inputs must be an array, not null"),
    ("inputs: []", "the number of rows of inputs must be a whole number from 1 to 1024, not 0"),
    ("inputs: new Float64Array(2050)", "the number of rows of inputs must be"),
    ("inputs: new Float64Array(7)", "the number of rows of inputs must be"),
    ("inputs: [0, 0, 0, 1, 1, 0, 1, NaN]", "inputs[7] must be a finite number, not NaN"),
    ("inputs: [0, 0, 0, 1, 1, 0, '1', 1]", 'inputs[6] must be a finite number, not "1"'),
    ("targets: [0, 1]", "targets must have 4 numbers, not 2"),
    ("targets: [0, 1, 1, 1.5]", "targets[3] must be a number from 0 to 1, not 1.5"),
    ("targets: [0, 1, 1, -Infinity]", "targets[3] must be"),
    ("epochs: -1", "epochs must be a whole number from 0 to 100000, not -1"),
    ("epochs: 100_001", "epochs must be"),
    ("epochs: 1.5", "epochs must be"),
    ("epochs: '20'", "epochs must be"),
    ("maxFrames: -1", "maxFrames, where it is not 0, must be a whole number from 3 to 2000, not -1"),
    ("maxFrames: 1", "maxFrames, where it is not 0, must be"),
    ("maxFrames: 2001", "maxFrames, where it is not 0, must be"),
    ("shuffle: 1", "shuffle must be true or false, not 1"),
    ("stopWhenSolved: undefined", "stopWhenSolved must be true or false, not undefined"),
    ("bias: 11", "bias must be a number from -10 to 10, not 11"),
    ("bias: NaN", "bias must be"),
    ("runs: []", "the number of runs must be a whole number from 1 to 10000, not 0"),
    ("runs: Array(10_001).fill(small().runs[0])", "the number of runs must be"),
    ("runs: {}", "runs must be an array"),
    ("runs: [undefined]", "runs[0].seed must be"),
    ("runs: [null]", "runs[0].seed must be"),
    ("runs: Array(3)", "runs[0].seed must be"),
    (RUN % "seed: -1", "runs[0].seed must be a whole number from 0 to 4294967295, not -1"),
    (RUN % "seed: 2 ** 32", "runs[0].seed must be"),
    (RUN % "seed: 0.5", "runs[0].seed must be"),
    (RUN % "learningRate: 0", "runs[0].learningRate must be a number from 1e-12 to 1000, not 0"),
    (RUN % "learningRate: Infinity", "runs[0].learningRate must be"),
    (RUN % "learningRate: undefined", "runs[0].learningRate must be"),
    (RUN % "noise: 2e6", "runs[0].noise must be a number from -1000000 to 1000000, not 2000000"),
    (RUN % "kind: 'given'", 'runs[0].kind must be one of constant, uniform, normal, not "given"'),
    (RUN % "scales: [1]", "runs[0].scales must have 2 numbers, not 1"),
    (RUN % "scales: [1, 1e10]", "runs[0].scales[1] must be a number from -1000000000 to 1000000000, not"),
    (RUN % "scales: undefined", "runs[0].scales must be an array"),
    (RUN % "parameters: [1]", "runs[0].parameters must have 13 numbers, not 1"),
    (RUN % "parameters: Array(13).fill(NaN)", "runs[0].parameters[0] must be a finite number, not NaN"),
    ("epochs: 100_000, maxFrames: 2000, runs: Array(1000).fill(small().runs[0])", "this takes"),
]
BAD_PROPAGATION = [
    ("layerSizes: Array(52).fill(2)", "the number of layerSizes must be a whole number from 2 to 51, not 52"),
    ("layerSizes: [3, 1001]", "layerSizes[1] must be a whole number from 1 to 1000, not 1001"),
    ("activation: 'step'", "activation must be one of sigmoid, tanh, relu, linear"),
    ("inputs: 0", "inputs must be a whole number from 1 to 1024, not 0"),
    ("inputs: 1025", "inputs must be"),
    ("networks: 1001", "networks must be a whole number from 1 to 1000, not 1001"),
    ("first: -1", "first must be"),
    ("seed: -1", "seed must be"),
    ("format: 'bfloat16'", "format must be one of float64, float32, float16"),
    ("kind: 'given'", "kind must be one of constant, uniform, normal"),
    ("scales: [NaN]", "scales[0] must be"),
    ("scales: [1, 1]", "scales must have 1 numbers, not 2"),
]
BAD_SUMS = [
    ("fanIn: 0", "fanIn must be a whole number from 1 to 1000000, not 0"),
    ("fanOut: 1_000_001", "fanOut must be"),
    ("both: 1", "both must be true or false"),
    ("layers: 10_001", "layers must be a whole number from 1 to 10000, not 10001"),
    ("bound: NaN", "bound must be"),
    ("seed: 2 ** 32", "seed must be"),
    ("fanOut: 1_000_000, layers: 3", "fanOut * layers, where layers is not 1, must be"),
    ("fanIn: 1_000_000, layers: 100, both: true", "this takes"),
]
GOOD_PROPAGATION = """{ layerSizes: [3, 2], activation: "tanh", inputs: 4, networks: 2, seed: 1,
  format: "float64", kind: "normal", scales: [1] }"""
GOOD_SUMS = "{ fanIn: 3, fanOut: 2, both: false, layers: 4, bound: 1, seed: 1 }"


@pytest.mark.parametrize(
    ("method", "good", "table"),
    [
        ("train", "small()", BAD_TRAINING),
        ("propagate", GOOD_PROPAGATION, BAD_PROPAGATION),
        ("sums", GOOD_SUMS, BAD_SUMS),
    ],
    ids=["training", "propagation", "sums"],
)
def test_what_is_out_of_range_is_refused(
    page: Page, method: str, good: str, table: list[tuple[str, str]]
) -> None:
    call = "async (method) => outcome(engines.workers[method]({ ...%s, %s }))"
    assert "value" in page.evaluate(call % (good, ""), method)
    for changes, sentence in table:
        found = page.evaluate(call % (good, changes), method)
        assert found.get("type") in ("RangeError", "TypeError"), changes
        assert found["text"].startswith(sentence), changes


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("undefined", "wasm must be an ArrayBuffer or a Uint8Array, not undefined"),
        ("'engine.wasm'", 'wasm must be an ArrayBuffer or a Uint8Array, not "engine.wasm"'),
        ("new Uint8Array(8), { workers: -1 }", "workers must be a whole number from 0 to 16, not -1"),
        ("new Uint8Array(8), { workers: 'all' }", 'workers must be a whole number from 0 to 16, not "all"'),
    ],
)
def test_what_no_engine_can_be_made_of_is_refused(page: Page, arguments: str, sentence: str) -> None:
    with pytest.raises(Error) as caught:
        page.evaluate(f"async () => (await import('/engine.js')).createEngine({arguments}).mode")
    assert sentence in str(caught.value)
