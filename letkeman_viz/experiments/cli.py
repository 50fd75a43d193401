"""``letkeman-viz experiments``: run them, list and show results, take the numbers along as CSV."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..files import write_whole
from ..training import MAX_SEED
from . import records
from .catalogue import ACTIVE, EXPERIMENTS, NeedsTorch
from .cluster import NoCluster
from .data import DataError
from .progress import Bars
from .records import Records
from .runner import Interrupted, run_experiment
from .runs import SCHEMES

OUTPUT = Path("experiment-results")
MISTAKES = (ValueError, TypeError, DataError, NeedsTorch, NoCluster, Interrupted, OSError)
"""What the user can put right: one line, exit code 2."""


def add_command(commands: Any) -> None:
    """Add ``experiments`` to the command line of ``letkeman-viz``."""
    parser = commands.add_parser("experiments", help="run the article's four networks, or see the results")
    actions = parser.add_subparsers(dest="action", required=True, metavar="{run,list,show,export}")

    run = actions.add_parser("run", help="train a network under several schemes; a second call goes on")
    run.add_argument("name", choices=EXPERIMENTS, metavar="NAME", help=", ".join(EXPERIMENTS))
    run.add_argument(
        "--schemes",
        nargs="+",
        default=list(SCHEMES),
        choices=SCHEMES,
        metavar="SCHEME",
        help="by default all five",
    )
    run.add_argument("--seeds", type=parse_seeds, default="1-5", help="such as 1-5 or 1,2,7 (default: 1-5)")
    run.add_argument("--epochs", type=int, help="by default as many as the recorded results have")
    run.add_argument(
        "--active-nodes", choices=ACTIVE, default="article", dest="active",
        help="who counts active nodes in the input layer (hamlet only; default: as in the article)",
    )  # fmt: skip
    run.add_argument("--data", help="other data: digits (scikit-learn's), or excerpt (of Hamlet)")
    run.add_argument("--amount", type=int, help="how many images or characters to learn from")
    where = run.add_mutually_exclusive_group()
    where.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)"
    )
    where.add_argument("--scheduler", help="address of a Dask scheduler, such as tcp://127.0.0.1:8786")
    run.add_argument(
        "--output", type=Path, default=OUTPUT, help=f"folder for the results (default: {OUTPUT})"
    )
    run.set_defaults(act=_run)

    listing = actions.add_parser("list", help="which results there are")
    listing.set_defaults(act=_list)
    show = actions.add_parser("show", help="how the runs ended, scheme by scheme")
    show.set_defaults(act=_show)
    export = actions.add_parser("export", help="all numbers of an experiment")
    export.add_argument("--csv", type=Path, metavar="FILE", help="write there, not to the screen")
    export.add_argument("--npz", type=Path, metavar="FILE", help="write in the package's own format instead")
    export.set_defaults(act=_export)
    for action in (show, export):
        action.add_argument("name", metavar="NAME", help="see `letkeman-viz experiments list`")
    for action in (listing, show, export):
        action.add_argument(
            "--from",
            type=Path,
            dest="folder",
            metavar="DIR",
            help="your own runs, in the place of the recorded ones",
        )


def main(options: argparse.Namespace) -> int:
    """Do what the command line says; the return value is the exit code."""
    try:
        options.act(options)
    except MISTAKES as error:
        print(f"letkeman-viz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nletkeman-viz: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def parse_seeds(text: str) -> list[int]:
    """``1-3,7`` as [1, 2, 3, 7]."""
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        try:
            low, high = int(first), int(last if dash else first)
        except ValueError:
            low, high = 1, 0
        if not 0 <= low <= high <= min(MAX_SEED, low + 9999):
            raise argparse.ArgumentTypeError(f"{text!r} are no seeds; give some such as 1-5 or 1,2,7")
        seeds += range(low, high + 1)
    return list(dict.fromkeys(seeds))


def _run(options: argparse.Namespace) -> None:
    if options.workers < 1:
        raise ValueError(f"--workers is {options.workers}; give a whole number from 1")
    experiment = EXPERIMENTS[options.name]
    changes = {} if options.epochs is None else {"epochs": options.epochs}
    if options.amount is not None:
        if not experiment.data:
            raise ValueError(f"the experiment {options.name!r} makes its own data; leave out --amount")
        changes[experiment.amount] = options.amount
    with Bars() as bars:
        run_experiment(
            options.name, options.output, options.schemes, options.seeds, options.active, changes,
            options.data, options.workers, options.scheduler, bars,
        )  # fmt: skip
    _print_summary(records.from_folder(options.output, options.name))
    print(f"The results are in {options.output / options.name}.")


def _list(options: argparse.Namespace) -> None:
    if options.folder is None:
        names: Iterable[str] = records.recorded_names()
    else:
        names = [name for name in EXPERIMENTS if any((options.folder / name).glob("*.json"))]
        if not names:
            raise ValueError(f"{options.folder} holds no results; `letkeman-viz experiments run` makes some")
    for name in names:
        found = _find(name, options.folder)
        data = f", {found.data['name']}" if found.data else ""
        print(f"{name}: {len(found.variants)} schemes, {len(found.seeds)} seeds, {found.last} epochs{data}")


def _show(options: argparse.Namespace) -> None:
    found = _find(options.name, options.folder)
    for name, value in {**found.settings, **{f"data {k}": v for k, v in found.data.items()}}.items():
        print(f"{name}: {value}")
    print(f"code: {found.code}")
    _print_summary(found)


def _print_summary(found: Records) -> None:
    print(f"{'scheme':<28} {'runs':>4} {'mean loss':>10} {'least':>10} {'most':>10} {'accuracy':>9}")
    for variant in found.variants:
        rows = [k for k, run in enumerate(found.runs) if run.variant == variant]
        last, right = found.loss[rows, -1], found.accuracy[rows, -1]
        print(
            f"{variant:<28} {len(rows):>4} {np.mean(last):>10.5f} {np.min(last):>10.5f} {np.max(last):>10.5f}"
            f" {np.mean(right):>8.1%}"
        )


def _export(options: argparse.Namespace) -> None:
    found = _find(options.name, options.folder)
    if options.npz is not None:
        records.save(found, options.npz)
    elif options.csv is None:
        records.write_csv(found, sys.stdout)
    else:
        text = io.StringIO()
        records.write_csv(found, text)
        write_whole(options.csv, lambda file: file.write(text.getvalue().encode()))


def _find(name: str, folder: Path | None) -> Records:
    return records.recorded(name) if folder is None else records.from_folder(folder, name)
