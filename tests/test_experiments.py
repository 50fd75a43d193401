"""The four networks against plain PyTorch, and the runner: resuming, processes, the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from torch import nn

from letkeman_viz import Network, get_initializer
from letkeman_viz.experiments import SCHEMES, Result, Run, counting, hamlet, mnist_conv, mnist_dense
from letkeman_viz.experiments import run_experiment as run
from letkeman_viz.experiments.catalogue import EXPERIMENTS, runs_of, trainer_of
from letkeman_viz.experiments.data import Images, Text, load
from letkeman_viz.experiments.replicas import Trainer
from letkeman_viz.experiments.runner import Interrupted
from letkeman_viz.experiments.runs import result_path
from letkeman_viz.experiments.work import Task, checkpoint_path, execute
from letkeman_viz.site.cli import main

RNG = np.random.default_rng(5)
DIGITS = Images(
    "tiny",
    RNG.integers(0, 256, (12, 28, 28)).astype(np.uint8),
    RNG.integers(0, 10, 12).astype(np.uint8),
    255.0,
)
LETTERS = Text("tiny", RNG.integers(0, 7, 130).astype(np.uint8), "abcdefg")
RUNS = [Run("standard_letkeman", 1), Run("kaiming", 2)]

DENSE = mnist_dense.Settings(epochs=2, batch=5, images=12, sizes=(784, 9, 8, 10))
CONV = mnist_conv.Settings(epochs=2, batch=5, images=12, channels=(2, 3), hidden=6)
TALE = hamlet.Settings(epochs=2, hidden=6, streams=3, unroll=5, characters=130, learning_rate=4.0, clip=0.05)


def dense_trainer(runs: Sequence[Run] = RUNS) -> Trainer:
    return mnist_dense.MnistDense(DENSE, runs, DIGITS)


def conv_trainer(runs: Sequence[Run] = RUNS) -> Trainer:
    return mnist_conv.MnistConv(CONV, runs, DIGITS)


def hamlet_trainer(runs: Sequence[Run] = RUNS) -> Trainer:
    return hamlet.Hamlet(TALE, runs, LETTERS)


TRAINERS = [dense_trainer, conv_trainer, hamlet_trainer]


# --- The networks against PyTorch's own modules -------------------------------------------------------


def linear(weights: torch.Tensor, biases: torch.Tensor) -> nn.Linear:
    layer = nn.Linear(*weights.shape)
    with torch.no_grad():
        layer.weight.copy_(weights.T)
        layer.bias.copy_(biases.flatten())
    return layer


def plain_images(trainer: Trainer, replica: int) -> nn.Module:
    """One replica as nn.Sequential."""
    parts: list[nn.Module] = []
    layers = [
        (w[replica].detach(), b[replica].detach())
        for w, b in zip(trainer.weights, trainer.biases, strict=True)
    ]
    for k, (weights, biases) in enumerate(layers):
        if weights.dim() == 4:
            convolution = nn.Conv2d(weights.shape[1], weights.shape[0], weights.shape[2], padding="same")
            with torch.no_grad():
                convolution.weight.copy_(weights)
                convolution.bias.copy_(biases)
            parts += [convolution, nn.ReLU(), nn.MaxPool2d(2)]
            continue
        if len(parts) in (0, 6):
            parts.append(nn.Flatten())
        inner = nn.ReLU() if isinstance(trainer, mnist_conv.MnistConv) else nn.Sigmoid()
        parts += [linear(weights, biases), nn.Sigmoid() if k == len(layers) - 1 else inner]
    return nn.Sequential(*parts)


@pytest.mark.parametrize("make", [dense_trainer, conv_trainer])
def test_image_networks_train_like_pytorch_modules(make: Callable[[], Trainer]) -> None:
    trainer = make()
    order, models = trainer.order(len(DIGITS)), [plain_images(trainer, k) for k in range(2)]
    loss, accuracy = trainer.advance()
    for k, model in enumerate(models):
        optimizer = torch.optim.SGD(model.parameters(), lr=trainer.settings.learning_rate)
        total = right = 0.0
        for chosen in np.split(order[k], [5, 10]):
            x = torch.from_numpy(DIGITS.images[chosen])[:, None].float() / 255
            labels = torch.from_numpy(DIGITS.labels[chosen]).long()
            optimizer.zero_grad()
            outputs = model(x)
            each = 0.5 * ((outputs - nn.functional.one_hot(labels, 10)) ** 2).sum(1)
            each.mean().backward()
            optimizer.step()
            total += float(each.sum().detach())
            right += float((outputs.argmax(1) == labels).sum())
        assert loss[0, k] == pytest.approx(total / len(DIGITS), rel=1e-5)
        assert accuracy[0, k] == pytest.approx(right / len(DIGITS))
        after = plain_images(trainer, k)
        for one, two in zip(model.parameters(), after.parameters(), strict=True):
            torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-6)


def plain_rnn(trainer: Trainer, replica: int) -> tuple[nn.RNN, nn.Linear]:
    (inputs, recurrent, outputs), (before, _, after) = (
        [part[replica].detach() for part in parts] for parts in (trainer.weights, trainer.biases)
    )
    rnn = nn.RNN(*inputs.shape)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(inputs.T)
        rnn.weight_hh_l0.copy_(recurrent.T)
        rnn.bias_ih_l0.copy_(before.flatten())
        rnn.bias_hh_l0.zero_()
    rnn.bias_hh_l0.requires_grad_(False)
    return rnn, linear(outputs, after)


def test_the_recurrent_network_trains_like_pytorchs() -> None:
    trainer = hamlet_trainer()
    plain = [plain_rnn(trainer, k) for k in range(2)]
    loss, _ = trainer.advance()
    length = len(LETTERS) // TALE.streams
    text = (
        torch.from_numpy(LETTERS.codes[: length * TALE.streams].astype(np.int64))
        .reshape(TALE.streams, length)
        .T
    )
    clipped = 0
    for k, (rnn, readout) in enumerate(plain):
        parameters = [p for p in (*rnn.parameters(), *readout.parameters()) if p.requires_grad]
        optimizer = torch.optim.SGD(parameters, lr=TALE.learning_rate)
        memory, losses = torch.zeros(1, TALE.streams, TALE.hidden), []
        for start in range(0, length - TALE.unroll, TALE.unroll):
            one_hot = nn.functional.one_hot(text[start : start + TALE.unroll], 7).float()
            states, memory = rnn(one_hot, memory.detach())
            following = text[start + 1 : start + TALE.unroll + 1]
            error = nn.functional.cross_entropy(readout(states).flatten(0, 1), following.flatten())
            optimizer.zero_grad()
            error.backward()
            clipped += int(nn.utils.clip_grad_norm_(parameters, TALE.clip) > TALE.clip)
            optimizer.step()
            losses.append(float(error.detach()))
        assert loss[0, k] == pytest.approx(np.mean(losses), rel=1e-5)
        after = [p for module in plain_rnn(trainer, k) for p in module.parameters() if p.requires_grad]
        for one, two in zip(parameters, after, strict=True):
            torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-6)
    assert clipped > 0  # or the limit on the gradient was not tested


def test_the_counting_network_is_the_packages_own() -> None:
    loss, accuracy = counting.Counting(counting.Settings(epochs=3), RUNS).advance()
    assert loss.shape == accuracy.shape == (3, 2)
    start = Network().loss(Network().initial("standard_letkeman", 1), *counting_task())
    assert loss[0, 0] == pytest.approx(start, rel=0.5)
    assert loss[0, 0] != loss[0, 1]


def counting_task() -> tuple[np.ndarray, np.ndarray]:
    from letkeman_viz import counting_task as task

    return task()


# --- What a run is made of ----------------------------------------------------------------------------


@pytest.mark.parametrize("make", TRAINERS)
def test_all_uniform_schemes_differ_by_a_factor_a_layer(make: Callable[..., Trainer]) -> None:
    runs = [Run(scheme, 3) for scheme in SCHEMES]
    trainer = make(runs)
    for layer, weights in zip(trainer.layers, trainer.weights, strict=True):
        for run_, one in zip(runs, weights.detach().double(), strict=True):
            scheme = get_initializer(run_.scheme)
            bound, std = scheme.bound(layer.fan_in, layer.fan_out), scheme.std(layer.fan_in, layer.fan_out)
            normal = torch.special.ndtr(one / std)
            quantiles = normal if bound is None else (one / bound + 1) / 2
            first = (
                weights[0].double() / get_initializer(SCHEMES[0]).bound(layer.fan_in, layer.fan_out) + 1
            ) / 2
            torch.testing.assert_close(quantiles, first, rtol=0, atol=2e-6)


@pytest.mark.parametrize("make", TRAINERS)
def test_a_replica_learns_as_if_it_were_alone(make: Callable[..., Trainer]) -> None:
    together, alone = make(), make(RUNS[1:])
    for _ in range(2):
        np.testing.assert_allclose(together.advance()[0][:, 1:], alone.advance()[0], rtol=1e-5)


@pytest.mark.parametrize("make", TRAINERS)
def test_a_restored_trainer_goes_on_exactly(make: Callable[..., Trainer]) -> None:
    first, second = make(), make()
    first.advance()
    second.restore(first.state())
    for one, two in zip(first.advance(), second.advance(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("make", TRAINERS)
def test_watched_gradients_are_those_of_the_layers(make: Callable[..., Trainer]) -> None:
    watched, unwatched = make(), make()
    watched.watching = True
    np.testing.assert_array_equal(watched.advance()[0], unwatched.advance()[0])
    assert watched.gradient.shape == (2, len(watched.layers))
    assert (watched.gradient > 0).all()
    assert not unwatched.gradient.any()


def test_counting_active_nodes_changes_the_input_layer_only() -> None:
    trainer = hamlet_trainer([Run("kaiming", 1), Run("kaiming", 1, active_nodes=True)])
    ratios = [float(w[1].detach().std() / w[0].detach().std()) for w in trainer.weights]
    assert ratios == pytest.approx([np.sqrt(7), 1.0, 1.0])


def test_the_article_counts_active_nodes_for_letkeman_only() -> None:
    runs = runs_of(EXPERIMENTS["hamlet"], seeds=[1])
    assert {r.scheme for r in runs if r.active_nodes} == {"standard_letkeman", "normalized_letkeman"}
    assert len(runs_of(EXPERIMENTS["hamlet"], seeds=[1], active="both")) == 10
    assert not any(r.active_nodes for r in runs_of(EXPERIMENTS["mnist-conv"], active="both"))


def test_the_network_writes_letters_it_knows() -> None:
    trainer = hamlet_trainer()
    text = trainer.sample(40, "abba", np.random.default_rng(1))
    assert len(text) == 40
    assert set(text) <= set(LETTERS.symbols)
    assert text != trainer.sample(40, "abba", np.random.default_rng(2))


def test_a_diverged_run_says_so_in_its_file(tmp_path: Path) -> None:
    result = Result("x", RUNS[0], {}, {}, "code", np.array([1.0, np.nan]), np.array([0.5, np.nan]))
    back = Result.load(result.save(tmp_path))
    np.testing.assert_array_equal(back.loss, result.loss)
    assert "NaN" not in result_path(tmp_path, "x", RUNS[0]).read_text()


# --- Running and resuming -----------------------------------------------------------------------------

SMALL: dict[str, Any] = {"data": "digits", "schemes": ["kaiming"], "seeds": [1, 2]}


class Watch:
    """Remembers what the runner tells."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.epochs: list[tuple[str, int]] = []
        self.done: list[str] = []
        self.stop_at = stop_at

    def started(self, runs: int, done: int) -> None:
        self.runs, self.already = runs, done

    def advanced(self, task: Task, epoch: int, loss: float) -> None:
        self.epochs.append((task.label, epoch))
        if len(self.epochs) == self.stop_at:
            raise KeyboardInterrupt

    def finished(self, task: Task) -> None:
        self.done.append(task.label)


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    run("counting", tmp_path, seeds=[1], changes={"epochs": 5})
    before, watch = files(tmp_path), Watch()
    results = run("counting", tmp_path, seeds=[1, 2], changes={"epochs": 5}, progress=watch)
    assert (watch.runs, watch.already, len(watch.done), len(results)) == (10, 5, 5, 10)
    assert before.items() <= files(tmp_path).items()


