"""The compiled twin of ``network.py``: stochastic gradient descent, one example at a time.

Imported only when something trains, because Numba costs a kernel 60 MB and a third of a second. No
``fastmath`` and no parallel reductions: the same call gives the same bits, run after run.

Arrays are flat and laid out as in ``network.py``. ``sizes`` are the layer sizes; activations of all
layers lie behind one another in ``a``, and so do the errors in ``d`` (whose input part is unused).

``sizes`` is unsigned, and so is every index made from it: a signed index may count from the end in
Python, and the check for that in the innermost loops would keep them from being vectorized (a factor
of two).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

SIGMOID, TANH, RELU = 0, 1, 2

# Places in the ``state`` vector that carries a run from one call of run_epochs to the next.
EPOCH, FRAMES, STRIDE, ENDED = 0, 1, 2, 3
# Values of state[ENDED].
RUNNING, FINISHED, SOLVED, DIVERGED = 0, 1, 2, 3

ZERO = np.uint64(0)

jit = njit(cache=True, nogil=True, error_model="numpy")


@jit
def _activate(kind, z):
    if kind == SIGMOID:
        return 1.0 / (1.0 + math.exp(-z))
    if kind == TANH:
        return math.tanh(z)
    return 0.0 if z < 0.0 else z  # this way round nan stays nan


@jit
def _slope(kind, a):
    if kind == SIGMOID:
        return a * (1.0 - a)
    if kind == TANH:
        return 1.0 - a * a
    return 1.0 if a > 0.0 else 0.0


@jit
def _forward(p, sizes, kind, x, a):
    """Fill ``a`` with the activations of every layer for input row ``x``."""
    last = sizes.size - 2
    for i in range(sizes[0]):
        a[i] = x[i]
    w, before = ZERO, ZERO
    for layer in range(last + 1):
        n, m = sizes[layer], sizes[layer + 1]
        here = before + n
        bias = w + n * m
        for j in range(m):
            a[here + j] = p[bias + j]
        for i in range(n):
            value = a[before + i]
            row = w + i * m
            for j in range(m):
                a[here + j] += value * p[row + j]
        act = SIGMOID if layer == last else kind
        for j in range(m):
            a[here + j] = _activate(act, a[here + j])
        w, before = bias + m, here


@jit
def _backward(p, sizes, kind, target, a, d, rate):
    """Fill ``d`` with the errors; with a learning rate above 0, also move the parameters."""
    last = sizes.size - 2
    here = np.uint64(a.size) - sizes[last + 1]
    for j in range(sizes[last + 1]):
        o = a[here + j]
        d[here + j] = (o - target[j]) * o * (1.0 - o)
    w = np.uint64(p.size)
    for layer in range(last, -1, -1):
        n, m = sizes[layer], sizes[layer + 1]
        before = here - n
        w -= n * m + m
        for i in range(n):
            row = w + i * m
            if layer > 0:
                total = 0.0
                for j in range(m):
                    total += p[row + j] * d[here + j]
                d[before + i] = total * _slope(kind, a[before + i])
            if rate > 0.0:
                step = rate * a[before + i]
                for j in range(m):
                    p[row + j] -= step * d[here + j]
        if rate > 0.0:
            for j in range(m):
                p[w + n * m + j] -= rate * d[here + j]
        here = before


@jit
def _judge(sizes, target, a):
    """(loss of one example, 1 if every output is on the right side of a half else 0)."""
    outputs = sizes[sizes.size - 1]
    start = np.uint64(a.size) - outputs
    loss, right = 0.0, 1
    for j in range(outputs):
        o = a[start + j]
        loss += 0.5 * (o - target[j]) * (o - target[j])
        if not (o > 0.5 if target[j] > 0.5 else o < 0.5):
            right = 0
    return loss, right


@jit
def look(p, sizes, kind, inputs, targets, a):
    """(mean loss, number right) over the whole table, changing nothing."""
    loss, right = 0.0, 0
    for row in range(inputs.shape[0]):
        _forward(p, sizes, kind, inputs[row], a)
        one_loss, one_right = _judge(sizes, targets[row], a)
        loss += one_loss
        right += one_right
    return loss / inputs.shape[0], right


@jit
def _mean_abs(values, start, count):
    total = 0.0
    for k in range(count):
        total += abs(values[start + k])
    return total / count


@jit
def keep_frame(p, sizes, kind, inputs, targets, a, d, state, steps, frames, gradient):
    """Store the parameters and the mean |gradient| of every layer as the next frame.

    When the store is full every second frame is let go and the stride doubles, so that a run of any
    length leaves at most ``steps.size`` evenly spaced frames (and the one where it ended).
    """
    if state[FRAMES] == steps.size:
        kept = (steps.size + 1) // 2
        for k in range(kept):
            steps[k] = steps[2 * k]
            frames[k] = frames[2 * k]
            gradient[k] = gradient[2 * k]
        state[FRAMES] = kept
        state[STRIDE] *= 2
        if state[EPOCH] % state[STRIDE] != 0 and state[ENDED] == RUNNING:
            return
    k = state[FRAMES]
    steps[k] = state[EPOCH]
    frames[k] = p
    gradient[k] = 0.0
    rows = inputs.shape[0]
    for row in range(rows):
        _forward(p, sizes, kind, inputs[row], a)
        _backward(p, sizes, kind, targets[row], a, d, 0.0)
        before = ZERO
        for layer in range(sizes.size - 1):
            here = before + sizes[layer]
            mean = _mean_abs(a, before, sizes[layer]) * _mean_abs(d, here, sizes[layer + 1])
            gradient[k, layer] += mean / rows
            before = here
    state[FRAMES] += 1


@jit
def _finite(p):
    total = 0.0
    for k in range(p.size):
        total += 0.0 * p[k]
    return total == 0.0


@jit
def run_epochs(p, sizes, kind, inputs, targets, order, rate, stop_when_right, a, d,
               state, steps, frames, gradient, loss, after, presented):  # fmt: skip
    """Train for ``len(order)`` more epochs, or until right (if asked) or no longer finite.

    ``order`` (epochs, rows) says which example comes when. Writes epoch by epoch into ``loss``,
    ``after`` and ``presented`` (1 where an example was right as it was presented, before its update).
    """
    rows = inputs.shape[0]
    for e in range(order.shape[0]):
        epoch = state[EPOCH]
        for k in range(rows):
            row = order[e, k]
            _forward(p, sizes, kind, inputs[row], a)
            _, presented[epoch, row] = _judge(sizes, targets[row], a)
            _backward(p, sizes, kind, targets[row], a, d, rate)
        loss[epoch], after[epoch] = look(p, sizes, kind, inputs, targets, a)
        state[EPOCH] = epoch + 1
        if not _finite(p):
            state[ENDED] = DIVERGED
        elif stop_when_right and after[epoch] == rows:
            state[ENDED] = SOLVED
        if state[EPOCH] % state[STRIDE] == 0 or state[ENDED] != RUNNING:
            keep_frame(p, sizes, kind, inputs, targets, a, d, state, steps, frames, gradient)
        if state[ENDED] != RUNNING:
            return
