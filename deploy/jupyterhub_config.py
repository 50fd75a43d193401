"""A JupyterHub that gives each user the chapters: ``jupyterhub --config deploy/jupyterhub_config.py``.

This file runs on one machine, as a demonstration; ``values.yaml`` holds the same settings for Kubernetes, and
README.md says what to change for a class. A test runs it with five users.
"""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821 - JupyterHub reads this file and defines it

# --- Who comes in --------------------------------------------------------------------------------------
# FOR THE DEMONSTRATION ONLY: any name with any password. Replace it by the authenticator of your school
# (OAuth, LTI, LDAP: https://jupyterhub.readthedocs.io) before anybody else can reach this hub.
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True

# --- What each user gets -------------------------------------------------------------------------------
# Our site, for this user only. It runs no code of the user's and keeps no files.
c.Spawner.cmd = [sys.executable, "-m", "letkeman_viz.site.hub", "--max-sessions=6", "--idle-minutes=20"]
c.Spawner.default_url = "/"
c.Spawner.http_timeout = 60
c.Spawner.start_timeout = 120
# Without accounts on this machine: processes of whoever runs the hub. SystemdSpawner, DockerSpawner or
# KubeSpawner keep users apart and enforce the two limits below; this one only tells the process of them.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(Path(os.environ.get("HUB_HOMES", "homes")) / "{username}")
c.Spawner.mem_limit = "1G"
c.Spawner.cpu_limit = 1.0

# --- How much in all -----------------------------------------------------------------------------------
# A server whose user sees none of its pages ends after this long, and after a day in any case.
IDLE_MINUTES = float(os.environ.get("HUB_IDLE_MINUTES", "60"))
c.JupyterHub.active_server_limit = 100
c.JupyterHub.concurrent_spawn_limit = 10
c.JupyterHub.last_activity_interval = int(min(60, IDLE_MINUTES * 20))
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [
            *(sys.executable, "-m", "jupyterhub_idle_culler"),
            f"--timeout={IDLE_MINUTES * 60:.0f}",
            f"--cull-every={min(60, IDLE_MINUTES * 20):.0f}",
            f"--max-age={24 * 60 * 60}",
        ],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]

# --- Where ---------------------------------------------------------------------------------------------
# The proxy comes from npm: `npm install -g configurable-http-proxy`.
c.JupyterHub.bind_url = os.environ.get("HUB_URL", "http://127.0.0.1:8000")
c.ConfigurableHTTPProxy.command = os.environ.get("HUB_PROXY", "configurable-http-proxy").split()
