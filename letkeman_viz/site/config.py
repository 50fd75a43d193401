"""What we ask of Voila, JupyterLab and the kernel manager: settings only, nothing is started here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from jupyter_core.paths import jupyter_data_dir
from traitlets import List, default
from traitlets.config import Config

from .access import ClassIdentity
from .chapters import is_checkout, packaged_folder
from .options import ServeOptions
from .sessions import ClassKernelManager

# The only JupyterLab extensions a page needs. jupyterlab-plotly alone would add 4.84 MB to every page, and a
# user's own extensions would add theirs. All three are needed: Voila's manager looks the widget base classes
# up in jupyterlab-manager, and anywidget registers itself with both.
LAB_EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget"]

# Idle kernels are looked for twice in the time after which they end: none outlives its page by two of it.
MOST_SECONDS_BETWEEN_CULLS = 60

# What a cell shows may reach the server long after its kernel has said that the cell has run: while a class
# opens the playground, thousands of messages wait before it. nbclient waits 4 s and then leaves it out, in
# silence.
MOST_SECONDS_TO_PREPARE = 180

CELL_ERROR = (
    "This part of the page could not run. Reload the page to try again; the terminal says what happened."
)


class OwnKernelSpecManager(KernelSpecManager):
    """Offers one kernel: the interpreter that runs this server.

    The notebooks name the kernel ``python3``. Somebody who once registered another environment under that
    name would otherwise get a kernel in which letkeman_viz is not installed.
    """

    kernel_dirs = List()

    @default("kernel_dirs")
    def _kernel_dirs_default(self) -> list[str]:
        return []


def _kernels() -> Config:
    """Kernels that are encrypted where the installed libraries can."""
    config = Config()
    # Messages between server and kernel pass through local TCP ports. Recent kernels warn in the terminal,
    # once for every page opened, unless they are encrypted.
    if "transport_encryption" in KernelManager.class_trait_names() and zmq.has("curve"):
        config.KernelManager.transport_encryption = "auto"
    return config


def voila_config(options: ServeOptions) -> Config:
    """The settings of the Voila app that serves the notebooks of ``options.folder``."""
    config = _kernels()
    idle = options.idle_minutes * 60
    config.ClassKernelManager.update(
        {
            "max_sessions": options.max_sessions or 0,
            # A kernel whose page is gone without saying so (a crash, a lost connection). One whose page is
            # open stays, however long it is only looked at.
            "cull_idle_timeout": idle,
            "cull_interval": min(MOST_SECONDS_BETWEEN_CULLS, idle // 2),
            "cull_connected": False,
        }
    )
    # A kernel that died is not started again: it would know nothing of the page that waits for it.
    config.KernelRestarter.restart_limit = 0
    config.ClassIdentity.password = options.password
    config.Voila.update(
        {
            "root_dir": str(options.folder),
            "ip": options.host,
            "port": options.port,
            "token": options.token,
            "identity_provider_class": ClassIdentity,
            "open_browser": options.open_browser,
            # Warnings here are about notebooks that Jupyter has not signed, at each visit.
            "log_level": "ERROR",
            # Somebody's own voila.json must not change our template or let sources out.
            "config_file_paths": [],
            "tornado_settings": {
                # The browser tells the server with a beacon that its page is closed. A beacon cannot carry
                # the XSRF header, and was refused: kernels stayed alive (voila issue 1458). A kernel's name
                # is a random UUID, nothing else here changes state by a form post, and the cookie of who has
                # logged in goes with no request that another site's page sends (SameSite).
                "disable_check_xsrf": True,
                "xsrf_cookie_kwargs": {"samesite": "Lax"},
                "allow_remote_access": False,
            },
        }
    )
    config.VoilaConfiguration.update(
        {
            "template": "lab",
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "strip_sources": True,
            "show_tracebacks": False,
            "extension_allowlist": LAB_EXTENSIONS,
            "kernel_spec_manager_class": OwnKernelSpecManager,
            "multi_kernel_manager_class": ClassKernelManager,
            "preheat_kernel": options.preheat > 0,
            "default_pool_size": options.preheat,
        }
    )
    config.VoilaExecutor.update(
        {
            "startup_timeout": MOST_SECONDS_TO_PREPARE,
            "iopub_timeout": MOST_SECONDS_TO_PREPARE,
            "raise_on_iopub_timeout": True,
            "cell_error_instruction": CELL_ERROR,
            "cell_timeout_instruction": CELL_ERROR,
        }
    )
    return config


def lab_config(folder: Path, port: int, open_browser: bool, start: str, token: str) -> Config:
    """The settings of JupyterLab on the notebooks of ``folder``, opened at the address path ``start``."""
    config = _kernels()
    config.ServerApp.update(
        {
            "root_dir": str(folder),
            "ip": "localhost",
            "port": port,
            "port_retries": 0,
            "open_browser": open_browser,
            "log_level": "ERROR",
            "answer_yes": True,
            # In a container everybody is root; localhost and the token guard the server there as elsewhere.
            "allow_root": True,
            "tornado_settings": {"page_config_hook": _without_announcements},
            "kernel_spec_manager_class": OwnKernelSpecManager,
        }
    )
    config.IdentityProvider.token = token
    if is_checkout() and folder == packaged_folder():
        # The project keeps its notebooks without outputs; JupyterLab would save them every two minutes.
        config.FileContentsManager.pre_save_hook = _without_outputs
    own = Path(jupyter_data_dir()) / "letkeman-viz"
    # Beside the notebooks, JupyterLab's copies would be built into the wheel.
    config.FileCheckpoints.checkpoint_dir = str(own / "checkpoints")
    config.LabApp.update(
        {
            "default_url": start,
            # Open tabs are remembered apart from the user's own JupyterLab, whose files are elsewhere.
            "workspaces_dir": str(own / "workspaces"),
            "log_level": "ERROR",
            # The extension catalogue would be asked for over the network.
            "extension_manager": "readonly",
        }
    )
    return config


def _without_outputs(model: dict[str, Any], **_: Any) -> None:
    """Empty a notebook's outputs on its way to the disk; what is open in the browser keeps them."""
    if model["type"] != "notebook":
        return
    model["content"]["metadata"].pop("widgets", None)
    for cell in model["content"]["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
            cell["execution_count"] = None


def _without_announcements(_handler: Any, page_config: dict[str, Any]) -> dict[str, Any]:
    """Drop the plugin that asks at the first start whether to fetch news, and that looks for updates."""
    page_config.setdefault("disabledExtensions", []).append("@jupyterlab/apputils-extension:announcements")
    return page_config
