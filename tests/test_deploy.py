"""The two ways to deploy have the same settings, and the site works below an address that is not its own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from browser import START_SECONDS, free_port, stop_tree, wait_until
from traitlets.config import Config, PyFileConfigLoader


@pytest.fixture
def hub(root: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """deploy/jupyterhub_config.py, read as JupyterHub does."""
    for name in ("HUB_URL", "HUB_PROXY", "HUB_IDLE_MINUTES", "HUB_HOMES"):
        monkeypatch.delenv(name, raising=False)
    return PyFileConfigLoader("jupyterhub_config.py", str(root / "deploy")).load_config()


@pytest.fixture
def values(root: Path) -> dict[str, Any]:
    """deploy/values.yaml, for Kubernetes."""
    return yaml.safe_load((root / "deploy" / "values.yaml").read_text(encoding="utf-8"))


def after_python(command: list[str]) -> list[str]:
    """A command without its interpreter, and without the folder that only the image has."""
    return [word for word in command[1:] if not word.startswith("--offline=")]


def test_both_start_the_same_server(hub: Config, values: dict[str, Any], root: Path) -> None:
    single = values["singleuser"]
    assert after_python(hub.Spawner.cmd) == after_python(single["cmd"])
    assert (root / "letkeman_viz" / "site" / "hub.py").is_file()
    assert hub.Spawner.cmd[1:3] == ["-m", "letkeman_viz.site.hub"]
    assert single["defaultUrl"] == hub.Spawner.default_url == "/"
    assert single["startTimeout"] == hub.Spawner.start_timeout


def test_both_have_the_same_limits(hub: Config, values: dict[str, Any]) -> None:
    single = values["singleuser"]
    assert single["memory"]["limit"] == hub.Spawner.mem_limit
    assert single["cpu"]["limit"] == hub.Spawner.cpu_limit
    assert values["hub"]["activeServerLimit"] == hub.JupyterHub.active_server_limit
    assert values["hub"]["concurrentSpawnLimit"] == hub.JupyterHub.concurrent_spawn_limit


def test_both_end_idle_servers_alike(hub: Config, values: dict[str, Any]) -> None:
    (culler,) = hub.JupyterHub.services
    cull = values["cull"]
    assert cull["enabled"] is True
    assert culler["command"][3:] == [
        f"--timeout={cull['timeout']}",
        f"--cull-every={cull['every']}",
        f"--max-age={cull['maxAge']}",
    ]
    (role,) = hub.JupyterHub.load_roles
    assert role["services"] == [culler["name"]]


def test_both_warn_that_the_login_is_for_a_demonstration(
    hub: Config, values: dict[str, Any], root: Path
) -> None:
    assert hub.JupyterHub.authenticator_class == "dummy"
    assert values["hub"]["config"]["JupyterHub"]["authenticator_class"] == "dummy"
    for name in ("jupyterhub_config.py", "values.yaml"):
        assert "FOR THE DEMONSTRATION ONLY" in (root / "deploy" / name).read_text(encoding="utf-8")
    assert hub.JupyterHub.bind_url.startswith("http://127.0.0.1:")


PREFIX = "/user/ada/"
BELOW = """
from letkeman_viz.site.chapters import packaged_folder
from letkeman_viz.site.options import ServeOptions
from letkeman_viz.site.server import LetkemanVoila
app = LetkemanVoila(ServeOptions(packaged_folder(), {port}), base_url={prefix!r})
app.initialize(argv=[])
app.start()
"""


@pytest.fixture(scope="module")
def below() -> Iterator[str]:
    """The address of a server that serves the site below ``PREFIX``, as a hub lets it do."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", BELOW.format(port=port, prefix=PREFIX)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    origin = f"http://localhost:{port}"

    def answers() -> bool:
        assert process.poll() is None, process.stdout.read().decode()
        try:
            return httpx.get(origin).status_code == 404
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, START_SECONDS, "the server did not start")
        yield origin
    finally:
        stop_tree(process)
        process.stdout.close()


@pytest.mark.parametrize("page", ["", "voila/render/02-doing-it-wrong.ipynb", "no-such-page"])
def test_every_address_on_a_page_is_below_the_prefix(below: str, page: str) -> None:
    answer = httpx.get(f"{below}{PREFIX}{page}", timeout=START_SECONDS)
    assert answer.status_code == (404 if page == "no-such-page" else 200)
    named = re.findall(r"""(?:href|src|action|data-base-url)="(/[^"]*)""", answer.text)
    assert len(named) >= 5
    assert [address for address in named if not address.startswith(PREFIX)] == []
    for address in set(named):
        if not address.endswith((".ipynb", "/voila/")):
            assert httpx.get(below + address).status_code == 200, address
