"""Our site as the server that a JupyterHub starts for each of its users: ``python -m letkeman_viz.site.hub``.

JupyterHub says in environment variables where to listen, below which address, and for whom; its own identity
provider lets in that user and nobody else. Needs jupyterhub; nothing else imports this module.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jupyterhub
from jupyter_server.utils import url_path_join
from jupyterhub.singleuser.extension import JupyterHubIdentityProvider

from .access import ANY_NAME, guarded
from .chapters import NoChaptersError
from .options import ServeOptions, UsageError, serve_options
from .server import LetkemanVoila

URL_VARIABLE, PREFIX_VARIABLE = "JUPYTERHUB_SERVICE_URL", "JUPYTERHUB_SERVICE_PREFIX"


class HubSite(LetkemanVoila):
    """The site, below the address of one user of a hub, and for that user only."""

    def __init__(self, options: ServeOptions, prefix: str) -> None:
        super().__init__(
            options,
            base_url=prefix,
            identity_provider_class=JupyterHubIdentityProvider,
            # The provider takes its token from the hub; Voila must hand it none.
            token=None,
            auto_token=True,
        )

    def init_settings(self) -> dict[str, Any]:
        """As for everybody, with the version that the hub compares with its own."""
        return {**super().init_settings(), "headers": {"X-JupyterHub-Version": jupyterhub.__version__}}

    def init_handlers(self) -> list[Any]:
        """Our pages, and the addresses by which the hub tells who has logged in; those only lead on."""
        login = [
            (url_path_join(self.server_url, path), guarded(kind), *rest)
            for path, kind, *rest in self.identity_provider.get_handlers()
        ]
        return [*login, *super().init_handlers()]

    async def make_offline(self) -> None:
        """A class shares one offline version (``--offline``); a server for one user makes none."""


def main(argv: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Serve until the hub stops this process; the return value is the exit code."""
    try:
        options = hub_options(build_parser().parse_args(argv), environment)
    except (UsageError, NoChaptersError) as error:
        print(f"letkeman_viz.site.hub: {error}", file=sys.stderr)
        return 2
    app = HubSite(options, environment.get(PREFIX_VARIABLE, "/"))
    app.initialize(argv=[])
    app.start()
    return 0


def build_parser() -> argparse.ArgumentParser:
    """What a hub's configuration may say; all else comes from the hub itself."""
    parser = argparse.ArgumentParser(prog="python -m letkeman_viz.site.hub", description=__doc__)
    parser.add_argument("--max-sessions", metavar="N", help="pages that a user may have open at a time")
    parser.add_argument("--preheat", metavar="N", help="kernels kept ready for each chapter")
    parser.add_argument("--idle-minutes", metavar="M", help="end a kernel without a page after this long")
    parser.add_argument("--notebooks", type=Path, metavar="DIR", help="folder of notebooks to use instead")
    parser.add_argument("--offline", type=Path, metavar="DIR", help="what `letkeman-viz export DIR` made")
    return parser


def hub_options(given: argparse.Namespace, environment: Mapping[str, str]) -> ServeOptions:
    """The options of the site, for the server that the hub asks for; :class:`UsageError` without a hub."""
    url = urlsplit(environment.get(URL_VARIABLE, ""))
    if not url.port:
        raise UsageError(
            f"JupyterHub did not start this: {URL_VARIABLE} is {url.geturl()!r}, and should be an address"
            " with a port; without a hub use `letkeman-viz serve`"
        )
    given.host, given.port = url.hostname or "0.0.0.0", str(url.port)
    given.no_browser = given.public = True  # the hub asks who comes
    given.password = given.token = None
    given.known_as = [ANY_NAME]
    return serve_options(given, {})


if __name__ == "__main__":
    sys.exit(main())
