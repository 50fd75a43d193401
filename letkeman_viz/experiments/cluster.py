"""The same work on a Dask cluster: the workers train, this process writes what they send back."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .work import Task, execute

if TYPE_CHECKING:
    from .runner import Data, Progress
    from .runs import Result

TOPIC = "letkeman-viz"
CONNECT_SECONDS = 30


class NoCluster(Exception):
    """Dask is not installed, the scheduler cannot be reached, or its workers could not do the work."""


def _same(data: Any) -> Any:
    return data


def _on_worker(task: Task, data: Any) -> list[Result]:
    from distributed import get_worker

    tell = get_worker().log_event
    return execute(task, data, report=lambda task, epoch, loss: tell(TOPIC, [_name(task), epoch, loss]))


def _name(task: Task) -> str:
    """Events carry plain values only."""
    return " ".join(run.key for run in task.runs)


def run_on_cluster(address: str, tasks: Sequence[Task], data: Data, folder: Path, told: Progress) -> None:
    """Do ``tasks`` on the workers of the scheduler at ``address``.

    A worker that dies loses only what it was at: Dask gives that to another one. Results are written as
    they come, so that a second call does only what is missing; what fails does not hold up the rest.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise NoCluster("--scheduler needs Dask: pip install 'dask[distributed]'") from error
    try:
        client: Any = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise NoCluster(f"no Dask scheduler answers at {address}: {error}") from error
    by_name = {_name(task): task for task in tasks}

    def heard(event: Any) -> None:
        _, (name, epoch, loss) = event
        if name in by_name:  # the topic is everybody's
            told.advanced(by_name[name], epoch, loss)

    with client:
        client.subscribe_topic(TOPIC, heard)
        # As a task of its own the data is sent once, and made again if the worker that holds it dies.
        shared = client.submit(_same, data, pure=False)
        futures = {client.submit(_on_worker, task, shared, pure=False): task for task in tasks}
        failures = []
        for future in distributed.as_completed(futures, loop=client.loop):
            try:
                results = future.result()
            except Exception as error:  # of any kind: it happened on another machine
                failures.append(error)
                continue
            for result in results:
                result.save(folder)
            told.finished(futures[future])
        client.unsubscribe_topic(TOPIC)
    if failures:
        raise NoCluster(
            f"{len(failures)} of {len(tasks)} pieces of work failed on the cluster, the first with"
            f" {failures[0]!r}; all others are stored, and the same command does what is missing"
        ) from failures[0]
