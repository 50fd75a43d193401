"""``letkeman-viz export`` of explorables that compute: alive from a disk, without anything recorded."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from browser import DRAWN_SECONDS, WatchedPages
from playwright.sync_api import Page, expect

from letkeman_viz import train_one
from letkeman_viz.site.export import export

expect.set_options(timeout=15_000)

LIVE = (
    "# Live\n\nOne number, over and over: $x_1$.",
    "%from letkeman_viz.explorables import OneExample, PageTools\nPageTools()",
    "## One example\n\nTrain it.",
    "%OneExample()",
)
RECORDED = (
    "# Recorded",
    "%from letkeman_viz.explorables import PageTools\nPageTools()",
    "## Two controls",
    "%import ipywidgets\nipywidgets.HTML('from before')",
)


def write(path: Path, *sources: str) -> None:
    """Store a notebook; a source that begins with ``%`` is code."""
    new = nbformat.v4
    cells = [new.new_code_cell(s[1:]) if s[0] == "%" else new.new_markdown_cell(s) for s in sources]
    nbformat.write(new.new_notebook(cells=cells), path)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chapter of each kind, exported with single files."""
    folder = tmp_path_factory.mktemp("export")
    (folder / "notebooks").mkdir()
    write(folder / "notebooks" / "01-live.ipynb", *LIVE)
    write(folder / "notebooks" / "02-recorded.ipynb", *RECORDED)
    return export(folder / "Übung 1 #2", single_files=True, folder=folder / "notebooks")


def opened(pages: WatchedPages, path: Path, **context: object) -> Page:
    page = pages(path.as_uri(), **context)
    page.wait_for_selector("body[data-drawn=true]", timeout=DRAWN_SECONDS * 1000)
    return page


def test_a_live_chapter_loads_neither_recordings_nor_their_host(site: Path) -> None:
    live, recorded = ((site / f"{name}.html").read_text() for name in ("01-live", "02-recorded"))
    assert "explorables.js" in live
    assert "explorables.js" in recorded
    assert re.findall(r"assets/(recorded\.\w+)", recorded) == ["recorded.css", "recorded.js"]
    assert "assets/recorded" not in live
    assert "What needs Python" in recorded
    assert "Python" not in live
    assert {path.name for path in (site / "data").iterdir()} == {"02-recorded.js", "plotly.js"}


def test_a_site_of_live_chapters_has_no_recordings_at_all(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    write(tmp_path / "notebooks" / "01-live.ipynb", *LIVE)
    made = export(tmp_path / "site", folder=tmp_path / "notebooks")
    assert not (made / "data").exists()
    assert not (made / "assets" / "recorded.js").exists()
    assert "Python" not in (made / "index.html").read_text()


def test_the_first_page_says_which_chapters_were_recorded(site: Path) -> None:
    text = " ".join((site / "index.html").read_text().split())
    assert "Those of chapter 1 are computed by the page while you watch: set any seed" in text
    assert "What chapter 2 shows was recorded" in text


@pytest.mark.browser
def test_a_live_chapter_from_a_disk_trains_with_any_seed(pages: WatchedPages, site: Path) -> None:
    asked: list[str] = []
    page = pages(viewport={"width": 1280, "height": 900})
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "01-live.html").as_uri())
    page.wait_for_selector("body[data-drawn=true]", timeout=DRAWN_SECONDS * 1000)
    where = page.locator(".lkv-where")
    expect(where).to_have_text("update 0 of 337")
    page.get_by_role("radio", name="Standard Xavier").click()
    seed = page.get_by_role("textbox", name="Seed")
    seed.fill("77")
    seed.press("Enter")
    updates = train_one(number=19, initializer="standard_xavier", seed=77, learning_rate=1.0).updates
    expect(where).to_have_text(f"update 0 of {updates}")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(where).not_to_have_text(f"update 0 of {updates}")
    assert {url.partition(":")[0] for url in asked} <= {"file", "blob", "data"}
    pages.assert_clean(page)


@pytest.mark.browser
def test_a_page_of_both_kinds_shows_both(pages: WatchedPages, site: Path) -> None:
    page = opened(pages, site / "02-recorded.html")
    expect(page.get_by_label("blue / vermillion")).to_be_visible()
    expect(page.get_by_text("from before")).to_be_visible()
    pages.assert_clean(page)


@pytest.mark.browser
def test_a_live_explorable_is_one_file(pages: WatchedPages, site: Path, tmp_path: Path) -> None:
    files = sorted(path.name for path in (site / "single").iterdir())
    assert files == ["01-1-one-example.html", "02-1-two-controls.html", "index.html"]
    alone = (site / "single" / files[0]).rename(tmp_path / "mailed.html")
    page = pages(alone.as_uri())
    expect(page.locator(".lkv-where")).to_have_text("update 0 of 337")
    pages.assert_clean(page)


@pytest.mark.browser
def test_a_missing_bundle_is_named_in_its_place(pages: WatchedPages, site: Path) -> None:
    page = pages()
    page.route("**/explorables.js", lambda route: route.abort())
    page.goto((site / "01-live.html").as_uri())
    expect(page.locator(".lk-live").nth(1)).to_contain_text("could not be drawn. Is the folder complete")
