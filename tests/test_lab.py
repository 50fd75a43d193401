"""The chapter "Doing it wrong" in JupyterLab, where its code can be seen and run again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser import DRAWN_SECONDS, Server, WatchedPages, look_through
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

NOTEBOOK = "02-doing-it-wrong.ipynb"
EXPLORABLE = ".lkv-explorable"

expect.set_options(timeout=15_000)


def run_all_cells(page: Page) -> None:
    """As a reader does it: from the menu."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def count_library(page: Page) -> None:
    """Have the page count, in ``libraries``, how often it makes a script as large as plotly.js."""
    page.add_init_script("""
      globalThis.libraries = 0;
      const make = URL.createObjectURL;
      URL.createObjectURL = (blob) => {
        if (blob.size > 3_000_000) libraries++;
        return make.call(URL, blob);
      };""")


@pytest.fixture(scope="module")
def opened(browser: Browser, lab: Server) -> Iterator[tuple[Page, WatchedPages]]:
    """The chapter, opened and run from top to bottom, with its five charts drawn."""
    pages = WatchedPages(browser)
    # Higher than the chapter: JupyterLab draws only what is near the screen, and 4.2 removes the rest again.
    page = pages(viewport={"width": 1400, "height": 8000})
    count_library(page)
    page.goto(lab.address(f"/lab/tree/{NOTEBOOK}"))
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=DRAWN_SECONDS * 1000)
    run_all_cells(page)
    look_through(page, 5)
    yield page, pages
    pages.close()


@pytest.fixture
def notebook(opened: tuple[Page, WatchedPages]) -> Iterator[Page]:
    """The open notebook, its first explorable back at all ones, update 0; afterwards still without errors."""
    page, pages = opened
    first = page.locator(EXPLORABLE).first
    first.get_by_role("button", name="All ones").click()
    expect(first.locator(".lkv-where")).to_have_text(re.compile(" of 337$"))
    first.get_by_role("button", name="Back to the start").click()
    expect(first.locator(".lkv-where")).to_have_text("update 0 of 337")
    yield page
    pages.assert_clean(page)


def test_every_explorable_appears(notebook: Page) -> None:
    expect(notebook.locator(EXPLORABLE)).to_have_count(3)
    expect(notebook.locator(".lkv-diagram")).to_have_count(2)
    expect(notebook.locator(".lkv-activation")).to_have_count(1)
    expect(notebook.locator(".jp-OutputArea-output[data-mime-type*=stderr]")).to_have_count(0)
    expect(notebook.locator(".jp-OutputArea-output[data-mime-type*=error]")).to_have_count(0)


def test_play_stops_at_the_first_right_answer(notebook: Page) -> None:
    first = notebook.locator(EXPLORABLE).first
    first.get_by_label("speed").select_option("120")
    first.get_by_role("button", name="Play", exact=True).click()
    expect(first.locator(".lkv-where")).to_have_text("update 337 of 337")
    expect(first.locator(".lkv-readout .lkv-big")).to_have_text(
        ["337", "1 0 0 1 1 = 19", "1 0 1 0 0 = 20", re.compile("^1 0 1 0 0 = 20 ")]
    )
    second = notebook.locator(EXPLORABLE).nth(1)
    expect(second.locator(".lkv-where")).to_have_text("update 337 of 337")


def test_another_scheme_is_another_run(notebook: Page) -> None:
    first = notebook.locator(EXPLORABLE).first
    ticks = first.locator(".lkv-chart").first.locator(".ytick text").filter(has_text=re.compile("^0$"))
    expect(ticks).to_have_count(0)
    first.get_by_role("button", name="All zeros").click()
    expect(first.locator(".lkv-where")).to_have_text("update 0 of 1")
    expect(first.locator(".lkv-diagram .lkv-number").first).to_have_text("exactly 0")
    expect(ticks).to_have_count(1)


def test_charts_follow_the_play_head(notebook: Page) -> None:
    first = notebook.locator(EXPLORABLE).first
    clips = first.locator(".lkv-clip rect")
    expect(clips).to_have_count(2)
    before = [float(clips.nth(k).get_attribute("width")) for k in range(2)]
    first.get_by_label("Position in the run").fill("337")
    expect(first.locator(".lkv-where")).to_have_text("update 337 of 337")
    after = [float(clips.nth(k).get_attribute("width")) for k in range(2)]
    assert all(b > a + 100 for a, b in zip(before, after, strict=True))


def test_running_the_notebook_again_works_with_the_library_it_has(notebook: Page) -> None:
    notebook.evaluate(
        "document.querySelectorAll('.lkv-chart').forEach((chart) => (chart.dataset.old = 'yes'))"
    )
    run_all_cells(notebook)
    fresh = notebook.locator(".lkv-chart[data-drawn=yes]:not([data-old])")
    expect(fresh).to_have_count(5, timeout=DRAWN_SECONDS * 1000)
    expect(notebook.locator(".lkv-chart[data-old]")).to_have_count(0)
    expect(notebook.locator(EXPLORABLE)).to_have_count(3)
    first = notebook.locator(EXPLORABLE).first
    expect(first.locator(".lkv-where")).to_have_text("update 0 of 337")
    first.get_by_role("button", name="One step forward").click()
    expect(first.locator(".lkv-where")).to_have_text("update 1 of 337")
    expect(notebook.locator(EXPLORABLE).nth(1).locator(".lkv-where")).to_have_text("update 1 of 337")
    assert notebook.evaluate("libraries") == 1
