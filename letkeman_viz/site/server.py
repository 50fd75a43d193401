"""Voila with our template, our landing page and nothing else: the app behind ``letkeman-viz serve``."""

from __future__ import annotations

import logging
import os
import shutil
import signal
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tornado.ioloop
import tornado.web
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.utils import url_path_join
from voila.app import Voila
from voila.paths import collect_static_paths
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.utils import get_voila_labextensions_path

import letkeman_viz

from ..plotly_js import compressed
from .access import LoginHandler, guarded
from .announce import announcement, link, show
from .config import LAB_EXTENSIONS, voila_config
from .handlers import LandingHandler, NotFoundHandler, PlotlyHandler, menu
from .kernel_socket import KernelSocket
from .offline import Offline
from .options import ServeOptions
from .sessions import LeavingHandler, SessionHandler
from .shelf import OpenShelfHandler, Shelf, ShelfHandler

SITE = Path(__file__).resolve().parent
TEMPLATES = SITE / "templates" / "letkeman"
STATIC = SITE / "static"
PLOTLY = "letkeman/plotly.js.gz"
OFFLINE = "offline/"

KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
MAX_BODY = 64 * 1024
"""Bytes of a request: forms hold a password, all else comes by websocket."""
BODY_SECONDS, QUIET_SECONDS = 20, 120
"""How long a request may take to arrive, and a connection may say nothing; a websocket is none."""

# From Voila's templates, what a page of ours needs before it has logged in, and what only chapters do.
THEMES = ("theme-light.css", "theme-dark.css")
SCRIPTS = ("voila-style.js", "voila.js")


