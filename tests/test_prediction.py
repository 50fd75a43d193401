"""Predictions: what Python refuses and computes, and what a reader meets in the page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import axe
import pytest
from browser import WatchedPages
from explorable_page import open_explorables
from playwright.sync_api import Locator, Page, expect
from traitlets import TraitError

from letkeman_viz import get_initializer, train, train_one
from letkeman_viz.explorables import OneExample, WholeTable
from letkeman_viz.explorables.prediction import KINDS, ONES_UPDATES, Prediction
from letkeman_viz.initializers import Uniform


def test_each_kind_asks_and_computes_what_it_asks_about() -> None:
    asked = {kind: Prediction(kind) for kind in KINDS}
    assert {kind: one.initializer for kind, one in asked.items()} == {
        "updates": "standard_letkeman",
        "layer": "standard_xavier",
        "winner": "",
        "frozen": "",
        "count": "ones",
    }
    assert {kind: one.actual for kind, one in asked.items()} == {
        "updates": 2,
        "layer": "layer 1",
        "winner": "Kaiming",
        "frozen": "fewer updates",
        "count": 4,
    }
    assert "Standard Letkeman need, with seed 1?" in asked["updates"].question
    assert train_one(initializer="ones").updates == ONES_UPDATES
    for kind in ("updates", "frozen"):
        assert str(ONES_UPDATES) in asked[kind].question


def test_a_scheme_of_ones_own_can_be_asked_about() -> None:
    mine = Uniform("mine", "My scheme", lambda fan_in, fan_out: 0.5)
    prediction = Prediction("count", initializer=mine, seed=3)
    assert prediction.initializer == "mine"
    assert "My scheme" in prediction.question
    assert prediction.actual == train(mine, seed=3).curve("correct_after").max()
    drawn = Prediction("count", initializer="orthogonal")  # only Python can draw these
    before = drawn.state()["_data"]["schemes"][0]
    drawn.seed = 2
    after = drawn.state()["_data"]["schemes"][0]
    assert (before["kind"], after["seed"]) == ("given", 2)
    assert before["parameters"] != after["parameters"]


def test_another_question_takes_the_answer_back() -> None:
    prediction = Prediction("winner", answer="Kaiming", locked=True)
    prediction.seed = 2
    assert (prediction.answer, prediction.locked) == (None, False)
    prediction.kind = "layer"
    assert prediction.initializer == "standard_xavier"
    assert prediction.choices == ["layer 1", "layer 2", "layer 3"]
    prediction.answer = "layer 2"
    prediction.kind = "frozen"
    assert (prediction.initializer, prediction.answer) == ("", None)
    assert prediction.state()["_data"]["question"] == prediction.question


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"kind": "loss"}, "kind 'loss' is not known; choose one of updates, layer"),
        ({"seed": 1.5}, "seed must be a whole number from 0 to 4294967295, not 1.5"),
        ({"seed": -1}, "seed is -1"),
        ({"initializer": "glorot"}, "initializer 'glorot' is not known"),
        ({"kind": "winner", "initializer": "ones"}, "kind 'winner' takes no initializer"),
        ({"kind": "layer", "initializer": "ones"}, "'ones' draws nothing at random"),
        ({"answer": -1}, "answer is -1; choose a whole number from 0 to 5000"),
        ({"answer": "two"}, "answer must be a whole number"),
        ({"kind": "frozen", "answer": "no"}, "answer 'no' is not known; choose one of more updates"),
        ({"locked": True}, "no answer to lock in; first set answer to a whole number from 0 to 5000"),
        ({"why": "x" * 2001}, "why has 2001 characters"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(TraitError, match=re.escape(reason)):
        Prediction(**settings)


def test_an_unknown_setting_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="'scheme'; it has answer, initializer, kind, locked, seed, why"):
        Prediction("updates", scheme="ones")


def test_a_page_can_give_and_lock_an_answer_in_one_message() -> None:
    prediction = Prediction("updates")
    prediction.set_state({"locked": True, "answer": 50, "why": "because"})
    assert (prediction.answer, prediction.locked, prediction.why) == (50, True, "because")
    prediction.set_state({"answer": "fifty", "seed": 0.5, "locked": False})
    assert (prediction.answer, prediction.seed, prediction.locked) == (50, 1, False)


def test_what_travels_is_settings_and_not_a_run() -> None:
    for kind in KINDS:
        assert len(json.dumps(Prediction(kind).state())) < 5000


def card(page: Page, kind: str) -> Locator:
    return page.locator(".lv-card").nth(list(KINDS).index(kind))


@pytest.mark.browser
def test_the_page_asks_locks_computes_and_keeps_the_answers(pages: WatchedPages, tmp_path: Path) -> None:
    asked = {kind: Prediction(kind) for kind in KINDS}
    page = open_explorables(pages, tmp_path, *asked.values())
    answers = {
        "updates": 50,
        "layer": "layer 1",
        "winner": "Standard Xavier",
        "frozen": "it never gets there",
        "count": 4,
    }
    for kind, answer in answers.items():
        here = card(page, kind)
        here.get_by_role("button", name="Lock in my answer").click()
        if isinstance(answer, int):
            expect(here.get_by_role("alert")).to_contain_text("My answer takes a whole number from 0 to")
            here.get_by_role("textbox", name="My answer").fill("1.5")
            here.get_by_role("textbox", name="Why do you think so?").fill("I do not know.")
            here.get_by_role("textbox", name="Why do you think so?").blur()
            expect(here.get_by_role("textbox", name="My answer")).to_have_value("1.5")
            here.get_by_role("textbox", name="My answer").fill(str(answer))
        else:
            expect(here.get_by_role("status")).to_have_text("Choose an answer first.")
            here.get_by_role("radio", name=answer).click()
        here.get_by_role("textbox", name="Why do you think so?").fill(f"Because of {kind}.")
        here.get_by_role("button", name="Lock in my answer").click()

    replies = {
        "updates": "You said 50; it took 2 updates. All ones took 337, 169 times as many: there the ",
        "layer": "You said layer 1, and so it is. Mean |dL/dw| is ",
        "winner": "You said Standard Xavier; it is Kaiming. But look at other draws of the same race: "
        "with seed 2: Normalized Xavier; with seed 3: Normalized Letkeman; with seed 4: Standard Xavier; "
        "with seed 5: Kaiming.",
        "frozen": "You said it never gets there; it takes fewer updates: 1 instead of 337. And yet, before "
        "the first update, the gradient is exactly 0 in layers 1 and 2",
        "count": "You said 4, and 4 of 32 it is. It had 4 after epoch ",
    }
    for kind, reply in replies.items():
        expect(card(page, kind).get_by_role("status")).to_contain_text(reply)
        expect(card(page, kind).get_by_role("textbox", name="Why")).to_be_disabled()
        expect(card(page, kind).get_by_role("textbox", name="My name")).to_have_count(0)
    for draw in range(2, 6):
        assert f"with seed {draw}: {Prediction('winner', seed=draw).actual}" in replies["winner"]
    assert axe.violations(page) == []

    with page.expect_download() as saving:
        card(page, "winner").get_by_role("button", name="Save my answers").click()
    saved = Path(saving.value.path()).read_text(encoding="utf-8")
    blocks = saved.strip().split("\n\n")[1:]
    assert len(blocks) == len(KINDS)
    for block, (kind, one) in zip(blocks, asked.items(), strict=True):  # in the order of the page
        assert f"Question: {one.question}" in block
        assert f"My answer: {answers[kind]}" in block
        assert f"Why: Because of {kind}." in block
        assert f"What happened: {one.actual}" in block
        assert re.search(r"Locked in: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", block)
    assert "Name:" not in saved

    here = card(page, "frozen")
    here.get_by_role("button", name="Ask me again").click()
    expect(here.get_by_role("button", name="Save my answers")).to_have_count(0)
    here.get_by_role("radio", name="fewer updates").click()
    here.get_by_role("button", name="Lock in my answer").click()
    reply = here.get_by_role("status")
    expect(reply).to_contain_text("You said fewer updates, and so it is: 1 instead of 337.")
    pages.assert_clean(page)


@pytest.mark.browser
def test_a_class_signs_and_prints_its_answers_also_those_of_an_earlier_session(
    pages: WatchedPages, tmp_path: Path
) -> None:
    before = Prediction("updates", answer=2, why="Small <sums>.", locked=True)
    page = open_explorables(pages, tmp_path, before, Prediction("winner"))
    expect(page.get_by_role("status").first).to_contain_text("You said 2")
    page.add_init_script("window.print = () => { top.printed = document.body.innerText; }")
    page.goto(f"{page.url}?class=7b")
    expect(page.get_by_role("status").first).to_contain_text("You said 2, and 2 updates it took.")
    page.get_by_role("textbox", name="My name").fill("Ada")
    page.get_by_role("button", name="Print").click()
    printed = page.evaluate("printed")
    for line in (
        "Name: Ada",
        "Class: 7b",
        "Why: Small <sums>.",
        "What happened: 2 updates",
        "in an earlier session",
    ):
        assert line in printed
    assert "which scheme is the first" not in printed  # not answered yet
    pages.assert_clean(page)


def test_the_label_of_every_choice_is_the_schemes_own() -> None:
    assert Prediction("winner").choices[0] == get_initializer("standard_xavier").label


@pytest.mark.browser
def test_charts_give_nothing_away_while_a_prediction_is_open(pages: WatchedPages, tmp_path: Path) -> None:
    page = open_explorables(pages, tmp_path, Prediction("frozen"), OneExample(), WholeTable())
    example, table = page.locator(".lv-one_example"), page.locator(".lv-whole_table")
    expect(example).to_have_attribute("data-ahead", "hidden")
    expect(table).to_have_attribute("data-ahead", "hidden")
    example.locator(".lkv-forward").click()  # who plays has decided
    expect(example).to_have_attribute("data-ahead", "shown")
    expect(table).to_have_attribute("data-ahead", "hidden")
    asked = page.locator(".lv-prediction")
    asked.get_by_text("fewer updates").click()
    asked.get_by_role("button", name="Lock in my answer").click()
    expect(table).to_have_attribute("data-ahead", "shown")
    pages.assert_clean(page)
