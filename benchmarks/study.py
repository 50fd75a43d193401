"""How fast `study` is: seven schemes with a hundred seeds each, against what else one would write.

    python benchmarks/study.py

100 seeds x 7 schemes x 1,000 epochs of 32 examples on the 5-8-8-5 network; everybody does the same work:
SGD example by example, and after each epoch the loss and the number right over the whole table. The others
do a part of it, which is said, and their time is multiplied. Printed are ratios of the best of several
repeats in one run. Needs a C compiler (cc) and JAX; what those compile is not counted. Exits with 1 below the
project's aim.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from timing import best

from letkeman_viz import Network, counting_task, study
from letkeman_viz.explorers.race_schemes import SCHEMES

SEEDS, EPOCHS, ROWS = 100, 1000, 32
RUNS = SEEDS * len(SCHEMES)
NETWORK, (INPUTS, TARGETS) = Network(), counting_task()
LEAST_OF_JAX = 2.0
"""Times faster than JAX in float64, over all runs at once."""

jax.config.update("jax_enable_x64", True)


def starts(count: int) -> np.ndarray:
    """The parameters of the first ``count`` runs, seed by seed."""
    return np.array([NETWORK.initial(SCHEMES[k % len(SCHEMES)], 1 + k // len(SCHEMES)) for k in range(count)])


def orders(count: int, epochs: int) -> np.ndarray:
    """The orders of the examples of the first ``count`` runs."""
    table = np.tile(np.arange(ROWS), (epochs, 1))
    seeds = range(1, 1 - -count // len(SCHEMES))
    made = [np.random.default_rng([seed, 1]).permuted(table, axis=1) for seed in seeds]
    return np.array([made[k // len(SCHEMES)] for k in range(count)])


def numpy_loop(epochs: int) -> Callable[[], object]:
    """One run with the readable NumPy network."""
    (start,), (order,) = starts(1), orders(1, epochs)

    def work() -> None:
        p = start.copy()
        for rows in order:
            for row in rows:
                p -= NETWORK.gradient(p, INPUTS[row], TARGETS[row])[0]
            NETWORK.loss(p, INPUTS, TARGETS)
            NETWORK.right(p, INPUTS, TARGETS).sum()

    return work


def c_loop(folder: Path, runs: int) -> Callable[[], object]:
    """Whole runs with the C program of sgd.c, side by side on as many threads as there are cores."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("this benchmark compares with C: install a C compiler (cc), then run it again")
    library = folder / "sgd.so"
    source = Path(__file__).with_name("sgd.c")
    flags = ["-O3", "-march=native", "-shared", "-fPIC", "-o", str(library), str(source), "-lm"]
    subprocess.run([compiler, *flags], check=True)
    train = ctypes.CDLL(str(library)).train
    sizes = np.array(NETWORK.layer_sizes)
    first, order = starts(runs), orders(runs, EPOCHS)

    def pointer(array: np.ndarray) -> ctypes.c_void_p:
        return ctypes.c_void_p(array.ctypes.data)

    def one(k: int) -> float:
        p, (a, d) = first[k].copy(), np.zeros((2, sizes.sum()))
        loss, after = np.zeros(EPOCHS), np.zeros(EPOCHS, dtype=np.int64)
        presented = np.zeros((EPOCHS, ROWS), dtype=np.uint8)
        train(pointer(p), pointer(sizes), ctypes.c_int(3), ctypes.c_long(ROWS), pointer(INPUTS),
              pointer(TARGETS), pointer(order[k]), ctypes.c_long(EPOCHS), ctypes.c_double(1.0), pointer(a),
              pointer(d), pointer(loss), pointer(after), pointer(presented))  # fmt: skip
        return float(loss[-1])

    def work() -> list[float]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(one, range(runs)))

    return work


