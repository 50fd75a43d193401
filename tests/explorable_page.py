"""Explorables in a page without a kernel, and their JavaScript modules, for tests in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from browser import WatchedPages
from playwright.sync_api import JSHandle, Page

from letkeman_viz.explorables import bundle
from letkeman_viz.explorables.explorable import Explorable
from letkeman_viz.explorables.standalone import standalone

DRAWN = """() => {
  const all = [...document.querySelectorAll(".lkv-explorable")];
  return all.length && all.every((each) => each.dataset.drawn === "yes");
}"""

IMPORT = """async (text) => {
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  return (await import(address)).modules.it;
}"""


def open_explorables(pages: WatchedPages, folder: Path, *shown: Explorable, **context: Any) -> Page:
    """A page of explorables, opened from the disk (``folder``), once all are drawn."""
    path = folder / "page.html"
    path.write_text(standalone(shown, "Test"), encoding="utf-8")
    page = pages(path.as_uri(), **context)
    page.wait_for_function(DRAWN)
    return page


def load_module(page: Page, path: str) -> JSHandle:
    """What the module ``path``, such as ``"parts/format.js"``, exports, for ``page.evaluate``."""
    return page.evaluate_handle(IMPORT, bundle.joined({"it": bundle.PACKAGE / path}))
