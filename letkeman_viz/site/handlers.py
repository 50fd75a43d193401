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
from .chapters import chapters, read_chapter


class LandingHandler(BaseVoilaHandler):
    """The page at ``/``: the chapters in order."""

    @tornado.web.authenticated
    def get(self) -> None:
        """Write the list of the chapters that exist now."""
        folder = Path(self.settings["letkeman_folder"])
        listed = [
            (chapter, url_path_join(self.base_url, "voila/render", url_escape(chapter.path)))
            for chapter in chapters(folder)
        ]
        self.set_header("Cache-Control", "no-cache")
        self.write(self.render_template("landing.html", chapters=listed))


class ChapterHandler(TornadoVoilaHandler):
    """One notebook, live.

    Voila answers once the kernel has started. We send the top of the page first: the title is on the screen
    and the browser loads JupyterLab's scripts while the kernel starts, instead of one after the other.
    """

    @tornado.web.authenticated
    async def get(self, path: str) -> None:
        """Write the top of the page, then let Voila run the notebook and write the rest."""
        notebook = Path(self.settings["letkeman_folder"]) / path
        if Path(path).name != path or notebook.suffix != ".ipynb" or not notebook.is_file():
            raise tornado.web.HTTPError(404)
        self.set_header("Cache-Control", "no-store")
        self.write(
            self.render_template("chapter.html", title=read_chapter(notebook).title, **self._scripts())
        )
        await self.flush()
        try:
            await super().get(path)
        except Exception:
            # Too late for an error page: part of this one has gone out.
            self.log.exception("The page %s could not be finished", path)
            self.write("<script>letkemanFailed();</script>")

    def _scripts(self) -> dict[str, Any]:
        """What JupyterLab's scripts need to know before there is a kernel."""
        page_config = get_page_config(
            base_url=self.base_url,
            settings=self.settings,
            log=self.log,
            voila_configuration=self.voila_configuration,
        )
        return {"page_config": page_config}


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
