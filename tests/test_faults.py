"""When something breaks: kernels killed, servers stopped, cables cut, disks full, homes missing."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from browser import Server, console_script, free_port, running, wait_until
from kernel_page import KernelPage, opened
from websocket import WebSocketException

from letkeman_viz import Recording, train_one

LESSON = "02-doing-it-wrong.ipynb"
SAMPLES = "04-preserving-magnitude.ipynb"
DRAWS = 400_000
CUT_SECONDS = 20
WAIT = 120


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("serve") as site:
        yield site


def answers(page: KernelPage) -> None:
    """The kernel takes what the page sets, and tells it to a page that is loaded again."""
    example = page.of("one_example.OneExample")[0]
    for seed in (7, 1):
        page.update(example, seed=seed)
        page.ask(example)
        assert page.state(example, "seed") == seed


def starts_work(page: KernelPage) -> None:
    """Begin work that takes seconds: many draws of a layer's weights."""
    page.update(page.find(label="Distribution of the magnitude of a sum of weights"), wanted=True)


def done(page: KernelPage) -> int:
    """How many draws are done."""
    return int(page.state(page.find(_model_name="IntProgressModel", max=DRAWS), "value"))


# --- Kernels and servers ----------------------------------------------------------------------------


def test_a_killed_kernel_is_one_page_s_trouble(server: Server) -> None:
    with opened(server, LESSON) as other:
        page = KernelPage(server, SAMPLES)
        starts_work(page)
        page.wait(lambda: 0 < done(page) < DRAWS, "some draws")
        page.process().kill()
        page.wait(
            lambda: any(kind in ("restarting", "autorestarting", "dead") for kind, _ in page.heard),
            "the page is told that its kernel died",
        )
        answers(other)
        page.socket.close()  # and loads again
        with opened(server, LESSON) as again:
            answers(again)
    assert server.process.poll() is None
    assert "Traceback" not in server.log.read_text()


def test_a_class_goes_on_when_the_server_is_started_again() -> None:
    port = free_port()
    with running("serve", port=port) as first:
        page = KernelPage(first, LESSON)
        kernel = page.process()
    wait_until(lambda: not kernel.is_running(), 20, "the kernel outlived its server")
    wait_until(
        lambda: not page.connected or _gone(page), 20, "the page does not notice that the server is gone"
    )
    with running("serve", port=port) as second, opened(second, LESSON) as again:
        with pytest.raises(Exception, match="404"):  # the page is not kept waiting for a kernel that is gone
            page.connect(second.url)
        answers(again)


def _gone(page: KernelPage) -> bool:
    """Whether the connection turns out to be closed when it is used."""
    try:
        page.say("kernel_info_request", {})
    except OSError:
        return True
    return False


def test_two_servers_at_once_leave_each_other_alone(server: Server) -> None:
    with running("serve") as other:
        assert other.url != server.url
        with opened(server, LESSON) as one, opened(other, LESSON) as two:
            answers(one)
            answers(two)
    with opened(server, LESSON) as after:
        answers(after)


class Cable:
    """A connection to a server that can be cut: whoever goes through ``url`` goes through here."""

    def __init__(self, port: int) -> None:
        self._port, self._whole, self._ends = port, True, set[socket.socket]()
        self._listener = socket.create_server(("localhost", 0))
        self.url = f"http://localhost:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._whole = False
        for end in list(self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def mend(self) -> None:
        self._whole = True

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            if not self._whole:
                near.close()
                continue
            far = socket.create_connection(("localhost", self._port))
            self._ends |= {near, far}
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(a, b), daemon=True).start()


def _pass_on(a: socket.socket, b: socket.socket) -> None:
    with suppress(OSError):
        while data := a.recv(65536):
            b.sendall(data)
    for end in (a, b):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def test_a_page_cut_off_for_twenty_seconds_gets_what_it_missed(server: Server) -> None:
    cable = Cable(int(server.url.rsplit(":", 1)[1]))
    with opened(server, SAMPLES) as page:
        page.socket.close()
        page.connect(cable.url)
        page.settle()
        starts_work(page)
        page.wait(lambda: 0 < done(page) < DRAWS, "some draws")
        cable.cut()
        assert done(page) < DRAWS
        with pytest.raises((ConnectionError, WebSocketException)):
            page.connect(cable.url)
        time.sleep(CUT_SECONDS)
        cable.mend()
        page.connect(cable.url)  # as JupyterLab's scripts do, with the same session
        page.wait(lambda: done(page) == DRAWS, "what the kernel said meanwhile")
        page.restore()
        assert done(page) == DRAWS


