"""The picture of a network: its law of widths, its numbers and sentences, its answers to pointer and keys."""

# ruff: noqa: RUF001 (minus and times are what the page shows)

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from browser import WatchedPages
from playwright.sync_api import Page

from letkeman_viz.explorables import bundle
from letkeman_viz.explorables.explorable import scheme_data, table_data
from letkeman_viz.network import Network
from letkeman_viz.tasks import counting_task

pytestmark = pytest.mark.browser

NAMES = ("scale", "run", "miniature", "readout", "describe", "diagram", "legend", "theme")
PAGE = (
    '<!DOCTYPE html><head><meta charset="utf-8"><style>{}</style></head><body><div class="lv"></div></body>'
)
STYLES = ("theme", "diagram", "readout", "controls", "legend")

START = """async (text) => {
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  Object.assign(globalThis, (await import(address)).modules);
  globalThis.root = document.querySelector(".lv");
  globalThis.stop = new AbortController();
  theme.followTheme(root, stop.signal);
  globalThis.trained = {};
}"""

TRAIN = """async (task) => {
  for (const one of await run.train(task)) trained[one.name] = one;
}"""

SHOW = """([scheme, row]) => {
  root.replaceChildren();
  globalThis.heard = [];
  const hear = (name) => (value) => heard.push([name, value]);
  const [onpin, onrow, complain] = ["pin", "row", "complain"].map(hear);
  globalThis.picture = diagram.createDiagram(root, { signal: stop.signal, onpin, onrow, complain });
  picture.load(trained[scheme]);
  picture.draw(0, row);
}"""

SCHEMES = ("ones", "kaiming", "standard_xavier", "zeros")


def start(pages: WatchedPages, folder: Path, **context: Any) -> Page:
    """A page without an explorable that has the parts as globals, by their file's name."""
    path = folder / "parts.html"
    styles = "".join((bundle.PACKAGE / "parts" / f"{name}.css").read_text("utf-8") for name in STYLES)
    path.write_text(PAGE.format(styles), encoding="utf-8")
    page = pages(path.as_uri(), **context)
    page.evaluate(START, bundle.joined({name: bundle.PACKAGE / "parts" / f"{name}.js" for name in NAMES}))
    return page


def train(page: Page, rows: slice = slice(None), epochs: int = 1000, **more: Any) -> None:
    """Runs of ``SCHEMES`` with seed 1 on rows of the counting task, as the global ``trained``."""
    network = Network()
    inputs, targets = counting_task(5)
    task = {
        "schemes": scheme_data(SCHEMES, network, 1),
        "seed": 1,
        "learningRate": 1.0,
        "sizes": list(network.layer_sizes),
        "epochs": epochs,
        **table_data((inputs[rows], targets[rows])),
    }
    page.evaluate(TRAIN, task | more)


def test_widths_and_sentences(pages: WatchedPages, tmp_path: Path) -> None:
    page = start(pages, tmp_path)
    train(page)
    check_the_law_of_widths(page)
    check_that_schemes_differ_and_training_keeps_lines(page)
    check_the_axis_of_gradients(page)
    check_that_sentences_name_symptom_layer_and_ratio(page)
    check_that_a_description_is_the_chain_in_numbers(page)
    pages.assert_clean(page)


def check_the_law_of_widths(page: Page) -> None:
    weights = [0.25, 0.5, 1, -1, 8, -27, 1000]
    quarter, half, one, minus, eight, top, more = page.evaluate(
        "all => all.map(w => scale.lineWidth(w))", weights
    )
    assert half == pytest.approx(one / 2)
    assert quarter == pytest.approx(one / 4)
    assert minus == one
    assert eight == pytest.approx(2 * one)
    assert top == more == pytest.approx(3 * one)
    small = page.evaluate("[1e-9, 0, NaN].flatMap(w => [scale.lineWidth(w), scale.lineWidth(w, 2.4)])")
    assert min(small) >= 0.4


INKED = """([name, step]) => {
  const [width, height] = [300, 200];
  const place = miniature.miniature([5, 8, 8, 5], width, height);
  const context = Object.assign(document.createElement("canvas"), { width: 4 * width, height: 4 * height })
    .getContext("2d", { willReadFrequently: true });
  context.scale(4, 4);
  const one = trained[name];
  const black = Object.fromEntries(miniature.MINIATURE_INKS.map((ink) => [ink, "black"]));
  miniature.paint(context, place, one, one.look(step, 19), black);
  // Between the columns, where few lines cross: how much of a vertical line is inked.
  const spots = [0.27, 0.3, 0.36, 0.64, 0.7, 0.73];
  const columns = one.layers ?? [0, 1, 2];
  const inked = columns.map((k) => {
    const [a, b] = [place.neurons[k][0].x, place.neurons[k + 1][0].x];
    const sums = spots.map((spot) => {
      const pixels = context.getImageData(Math.round(4 * (a + spot * (b - a))), 0, 1, 4 * height).data;
      return pixels.filter((_, at) => at % 4 === 3).reduce((sum, alpha) => sum + alpha, 0) / 255 / 4;
    });
    const mean = sums.reduce((sum, x) => sum + x, 0) / sums.length;
    return { mean, share: mean / height };
  });
  const lines = [40, 64, 40];
  return {
    width: inked.reduce((sum, { mean }, k) => sum + mean / lines[k], 0) / 3,
    share: Math.max(...inked.map(({ share }) => share)),
  };
}"""

