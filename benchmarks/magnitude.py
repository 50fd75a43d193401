"""How fast the theory and its Monte-Carlo check are, against loops in pure Python, in one run.

    python benchmarks/magnitude.py

The loops do what the article's programs do, on its layer sizes: draw every weight with random.uniform, add
them up along one side of the layer or both, take magnitudes. They are timed on fewer draws, and seconds
per draw are compared: both do the same work for every draw. Exits with 1 below the project's aims.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
from timing import best

from letkeman_viz import expected_magnitude, irwin_hall_pdf, normalized_magnitude, simulate_magnitude

SINGLE = [1, 5, 25, 100, 300, 1000]
SINGLE_DRAWS = 1_000_000
LAYERS = [(1, 1), (5, 5), (100, 1), (15, 25), (10, 100), (100, 50), (100, 300), (1000, 10), (1, 10_000),
          (3, 10_000)]  # fmt: skip
LAYER_DRAWS = 5000
MOST_MICROSECONDS = 100.0
LEAST_RATIO = 100.0


def loop_single(count: int, bound: float) -> float:
    """|sum of ``count`` weights|."""
    total = 0.0
    for _ in range(count):
        total += random.uniform(-bound, bound)
    return abs(total)


def loop_layer(fan_in: int, fan_out: int, bound: float) -> tuple[float, float]:
    """Mean |output| and mean |error sent back| of one layer."""
    weights = [[random.uniform(-bound, bound) for _ in range(fan_out)] for _ in range(fan_in)]
    backward = 0.0
    for i in range(fan_in):
        total = 0.0
        for o in range(fan_out):
            total += weights[i][o]
        backward += abs(total)
    forward = 0.0
    for o in range(fan_out):
        total = 0.0
        for i in range(fan_in):
            total += weights[i][o]
        forward += abs(total)
    return forward / fan_out, backward / fan_in


def per_call() -> bool:
    """Microseconds of the exact values; whether they are as quick as they should be."""
    calls = 1000
    seconds = {n: best(lambda n=n: [expected_magnitude(n) for _ in range(calls)], 5) / calls
               for n in (1, 5, 1000, 10**6)}  # fmt: skip
    worst = 1e6 * max(seconds.values())
    everything = np.arange(1, 10**6 + 1)
    points = np.linspace(-3.0, 3.0, 400)
    print(f"expected_magnitude: at most {worst:.0f} us a call (aim: {MOST_MICROSECONDS:.0f})")
    together = best(lambda: expected_magnitude(everything), 3) / everything.size
    print(f"  all of 1 to 10**6 in one call: {1e9 * together:.0f} ns each")
    pair = best(lambda: [normalized_magnitude(784, 128) for _ in range(calls)], 5) / calls
    print(f"normalized_magnitude: {1e6 * pair:.0f} us a call")
    for n in (5, 40, 1000):
        curve = best(lambda n=n: irwin_hall_pdf(points, n), 9)
        print(f"irwin_hall_pdf, 400 points, n = {n}: {1e3 * curve:.2f} ms")
    return worst <= MOST_MICROSECONDS


def compare(name: str, sizes: list, loop: Callable, ours: Callable, draws: int, cost: Callable) -> bool:
    """Print the ratio for each size and for the whole experiment; whether the latter is large enough."""
    print(f"{name}, {draws:,} draws of each size")
    python_total, our_total = 0.0, 0.0
    for size in sizes:
        few = max(2, 200_000 // cost(size))
        python = best(lambda size=size, few=few: [loop(size) for _ in range(few)], 3) / few * draws
        here = best(lambda size=size: ours(size), 7)
        python_total, our_total = python_total + python, our_total + here
        print(f"  {size!s:>12}  loops {python:7.2f} s, ours {here:7.4f} s: {python / here:4.0f} times faster")
    ratio = python_total / our_total
    print(
        f"  {'together':>12}  loops {python_total:7.2f} s, ours {our_total:7.4f} s: {ratio:4.0f} times faster"
    )
    print(f"  {'aim':>12}  {LEAST_RATIO:.0f} times faster together")
    return ratio >= LEAST_RATIO


def main() -> None:
    good = [
        per_call(),
        compare(
            "single outputs, Standard Xavier", SINGLE,
            lambda n: loop_single(n, 1.0 / math.sqrt(n)),
            lambda n: simulate_magnitude(n, draws=SINGLE_DRAWS),
            SINGLE_DRAWS, lambda n: n,
        ),
        compare(
            "whole layers, Normalized Xavier", LAYERS,
            lambda size: loop_layer(*size, math.sqrt(6.0 / sum(size))),
            lambda size: simulate_magnitude(*size, "normalized_xavier", draws=LAYER_DRAWS),
            LAYER_DRAWS, math.prod,
        ),
    ]  # fmt: skip
    raise SystemExit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
