"""The explorables of one network: their settings in Python, and what their pages do."""

from __future__ import annotations

import base64
import dataclasses
import doctest
import gc
import importlib
import json
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import traitlets
from axe import violations
from browser import WatchedPages
from explorable_page import load_module, open_explorables
from playwright.sync_api import JSHandle, Page, expect

from letkeman_viz import Recording, get_initializer, train, train_one
from letkeman_viz.explorables.one_example import OneExample
from letkeman_viz.explorables.recording_view import ARRAYS, MAX_BYTES, RecordingView, packed, show
from letkeman_viz.explorables.sigmoid import Sigmoid
from letkeman_viz.explorables.whole_table import WholeTable
from letkeman_viz.initializers import Uniform

MODULES = ("one_example", "whole_table", "sigmoid", "recording_view")
TINY = Uniform("tiny", "Tiny", lambda fan_in, fan_out: 0.01)


def same_run(a: Recording, b: Recording) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("steps", "parameters", "loss"))


# Python


@pytest.mark.parametrize("module", MODULES)
def test_examples_of_docstrings_are_true(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"letkeman_viz.explorables.{module}"))
    assert found.attempted
    assert not found.failed


def test_recording_is_the_run_of_the_settings() -> None:
    example = OneExample(initializer="standard_xavier", seed=5, number=7, learning_rate=0.5)
    expected = train_one(7, "standard_xavier", 0.5, seed=5, max_frames=2000)
    assert isinstance(expected, Recording)
    assert same_run(example.recording, expected)
    table = WholeTable(schemes=[TINY, "ones"], initializer=TINY, seed=2, epochs=30)
    expected = train(TINY, 1.0, 30, 2, max_frames=2000)
    assert isinstance(expected, Recording)
    assert same_run(table.recording, expected)
    assert same_run(Sigmoid(of=table).recording, expected)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"sed": 3}, "OneExample has no setting 'sed'; it has .*seed"),
        ({"seed": -1}, "seed is -1; choose a whole number from 0 to 4294967295"),
        ({"seed": 1.5}, "seed must be a whole number from 0 to 4294967295, not 1.5"),
        ({"learning_rate": float("nan")}, "learning_rate is nan; choose a number from 1e-12 to 1000"),
        ({"number": 32}, "number is 32; choose a whole number from 0 to 31"),
        ({"schemes": "ones"}, "schemes must be a list of names or Initializers, not 'ones'"),
        ({"schemes": []}, "schemes has 0 entries; give 1 to 20"),
        ({"schemes": ["onse"]}, "initializer 'onse' is not known; choose one of zeros, ones"),
        ({"schemes": [TINY, TINY]}, "schemes has 'tiny' more than once"),
        ({"schemes": ["ones"], "initializer": "kaiming"}, "choose one of the schemes: ones. Add it"),
        ({"scale": "own"}, "scale 'own' is not known; choose one of fixed, layer, frame"),
        ({"pinned": [1]}, r"pinned is \[1\]; give \[\] for nothing"),
    ],
)
def test_bad_settings_are_refused_with_a_sentence(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises((TypeError, traitlets.TraitError), match=sentence):
        OneExample(**settings)


def test_a_browser_cannot_set_what_the_settings_refuse() -> None:
    table = WholeTable(schemes=["zeros", "ones", "standard_xavier"])
    table.set_state({"seed": 7, "row": 40, "initializer": "kaiming", "_data": {}, "schemes": ["nonsense"]})
    assert (table.seed, table.row, table.initializer) == (7, 19, "ones")
    assert table.schemes == ["zeros", "ones", "standard_xavier"]
    assert table._data["epochs"] == 1000


def test_data_follow_the_settings_they_depend_on() -> None:
    example = OneExample(schemes=["zeros", "orthogonal"], initializer="orthogonal")
    first = example._data["schemes"][1]
    example.seed = 2
    second = example._data["schemes"][1]
    assert (first["seed"], second["seed"]) == (1, 2)
    assert first["parameters"] != second["parameters"]
    example.number = 3
    assert example._data["inputs"] == [[0.0, 0.0, 0.0, 1.0, 1.0]]
    example.schemes = [TINY]
    assert example.initializer == "tiny"
    assert [scheme["label"] for scheme in example._data["schemes"]] == ["Tiny"]


def test_a_sigmoid_is_linked_until_it_is_closed() -> None:
    table = WholeTable(seed=3, step=40, row=2)
    curve = Sigmoid(of=table)
    assert (curve.seed, curve.step, curve.row) == (3, 40, 2)
    assert curve._channel == table._channel != WholeTable()._channel
    assert curve._data["linked"] == table._data["linked"] == ["initializer", "seed", "learning_rate", "row"]
    table.schemes = [TINY, "kaiming"]
    table.epochs = 50
    assert curve.schemes == ["tiny", "kaiming"]
    assert curve._data["epochs"] == 50
    curve.close()
    table.epochs = 60
    assert curve._data["epochs"] == 50
    with pytest.raises(TypeError, match="of must be the OneExample or WholeTable"):
        Sigmoid(of=None)


def test_closing_frees_everything() -> None:
    def show_and_close() -> list[weakref.ref[Any]]:
        example = OneExample(schemes=["orthogonal", "ones"])
        all_of_them = [example, Sigmoid(of=example), show(example.recording)]
        for widget in all_of_them:
            widget.close()
        return [weakref.ref(widget) for widget in all_of_them]

    gone = show_and_close()
    gc.collect()
    assert [ref() for ref in gone] == [None, None, None]


def test_a_packed_recording_holds_the_run() -> None:
    recording = train("kaiming", epochs=20, layer_sizes=(5, 3, 5), activation="tanh", max_frames=10)
    assert isinstance(recording, Recording)
    (about, arrays), buffer = packed(recording)
    assert about == ["kaiming", "Kaiming", 1, 1.0, False, "finished", [5, 3, 5], "tanh"]
    at, found = 0, {}
    for (name, kind, shape), (expected, _) in zip(arrays, ARRAYS, strict=True):
        assert name == expected
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        found[name] = np.frombuffer(buffer[at : at + size], kind).reshape(shape)
        at += size
    assert at == len(buffer)
    for name in ("steps", "parameters", "gradient", "inputs", "targets", "presented"):
        assert np.array_equal(found[name], getattr(recording, name))
    assert np.array_equal(found["loss"], recording.curve("loss"))


def test_a_large_recording_travels_with_fewer_frames_or_not_at_all() -> None:
    recording = train("ones", epochs=3, max_frames=4)
    assert isinstance(recording, Recording)
    frames = 1001
    large = dataclasses.replace(
        recording,
        network=dataclasses.replace(recording.network, layer_sizes=(5, 100, 100, 5)),
        steps=np.arange(frames),
        parameters=np.zeros((frames, 11_205)),
        gradient=np.zeros((frames, 3)),
        loss=np.zeros(frames - 1),
        correct_after=np.zeros(frames - 1, dtype=int),
        presented=np.zeros((frames - 1, 32), dtype=bool),
    )
    (_, arrays), buffer = packed(large)
    sent = np.frombuffer(buffer[: 8 * arrays[0][2][0]])
    assert len(buffer) <= MAX_BYTES
    assert 200 < len(sent) < 1001
    assert (sent[0], sent[-1]) == (0, 1000)
    steps, rows = 40_000, 1024
    too_large = dataclasses.replace(
        recording,
        inputs=np.zeros((rows, 5)),
        targets=np.zeros((rows, 5)),
        loss=np.zeros(steps),
        correct_after=np.zeros(steps, dtype=int),
        presented=np.zeros((steps, rows), dtype=bool),
    )
    with pytest.raises(ValueError, match="more than 32 MB; show one with fewer epochs"):
        show(too_large)
    with pytest.raises(TypeError, match="recording must be a Recording"):
        show(3)
    with pytest.raises(traitlets.TraitError, match="row is 32; this recording has rows 0 to 31"):
        show(recording, row=32)


# Pages

FAKE_MODEL = """([module, state]) => {
  const listeners = new Map();
  const fire = (name) => (listeners.get(`change:${name}`) ?? []).forEach((act) => act());
  const values = { ...state };
  const model = {
    values, saved: 0,
    get: (name) => values[name],
    set(name, value) { values[name] = value; fire(name); },
    save_changes() { model.saved++; },
    on: (event, act) => listeners.set(event, [...(listeners.get(event) ?? []), act]),
    off: (event, act) => listeners.set(event, (listeners.get(event) ?? []).filter((other) => other !== act)),
    send() {},
    fromPython(changes) {
      for (const [name, value] of Object.entries(changes)) values[name] = value;
      for (const name of Object.keys(changes)) fire(name);
    },
  };
  const scope = new AbortController();
  module.default.render({ model, el: document.body, code: "", signal: scope.signal });
  return { model, leave: () => scope.abort() };
}"""


def with_kernel(page: Page, explorable: Any) -> JSHandle:
    """``explorable`` on a page with a kernel that says what the test says."""
    module = load_module(page, f"explorables/{explorable.name}.js")
    handle = page.evaluate_handle(FAKE_MODEL, [module, explorable.state()])
    page.wait_for_selector(".lkv-explorable[data-drawn]")
    return handle


def choose(page: Page, label: str) -> None:
    page.locator(".lkv-schemes").first.get_by_role("radio", name=label).click()


@pytest.mark.browser
def test_one_example_page(pages: WatchedPages, tmp_path: Path) -> None:
    page = open_explorables(pages, tmp_path, OneExample(), viewport={"width": 1280, "height": 800})
    where, sentence, root = (
        page.locator(".lkv-where"),
        page.locator(".lv-sentence"),
        page.locator(".lv-one_example"),
    )
    height = root.bounding_box()["height"]
    assert height <= 690
    expect(where).to_have_text("update 0 of 337")
    expect(page.get_by_label("Seed", exact=True)).to_be_hidden()  # it would change nothing
    page.locator(".lkv-end").click()
    expect(sentence).to_contain_text("Correct after 337 updates")
    choose(page, "All zeros")
    expect(where).to_have_text("update 0 of 1")
    expect(page.get_by_label("Gradient of each layer now").first).to_contain_text("exactly 0")
    choose(page, "Standard Xavier")
    seed = page.get_by_label("Seed", exact=True)
    seed.fill("17")
    seed.press("Enter")
    updates = OneExample(initializer="standard_xavier", seed=17).recording.updates
    expect(where).to_have_text(f"update 0 of {updates}")
    neuron = page.locator(".lv-neuron").nth(7)
    neuron.click()
    expect(page.locator(".lv-area-detail")).to_contain_text("error = slope")
    expect(page.locator(".lv-area-lower")).to_be_hidden()
    assert root.bounding_box()["height"] == height
    page.keyboard.press("Escape")
    page.mouse.move(2, 2)
    expect(page.locator(".lv-area-lower")).to_be_visible()
    assert violations(page) == []


@pytest.mark.browser
def test_whole_table_page(pages: WatchedPages, tmp_path: Path) -> None:
    table = WholeTable(initializer="standard_xavier", seed=4, epochs=300, step=300)
    page = open_explorables(pages, tmp_path, table, viewport={"width": 1280, "height": 800})
    assert page.locator(".lv-whole_table").bounding_box()["height"] <= 690
    recording = table.recording
    after = int(recording.correct_after[-1])
    expect(page.locator(".lv-answers-big")).to_have_text(f"{after} / 32")
    expect(page.locator(".lv-answers")).to_contain_text(f"{int(recording.correct[-1])} as presented")
    expect(page.locator(".lv-answer[data-after=yes]")).to_have_count(after)
    expect(page.locator(".lv-answer[data-presented=yes]")).to_have_count(int(recording.correct[-1]))
    page.locator(".lv-answer").nth(6).click()
    expect(page.locator(".lv-picture .lv-reading").first).to_have_text("= 6")
    page.locator(".lv-neuron").nth(4).click()  # an input: its bit is flipped
    expect(page.locator(".lv-answer[aria-pressed=true]")).to_have_text("7")
    choose(page, "All ones")
    expect(page.locator(".lkv-where")).to_have_text("epoch 0 of 300")
    expect(page.get_by_label("Seed", exact=True)).to_be_visible()  # the order of the examples
    assert violations(page) == []


@pytest.mark.browser
def test_linked_explorables_show_the_same_run_at_the_same_step(pages: WatchedPages, tmp_path: Path) -> None:
    example = OneExample()
    page = open_explorables(pages, tmp_path, example, Sigmoid(of=example))
    where = page.locator(".lkv-where")
    page.locator(".lkv-end").nth(1).click()
    expect(where).to_have_text(["update 337 of 337"] * 2)
    page.locator(".lkv-schemes").nth(1).get_by_role("radio", name="All zeros").click()
    expect(where).to_have_text(["update 0 of 1"] * 2)
    expect(page.locator(".lkv-schemes").nth(0).get_by_role("radio", name="All zeros")).to_be_checked()
    expect(page.locator(".lv-activation-summary")).to_contain_text("output 0.25")
    choose(page, "All ones")
    expect(where).to_have_text(["update 0 of 337"] * 2)
    play = page.locator(".lkv-play")
    play.nth(0).click()
    play.nth(1).click()
    expect(play.nth(0)).to_have_attribute("title", "Play")
    expect(play.nth(1)).to_have_attribute("title", "Pause")
    play.nth(1).click()


@pytest.mark.browser
def test_a_page_and_its_kernel_tell_each_other_of_settings(pages: WatchedPages) -> None:
    page = pages("about:blank")
    example = OneExample(schemes=["ones", "standard_xavier", get_initializer("orthogonal")])
    handle = with_kernel(page, example)
    page.locator(".lkv-end").click()
    page.wait_for_function("({ model }) => model.values.step === 337 && model.saved > 0", arg=handle)
    choose(page, "Orthogonal")
    page.wait_for_function("({ model }) => model.values.initializer === 'orthogonal'", arg=handle)
    # Python sets a seed; the weights that only it can draw come with the data.
    example.initializer, example.seed = "orthogonal", 9
    page.evaluate("([{ model }, seed]) => model.fromPython({ seed })", [handle, 9])
    page.evaluate("([{ model }, data]) => model.fromPython({ _data: data })", [handle, example._data])
    expect(page.locator(".lkv-where")).to_have_text(f"update 0 of {example.recording.updates}")
    expect(page.get_by_label("Seed", exact=True)).to_have_value("9")
    # It does not answer any more: the run stays, and the page says why.
    page.evaluate("([{ model }, seed]) => model.fromPython({ seed })", [handle, 10])
    expect(page.locator(".lv-trouble")).to_have_text(
        "Only Python can draw Orthogonal for seed 10; it is not running."
    )
    choose(page, "All ones")
    expect(page.locator(".lv-trouble")).to_be_hidden()
    expect(page.locator(".lkv-where")).to_have_text("update 0 of 337")
    page.evaluate("({ model }) => model.fromPython({ step: 330, pinned: [2, 3] })", handle)
    expect(page.locator(".lkv-where")).to_have_text("update 330 of 337")
    expect(page.locator(".lv-area-detail")).to_contain_text("hidden 2, neuron 4")
    page.evaluate("(it) => it.leave()", handle)
    expect(page.locator(".lkv-explorable")).to_have_count(0)


@pytest.mark.browser
def test_a_recording_is_shown_whatever_order_its_keys_are_stored_in(
    pages: WatchedPages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = train("kaiming", epochs=60, layer_sizes=(5, 7, 3, 5), activation="tanh", max_frames=20)
    assert isinstance(recording, Recording)
    recording = Recording.load(recording.save(tmp_path / "run.npz"))
    view = RecordingView(recording, row=6, step=60)
    # A notebook's saver sorts the keys of all objects.
    state = view.state() | {"_run": {"base64": base64.b64encode(packed(recording)[1]).decode()}}
    monkeypatch.setattr(view, "state", lambda: json.loads(json.dumps(state, sort_keys=True)))
    page = open_explorables(pages, tmp_path, view)
    expect(page.locator(".lv-about")).to_contain_text("Kaiming, seed 1, learning rate 1, 5-7-3-5")
    expect(page.locator(".lkv-where")).to_have_text("epoch 60 of 60")
    expect(page.locator(".lv-answers-big")).to_have_text(f"{recording.correct_after[-1]} / 32")
    outputs = recording.network.forward(recording.parameters[-1], recording.inputs[6])[-1][0]
    expected = {f"{output:.4f}" for output in outputs if 0.001 < output < 0.9999}
    assert expected
    assert expected <= set(page.locator(".lv-picture text").all_text_contents())


@pytest.mark.browser
def test_one_run_and_one_row_are_shown_without_a_table(pages: WatchedPages, tmp_path: Path) -> None:
    recording = train_one(initializer="ones")
    assert isinstance(recording, Recording)
    page = open_explorables(pages, tmp_path, show(recording, step=337))
    expect(page.locator(".lv-sentence")).to_contain_text("Correct after 337 updates")
    expect(page.locator(".lv-answers")).to_have_count(0)


@pytest.mark.browser
def test_a_phone_shows_the_network_and_its_gradients_on_one_screen(
    pages: WatchedPages, tmp_path: Path
) -> None:
    size = {"width": 390, "height": 844}
    page = open_explorables(pages, tmp_path, WholeTable(step=5), viewport=size, has_touch=True)
    player = page.locator(".lv-player").bounding_box()
    assert player["y"] + player["height"] == pytest.approx(844, abs=1)
    bars = page.locator(".lv-area-bars .lv-bars").last.bounding_box()
    assert bars["y"] + bars["height"] <= player["y"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.locator(".lv-answers")).to_be_visible()
    page.get_by_role("tab", name="Loss").tap()
    expect(page.locator(".lv-answers")).to_be_hidden()
    page.locator(".lv-neuron").nth(9).tap()
    expect(page.locator(".lv-area-detail")).to_be_visible()
    assert violations(page) == []
