"""The chapter "Results" as a reader meets it, on a machine without PyTorch and on one with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from browser import Server, WatchedPages, open_chapter, running
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.browser

CHAPTER = "/voila/render/05-results.ipynb"
CHARTS = 9

expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def torchless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Our site on a machine where ``import torch`` fails."""
    folder = tmp_path_factory.mktemp("no-torch")
    (folder / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n")
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # only for this server: others start later
            patch.setenv("PYTHONPATH", str(folder))
            server = stack.enter_context(running("serve"))
        yield server


def opened(pages: WatchedPages, url: str, **context: object) -> Page:
    return open_chapter(pages, url + CHAPTER, CHARTS, **context)


@pytest.fixture(scope="module")
def chapter(browser: Browser, torchless: Server) -> Iterator[Page]:
    """One page for the tests that need no PyTorch; its console stays clean."""
    pages = WatchedPages(browser)
    page = opened(pages, torchless.url, viewport={"width": 1280, "height": 900})
    yield page
    pages.assert_clean(page)
    pages.close()


def explorable(page: Page, index: int) -> Locator:
    return page.locator(".lkv-explorable").nth(index)


def choose(explorable: Locator, network: str) -> None:
    """Press a network's toggle button, which newer versions of ipywidgets call a radio button."""
    kinds = (explorable.get_by_role(kind, name=network) for kind in ("radio", "button"))
    next(kinds).or_(next(kinds)).first.click()


def line_of(table: Locator, scheme: str) -> Locator:
    """The row whose first cell is exactly ``scheme``."""
    heading = table.page.locator("th", has_text=re.compile(f"^{scheme}$"))
    return table.locator("tbody tr").filter(has=heading)


def test_recorded_curves_and_the_articles_ratio_are_there_at_once(chapter: Page) -> None:
    curves = explorable(chapter, 0)
    expect(curves.locator(".lkv-chart")).to_contain_text("mean, best to worst seed")
    row = line_of(curves.locator("table"), "Standard Letkeman")
    expect(row).to_contain_text("1.83 times")
    expect(row).to_contain_text("1.744 times")
    expect(line_of(curves.locator("table"), "Kaiming").locator("td").first).to_have_text("3 of 5")


def test_dragging_the_line_changes_who_is_faster(chapter: Page) -> None:
    curves = explorable(chapter, 0)
    ratio = line_of(curves.locator("table"), "Standard Letkeman").locator("td").nth(2)
    before = ratio.inner_text()
    slider = curves.get_by_role("slider", name="Loss to reach")
    slider.focus()
    for _ in range(40):
        slider.press("ArrowRight")
    expect(ratio).not_to_have_text(before)
    expect(curves.locator(".lkv-say")).to_contain_text("of your choice")


def test_single_seeds_and_other_axes_are_drawn_on_demand(chapter: Page) -> None:
    curves = explorable(chapter, 0)
    chart = curves.locator(".lkv-chart")
    lines = chart.locator(".scatterlayer .trace path.js-line")
    curves.get_by_label("Show").select_option("every seed")
    expect(chart).to_contain_text("every seed and their mean")
    expect(lines).to_have_count(5 * 5 + 5 + 1)
    curves.get_by_label("Loss axis").select_option("linear")
    expect(chart.locator(".ytick").first).to_contain_text("0")
    curves.get_by_label("Show").select_option("epochs to reach a loss")
    expect(chart).to_contain_text("Epochs until the mean loss is reached")
    curves.get_by_label("Show").select_option("mean and range")


def test_another_network_brings_its_own_schemes_and_line(chapter: Page) -> None:
    curves = explorable(chapter, 0)
    choose(curves, "Hamlet")
    table = curves.locator("table")
    row = line_of(table, "Standard Letkeman, active nodes")
    expect(row).to_contain_text("2.78 times")
    expect(row).to_contain_text("2.5 times")
    expect(table.locator("caption")).to_contain_text("compared with Kaiming")


def test_five_other_seeds_can_have_another_winner(chapter: Page) -> None:
    five = explorable(chapter, 1)
    words = five.locator(".lkv-say")
    expect(words).to_contain_text("With seeds 1, 2, 3, 4, 5")
    winners = set()
    for _ in range(6):
        before = words.inner_text()
        five.get_by_role("button", name="Draw five other seeds").click()
        expect(words).not_to_have_text(before)
        winners.add(words.locator("b").inner_text())
    assert len(winners) > 1


def test_the_active_node_method_is_told_apart_from_the_scheme(chapter: Page) -> None:
    active = explorable(chapter, 2)
    expect(active.locator(".lkv-chart").first).to_contain_text("All 65 input nodes counted")
    expect(line_of(active.locator("table"), "Kaiming")).to_contain_text("2.78 times")


def test_more_data_shows_both_rankings(chapter: Page) -> None:
    more = explorable(chapter, 3)
    expect(more.locator(".lkv-chart").nth(1)).to_contain_text("10,000 images")
    expect(more.locator("tbody tr")).to_have_count(5)


def test_every_claim_has_a_verdict(chapter: Page) -> None:
    table = chapter.locator("table").filter(has_text="claims:")
    rows = table.locator("tbody tr")
    assert rows.count() >= 15
    verdicts = table.locator("tbody td:last-child").all_inner_texts()
    assert all(re.search(r"(✓|✗|◐) (reproduced|not reproduced|partly)", verdict) for verdict in verdicts)


def test_all_data_can_be_taken_along(chapter: Page) -> None:
    with chapter.expect_download() as waiting:
        explorable(chapter, 2).get_by_role("button", name="hamlet, CSV").click()
    text = Path(waiting.value.path()).read_text()
    assert waiting.value.suggested_filename == "hamlet.csv"
    assert len(text.splitlines()) == 1 + 50 * 25


def test_without_torch_the_page_says_what_to_install_and_the_counting_network_runs(chapter: Page) -> None:
    here = explorable(chapter, 4)
    here.get_by_role("button", name="Start").click()
    expect(here.locator(".lkv-say")).to_contain_text("pip install 'letkeman-viz[experiments]'")
    choose(here, "Binary")
    here.get_by_role("button", name="Start").click()
    expect(here.locator(".lkv-say")).to_contain_text("Epoch 1000 of 1000", timeout=60_000)
    expect(here.locator(".lkv-chart[data-drawn=yes]")).to_have_count(2)


def test_a_run_here_stops_and_shows_loss_gradients_and_text(pages: WatchedPages, voila_url: str) -> None:
    page = opened(pages, voila_url)
    here = explorable(page, 4)
    words, charts = here.locator(".lkv-say"), here.locator(".lkv-chart")
    choose(here, "MNIST, dense")  # 30 epochs of about a second
    here.get_by_role("button", name="Start").click()
    expect(words).to_contain_text(re.compile(r"Epoch \d+ of 30"), timeout=60_000)
    here.get_by_role("button", name="Stop").click()
    expect(words).to_contain_text(re.compile(r"Stopped after epoch \d+ of 30"))
    expect(charts.first).to_contain_text("Training loss")
    expect(charts.nth(1)).to_contain_text("dense")
    choose(here, "Hamlet")
    here.get_by_role("button", name="Start").click()
    expect(here.locator("figcaption").first).to_contain_text("Standard Xavier writes", timeout=60_000)
    assert len(here.locator("pre").first.inner_text()) > 100
    expect(charts.nth(1)).to_contain_text("recurrent")
    pages.assert_clean(page)
