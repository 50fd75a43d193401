"""The command ``letkeman-viz export``: the chapters as files that need no server."""

from __future__ import annotations

import argparse
from typing import Any


def add_command(commands: Any) -> None:
    """Add ``export`` to the command line."""
    commands.add_parser("export", help="write the chapters as static HTML that needs no server")


def main(options: argparse.Namespace) -> int:
    """Run it; the return value is the exit code."""
    raise NotImplementedError("letkeman-viz export is being written")
