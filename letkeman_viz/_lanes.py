"""The training loop of ``_compiled.py`` for eight runs at once, one in every lane of a vector.

The same arithmetic in the same order, so that a lane agrees with a run of ``train`` to rounding: only the
exponential is another, because the C library's takes one number at a time. Networks of all lanes have the
same shape and activation; parameters, learning rate and order of the examples are each lane's own.

Arrays of lanes are flat, see ``_vector.py``; layouts are otherwise those of ``_compiled.py``.
"""

from __future__ import annotations

from numba import njit

from ._compiled import RELU, SIGMOID, TANH
from ._vector import COUNT, load, power_of_two, splat, store, where_less

LANES = COUNT

jit = njit(cache=True, nogil=True, error_model="numpy")

_SHIFT = 1.5 * 2.0**52
_LOG2_E = 1.4426950408889634
# ln 2 in two parts; the first has few bits, so that a whole number of times it is exact.
_LN2_HIGH, _LN2_LOW = 6.93145751953125e-1, 1.42860682030941723212e-6


@jit
def _exponential(x):
    """(scale, q, p) with exp(x) = scale * (q + p) / (q - p), for |x| of at most 708.

    exp(x) = 2**k exp(r) with |r| <= ln(2)/2, and a rational approximation of exp(r) by S. Moshier (Cephes,
    1984). Whoever wants a quotient of exponentials then needs one division instead of two.
    """
    shifted = x * splat(_LOG2_E) + splat(_SHIFT)
    k = shifted - splat(_SHIFT)
    r = x - k * splat(_LN2_HIGH) - k * splat(_LN2_LOW)
    s = r * r
    p = splat(1.26177193074810590878e-4) * s + splat(3.02994407707441961300e-2)
    p = r * (p * s + splat(1.0))
    q = splat(3.00198505138664455042e-6) * s + splat(2.52448340349684104192e-3)
    q = (q * s + splat(2.27265548208155028766e-1)) * s + splat(2.0)
    return power_of_two(shifted), q, p


@jit
def _clip(x, limit):
    x = where_less(x, splat(-limit), splat(-limit), x)
    return where_less(splat(limit), x, splat(limit), x)


@jit
def _activate(kind, z):
    if kind == RELU:
        return where_less(z, splat(0.0), splat(0.0), z)
    if kind == TANH:
        scale, q, p = _exponential(_clip(z + z, 80.0))
        more, less = scale + splat(1.0), scale - splat(1.0)
        return (less * q + more * p) / (more * q + less * p)
    scale, q, p = _exponential(_clip(splat(0.0) - z, 700.0))
    return (q - p) / ((q - p) + scale * (q + p))


@jit
def _slope(kind, a):
    if kind == RELU:
        return where_less(splat(0.0), a, splat(1.0), splat(0.0))
    if kind == TANH:
        return splat(1.0) - a * a
    return a * (splat(1.0) - a)


@jit
def _layer(p, w, n, m, a, before, here):
    """Sums of the inputs at ``before`` times the weights at ``w``, and biases, into ``a`` at ``here``.

    Four sums at a time: each waits for its last addition, and meanwhile the others can go on.
    """
    bias = w + n * m
    j = 0
    while j + 4 <= m:
        s0, s1 = load(p, bias + j), load(p, bias + j + 1)
        s2, s3 = load(p, bias + j + 2), load(p, bias + j + 3)
        for i in range(n):
            x, k = load(a, before + i), w + i * m + j
            s0 = s0 + x * load(p, k)
            s1 = s1 + x * load(p, k + 1)
            s2 = s2 + x * load(p, k + 2)
            s3 = s3 + x * load(p, k + 3)
        store(a, here + j, s0)
        store(a, here + j + 1, s1)
        store(a, here + j + 2, s2)
        store(a, here + j + 3, s3)
        j += 4
    while j < m:
        s0 = load(p, bias + j)
        for i in range(n):
            s0 = s0 + load(a, before + i) * load(p, w + i * m + j)
        store(a, here + j, s0)
        j += 1


