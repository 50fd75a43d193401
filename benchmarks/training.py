"""How fast `train` is against a plain C loop, NumPy and PyTorch eager, in one run.

    python benchmarks/training.py

Needs a C compiler (cc). PyTorch is measured when it is installed. Every number printed is a ratio of
the best of several repeats, because seconds on a shared machine say little. All of it runs on one core, on
Linux; exits with 1 above the project's aims.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from timing import best

from letkeman_viz import Network, counting_task, train

SCHEMES = ["zeros", "ones", "standard_xavier", "normalized_xavier", "kaiming", "zeros", "ones"]
EPOCHS = 1000
ROWS = 32
MOST_OF_C = 0.55
"""Times the C loop's time, of all runs in one call."""
MOST_OF_EIGHT = 0.6
"""Times the time of eight runs, of four."""


def c_loop(folder: Path) -> Callable[[], object]:
    """The C program of sgd.c as a function that trains every scheme in turn."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("this benchmark compares with C: install a C compiler (cc), then run it again")
    library = folder / "sgd.so"
    source = Path(__file__).with_name("sgd.c")
    flags = ["-O3", "-shared", "-fPIC", "-o", str(library), str(source), "-lm"]
    subprocess.run([compiler, *flags], check=True)
    run = ctypes.CDLL(str(library)).train
    network, (inputs, targets) = Network(), counting_task()
    sizes = np.array(network.layer_sizes)
    order = np.random.default_rng(1).permuted(np.tile(np.arange(ROWS), (EPOCHS, 1)), axis=1)
    a, d = np.zeros(sizes.sum()), np.zeros(sizes.sum())
    loss, after = np.zeros(EPOCHS), np.zeros(EPOCHS, dtype=np.int64)
    presented = np.zeros((EPOCHS, ROWS), dtype=np.uint8)

    def pointer(array: np.ndarray) -> ctypes.c_void_p:
        return ctypes.c_void_p(array.ctypes.data)

    def work() -> float:
        for scheme in SCHEMES:
            p = network.initial(scheme, 1)
            run(pointer(p), pointer(sizes), ctypes.c_int(3), ctypes.c_long(ROWS), pointer(inputs),
                pointer(targets), pointer(order),
                ctypes.c_long(EPOCHS), ctypes.c_double(1.0), pointer(a), pointer(d),
                pointer(loss), pointer(after), pointer(presented))  # fmt: skip
        return float(loss[-1])

    return work


def numpy_updates(count: int) -> Callable[[], object]:
    """The readable NumPy network, one update at a time."""
    network, (inputs, targets) = Network(), counting_task()

    def work() -> None:
        p = network.initial("standard_xavier", 1)
        for k in range(count):
            row = k % ROWS
            p -= network.gradient(p, inputs[row], targets[row])[0]

    return work


def torch_updates(count: int) -> Callable[[], object] | None:
    """PyTorch eager, as a tutorial writes it: Linear, Sigmoid, SGD."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    model = torch.nn.Sequential(
        torch.nn.Linear(5, 8), torch.nn.Sigmoid(), torch.nn.Linear(8, 8), torch.nn.Sigmoid(),
        torch.nn.Linear(8, 5), torch.nn.Sigmoid(),
    ).double()  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    inputs, targets = (torch.tensor(table) for table in counting_task())

    def work() -> None:
        for k in range(count):
            optimizer.zero_grad()
            loss = 0.5 * ((model(inputs[k % ROWS]) - targets[k % ROWS]) ** 2).sum()
            loss.backward()
            optimizer.step()

    return work


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    runs, updates = len(SCHEMES), len(SCHEMES) * EPOCHS * ROWS
    one_by_one = best(lambda: [train(s, epochs=EPOCHS) for s in SCHEMES], 7)
    together = best(lambda: train(SCHEMES, epochs=EPOCHS), 7)
    with tempfile.TemporaryDirectory() as folder:
        c = best(c_loop(Path(folder)), 7)
    four, eight = (best(lambda k=k: train([*SCHEMES, "kaiming"][:k], epochs=EPOCHS), 7) for k in (4, 8))
    count = 320
    reference = best(numpy_updates(count), 3) / count
    eager = torch_updates(count)
    ours = together / updates
    print(f"{runs} schemes x {EPOCHS} epochs of {ROWS} examples, recorded, {ours * 1e6:.2f} us per update")
    print(
        f"  against the C loop, one core each: {together / c:.2f} times its time with all runs in one call,"
    )
    print(f"    side by side, and {one_by_one / c:.2f} times run after run")
    print(f"  four runs take {four / eight:.2f} times the time of eight")
    print(f"  against NumPy, update by update: {reference / ours:.0f} times faster")
    if eager is None:
        print("  against PyTorch: not installed, not measured")
    else:
        print(f"  against PyTorch eager, update by update: {best(eager, 3) / count / ours:.0f} times faster")
    raise SystemExit(0 if together / c <= MOST_OF_C and four / eight <= MOST_OF_EIGHT else 1)


if __name__ == "__main__":
    main()
