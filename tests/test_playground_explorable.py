"""The playground in a page without a kernel: drag and see, links, changes by hand, files."""

from __future__ import annotations

import functools
import http.server
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from axe import violations
from browser import WatchedPages, wait_until
from explorable_page import DRAWN
from playwright.sync_api import Browser, Locator, Page, expect

from letkeman_viz import task_from_csv
from letkeman_viz.explorables.playground import Playground
from letkeman_viz.explorables.standalone import standalone

QUICK = "?schemes=ones,kaiming&shown=kaiming&epochs=200"

Open = Callable[..., Page]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page with a playground, served as a plain file."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "play.html").write_text(standalone([Playground()], "Play"), encoding="utf-8")
    (folder / "favicon.ico").touch()
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/play.html"
        server.shutdown()


@pytest.fixture
def opened(pages: WatchedPages, site: str) -> Iterator[Open]:
    """``opened(query)``: the playground of a link, drawn; nothing on it may fail."""
    made: list[Page] = []

    def open_page(query: str = QUICK, **context: Any) -> Page:
        page = pages(site + query, **({"viewport": {"width": 1280, "height": 800}} | context))
        page.wait_for_function(DRAWN)
        made.append(page)
        return page

    yield open_page
    for page in made:
        pages.assert_clean(page)


def asked(page: Page) -> dict[str, str]:
    """What the address of the page says."""
    return {name: values[0] for name, values in parse_qs(page.evaluate("location.search")[1:]).items()}


def wait_asked(page: Page, **expected: str | None) -> None:
    wait_until(
        lambda: all(asked(page).get(name) == value for name, value in expected.items()),
        20,
        f"{expected} is not what the address says",
    )


def settings(page: Page) -> Locator:
    return page.get_by_role("group", name="Settings")


def where(page: Page) -> Locator:
    return page.locator(".lkv-where")


def panel(page: Page, name: str) -> Locator:
    return page.locator(".lv-pg-panel", has_text=name)


def edges(page: Page) -> str:
    return page.locator(".lv-edges").inner_html()


def group(page: Page, name: str) -> Locator:
    return page.locator("summary", has_text=name)


@pytest.mark.browser
def test_dragging_the_rate_trains_all_networks_anew_and_stays_at_the_end(opened: Open) -> None:
    page = opened()
    expect(page.locator(".lv-pg-panel")).to_have_count(2)
    expect(where(page)).to_have_text("epoch 200 of 200")
    rate = page.get_by_role("slider", name="Learning rate", exact=True)
    before = [panel(page, "Kaiming").inner_text(), panel(page, "All ones").inner_text(), edges(page)]
    for _ in range(12):
        rate.press("ArrowLeft")
    expect(panel(page, "Kaiming")).not_to_have_text(before[0])
    expect(panel(page, "All ones")).not_to_have_text(before[1])
    wait_until(lambda: edges(page) != before[2], 20, "the network did not follow")
    expect(where(page)).to_have_text("epoch 200 of 200")
    wait_asked(page, rate="0.33")
    for _ in range(12):
        rate.press("ArrowRight")
    wait_asked(page, rate=None)
    wait_until(lambda: edges(page) == before[2], 20, "the same settings do not give the same network again")


@pytest.mark.browser
def test_while_the_rate_is_dragged_networks_counts_and_curves_are_in_view(opened: Open) -> None:
    page = opened("")
    page.locator(".lkv-explorable").evaluate("root => root.scrollIntoView()")
    seen = [
        page.get_by_role("slider", name="Learning rate", exact=True),
        *page.locator(".lv-pg-panel").all(),
        *page.locator(".lv-pg-score").all(),
        *page.locator(".lv-plot").all(),
        where(page),
    ]
    assert len(seen) == 1 + 4 + 4 + 3 + 1
    for one in seen:
        box = one.bounding_box()
        assert box is not None
        assert box["y"] >= -1
        assert box["y"] + box["height"] <= 800
        assert box["x"] + box["width"] <= 1280


