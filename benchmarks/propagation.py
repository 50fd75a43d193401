"""How fast random networks are sent through, against nothing but their matrix products in NumPy, in one run.

    python benchmarks/propagation.py

The products alone: float64 weights that lie ready in memory, forward and transposed backward, no activation,
no statistics, nothing drawn. BLAS has them with the widest vectors of the processor; the engine, which gives
the same bits everywhere, has two numbers a vector. Both sides take turns, because a machine has good and bad
seconds. Exits with 1 above the project's aims.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from threadpoolctl import ThreadpoolController

from letkeman_viz import get_initializer, mean_field, propagate

TOWER = [200] * 21
DRAWS, INPUTS = 8, 32
LARGE = [1000] * 51
MOST_MILLISECONDS = 125.0
"""Eight complete answers a second."""
ROUNDS = 25


def products(sizes: list[int], draws: int) -> Callable[[], None]:
    """The matrix products of all draws, layer by layer."""
    rng = np.random.default_rng(1)
    weights = [rng.standard_normal((draws, n, m)) / np.sqrt(n) for n, m in pairwise(sizes)]
    x = rng.standard_normal((draws, INPUTS, sizes[0]))

    def run() -> None:
        a = x
        for w in weights:
            a = a @ w
        for w in reversed(weights):
            a = a @ w.transpose(0, 2, 1)

    return run


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def tower() -> bool:
    """Every activation, a uniform and a normal scheme; whether all are quick enough."""
    alone, good = products(TOWER, DRAWS), True
    blas = ThreadpoolController()
    for threads in (None, 1):
        name = "one thread" if threads else "all threads"
        print(f"{len(TOWER) - 1} layers of {TOWER[0]}, {DRAWS} draws, {INPUTS} inputs; products with {name}")
        for scheme in (get_initializer("scaled", gain=1.0), get_initializer("kaiming")):
            for activation in ("sigmoid", "tanh", "relu", "linear"):
                base, ours = [], []
                for _ in range(ROUNDS):
                    with blas.limit(limits=threads, user_api="blas"):
                        base.append(seconds(alone))
                    ours.append(seconds(lambda a=activation, s=scheme: propagate(TOWER, a, s, DRAWS, INPUTS)))
                ratio = min(ours) / min(base)
                print(f"  {scheme.label:>16} {activation:>8}: products {1e3 * min(base):6.1f} ms,"
                      f" all of it {1e3 * min(ours):6.1f} ms: {ratio:.2f} times")  # fmt: skip
                good &= 1e3 * min(ours) <= MOST_MILLISECONDS
    print(f"  aim: {MOST_MILLISECONDS:.0f} ms")
    return good


def large() -> None:
    """The largest tower: drawn, sent through and measured; products of one draw, times the draws."""
    alone = products(LARGE, 1)
    base = DRAWS * min(seconds(alone) for _ in range(2))
    ours = seconds(lambda: propagate(LARGE, "tanh", "kaiming", DRAWS, INPUTS))
    print(f"50 layers of 1000: products {base:.2f} s, all of it {ours:.2f} s: {ours / base:.2f} times")


def theory() -> None:
    for sizes in (TOWER, LARGE):
        best = min(seconds(lambda s=sizes: mean_field(s, "tanh", "kaiming")) for _ in range(5))
        print(f"mean_field, {len(sizes) - 1} layers: {1e3 * best:.2f} ms")


def main() -> None:
    good = tower()
    large()
    theory()
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
