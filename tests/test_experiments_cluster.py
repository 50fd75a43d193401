"""The experiments on a real Dask cluster of this machine: one scheduler, two workers, one of them killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from browser import free_port, stop_tree

from letkeman_viz.experiments import SCHEMES, Run, run_experiment
from letkeman_viz.experiments.cluster import NoCluster, run_on_cluster
from letkeman_viz.experiments.runner import Silent
from letkeman_viz.experiments.runs import Result
from letkeman_viz.experiments.work import Task

CHANGES = {"epochs": 4, "images": 500}
WORK = {"schemes": SCHEMES, "seeds": [1, 2], "changes": CHANGES, "data": "digits"}
START_SECONDS = 60


@contextmanager
def program(*arguments: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One of Dask's programs, in a process of its own that is gone afterwards."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments], stdout=sink, stderr=subprocess.STDOUT, cwd=log.parent
        )
    try:
        yield process
    finally:
        stop_tree(process)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The scheduler's address, and two workers."""
    port = str(free_port())
    address = f"tcp://127.0.0.1:{port}"
    quiet = ("--no-dashboard",)
    with ExitStack() as stack:
        scheduler = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port, *quiet)
        stack.enter_context(program(*scheduler, log=tmp_path / "scheduler.log"))
        worker = ("distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1", *quiet)
        workers = [stack.enter_context(program(*worker, log=tmp_path / f"worker{k}.log")) for k in range(2)]
        wait_for_workers(address, tmp_path)
        yield address, workers


def wait_for_workers(address: str, logs: Path) -> None:
    from distributed import Client

    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with Client(address, timeout=5, set_as_default=False) as client:
                client.wait_for_workers(2, timeout=START_SECONDS)
                return
        except OSError:
            if time.monotonic() > deadline:
                pytest.fail("\n".join(path.read_text() for path in logs.glob("*.log")))


class KillOne:
    """Kills a worker in the middle of its second piece of work, and counts what is finished."""

    def __init__(self, victim: subprocess.Popen[bytes]) -> None:
        self.victim, self.finished_tasks, self.killed_after = victim, Counter[str](), -1

    def started(self, runs: int, done: int) -> None:
        self.runs = runs

    def advanced(self, task: Task, epoch: int, loss: float) -> None:
        if self.killed_after < 0 and sum(self.finished_tasks.values()) >= 2 and epoch == 2:
            self.killed_after = sum(self.finished_tasks.values())
            self.victim.kill()

    def finished(self, task: Task) -> None:
        self.finished_tasks[task.label] += 1


def test_a_killed_worker_costs_nothing(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, workers = cluster
    written: Counter[str] = Counter()
    save = Result.save
    monkeypatch.setattr(
        Result, "save", lambda self, folder: written.update([self.run.key]) or save(self, folder)
    )
    watch = KillOne(workers[0])
    results = run_experiment("mnist-dense", tmp_path / "there", scheduler=address, progress=watch, **WORK)
    assert 2 <= watch.killed_after < watch.runs == 10  # killed half-way, not before or after
    assert workers[0].wait(timeout=10) != 0
    assert workers[1].poll() is None
    assert len(results) == 10
    assert set(written.values()) == set(watch.finished_tasks.values()) == {1}  # nothing twice
    assert len(written) == len(watch.finished_tasks) == 10  # nothing lost

    here = {"seeds": [2], "schemes": ["kaiming"], "changes": CHANGES, "data": "digits"}
    (alone,) = run_experiment("mnist-dense", tmp_path / "here", **here)
    (same,) = (result for result in results if result.run == alone.run)
    assert same.to_json() == alone.to_json()
    before = Counter(written)
    run_experiment("mnist-dense", tmp_path / "there", scheduler=address, **WORK)
    assert written == before  # a second call has nothing to do


def test_what_fails_on_the_cluster_does_not_hold_up_the_rest(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    address, _ = cluster
    tasks = [Task("counting", (Run("kaiming", seed),), {"epochs": e}) for seed, e in ((1, 3), (2, 0), (3, 3))]
    with pytest.raises(NoCluster, match=r"1 of 3 pieces of work failed.*epochs is 0"):
        run_on_cluster(address, tasks, None, tmp_path / "there", Silent())
    assert sorted(p.name for p in (tmp_path / "there/counting").iterdir()) == [
        "kaiming-1.json",
        "kaiming-3.json",
    ]