def test_results_of_other_settings_are_not_mixed(tmp_path: Path) -> None:
    run("counting", tmp_path, seeds=[1], changes={"epochs": 5})
    with pytest.raises(ValueError, match="not the same: settings"):
        run("counting", tmp_path, seeds=[1], changes={"epochs": 6})


def test_an_interrupted_run_goes_on_from_its_last_epoch(tmp_path: Path) -> None:
    changes = {"epochs": 3, "images": 400}
    run("mnist-conv", tmp_path / "whole", **SMALL, changes=changes)
    with pytest.raises(KeyboardInterrupt):
        run("mnist-conv", tmp_path / "parts", **SMALL, changes=changes, progress=Watch(stop_at=2))
    watch = Watch()
    run("mnist-conv", tmp_path / "parts", **SMALL, changes=changes, progress=watch)
    assert [epoch for _, epoch in watch.epochs] == [3, 1, 2, 3]
    assert files(tmp_path / "parts") == files(tmp_path / "whole")


def test_a_group_killed_between_its_files_is_not_trained_again(tmp_path: Path) -> None:
    work: dict[str, Any] = {"schemes": ["kaiming", "standard_xavier"], "seeds": [1], "data": "excerpt"}
    changes = {"epochs": 2, "characters": 2000}
    run("hamlet", tmp_path / "whole", **work, changes=changes)
    task = Task("hamlet", (Run("kaiming", 1), Run("standard_xavier", 1)), changes)
    data, folder = load("excerpt", 2000), tmp_path / "killed"
    execute(task, data, checkpoint_path(folder, task, data))[1].save(folder)  # and the other one is missing
    watch = Watch()
    run("hamlet", folder, **work, changes=changes, progress=watch)
    assert watch.epochs == []
    assert files(folder) == files(tmp_path / "whole")


