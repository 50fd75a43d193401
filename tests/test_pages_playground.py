"""The chapter "Playground" in Chromium: drag and see, links, changes by hand, files, the map."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from browser import (
    DRAWN_SECONDS,
    Server,
    WatchedPages,
    close_tab,
    running,
    wait_drawn,
    wait_until,
)
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.browser

PATH = "/voila/render/06-playground.ipynb"
QUICK = "?schemes=ones,kaiming&shown=kaiming&epochs=200"

expect.set_options(timeout=20_000)


def open_page(pages: WatchedPages, url: str, query: str = QUICK, **options: object) -> Page:
    page = wait_drawn(pages(f"{url}{PATH}{query}", **options))
    page.locator(".lkv-race").scroll_into_view_if_needed()  # on a telephone it is far down
    expect(page.locator(".lkv-playground .lkv-chart[data-drawn=yes]")).to_have_count(
        3, timeout=DRAWN_SECONDS * 1000
    )
    return page


def play(page: Page) -> Locator:
    return page.locator(".lkv-playground")


def asked(page: Page) -> dict[str, str]:
    """What the address of the page says."""
    return {name: values[0] for name, values in parse_qs(page.evaluate("location.search")[1:]).items()}


@pytest.fixture(scope="module")
def opened(browser: Browser, voila: Server) -> Iterator[tuple[Page, WatchedPages]]:
    pages = WatchedPages(browser)
    yield open_page(pages, voila.url, viewport={"width": 1280, "height": 900}), pages
    pages.close()


@pytest.fixture
def page(opened: tuple[Page, WatchedPages]) -> Iterator[Page]:
    page, pages = opened
    yield page
    pages.assert_clean(page)


def where(page: Page) -> Locator:
    return play(page).locator(".lkv-where")


def test_a_link_is_followed(page: Page) -> None:
    expect(play(page).locator(".lkv-lane-name")).to_have_count(2)
    expect(where(page)).to_have_text("epoch 200 of 200")
    expect(play(page).get_by_role("slider", name="Epochs")).to_have_attribute("aria-valuetext", "200")
    expect(page.get_by_label("Link to exactly this", exact=True)).to_have_value(
        re.compile("schemes=ones,kaiming")
    )


def test_dragging_a_slider_redraws_everything_and_stays_at_the_end(page: Page) -> None:
    loss = play(page).locator(".lkv-chart").first.locator(".scatterlayer path.js-line").first
    readout, edges = play(page).locator(".lkv-lane").nth(1), play(page).locator(".lkv-edges")
    rate = play(page).get_by_role("slider", name="Learning rate")
    for key in ("ArrowLeft", "ArrowRight"):
        before = [loss.get_attribute("d"), readout.inner_text(), edges.inner_html()]
        for _ in range(6):
            rate.press(key)
        wait_until(
            lambda before=before: all(
                old != new
                for old, new in zip(
                    before, [loss.get_attribute("d"), readout.inner_text(), edges.inner_html()], strict=True
                )
            ),
            20,
            "the curves, the panel and the network did not follow the slider",
        )
        expect(where(page)).to_have_text("epoch 200 of 200")
    expect(rate).to_have_attribute("aria-valuetext", "1")


def test_the_address_follows(page: Page) -> None:
    play(page).get_by_label("Seed", exact=True).fill("7")
    play(page).get_by_label("Seed", exact=True).press("Enter")
    wait_until(lambda: asked(page).get("seed") == "7", 20, f"the address is {page.url}")
    play(page).get_by_role("button", name="New draw").click()
    wait_until(lambda: asked(page).get("seed") == "8", 20, f"the address is {page.url}")


def test_scrubbing_and_reset_show_the_same_draw(pages: WatchedPages, voila_url: str) -> None:
    # A page of its own: on the shared one, a run that an earlier test asked for may still be on its way.
    page = open_page(pages, voila_url, viewport={"width": 1280, "height": 900})
    seed = play(page).get_by_role("spinbutton", name="Seed")
    play(page).get_by_role("button", name="Back to the start").click()
    expect(where(page)).to_have_text("epoch 0 of 200")
    first = play(page).locator(".lkv-edges").inner_html()
    play(page).get_by_role("slider", name="Position in the run").press("End")
    expect(where(page)).to_have_text("epoch 200 of 200")
    edges = play(page).locator(".lkv-edges")
    assert edges.inner_html() != first
    play(page).get_by_role("button", name="Back to the start").click()
    expect(where(page)).to_have_text("epoch 0 of 200")
    assert edges.inner_html() == first
    drawn = seed.input_value()
    seed.fill("77")
    seed.press("Tab")
    wait_until(lambda: edges.inner_html() != first, 20, "another seed shows the same draw")
    seed.fill(drawn)
    seed.press("Tab")
    wait_until(lambda: edges.inner_html() == first, 20, "the same seed does not show the same draw again")
    pages.assert_clean(page)


def test_pressing_an_input_flips_its_bit(page: Page) -> None:
    shown = play(page).locator(".lkv-readout .lkv-big").nth(1)
    expect(shown).to_have_text("1 0 0 1 1 = 19")
    play(page).locator(".lkv-neuron").nth(1).click()
    expect(shown).to_have_text("1 1 0 1 1 = 27")
    wait_until(lambda: asked(page).get("number") == "27", 20, "the row shown is not in the address")
    play(page).locator(".lkv-neuron").nth(1).click()
    expect(shown).to_have_text("1 0 0 1 1 = 19")


def test_pressing_a_neuron_fades_the_rest_and_pressing_it_again_does_not(page: Page) -> None:
    picture = play(page).locator(".lkv-picture")
    neuron = play(page).locator(".lkv-neuron").nth(5)
    neuron.click()
    expect(picture).to_have_class(re.compile("lkv-focused"))
    expect(picture.locator("line[data-near]")).to_have_count(5 + 8)
    expect(play(page).locator(".lkv-detail")).to_contain_text("sum = bias")
    neuron.click()
    expect(picture).not_to_have_class(re.compile("lkv-focused"))


def test_a_weight_is_changed_by_hand_and_undone(page: Page) -> None:
    picture = play(page).locator(".lkv-picture")
    picture.focus()
    for key in ("ArrowRight", "PageDown", "Enter"):
        page.keyboard.press(key)
    box = play(page).locator(".lkv-edit input[type=number]")
    before = box.input_value()
    for typed, taken in (
        ("2.5", "2.5"),
        ("99", "10"),
        ("99", "10"),
    ):  # the last again, although it was undone
        box.fill(typed)
        box.press("Enter")
        wait_until(
            lambda taken=taken: asked(page).get("edits", "").endswith(f":{taken}"),
            20,
            f"the address is {page.url}",
        )
        page.keyboard.press("Tab")
        expect(box).to_have_value(taken)
        box.fill("")
        box.press("Tab")
        expect(box).to_have_value(taken)  # nothing is no wish
        undo = play(page).get_by_role("button", name="Undo", exact=True)
        expect(undo).to_be_enabled()
        undo.click()
        expect(box).to_have_value(before)
        wait_until(lambda: "edits" not in asked(page), 20, "the change is still in the address")
    picture.focus()
    page.keyboard.press("Escape")
    expect(picture).not_to_have_class(re.compile("lkv-focused"))


def test_another_scheme_is_shown_in_full_by_pressing_its_name(page: Page) -> None:
    play(page).get_by_role("button", name=re.compile("All ones")).click()
    expect(play(page).locator(".lkv-picture")).to_have_attribute("aria-label", re.compile("All ones"))
    play(page).get_by_role("button", name=re.compile("Kaiming")).click()
    expect(play(page).locator(".lkv-picture")).to_have_attribute("aria-label", re.compile("Kaiming"))


@pytest.mark.parametrize(
    ("button", "name", "starts"),
    [
        ("Diagram, SVG", "network.svg", b"<svg"),
        ("Diagram, PNG", "network.png", b"\x89PNG"),
        ("Recording, CSV", "kaiming.csv", b"step,loss"),
        ("Task, CSV", "task.csv", b"in1,in2"),
    ],
)
def test_files_are_given(page: Page, button: str, name: str, starts: bytes, tmp_path: Path) -> None:
    with page.expect_download() as download:
        play(page).get_by_role("button", name=button).click()
    assert download.value.suggested_filename == name
    download.value.save_as(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    assert content.startswith(starts)
    assert len(content) > 200


def test_the_picture_taken_along_has_its_colours(page: Page, tmp_path: Path) -> None:
    with page.expect_download() as download:
        play(page).get_by_role("button", name="Diagram, SVG").click()
    download.value.save_as(tmp_path / "n.svg")
    other = page.context.new_page()
    other.goto((tmp_path / "n.svg").as_uri())
    strokes = set(other.locator("line").evaluate_all("lines => lines.map((l) => getComputedStyle(l).stroke)"))
    widths = set(
        other.locator("line").evaluate_all("lines => lines.map((l) => getComputedStyle(l).strokeWidth)")
    )
    other.close()
    assert len(strokes) >= 2
    assert "none" not in strokes
    assert len(widths) > 10


def test_the_animation_plays_from_a_file(page: Page, pages: WatchedPages, tmp_path: Path) -> None:
    with page.expect_download() as download:
        play(page).get_by_role("button", name="Animation, HTML").click()
    download.value.save_as(tmp_path / "a.html")
    alone = pages((tmp_path / "a.html").as_uri(), viewport={"width": 1000, "height": 900})
    expect(alone.locator(".lkv-edges line")).to_have_count(144)
    alone.get_by_role("button", name="Back to the start").click()
    expect(alone.locator(".lkv-where")).to_have_text("epoch 0 of 200")
    before = alone.locator(".lkv-edges").inner_html()
    alone.get_by_role("button", name="Play", exact=True).click()
    expect(alone.locator(".lkv-where")).to_have_text("epoch 200 of 200")
    assert alone.locator(".lkv-edges").inner_html() != before
    expect(alone.locator(".lkv-readout .lkv-big").first).to_have_text("200")
    pages.assert_clean(alone)


def test_a_link_for_a_class_hides_and_fixes(page: Page, pages: WatchedPages, voila_url: str) -> None:
    page.get_by_text("A link for a class").click()
    lesson = page.locator(".lkv-class")
    lesson.get_by_label("Learning rate").select_option("fixed")
    lesson.get_by_label("Schemes").select_option("fixed")
    for hidden in ("Task", "Bits", "Own table", "Table or one example", "Row shown", "Noise"):
        lesson.get_by_role("combobox", name=hidden, exact=True).select_option("hidden")
    link = page.get_by_label("Link for the class", exact=True).input_value()
    assert link.endswith("&hide=task,bits,table,mode,number,noise&fix=rate,schemes")
    pupil = open_page(pages, voila_url, "?" + urlsplit(link).query, viewport={"width": 1280, "height": 900})
    expect(play(pupil).get_by_role("slider", name="Learning rate")).to_be_disabled()
    expect(play(pupil).get_by_role("slider", name="Noise on top")).to_have_count(0)
    groups = play(pupil).locator(".lkv-group:visible b")
    assert groups.all_inner_texts() == ["Start", "Training", "Network"]
    ticked = play(pupil).locator(".lkv-schemes input:checked").count()
    expect(play(pupil).locator(".lkv-schemes .widget-checkbox:visible")).to_have_count(ticked)
    pupil.get_by_role("button", name="Present").click()
    pupil.keyboard.press("1")  # the first that is seen, and it is fixed
    first = play(pupil).locator(".lkv-schemes .widget-checkbox:visible").first.inner_text().strip()
    expect(pupil.locator(".lkv-stage-said")).to_have_text(f"{first} stays as it is")
    pupil.keyboard.press("Escape")
    pages.assert_clean(pupil)


def test_junk_in_the_address_is_said_and_the_page_works(pages: WatchedPages, voila_url: str) -> None:
    junk = QUICK + "&rate=%3Cimg%20src=x%20onerror=alert(1)%3E&bits=99&what=this&edits=;;;&voila-theme=light"
    page = open_page(pages, voila_url, junk, viewport={"width": 390, "height": 844})
    status = play(page).locator("p[role=status]")
    expect(status.filter(has_text="rate to “<img src=x")).to_have_count(1)
    expect(status.filter(has_text="choose a whole number from 2 to 6")).to_have_count(1)
    expect(status.filter(has_text="“what”, which this page does not know")).to_have_count(1)
    expect(where(page)).to_have_text("epoch 200 of 200")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert asked(page)["voila-theme"] == "light"  # somebody else's
    pages.assert_clean(page)


def test_a_map_fills_and_its_cell_is_opened(page: Page) -> None:
    play(page).get_by_role("slider", name="Bits").press("Home")
    wait_until(lambda: asked(page).get("bits") == "2", 20, "two bits are not in the address")
    sweep = page.locator(".lkv-explorable").last
    sweep.get_by_role("slider", name="Epochs at most").press("Home")
    sweep.get_by_role("slider", name="Seeds in every cell").press("Home")
    sweep.get_by_role("button", name="Draw the map").click()
    expect(sweep.locator(".lkv-say")).to_contain_text("of 169 cells run")
    names = sweep.locator(".lkv-plot .annotation-text").evaluate_all(
        "all => all.map((name) => name.getBoundingClientRect()).map(({ top, bottom }) => [top, bottom])"
    )
    assert len(names) == 4
    assert all(below[0] >= above[1] - 3 for above, below in pairwise(names))  # none lies upon another
    plot = sweep.locator(".lkv-plot .nsewdrag").bounding_box()
    assert plot is not None
    page.mouse.click(plot["x"] + plot["width"] / 2, plot["y"] + plot["height"] / 2)
    wait_until(lambda: asked(page).get("shown") == "scaled", 20, f"the address is {page.url}")


def test_with_preheated_kernels_the_link_is_followed_too(
    pages: WatchedPages, root: Path, tmp_path: Path
) -> None:
    shutil.copy(root / "notebooks" / "06-playground.ipynb", tmp_path)  # a pool is filled for every notebook
    with running("serve", "--preheat", "1", "--notebooks", str(tmp_path)) as server:
        wait_until(lambda: len(server.kernels()) == 1, 60, "no kernel was started before it was asked for")
        page = open_page(pages, server.url, QUICK + "&seed=5")
        expect(play(page).locator(".lkv-lane-name")).to_have_count(2)
        expect(play(page).get_by_label("Seed", exact=True)).to_have_value("5")
        pages.assert_clean(page)
        close_tab(page)
