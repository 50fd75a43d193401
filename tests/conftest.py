"""Fixtures shared by all tests. The browser and the servers start only when a test asks for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

# The threads of a matrix product wait by spinning: where several files share a core, they only take it from
# each other. NumPy reads these once, when it is imported; what the tests start inherits them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Assertions in the shared module should say as much as those in tests. Before it is imported, or not at all.
pytest.register_assert_rewrite("browser")

from browser import Server, WatchedPages, launch_chromium, running  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first: what is left for the end is short, and no worker waits for another."""
    long = {item.path for item in items if any(map(item.get_closest_marker, ("browser", "types")))}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return ROOT


@pytest.fixture(autouse=True)
def script(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test without a browser is a script: no event loop stands between an explorable and its pictures.

    (Playwright leaves its own running in the process that once used it.)
    """
    if request.node.get_closest_marker("browser") is None:
        monkeypatch.setattr("letkeman_viz.explorers.live.running_loop", lambda: None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    with sync_playwright() as playwright:
        chromium = launch_chromium(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def voila() -> Iterator[Server]:
    """Our site on the project's own notebooks."""
    with running("serve") as server:
        yield server


@pytest.fixture(scope="session")
def voila_url(voila: Server) -> str:
    """The site's address, without a slash at the end."""
    return voila.url


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab on copies of the project's notebooks; ``lab.address(path)`` is an address with the token."""
    copies = tmp_path_factory.mktemp("lab")
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy(notebook, copies)
    with running("lab", "--notebooks", str(copies)) as server:
        yield server


@pytest.fixture(scope="session")
def lab_url(lab: Server) -> str:
    """The address JupyterLab was announced with: its first notebook, token included."""
    return lab.start


@pytest.fixture
def pages(browser: Browser) -> Iterator[WatchedPages]:
    """Makes watched pages, ``pages(url, **context options)``, and closes them like a reader would."""
    made = WatchedPages(browser)
    yield made
    made.close()
