"""The pure parts of the JavaScript, inside Chromium: numbers, geometry, the calculus, words, the clock.

The modules are loaded as they lie in ``static/``, from a small server, and given plain values; the oracle of
the calculus is ``Network`` in Python.
"""

# ruff: noqa: RUF001 (minus, times and sigma are what the page shows)

from __future__ import annotations

import base64
import functools
import http.server
import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from letkeman_viz import Recording, train, train_one, widgets
from letkeman_viz.initializers import Constant
from letkeman_viz.network import ACTIVATIONS, activate, slope
from letkeman_viz.widgets import _assets

pytestmark = pytest.mark.browser

# Typed arrays become lists on their way to Python.
PLAIN = """
globalThis.plain = (value) =>
  ArrayBuffer.isView(value) ? Array.from(value)
  : Array.isArray(value) ? value.map(plain)
  : value === null || typeof value !== "object" ? value
  : Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
"""
CALL = "async ([module, name, given]) => plain((await import(`/${module}`))[name](...given))"
DECODE = """
async ([header, data]) => {
  const { decode } = await import("/recording.js");
  globalThis.run = decode(header, Uint8Array.from(atob(data), (c) => c.charCodeAt(0)).buffer);
}
"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves ``static/`` without a word."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Scripts:
    """The modules of ``static/`` in a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.evaluate(PLAIN)

    def call(self, module: str, name: str, *given: Any) -> Any:
        """What the function ``name`` that ``module`` exports gives."""
        return self.page.evaluate(CALL, [module, name, list(given)])

    def decode(self, recording: Recording) -> None:
        """Make ``run`` in the page from what Python would send there."""
        header, data = recording.to_wire()
        self.page.evaluate(DECODE, [header, base64.b64encode(data).decode()])

    def look(self, frame: int, row: int) -> dict[str, Any]:
        """Everything the page works out about a frame and a row of ``run``."""
        return self.page.evaluate("([frame, row]) => plain(run.look(frame, row))", [frame, row])

    def narrate(self, recording: Recording, frame: int = 0, row: int = 0) -> str:
        """What the page says about a frame of a recording."""
        self.decode(recording)
        return self.page.evaluate(
            """async ([frame, row]) => {
              const { narrate } = await import("/narrate.js");
              return narrate(run, run.look(frame, row), frame, row).join(" ");
            }""",
            [frame % len(recording), row],
        )

    def describe(self, frame: int, row: int, picked: dict[str, Any]) -> dict[str, Any]:
        """What the page says about a neuron or a weight of ``run``."""
        return self.page.evaluate(
            """async ([frame, row, picked]) => {
              const { describe } = await import("/describe.js");
              return describe({ ...run, shownRow: row }, run.look(frame, row), picked);
            }""",
            [frame, row, picked],
        )


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    handler = functools.partial(QuietHandler, directory=str(_assets.STATIC))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    yield page
    page.close()
    server.shutdown()
    server.server_close()


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
    assert scripts.call("format.js", "formatNumber", number) == text


def test_no_number_but_0_reads_as_0_and_no_slope_as_nothing(scripts: Scripts) -> None:
    small = [10.0**-k for k in range(1, 320, 7)]
    texts = [scripts.call("format.js", "formatNumber", x) for x in small]
    assert "0" not in texts
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("x", "ceiling"),
    [(1, 1), (1.01, 2), (2, 2), (2.2, 5), (5.01, 5), (5.1, 10), (1.004, 1), (7.6, 10),
     (0.3, 0.5), (0.02, 0.02), (3e-8, 5e-8),
     (4e30, 5e30), (0, 1), (-3, 1), (math.nan, 1), (math.inf, 1)],
)  # fmt: skip
def test_scales_end_at_a_round_number(scripts: Scripts, x: float, ceiling: float) -> None:
    assert scripts.call("format.js", "niceCeiling", x) == ceiling


