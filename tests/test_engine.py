"""The engine against NumPy, number by number; what it refuses, and how it fails."""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letkeman_viz import (
    EngineError,
    Network,
    get_initializer,
    propagate,
    simulate_magnitude,
    sweep_chunks,
    train,
    train_one,
)
from letkeman_viz.engine import Cancelled, Instance, borrowed, compile, engine, normal_quantiles
from letkeman_viz.initializers import Uniform

SEEDS = [0, 1, 2**31, 2**32 - 1, *np.random.default_rng(1).integers(0, 2**32, 4).tolist()]


# The file


def test_the_committed_wasm_is_what_the_source_compiles_to(tmp_path: Path) -> None:
    compile.compile_engine(tmp_path / "engine.wasm")
    assert (tmp_path / "engine.wasm").read_bytes() == engine.WASM.read_bytes()


def test_the_wasm_is_small() -> None:
    assert engine.WASM.stat().st_size < 64 * 1024


# Random streams


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("stream", [0, 1, 2])
def test_uniform_numbers_are_numpys(seed: int, stream: int) -> None:
    instance = Instance()
    instance.prepare("numbers", (), 10_000)
    instance.call("fill_uniform", engine.signed(seed), stream, 10_000)
    expected = np.random.default_rng([seed, stream]).random(10_000)
    assert np.array_equal(instance.array("numbers", np.float64, 10_000), expected)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rows", [1, 2, 3, 32, 33, 256, 1000])
def test_orders_of_the_rows_are_numpys(seed: int, rows: int) -> None:
    instance = Instance()
    instance.prepare("numbers", (), 100 * rows)
    instance.call("fill_orders", engine.signed(seed), rows, 200)
    table = np.tile(np.arange(rows), (200, 1))
    expected = np.random.default_rng([seed, 1]).permuted(table, axis=1)
    assert np.array_equal(instance.array("numbers", np.int32, 200, rows), expected)


# Quantiles


def rounded_log(x: float) -> float:
    """The double that is nearest to log(x)."""
    with mpmath.workprec(200):
        return float(mpmath.log(x))


