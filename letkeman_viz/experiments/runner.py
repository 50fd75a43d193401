"""Running experiments: what is still to be done, on this machine's processes or on a Dask cluster.

Every finished run is a file. A run whose file is there is not done again, and one that was interrupted goes
on from its last finished epoch (on this machine) or starts again (on a cluster, whose workers share no disk).
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from .. import checks
from .catalogue import get_experiment, runs_of, settings_of, trainer_of
from .data import Images, Text, load
from .runs import SCHEMES, Result, Run, result_path
from .work import Report, Task, checkpoint_path, execute, identity

Data = Images | Text | None


class Progress(Protocol):
    """Who is told how the work goes."""

    def started(self, runs: int, done: int) -> None: ...
    def advanced(self, task: Task, epoch: int, loss: float) -> None: ...
    def finished(self, task: Task) -> None: ...


class Silent:
    """Nobody."""

    def started(self, runs: int, done: int) -> None: ...
    def advanced(self, task: Task, epoch: int, loss: float) -> None: ...
    def finished(self, task: Task) -> None: ...


class Interrupted(Exception):
    """The work was stopped from outside; what is finished is stored."""


def run_experiment(
    name: str,
    folder: Path,
    schemes: Iterable[str] = SCHEMES,
    seeds: Iterable[int] = range(1, 6),
    active: str = "article",
    changes: Mapping[str, Any] | None = None,
    data: str | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """Do all runs of experiment ``name`` that ``folder`` does not have yet; all their results come back.

    Parameters
    ----------
    schemes, seeds, active : which runs, see ``catalogue.runs_of``.
    changes : settings other than the experiment's own, such as ``{"epochs": 2}``.
    data : name of the data, by default the article's; see ``data.load``.
    workers : how many processes; 1 works in this one.
    scheduler : address of a Dask scheduler, such as ``tcp://127.0.0.1:8786``, instead of ``workers``.

    Raises DataError, NeedsTorch, or ValueError for anything out of range and for a folder that holds runs
    of other settings under the same names.
    """
    experiment, changes = get_experiment(name), dict(changes or {})
    settings = settings_of(experiment, changes)
    loaded: Data = None
    if experiment.data:
        chosen = checks.choice("data", data or experiment.data[0], experiment.data)
        # Other data than the article's is used whole, unless the caller says how much of it.
        usual = chosen == experiment.data[0] or experiment.amount in changes
        loaded = load(chosen, getattr(settings, experiment.amount) if usual else None)
        changes[experiment.amount] = len(loaded)
    elif data is not None:
        raise ValueError(f"the experiment {name!r} makes its own data; leave out --data {data}")
    runs = runs_of(experiment, schemes, seeds, active)
    groups = [Task(name, group, changes) for group in _groups(runs, trainer_of(experiment).together)]
    tasks = [left for task in groups if (left := _left(folder, task, loaded)) is not None]
    told = progress or Silent()
    told.started(len(runs), len(runs) - sum(len(task.runs) for task in tasks))
    if scheduler is not None:
        from .cluster import run_on_cluster

        run_on_cluster(scheduler, tasks, loaded, folder, told)
    elif workers == 1 or len(tasks) <= 1:
        for task in tasks:
            store(task, loaded, folder, told.advanced)
            told.finished(task)
    else:
        _run_on_processes(tasks, loaded, folder, workers, told)
    return [Result.load(result_path(folder, name, run)) for run in runs]


def _left(folder: Path, task: Task, data: Data) -> Task | None:
    """What of ``task`` is still to be done: nothing, its missing runs, or all of it where it was begun."""
    missing = tuple(r for r in task.runs if not _has(folder, Task(task.experiment, (r,), task.changes), data))
    if not missing or checkpoint_path(folder, task, data).exists():
        return task if missing else None
    return Task(task.experiment, missing, task.changes)


def _has(folder: Path, task: Task, data: Data) -> bool:
    """Whether the one run of ``task`` is there; ValueError when what is there is another's."""
    path = result_path(folder, task.experiment, task.runs[0])
    if not path.exists():
        return False
    there, wanted = Result.load(path).identity, identity(task, data)
    if there != wanted:
        unequal = ", ".join(name for name in wanted if there[name] != wanted[name])
        raise ValueError(
            f"{path} is of another experiment (not the same: {unequal}); choose another folder with --output"
        )
    return True


def _groups(runs: Sequence[Run], together: int) -> list[tuple[Run, ...]]:
    """Runs to be trained together: of one seed, at most ``together``."""
    groups = []
    for _, same in groupby(sorted(runs, key=lambda run: run.seed), key=lambda run: run.seed):
        of_seed = list(same)
        groups += [tuple(of_seed[k : k + together]) for k in range(0, len(of_seed), together)]
    return groups


def store(task: Task, data: Data, folder: Path, report: Report) -> None:
    """Do ``task``, going on from its checkpoint if there is one, and write its results."""
    checkpoint = checkpoint_path(folder, task, data)
    for result in execute(task, data, checkpoint, report):
        result.save(folder)
    checkpoint.unlink(missing_ok=True)


# --- Processes on this machine ----------------------------------------------------------------------

_in_worker: dict[str, Any] = {}


def _start_worker(queue: Any, stop: Any) -> None:
    _in_worker.update(queue=queue, stop=stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the main one says what to do


def _report(task: Task, epoch: int, loss: float) -> None:
    """From a worker process to the main one; ends the work when that one says so, or is gone."""
    parent = multiprocessing.parent_process()
    if _in_worker["stop"].is_set() or (parent is not None and not parent.is_alive()):
        raise Interrupted
    _in_worker["queue"].put((task, epoch, loss))


def _store_in_worker(task: Task, data: Data, folder: Path) -> None:
    store(task, data, folder, _report)


def _run_on_processes(tasks: Sequence[Task], data: Data, folder: Path, workers: int, told: Progress) -> None:
    context = multiprocessing.get_context("spawn")  # a copy of a process with threads may hang
    queue, stop = context.Queue(), context.Event()

    def listen() -> None:
        while (message := queue.get()) is not None:
            told.advanced(*message)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    pool = ProcessPoolExecutor(min(workers, len(tasks)), context, _start_worker, (queue, stop))
    try:
        futures: dict[Future[None], Task] = {
            pool.submit(_store_in_worker, task, data, folder): task for task in tasks
        }
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
                told.finished(futures[future])
    except BrokenProcessPool as error:
        raise Interrupted("a worker process was ended; the same command goes on from here") from error
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
        queue.put(None)
        listener.join()
