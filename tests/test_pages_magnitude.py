"""The chapter "Preserving magnitude" as a reader meets it: our site in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser import Server, WatchedPages, open_chapter, telephone
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.browser

CHAPTER = "/voila/render/04-preserving-magnitude.ipynb"
CHARTS = 6

expect.set_options(timeout=15_000)


def opened(pages: WatchedPages, url: str, **context: object) -> Page:
    return open_chapter(pages, url + CHAPTER, CHARTS, **context)


@pytest.fixture(scope="module")
def chapter(browser: Browser, voila: Server) -> Iterator[Page]:
    """One page for all tests of this file; its console stays clean."""
    pages = WatchedPages(browser)
    page = opened(pages, voila.url, viewport={"width": 1280, "height": 900})
    yield page
    pages.assert_clean(page)
    pages.close()


def explorable(page: Page, index: int) -> Locator:
    return page.locator(".lkv-explorable").nth(index)


def slide(slider: Locator, key: str, times: int = 1) -> None:
    slider.focus()
    for _ in range(times):
        slider.press(key)


def test_sampling_settles_on_the_exact_value(chapter: Page) -> None:
    sampling = explorable(chapter, 0)
    words = sampling.locator(".lkv-say")
    expect(words).to_contain_text("exactly 0.463610")
    expect(words).to_contain_text("400,000 draws", timeout=30_000)
    mean = float(re.search(r"Mean \|sum\| ([\d.]+)", words.inner_text()).group(1))
    assert mean == pytest.approx(0.46361, abs=0.003)
    expect(sampling.locator(".lkv-chart").first).to_contain_text("exact density")


def test_a_slider_answers_while_it_moves_and_stop_stops(chapter: Page) -> None:
    sampling = explorable(chapter, 0)
    words = sampling.locator(".lkv-say")
    slide(sampling.get_by_role("slider", name="Inputs n"), "ArrowRight", 2)
    expect(words).to_contain_text("Standard Xavier, 15 inputs")
    sampling.get_by_role("button", name="Stop").click()
    before = words.inner_text()
    chapter.wait_for_timeout(600)  # several pictures' time
    stopped = words.inner_text()
    drawn = int(re.search(r"([\d,]+) draws", stopped).group(1).replace(",", ""))
    assert drawn < 400_000
    assert before.startswith("Standard Xavier, 15 inputs")
    sampling.get_by_label("Scheme", exact=True).select_option("Standard Letkeman")
    expect(words).to_contain_text("Standard Letkeman, 15 inputs")
    expect(words).to_contain_text("exactly 1.000000")


def test_the_first_table_is_drawn_anew(chapter: Page) -> None:
    table = explorable(chapter, 1).locator("table")
    expect(table.locator("tbody tr")).to_have_count(6)
    row = table.locator("tr").filter(has=chapter.locator("th", has_text=re.compile("^100$")))
    expect(row).to_contain_text("0.461195")  # the article's
    expect(row).to_contain_text("0.460889649")  # exact
    ours = row.locator("td").nth(1)
    first = ours.inner_text()
    explorable(chapter, 1).get_by_role("button", name="Draw again").click()
    expect(ours).not_to_have_text(first)


def test_the_cross_hair_reads_the_layer_under_it(chapter: Page) -> None:
    layers = explorable(chapter, 2)
    table = layers.locator("table")
    expect(table.locator("caption")).to_have_text("A layer of 100 inputs and 50 outputs")
    normalized = table.locator("tr").filter(has_text="Normalized Letkeman")
    expect(normalized.locator("td")).to_have_text(["1.242", "0.879", "1.000"])
    slide(layers.get_by_role("slider", name="fan_in n"), "ArrowRight", 4)
    expect(table.locator("caption")).to_have_text("A layer of 1000 inputs and 50 outputs")
    layers.get_by_label("Scheme", exact=True).select_option("Kaiming")
    layers.get_by_label("Magnitude", exact=True).select_option("forward")
    expect(layers.locator(".lkv-chart")).to_contain_text("Kaiming: forward")
    expect(table.locator(".lkv-marked")).to_contain_text("Kaiming")


def test_the_articles_table_is_there_with_its_columns_explained(chapter: Page) -> None:
    table = chapter.locator("table").filter(has_text="as the article measured it")
    row = table.locator("tr").filter(has_text="(15, 25)")
    expect(row).to_contain_text("0.536898")
    expect(row).to_contain_text("0.693322")


def test_counting_active_inputs_lifts_the_one_hot_line(chapter: Page) -> None:
    one = explorable(chapter, 3)
    expect(one.locator(".lkv-chart").first).to_contain_text("Standard Letkeman")
    line = one.locator(".lkv-chart").first.locator(".scatterlayer .trace path.js-line")
    before = line.evaluate_all("paths => paths.map((path) => path.getAttribute('d'))")
    one.get_by_label("count active inputs only").check()
    chapter.wait_for_function(
        "([before]) => JSON.stringify([...document.querySelectorAll('.lkv-explorable')[3]"
        ".querySelector('.lkv-chart').querySelectorAll('.scatterlayer .trace path.js-line')]"
        ".map((path) => path.getAttribute('d'))) !== before",
        arg=[str(before).replace("'", '"').replace(", ", ",")],
    )
    expect(one.locator(".lkv-chart").nth(1)).to_contain_text("Ten linear layers")


def test_the_calculator_follows_and_copies(chapter: Page) -> None:
    calculator = explorable(chapter, 4)
    row = calculator.locator("tr").filter(has_text="Standard Letkeman")
    box = calculator.get_by_label("fan_in n")
    box.fill("65")
    box.press("Enter")
    expect(row.locator("td").first).to_have_text("0.269047")
    active = calculator.get_by_label("active inputs")
    active.fill("1")
    active.press("Enter")
    expect(row.locator("td").first).to_have_text("2")
    chapter.context.grant_permissions(["clipboard-read", "clipboard-write"])
    row.get_by_role("button").click()
    expect(row.get_by_role("button")).to_have_text("Copied")
    copied = chapter.evaluate("navigator.clipboard.readText()")
    assert copied == "torch.nn.init.uniform_(layer.weight, -2, 2)"


def test_out_of_range_sizes_are_put_right(chapter: Page) -> None:
    box = explorable(chapter, 4).get_by_label("fan_out m")
    box.fill("99999999")
    box.press("Enter")
    expect(box).to_have_value("1000000")


def test_it_fits_a_telephone_in_light_and_dark(chapter: Page) -> None:
    bright, dark = re.compile(r"^rgba?\(2\d\d, 2\d\d, 2\d\d"), re.compile(r"^rgba?\(\d\d?, \d\d?, \d\d?[,)]")
    with telephone(chapter):
        for scheme, ink in (("dark", bright), ("light", dark)):
            chapter.emulate_media(color_scheme=scheme)
            expect(chapter.locator(".lkv-chart .xtick text").first).to_have_css("fill", ink)
            expect(chapter.locator("html")).to_have_js_property("scrollWidth", 390)