@pytest.mark.browser
def test_seeds_come_one_after_another_and_the_same_seed_is_the_same_draw(opened: Open) -> None:
    page = opened()
    page.get_by_role("button", name="Back to the start").click()
    expect(where(page)).to_have_text("epoch 0 of 200")
    first = edges(page)
    page.get_by_role("button", name="New draw").click()
    wait_asked(page, seed="2")
    expect(where(page)).to_have_text("epoch 0 of 200")
    wait_until(lambda: edges(page) != first, 20, "another seed shows the same draw")
    seed = settings(page).get_by_label("Seed", exact=True)
    seed.fill("1.5")
    seed.press("Enter")
    expect(page.locator(".lv-refusal:visible")).to_contain_text("whole number")
    assert asked(page)["seed"] == "2"
    seed.fill("1")
    seed.press("Enter")
    wait_until(lambda: edges(page) == first, 20, "the same seed does not show the same draw again")
    page.go_back()  # to about:blank: the address was replaced, not added to
    assert page.url == "about:blank"
    page.go_forward()
    page.wait_for_function(DRAWN)


@pytest.mark.browser
def test_rows_neurons_and_schemes_are_chosen_by_pressing_them(opened: Open) -> None:
    page = opened()
    picture = page.locator(".lv-picture")
    picture.scroll_into_view_if_needed()
    page.locator(".lv-neuron").nth(1).click()  # an input: its bit flips
    wait_asked(page, number="27")
    page.locator(".lv-answer").nth(19).click()
    wait_asked(page, number=None)
    neuron = page.locator(".lv-neuron").nth(5)
    neuron.click()
    expect(picture).to_have_class(re.compile("lv-focused"))
    expect(page.locator(".lv-pg-side .lv-detail")).to_contain_text("sum = bias")
    neuron.click()
    expect(picture).not_to_have_class(re.compile("lv-focused"))
    panel(page, "All ones").click()
    expect(picture).to_have_attribute("aria-label", re.compile("All ones"))
    expect(page.locator(".lv-pg-heading")).to_contain_text("All ones, in full")
    wait_asked(page, shown="ones", schemes="ones,kaiming")


@pytest.mark.browser
def test_a_weight_is_changed_by_hand_and_undone(opened: Open) -> None:
    page = opened()
    picture = page.locator(".lv-picture")
    picture.focus()
    for key in ("ArrowRight", "ArrowRight", "PageDown", "Enter"):
        page.keyboard.press(key)
    box = page.get_by_label("Before training, as a number")
    expect(box).to_be_enabled()
    before, undo = box.input_value(), page.get_by_role("button", name="Undo", exact=True)
    for _ in range(2):  # the same again, although it was undone
        box.fill("2,5")
        box.press("Enter")
        wait_until(lambda: asked(page).get("edits", "").endswith(":2.5"), 20, f"the address is {page.url}")
        undo.click()
        expect(box).to_have_value(before)
        wait_asked(page, edits=None)
        expect(undo).to_be_disabled()
    page.get_by_role("button", name="Set all equal").click()
    wait_asked(page, edits="kaiming::0.5")
    page.get_by_role("slider", name="Before training", exact=True).press("ArrowRight")
    wait_until(lambda: asked(page)["edits"].count(",") == 1, 20, f"the address is {page.url}")
    page.get_by_role("button", name="Undo all changes").click()
    wait_asked(page, edits=None)


@pytest.mark.browser
def test_a_table_of_ones_own_is_learned_and_a_bad_one_is_refused(opened: Open, tmp_path: Path) -> None:
    page = opened(QUICK + "&rate=3")
    group(page, "Task").click()
    settings(page).get_by_label("Task", exact=True).select_option("Your own table")
    wait_asked(page, task="own")
    expect(panel(page, "Kaiming")).to_contain_text("/4")
    table = settings(page).get_by_label("Table", exact=True)
    table.fill("in1,out1\n0,2")
    table.press("Tab")
    expect(page.locator(".lv-refusal:visible")).to_contain_text(
        "line 2, column out1 holds '2'; write a number"
    )
    expect(panel(page, "Kaiming")).to_contain_text("/4")
    (tmp_path / "mine.csv").write_text("in1;out1\n0,5;1\n1;0\n0;0,5\n")
    page.locator("input[type=file]").set_input_files(tmp_path / "mine.csv")
    expect(panel(page, "Kaiming")).to_contain_text("/3")
    with page.expect_download() as download:
        page.get_by_role("button", name="Task, CSV").click()
    assert task_from_csv(Path(download.value.path()).read_bytes())[0].tolist() == [[0.5], [1.0], [0.0]]