def test_lists_and_names_of_layers(scripts: Scripts) -> None:
    lists = [scripts.call("format.js", "listLayers", given) for given in ([1], [1, 2], [1, 2, 3])]
    assert lists == ["layer 1", "layers 1 and 2", "layers 1, 2 and 3"]
    names = [scripts.call("format.js", "layerName", k, [5, 8, 8, 5]) for k in range(4)]
    assert names == ["input", "hidden 1", "hidden 2", "output"]
    assert scripts.call("format.js", "layerName", 1, [5, 8, 5]) == "hidden"
    assert scripts.call("format.js", "superscript", -120) == "⁻¹²⁰"


# --- Bits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "target", "right"),
    [(0.51, 1, True), (0.49, 0, True), (0.49, 1, False), (0.51, 0, False), (0.5, 1, False), (0.5, 0, False),
     (math.nan, 1, False), (math.nan, 0, False)],
)  # fmt: skip
def test_exactly_a_half_and_nan_are_never_right(
    scripts: Scripts, output: float, target: int, right: bool
) -> None:
    assert scripts.call("bits.js", "bitIsRight", output, target) is right
    assert scripts.call("bits.js", "isRight", [output, 1], [target, 1]) is right


@pytest.mark.parametrize(("output", "bit"), [(0.51, 1), (0.49, 0), (0.5, "½"), (math.nan, "?")])
def test_what_is_neither_bit_is_shown_as_neither(scripts: Scripts, output: float, bit: object) -> None:
    assert scripts.call("bits.js", "bitOf", output) == bit
    row = scripts.call("bits.js", "rowText", [1, bit, 0], None)
    assert row == (f"1 {bit} 0" if isinstance(bit, str) else f"1 {bit} 0 = {4 + 2 * bit}")


def test_bits_read_as_a_number_most_significant_first(scripts: Scripts) -> None:
    assert scripts.call("bits.js", "toDecimal", [1, 0, 0, 1, 1]) == 19
    assert scripts.call("bits.js", "toDecimal", [0.9, 0.1, 0.6, 0.5, math.nan]) == 20


# --- Geometry ---------------------------------------------------------------------------------------

SIZES = [5, 8, 8, 5]


@pytest.fixture(scope="module")
def place(scripts: Scripts) -> dict[str, Any]:
    return scripts.call("geometry.js", "layout", SIZES, 700)


@pytest.mark.parametrize("width", [300, 390, 519, 520, 700, 1100])
@pytest.mark.parametrize("sizes", [[5, 8, 8, 5], [1, 1], [8, 32, 8], [2, 3, 4, 5, 6, 7]], ids=str)
def test_every_neuron_lies_in_the_picture_and_apart(scripts: Scripts, sizes: list[int], width: int) -> None:
    place = scripts.call("geometry.js", "layout", sizes, width)
    radius = place["radius"]
    assert [len(column) for column in place["neurons"]] == sizes
    for column in place["neurons"]:
        xs, ys = [n["x"] for n in column], [n["y"] for n in column]
        assert len(set(xs)) == 1
        assert radius <= xs[0] <= width - radius
        assert radius <= min(ys)
        assert max(ys) + radius <= place["bottom"] + 1e-9 < place["meters"] < place["height"]
        assert all(b - a > 2 * radius for a, b in pairwise(ys))
        assert (min(ys) + max(ys)) / 2 == pytest.approx(
            (place["neurons"][0][0]["y"] + place["neurons"][0][-1]["y"]) / 2
        )
    lefts = [column[0]["x"] for column in place["neurons"]]
    assert all(b - a > 2 * radius for a, b in pairwise(lefts))


def test_pointing_at_a_neuron_finds_it(scripts: Scripts, place: dict[str, Any]) -> None:
    for layer, column in enumerate(place["neurons"]):
        for index, at in enumerate(column):
            found = scripts.call("geometry.js", "pick", place, at)
            assert found == {"kind": "neuron", "layer": layer, "index": index}


