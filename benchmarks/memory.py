"""Private memory (USS) of a page's kernel, against that of a kernel that has done nothing.

    python benchmarks/memory.py [notebook ...]

Opens each chapter in a browser, looks at every chart, plays every player, and waits until the kernel is idle.
Printed are megabytes (10**6 bytes), which unlike seconds are much the same on any machine. Needs Chromium,
like the tests, whose harness it borrows.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
from jupyter_client.manager import start_new_kernel
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import Server, close_tab, launch_chromium, running, wait_drawn, wait_until  # noqa: E402

LIMITS = {True: 130, False: 80}
"""Megabytes of a page that trains with the engine, and of one that does not."""


def private(process: psutil.Process) -> float:
    """Megabytes that would be free if this process ended."""
    return process.memory_full_info().uss / 1e6


def bare_kernel() -> float:
    """A kernel that has only answered."""
    manager, client = start_new_kernel(kernel_name="python3", stderr=subprocess.DEVNULL)
    try:
        client.execute("pass", reply=True, timeout=60)
        return private(psutil.Process(manager.provisioner.pid))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def use(page: Page) -> None:
    """Look at everything and play everything. (Some charts are empty until something is chosen.)"""
    for chart in page.locator(".lkv-chart:visible").all():
        chart.scroll_into_view_if_needed()
        page.wait_for_timeout(1000)
    for button in page.locator(".lkv-play:visible").all():
        button.click()
    page.wait_for_timeout(2000)


def wait_idle(kernel: psutil.Process) -> None:
    """Until the kernel has used no time for a second."""

    def idle() -> bool:
        before = sum(kernel.cpu_times()[:2])
        time.sleep(1.0)
        return sum(kernel.cpu_times()[:2]) - before < 0.05

    wait_until(idle, 120, "the kernel was never idle")


def measure(browser: Browser, site: Server, notebook: str) -> tuple[float, float, bool]:
    """(megabytes once drawn, megabytes once used, whether it trained)."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(site.address(f"voila/render/{notebook}"))
    wait_drawn(page)
    (kernel,) = site.kernels()
    wait_idle(kernel)
    drawn = private(kernel)
    use(page)
    wait_idle(kernel)
    trains = any("wasmtime" in mapped.path for mapped in kernel.memory_maps())
    used = private(kernel)
    close_tab(page)
    wait_until(lambda: not site.kernels(), 60, "the kernel outlived its page")
    context.close()
    return drawn, used, trains


def main() -> None:
    notebooks = sys.argv[1:] or sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    bare = bare_kernel()
    print(f"a kernel that has done nothing: {bare:.0f} MB")
    with sync_playwright() as playwright, running("serve") as site:
        browser = launch_chromium(playwright)
        for notebook in notebooks:
            drawn, used, trains = measure(browser, site, notebook)
            kind = "trains" if trains else "does not train"
            print(f"{notebook} ({kind}): {drawn:.0f} MB once drawn, {used:.0f} MB once used;")
            print(f"  {used - bare:.0f} MB more than nothing; the limit is {LIMITS[trains]} MB")
        browser.close()


if __name__ == "__main__":
    main()