def exact_quantile() -> Callable[[float, float, float], float]:
    """Python's own formula (algorithm AS 241), with a logarithm that no C library rounds in its own way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "_statistics", None)  # type: ignore[arg-type]
        spec = importlib.util.find_spec("statistics")
        assert spec is not None
        assert spec.loader is not None
        pure = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, "statistics", pure)
        spec.loader.exec_module(pure)
    pure.log = rounded_log  # type: ignore[attr-defined]
    return pure._normal_dist_inv_cdf  # type: ignore[no-any-return]


NUMBERS = np.concatenate(
    [
        np.random.default_rng(5).random(20_000),
        np.geomspace(2.0**-53, 0.5, 1000),
        1.0 - np.geomspace(2.0**-53, 0.5, 1000),
    ]
)


def test_quantiles_are_the_formulas_to_the_last_bit() -> None:
    some = NUMBERS[(NUMBERS < 0.08) | (NUMBERS > 0.92)][::3]  # where there is a logarithm
    quantile = exact_quantile()
    assert np.array_equal(normal_quantiles(some), [quantile(p, 0.0, 1.0) for p in some])


def test_quantiles_are_pythons() -> None:
    inverse = statistics.NormalDist().inv_cdf
    expected = np.array([inverse(p) for p in NUMBERS])
    units = np.abs(normal_quantiles(NUMBERS) - expected) / np.spacing(np.abs(expected))
    # Where the C library's logarithm is not the nearest double, AS 241 makes up to four units of that one.
    assert np.mean(units > 2) < 0.01
    assert units.max() <= 4


@pytest.mark.parametrize("number", [1.0, 1.5, np.inf])
def test_there_is_no_quantile_of_one_or_more(number: float) -> None:
    with pytest.raises(ValueError, match="must be below 1"):
        normal_quantiles(np.array([0.5, number]))


def test_quantiles_of_any_shape_and_of_zero() -> None:
    assert normal_quantiles(np.array([[0.0, 0.5]])).tolist() == [
        [normal_quantiles(np.array([2.0**-54]))[0], 0.0]
    ]
    assert normal_quantiles(np.array(0.975)).shape == ()
    many = np.random.default_rng(1).random(engine.MAX_NUMBERS + 3)
    assert np.array_equal(normal_quantiles(many)[-3:], normal_quantiles(many[-3:]))
    assert normal_quantiles(np.empty((0, 3))).shape == (0, 3)


# Runs against network.py


@st.composite
def runs(draw: st.DrawFn) -> dict[str, Any]:
    """Networks of all shapes, tables of all sizes, every activation."""
    sizes = draw(st.lists(st.integers(1, 12), min_size=2, max_size=6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = draw(st.integers(1, 20))
    task = rng.normal(size=(rows, sizes[0])), rng.random((rows, sizes[-1]))
    return {
        "layer_sizes": sizes,
        "task": task,
        "activation": draw(st.sampled_from(["sigmoid", "tanh", "relu"])),
        "initializer": draw(
            st.sampled_from(["normalized_xavier", "kaiming", "orthogonal", "standard_letkeman"])
        ),
        "learning_rate": draw(st.sampled_from([0.01, 0.3, 1.0])),
        "seed": draw(st.integers(0, 2**32 - 1)),
        "bias": draw(st.sampled_from([0.0, -0.3])),
        "shuffle": draw(st.booleans()),
    }


@settings(max_examples=20, deadline=None, derandomize=True)
@given(runs())
def test_three_epochs_are_those_of_plain_numpy(setting: dict[str, Any]) -> None:
    run = train(epochs=3, **setting)
    network, (inputs, targets) = run.network, setting["task"]
    parameters = network.initial(run.initializer, run.seed, run.bias)
    assert np.array_equal(run.parameters[0], parameters)
    table = np.tile(np.arange(run.rows), (3, 1))
    orders = np.random.default_rng([run.seed, 1]).permuted(table, axis=1) if run.shuffle else table
    for epoch, order in enumerate(orders):
        for row in order:
            one = inputs[row : row + 1], targets[row : row + 1]
            parameters = parameters - run.learning_rate * network.gradient(parameters, *one)[0]
        np.testing.assert_allclose(run.parameters[epoch + 1], parameters, rtol=1e-12, atol=1e-12)
        assert run.loss[epoch] == pytest.approx(network.loss(parameters, inputs, targets), rel=1e-12)
        gradient = network.gradient_magnitude(run.parameters[epoch + 1], inputs, targets)
        np.testing.assert_allclose(run.gradient[epoch + 1], gradient, rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("layer_sizes", [(1, 1), (256, 70, 1), (5, *[30] * 18, 5), (1, 256, 1)], ids=str)
def test_the_smallest_and_the_largest_networks(layer_sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    task = rng.random((9, layer_sizes[0])), rng.random((9, layer_sizes[-1]))
    run = train("kaiming", 0.1, 2, 3, layer_sizes, task, "tanh")
    assert isinstance(run.network, Network)
    assert run.loss[-1] == pytest.approx(run.network.loss(run.parameters[-1], *task), rel=1e-12)


def test_noise_is_uniform_on_top_of_the_start() -> None:
    # As the playground adds it: NumPy's default_rng([seed, 2]).uniform(-1, 1, ...) times the noise.
    instance = Instance()
    instance.prepare("training", (2, 3, 1), 2, 0, 1, 1, 0, 1, 1, 0, 0.25)
    arrays = {"inputs": (1, 2), "targets": (1, 1), "rates": (1,), "scales": (1, 2)}
    for name, shape in arrays.items():
        instance.array(f"training_{name}", np.float64, *shape)[:] = 1.0
    instance.array("training_noise", np.float64, 1)[:] = 0.01
    instance.array("training_seeds", np.uint32, 1)[:] = 7
    instance.array("training_kinds", np.int32, 1)[:] = engine.KINDS.index("constant")
    instance.run()
    start = Network((2, 3, 1)).initial("ones", 7, 0.25)
    start += 0.01 * np.random.default_rng([7, 2]).uniform(-1, 1, start.size)
    assert np.array_equal(instance.array("training_frames", np.float64, start.size), start)


def test_schemes_that_the_engine_draws_and_those_it_is_given_give_the_same_run() -> None:
    class Mine(Uniform):
        """Which the engine does not know."""

    known = get_initializer("standard_xavier")
    assert isinstance(known, Uniform)
    ours, mine = (train(kind("x", "X", known.limit), epochs=20) for kind in (Uniform, Mine))
    assert np.array_equal(ours.parameters, mine.parameters)


def test_xavier_solves_the_table_when_it_always_did() -> None:
    assert [run.solved_at for run in train("standard_xavier", epochs=800, seed=[1, 2])] == [436, 737]


# Faults


def test_a_trap_is_an_error_and_the_next_job_works() -> None:
    with pytest.raises(EngineError, match="failed in advance"):
        Instance().call("advance", 1.0)  # there is no job
    assert train_one().updates == 337


def test_more_memory_than_an_engine_can_have_is_an_error_and_the_next_job_works() -> None:
    with pytest.raises(EngineError, match="not enough memory"):
        Instance().prepare("training", (250, 70, 1), 2, 0, 1024, 8, 100_000, 4000, 1, 0, 0.0)  # 5 GB
    assert train_one().updates == 337


def test_one_large_layer_is_done_in_many_slices() -> None:
    instance = Instance()
    kind = engine.KINDS.index("uniform")
    instance.prepare("propagation", (1000, 1000), 1, 0, 1024, kind, 0, 1, 0, 1)
    instance.array("propagation_scales", np.float64, 1)[:] = 0.05
    slices = 1
    while instance.call("advance", 1.0) != engine.DONE:
        slices += 1
    assert slices > 100
    assert instance.call("progress") == 1.0


def test_arrays_outside_of_the_memory_are_not_read() -> None:
    instance = Instance()
    instance.prepare("numbers", (), 10)
    with pytest.raises(EngineError, match="outside"):
        instance.array("numbers", np.float64, 10**7)


def run_copy(tmp_path: Path, change: str) -> str:
    """The last line of what a script complains that trains with a copy of the package, after ``change``."""
    package = engine.WASM.parent.parent
    shutil.copytree(package, tmp_path / "letkeman_viz", ignore=shutil.ignore_patterns("__pycache__"))
    code = f"""
