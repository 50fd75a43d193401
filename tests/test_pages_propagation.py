"""The chapter "Why initialization matters" as a reader meets it: our site in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser import Server, WatchedPages, open_chapter, telephone, wait_until
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.browser

CHAPTER = "/voila/render/01-why-initialization-matters.ipynb"
CHARTS = 8

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


@pytest.fixture
def tower(chapter: Page) -> Locator:
    return explorable(chapter, 0)


def explorable(page: Page, index: int) -> Locator:
    return page.locator(".lkv-explorable").nth(index)


def slide(slider: Locator, key: str, times: int = 1) -> None:
    slider.focus()
    for _ in range(times):
        slider.press(key)


def choose(box: Locator, label: str, option: str) -> None:
    box.get_by_label(label, exact=True).select_option(option)


def heights(chart: Locator) -> list[float]:
    """Where the points of a chart's last trace of marks lie, from left to right, in pixels from the top."""
    points = chart.locator(".scatterlayer .trace .points path").all()
    return [float(re.search(r",([-\d.]+)\)", p.get_attribute("transform")).group(1)) for p in points]


def test_the_tower_opens_on_a_gradient_that_vanishes(tower: Locator) -> None:
    words = tower.locator(".lkv-say")
    expect(words).to_contain_text("The gradient vanishes: it shrinks 4.3 times per layer")
    expect(words).to_contain_text("its variance 18 times")
    for chart, name in enumerate(("The signal", "The gradient", "Saturated", "What a deep layer does")):
        expect(tower.locator(".lkv-chart").nth(chart)).to_contain_text(name)
    first, *_, last = heights(tower.locator(".lkv-chart").nth(1))[:21]
    assert first > last + 100  # it falls towards the input


def test_the_cure_levels_the_line_for_every_activation(tower: Locator) -> None:
    for name, gain in (("tanh", "1"), ("ReLU", "1.414"), ("linear", "1"), ("sigmoid", "10.15")):
        choose(tower, "Activation", name)
        cure = tower.get_by_role("button", name="Cure")
        expect(cure).to_contain_text(f"gain {gain},")
        tower.get_by_role("button", name="Standard Xavier").click()
        expect(tower.locator(".lkv-say")).to_contain_text("The gradient vanishes")
        cure.click()
        expect(tower.locator(".lkv-say")).to_contain_text(re.compile("The gradient (is level|fades slowly)"))
        expect(tower.locator(".lkv-slider").first).to_contain_text(gain)
    expect(tower.locator(".lkv-say")).to_contain_text("units are saturated")


def test_the_line_tilts_with_the_gain_while_it_is_dragged(tower: Locator) -> None:
    choose(tower, "Activation", "linear")
    gain = tower.get_by_role("slider", name="Gain")
    tower.get_by_role("button", name="LeCun, Glorot").click()
    expect(gain).to_have_attribute("aria-valuetext", "1, LeCun, Glorot")  # from here the keys count
    expect(tower.locator(".lkv-say")).to_contain_text("The gradient is level")
    slide(gain, "ArrowRight", 12)
    expect(tower.locator(".lkv-say")).to_contain_text("The gradient explodes")
    slide(gain, "ArrowLeft", 24)
    expect(tower.locator(".lkv-say")).to_contain_text("The gradient vanishes")
    expect(gain).to_have_attribute("aria-valuetext", re.compile(r"^0\.\d+"))


def test_overflow_shows_in_its_layer(tower: Locator) -> None:
    choose(tower, "Activation", "linear")
    choose(tower, "Stored as", "float16")
    slide(tower.get_by_role("slider", name="Gain"), "End")
    words = tower.locator(".lkv-say")
    expect(words).to_contain_text("Overflow: in layer 4 the signal grows beyond what float16 can hold")
    expect(tower.locator(".lkv-chart").first).to_contain_text("NaN")
    expect(tower.locator(".lkv-chart").first).to_contain_text("float16 ends")
    choose(tower, "Stored as", "float32")
    expect(words).not_to_contain_text("Overflow")
    tower.get_by_role("button", name="Kaiming").click()


