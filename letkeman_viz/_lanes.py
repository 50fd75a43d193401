"""The compiled twin of ``network.py``: stochastic gradient descent, eight runs in the lanes of a vector.

The same arithmetic, one example at a time; only the exponential is another, because the C library's takes
one number at a time. Networks of all lanes have the same shape and activation; parameters, learning rate
and order of the examples are each lane's own. No ``fastmath``: the same call gives the same bits, run after
run, whatever the processor and whatever the other lanes do.

Imported only when something trains, because Numba costs a kernel 60 MB and a third of a second.

Arrays of lanes are flat, see ``_vector.py``. Parameters are laid out as in ``network.py``; activations of
all layers lie behind one another in ``a``, and so do the errors in ``d`` (whose input part is unused).
"""

from __future__ import annotations

from numba import njit

from ._kept import kept
from ._vector import COUNT, load, sigmoid, splat, store, tanh, where_less

LANES = COUNT
SIGMOID, TANH, RELU = 0, 1, 2

# Places in the ``state`` of a run, which carries it from one call of run_epochs to the next.
EPOCH, FRAMES, STRIDE, ENDED = 0, 1, 2, 3
# Values of state[ENDED]; those above 0 are the places of recording.ENDINGS, counted from 1.
RUNNING, FINISHED, SOLVED, DIVERGED = 0, 1, 2, 3

jit = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True)


@jit
def _activate(kind, z):
    if kind == RELU:
        return where_less(z, splat(0.0), splat(0.0), z)  # this way round nan stays nan
    return tanh(z) if kind == TANH else sigmoid(z)


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
def _backward(p, sizes, kind, target, a, d, rate, moving):
    """Fill ``d`` with the errors; when ``moving``, also move the parameters down the gradient."""
    last = sizes.size - 2
    here, w = a.size // LANES - sizes[last + 1], p.size // LANES
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
                if moving:
                    store(p, row + j, weight - step * error)
            store(d, before + i, total * _slope(kind, x))
        if moving:
            for j in range(m):
                bias = w + n * m + j
                store(p, bias, load(p, bias) - rate * load(d, here + j))
        here = before


@jit
def _present(inputs, targets, row, a, target):
    """Show the same row of the table to all lanes."""
    for i in range(inputs.shape[1]):
        store(a, i, splat(inputs[row, i]))
    for j in range(targets.shape[1]):
        store(target, j, splat(targets[row, j]))


@jit
def _present_in_order(inputs, targets, order, which, e, k, a, target):
    """Show every lane the row that is its turn."""
    if order.shape[0] == 1:
        _present(inputs, targets, order[0, e, k], a, target)
        return
    for lane in range(LANES):
        row = order[which[lane], e, k]
        for i in range(inputs.shape[1]):
            a[i * LANES + lane] = inputs[row, i]
        for j in range(targets.shape[1]):
            target[j * LANES + lane] = targets[row, j]


@jit
def _judge(target, a):
    """(loss of one example, 1 if every output is on the right side of a half else 0)."""
    outputs = target.size // LANES
    start = (a.size - target.size) // LANES
    half, none = splat(0.5), splat(0.0)
    loss, right = none, splat(1.0)
    for j in range(outputs):
        o, t = load(a, start + j), load(target, j)
        loss = loss + half * (o - t) * (o - t)
        above, below = where_less(half, o, right, none), where_less(o, half, right, none)
        right = where_less(half, t, above, below)
    return loss, right


@jit
def _look(p, sizes, kind, inputs, targets, a, target):
    """(mean loss, number right) over the whole table, changing nothing."""
    loss, right = splat(0.0), splat(0.0)
    for row in range(inputs.shape[0]):
        _present(inputs, targets, row, a, target)
        _forward(p, sizes, kind, a)
        one_loss, one_right = _judge(target, a)
        loss, right = loss + one_loss, right + one_right
    return loss / splat(float(inputs.shape[0])), right