from pathlib import Path
wasm = Path({str(tmp_path)!r}, "letkeman_viz", "engine", "engine.wasm")
{change}
import letkeman_viz
assert letkeman_viz.__file__.startswith({str(tmp_path)!r})
letkeman_viz.train_one()
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    return ended.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("wasm.unlink()", "cannot be read (No such file or directory); install it again"),
        ("wasm.write_bytes(wasm.read_bytes()[:-100])", "is damaged ("),
        ("wasm.write_bytes(b'')", "is damaged ("),
        ("code = wasm.read_bytes(); wasm.write_bytes(code[:-200] + bytes(1) + code[-199:])", "is damaged ("),
        (
            "code = wasm.read_bytes(); wasm.write_bytes(code[:9000] + bytes(500) + code[9500:])",
            "is damaged (",
        ),
        (
            "import sys; sys.modules['wasmtime'] = None",
            "wasmtime, which runs the engine, cannot be loaded here",
        ),
    ],
)
def test_a_missing_or_damaged_engine_says_so_in_a_sentence(tmp_path: Path, change: str, words: str) -> None:
    message = run_copy(tmp_path, change)
    assert message.startswith("letkeman_viz.engine.engine.EngineError: ")
    assert words in message


def test_instances_work_side_by_side() -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(train_one().updates)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [337] * 6


