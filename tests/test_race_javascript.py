"""The pure parts of the race's JavaScript, inside Chromium: who is ahead, in words, and what is drawn."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page
from test_javascript import Scripts, page  # noqa: F401 (a fixture)

from letkeman_viz import Recording, train, train_one

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def scripts(page: Page) -> Scripts:  # noqa: F811
    return Scripts(page)


def run(**fields: Any) -> dict[str, Any]:
    """As much of a decoded recording as a ranking needs."""
    usual = {
        "label": "A", "step": [0, 10, 20], "correctAfter": [0, 16, 32], "loss": [0.6, 0.3, 0.1], "rows": 32,
        "solved_at": 17, "ended": "finished", "steps": 20, "one_example": False,
    }  # fmt: skip
    return usual | fields


NOT_YET = {"solved_at": None, "correctAfter": [0, 16, 30]}


@pytest.mark.parametrize(
    ("step", "frame"), [(-1, 0), (0, 0), (1, 0), (9.5, 0), (10, 1), (19, 1), (20, 2), (10**9, 2)]
)
def test_a_run_is_shown_at_its_last_frame_that_is_not_ahead_of_the_clock(
    scripts: Scripts, step: float, frame: int
) -> None:
    assert scripts.call("steps.js", "frameAt", [0, 10, 20], step) == frame


def test_every_frame_is_found_in_runs_of_any_length(scripts: Scripts) -> None:
    for recording in (train("kaiming", epochs=37, max_frames=7), train_one(max_frames=50), train(epochs=0)):
        steps = recording.steps.tolist()
        for step in range(steps[-1] + 2):
            expected = int(np.searchsorted(steps, step, side="right")) - 1
            assert scripts.call("steps.js", "frameAt", steps, step) == expected


@pytest.mark.parametrize(
    ("n", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (7, "7th"), (11, "11th"), (13, "13th"),
                    (21, "21st"), (112, "112th")]
)  # fmt: skip
def test_ordinals(scripts: Scripts, n: int, text: str) -> None:
    assert scripts.call("race_standings.js", "ordinal", n) == text


def order(scripts: Scripts, runs: list[dict[str, Any]], step: int) -> list[tuple[int, int]]:
    """(index, place), best first."""
    return [
        (one["index"], one["place"]) for one in scripts.call("race_standings.js", "standings", runs, step)
    ]


@pytest.mark.parametrize(
    ("runs", "step", "expected"),
    [
        # the first to have all right, whatever the loss is
        ([run(solved_at=19), run(solved_at=12, loss=[9, 9, 9])], 20, [(1, 1), (0, 2)]),
        # of which nothing is known before it happens
        ([run(solved_at=19), run(solved_at=12, loss=[9, 9, 9])], 10, [(0, 1), (1, 2)]),
        # then more right, then less loss
        ([run(**NOT_YET), run(solved_at=None, correctAfter=[0, 1, 31])], 20, [(1, 1), (0, 2)]),
        ([run(**NOT_YET), run(**NOT_YET, loss=[0.6, 0.3, 0.05])], 20, [(1, 1), (0, 2)]),
        # equals share a place, and the next one is third
        ([run(), run(), run(**NOT_YET)], 20, [(0, 1), (1, 1), (2, 3)]),
        # who had all right once stays ahead of who has not, even after losing some again
        ([run(**NOT_YET), run(solved_at=11, correctAfter=[0, 32, 20])], 20, [(1, 1), (0, 2)]),
        # NaN is worse than any loss
        ([run(**NOT_YET, loss=[0.6, 0.3, math.nan]), run(**NOT_YET, loss=[9, 9, 9])], 20, [(1, 1), (0, 2)]),
        # right before training
        ([run(solved_at=3), run(solved_at=0)], 0, [(1, 1), (0, 2)]),
    ],
)
def test_ranking(scripts: Scripts, runs: list[dict[str, Any]], step: int, expected: list[Any]) -> None:
    assert order(scripts, runs, step) == expected


@pytest.mark.parametrize(
    ("fields", "step", "text"),
    [
        ({}, 17, "all 32 right after epoch 17"),
        ({}, 16, "not yet"),
        ({"correctAfter": [0, 16, 31]}, 20, "all 32 right after epoch 17, not now"),
        (NOT_YET, 10, "not yet"),
        (NOT_YET, 20, "not in 20 epochs"),
        (NOT_YET | {"ended": "diverged", "steps": 12}, 11, "not yet"),
        (NOT_YET | {"ended": "diverged", "steps": 12}, 12, "overflow at epoch 12: NaN or infinity"),
        ({"rows": 1, "one_example": True, "correctAfter": [0, 0, 1]}, 20, "right after update 17"),
    ],
)
def test_what_a_panel_says(scripts: Scripts, fields: dict[str, Any], step: int, text: str) -> None:
    one = run(**fields)
    (standing,) = scripts.call("race_standings.js", "standings", [one], step)
    assert scripts.call("race_standings.js", "verdict", one, standing, step, 20) == text


def tell(scripts: Scripts, runs: list[dict[str, Any]], step: int) -> str:
    placed = scripts.call("race_standings.js", "standings", runs, step)
    return scripts.call("race_standings.js", "tell", placed, runs, step)


def test_one_sentence_on_the_whole_race(scripts: Scripts) -> None:
    slow, quick = run(label="Slow", **NOT_YET), run(label="Quick", solved_at=12)
    assert tell(scripts, [slow, quick], 0).startswith("Before the first epoch.")
    assert tell(scripts, [slow, quick], 10) == "After epoch 10 Slow and 1 more lead with 16 of 32, loss 0.3."
    assert tell(scripts, [slow, quick], 20) == "1 of 2 have had all 32 right. First: Quick, after epoch 12."
    both = [quick | {"label": "A"}, quick]
    assert tell(scripts, both, 20) == "All have had all 32 right. First: A and Quick, after epoch 12."


# --- What is drawn ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(245, 162), (150, 99), (500, 330)])
@pytest.mark.parametrize("sizes", [[5, 8, 8, 5], [1, 1], [16, 2, 16], [3] * 8])
def test_a_small_network_fits_its_picture(scripts: Scripts, sizes: list[int], size: tuple[int, int]) -> None:
    place = scripts.call("race_canvas.js", "miniature", sizes, *size)
    assert [len(column) for column in place["neurons"]] == sizes
    for column in place["neurons"]:
        for neuron in column:
            for value, end in zip((neuron["x"], neuron["y"]), size, strict=True):
                assert place["radius"] <= value <= end - place["radius"]
    columns = [column[0]["x"] for column in place["neurons"]]
    assert columns == sorted(columns)


def edges(scripts: Scripts, recording: Recording, frame: int, top: float) -> list[dict[str, Any]]:
    scripts.decode(recording)
    return scripts.page.evaluate(
        """async ([frame, top]) => {
          const { bundles, miniature } = await import("/race_canvas.js");
          return plain(bundles(miniature(run.sizes, 245, 162), run.look(frame, 0).layers, top));
        }""",
        [frame, top],
    )


@pytest.mark.parametrize("top", [0.5, 2.0, 20.0])
def test_every_weight_is_drawn_once_with_its_sign_and_width(scripts: Scripts, top: float) -> None:
    recording = train("kaiming", epochs=3)
    found = edges(scripts, recording, 3, top)
    weights = np.concatenate([w.ravel() for w, _ in recording.parameters_at(3)])
    assert sum(len(bundle["at"]) for bundle in found) == 4 * weights.size
    for sign, own in (("positive", weights[weights > 0]), ("negative", weights[weights < 0])):
        widths = [b["width"] for b in found if b["sign"] == sign for _ in range(len(b["at"]) // 4)]
        wanted = np.maximum(np.minimum(np.abs(own) / top, 1) * 245 / 65, 0.4)
        np.testing.assert_allclose(np.sort(widths), np.sort(wanted), atol=0.13)  # to a quarter of a pixel
    assert [b["width"] for b in found] == sorted(b["width"] for b in found)  # the widest on top


def test_weights_that_are_zero_or_no_number_are_drawn_as_such(scripts: Scripts) -> None:
    assert {bundle["sign"] for bundle in edges(scripts, train("zeros", epochs=0), 0, 1.0)} == {"zero"}
    start = train("kaiming", epochs=0)
    parameters = start.parameters.copy()
    parameters[0, :2] = np.nan, np.inf
    found = edges(scripts, replace(start, parameters=parameters), 0, 1.0)
    (broken,) = [bundle for bundle in found if bundle["sign"] == "broken"]
    assert len(broken["at"]) == 2 * 4
