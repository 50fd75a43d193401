"""The command ``letkeman-viz export``: the chapters as files that need no server."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import Any


def add_command(commands: Any) -> None:
    """Add ``export`` to the command line."""
    export = commands.add_parser("export", help="write the chapters as static HTML that needs no server")
    export.add_argument(
        "out", type=Path, metavar="OUT", help="the folder to write: a new or empty one, or an earlier export"
    )
    export.add_argument(
        "--chapters", nargs="+", metavar="CHAPTER", help="only these, by number or name (default: all)"
    )
    export.add_argument(
        "--single-files", action="store_true", help="also write each explorable as one file of its own"
    )


def main(options: argparse.Namespace) -> int:
    """Run it; the return value is the exit code."""
    # Imported here so that --help and mistakes are answered at once.
    from .export import ExportError, export

    # Whoever stops it by a signal leaves no half-written folder behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        export(options.out, options.chapters, options.single_files, say=_say)
    except ExportError as error:
        print(f"letkeman-viz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nletkeman-viz: stopped", file=sys.stderr)
        return 130
    return 0


def _say(line: str) -> None:
    print(line, flush=True)