def test_threads_that_start_together_compile_once(tmp_path: Path) -> None:
    code = """
import threading
from letkeman_viz.engine import Instance
import wasmtime
made, start = [], threading.Barrier(8)
module = wasmtime.Module
wasmtime.Module = lambda *given: made.append(1) or module(*given)
threads = [threading.Thread(target=lambda: (start.wait(), Instance())) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(made))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "1\n"


def test_an_array_keeps_the_memory_that_it_views() -> None:
    instance = Instance()
    instance.prepare("numbers", (), 100_000)
    numbers = instance.array("numbers", np.float64, 100_000)
    numbers[:] = 7.0
    del instance
    gc.collect()
    Instance().prepare("numbers", (), 100_000)
    assert (numbers == 7.0).all()


def test_blas_has_its_threads_back_after_several_threads_needed_one() -> None:
    code = """
import threading
import numpy as np
from threadpoolctl import threadpool_info
from letkeman_viz import counting_task, propagate, train_deep
count = lambda: [one["num_threads"] for one in threadpool_info() if "numpy" in one["filepath"]]
print(count())
def work():
    list(train_deep(*counting_task(), [30] * 3, steps=200))
    propagate([30] * 5, "tanh", "orthogonal")
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
work()
for thread in threads: thread.join()
print(count())
"""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    before, after = ended.stdout.splitlines()
    assert after == before != "[]", "NumPy's wheels bring OpenBLAS; this test is for them"


RECORDED = json.loads(Path(__file__).with_name("recorded_runs.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", RECORDED)
def test_runs_are_what_they_were_before_there_was_an_engine(name: str) -> None:
    # Seeds 1 to 50, 1,000 epochs of the whole table, as version 0.1.0's Numba code computed them.
    runs = train(name, epochs=1000, seed=range(1, 51), max_frames=3)
    assert [run.solved_at for run in runs] == RECORDED[name]["solved"]
    assert [int(run.correct.sum()) for run in runs] == RECORDED[name]["correct as presented"]
    np.testing.assert_allclose(
        [run.loss[-1] for run in runs], RECORDED[name]["last loss"], atol=1e-12, rtol=0
    )


def test_few_engines_are_kept_for_later_jobs() -> None:
    def engines() -> int:
        return sum(type(thing) is Instance for thing in gc.get_objects())

    train("kaiming", epochs=5, seed=range(20))
    list(sweep_chunks([1.0], [1.0, 2.0], seeds=2, epochs=5))
    propagate([5] * 3, draws=9)
    simulate_magnitude(5, draws=100)
    with pytest.raises(Cancelled):
        train(epochs=5, cancelled=lambda: True)
    gc.collect()
    assert engines() <= (os.cpu_count() or 1)


def test_an_engine_that_failed_or_has_grown_large_is_not_used_again() -> None:
    with pytest.raises(EngineError), borrowed() as failed:
        failed.call("no such function")
    with borrowed() as large:
        large.prepare("numbers", (), engine.MAX_IDLE // 8)
    with borrowed() as one, borrowed() as other:
        assert one is not other
        assert not {one, other} & {failed, large}
    with borrowed() as again:
        assert again in (one, other)


def test_a_job_leaves_nothing_behind_for_the_next() -> None:
    settings: dict[str, Any] = {"epochs": 30, "max_frames": 7}
    first = train("kaiming", **settings)
    train(["ones", "kaiming"], 1000.0, 50, [3, 4], (2, 60, 60, 3), ([[1e3, -1e3]], [[1, 0, 1]]), "relu")
    propagate([90] * 4, "relu", get_initializer("normal", std=1e6), draws=2)
    again = train("kaiming", **settings)
    for name in ("loss", "parameters", "gradient", "presented"):
        assert np.array_equal(getattr(again, name), getattr(first, name))