def test_pointing_at_an_edge_finds_it(scripts: Scripts, place: dict[str, Any]) -> None:
    for layer, start, end in [(1, 0, 0), (1, 4, 7), (2, 3, 5), (3, 7, 0)]:
        a, b = place["neurons"][layer - 1][start], place["neurons"][layer][end]
        at = {"x": a["x"] + 0.31 * (b["x"] - a["x"]), "y": a["y"] + 0.31 * (b["y"] - a["y"])}
        found = scripts.call("geometry.js", "pick", place, at)
        assert found == {"kind": "edge", "layer": layer, "from": start, "to": end}


def test_pointing_at_nothing_finds_nothing(scripts: Scripts, place: dict[str, Any]) -> None:
    for at in ({"x": 0, "y": 0}, {"x": 690, "y": 200}, {"x": 350, "y": 1000}):
        assert scripts.call("geometry.js", "pick", place, at) is None


@pytest.mark.parametrize(
    ("p", "distance"),
    [((5, 3), 3), ((-3, 4), 5), ((13, -4), 5), ((5, 0), 0)],
)
def test_distance_is_to_the_segment_not_to_its_line(
    scripts: Scripts, p: tuple[float, float], distance: float
) -> None:
    point = dict(zip("xy", p, strict=True))
    ends = {"x": 0, "y": 0}, {"x": 10, "y": 0}
    assert scripts.call("geometry.js", "distanceToSegment", point, *ends) == distance
    assert scripts.call("geometry.js", "distanceToSegment", {"x": 3, "y": 4}, ends[0], ends[0]) == 5


@pytest.mark.parametrize(
    ("at", "key", "to"),
    [
        ((0, 0), "ArrowRight", (1, 0)),
        ((0, 0), "ArrowLeft", (0, 0)),
        ((0, 0), "ArrowUp", (0, 0)),
        ((0, 0), "ArrowDown", (0, 1)),
        ((1, 7), "ArrowDown", (1, 7)),
        ((1, 7), "ArrowLeft", (0, 4)),
        ((2, 6), "ArrowRight", (3, 4)),
        ((3, 4), "ArrowRight", (3, 4)),
        ((1, 1), "Enter", None),
        ((1, 1), "Tab", None),
    ],
)
def test_arrows_walk_the_neurons_and_stop_at_the_rim(
    scripts: Scripts, at: tuple[int, int], key: str, to: tuple[int, int] | None
) -> None:
    start = {"kind": "neuron", "layer": at[0], "index": at[1]}
    end = to and {"kind": "neuron", "layer": to[0], "index": to[1]}
    assert scripts.call("geometry.js", "walk", SIZES, start, key) == end


def test_arrows_go_on_from_the_neuron_that_an_edge_leads_to(scripts: Scripts) -> None:
    edge = {"kind": "edge", "layer": 2, "from": 1, "to": 5}
    assert scripts.call("geometry.js", "walk", SIZES, edge, "ArrowDown") == {
        "kind": "neuron", "layer": 2, "index": 6,
    }  # fmt: skip


@pytest.mark.parametrize("direction", [1, -1])
def test_page_keys_walk_all_edges_into_a_neuron_and_come_round(scripts: Scripts, direction: int) -> None:
    at, seen = {"kind": "neuron", "layer": 2, "index": 3}, []
    for _ in range(9):
        at = scripts.call("geometry.js", "walkEdges", SIZES, at, direction)
        assert (at["kind"], at["layer"], at["to"]) == ("edge", 2, 3)
        seen.append(at["from"])
    order = list(range(8))[::direction]
    assert seen == [*order, order[0]]


def test_an_input_has_no_edges_to_walk(scripts: Scripts) -> None:
    at = {"kind": "neuron", "layer": 0, "index": 2}
    assert scripts.call("geometry.js", "walkEdges", SIZES, at, 1) == at


def test_width_is_proportional_to_weight_and_the_scale_is_fixed(scripts: Scripts) -> None:
    def width(weight: float, top: float) -> float:
        return scripts.call("geometry.js", "edgeWidth", weight, top)

    assert width(2, 2) == 5
    assert width(1, 2) == pytest.approx(2.5)
    assert width(-0.5, 2) == width(0.5, 2) == pytest.approx(1.25)
    assert width(0.5, 4) == pytest.approx(width(0.5, 2) / 2)
    assert width(9, 2) == 5
    assert 0 < width(1e-9, 2) < width(0.5, 2)
    assert 0 < width(0, 2) < width(0.5, 2)
    assert width(math.nan, 2) == width(math.inf, 2) == 5