@jit
def _finite(p):
    """0 where all parameters of a lane are finite, else NaN."""
    total = splat(0.0)
    for k in range(p.size // LANES):
        total = total + splat(0.0) * load(p, k)
    return total


@jit
def _keep_frame(p, lane, state, steps, frames):
    """Store the parameters of a lane as its next frame.

    When the store is full every second frame is let go and the stride doubles, so that a run of any
    length leaves at most ``steps.size`` evenly spaced frames (and the one where it ended).
    """
    if state[FRAMES] == steps.size:
        kept = (steps.size + 1) // 2
        for k in range(kept):
            steps[k] = steps[2 * k]
            for i in range(frames.shape[1]):  # to assign whole rows takes Numba seconds to compile
                frames[k, i] = frames[2 * k, i]
        state[FRAMES] = kept
        state[STRIDE] *= 2
        if state[EPOCH] % state[STRIDE] != 0 and state[ENDED] == RUNNING:
            return
    k = state[FRAMES]
    steps[k] = state[EPOCH]
    for i in range(frames.shape[1]):
        frames[k, i] = p[i * LANES + lane]
    state[FRAMES] += 1


@kept
def run_epochs(p, sizes, kind, inputs, targets, order, which, rate, stop_when_right, a, d, target, seen,
               state, steps, frames, loss, after, presented):  # fmt: skip
    """Train all lanes for ``order.shape[1]`` more epochs, or until the runs in them have all ended.

    Lane l takes its order of the examples from ``order[which[l]]`` (epochs, rows). ``seen`` is room for three
    vectors. What follows it has a row for every run that is wanted, the first lanes: ``state`` (runs, 4);
    ``steps`` (runs, F) and ``frames`` (runs, F, P); ``loss`` and ``after`` (runs, E + 1), written epoch by
    epoch; ``presented`` (runs, E, rows), whether an example was right as it was presented, before its update.

    A run ends after E epochs, once right (if asked) or no longer finite, and nothing more is written of it.
    With no room for frames (F = 0) neither those nor ``presented`` are kept.
    """
    rows, speed, recorded = inputs.shape[0], load(rate, 0), steps.shape[1] > 0
    for e in range(order.shape[1]):
        for k in range(rows):
            _present_in_order(inputs, targets, order, which, e, k, a, target)
            _forward(p, sizes, kind, a)
            if recorded:
                store(seen, 0, _judge(target, a)[1])
                for run in range(state.shape[0]):
                    if state[run, ENDED] == RUNNING:
                        presented[run, state[run, EPOCH], order[which[run], e, k]] = seen[run] > 0.0
            _backward(p, sizes, kind, target, a, d, speed, True)
        mean, count = _look(p, sizes, kind, inputs, targets, a, target)
        store(seen, 0, mean)
        store(seen, 1, count)
        store(seen, 2, _finite(p))
        running = 0
        for run in range(state.shape[0]):
            if state[run, ENDED] == RUNNING:
                _note(run, rows, stop_when_right, seen, state[run], loss[run], after[run])
                now = state[run]
                if recorded and (now[EPOCH] % now[STRIDE] == 0 or now[ENDED] != RUNNING):
                    _keep_frame(p, run, now, steps[run], frames[run])
                running += now[ENDED] == RUNNING
        if running == 0:
            return


@jit
def _note(lane, rows, stop_when_right, seen, state, loss, after):
    """Write down what the table looks like to a lane after an epoch, and whether that was its last."""
    epoch = state[EPOCH] + 1
    loss[epoch], after[epoch] = seen[lane], seen[LANES + lane]
    state[EPOCH] = epoch
    if seen[2 * LANES + lane] != 0.0:  # NaN
        state[ENDED] = DIVERGED
    elif stop_when_right and after[epoch] == rows:
        state[ENDED] = SOLVED
    elif epoch == loss.size - 1:
        state[ENDED] = FINISHED


@kept
def gradients(frames, sizes, kind, inputs, targets, p, a, d, target, gradient):
    """Put the mean |dL/dw| of every layer over the table, at each of up to eight ``frames`` (F, P), into
    ``gradient`` (L lanes): here it is frames that have a lane each."""
    for lane in range(LANES):
        frame = min(lane, frames.shape[0] - 1)
        for k in range(frames.shape[1]):
            p[k * LANES + lane] = frames[frame, k]
    for layer in range(sizes.size - 1):
        store(gradient, layer, splat(0.0))
    for row in range(inputs.shape[0]):
        _present(inputs, targets, row, a, target)
        _forward(p, sizes, kind, a)
        _backward(p, sizes, kind, target, a, d, splat(0.0), False)
        before = 0
        for layer in range(sizes.size - 1):
            here = before + sizes[layer]
            mean = _mean_size(a, before, sizes[layer]) * _mean_size(d, here, sizes[layer + 1])
            store(gradient, layer, load(gradient, layer) + mean / splat(float(inputs.shape[0])))
            before = here


@jit
def _mean_size(values, start, count):
    total = splat(0.0)
    for k in range(count):
        value = load(values, start + k)
        total = total + where_less(value, splat(0.0), splat(0.0) - value, value)
    return total / splat(float(count))
