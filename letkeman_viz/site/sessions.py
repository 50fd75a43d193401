"""How many pages may have a kernel at the same time, and when a kernel ends."""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from typing import Any

import tornado.web
from jupyter_server.base.handlers import APIHandler
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Integer

from .handlers import ChapterHandler

PATIENCE_SECONDS, STEP_SECONDS = 1.0, 0.1
"""How long a visitor waits for what other pages are just saying, and how often is looked."""
LEAVING_SECONDS = 10.0
"""A browser leaves a page only when the next one has begun to arrive: so long may it have both."""
RETRY_SECONDS = 20

_place: ContextVar[Place | None] = ContextVar("place", default=None)


class Place:
    """A visitor's right to a kernel, counted until the kernel itself is."""

    def __init__(self, manager: ClassKernelManager) -> None:
        self._manager = manager
        self.kernel_id: str | None = None
        manager.places.add(self)

    @property
    def counted(self) -> bool:
        """Whether it still stands for a kernel to come."""
        return self in self._manager.places

    def give_back(self) -> None:
        """Stop counting it; once more does no harm."""
        self._manager.places.discard(self)


class ClassKernelManager(AsyncMappingKernelManager):
    """Counts the kernels that pages have, from the moment in which a visitor is let in."""

    max_sessions = Integer(0, config=True, help="pages that may have a kernel; 0 for any number")

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.places: set[Place] = set()
        self._for_a_page: set[str] = set()
        self._for_a_pool: set[str] = set()
        self._leaving: set[str] = set()
        self._expected: dict[str, float] = {}  # when a kernel counts again whose page has said that it leaves

    @property
    def sessions(self) -> int:
        """Pages that have a kernel, or will in a moment; kernels that wait for a page do not count."""
        waiting = self._for_a_pool.union(*map(self.ready_kernels, self.pools))
        alive = (set(self.list_kernel_ids()) | self._for_a_page) - self._leaving - waiting
        now = time.monotonic()
        expected = sum(self._expected.get(kernel, 0.0) > now for kernel in alive)
        # Whole classes go on to the next chapter at once; more than that is somebody who cheats.
        return len(alive) - min(expected, self.max_sessions) + len(self.places)

    def expect_end(self, kernel_id: str) -> None:
        """The page of a kernel is being left: its place may be taken by the next one. Believed once."""
        self._check_kernel_id(kernel_id)
        self._expected.setdefault(kernel_id, time.monotonic() + LEAVING_SECONDS)

    @property
    def pools(self) -> dict[str, list[asyncio.Future]]:
        """Voila's preheated kernels: for each notebook the tasks that start them."""
        return getattr(self, "_pools", {})

    def ready_kernels(self, notebook: str) -> list[str]:
        """The preheated kernels of ``notebook`` that have started, the next one to be used first."""
        kernels = []
        for task in self.pools.get(notebook, []):
            if not task.done() or task.cancelled() or task.exception():
                break
            kernels.append(task.result()["kernel_id"])
        return kernels

    async def place(self) -> Place | None:
        """A place for one more page, or None if all are taken and stay so for a second."""
        for _ in range(round(PATIENCE_SECONDS / STEP_SECONDS)):
            # Nothing is awaited between counting and taking: of ten at once, each counts those before.
            if not self.max_sessions or self.sessions < self.max_sessions:
                return Place(self)
            await asyncio.sleep(STEP_SECONDS)
        return None

    async def start_kernel(self, **options: Any) -> str:
        """Start a kernel; a place taken for it is counted as this kernel from now on."""
        kernel_id, place = self.new_kernel_id(), _place.get()
        # A pool is filled up in the context of the page that emptied it.
        if place is not None and place.counted:
            starting = self._for_a_page
            place.kernel_id = kernel_id
            place.give_back()
        else:
            starting = self._for_a_pool
        starting.add(kernel_id)
        try:
            return await super().start_kernel(kernel_id=kernel_id, **options)
        finally:
            starting.discard(kernel_id)

    async def shutdown_kernel(self, kernel_id: str, now: bool = True, restart: bool = False) -> None:
        """End a kernel in the middle of whatever it does: nothing in it is worth saving."""
        self._leaving.add(kernel_id)
        try:
            await super().shutdown_kernel(kernel_id, now=True, restart=restart)
        finally:
            self._leaving.discard(kernel_id)
            self._expected.pop(kernel_id, None)

    async def shutdown_all(self, now: bool = True) -> None:
        """End every kernel; one that is starting cannot be ended before it has started."""
        for pool in self.pools.values():
            for task in pool:
                task.cancel()
            pool.clear()
        await asyncio.gather(*self._pending_kernels.values(), return_exceptions=True)
        kernels = self.list_kernel_ids()
        outcomes = await asyncio.gather(*map(self.shutdown_kernel, kernels), return_exceptions=True)
        for kernel, outcome in zip(kernels, outcomes, strict=True):
            if isinstance(outcome, Exception) and kernel in self:
                self.log.error("The kernel %s could not be ended: %r", kernel, outcome)


class LeavingHandler(APIHandler):
    """A page says that it is being left, before the browser asks for the next one."""

    @tornado.web.authenticated
    async def post(self, kernel_id: str) -> None:
        """Note it; the kernel ends when the page is really gone."""
        self.kernel_manager.expect_end(kernel_id)
        self.set_status(204)
        self.finish()


class SessionHandler(ChapterHandler):
    """A chapter for as many visitors as there are places; the others are told at once."""

    _left = False

    @tornado.web.authenticated
    async def get(self, path: str) -> None:
        """Let the visitor in, or say that it is full."""
        place = await self.kernel_manager.place()
        if place is None:
            self._say_full()
            return
        self._place, self._notebook = place, path
        _place.set(place)
        try:
            await super().get(path)
        finally:
            place.give_back()
            if self._left and place.kernel_id in self.kernel_manager:
                # Nobody would tell us: the page did not know its kernel yet.
                await self.kernel_manager.shutdown_kernel(place.kernel_id)

    def should_use_rendered_notebook(self, data: Any, pool_size: int, *_: Any) -> bool:
        """Whether a preheated kernel is used; if so, it leaves its pool, and is counted, in this very step.

        Only one that has started: a new kernel is no slower than one that is starting. The query does not
        matter, as it does to Voila: the browser reads it.
        """
        kernels = self.kernel_manager.ready_kernels(self._notebook)
        used = bool(kernels) and super().should_use_rendered_notebook(data, pool_size, None, None, {})
        if used:
            self._place.kernel_id = kernels[0]
            self._place.give_back()
        return used

    def on_connection_close(self) -> None:
        """The visitor has gone before the page was finished."""
        self._left = True
        super().on_connection_close()

    def _say_full(self) -> None:
        self.set_status(503)
        self.set_header("Retry-After", str(RETRY_SECONDS))
        self.set_header("Cache-Control", "no-store")
        self.write(self.render_template("full.html", retry_seconds=RETRY_SECONDS))