@pytest.mark.browser
def test_one_example_and_networks_of_other_shapes_are_shown(opened: Open) -> None:
    page = opened(QUICK + "&mode=one&hidden=3-16-1&activation=relu")
    expect(where(page)).to_have_text(re.compile(r"update \d+ of \d+"))
    expect(page.get_by_role("slider", name="Epochs", exact=True)).to_have_count(0)
    expect(page.locator(".lv-neuron")).to_have_count(5 + 3 + 16 + 1 + 5)
    group(page, "Network").click()
    page.get_by_role("slider", name="Hidden layers", exact=True).press("End")
    wait_asked(page, hidden="3-16-1-1-1-1")
    expect(page.get_by_role("slider", name=re.compile("^Neurons in hidden"))).to_have_count(6)


@pytest.mark.browser
def test_files_hold_what_is_shown(opened: Open, pages: WatchedPages, tmp_path: Path) -> None:
    link = QUICK + "&noise=0.1&edits=kaiming:1.0.3:0.25&seed=7"
    page = opened(link.replace("shown=kaiming", "shown=ones"))
    panel(page, "Kaiming").click()
    expect(page.locator(".lv-pg-heading")).to_contain_text("Kaiming, in full")
    kept: dict[str, bytes] = {}
    for button in (
        "Diagram, SVG",
        "Diagram, PNG",
        "Animation, HTML",
        "Recording, CSV",
        "Task, CSV",
        "Script, Python",
    ):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        kept[download.value.suggested_filename] = Path(download.value.path()).read_bytes()
    assert set(kept) == {
        "network.svg", "network.png", "kaiming.html", "kaiming.csv", "task.csv", "kaiming.py",
    }  # fmt: skip
    assert kept["network.png"].startswith(b"\x89PNG")
    run = Playground.from_link(link).recordings["kaiming"]
    assert b'get_initializer("kaiming")' in kept["kaiming.py"]
    assert kept["kaiming.csv"].decode() == run.csv_text()
    (tmp_path / "n.svg").write_bytes(kept["network.svg"])
    alone = page.context.new_page()
    alone.goto((tmp_path / "n.svg").as_uri())
    strokes = alone.locator("line").evaluate_all(
        "lines => lines.map((line) => getComputedStyle(line).stroke)"
    )
    assert len(set(strokes)) >= 2
    assert "none" not in strokes
    (tmp_path / "a.html").write_bytes(kept["kaiming.html"])
    film = pages((tmp_path / "a.html").as_uri())
    film.wait_for_function(DRAWN)
    expect(where(film)).to_have_text("epoch 0 of 200")
    expect(film.locator(".lv-edges line")).to_have_count(144)
    film.get_by_role("button", name="To the end").click()
    expect(film.locator(".lv-answers-big")).to_have_text(f"{run.correct_after[-1]} / 32")
    pages.assert_clean(film)


@pytest.mark.browser
def test_a_link_for_a_class_hides_and_fixes(opened: Open) -> None:
    page = opened()
    page.get_by_text("A link for a class").click()
    lesson = page.locator(".lv-pg-class")
    for name in ("Learning rate", "Schemes", "Row shown"):
        lesson.get_by_label(name, exact=True).select_option("fixed")
    for name in ("Task", "Bits", "Own table", "Table or one example", "Noise"):
        lesson.get_by_label(name, exact=True).select_option("hidden")
    link = page.get_by_label("Link for the class", exact=True).input_value()
    assert link.endswith("&hide=task,bits,table,mode,noise&fix=number,schemes,rate")
    pupil = opened(f"?{urlsplit(link).query}")
    expect(pupil.get_by_role("slider", name="Learning rate", exact=True)).to_be_disabled()
    expect(pupil.get_by_role("slider", name="Noise on top")).to_have_count(0)
    expect(pupil.locator(".lv-pg-schemes .lv-checkbox:visible")).to_have_count(2)
    pupil.locator(".lv-answer").nth(3).click()
    pupil.get_by_role("button", name="New draw").click()
    wait_asked(pupil, seed="2", number=None, hide="task,bits,table,mode,noise")


