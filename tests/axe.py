"""axe-core, the accessibility checker, on a page. It comes with a test dependency, not from the network."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page, *inside: str) -> list[str]:
    """What axe objects to, one line an element; ``inside`` are selectors of the parts to look at, or all."""
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(
        "([where, rules]) => axe.run(where, { runOnly: rules, resultTypes: ['violations'] })",
        [{"include": list(inside)} if inside else {"include": ["html"]}, RULES],
    )
    assert found["passes"], "axe looked at nothing"
    return [
        f"{broken['id']} ({broken['help']}): {node['html'][:150]}"
        for broken in found["violations"]
        for node in broken["nodes"]
    ]
