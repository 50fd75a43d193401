"""The notebooks in JupyterLab, run from the menu, as a reader of JupyterLab meets them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import DRAWN_SECONDS, Server, WatchedPages
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

NOTEBOOK = "02-doing-it-wrong.ipynb"
KINDS = ("one_example", "sigmoid", "whole_table")


def run_all_cells(page: Page) -> None:
    """As a reader does it: from the menu."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def drawn(page: Page) -> None:
    for kind in KINDS:
        root = page.locator(f".lv-{kind}:not([data-old])")
        expect(root).to_have_attribute("data-drawn", "yes", timeout=DRAWN_SECONDS * 1000)


@pytest.fixture(scope="module")
def opened(browser: Browser, lab: Server) -> Iterator[tuple[Page, WatchedPages]]:
    """The chapter, opened and run from top to bottom."""
    pages = WatchedPages(browser)
    # Higher than the chapter: JupyterLab draws only what is near the screen, and 4.2 removes the rest again.
    page = pages(viewport={"width": 1400, "height": 8000})
    page.goto(lab.address(f"/lab/tree/{NOTEBOOK}"))
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=DRAWN_SECONDS * 1000)
    run_all_cells(page)
    drawn(page)
    yield page, pages
    pages.close()


@pytest.fixture
def notebook(opened: tuple[Page, WatchedPages]) -> Iterator[Page]:
    """The open notebook; after each test still without errors."""
    page, pages = opened
    yield page
    pages.assert_clean(page)


def test_every_explorable_appears_and_no_cell_complains(notebook: Page) -> None:
    for kind in KINDS:
        expect(notebook.locator(f".lv-{kind}")).to_have_count(1)
    expect(notebook.locator(".lv-prediction")).to_have_count(2)
    expect(notebook.locator(".jp-OutputArea-output[data-mime-type*=stderr]")).to_have_count(0)
    expect(notebook.locator(".jp-OutputArea-output[data-mime-type*=error]")).to_have_count(0)


def test_schemes_and_steps_work(notebook: Page) -> None:
    example = notebook.locator(".lv-one_example")
    example.get_by_text("All zeros", exact=True).click()
    expect(example.locator(".lkv-where")).to_contain_text("update 0 of 1")
    example.locator(".lkv-forward").click()
    expect(example.locator(".lkv-where")).to_contain_text("update 1 of 1")
    expect(notebook.locator(".lv-sigmoid .lkv-where")).to_contain_text("update 1 of 1")


def test_running_the_notebook_again_leaves_nothing_of_the_old(notebook: Page) -> None:
    notebook.evaluate("document.querySelectorAll('.lkv-explorable').forEach((e) => (e.dataset.old = 'yes'))")
    run_all_cells(notebook)
    drawn(notebook)
    expect(notebook.locator(".lkv-explorable[data-old]")).to_have_count(0)
    example = notebook.locator(".lv-one_example")
    expect(example.locator(".lkv-where")).to_contain_text("update 0 of 337")
    example.locator(".lkv-forward").click()
    expect(notebook.locator(".lv-sigmoid .lkv-where")).to_contain_text("update 1 of 337")