def test_processes_give_the_same_files(tmp_path: Path) -> None:
    watch, changes = Watch(), {"epochs": 2, "images": 400}
    run("mnist-dense", tmp_path / "one", **SMALL, changes=changes)
    run("mnist-dense", tmp_path / "two", **SMALL, changes=changes, workers=2, progress=watch)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert len(watch.done) == 2
    assert len(watch.epochs) == 4


class KillWorker(Watch):
    """Kills one of the worker processes once the work is under way."""

    def advanced(self, task: Task, epoch: int, loss: float) -> None:
        super().advanced(task, epoch, loss)
        if len(self.epochs) == 3:
            workers = psutil.Process().children(recursive=True)
            next(w for w in workers if "spawn_main" in " ".join(w.cmdline())).kill()


def test_a_killed_worker_process_ends_the_work_with_a_word_and_a_second_call_goes_on(tmp_path: Path) -> None:
    changes = {"epochs": 40, "images": 200}
    with pytest.raises(Interrupted, match="a worker process was ended"):
        run("mnist-dense", tmp_path, **SMALL, changes=changes, workers=2, progress=KillWorker())
    watch = Watch()
    assert len(run("mnist-dense", tmp_path, **SMALL, changes=changes, progress=watch)) == 2
    assert 1 < len(watch.epochs) < 80


