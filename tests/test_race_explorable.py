"""The race: its settings in Python, who is ahead, and its page, which trains the same runs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import traitlets
from axe import violations
from browser import WatchedPages
from explorable_page import load_module, open_explorables
from playwright.sync_api import JSHandle, Page, expect

from letkeman_viz import get_initializer
from letkeman_viz.explorables.race import SCHEMES, Race
from letkeman_viz.initializers import Initializer, Uniform

LANE = ".lv-lane"


def mine(bound: float = 0.3, name: str = "mine") -> Initializer:
    """A scheme that is registered nowhere."""
    return Uniform(name, name.capitalize(), lambda fan_in, fan_out: bound)


# --- Python -------------------------------------------------------------------------------------------------


def test_the_seven_schemes_race_by_default() -> None:
    race = Race()
    assert race.schemes == list(SCHEMES)
    assert [scheme["name"] for scheme in race._data["schemes"]] == list(SCHEMES)


def test_recordings_follow_the_settings() -> None:
    race = Race(schemes=["ones", "kaiming", mine()], seed=3, epochs=20, learning_rate=0.3)
    race.seed = 4
    recordings = race.recordings
    assert list(recordings) == ["ones", "kaiming", "mine"]
    for run in recordings.values():
        assert (run.seed, run.epochs, run.learning_rate, len(run)) == (4, 20, 0.3, 21)
    assert np.abs(recordings["mine"].parameters_at(0)[0][0]).max() <= 0.3


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"schemes": ["ones"]}, "choose 2 to 7"),
        ({"schemes": [*SCHEMES, "lecun"]}, "choose 2 to 7"),
        ({"schemes": ["ones", "kaming"]}, "'kaming'.*choose one of"),
        ({"schemes": ["ones", 3]}, "hold 3"),
        ({"schemes": ["kaiming", get_initializer("kaiming", mode="fan_out")]}, "twice; give each a name"),
        ({"seed": 1.5}, "seed must be a whole number from 0 to 4294967295, not 1.5"),
        ({"seed": -1}, "seed is -1; choose"),
        ({"learning_rate": 0.0}, "choose a number from 0.001 to 100"),
        ({"learning_rate": math.nan}, "learning_rate is nan; choose"),
        ({"epochs": 0}, "1 to 10000"),
        ({"layer": 4}, "1 to 3"),
        ({"row": 32}, "0 to 31"),
        ({"chosen": "lecun"}, "chosen is 'lecun'; choose one of 'zeros'"),
        ({"step": 1001}, "step is 1001; choose a whole number from 0 to 1000"),
        ({"scale": "huge"}, "choose one of fixed, layer, frame"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_allowed(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(traitlets.TraitError, match=says):
        Race(**settings)
    race = Race()
    ((name, value),) = settings.items()
    before = getattr(race, name)
    with pytest.raises(traitlets.TraitError, match=says):
        setattr(race, name, value)
    assert getattr(race, name) == before


def test_an_unknown_setting_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"no setting 'sed'; it has chosen, .*seed"):
        Race(sed=3)


def test_what_depends_on_a_setting_follows_it() -> None:
    race = Race(chosen="ones", step=700, schemes=["ones", "zeros"])
    race.epochs = 300
    race.schemes = ["zeros", "kaiming"]
    assert (race.step, race.chosen) == (300, "")


def test_a_scheme_set_again_under_its_name_is_drawn_anew() -> None:
    race = Race(schemes=["ones", mine(0.3)])
    race.schemes = ["ones", mine(0.6)]
    (drawn,) = (scheme for scheme in race._data["schemes"] if scheme["name"] == "mine")
    assert drawn["scales"] == [0.6, 0.6, 0.6]
    race.schemes = ["zeros", "mine"]  # its name is enough from now on
    assert len(race.recordings) == 2


def test_weights_that_only_python_draws_follow_the_seed() -> None:
    race = Race(schemes=["ones", "orthogonal"], seed=3)
    race.seed = 9
    (drawn,) = (scheme for scheme in race._data["schemes"] if scheme["kind"] == "given")
    start = race.recordings["orthogonal"].parameters[0]
    assert drawn["seed"] == 9
    np.testing.assert_array_equal(drawn["parameters"], start)


def test_a_scheme_that_cannot_draw_is_refused_at_once() -> None:
    class Broken(Uniform):
        def from_quantiles(self, quantiles: Any) -> Any:
            return quantiles[:1]

    with pytest.raises(traitlets.TraitError, match="drew shape"):
        Race(schemes=["ones", Broken("broken", "Broken", lambda fan_in, fan_out: 1.0)])


def test_a_page_can_only_set_what_is_a_setting() -> None:
    race = Race(seed=1)
    race.set_state({"seed": 5, "step": 3, "schemes": ["ones", "nonsense"], "layer": "2", "_data": {}})
    assert (race.seed, race.step, race.schemes, race.layer) == (5, 3, list(SCHEMES), 1)
    assert race._data["schemes"]


# --- Who is ahead -------------------------------------------------------------------------------------------


def run(**fields: Any) -> dict[str, Any]:
    """As much of a run as a ranking needs."""
    usual = {"label": "A", "last": 2, "correct": [0, 16, 32], "loss": [0.6, 0.3, 0.1], "rows": 32,
             "solvedAt": 2, "ended": "finished"}  # fmt: skip
    return usual | fields


NOT_YET = {"solvedAt": None, "correct": [0, 16, 30]}
SOONER = run(label="Sooner", solvedAt=1, correct=[0, 32, 20], loss=[9, 9, 9])


@pytest.fixture(scope="module")
def ranking(browser: Any) -> Any:
    page = browser.new_page()
    yield page, load_module(page, "explorables/race_ranking.js")
    page.close()


Ranking = tuple[Page, JSHandle]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("runs", "step", "expected"),
    [
        ([run(), SOONER], 2, [(1, 1), (0, 2)]),  # the first to have all right, whatever is lost later
        ([run(), run(solvedAt=1, loss=[9, 9, 9])], 0, [(0, 1), (1, 2)]),  # of which nothing is known before
        ([run(**NOT_YET), run(solvedAt=None, correct=[0, 1, 31])], 2, [(1, 1), (0, 2)]),  # then more right
        ([run(**NOT_YET), run(**NOT_YET, loss=[0.6, 0.3, 0.05])], 2, [(1, 1), (0, 2)]),  # then less loss
        ([run(), run(), run(**NOT_YET)], 2, [(0, 1), (1, 1), (2, 3)]),  # equals share a place
        ([run(**NOT_YET, loss=[1, 1, None]), run(**NOT_YET, loss=[9, 9, 9])], 2, [(1, 1), (0, 2)]),  # NaN
        ([run(**NOT_YET, last=1), run(**NOT_YET)], 2, [(1, 1), (0, 2)]),  # one that ended early stays
    ],
)
def test_standings(ranking: Ranking, runs: list[Any], step: int, expected: list[Any]) -> None:
    page, module = ranking
    code = """([m, runs, step]) => {
      const withNaN = runs.map((run) => ({ ...run, loss: run.loss.map((x) => x ?? NaN) }));
      return m.standings(withNaN, step).map(({ index, place }) => [index, place]);
    }"""
    found = page.evaluate(code, [module, runs, step])
    assert [tuple(one) for one in found] == expected


@pytest.mark.browser
@pytest.mark.parametrize(
    ("fields", "step", "text"),
    [
        ({}, 2, "1st: all 32 right after epoch 2"),
        ({}, 1, "not yet"),
        ({"correct": [0, 32, 31], "solvedAt": 1}, 2, "1st: all right after epoch 1, not now"),
        (NOT_YET, 2, "not in 2 epochs"),
        (NOT_YET | {"ended": "diverged", "last": 1}, 1, "overflow at epoch 1: NaN or infinity"),
    ],
)
def test_what_a_panel_says(ranking: Ranking, fields: dict[str, Any], step: int, text: str) -> None:
    page, module = ranking
    code = "([m, run, step]) => m.verdict(run, m.standings([run], step)[0], step, 2)"
    assert page.evaluate(code, [module, run(**fields), step]) == text


@pytest.mark.browser
def test_one_sentence_on_the_whole_race(ranking: Ranking) -> None:
    page, module = ranking

    def summary(step: int) -> str:
        code = "([m, runs, step]) => m.summary(m.standings(runs, step), runs, step)"
        runs = [run(label="Slow", **NOT_YET), run(label="Quick")]
        return str(page.evaluate(code, [module, runs, step]))

    assert summary(0).startswith("Before the first epoch.")
    assert summary(1) == "After epoch 1 Slow and 1 more lead with 16 of 32, loss 0.3."
    assert summary(2) == "1 of 2 have had all 32 right. First: Quick, after epoch 2."
    ordinals = page.evaluate("(m) => [1, 2, 3, 4, 11, 13, 21, 112].map(m.ordinal).join()", module)
    assert ordinals == "1st,2nd,3rd,4th,11th,13th,21st,112th"


# --- The page -----------------------------------------------------------------------------------------------

SHOWN = """() => [...document.querySelectorAll(".lv-lane")].map((lane) => ({
  name: lane.querySelector(".lv-lane-name").textContent,
  correct: lane.querySelector(".lv-lane-score b").textContent,
  loss: lane.querySelector(".lv-lane-score span").textContent,
  words: lane.querySelector(".lv-lane-words").textContent,
}))"""


def expect_runs(page: Page, race: Race) -> None:
    """Wait until the panels show the end of the runs that Python computes for the same settings."""
    recordings = race.recordings
    for name, recording in recordings.items():
        lane = page.locator(LANE, has=page.get_by_role("button", name=recording.label, exact=True))
        expect(lane.locator(".lv-lane-score b")).to_have_text(f"{recording.correct_after[-1]}/32")
        words = lane.locator(".lv-lane-words")
        if recording.solved_at is None:
            expect(words, name).to_have_text(f"not in {race.epochs} epochs")
        else:
            expect(words, name).to_contain_text(f"right after epoch {recording.solved_at}")


@pytest.mark.browser
def test_a_page_trains_the_same_runs_to_the_last_bit(pages: WatchedPages, tmp_path: Path) -> None:
    race = Race(
        schemes=[*SCHEMES[1:6], mine(), "orthogonal"], seed=3, epochs=400, learning_rate=0.7, step=400
    )
    page = open_explorables(pages, tmp_path, race)
    expect_runs(page, race)
    module = load_module(page, "parts/run.js")
    code = """([m, schemes, data]) => m.train({ schemes, seed: 3, learningRate: 0.7, epochs: 400,
      sizes: data.sizes, inputs: data.table.inputs, targets: data.table.targets })
      .then((runs) => runs.map((run) => [[...run.loss], [...run.correct], [...run.parameters(400)]]))"""
    schemes = [s for name in race.schemes for s in race._data["schemes"] if s["name"] == name]
    trained = page.evaluate(code, [module, schemes, race._data])
    for (loss, correct, parameters), recording in zip(trained, race.recordings.values(), strict=True):
        assert loss == recording.curve("loss").tolist()
        assert correct == recording.curve("correct_after").tolist()
        assert parameters == recording.parameters[-1].tolist()


@pytest.mark.browser
def test_a_reader_races(pages: WatchedPages, tmp_path: Path) -> None:
    race = Race(seed=2, step=1000)
    page = open_explorables(pages, tmp_path, race)
    gradient = page.locator(".lv-thirds .lv-chart").first
    assert page.locator(LANE).count() == 7
    expect_runs(page, race)
    # All that matters fits on the screen.
    assert page.evaluate("document.querySelector('.lv-race').offsetHeight") <= 720

    # Another seed, another learning rate, another layer: the clock stays where it is.
    page.get_by_role("textbox", name="Seed").fill("4")
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="3", exact=True).click()
    expect_runs(page, Race(seed=4, learning_rate=3.0))
    page.get_by_role("radio", name="layer 3").click()
    expect(gradient.locator(".lv-chart-title")).to_contain_text("layer 3")
    expect(page.locator(".lkv-where")).to_have_text("epoch 1000 of 1000")

    # The ranking has the winner first.
    page.get_by_text("Ranking", exact=True).click()
    winner = min(race_solved(Race(seed=4, learning_rate=3.0)).items(), key=lambda one: one[1])
    first = page.locator(".lv-ranking tbody tr").first
    expect(first).to_contain_text(f"epoch {winner[1]}")
    expect(first).to_contain_text(winner[0])

    # Five leave; the last two cannot.
    boxes = page.locator(".lkv-schemes input")
    for k in range(5):
        boxes.nth(k).click()
    expect(page.locator(LANE)).to_have_count(2)
    assert [boxes.nth(k).is_enabled() for k in range(7)] == [True] * 5 + [False] * 2
    boxes.nth(0).click()
    expect(page.locator(LANE)).to_have_count(3)
    assert page.evaluate(SHOWN)[0]["name"] == "All zeros"


def race_solved(race: Race) -> dict[str, int]:
    """Label -> the epoch after which all was right, of those who got there."""
    return {run.label: run.solved_at for run in race.recordings.values() if run.solved_at is not None}


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 880, 390])
def test_a_pressed_network_is_shown_in_full_in_its_place(
    pages: WatchedPages, tmp_path: Path, width: int
) -> None:
    page = open_explorables(pages, tmp_path, Race(step=40), viewport={"width": width, "height": 844})
    lane = page.locator(LANE, has=page.get_by_role("button", name="Kaiming", exact=True))
    name = lane.get_by_role("button")
    before = page.locator(".lv-lanes").bounding_box()
    name.click()
    expect(lane.locator(".lv-picture")).to_be_visible()
    expect(lane.locator(".lv-sentence")).to_contain_text("of 32 correct")
    expect(name).to_have_attribute("aria-expanded", "true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if before and width == 1280:  # what stands above has not moved
        after = page.locator(".lv-lanes").bounding_box()
        assert after is not None
        assert after["y"] == before["y"]
        assert violations(page, ".lv-race") == []
    # A press inside it is the diagram's: it flips a bit, for all networks.
    picture = lane.locator(".lv-picture")
    picture.press("ArrowRight")
    picture.press("Enter")
    picture.press("Escape")  # the diagram lets go of its neuron ...
    expect(lane.locator(".lv-picture")).to_be_visible()
    name.press("Escape")  # ... and then the panel is small again
    expect(page.locator(".lv-picture")).to_have_count(0)
    expect(name).to_be_focused()


LIVE = """async ([module, state]) => {
  const values = { ...state };
  const listeners = new Map();
  globalThis.sent = [];
  let unsent = {};
  globalThis.model = {
    get: (name) => values[name],
    set(name, value) {
      values[name] = unsent[name] = value;
      (listeners.get(`change:${name}`) ?? []).forEach((act) => act());
    },
    save_changes() {
      sent.push(unsent);
      unsent = {};
    },
    on: (event, act) => listeners.set(event, [...(listeners.get(event) ?? []), act]),
    off() {},
  };
  globalThis.fromPython = (changes) => {
    for (const name in changes) model.set(name, changes[name]);
    unsent = {};
  };
  document.body.replaceChildren();
  const el = document.body.appendChild(document.createElement("div"));
  await module.default.render({ model, el, code: "" });
}"""
"""Show an explorable to a Python that the test plays."""


@pytest.mark.browser
def test_page_and_python_move_each_other(pages: WatchedPages, tmp_path: Path) -> None:
    race = Race(schemes=["ones", "kaiming", "orthogonal"], seed=3, epochs=300, step=300)
    page = open_explorables(pages, tmp_path, race)
    page.evaluate(LIVE, [load_module(page, "explorables/race.js"), race.state()])
    expect_runs(page, race)

    # A press in the page reaches Python, which draws what only it can.
    page.get_by_role("button", name="Seed: one more").click()
    page.wait_for_function("sent.some((one) => one.seed === 4)")
    race.seed = 4
    page.evaluate("fromPython", {"_data": race._data})
    expect_runs(page, race)
    expect(page.locator(".lv-notice")).to_be_empty()

    # A trait set in Python moves the page.
    race.schemes = ["kaiming", mine(), "ones"]
    race.seed, race.learning_rate, race.chosen = 5, 0.5, "mine"
    page.evaluate("fromPython", race.state())
    expect_runs(page, race)
    expect(page.locator(".lv-lane-full")).to_contain_text("Mine")
    expect(page.get_by_role("radio", name="0.5")).to_be_checked()
    page.evaluate("fromPython", {"step": 7})
    expect(page.locator(".lkv-where")).to_have_text("epoch 7 of 300")

    # Without an answer the page says so, and goes on with what it has.
    page.evaluate(
        "fromPython",
        {
            "schemes": ["ones", "orthogonal"],
            "seed": 3,
            "_data": Race(schemes=["ones", "orthogonal"], seed=3)._data,
            "chosen": "",
        },
    )
    expect(page.locator(LANE)).to_have_count(2)
    page.get_by_role("textbox", name="Seed").fill("8")
    page.keyboard.press("Enter")
    expect(page.locator(".lv-notice")).to_contain_text(
        "Only Python can draw Orthogonal for seed 8; it is not running."
    )
    expect(page.locator(LANE)).to_have_count(2)


@pytest.mark.browser
def test_playing_asks_nothing_of_python_but_a_few_steps(pages: WatchedPages, tmp_path: Path) -> None:
    race = Race(epochs=100)
    page = open_explorables(pages, tmp_path, race)
    page.evaluate(LIVE, [load_module(page, "explorables/race.js"), race.state()])
    page.get_by_label("Speed").select_option("100 per s")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator(".lkv-where")).to_have_text("epoch 100 of 100")
    page.wait_for_function("sent.at(-1)?.step === 100")
    assert page.evaluate("sent.every((one) => Object.keys(one).join() === 'step')")