class LetkemanVoila(Voila):
    """A Voila that serves our pages and their files, and no other address of its own."""

    def __init__(self, options: ServeOptions, **traits: Any) -> None:
        super().__init__(config=voila_config(options), **traits)
        self.options = options
        self.offline = Offline(options.offline)

    def initialize(self, argv: list[str] | None = None) -> None:
        """As Voila does; the terminal's end stops the server like SIGTERM does, kernels included."""
        self.ioloop = tornado.ioloop.IOLoop.current()  # for a signal that comes early
        # For the kernels: glibc otherwise keeps what many runs leave behind, a third of a page's memory.
        os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(2**20))
        super().initialize(argv)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self._handle_signal_stop)

    def setup_template_dirs(self) -> None:
        """Look for a template with us first, then with Voila's lab template."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(TEMPLATES))

    def init_settings(self) -> dict[str, Any]:
        """Voila's settings, and the names that our templates use."""
        self.voila_configuration.page_config_hook = self.page_config
        self.make_shelves()
        settings = super().init_settings()
        # A visitor ends a kernel by leaving its page.
        self.kernel_manager.allowed_message_types.remove("shutdown_request")
        self.templates = settings["voila_jinja2_env"]
        settings["jinja2_env"] = self.templates
        settings["compress_response"] = True  # what is written for one visitor; files come from shelves
        settings["letkeman_folder"] = self.root_dir
        settings["letkeman_hosts"] = (self.options.host, self.options.known_as)
        self.templates.globals["assets"] = self.assets()
        self.templates.globals["version"] = letkeman_viz.__version__
        self.templates.globals["site_chapters"] = partial(menu, Path(self.root_dir), self.base_url)
        self.templates.globals["plotly"] = f"{url_path_join(self.base_url, PLOTLY)}?v={version('plotly')}"
        self.offer_offline()
        compressed()  # ready before the first visitor
        return settings

    def offer_offline(self) -> None:
        """Let pages lead to the offline version, if there is one by now."""
        there = url_path_join(self.base_url, OFFLINE) if self.offline.shelf else None
        self.templates.globals["offline"] = there

    async def make_offline(self) -> None:
        """Make the offline version while the site is being served."""
        await self.offline.make(print)
        self.offer_offline()

    def make_shelves(self) -> None:
        """Find the files of pages; each set has an address that changes with any of them."""
        voilas = [Path(path) for path in collect_static_paths(["voila", "nbconvert"], "lab")]
        roots = [Path(path) for path in get_voila_labextensions_path()]
        extensions = {f"labextensions/{name}/": [root / name for root in roots] for name in LAB_EXTENSIONS}
        self.open_shelf = Shelf({"": [STATIC], "themes/": voilas}, only={"themes/": THEMES})
        self.shelf = Shelf({"static/": voilas, **extensions})
        self.open_root = url_path_join(self.base_url, "letkeman/site", self.open_shelf.version)
        self.root = url_path_join(self.base_url, "letkeman/lab", self.shelf.version)

    def page_config(self, config: dict[str, Any], **_: Any) -> dict[str, Any]:
        """What JupyterLab's scripts are told, with our addresses of their files."""
        static, extensions = f"{self.root}/static", f"{self.root}/labextensions"
        return {**config, "fullStaticUrl": static, "fullLabextensionsUrl": extensions}

    def assets(self) -> dict[str, str]:
        """The address of each file that templates name."""
        own = {path.name: f"{self.open_root}/{path.name}" for path in sorted(STATIC.iterdir())}
        themes = {name: f"{self.open_root}/themes/{name}" for name in THEMES}
        return own | themes | {name: f"{self.root}/static/{name}" for name in SCRIPTS}

    def init_handlers(self) -> list[Any]:
        """Every address there is; Voila's own list has more, for other apps."""
        own = {"voila_configuration": self.voila_configuration}
        render = {**own, "template_paths": self.template_paths, "config": self.config}
        routes = [
            ("", LandingHandler, own),
            (r"login", LoginHandler),
            (r"voila/render/(.*)", SessionHandler, render),
            (rf"voila/api/shutdown/{KERNEL}", VoilaShutdownKernelHandler),
            (rf"voila/api/leaving/{KERNEL}", LeavingHandler),
            (rf"api/kernels/{KERNEL}", KernelStateHandler),
            (rf"api/kernels/{KERNEL}/channels", KernelSocket),
            (PLOTLY, PlotlyHandler, own),
            (rf"{OFFLINE}(.*)", OfflineHandler, {"offline": self.offline}),
        ]
        shelves = [
            (rf"{self.open_root}/(.*)", guarded(OpenShelfHandler), {"shelf": self.open_shelf}),
            (rf"{self.root}/(.*)", guarded(ShelfHandler), {"shelf": self.shelf}),
        ]
        known = [(f"{self.server_url}{path}", guarded(kind), *rest) for path, kind, *rest in routes]
        return [*shelves, *known, (r".*", guarded(NotFoundHandler), own)]

    def listen(self) -> None:
        """Serve until stopped; the address is printed once connections are accepted."""
        limits = {"max_body_size": MAX_BODY, "body_timeout": BODY_SECONDS}
        self.app.listen(self.port, self.ip, idle_connection_timeout=QUIET_SECONDS, **limits)
        self.ioloop.add_callback(self.announce)
        if self.options.max_sessions and not self.options.offline:
            self.ioloop.add_callback(self.make_offline)
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            print()
        finally:
            self.offline.stop()
            self.stop()

    def stop(self) -> None:
        """End all kernels, in the loop in which they were started."""
        self.ioloop.run_sync(self.kernel_manager.shutdown_all)
        shutil.rmtree(self.connection_dir, ignore_errors=True)

    def announce(self) -> None:
        """Say where the site is, and show it."""
        print(announcement(self.options), flush=True)
        if self.open_browser:
            show(link(self.options))


class KernelStateHandler(KernelHandler):
    """Says whether a kernel is alive, to whoever knows its name; no more than that."""

    SUPPORTED_METHODS = ("GET", "HEAD")


class OfflineHandler(ShelfHandler):
    """The offline version, once there is one."""

    def initialize(self, offline: Offline) -> None:
        """``offline`` may still be in the making."""
        self.offline = offline

    async def get(self, path: str) -> None:
        """Write the file, or say that there is none yet."""
        if self.offline.shelf is None:
            raise tornado.web.HTTPError(404)
        super().initialize(self.offline.shelf, immutable=False)
        await super().get(path)


def serve(options: ServeOptions) -> None:
    """Run the site until it is stopped."""
    # jupyter_server asks tornado for a ping timeout that tornado shortens, with a warning for each page.
    logging.getLogger("tornado.general").setLevel(logging.ERROR)
    # A stranger's guesses and mistyped addresses are no news for a teacher, and may hold half a token.
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    app = LetkemanVoila(options)
    app.initialize(argv=[])
    app.start()