def test_a_killed_command_goes_on_and_ends_with_the_same_numbers(tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("letkeman-viz")), "experiments", "run", "mnist-dense", "--data",
        "digits", "--amount", "300", "--schemes", "kaiming", "--seeds", "1", "--epochs", "12",
        "--workers", "1",
    ]  # fmt: skip
    subprocess.run([*command, "--output", str(tmp_path / "whole")], check=True, capture_output=True)
    process = subprocess.Popen([*command, "--output", str(tmp_path / "killed")], stdout=subprocess.DEVNULL)
    unfinished = tmp_path / "killed" / ".unfinished"
    deadline = time.monotonic() + 60
    while not any(unfinished.glob("*.npz")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert any(unfinished.glob("*.npz"))  # or it was killed before or after its work
    watch = Watch()
    changes = {"epochs": 12, "images": 300}
    run("mnist-dense", tmp_path / "killed", ["kaiming"], [1], changes=changes, data="digits", progress=watch)
    assert 1 < watch.epochs[0][1] <= 12
    whole = files(tmp_path / "whole")
    assert {name: content for name, content in files(tmp_path / "killed").items() if name in whole} == whole


def test_a_half_written_checkpoint_never_takes_the_place_of_a_whole_one(tmp_path: Path) -> None:
    checkpoint, task = (
        tmp_path / "c.npz",
        Task("mnist-dense", (RUNS[0],), {"epochs": 2, "images": 12, "batch": 5}),
    )
    execute(task, DIGITS, checkpoint)
    assert [path.name for path in tmp_path.iterdir()] == ["c.npz"]
    with np.load(checkpoint) as state:
        assert int(state["epoch"]) == 2


# --- The command line ---------------------------------------------------------------------------------


def test_the_command_runs_lists_shows_and_exports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = ["--from", str(tmp_path)]
    arguments = ["--schemes", "kaiming", "--seeds", "1,3", "--epochs", "4", "--workers", "1"]
    assert main(["experiments", "run", "counting", *arguments, "--output", str(tmp_path)]) == 0
    assert main(["experiments", "list", *own]) == 0
    assert "counting: 1 schemes, 2 seeds, 4 epochs" in capsys.readouterr().out
    assert main(["experiments", "show", "counting", *own]) == 0
    assert "learning_rate: 0.1" in capsys.readouterr().out
    assert main(["experiments", "export", "counting", *own, "--csv", str(tmp_path / "all.csv")]) == 0
    lines = (tmp_path / "all.csv").read_text().splitlines()
    assert lines[0] == "experiment,scheme,active_nodes,seed,epoch,loss,accuracy"
    assert len(lines) == 1 + 2 * 4
    stored = json.loads((tmp_path / "counting" / "kaiming-3.json").read_text())
    assert lines[-1] == f"counting,kaiming,False,3,4,{stored['loss'][3]:g},{stored['accuracy'][3]:g}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "counting", "--epochs", "0"], "epochs is 0"),
        (["run", "counting", "--workers", "0"], "--workers is 0"),
        (["run", "counting", "--data", "digits"], "leave out --data"),
        (["run", "counting", "--amount", "5"], "leave out --amount"),
        (["run", "mnist-dense", "--data", "excerpt"], "'excerpt' is not known; choose one of mnist, digits"),
        (["run", "counting", "--scheduler", "tcp://127.0.0.1:9"], "no Dask scheduler answers"),
        (["list", "--from", "/nowhere"], "holds no results"),
        (["show", "chess"], "'chess' is not known"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("letkeman_viz.experiments.cluster.CONNECT_SECONDS", 1)
    assert main(["experiments", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("seeds", ["", "3-1", "a", "1-", "-2", "1,,2"])
def test_what_are_no_seeds_is_refused(seeds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["experiments", "run", "counting", f"--seeds={seeds}"])
    assert "are no seeds" in capsys.readouterr().err


def test_without_torch_only_the_counting_network_trains(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from letkeman_viz.site.cli import main\n"
        "first = main(['experiments', 'run', 'counting', '--epochs', '2', '--workers', '1'])\n"
        "second = main(['experiments', 'run', 'hamlet', '--data', 'excerpt'])\n"
        "print(first, second)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.splitlines()[-1] == "0 2"
    assert "pip install 'letkeman-viz[experiments]'" in done.stderr


def test_every_experiment_has_a_trainer_of_its_name() -> None:
    assert [trainer_of(experiment).name for experiment in EXPERIMENTS.values()] == list(EXPERIMENTS)
