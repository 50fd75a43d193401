"""The chapter "Doing it right" as a reader meets it: our site in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser import (
    DRAWN_SECONDS,
    Server,
    Traffic,
    WatchedPages,
    look_through,
    open_chapter,
    telephone,
    wait_drawn,
    wait_until,
)
from playwright.sync_api import Browser, Locator, Page, expect

from letkeman_viz import train
from letkeman_viz.explorers.race_schemes import LABELS, SCHEMES

pytestmark = pytest.mark.browser

CHAPTER = "/voila/render/03-doing-it-right.ipynb"
CHARTS = 11

expect.set_options(timeout=15_000)


def opened(pages: WatchedPages, url: str, **context: object) -> Page:
    return open_chapter(pages, url + CHAPTER, CHARTS, **context)


@pytest.fixture(scope="module")
def chapter(browser: Browser, voila: Server) -> Iterator[Page]:
    """One page for all tests of this file; its console stays clean."""
    pages = WatchedPages(browser)
    page = opened(pages, voila.url, viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield page
    pages.assert_clean(page)
    pages.close()


@pytest.fixture
def race(chapter: Page) -> Locator:
    """The race as it opens, at the start of seed 1."""
    race = chapter.locator(".lkv-explorable").filter(has=chapter.locator(".lkv-race"))
    race.get_by_role("button", name="Back to the start").click()
    expect(race.locator(".lkv-where")).to_have_text("epoch 0 of 1000")
    return race


def ranking(race: Locator) -> list[list[str]]:
    return [row.locator("td, th").all_inner_texts() for row in race.locator(".lkv-ranking tbody tr").all()]


def pictures(race: Locator) -> list[str]:
    """What every panel shows, as an address of its pixels."""
    return race.locator("canvas").evaluate_all("all => all.map((canvas) => canvas.toDataURL())")


def seek(race: Locator, frame: int) -> None:
    race.get_by_label("Position in the run").fill(str(frame))


# --- The race ---------------------------------------------------------------------------------------


def test_seven_panels_stand_at_the_start_with_pictures_that_differ(race: Locator) -> None:
    panels = race.locator(".lkv-lane:not(.lkv-lane-key)")
    expect(panels.get_by_role("button")).to_have_text([LABELS[name] for name in SCHEMES])
    expect(panels.locator("canvas[aria-hidden=true]")).to_have_count(7)
    assert len(set(pictures(race))) == 7
    expect(race.locator(".lkv-lane-words")).to_have_text(["not yet"] * 7)


def test_one_clock_moves_every_panel_chart_and_the_ranking(race: Locator) -> None:
    before = pictures(race)
    race.get_by_label("speed").select_option("60 per s")
    race.get_by_role("button", name="Play").click()
    expect(race.locator(".lkv-where")).to_have_text("epoch 1000 of 1000")
    assert all(now != then for now, then in zip(pictures(race), before, strict=True))
    expect(race.locator(".lkv-ranking caption")).to_have_text("Ranking after epoch 1000")
    uncovered = race.locator(".lkv-clip rect").evaluate_all("all => all.map((r) => +r.getAttribute('width'))")
    clips = race.page.locator(".lkv-clip").evaluate_all("all => all.map((clip) => clip.id)")
    assert len(clips) == len(set(clips)) == 8  # or another chart's would cover these
    assert len(uncovered) == 3
    assert max(uncovered) - min(uncovered) < 30
    assert min(uncovered) > 200


def test_the_ranking_is_that_of_the_recordings(race: Locator) -> None:
    runs = train(SCHEMES, 1.0, epochs=1000, seed=1, max_frames=200)
    never = 10**9
    for frame in (0, 26, 60, 125):
        seek(race, frame)
        step = int(runs[0].steps[frame])
        expect(race.locator(".lkv-ranking caption")).to_have_text(f"Ranking after epoch {step}")
        expected = sorted(
            (
                run.solved_at if run.solved_at is not None and run.solved_at <= step else never,
                -run.curve("correct_after")[step] if (run.solved_at or never) > step else 0,
                run.curve("loss")[step],
                run.label,
                f"epoch {run.solved_at}" if (run.solved_at or never) <= step else "",
                f"{run.curve('correct_after')[step]:.0f}/32",
            )
            for run in runs
        )
        shown = ranking(race)
        assert [row[1] for row in shown] == [key[3] for key in expected]
        assert [row[3] for row in shown] == [key[5] for key in expected]
        for row, key in zip(shown, expected, strict=True):
            assert row[2] == (key[4] or ("not reached" if frame == 125 else "not yet"))


def test_a_panel_says_since_when_all_are_right_and_not_before(race: Locator) -> None:
    kaiming = race.locator(".lkv-lane").filter(has_text="Kaiming")
    seek(race, 25)
    expect(kaiming.locator(".lkv-lane-words")).to_have_text("not yet")  # epoch 200
    seek(race, 26)
    expect(kaiming.locator(".lkv-lane-words")).to_have_text("1st: all 32 right after epoch 205, not now")
    expect(kaiming.locator("b").first).to_have_text("31/32")  # at epoch 208
    seek(race, 125)
    expect(kaiming.locator(".lkv-lane-words")).to_have_text("1st: all 32 right after epoch 205")
    expect(kaiming.locator("b").first).to_have_text("32/32")
    expect(race.locator(".lkv-race .lkv-sentence")).to_contain_text("First: Kaiming, after epoch 205.")


def test_a_panel_is_chosen_with_the_keyboard_and_shown_in_full(race: Locator) -> None:
    panel = race.get_by_role("button", name="Normalized Xavier")
    panel.focus()
    panel.press("Enter")
    expect(panel).to_have_attribute("aria-pressed", "true")
    diagram = race.locator(".lkv-diagram svg.lkv-picture")
    expect(diagram).to_have_attribute("aria-label", re.compile("Normalized Xavier$"))
    race.get_by_role("button", name="Kaiming").click()
    expect(panel).to_have_attribute("aria-pressed", "false")
    expect(diagram).to_have_attribute("aria-label", re.compile("Kaiming$"))
    race.get_by_role("button", name="Kaiming").press("Enter")
    expect(diagram).to_have_count(0)


def test_the_legend_is_one_scale_for_all_panels_and_moments(race: Locator) -> None:
    legend = race.locator(".lkv-lane-key")
    first = legend.inner_text()
    assert re.search(r"\b20\b", first)
    seek(race, 125)
    assert legend.inner_text() == first
    legend.get_by_label("Scale").select_option("rescaled every frame")
    expect(legend).to_have_text(re.compile(r"20"))
    seek(race, 0)
    expect(legend).not_to_have_text(re.compile(r"\b20\b"))
    legend.get_by_label("Scale").select_option("same at all times")


def test_who_takes_part_can_be_chosen(race: Locator) -> None:
    race.get_by_label("All zeros").uncheck()
    expect(race.locator(".lkv-lane-name")).to_have_text([LABELS[name] for name in SCHEMES[1:]])
    expect(race.locator(".lkv-ranking tbody tr")).to_have_count(6)
    race.get_by_label("All zeros").check()
    expect(race.locator(".lkv-lane-name")).to_have_count(7)


def test_colours_follow_theme_and_palette(race: Locator, chapter: Page) -> None:
    first = tuple(pictures(race))
    seen = {first}
    for change in (
        "document.documentElement.dataset.lkvPalette = 'blue'",
        "document.body.dataset.jpThemeLight = 'false'",
    ):
        chapter.evaluate(change)
        wait_until(lambda: tuple(pictures(race)) not in seen, 20, f"the pictures are as before: {change}")
        seen.add(tuple(pictures(race)))
    chapter.evaluate("document.body.dataset.jpThemeLight = 'true'")
    chapter.evaluate("delete document.documentElement.dataset.lkvPalette")
    wait_until(lambda: tuple(pictures(race)) == first, 20, "the first colours did not come back")


def test_another_seed_is_another_race_from_the_start(race: Locator) -> None:
    seek(race, 125)
    box = race.get_by_label("Seed")
    box.fill("2")
    box.press("Enter")
    expect(race.locator(".lkv-where")).to_have_text("epoch 0 of 1000")
    seek(race, 125)
    expect(race.locator(".lkv-ranking tbody tr").first).to_contain_text("Normalized Xavier")
    box.fill("1")
    box.press("Enter")
    expect(race.locator(".lkv-where")).to_have_text("epoch 0 of 1000")


# --- Predictions and seeds --------------------------------------------------------------------------


def test_a_prediction_is_asked_locked_in_run_and_compared_from_the_keyboard(chapter: Page) -> None:
    asked = chapter.locator(".lkv-predict").first
    number = asked.get_by_label("I say (updates)")
    number.fill("50")
    number.press("Tab")
    chapter.keyboard.press("Enter")
    expect(asked.get_by_role("status")).to_contain_text("You said 50; it took 2 updates.")
    expect(number).to_be_disabled()
    asked.get_by_role("button", name="Ask me again").click()
    expect(number).to_be_enabled()
    expect(asked).not_to_contain_text("You said")


def test_a_choice_can_be_predicted(chapter: Page) -> None:
    asked = chapter.locator(".lkv-predict").nth(1)
    asked.get_by_role("button", name="Lock in my answer").click()
    expect(asked.get_by_role("status")).to_have_text("Choose an answer first.")
    asked.get_by_label("layer 3").check()
    asked.get_by_role("button", name="Lock in my answer").click()
    expect(asked.get_by_role("status")).to_contain_text("You said layer 3; it is layer 1.")


def test_many_seeds_can_be_stopped_and_what_is_done_is_shown(chapter: Page) -> None:
    seeds = chapter.locator(".lkv-explorable").filter(has_text="Seeds in one experiment")
    words = seeds.locator(".lkv-say")
    expect(words).to_contain_text("20 experiments of 5 seeds each", timeout=DRAWN_SECONDS * 1000)
    seeds.get_by_role("slider", name="Seeds").press("End")
    expect(seeds.get_by_role("button", name="Stop")).to_be_enabled()
    seeds.get_by_role("button", name="Stop").click()
    expect(seeds.get_by_role("button", name="Go on")).to_be_visible()
    chapter.wait_for_timeout(700)  # several pictures' time
    done = seeds.get_by_text(re.compile(r"^\d+ of 500$"))
    stopped = done.inner_text()
    assert 100 <= int(stopped.partition(" ")[0]) < 500
    chapter.wait_for_timeout(700)
    assert done.inner_text() == stopped
    expect(seeds.locator("table tbody tr")).to_have_count(7)
    seeds.get_by_role("slider", name="Seeds").fill("4")  # the fifth stop: five seeds
    expect(words).to_contain_text("1 experiment of 5 seeds each: 1 different winner")


# --- Every reader -----------------------------------------------------------------------------------


def test_nothing_moves_by_itself_for_those_who_want_it_still(pages: WatchedPages, voila_url: str) -> None:
    page = opened(pages, voila_url, viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    race = page.locator(".lkv-explorable").filter(has=page.locator(".lkv-race"))
    before = pictures(race)
    page.wait_for_timeout(800)
    assert pictures(race) == before
    assert page.evaluate("document.getAnimations().length") == 0


def test_it_fits_a_telephone_two_panels_a_row(chapter: Page) -> None:
    lanes = chapter.locator(".lkv-lane")
    with telephone(chapter):
        expect(chapter.locator("html")).to_have_js_property("scrollWidth", 390)
        tops = lanes.evaluate_all("all => all.map((one) => one.getBoundingClientRect().top)")
    assert len(tops) == 8
    assert [tops[k] == tops[k + 1] for k in range(0, 8, 2)] == [True] * 4


def test_seven_runs_are_a_modest_load(pages: WatchedPages, voila_url: str) -> None:
    page = pages(viewport={"width": 1280, "height": 900})
    traffic = Traffic(page)
    page.goto(voila_url + CHAPTER)
    wait_drawn(page)
    look_through(page, CHARTS)
    box = page.get_by_label("Seed").nth(2)
    expect(page.get_by_role("button", name="Stop")).to_be_disabled(timeout=DRAWN_SECONDS * 1000)
    page.wait_for_timeout(500)  # the many seeds are done: nothing else is on its way
    before = traffic.websocket_received

    def came(milliseconds: int) -> int:
        page.wait_for_timeout(milliseconds)  # messages are counted in here
        return traffic.websocket_received - before

    box.fill("2")
    box.press("Enter")
    wait_until(lambda: came(100) > 300_000, 30, "seven new runs did not come")
    assert came(2000) < 550_000  # with whatever comes on top of them