@pytest.mark.browser
def test_junk_in_the_address_is_named_as_text_and_the_page_works(opened: Open) -> None:
    junk = QUICK + "&rate=%3Cimg%20src=x%20onerror=alert(1)%3E&bits=99&what=this&edits=;;;&voila-theme=light"
    page = opened(junk, viewport={"width": 390, "height": 844})
    status = page.locator(".lv-pg-status p")
    expect(status.filter(has_text="rate to “<img src=x")).to_have_count(1)
    expect(status.filter(has_text="choose a whole number from 2 to 6")).to_have_count(1)
    expect(status.filter(has_text="“what”, which this page does not know")).to_have_count(1)
    expect(where(page)).to_have_text("epoch 200 of 200")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    wait_asked(page, rate=None, bits=None)
    assert asked(page)["voila-theme"] == "light"  # somebody else's
    group(page, "Schemes").click()
    page.get_by_role("button", name="New draw").click()
    expect(status).to_have_count(0)


@pytest.mark.browser
def test_what_python_has_set_is_shown_from_a_file(pages: WatchedPages, tmp_path: Path) -> None:
    play = Playground(schemes=["lecun", "ones"], shown="lecun", epochs=50, rate=7.3, step=0)
    (tmp_path / "p.html").write_text(standalone([play], "P"), encoding="utf-8")
    page = pages((tmp_path / "p.html").as_uri())
    page.wait_for_function(DRAWN)
    expect(where(page)).to_have_text("epoch 0 of 50")
    expect(page.locator(".lv-pg-heading")).to_contain_text("LeCun, in full")
    expect(page.get_by_label("In a notebook", exact=True)).to_have_value(
        f'Playground.from_link("{play.to_link()[1:]}")'
    )
    page.get_by_role("button", name="New draw").click()
    expect(page.get_by_label("In a notebook", exact=True)).to_have_value(re.compile("seed=2"))
    pages.assert_clean(page)


@pytest.mark.browser
def test_where_the_address_is_the_hosts_it_is_neither_read_nor_written(browser: Browser, site: str) -> None:
    page = browser.new_page()
    page.route("**/lab.html*", lambda route: _as_lab(route, site))
    page.goto(site.replace("play.html", "lab.html?rate=3"))
    page.wait_for_function(DRAWN)
    expect(page.get_by_label("Learning rate, as a number")).to_have_value("1")
    page.get_by_role("button", name="New draw").click()
    expect(page.get_by_label("In a notebook", exact=True)).to_have_value(re.compile("seed=2"))
    expect(page.get_by_label("Link to exactly this")).to_have_count(0)
    assert page.url.endswith("?rate=3")
    page.close()


def _as_lab(route: Any, site: str) -> None:
    response = route.fetch(url=site)
    route.fulfill(
        body=response.text().replace("<main>", '<main class="jp-NotebookPanel">'), content_type="text/html"
    )


@pytest.mark.browser
@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}}])
def test_axe_finds_nothing(opened: Open, look: dict[str, Any]) -> None:
    page = opened(QUICK, **look)
    page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    assert violations(page, ".lkv-explorable") == []
    missing = (
        "[...document.querySelectorAll('.lv :is(button, input, select, textarea, summary, [tabindex])')]"
    )
    suppress = "(e) => !e.dataset.lmSuppressShortcuts && !e.hidden"
    assert page.evaluate(f"{missing}.filter({suppress}).map((e) => e.outerHTML)") == []