def test_another_draw_is_another_draw_and_the_shape_can_be_changed(tower: Locator) -> None:
    choose(tower, "Activation", "tanh")
    expect(tower.locator(".lkv-say")).to_contain_text("layer 20")
    signal = tower.locator(".lkv-chart").first
    before = heights(signal)
    tower.get_by_role("button", name="Draw again").click()
    wait_until(lambda: heights(signal) != before, 20, "the same draw is still there")
    slide(tower.get_by_role("slider", name="Layers"), "End")
    expect(tower.locator(".lkv-say")).to_contain_text("layer 50", timeout=30_000)
    slide(tower.get_by_role("slider", name="Layers"), "Home")
    expect(tower.locator(".lkv-say")).to_contain_text("after 1 layer ")


def test_naive_fixes_mark_the_layers_without_a_gradient(chapter: Page) -> None:
    naive = explorable(chapter, 1)
    expect(naive.locator("tr.lkv-marked")).to_have_count(5)
    expect(naive.locator(".lkv-say")).to_contain_text("all 50 units are the same")
    naive.get_by_role("button", name="tiny noise").click()
    expect(naive.locator("tr.lkv-marked")).to_have_count(0)
    expect(naive.locator(".lkv-say")).to_contain_text("All 50 units of every layer differ")
    choose(naive, "Activation", "tanh")
    naive.get_by_role("button", name="all zeros").click()
    expect(naive.locator("tr.lkv-marked")).to_have_count(6)


def test_two_products_follow_the_sliders(chapter: Page) -> None:
    two = explorable(chapter, 2)
    row = two.locator("tbody tr").first
    expect(row.locator("td").last).to_have_text("0.006389")
    slide(two.get_by_role("slider", name="All weights w"), "ArrowRight", 5)
    expect(row.locator("td").nth(1)).to_have_text("1.5")
    expect(two.locator(".lkv-say")).to_contain_text("1.5 \N{MULTIPLICATION SIGN}")
    assert row.locator("td").nth(6).inner_text() == row.locator("td").last.inner_text()


def test_the_funnel_keeps_one_side_only(chapter: Page) -> None:
    funnel = explorable(chapter, 3)
    rows = funnel.locator("tbody tr")
    expect(rows).to_have_count(4)
    ratio = float(rows.first.locator("td").last.inner_text())
    assert 45 < ratio < 90
    choose(funnel, "Shape", "trumpet, 8 to 512")
    expect(rows.first.locator("td").last).to_have_text(re.compile(r"^0\.0"))


def test_training_starts_when_asked_and_the_right_gain_learns(chapter: Page) -> None:
    deep = explorable(chapter, 4)
    expect(deep.locator(".lkv-say")).to_contain_text("After 1 step,")
    deep.get_by_role("button", name="Train").click()
    words = deep.locator(".lkv-say")
    expect(words).to_contain_text("After 300 steps", timeout=60_000)
    losses = [float(found) for found in re.findall(r"loss ([\d.]+)", words.inner_text())]
    assert losses[0] == pytest.approx(0.625, abs=0.001)
    assert losses[1] < 0.1
    expect(deep.locator(".lkv-chart").first).to_contain_text("Mean step")


def test_it_fits_a_telephone_in_light_and_dark(chapter: Page) -> None:
    bright, dark = re.compile(r"^rgba?\(2\d\d, 2\d\d, 2\d\d"), re.compile(r"^rgba?\(\d\d?, \d\d?, \d\d?[,)]")
    with telephone(chapter):
        for scheme, ink in (("dark", bright), ("light", dark)):
            chapter.emulate_media(color_scheme=scheme)
            expect(chapter.locator(".lkv-chart .xtick text").first).to_have_css("fill", ink)
            expect(chapter.locator("html")).to_have_js_property("scrollWidth", 390)


def test_looking_at_the_chapter_takes_little_memory(pages: WatchedPages, voila: Server) -> None:
    before = {kernel.pid for kernel in voila.kernels()}
    page = opened(pages, voila.url)
    expect(explorable(page, 0).locator(".lkv-say")).to_contain_text("The gradient vanishes")
    kernel = next(k for k in voila.kernels() if k.pid not in before)
    # Once it has come to rest: while it works out what is looked at, it holds all of that.
    wait_until(lambda: kernel.memory_full_info().uss < 120 * 2**20, 30, "the kernel keeps more than 120 MB")
