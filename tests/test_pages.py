"""Chapters whose runs are computed in the page, as a reader meets them on our site, in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from browser import Server, Traffic, WatchedPages, throttle_cpu, wait_drawn
from explorable_page import DRAWN
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.browser

WRONG = "/voila/render/02-doing-it-wrong.ipynb"
RIGHT = "/voila/render/03-doing-it-right.ipynb"
PLAYGROUND = "/voila/render/06-playground.ipynb"
MEGABYTE = 1e6

expect.set_options(timeout=15_000)


def all_drawn(page: Page) -> Page:
    """Wait until a chapter is drawn, what is far below included."""
    wait_drawn(page)
    page.evaluate("dispatchEvent(new Event('lkv:want'))")
    page.wait_for_function(DRAWN)
    return page


@dataclass
class Visit:
    """An open page and what crossed the network for it."""

    page: Page
    pages: WatchedPages
    traffic: Traffic
    sent: list[bytes] = field(default_factory=list)


def visit(browser: Browser, address: str, **context: Any) -> Visit:
    pages = WatchedPages(browser)
    page = pages(**({"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"} | context))
    found = Visit(page, pages, Traffic(page))

    def keep(message: bytes | str) -> None:
        found.sent.append(message if isinstance(message, bytes) else message.encode())

    page.on("websocket", lambda socket: socket.on("framesent", keep))
    page.goto(address)
    all_drawn(page)
    return found


@pytest.fixture(scope="module")
def shared(browser: Browser, voila: Server) -> Iterator[Visit]:
    found = visit(browser, voila.url + WRONG)
    yield found
    found.pages.close()


@pytest.fixture
def chapter(shared: Visit) -> Iterator[Page]:
    """The shared page; after each test its console must still be clean."""
    yield shared.page
    shared.pages.assert_clean(shared.page)


@pytest.fixture
def example(chapter: Page) -> Locator:
    """The single example, at the start of all ones."""
    root = chapter.locator(".lv-one_example")
    root.get_by_text("All ones", exact=True).click()
    root.locator(".lkv-reset").click()
    expect(root.locator(".lkv-where")).to_contain_text("update 0 of 337")
    return root


# --- What a visit costs -----------------------------------------------------------------------------


@pytest.mark.parametrize("chapter_path", [WRONG, RIGHT, PLAYGROUND])
def test_no_run_and_no_chart_library_crosses_the_network(
    browser: Browser, voila: Server, shared: Visit, chapter_path: str
) -> None:
    found = shared if chapter_path == WRONG else visit(browser, voila.url + chapter_path)
    try:
        # What the browser's protocol counts is before compression; on the wire it is less.
        assert found.traffic.websocket_received <= 0.7 * MEGABYTE
        fetched = found.page.evaluate(
            "performance.getEntriesByType('resource').map((e) => e.name).filter((n) => /plotly/.test(n))"
        )
        assert fetched == []
        found.pages.assert_clean(found.page)
    finally:
        if found is not shared:
            found.pages.close()


def test_the_kernel_hears_of_settings_and_seldom_of_the_clock(shared: Visit, example: Locator) -> None:
    shared.sent.clear()
    began = shared.page.evaluate("performance.now()")
    example.locator(".lkv-play").click()
    expect(example.locator(".lkv-where")).to_contain_text("update 337 of 337", timeout=60_000)
    seconds = (shared.page.evaluate("performance.now()") - began) / 1000
    steps = [text for text in shared.sent if b'"method":"update"' in text and b'"step":' in text]
    # Each of the two that are linked tells its own step, five times a second at most.
    assert 1 <= len(steps) <= 10 * seconds + 4
    shared.sent.clear()
    example.get_by_text("Standard Xavier", exact=True).click()
    shared.page.wait_for_function("() => true")
    expect(example.locator(".lkv-where")).not_to_contain_text("of 337")
    assert any(b'"initializer":"standard_xavier"' in text for text in shared.sent)


# --- What it does -----------------------------------------------------------------------------------


def test_the_sigmoid_shows_the_same_network_at_the_same_update(chapter: Page, example: Locator) -> None:
    curve = chapter.locator(".lv-sigmoid")
    example.locator(".lkv-forward").click()
    expect(curve.locator(".lkv-where")).to_contain_text("update 1 of 337")
    curve.locator(".lkv-forward").click()
    expect(example.locator(".lkv-where")).to_contain_text("update 2 of 337")
    curve.get_by_text("All zeros", exact=True).click()
    expect(example.locator(".lkv-where")).to_contain_text("update 0 of 1")
    example.get_by_text("All ones", exact=True).click()
    expect(curve.locator(".lkv-where")).to_contain_text("update 0 of 337")


def test_a_link_sets_the_playground_and_what_is_wrong_in_it_is_named(
    pages: WatchedPages, voila: Server
) -> None:
    page = pages(f"{voila.url}{PLAYGROUND}?rate=3&seed=4&schemes=ones,kaiming&speed=9")
    all_drawn(page)
    playground = page.locator(".lv-playground")
    expect(playground).to_contain_text("speed")
    expect(playground.get_by_role("textbox", name="Seed")).to_have_value("4")
    expect(playground).to_contain_text("Kaiming")
    page.wait_for_function("() => location.search.includes('rate=3')")
    pages.assert_clean(page)


def test_a_slow_machine_loses_nothing(pages: WatchedPages, voila: Server) -> None:
    """Scripts run three times slower from the page's first request on; waiting is fine, losing is not."""
    page = pages()
    throttle_cpu(page, 3)
    page.goto(voila.url + WRONG)
    all_drawn(page)
    example = page.locator(".lv-one_example")
    example.get_by_text("All zeros", exact=True).click()
    expect(example.locator(".lkv-where")).to_contain_text("update 0 of 1", timeout=60_000)
    example.locator(".lkv-play").click()
    expect(example.locator(".lkv-where")).to_contain_text("update 1 of 1", timeout=60_000)
    pages.assert_clean(page)


# --- Screens and readers ----------------------------------------------------------------------------


def test_dark_is_dark(chapter: Page) -> None:
    root = chapter.locator(".lv-one_example")
    chapter.emulate_media(color_scheme="dark")
    try:
        expect(root).to_have_attribute("data-theme", "dark")
        colour = root.evaluate("(e) => getComputedStyle(e).color")
        assert min(map(int, re.findall(r"\d+", colour)[:3])) > 150
    finally:
        chapter.emulate_media(color_scheme="light")
    expect(root).to_have_attribute("data-theme", "light")


@pytest.mark.parametrize("chapter_path", [WRONG, RIGHT, PLAYGROUND])
def test_a_telephone_shows_all_of_it_and_nothing_moves_by_itself(
    browser: Browser, voila: Server, chapter_path: str
) -> None:
    found = visit(
        browser,
        voila.url + chapter_path,
        viewport={"width": 390, "height": 844},
        reduced_motion="reduce",
        has_touch=True,
    )
    try:
        page = found.page
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate("document.getAnimations().length") == 0
        assert page.locator(".lkv-play[aria-label=Pause]").count() == 0
        first = page.locator(".lkv-player, .lv-player").first
        first.locator(".lkv-forward").tap()
        expect(first.locator(".lkv-where")).not_to_contain_text(re.compile(r"^(update|epoch) 0 of"))
        found.pages.assert_clean(page)
    finally:
        found.pages.close()
