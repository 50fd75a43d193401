"""JupyterLab on the chapters: the app behind ``letkeman-viz lab``."""

from __future__ import annotations

import warnings

import voila  # noqa: F401  (see run)
from jupyterlab.labapp import LabApp
from traitlets.config import Config


def run(config: Config) -> None:
    """Run JupyterLab with these settings until it is stopped.

    The printed address carries the token: whoever has it can run code on this machine.
    """
    # JupyterLab's own extensions use old names, which is nothing the user could mend. Voila, one of them,
    # turns these warnings on when it is imported, so that has to have happened before.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="traitlets")
    # traitlets checks a setting twice, and Jupyter takes the second time for another hook.
    warnings.filterwarnings("ignore", "Overriding existing pre_save_hook", UserWarning)
    server = LabApp.initialize_server(argv=[], config=config)
    address = (
        f"http://localhost:{server.port}{config.LabApp.default_url}?token={config.IdentityProvider.token}"
    )
    server.io_loop.add_callback(
        print, f"letkeman-viz is serving JupyterLab on {address} - press Ctrl-C to stop", flush=True
    )
    server.start()