STROKES = """([name, step]) => {
  const one = trained[name];
  picture.load(one);
  picture.draw(Math.min(step, one.last), 19);
  const lines = [...root.querySelectorAll(".lv-edges line")];
  const widths = lines.map((line) => parseFloat(getComputedStyle(line).strokeWidth));
  return widths.reduce((sum, width) => sum + width, 0) / widths.length;
}"""


def check_that_schemes_differ_and_training_keeps_lines(page: Page) -> None:
    page.evaluate(SHOW, ["ones", 19])
    strokes = {name: page.evaluate(STROKES, [name, 0]) for name in SCHEMES[:3]}
    pixels = {name: page.evaluate(INKED, [name, 0])["width"] for name in SCHEMES[:3]}
    for widths in (strokes, pixels):
        assert widths["ones"] > 1.25 * widths["kaiming"], widths
        assert widths["kaiming"] > 1.25 * widths["standard_xavier"], widths
    for name in ("kaiming", "standard_xavier"):
        assert 2 < page.evaluate(STROKES, [name, 1000]) < 5
        assert page.evaluate(INKED, [name, 1000])["share"] < 0.75  # paper is seen between the lines


def check_the_axis_of_gradients(page: Page) -> None:
    fake = "all => all.map(g => ({ trained: { gradient: g } }))"
    assert page.evaluate("scale.gradientRange([])") == [-8, 0]
    assert page.evaluate(f"scale.gradientRange(({fake})([[0, 0.5, 1e-3]]))") == [-8, 0]
    assert page.evaluate(f"scale.gradientRange(({fake})([[0, 3e-12], [NaN, 40]]))") == [-12, 2]
    assert page.evaluate(f"scale.gradientRange(({fake})([[0.1]]), [-12, 2])") == [-12, 2]


def check_that_sentences_name_symptom_layer_and_ratio(page: Page) -> None:
    def text(name: str, step: int) -> str:
        return page.evaluate(
            "([name, step]) => readout.narrate(trained[name], step, 19).join(' ')", [name, step]
        )

    assert "Symmetric: the neurons within hidden 1 and 2 are identical" in text("ones", 0)
    assert "Saturated" in text("ones", 0)
    zeros = text("zeros", 0)
    assert "layers 1 and 2 get a gradient of exactly 0" in zeros
    assert "Only layer 3 learns" in zeros
    first, last = page.evaluate(
        "[trained.standard_xavier.gradient(0)[0], trained.standard_xavier.gradient(0)[2]]"
    )
    assert last / first > 10
    assert f"Layer 1's gradient is 1/{last / first:.2g} of layer 3's." in text("standard_xavier", 0)
    # "Every layer gets a gradient" is only said with the ratio, and only of layers that are alike.
    for name in SCHEMES:
        for step in range(0, 1000, 37):
            low, high = page.evaluate(
                "([n, s]) => (g => [Math.min(...g), Math.max(...g)])(trained[n].gradient(s))", [name, step]
            )
            if "Every layer gets a gradient" in text(name, step):
                assert high / low < 10
                assert "the weakest, layer" in text(name, step)
    broken = page.evaluate("""() => {
      const one = trained.kaiming;
      const parameters = one.trained.parameters.slice();
      parameters[60] = NaN;
      const copy = Object.assign(Object.create(Object.getPrototypeOf(one)), one, { latest: {} });
      copy.trained = { ...one.trained, parameters };
      return readout.narrate(copy, 0, 19);
    }""")
    assert broken == [
        "Overflow: layer 2 holds weights that are no longer numbers (NaN or infinity). Training stops here."
    ]


def check_that_a_description_is_the_chain_in_numbers(page: Page) -> None:
    parts = {
        "hidden": {"kind": "neuron", "layer": 1, "index": 0},
        "output": {"kind": "neuron", "layer": 3, "index": 0},
        "weight": {"kind": "edge", "layer": 2, "from": 1, "to": 2},
    }
    found = page.evaluate(
        """(parts) => {
          const look = trained.kaiming.look(0, 19);
          const found = ([name, part]) => [name, describe.describe(trained.kaiming, look, part)];
          return Object.fromEntries(Object.entries(parts).map(found));
        }""",
        parts,
    )
    assert found["hidden"]["title"] == "hidden 1, neuron 1"
    assert any(
        line.startswith("error = slope × (weight × error + …) = ") for line in found["hidden"]["lines"]
    )
    assert any(
        line.startswith("error = slope × (activation − target) = ") for line in found["output"]["lines"]
    )
    gradient = next(
        line for line in found["weight"]["lines"] if line.startswith("gradient = input × error = ")
    )
    product, value = gradient.split(" = ")[2:]
    a, b = (float(x.strip("()").replace("−", "-")) for x in product.split(" × "))
    assert a * b == pytest.approx(float(value.replace("−", "-")), rel=0.02)


