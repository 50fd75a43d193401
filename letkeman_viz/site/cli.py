"""The command ``letkeman-viz``: serve the chapters, open them in JupyterLab, run the experiments."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

import letkeman_viz

from ..experiments import cli as experiments
from . import export_cli
from .chapters import NoChaptersError, chapters, checked_folder, editable_copies, is_checkout, packaged_folder
from .options import ServeOptions, UsageError, add_serve_options, free_port, serve_options

SERVE_PORT = 8866
LAB_PORT = 8888

COPIES = Path("~/letkeman-viz")


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="letkeman-viz",
        description="See what weight initialization does to a neural network.",
    )
    parser.add_argument("--version", action="version", version=f"letkeman-viz {letkeman_viz.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="{serve,lab,export,experiments}")
    serve = commands.add_parser("serve", help="serve the chapters as a web site on this machine (Voila)")
    lab = commands.add_parser("lab", help="open the chapters in JupyterLab, to read and change their code")
    for command, port in ((serve, SERVE_PORT), (lab, LAB_PORT)):
        command.add_argument("--port", default=str(port), help=f"port to listen on (default: {port})")
        command.add_argument("--no-browser", action="store_true", help="do not open a browser")
        command.add_argument(
            "--notebooks", type=Path, metavar="DIR", help="folder of notebooks to use instead"
        )
    add_serve_options(serve)
    export_cli.add_command(commands)
    experiments.add_command(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the return value is the exit code."""
    options = build_parser().parse_args(argv)
    if options.command == "experiments":
        return experiments.main(options)
    if options.command == "export":
        return export_cli.main(options)
    try:
        if options.command == "serve":
            run_serve(serve_options(options))
        else:
            run_lab(free_port(options.port), not options.no_browser, options.notebooks)
    except (UsageError, NoChaptersError) as error:
        print(f"letkeman-viz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print()
    return 0


def run_serve(options: ServeOptions) -> None:
    """Serve the site until it is stopped."""
    # Imported here so that --help, --version and mistakes are answered at once.
    from .home import writable_home
    from .server import serve

    with writable_home():
        serve(options)


def run_lab(port: int, open_browser: bool, notebooks: Path | None) -> None:
    """Run JupyterLab on the notebooks until it is stopped."""
    folder = checked_folder(notebooks or lab_folder())
    from .config import lab_config
    from .lab import run

    token = secrets.token_hex(16)
    run(lab_config(folder, port, open_browser, f"/lab/tree/{chapters(folder)[0].path}", token))


def lab_folder() -> Path:
    """Where JupyterLab may edit: the checkout's notebooks, or copies of the packaged ones at home."""
    if is_checkout():
        return packaged_folder()
    folder = editable_copies(COPIES.expanduser())
    print(f"letkeman-viz: the notebooks are in {folder}; your changes there are kept")
    return folder


if __name__ == "__main__":
    sys.exit(main())