def jax_run(dtype: type) -> Callable[..., object]:
    """A run as one writes it in JAX: a scan over the epochs, in each a scan over the examples."""
    inputs, targets = jnp.asarray(INPUTS, dtype), jnp.asarray(TARGETS, dtype)

    def forward(layers, x):
        for weights, biases in layers:
            x = jax.nn.sigmoid(x @ weights + biases)
        return x

    def loss(layers, x, t):
        return 0.5 * ((forward(layers, x) - t) ** 2).sum()

    def update(layers, row):
        slopes = jax.grad(loss)(layers, inputs[row], targets[row])
        return jax.tree.map(lambda p, slope: p - slope, layers, slopes), None

    def epoch(layers, rows):
        layers, _ = jax.lax.scan(update, layers, rows)
        outputs = forward(layers, inputs)
        right = jnp.where(targets > 0.5, outputs > 0.5, outputs < 0.5).all(axis=1).sum()
        return layers, (0.5 * ((outputs - targets) ** 2).sum(axis=1).mean(), right)

    return lambda layers, order: jax.lax.scan(epoch, layers, order)[1]


def jax_work(runs: int, epochs: int, dtype: type, together: bool) -> Callable[[], object]:
    """Some runs in JAX: all in one `vmap`, or one after the other."""
    stacked = [NETWORK.layers(start) for start in starts(runs)]
    batch = jax.tree.map(lambda *parts: jnp.asarray(np.stack(parts), dtype), *stacked)
    order = jnp.asarray(orders(runs, epochs))
    if together:
        run = jax.jit(jax.vmap(jax_run(dtype)))
        return lambda: jax.block_until_ready(run(batch, order))
    run = jax.jit(jax_run(dtype))
    single = [(jax.tree.map(lambda part, k=k: part[k], batch), order[k]) for k in range(runs)]
    return lambda: [jax.block_until_ready(run(*one)) for one in single]


def check_same_work() -> None:
    """JAX and C do what we do, or there is nothing to compare."""
    ours = study(SCHEMES, 2, epochs=200)
    losses, right = (np.array(part) for part in jax_work(14, 200, np.float64, True)())
    by_scheme = losses.reshape(2, 7, 200).swapaxes(0, 1)
    np.testing.assert_allclose(ours.loss[:, :, 1:], by_scheme[:, :, ours.steps[1:] - 1], rtol=1e-4)
    assert (ours.right[:, :, 1:] == right.reshape(2, 7, 200).swapaxes(0, 1)[:, :, ours.steps[1:] - 1]).all()


def main() -> None:
    check_same_work()
    good = True
    ours = best(lambda: study(SCHEMES, SEEDS, epochs=EPOCHS), 5)
    print(
        f"{SEEDS} seeds x {len(SCHEMES)} schemes x {EPOCHS} epochs of {ROWS} examples, {os.cpu_count()} cores"
    )
    print(
        f"  one update, with its share of the look at the table: {ours / (RUNS * EPOCHS * ROWS) * 1e9:.0f} ns"
    )
    with tempfile.TemporaryDirectory() as folder:
        seconds = best(c_loop(Path(folder), 14), 5) * RUNS / 14
    print(f"  against the C loop on the same cores (14 runs of {RUNS}): {ours / seconds:.2f} times its time")
    seconds = best(numpy_loop(10), 3) * RUNS * EPOCHS / 10
    print(f"  against NumPy (10 epochs of 1 run): {seconds / ours:.0f} times faster")
    for name, dtype in (("float64, as ours", np.float64), ("float32", np.float32)):
        seconds = best(jax_work(2, EPOCHS, dtype, False), 5) * RUNS / 2
        print(f"  against JAX, {name}, run after run (2 runs): {seconds / ours:.1f} times faster")
        seconds = best(jax_work(RUNS, 20, dtype, True), 3) * EPOCHS / 20
        good = good and (dtype is np.float32 or seconds / ours >= LEAST_OF_JAX)
        print(
            f"  against JAX, {name}, vmap of all {RUNS} runs (20 epochs): {seconds / ours:.1f} times faster"
        )
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