# --- Disks ------------------------------------------------------------------------------------------

SAVES = """
import json, resource, sys
from pathlib import Path
from letkeman_viz import train_one
from letkeman_viz.experiments import records
from letkeman_viz.experiments.runs import Result, Run
from letkeman_viz.experiments.work import _keep

folder, limit = Path(sys.argv[1]), int(sys.argv[2])
run, results = train_one(), records.recorded("counting")
curve = results.loss[0]
one = Result("counting", run=Run("kaiming", 1), settings={}, data={}, code="x", loss=curve, accuracy=curve)
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
told = {}
for name, save in {
    "run.npz": run.save,
    "run.csv": run.to_csv,
    "results.npz": lambda path: records.save(results, path),
    "checkpoint.npz": lambda path: _keep(path, {"curves": curve}),
    "result": lambda path: one.save(path),
}.items():
    try:
        save(folder / name)
    except OSError as error:
        told[name] = str(error)
print(json.dumps(told))
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_full_disk_costs_nothing_that_was_saved(tmp_path: Path) -> None:
    def save(limit: int) -> dict[str, str]:
        command = [sys.executable, "-c", SAVES, str(tmp_path), str(limit)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=WAIT, check=True)
        return json.loads(ended.stdout)

    assert save(0) == {}
    before = contents(tmp_path)
    assert len(before) == 5
    told = save(100)  # bytes: after so many, writing to any file fails
    assert set(told) == {"run.npz", "run.csv", "results.npz", "checkpoint.npz", "result"}
    for name, text in told.items():
        assert str(tmp_path / name) in text
        assert "it was not written, and an older file of that name is as it was" in text
    assert contents(tmp_path) == before
    assert Recording.load(tmp_path / "run.npz").updates == train_one().updates


def test_an_experiment_that_met_a_full_disk_goes_on_later(tmp_path: Path) -> None:
    def run(*seeds: str, limit: int | None = None) -> subprocess.CompletedProcess[str]:
        def limited() -> None:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        command = [
            console_script(),
            "experiments",
            "run",
            "counting",
            "--epochs",
            "300",
            "--workers",
            "1",
            "--schemes",
            "kaiming",
            "--output",
            str(tmp_path),
            "--seeds",
            *seeds,
        ]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=WAIT, check=False, preexec_fn=limited
        )

    assert run("1").returncode == 0
    before = contents(tmp_path)
    full = run(
        "1-2", limit=4096
    )  # less than a run takes; the engine's own memory is a file too, to the kernel
    assert full.returncode == 2
    assert full.stderr.splitlines()[-1].startswith("letkeman-viz: ")
    assert "it was not written" in full.stderr
    assert "Traceback" not in full.stderr
    assert contents(tmp_path).items() >= before.items()
    later = run("1-2")
    assert later.returncode == 0
    assert "1 of 2 runs are there already" in later.stderr


# --- Homes ------------------------------------------------------------------------------------------


@contextmanager
def served_at_home(home: str | None) -> Iterator[Server]:
    """A server in an environment of its own, with this home or none."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "XDG")) and name != "HOME"
    }
    if home is not None:
        environment["HOME"] = home
    with running("serve", environment=environment) as server:
        yield server


def test_a_home_that_cannot_be_written_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = str(tmp_path / "file" / "home")  # which nobody can make, not even root
    with served_at_home(home) as server:
        assert (
            f"the home folder {home} cannot be written to; until the server stops," in server.log.read_text()
        )
        with opened(server, LESSON) as page:
            answers(page)


def test_no_home_in_the_environment_is_no_trouble() -> None:
    with served_at_home(None) as server, opened(server, LESSON) as page:
        answers(page)