def test_signs(scripts: Scripts) -> None:
    signs = [scripts.call("geometry.js", "signOf", x) for x in (1e-9, -1e-9, 0, math.nan, -math.inf)]
    assert signs == ["positive", "negative", "zero", "broken", "broken"]


def test_meters_are_logarithmic_and_only_zero_is_empty(scripts: Scripts) -> None:
    span = scripts.call("geometry.js", "decades", [0, 3e-5, 0.2, math.nan])
    assert span == [-5, 0]
    assert scripts.call("geometry.js", "decades", [0, 0]) == [-1, 0]
    low, high = scripts.call("geometry.js", "decades", [0.01])
    assert low < high
    where = [scripts.call("geometry.js", "onLog", x, span) for x in (0, 1e-9, 1e-5, 10**-2.5, 1, 9)]
    assert where[0] == 0
    assert where[1] == where[2] > 0
    assert where[3:] == pytest.approx([0.5, 1, 1])


# --- The calculus, against Python -------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_and_slopes_are_pythons(scripts: Scripts, name: str) -> None:
    sums = [-800.0, -30.0, -1.5, -0.1, 0.0, 0.1, 2.0, 36.0, 800.0]
    outputs = [scripts.call("activation.js", "activate", name, z) for z in sums]
    np.testing.assert_allclose(outputs, activate(name, sums), rtol=1e-14)
    slopes = [scripts.call("activation.js", "slope", name, a) for a in outputs]
    np.testing.assert_allclose(slopes, slope(name, outputs), rtol=1e-14)


@pytest.fixture(scope="module", params=ACTIVATIONS)
def decoded(request: pytest.FixtureRequest, scripts: Scripts) -> Recording:
    """A short run with each activation, decoded in the page as ``run``."""
    recording = train("kaiming", 0.3, epochs=30, seed=4, activation=request.param, max_frames=7)
    scripts.decode(recording)
    return recording


def test_decoded_run_is_the_recording(scripts: Scripts, decoded: Recording) -> None:
    run = scripts.page.evaluate("""() => plain({ ...run,
      parameters: run.parameters(2), gradient: run.gradient(2), presented: run.presented(2),
      inputs: run.inputs(19), targets: run.targets(19) })""")
    assert (run["frames"], run["rows"], run["sizes"]) == (len(decoded), 32, [5, 8, 8, 5])
    assert (run["label"], run["activation"], run["seed"]) == ("Kaiming", decoded.network.activation, 4)
    assert run["step"] == decoded.steps.tolist()
    np.testing.assert_allclose(run["parameters"], decoded.parameters[2], rtol=1e-6)
    np.testing.assert_allclose(run["gradient"], decoded.gradient[2], rtol=1e-6)
    np.testing.assert_array_equal(run["presented"], decoded.presented[decoded.steps[2] - 1])
    np.testing.assert_allclose(run["loss"], decoded.curve("loss")[decoded.steps], rtol=1e-6)
    assert run["correctAfter"] == decoded.curve("correct_after")[decoded.steps].tolist()
    assert run["inputs"] == [1, 0, 0, 1, 1]
    assert run["targets"] == [1, 0, 1, 0, 0]
    layers = [decoded.parameters_at(f) for f in range(len(decoded))]
    largest = [max(abs(layer[k][0]).max() for layer in layers) for k in range(3)]
    np.testing.assert_allclose(run["largest"]["weight"], largest, rtol=1e-6)
    assert run["largest"]["bias"] == pytest.approx(max(abs(b).max() for f in layers for _, b in f), rel=1e-6)


