"""Explorables elsewhere than on our site: saved notebooks, kernels that died, JupyterLab's keys, marimo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from browser import DRAWN_SECONDS, Server, WatchedPages, free_port, running, stop_tree, wait_drawn, wait_until
from browser import write_notebook as write
from nbclient import NotebookClient
from nbformat import v4
from nbformat.sign import NotebookNotary
from playwright.sync_api import Locator, Page, expect

from letkeman_viz import train_one

pytestmark = pytest.mark.browser

expect.set_options(timeout=15_000)

CODE = "from letkeman_viz.explorables import OneExample\nexample = OneExample(seed=2)\nexample"


def assert_alive(explorable: Locator, seed: int) -> None:
    """It plays, and trains networks that nobody has sent: another scheme, another seed."""
    where = explorable.locator(".lkv-where")
    explorable.get_by_role("radio", name="Standard Xavier").click()
    box = explorable.get_by_role("textbox", name="Seed")
    box.fill(str(seed))
    box.press("Enter")
    updates = train_one(number=19, initializer="standard_xavier", seed=seed, learning_rate=1.0).updates
    expect(where).to_have_text(f"update 0 of {updates}")
    explorable.get_by_role("button", name="Play", exact=True).click()
    expect(where).not_to_have_text(f"update 0 of {updates}")
    explorable.get_by_role("button", name="To the end").click()
    expect(where).to_have_text(f"update {updates} of {updates}")


# --- JupyterLab ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab on a trusted notebook with an output that a kernel of the past has left."""
    folder = tmp_path_factory.mktemp("lab")
    path, data = folder / "notebooks" / "saved.ipynb", folder / "data"
    path.parent.mkdir()
    data.mkdir()
    write(path, v4.new_code_cell(CODE), v4.new_markdown_cell("the last cell"))
    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, kernel_name="python3").execute()
    # JupyterLab and git filters sort the keys of what they save.
    path.write_text(json.dumps(notebook, sort_keys=True, indent=1))
    NotebookNotary(data_dir=str(data)).sign(nbformat.read(path, 4))
    own = {"JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_DATA_DIR": str(data)}
    with running("lab", "--notebooks", str(path.parent), environment=os.environ | own) as server:
        yield server


def test_a_saved_notebook_is_alive_without_a_kernel(pages: WatchedPages, saved: Server) -> None:
    page = pages(viewport={"width": 1400, "height": 1000})
    page.goto(saved.address("/lab/tree/saved.ipynb"))
    explorable = page.locator(".lkv-explorable")
    expect(explorable).to_have_attribute("data-drawn", "yes", timeout=DRAWN_SECONDS * 1000)
    expect(explorable.locator(".lkv-where")).to_have_text("update 0 of 337")
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name="Shut Down Kernel", exact=True).click()
    wait_until(lambda: not saved.kernels(), 30, "the kernel is still there")
    assert_alive(explorable, 77)
    pages.assert_clean(page)


def test_keys_on_a_control_do_not_reach_the_notebook(pages: WatchedPages, saved: Server) -> None:
    page = pages(viewport={"width": 1400, "height": 1000})
    page.goto(saved.address("/lab/tree/saved.ipynb"))
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    explorable = page.locator(".lkv-explorable")
    expect(explorable).to_have_attribute("data-drawn", "yes")
    cells = page.locator(".jp-Notebook .jp-Cell")
    expect(cells).to_have_count(2)
    where = explorable.locator(".lkv-where")
    scrub = explorable.get_by_label("Position in the run")
    scrub.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        scrub.press(key)
    expect(where).to_have_text("update 1 of 337")
    ones, speed = explorable.get_by_role("radio", name="All ones"), explorable.get_by_label("speed")
    # In a notebook's command mode these delete a cell, add one, cut one and make a heading.
    for control in (scrub, ones, speed):
        control.focus()
        for key in ("d", "d", "a", "x", "1"):
            control.press(key)
    expect(cells).to_have_count(2)
    expect(page.locator(".jp-MarkdownCell h1")).to_have_count(0)
    pages.assert_clean(page)


# --- Voila --------------------------------------------------------------------------------------------


def test_a_page_whose_kernel_has_died_plays_and_trains(pages: WatchedPages, tmp_path: Path) -> None:
    write(tmp_path / "01-one.ipynb", v4.new_markdown_cell("# One"), v4.new_code_cell(CODE))
    with running("serve", "--notebooks", str(tmp_path)) as server:
        page = wait_drawn(pages(f"{server.url}/voila/render/01-one.ipynb"))
        explorable = page.locator(".lkv-explorable")
        expect(explorable).to_have_attribute("data-drawn", "yes")
        for kernel in server.kernels():
            kernel.kill()
        assert_alive(explorable, 77)
        assert pages.watch(page).page_errors == []


# --- marimo -------------------------------------------------------------------------------------------

