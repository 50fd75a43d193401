"""Voila with our template, our landing page and nothing else: the app behind ``letkeman-viz serve``."""

from __future__ import annotations

import hashlib
import logging
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tornado.ioloop
from jupyter_server.utils import url_path_join
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from ..plotly_js import compressed
from .handlers import ChapterHandler, LandingHandler, NotFoundHandler, PlotlyHandler

SITE = Path(__file__).resolve().parent
TEMPLATES = SITE / "templates" / "letkeman"
STATIC = SITE / "static"
PLOTLY = "letkeman/plotly.js.gz"


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