@pytest.mark.parametrize(("frame", "row"), [(0, 0), (0, 31), (3, 19), (-1, 7)])
def test_look_is_pythons_forward_and_back(scripts: Scripts, decoded: Recording, frame: int, row: int) -> None:
    frame %= len(decoded)
    network = decoded.network
    inputs, targets = decoded.inputs[row : row + 1], decoded.targets[row : row + 1]
    look = scripts.look(frame, row)
    # With the parameters as the page has them, it works in double precision like Python.
    sent = decoded.parameters[frame].astype("f4").astype("f8")
    activations = network.forward(sent, inputs)
    errors = network.errors(sent, activations, targets)
    assert look["sums"][0] is look["errors"][0] is look["slopes"][0] is None
    for k, expected in enumerate(activations):
        np.testing.assert_allclose(look["activations"][k], expected[0], rtol=1e-12)
    for k, expected in enumerate(errors, start=1):
        np.testing.assert_allclose(look["errors"][k], expected[0], rtol=1e-9, atol=1e-15)
        name = "sigmoid" if k == len(errors) else network.activation
        np.testing.assert_allclose(look["slopes"][k], slope(name, activations[k][0]), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(look["activations"][k], activate(name, look["sums"][k]), rtol=1e-12)
    # And the gradients are the recording's to the precision in which parameters travel.
    parts = []
    for a, e in zip(look["activations"][:-1], look["errors"][1:], strict=True):
        parts += [np.outer(a, e).ravel(), np.array(e)]
    true = network.gradient(decoded.parameters[frame], inputs, targets)[0]
    np.testing.assert_allclose(np.concatenate(parts), true, rtol=1e-4, atol=1e-6 * abs(true).max())


def test_positions_outside_the_run_are_clamped(scripts: Scripts, decoded: Recording) -> None:
    frames, rows = scripts.page.evaluate(
        "() => [[-5, 2, 1e9].map((k) => run.frameAt(run.step[k] ?? 100 * k)), [-1, 31, 99].map(run.clampRow)]"
    )
    assert frames == [0, 2, len(decoded) - 1]
    assert rows == [0, 31, 31]


def test_overflowing_weights_do_not_become_the_scale(scripts: Scripts) -> None:
    recording = train("ones", epochs=2)
    parameters = recording.parameters.copy()
    parameters[-1, :3] = [np.nan, np.inf, 1e300]  # beyond float32 it is infinity to the page
    scripts.decode(replace(recording, parameters=parameters))
    largest = scripts.page.evaluate("() => run.largest")
    assert 1 <= largest["weight"][0] < 2
    assert all(map(math.isfinite, [*largest["weight"], largest["bias"]]))


# --- What is said -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ones() -> Recording:
    return train_one(initializer="ones")


def test_all_ones_are_saturated_and_symmetric(scripts: Scripts, ones: Recording) -> None:
    said = scripts.narrate(ones)
    assert said.startswith("Not right yet. Loss 1.5. Saturated: the wrong outputs sit")
    assert "slope is only 3.4·10⁻⁴" in said
    assert "Symmetric: the 8 neurons of hidden 1 are identical, and so are the 8 neurons of hidden 2" in said


def test_solved_is_said_with_the_count(scripts: Scripts, ones: Recording) -> None:
    assert scripts.narrate(ones, -1).startswith("Right after 337 updates. Loss ")
    zeros = train_one(initializer="zeros")
    assert scripts.narrate(zeros, -1).startswith("Right after 1 update. Loss ")


def test_all_zeros_get_a_gradient_of_exactly_0(scripts: Scripts) -> None:
    said = scripts.narrate(train_one(initializer="zeros"))
    assert "Vanished: the weights of layers 1 and 2 get a gradient of exactly 0" in said
    assert "because no error comes back through weights that are all 0" in said
    assert "Only those of layer 3 learn." in said
    assert "Symmetric: the 8 neurons of hidden 1 are identical" in said


def test_random_weights_have_no_trouble(scripts: Scripts) -> None:
    said = scripts.narrate(train("standard_xavier", epochs=1))
    assert said.endswith("Every layer gets a gradient.")
    assert "of 32 right. Loss " in said


def test_overflow_is_said_and_nothing_else(scripts: Scripts) -> None:
    said = scripts.narrate(train(Constant("broken", "Broken", math.nan), epochs=1))
    assert said.startswith("Overflow: layer 1 holds weights that are no longer numbers")
    assert "Loss" not in said


def with_biases(recording: Recording, *biases: float) -> Recording:
    """The recording's first frame with all biases of each layer set, and its gradient measured again."""
    parameters = recording.parameters[:1].copy()
    for (_, layer), bias in zip(recording.network.layers(parameters[0]), biases, strict=True):
        layer[:] = bias
    table = recording.inputs, recording.targets
    gradient = recording.network.gradient_magnitude(parameters[0], *table)[None]
    return replace(recording, parameters=parameters, gradient=gradient)


def test_dead_relus_are_called_dead_for_the_right_reason(scripts: Scripts) -> None:
    alive = train("kaiming", epochs=0, activation="relu")
    said = scripts.narrate(with_biases(alive, -100.0, 1.0, 0.0))
    assert "Dead: every neuron of hidden 1 gives 0" in said
    assert "exactly 0" in said
    assert "weights that are all 0" not in said  # they are not


def test_a_layer_whose_weights_get_no_gradient_may_still_have_biases_that_learn(scripts: Scripts) -> None:
    alive = train("kaiming", epochs=0, activation="relu")
    dead = with_biases(alive, -100.0, -100.0, 0.0)
    assert (dead.gradient == 0).all()
    assert "nothing can change" not in scripts.narrate(dead)  # the output's biases can


def test_a_network_that_is_right_is_not_called_saturated(scripts: Scripts) -> None:
    recording = train("standard_xavier", epochs=6000, seed=2)
    assert recording.correct_after[-1] == 32
    assert "Saturated: the neurons of the output" not in scripts.narrate(recording, -1, 19)


def test_vanishing_and_exploding_say_by_how_much(scripts: Scripts) -> None:
    recording = train("standard_xavier", epochs=0)
    for gradient, words in [
        ([1e-7, 1e-5, 1e-3], "Vanishing: layer 1's gradient is 1.0·10⁴ times smaller than layer 3's."),
        ([1.0, 0.1, 1e-4], "Exploding: layer 1's gradient is 1.0·10⁴ times larger than layer 3's."),
    ]:
        assert words in scripts.narrate(replace(recording, gradient=np.array([gradient])))


def test_neurons_that_differ_a_little_are_not_identical(scripts: Scripts) -> None:
    def identical(change: float) -> list[int]:
        weights, biases = [1.0] * 8, [0.0] * 4
        weights[5] += change
        return scripts.page.evaluate(
            """async ([weights, biases]) => {
              const { identicalLayers } = await import("/narrate.js");
              const [w, b] = [weights, biases].map((values) => Float32Array.from(values));
              const layer = { weights: w, biases: b, fanIn: 2, fanOut: 4 };
              return identicalLayers([layer, layer]);
            }""",
            [weights, biases],
        )

    assert identical(0.0) == [1]  # the output layer does not count
    assert identical(1e-4) == []


# --- Sums with numbers in them ----------------------------------------------------------------------


def test_a_neuron_shows_its_sum(scripts: Scripts, ones: Recording) -> None:
    scripts.decode(ones)
    found = scripts.describe(0, 0, {"kind": "neuron", "layer": 1, "index": 2})
    assert found["title"] == "hidden 1, neuron 3"
    assert found["lines"][0] == "sum = bias 0 + 1·1 + 0·1 + 0·1 + 1·1 + 1·1 = 3"
    assert found["lines"][1] == "activation = σ(3) = 0.953, slope there 0.0452"
    assert found["lines"][-1].startswith("gradient of the bias = error = ")


def test_an_output_shows_its_error_and_a_hidden_neuron_where_it_came_from(
    scripts: Scripts, ones: Recording
) -> None:
    scripts.decode(ones)
    look = scripts.look(0, 0)
    number = functools.partial(scripts.call, "format.js", "formatNumber")
    output = scripts.describe(0, 0, {"kind": "neuron", "layer": 3, "index": 1})
    a, s, e = (look[key][3][1] for key in ("activations", "slopes", "errors"))
    assert f"error = ({number(a)} − wanted 0) × slope {number(s)} = {number(e)}" in output["lines"]
    hidden = scripts.describe(0, 0, {"kind": "neuron", "layer": 2, "index": 0})
    assert len(hidden["lines"][2].split(" + ")) == 5  # one term for each output
    assert hidden["lines"][2].startswith(f"error = slope {number(look['slopes'][2][0])} × (1·")
    assert hidden["lines"][2].endswith(f" = {number(look['errors'][2][0])}")


def test_an_edge_shows_weight_and_gradient(scripts: Scripts, ones: Recording) -> None:
    scripts.decode(ones)
    found = scripts.describe(0, 0, {"kind": "edge", "layer": 1, "from": 3, "to": 6})
    assert found["title"] == "weight from input, neuron 4 to hidden 1, neuron 7"
    assert found["lines"][0] == "weight 1; it adds 1 × 1 = 1 to the sum"
    error = scripts.call("format.js", "formatNumber", scripts.look(0, 0)["errors"][1][6])
    assert found["lines"][1] == f"gradient = input 1 × error {error} = {error}"


def test_an_input_says_what_its_bit_counts(scripts: Scripts, ones: Recording) -> None:
    scripts.decode(ones)
    lines = [scripts.describe(0, 0, {"kind": "neuron", "layer": 0, "index": k})["lines"] for k in range(5)]
    assert [line for (line,) in lines] == [
        f"value {bit}; in the number this bit counts {place}"
        for bit, place in zip((1, 0, 0, 1, 1), (16, 8, 4, 2, 1), strict=True)
    ]


# --- The clock --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("position", "elapsed", "speed", "last", "after"),
    [
        (0, 50, 30, 337, [1.5, True]),
        (1.5, 20, 30, 337, [2.1, True]),
        (336.9, 50, 30, 337, [337, False]),
        (337, 16, 30, 337, [337, False]),
        (0, 60_000, 30, 337, [3, True]),  # a page that slept does not leap
        (5, 0, 30, 337, [5, True]),
        (5, -8, 30, 337, [5, True]),
        (0, 16, 30, 0, [0, False]),
    ],
)
def test_the_clock_advances(
    scripts: Scripts, position: float, elapsed: float, speed: float, last: int, after: list[Any]
) -> None:
    found, goes_on = scripts.call("player.js", "advance", position, elapsed, speed, last)
    assert [found, goes_on] == [pytest.approx(after[0]), after[1]]


