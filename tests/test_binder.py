"""What Binder does with this repository: the home of a Jupyter server, which Voila extends by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from browser import (
    DRAWN_SECONDS,
    LATE,
    START_SECONDS,
    WatchedPages,
    free_port,
    stop_tree,
    wait_until,
    write_notebook,
)
from nbformat import v4
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def binder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A stock server with the settings that the repository has for Binder; its address.

    It shows the repository's notebooks and one more.
    """
    scratch = tmp_path_factory.mktemp("binder")
    shown = scratch / "repository"
    shown.mkdir()
    (shown / "notebooks").symlink_to(root / "notebooks")
    write_notebook(shown / "late.ipynb", v4.new_markdown_cell("# Late"), v4.new_code_cell(LATE))
    own = {name: str(scratch / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    shutil.copytree(root / ".jupyter", own["JUPYTER_CONFIG_DIR"])  # the server writes there too
    port, log = free_port(), scratch / "server.log"
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", f"--port={port}", "--allow-root"]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*command, "--IdentityProvider.token=", f"--ServerApp.root_dir={shown}"],
            cwd=root,
            env={**os.environ, **own},
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    url = f"http://localhost:{port}"

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return httpx.get(f"{url}/api/status").status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, START_SECONDS, "the server did not start")
        yield url
    finally:
        stop_tree(process)


def test_the_address_of_a_binder_link_shows_a_chapter_with_all_that_is_drawn_in_it(
    binder: str, pages: WatchedPages
) -> None:
    page = pages(f"{binder}/voila/render/notebooks/02-doing-it-wrong.ipynb")
    example = page.locator(".lv-one_example[data-drawn=yes]")
    expect(example).to_have_count(1, timeout=DRAWN_SECONDS * 1000)
    expect(example.locator(".lkv-where")).to_contain_text("update 0 of 337")
    example.locator(".lkv-forward").click()
    expect(example.locator(".lkv-where")).to_contain_text("update 1 of 337")
    assert "Loading widget" not in page.inner_text("body")
    assert pages.watch(page).page_errors == []


def test_what_comes_late_is_waited_for(binder: str) -> None:
    assert "late, but here" in httpx.get(f"{binder}/voila/render/late.ipynb", timeout=60).text