@jit
def _forward(p, sizes, kind, a):
    """Fill ``a``, whose first layer holds the inputs, with the activations of the others."""
    last = sizes.size - 2
    w = before = 0
    for layer in range(last + 1):
        n, m = sizes[layer], sizes[layer + 1]
        here = before + n
        _layer(p, w, n, m, a, before, here)
        act = SIGMOID if layer == last else kind
        for j in range(m):
            store(a, here + j, _activate(act, load(a, here + j)))
        w, before = w + n * m + m, here


@jit
def _backward(p, sizes, kind, target, a, d, rate):
    """Move the parameters down the gradient of one example; ``d`` is for the errors."""
    last = sizes.size - 2
    here, w = sizes[: last + 1].sum(), p.size // LANES
    for j in range(sizes[last + 1]):
        o = load(a, here + j)
        store(d, here + j, (o - load(target, j)) * o * (splat(1.0) - o))
    for layer in range(last, -1, -1):
        n, m = sizes[layer], sizes[layer + 1]
        before = here - n
        w -= n * m + m
        for i in range(n):
            x, row = load(a, before + i), w + i * m
            step, total = rate * x, splat(0.0)
            for j in range(m):
                weight, error = load(p, row + j), load(d, here + j)
                total = total + weight * error
                store(p, row + j, weight - step * error)
            store(d, before + i, total * _slope(kind, x))
        for j in range(m):
            store(p, w + n * m + j, load(p, w + n * m + j) - rate * load(d, here + j))
        here = before


@jit
def _look(p, sizes, kind, inputs, targets, a):
    """(mean loss, number right) over the whole table, changing nothing."""
    outputs = sizes[-1]
    start = a.size // LANES - outputs
    half = splat(0.5)
    loss, right = splat(0.0), splat(0.0)
    for row in range(inputs.shape[0]):
        for i in range(inputs.shape[1]):
            store(a, i, splat(inputs[row, i]))
        _forward(p, sizes, kind, a)
        here, all_right = splat(0.0), splat(1.0)
        for j in range(outputs):
            o, t = load(a, start + j), splat(targets[row, j])
            here = here + half * (o - t) * (o - t)
            if targets[row, j] > 0.5:
                all_right = where_less(half, o, all_right, splat(0.0))
            else:
                all_right = where_less(o, half, all_right, splat(0.0))
        loss, right = loss + here, right + all_right
    return loss / splat(float(inputs.shape[0])), right


@jit
def look(p, sizes, kind, inputs, targets, a, loss, right):
    """Put the mean loss and the number right of the untrained networks into ``loss`` and ``right``, (8,)."""
    mean, count = _look(p, sizes, kind, inputs, targets, a)
    store(loss, 0, mean)
    store(right, 0, count)


@jit
def run_epochs(p, sizes, kind, inputs, targets, order, which, rate, a, d, target, broken, loss, right):
    """Train all lanes for ``order.shape[1]`` more epochs.

    Lane l takes its order of the examples from ``order[which[l]]`` (epochs, rows). ``loss`` and ``right``,
    (epochs, 8) but flat, get the mean loss and the number right after every epoch. ``broken`` (8,) is 0 as
    long as all parameters of a lane were finite, then NaN, and from the next epoch on so are both of these.
    """
    rows = inputs.shape[0]
    speed = load(rate, 0)
    for e in range(order.shape[1]):
        for k in range(rows):
            for lane in range(LANES):
                row = order[which[lane], e, k]
                for i in range(inputs.shape[1]):
                    a[i * LANES + lane] = inputs[row, i]
                for j in range(targets.shape[1]):
                    target[j * LANES + lane] = targets[row, j]
            _forward(p, sizes, kind, a)
            _backward(p, sizes, kind, target, a, d, speed)
        mean, count = _look(p, sizes, kind, inputs, targets, a)
        state = load(broken, 0)
        store(loss, e, mean + state)
        store(right, e, count + state)
        for k in range(p.size // LANES):
            state = state + splat(0.0) * load(p, k)
        store(broken, 0, state)
