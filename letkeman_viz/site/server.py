"""Voila with our template, our landing page and nothing else: the app behind ``letkeman-viz serve``."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tornado.ioloop
import tornado.web
from jupyter_server.utils import url_escape, url_path_join
from traitlets.config import Config
from voila.app import Voila
from voila.handler import BaseVoilaHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler
from voila.utils import get_page_config

from ..plotly_js import compressed
from .chapters import chapters, read_chapter

SITE = Path(__file__).resolve().parent
TEMPLATES = SITE / "templates" / "letkeman"
STATIC = SITE / "static"
PLOTLY = "letkeman/plotly.js.gz"


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


class LetkemanVoila(Voila):
    """A Voila whose pages come from ``site/templates`` and that says in one line where it serves."""

    def setup_template_dirs(self) -> None:
        """Look for a template or a static file with us first, then with Voila's lab template."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(TEMPLATES))
        self.static_paths.insert(0, str(STATIC))

    def init_settings(self) -> dict[str, Any]:
        """Voila's settings, and the names that our templates use."""
        settings = super().init_settings()
        settings["letkeman_folder"] = self.root_dir
        settings["voila_jinja2_env"].globals["assets"] = self.assets()
        plotly = f"{url_path_join(self.base_url, PLOTLY)}?v={version('plotly')}"
        settings["voila_jinja2_env"].globals["plotly"] = plotly
        compressed()  # ready before the first visitor
        return settings

    def init_handlers(self) -> list[Any]:
        """Voila's routes, with our landing page in place of its file browser."""
        replaced = (TornadoVoilaHandler, TornadoVoilaTreeHandler, VoilaContentsHandler)
        kept = [route for route in super().init_handlers() if route[1] not in replaced]
        own = {"voila_configuration": self.voila_configuration}
        render = {**own, "template_paths": self.template_paths, "config": self.config}
        return [
            (self.server_url, LandingHandler, own),
            (url_path_join(self.server_url, r"/voila/render/(.*)"), ChapterHandler, render),
            (url_path_join(self.server_url, PLOTLY), PlotlyHandler, own),
            *kept,
            (r"/.*", NotFoundHandler, own),
        ]

    def assets(self) -> dict[str, str]:
        """The address of each of our static files, with its hash: a new version has a new address."""
        return {
            path.name: f"{url_path_join(self.base_url, 'voila/static', path.name)}?v={_fingerprint(path)}"
            for path in sorted(STATIC.iterdir())
        }

    def listen(self) -> None:
        """Serve until stopped; the address is printed once connections are accepted."""
        tornado.ioloop.IOLoop.current().add_callback(self.announce)
        super().listen()

    def announce(self) -> None:
        """Print where the site is."""
        print(f"letkeman-viz is serving http://localhost:{self.port} - press Ctrl-C to stop", flush=True)


def serve(config: Config) -> None:
    """Run the site with these settings until it is stopped."""
    # jupyter_server asks tornado for a ping timeout that tornado shortens, with a warning for each page.
    logging.getLogger("tornado.general").setLevel(logging.ERROR)
    app = LetkemanVoila(config=config)
    app.initialize(argv=[])
    app.start()


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