def test_sentence_never_moves_what_stands_below(pages: WatchedPages, tmp_path: Path) -> None:
    page = start(pages, tmp_path)
    train(page)
    for width in (390, 620, 1000, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("root.replaceChildren(); globalThis.box = readout.createReadout(root, stop)")
        heights = page.evaluate("""() => {
          const found = new Set();
          const texts = Object.values(trained).flatMap((one) =>
            Array.from({ length: 60 }, (_, k) => readout.narrate(one, k * 17, k % 32).join(" ")));
          for (const text of texts) {
            box.element.textContent = text;
            found.add(box.element.scrollHeight);
          }
          return [...found];
        }""")
        assert len(heights) == 1, width
    pages.assert_clean(page)


def test_diagram_answers_to_pointer_and_keys(pages: WatchedPages, tmp_path: Path) -> None:
    page = start(pages, tmp_path)
    train(page, epochs=2)
    page.evaluate(SHOW, ["zeros", 19])
    dashes = "[...new Set([...root.querySelectorAll('.lv-edges line')].map(e => e.getAttribute('class')))]"
    assert page.evaluate(dashes) == ["lv-zero"]
    page.evaluate(SHOW, ["kaiming", 19])
    assert sorted(page.evaluate(dashes)) == ["lv-negative", "lv-positive"]
    check_the_keys(page)
    check_the_pointer(page)
    pages.assert_clean(page)


def heard(page: Page) -> list[list[Any]]:
    """What the diagram has told since the last time."""
    return json.loads(page.evaluate("JSON.stringify(heard.splice(0))"))


def check_the_keys(page: Page) -> None:
    picture = page.get_by_role("application", name="Network of 5-8-8-5 neurons, Kaiming")
    hint = page.locator(f"#{picture.get_attribute('aria-describedby')}")
    assert "Press an input to flip its bit" in hint.inner_text()
    picture.focus()
    page.keyboard.press("ArrowRight")  # the first key only says where we are
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("picture.picked") == {"kind": "neuron", "layer": 1, "index": 1}
    assert "hidden 1, neuron 2" in page.get_by_role("status").inner_text()
    page.keyboard.press("PageDown")
    weight = {"kind": "edge", "layer": 1, "from": 0, "to": 1}
    assert page.evaluate("picture.picked") == weight
    page.keyboard.press("Enter")
    assert heard(page) == [["pin", weight]]
    lines = "[...root.querySelectorAll('.lv-edges line')]"
    faded = f"{lines}.filter(line => getComputedStyle(line).opacity < 0.5).length"
    assert page.evaluate(faded) == 40 + 64 + 40 - 1
    page.keyboard.press("Escape")
    assert heard(page) == [["pin", None]]
    assert page.evaluate("picture.picked") is None
    assert page.evaluate(faded) == 0


def check_the_pointer(page: Page) -> None:
    box = page.locator(".lv-neuron").nth(1).bounding_box()
    assert box is not None
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*at)
    assert heard(page) == [["row", 19 ^ 8]]
    box = page.locator(".lv-neuron").nth(6).bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*middle)
    page.mouse.click(*middle)
    neuron = {"kind": "neuron", "layer": 1, "index": 1}
    assert heard(page) == [["pin", neuron], ["pin", None]]
    # Half of the table: flipping the highest bit leads out of it.
    train(page, slice(0, 16), epochs=2)
    page.evaluate(SHOW, ["kaiming", 3])
    picture = page.get_by_role("application")
    picture.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert [name for name, _ in heard(page)] == ["complain"]
    assert "not in the table" in page.get_by_role("status").inner_text()
    # One row: no other to go to, and no promise of it.
    train(page, slice(19, 20), epochs=2, oneExample=True)
    page.evaluate(SHOW, ["kaiming", 0])
    assert "flip" not in page.locator(".lv").inner_text()


def test_legend_states_the_law(pages: WatchedPages, tmp_path: Path) -> None:
    page = start(pages, tmp_path)
    page.evaluate("globalThis.chosen = []")
    page.evaluate("globalThis.key = legend.createLegend(root, { onscale: (mode) => chosen.push(mode) })")
    samples = page.locator(".lv-key")
    for weight in ("0.25", "1", "8", "−1", "0"):
        assert samples.get_by_text(weight, exact=True).count() >= 1
    assert page.locator(".lv-legend").bounding_box()["height"] < 40  # type: ignore[index]
    page.get_by_role("button", name="Legend").click()
    more = page.get_by_role("region", name="Legend")
    assert "cube root" in more.inner_text()
    more.get_by_role("radio", name="Per layer").click()
    assert page.evaluate("chosen") == ["layer"]
    page.evaluate("key.draw({ scale: 'layer', activation: 'tanh' })")
    assert "relative to the largest of its layer" in samples.inner_text()
    assert "cube root" not in more.inner_text()
    assert "Empty is −1" in more.inner_text()
    pages.assert_clean(page)
