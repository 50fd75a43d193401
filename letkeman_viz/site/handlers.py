"""What our site answers itself: landing page, chapters, plotly.js, and a page for any other address."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import tornado.web
from jupyter_server.utils import url_escape, url_path_join
from voila.handler import BaseVoilaHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.utils import get_page_config

from ..plotly_js import compressed
from . import miniatures
from .chapters import Listed, listed


def menu(folder: Path, base_url: str) -> list[Listed]:
    """The chapters that exist now, at their addresses on this server."""
    return listed(folder, lambda chapter: url_path_join(base_url, "voila/render", url_escape(chapter.path)))


class LandingHandler(BaseVoilaHandler):
    """The page at ``/``: what this is, and the chapters in order."""

    @tornado.web.authenticated
    def get(self) -> None:
        """Write the list of the chapters that exist now, each with its miniature."""
        chapters = menu(Path(self.settings["letkeman_folder"]), self.base_url)
        pictures = {chapter.path: miniatures.OF_CHAPTER.get(chapter.path) for chapter in chapters}
        self.set_header("Cache-Control", "no-cache")
        self.write(
            self.render_template(
                "landing.html",
                chapters=chapters,
                pictures=pictures,
                data=miniatures.data([miniatures.HERO, *filter(None, pictures.values())]),
                colours=miniatures.colours(),
            )
        )


class ChapterHandler(TornadoVoilaHandler):
    """One notebook, live.

    Voila answers once the kernel has started. We send the top of the page first: its title, its picture and
    its first words are on the screen and the browser loads JupyterLab's scripts while the kernel starts,
    instead of one after the other.
    """

    @tornado.web.authenticated
    async def get(self, path: str) -> None:
        """Write the top of the page, let Voila run the notebook and write its cells, then write the end."""
        chapters = menu(Path(self.settings["letkeman_folder"]), self.base_url)
        chapter = next((chapter for chapter in chapters if chapter.path == path), None)
        if chapter is None:
            raise tornado.web.HTTPError(404)
        self.set_header("Cache-Control", "no-store")
        self.write(
            self.render_template("chapter.html", chapter=chapter, chapters=chapters, **self._top(chapter))
        )
        await self.flush()
        failed = False
        try:
            await super().get(path)
        except Exception:
            # Too late for an error page: part of this one has gone out.
            self.log.exception("The page %s could not be finished", path)
            failed = True
        self.write(
            self.render_template("chapter_end.html", chapter=chapter, chapters=chapters, failed=failed)
        )

    def _top(self, chapter: Listed) -> dict[str, Any]:
        """The chapter's picture, and what JupyterLab's scripts need to know before there is a kernel."""
        page_config = get_page_config(
            base_url=self.base_url,
            settings=self.settings,
            log=self.log,
            voila_configuration=self.voila_configuration,
        )
        picture = miniatures.OF_CHAPTER.get(chapter.path)
        return {
            "page_config": self.voila_configuration.page_config_hook(page_config),
            "miniature": picture,
            "data": miniatures.data([picture] if picture else []),
            "colours": miniatures.colours(),
        }


class PlotlyHandler(BaseVoilaHandler):
    """plotly.js, compressed, at an address that changes with its version."""

    @tornado.web.authenticated
    async def get(self) -> None:
        """Write the bytes; they are a file of their own, unpacked by the page."""
        data = await asyncio.wrap_future(compressed())
        self.set_header("Content-Type", "application/gzip")
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")
        self.write(data)


class NotFoundHandler(BaseVoilaHandler):
    """Every other address: our own page instead of the web server's."""

    async def prepare(self) -> None:
        """Answer 404 to any method."""
        await super().prepare()
        raise tornado.web.HTTPError(404)