MARIMO = """
# /// script
# [tool.marimo.display]
# theme = "system"
# ///
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo

    from letkeman_viz import explorables

    example = mo.ui.anywidget(explorables.OneExample())
    return example, explorables, mo


@app.cell
def _(explorables, mo):
    mo.ui.anywidget(explorables.PageTools())


@app.cell
def _(example):
    example


@app.cell
def _(example, mo):
    mo.md(f"Python sees {example.value['initializer']}, seed {example.value['seed']}.")


@app.cell
def _(example, mo):
    mo.ui.button(label="Ask for seed 5", on_click=lambda _: setattr(example.widget, "seed", 5))


@app.cell
def _(example, explorables, mo):
    playground = explorables.Playground()
    others = [
        explorables.Sigmoid(of=example.widget), explorables.Prediction("updates"), explorables.WholeTable(),
        explorables.Race(), explorables.FiveSeeds(), playground, explorables.SweepMap(of=playground),
    ]
    mo.vstack([mo.ui.anywidget(one) for one in others])


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture(scope="module")
def marimo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a marimo app with an explorable; the server keeps to itself what it remembers."""
    folder = tmp_path_factory.mktemp("marimo")
    (folder / "app.py").write_text(MARIMO)
    port = free_port()
    command = [sys.executable, "-m", "marimo", "-y", "run", "app.py", "--headless", "--no-token"]
    own = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"), str(folder))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=os.environ | own,
        )  # fmt: skip
    try:
        wait_until(lambda: "URL" in (folder / "log").read_text(), 60, "marimo did not start")
        yield f"http://localhost:{port}"
    finally:
        stop_tree(process)


@pytest.fixture
def app(pages: WatchedPages, marimo: str) -> Page:
    page = pages(marimo, viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.locator(".lv-one_example[data-drawn=yes]").wait_for()
    return page


def test_marimo_shows_plays_and_reacts(pages: WatchedPages, app: Page) -> None:
    explorable = app.locator(".lv-one_example")
    expect(app.get_by_text("Python sees ones, seed 1.")).to_be_visible()
    assert_alive(explorable, 77)
    expect(app.get_by_text("Python sees standard_xavier, seed 77.")).to_be_visible()
    app.get_by_role("button", name="Ask for seed 5").click()
    expect(explorable.get_by_role("textbox", name="Seed")).to_have_value("5")
    updates = train_one(number=19, initializer="standard_xavier", seed=5, learning_rate=1.0).updates
    expect(explorable.locator(".lkv-where")).to_contain_text(f" of {updates}")
    # What marimo logs when it fetches a module of ours twice is its own.
    assert (pages.watch(app).page_errors, pages.watch(app).foreign_requests) == ([], [])


def test_marimo_shows_every_explorable(pages: WatchedPages, app: Page) -> None:
    explorables = app.locator(".lkv-explorable")
    expect(explorables).to_have_count(8)
    for one in explorables.all():
        one.scroll_into_view_if_needed()
        expect(one).to_have_attribute("data-drawn", "yes")
    race, playground = app.locator(".lv-race"), app.locator(".lv-playground")
    race.get_by_role("button", name="Play", exact=True).click()
    expect(race.locator(".lkv-where")).not_to_have_text("epoch 0 of 1000")
    before = playground.get_attribute("data-runs")
    rate = playground.get_by_role("textbox", name="Learning rate").first
    rate.fill("0.5")
    rate.press("Enter")
    expect(playground).not_to_have_attribute("data-runs", before)
    app.locator(".lv-one_example").get_by_role("button", name="One step forward").click()
    expect(app.locator(".lv-sigmoid")).to_contain_text("update 1")
    # What marimo logs when it fetches a module of ours twice is its own.
    assert (pages.watch(app).page_errors, pages.watch(app).foreign_requests) == ([], [])


def test_marimo_has_our_styles_in_its_shadow_roots(pages: WatchedPages, app: Page) -> None:
    explorable = app.locator(".lv-one_example")
    assert explorable.evaluate("root => root.getRootNode() instanceof ShadowRoot")
    page_colour = "root => getComputedStyle(root).getPropertyValue('--lv-page').trim()"
    player = explorable.locator(".lv-player")
    expect(explorable).to_have_attribute("data-theme", "light")
    expect(player).to_have_css("display", "flex")
    light = explorable.evaluate(page_colour)
    app.emulate_media(color_scheme="dark")
    expect(explorable).to_have_attribute("data-theme", "dark")
    assert explorable.evaluate(page_colour) != light
    app.get_by_label("blue / vermillion").check()
    expect(explorable).to_have_attribute("data-palette", "blue")
    app.keyboard.press("?")
    keys = app.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    expect(keys).to_have_css("border-top-left-radius", "12px")
    app.keyboard.press("Escape")
    # What marimo logs when it fetches a module of ours twice is its own.
    assert (pages.watch(app).page_errors, pages.watch(app).foreign_requests) == ([], [])