def test_throttle_is_soon_then_rare_and_never_loses_the_last(browser: Browser, page: Page) -> None:
    own = browser.new_page()
    own.goto(page.url)
    own.clock.install(time=0)
    own.clock.pause_at(10)  # from here time passes only when told
    own.evaluate("""async () => {
      const { throttle } = await import("/stage.js");
      globalThis.seen = [];
      globalThis.value = 0;
      globalThis.tell = throttle(() => seen.push([performance.now(), value]), 200);
    }""")
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
    own.close()


# --- What a Jupyter front end loads -----------------------------------------------------------------


@pytest.mark.parametrize("name", widgets.__all__)
def test_a_widgets_code_loads_as_one_module(page: Page, name: str) -> None:
    loaded = page.evaluate(
        """async (code) => {
          const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
          const module = await import(address);
          const hooks = Object.entries(module.default).map(([k, v]) => [k, v.constructor.name]);
          return [Object.keys(module), hooks];
        }""",
        getattr(widgets, name)._esm,
    )
    names, hooks = loaded
    assert names == ["default"]
    assert hooks
    assert {name for name, _ in hooks} <= {"initialize", "render"}
    # anywidget gives `initialize` two seconds and loses later updates if it takes longer: it must not wait.
    assert ("initialize", "AsyncFunction") not in map(tuple, hooks)
    assert {type_ for _, type_ in hooks} <= {"Function", "AsyncFunction"}
