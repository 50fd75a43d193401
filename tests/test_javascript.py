"""The pure parts of the JavaScript, inside Chromium: numbers, bits, the calculus of a run, and the bundle."""

# ruff: noqa: RUF001 (minus and times are what the page shows)

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import WatchedPages
from explorable_page import load_module
from playwright.sync_api import Browser, JSHandle, Page

from letkeman_viz import explorables, train, widgets
from letkeman_viz.explorables import bundle
from letkeman_viz.explorables.explorable import scheme_data, table_data
from letkeman_viz.network import ACTIVATIONS, Network, activate, slope
from letkeman_viz.tasks import make_task

pytestmark = pytest.mark.browser

# Typed arrays become lists on their way to Python.
PLAIN = """
globalThis.plain = (value) =>
  ArrayBuffer.isView(value) ? Array.from(value)
  : Array.isArray(value) ? value.map(plain)
  : value === null || typeof value !== "object" ? value
  : Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
"""


class Scripts:
    """The modules of the package in a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.modules: dict[str, JSHandle] = {}
        page.evaluate(PLAIN)

    def module(self, path: str) -> JSHandle:
        """What a module exports; imported once."""
        if path not in self.modules:
            self.modules[path] = load_module(self.page, path)
        return self.modules[path]

    def call(self, path: str, name: str, *given: Any) -> Any:
        """What the function ``name`` that a module exports gives."""
        return self.page.evaluate(
            "async ([module, name, given]) => plain(await module[name](...given))",
            [self.module(path), name, list(given)],
        )


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.goto("about:blank")
    yield page
    page.close()


@pytest.fixture(scope="module")
def scripts(page: Page) -> Scripts:
    return Scripts(page)


# --- Numbers for people -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1, "1"),
        (-1, "−1"),
        (337, "337"),
        (0.25, "0.25"),
        (0.123456, "0.123"),
        (-0.0452, "−0.0452"),
        (0.001, "0.001"),
        (0.00099, "9.9·10⁻⁴"),
        (0.000335, "3.4·10⁻⁴"),
        (1.1e-7, "1.1·10⁻⁷"),
        (-1e-300, "−1.0·10⁻³⁰⁰"),
        (123456, "1.2·10⁵"),
        (1e10, "1.0·10¹⁰"),
        (0.9997, "0.9997"),
        (0.99966, "0.9997"),
        (0.9999996, "1"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers_are_short_and_honest(scripts: Scripts, number: float, text: str) -> None:
    assert scripts.call("parts/format.js", "formatNumber", number) == text


def test_no_number_but_0_reads_as_0_and_no_slope_as_nothing(scripts: Scripts) -> None:
    small = [10.0**-k for k in range(1, 320, 7)]
    texts = [scripts.call("parts/format.js", "formatNumber", x) for x in small]
    assert "0" not in texts
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("x", "ceiling"),
    [(1, 1), (1.01, 2), (2, 2), (2.2, 5), (5.01, 5), (5.1, 10), (1.004, 1), (7.6, 10),
     (0.3, 0.5), (0.02, 0.02), (3e-8, 5e-8),
     (4e30, 5e30), (0, 1), (-3, 1), (math.nan, 1), (math.inf, 1)],
)  # fmt: skip
def test_scales_end_at_a_round_number(scripts: Scripts, x: float, ceiling: float) -> None:
    assert scripts.call("parts/format.js", "niceCeiling", x) == ceiling


def test_lists_and_names_of_layers(scripts: Scripts) -> None:
    lists = [scripts.call("parts/format.js", "listLayers", given) for given in ([1], [1, 2], [1, 2, 3])]
    assert lists == ["layer 1", "layers 1 and 2", "layers 1, 2 and 3"]
    names = [scripts.call("parts/format.js", "layerName", k, [5, 8, 8, 5]) for k in range(4)]
    assert names == ["input", "hidden 1", "hidden 2", "output"]
    assert scripts.call("parts/format.js", "layerName", 1, [5, 8, 5]) == "hidden"
    assert scripts.call("parts/format.js", "superscript", -120) == "⁻¹²⁰"


# --- Bits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "target", "right"),
    [(0.51, 1, True), (0.49, 0, True), (0.49, 1, False), (0.51, 0, False), (0.5, 1, False), (0.5, 0, False),
     (math.nan, 1, False), (math.nan, 0, False)],
)  # fmt: skip
def test_exactly_a_half_and_nan_are_never_right(
    scripts: Scripts, output: float, target: int, right: bool
) -> None:
    assert scripts.call("parts/bits.js", "bitIsRight", output, target) is right
    assert scripts.call("parts/bits.js", "isRight", [output, 1], [target, 1]) is right


@pytest.mark.parametrize(("output", "bit"), [(0.51, 1), (0.49, 0), (0.5, "½"), (math.nan, "?")])
def test_what_is_neither_bit_is_shown_as_neither(scripts: Scripts, output: float, bit: object) -> None:
    assert scripts.call("parts/bits.js", "bitOf", output) == bit
    row = scripts.call("parts/bits.js", "rowText", [1, bit, 0], None)
    assert row == (f"1 {bit} 0" if isinstance(bit, str) else f"1 {bit} 0 = {4 + 2 * bit}")


def test_bits_read_as_a_number_most_significant_first(scripts: Scripts) -> None:
    assert scripts.call("parts/bits.js", "toDecimal", [1, 0, 0, 1, 1]) == 19
    assert scripts.call("parts/bits.js", "toDecimal", [0.9, 0.1, 0.6, 0.5, math.nan]) == 20


# --- Runs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_and_derivatives_are_pythons(scripts: Scripts, name: str) -> None:
    z = np.linspace(-40, 40, 81)
    found = [scripts.call("parts/run.js", "activate", name, float(x)) for x in z]
    np.testing.assert_allclose(found, activate(name, z), rtol=1e-13, atol=1e-300)
    a = activate(name, z)
    found = [scripts.call("parts/run.js", "derivative", name, float(x)) for x in a]
    np.testing.assert_allclose(found, slope(name, a), rtol=1e-13)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_run_in_the_page_is_the_run_in_python(scripts: Scripts, activation: str) -> None:
    """To the bit, and what is seen at a step is what the NumPy network computes there."""
    network, table = Network((5, 6, 5), activation), make_task("count_up", 5)
    schemes, epochs, row = ["standard_xavier", "kaiming", "orthogonal"], 30, 19
    task = {
        "schemes": scheme_data(schemes, network, 3),
        "seed": 3,
        "learningRate": 0.5,
        "sizes": list(network.layer_sizes),
        "activation": activation,
        "epochs": epochs,
        **table_data(table),
    }
    found = scripts.page.evaluate(
        """async ([{ train }, task, row]) => (await train(task)).map((run) => plain({
          loss: run.loss, correct: run.correct, last: run.last, solvedAt: run.solvedAt, label: run.label,
          parameters: run.parameters(run.last), gradient: run.gradient(7), curve: run.gradientCurve(1),
          presented: run.presented(7), look: run.look(7, row), outputs: run.outputs(7, row),
        }))""",
        [scripts.module("parts/run.js"), task, row],
    )
    recordings = train(
        schemes, 0.5, layer_sizes=network.layer_sizes, epochs=epochs, seed=3, activation=activation
    )
    for page, known in zip(found, recordings, strict=True):
        np.testing.assert_array_equal(page["loss"], known.curve("loss"))
        np.testing.assert_array_equal(page["correct"], known.curve("correct_after"))
        np.testing.assert_array_equal(page["parameters"], known.parameters[-1])
        np.testing.assert_array_equal(page["gradient"], known.gradient[7])
        np.testing.assert_array_equal(page["curve"], known.gradient[:, 1])
        assert (page["last"], page["solvedAt"], page["label"]) == (epochs, known.solved_at, known.label)
        assert page["presented"] == known.correct[6]
        inputs, targets = table[0][row : row + 1], table[1][row : row + 1]
        activations = network.forward(known.parameters[7], inputs)
        deltas = network.errors(known.parameters[7], activations, targets)
        np.testing.assert_allclose(page["outputs"], activations[-1][0], rtol=1e-12)
        for k, values in enumerate(activations):
            np.testing.assert_allclose(page["look"]["activations"][k], values[0], rtol=1e-12)
        for k, values in enumerate(deltas, start=1):
            np.testing.assert_allclose(page["look"]["deltas"][k], values[0], rtol=1e-9, atol=1e-15)


# --- Around the document ----------------------------------------------------------------------------


def test_throttle_is_soon_then_rare_and_never_loses_the_last(pages: WatchedPages) -> None:
    own = pages("about:blank")
    own.clock.install(time=0)
    own.clock.pause_at(10)  # from here time passes only when told
    own.evaluate(
        """({ throttle }) => {
          globalThis.seen = [];
          globalThis.value = 0;
          globalThis.tell = throttle(() => seen.push([performance.now(), value]), 200);
        }""",
        load_module(own, "parts/dom.js"),
    )
    own.evaluate("() => { value = 1; tell(); }")
    own.clock.run_for(1)
    assert len(own.evaluate("seen")) == 1
    for step in range(2, 102):  # a call each 10 ms, for a second
        own.clock.run_for(10)
        own.evaluate("(step) => { value = step; tell(); }", step)
    own.clock.run_for(1000)
    seen = own.evaluate("seen")
    assert 5 <= len(seen) <= 7
    times = [time for time, _ in seen]
    assert all(b - a >= 199 for a, b in pairwise(times))
    assert seen[-1][1] == 101


# --- The bundle -------------------------------------------------------------------------------------

NAMES = sorted(kind.name for kind in explorables.ALL)


def test_every_script_belongs_to_an_explorable() -> None:
    """No file of the bundle is one that nothing imports."""
    seen: set[Path] = set()

    def follow(path: Path) -> None:
        if path in seen or path.suffix != ".js":
            return
        seen.add(path)
        for _, where in bundle.IMPORT.findall(path.read_text(encoding="utf-8")):
            follow((path.parent / where).resolve())

    for name in NAMES:
        follow(bundle.PACKAGE / "explorables" / f"{name}.js")
    there = {path for folder in ("parts", "explorables") for path in (bundle.PACKAGE / folder).glob("*.js")}
    assert there <= seen


@pytest.mark.parametrize("name", NAMES)
def test_an_explorables_code_is_one_small_module(page: Page, name: str) -> None:
    code = bundle.widget(name)
    assert len(code) < 120_000
    names, hooks = page.evaluate(
        """async (code) => {
          const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
          const module = await import(address);
          return [Object.keys(module), Object.keys(module.default)];
        }""",
        code,
    )
    # No `initialize`: anywidget gives it two seconds, and loses later updates if it takes longer.
    assert (names, hooks) == (["default"], ["render"])


@pytest.mark.parametrize("name", widgets.__all__)
def test_a_widgets_code_loads_as_one_module(page: Page, name: str) -> None:
    names = page.evaluate(
        """async (code) => {
          const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
          return Object.keys(await import(address));
        }""",
        getattr(widgets, name)._esm,
    )
    assert names == ["default"]


def test_a_form_of_import_that_is_not_understood_is_refused(tmp_path: Path) -> None:
    module = tmp_path / "bad.js"
    module.write_text('export * from "./other.js";\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"bad\.js imports or exports"):
        bundle.joined({"bad": module})
