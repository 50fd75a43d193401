"""Signals through deep networks: theory against measurement, published values, closed forms and autodiff."""

from __future__ import annotations

import math
import threading
from itertools import pairwise

import mpmath
import numpy as np
import pytest
import torch

from letkeman_viz import counting_task, get_initializer, mean_field, propagate, train_deep
from letkeman_viz.engine import normal_quantiles
from letkeman_viz.initializers import INITIALIZERS, Constant, Normal, Uniform
from letkeman_viz.mean_field import (
    ACTIVATIONS,
    MeanField,
    fixed_point,
    level_gain,
    moments,
    saturated_share,
)
from letkeman_viz.network import Network
from letkeman_viz.propagation import MEASURES, Propagation, distinct_units, drawn_quantiles
from letkeman_viz.training import Cancelled


def gain(value: float):
    return get_initializer("scaled", gain=value)


# Published values (numbers.md, section 5)


@pytest.mark.parametrize(
    ("value", "stds"),
    [
        (1.0, [0.6279, 0.4863, 0.4082, 0.3576, 0.3216]),
        (1.0 / math.sqrt(3.0), [0.4603, 0.2495, 0.1412, 0.0810, 0.0467]),
        (math.sqrt(math.pi / 2.0), [0.6904, 0.5851, 0.5344, 0.5063, 0.4895]),
    ],
)
def test_tanh_has_the_published_std_in_theory_and_in_a_draw(value, stds):
    theory = mean_field([1000] * 6, "tanh", gain(value))
    np.testing.assert_allclose(theory.std[1:], stds, atol=6e-5)
    measured = propagate([1000] * 6, "tanh", gain(value), draws=6)
    np.testing.assert_allclose(measured.std[1:], stds, rtol=0.02)


def test_relu_keeps_the_square_at_gain_root_two_and_no_other():
    theory = mean_field([1000] * 6, "relu", gain(math.sqrt(2.0)))
    np.testing.assert_allclose(theory.square, 1.0)
    np.testing.assert_allclose(theory.std[1:], 0.8256, atol=5e-5)
    for value, factor in ((math.sqrt(2.0), 1.0), (1.0, 0.5), (1.0 / math.sqrt(3.0), 1.0 / 6.0)):
        squares = mean_field([1000] * 6, "relu", gain(value)).gradient_square
        np.testing.assert_allclose(squares[:-1] / squares[1:], factor)
        assert fixed_point("relu", value).chi == pytest.approx(factor)


def test_sigmoid_gradients_vanish_by_the_published_factor():
    squares = mean_field([1000] * 21, "sigmoid", gain(1.0)).gradient_square
    factors = squares[:-1] / squares[1:]
    assert factors[0] == pytest.approx(0.0448, abs=5e-5)
    assert factors[-1] == pytest.approx(0.0557, abs=5e-5)
    assert fixed_point("sigmoid", 1.0).chi == pytest.approx(0.0557, abs=5e-5)


# Closed forms


@pytest.mark.parametrize("value", [0.3, 1.0, 1.7])
def test_linear_networks_multiply_by_the_gain(value):
    theory = mean_field([50] * 13, "linear", gain(value))
    layers = np.arange(13)
    np.testing.assert_allclose(theory.square, value ** (2 * layers))
    np.testing.assert_allclose(theory.gradient_square, value ** (2 * layers[::-1]))
    np.testing.assert_allclose(theory.magnitude, math.sqrt(2 / math.pi) * value**layers)
    assert fixed_point("linear", value).chi == pytest.approx(value**2)


def test_forward_over_backward_is_the_shape_of_the_network_whatever_the_scheme():
    sizes = [512, 256, 128, 64, 32]
    for name in ("kaiming", "normalized_xavier", "normalized_letkeman", "orthogonal"):
        for activation in ("linear", "relu"):
            theory = mean_field(sizes, activation, name)
            forward = theory.square[-1] / theory.square[0]
            backward = theory.gradient_square[0] / theory.gradient_square[-1]
            assert forward / backward == pytest.approx(512 / 32)


# Quadrature and fixed points against independent arithmetic


def reference(f, variance):
    """E f(z) for a normal z, by mpmath."""
    spots = [-40, -9, -3, -1, -0.3, -0.1, 0, 0.1, 0.3, 1, 3, 9, 40]
    density = lambda z: mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)  # noqa: E731
    return float(mpmath.quad(lambda z: f(mpmath.sqrt(variance) * z) * density(z), spots))


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


CURVES = {  # activation, its slope and its second derivative
    "tanh": (mpmath.tanh, lambda x: mpmath.sech(x) ** 2, lambda x: -2 * mpmath.tanh(x) * mpmath.sech(x) ** 2),
    "sigmoid": (
        sigmoid,
        lambda x: sigmoid(x) * sigmoid(-x),
        lambda x: sigmoid(x) * sigmoid(-x) * (1 - 2 * sigmoid(x)),
    ),
    "relu": (lambda x: max(x, 0), lambda x: 1 if x > 0 else 0, lambda x: 0),
    "linear": (lambda x: x, lambda x: 1, lambda x: 0),
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_moments_are_the_integrals(activation):
    phi, slope, second = CURVES[activation]
    wanted = (phi, lambda x: abs(phi(x)), lambda x: phi(x) ** 2, lambda x: abs(slope(x)),
              lambda x: slope(x) ** 2, lambda x: phi(x) * second(x))  # fmt: skip
    variances = [0.01, 0.4, 0.5, 0.6, 7.0, 150.0]  # both rules, and both sides of where they meet
    found = vars(moments(activation, variances)).values()
    for values, function in zip(found, wanted, strict=True):
        expected = [reference(function, v) for v in variances]
        np.testing.assert_allclose(values, expected, rtol=1e-11, atol=1e-13)
    assert moments(activation, 0.0).square == float(phi(0)) ** 2
    assert np.isnan(moments(activation, math.nan).square)


def test_the_saturated_share_is_the_tail_beyond_a_tenth_of_the_slope():
    for activation, edge, top in (("tanh", 1.8184464592320668, 1.0), ("sigmoid", 3.6368929184641337, 0.25)):
        assert float(CURVES[activation][1](edge)) == pytest.approx(0.1 * top)
        outside = reference(lambda x, edge=edge: 1 if abs(x) > edge else 0, 4.0)
        assert saturated_share(activation, 4.0) == pytest.approx(outside, abs=2e-3)
    assert np.isnan(saturated_share("relu", 1.0))


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_the_recursion_ends_at_its_fixed_point_as_fast_as_the_depth_says(activation):
    for value in (1.3, 2.0, 5.0):
        there = fixed_point(activation, value)
        q, distances = 1.0 if there.variance > 2 else 3.0, []
        for _ in range(400):
            distances.append(abs(q - float(there.variance)))
            q = value**2 * float(moments(activation, q).square)
        assert q == pytest.approx(float(there.variance), rel=1e-9)
        near = [d for d in distances if 1e-9 < d < 1e-3 * there.variance]
        assert near[1] / near[0] == pytest.approx(math.exp(-1.0 / there.variance_depth), rel=2e-3)
        assert there.gradient_depth == pytest.approx(-1.0 / math.log(there.chi))


def test_fixed_points_of_many_gains_are_those_of_each():
    gains = np.array([0.0, 0.5, 1.0, 1.2, 4.0, 30.0])
    for activation in ACTIVATIONS:
        together = fixed_point(activation, gains)
        for k, value in enumerate(gains):
            alone = fixed_point(activation, value)
            for name in ("variance", "chi", "variance_depth", "gradient_depth"):
                np.testing.assert_allclose(getattr(together, name)[k], getattr(alone, name))
    assert fixed_point("tanh", [0.5, 1.0]).variance.tolist() == [0.0, 0.0]
    assert fixed_point("relu", [1.0, 2.0]).variance.tolist() == [0.0, math.inf]
    assert np.isnan(fixed_point("linear", 1.0).variance)


def test_level_gains_are_where_a_gradient_is_kept():
    assert {a: round(level_gain(a), 3) for a in ACTIVATIONS} == {
        "linear": 1.0, "tanh": 1.0, "relu": 1.414, "sigmoid": 10.149,
    }  # fmt: skip
    for activation in ACTIVATIONS:
        below, level, above = fixed_point(
            activation, level_gain(activation) * np.array([0.95, 1.0, 1.05])
        ).chi
        assert below < 1.0 < above
        assert level == pytest.approx(1.0, abs=1e-9)
    assert saturated_share("sigmoid", fixed_point("sigmoid", level_gain("sigmoid")).variance) > 0.5


# Measurement against theory


def assert_close(measured, theory, slack):
    """Means over the draws within 5 standard errors and ``slack`` of theory, layer by layer."""
    mean, error = measured.mean(0), measured.std(0, ddof=1) / math.sqrt(len(measured))
    assert (np.abs(mean - theory) <= 5.0 * error + slack * np.abs(theory)).all(), (mean, theory)


@pytest.mark.parametrize("name", ["scaled", "kaiming", "standard_xavier", "orthogonal"])
@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_squares_of_straight_networks_have_the_mean_of_theory(activation, name):
    """Exact at any width for independent weights, so no slack but chance; orthogonal ones only nearly."""
    sizes = [60, 80, 100, 50, 40]
    measured = propagate(sizes, activation, name, draws=400, inputs=8)
    theory = mean_field(sizes, activation, name)
    slack = 0.02 if name == "orthogonal" else 0.0
    for quantity in ("square", "variance", "gradient_square", "error_square"):
        k = slice(1 if quantity in ("variance", "error_square") else 0, None)
        assert_close(getattr(measured, quantity)[:, k], getattr(theory, quantity)[k], slack)


@pytest.mark.parametrize("value", [0.6, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_everything_measured_lies_on_the_theory_of_wide_networks(activation, value):
    sizes = [400] * 9
    measured = propagate(sizes, activation, gain(value), draws=24, inputs=16)
    theory = mean_field(sizes, activation, gain(value))
    for quantity in ("magnitude", "square", "gradient", "gradient_square"):
        assert_close(getattr(measured, quantity), getattr(theory, quantity), 0.03)
    for quantity in ("error", "error_square", "variance", "weight_gradient"):
        assert_close(getattr(measured, quantity)[:, 1:], getattr(theory, quantity)[1:], 0.03)
    np.testing.assert_allclose(measured.std, theory.std, rtol=0.06)
    if activation in ("tanh", "sigmoid"):
        np.testing.assert_allclose(measured.idle.mean(0)[1:], theory.saturated[1:], atol=0.02)


def drawn_weights(seed, draw, layer, sizes, scheme):
    """What the engine draws, in plain NumPy."""
    quantiles = drawn_quantiles(seed, draw, layer, sizes)
    if type(scheme) is not Normal:
        return scheme.from_quantiles(quantiles)
    every = Normal("", "", lambda n, m: 1.0).from_quantiles((np.arange(32768) * 2 + 1)[None] / 65536)[0]
    units = np.rint(every * (32767 / every.max()))
    return units[((quantiles * 65536 - 1) / 2).astype(int)] * (scheme.std(*quantiles.shape) / units.std())


@pytest.mark.parametrize("name", sorted(set(INITIALIZERS) - {"ones", "constant", "zeros"}))
def test_every_scheme_is_drawn_with_its_standard_deviation(name):
    scheme = get_initializer(name)
    weights = np.stack([drawn_weights(3, draw, 1, (120, 90), scheme) for draw in range(12)])
    std = scheme.std(120, 90)
    assert weights.std() == pytest.approx(std, rel=0.01)
    assert abs(weights.mean()) < 0.02 * std
    if scheme.bound(120, 90):
        assert np.abs(weights).max() == pytest.approx(scheme.bound(120, 90), rel=1e-3)


# Measurement against autodiff


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", ["kaiming", "normalized_xavier", "orthogonal"])
def test_what_is_measured_is_what_torch_gives_for_the_same_draw(activation, name):
    sizes, draws, inputs = (7, 9, 6, 5), 3, 4
    measured = propagate(sizes, activation, name, draws=draws, inputs=inputs, seed=5)
    scheme = get_initializer(name)
    layers = [[drawn_weights(5, d, k, sizes, scheme) for d in range(draws)] for k in range(1, len(sizes))]
    function = {"linear": lambda z: z, "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}[
        activation
    ]
    for d in range(draws):
        signals = [np.random.Generator(np.random.SFC64([5, d, 0, end])) for end in (0, 1)]
        x = normal_quantiles(signals[0].random((inputs, sizes[0])))
        g = normal_quantiles(signals[1].random((inputs, sizes[-1])))
        wanted = {
            key: np.zeros(len(sizes))
            for key in ("magnitude", "square", "gradient", "error", "weight_gradient")
        }
        for row in range(inputs):
            ws = [torch.tensor(w[d], requires_grad=True) for w in layers]
            acts, sums = [torch.tensor(x[row], requires_grad=True)], [None]
            for w in ws:
                sums.append(acts[-1] @ w)
                acts.append(function(sums[-1]))
            for tensor in (*acts, *sums[1:]):
                tensor.retain_grad()
            acts[-1].backward(torch.tensor(g[row]))
            for k, a in enumerate(acts):
                wanted["magnitude"][k] += a.abs().mean().item() / inputs
                wanted["square"][k] += a.square().mean().item() / inputs
                wanted["gradient"][k] += a.grad.abs().mean().item() / inputs
                if k:
                    wanted["error"][k] += sums[k].grad.abs().mean().item() / inputs
                    wanted["weight_gradient"][k] += ws[k - 1].grad.abs().mean().item() / inputs
        for key, values in wanted.items():
            start = 1 if key in ("error", "weight_gradient") else 0
            np.testing.assert_allclose(getattr(measured, key)[d, start:], values[start:], rtol=1e-12)
        if d == 0:
            np.testing.assert_allclose(measured.activations[-1][-1], acts[-1].detach(), rtol=1e-12)


# What may go wrong in numbers, and is shown


def test_overflow_shows_in_the_layer_where_it_happens():
    half = propagate([100] * 11, "linear", gain(10.0), stored_as="float16").magnitude.mean(0)
    assert np.isfinite(half[:5]).all()  # 10**4 is a number in float16, 10**5 is infinite there
    assert not np.isfinite(half[5:]).any()
    assert np.isnan(half[-1])  # infinity minus infinity
    single = propagate([100] * 11, "linear", gain(1e5), stored_as="float32").magnitude.mean(0)
    assert np.isfinite(single[:8]).all()
    assert not np.isfinite(single[8:]).any()
    double = propagate([10] * 51, "linear", gain(1e6), draws=2).magnitude.mean(0)
    assert np.isfinite(double).all() == np.isfinite(double[51:]).all()
    assert np.isfinite(propagate([100] * 11, "linear", gain(1e5)).magnitude).all()


def test_a_gradient_that_becomes_too_small_is_exactly_zero():
    sizes = [100] * 31
    double = propagate(sizes, "sigmoid", gain(1.0)).gradient.mean(0)
    half = propagate(sizes, "sigmoid", gain(1.0), stored_as="float16").gradient.mean(0)
    assert (double > 0.0).all()
    assert (half[-5:] > 0.0).all()
    assert half[0] == 0.0
    assert (half[double < 1e-8] == 0.0).all()  # the least float16 is 6e-8


def test_zeros_kill_exactly_and_ones_make_all_units_the_same():
    zeros = propagate([20] * 5, "tanh", "zeros", draws=2)
    assert (zeros.magnitude[:, 1:] == 0.0).all()
    assert (zeros.weight_gradient[:, 1:4] == 0.0).all()
    assert (zeros.gradient[:, :4] == 0.0).all()
    assert (
        propagate([20] * 5, "sigmoid", "zeros").weight_gradient[:, 4] > 0.0
    ).all()  # the last has inputs of 1/2
    ones = propagate([20] * 5, "sigmoid", "ones", draws=2)
    assert [distinct_units(a) for a in ones.activations] == [20, 1, 1, 1, 1]
    some = propagate([20] * 5, "sigmoid", "normalized_xavier", draws=2)
    assert [distinct_units(a) for a in some.activations] == [20] * 5


def test_units_are_told_apart_at_any_scale():
    values = np.array([[1.0, 2.0, 1.0], [3.0, 4.0, 3.0]])
    for scale in (1e-200, 1.0, 1e200):
        assert distinct_units(values * scale) == 2
    assert distinct_units(np.zeros((4, 7))) == 1
    with pytest.raises(ValueError, match="shape"):
        distinct_units(np.zeros(3))


def test_dead_relu_units_are_those_that_no_input_wakes():
    measured = propagate([30] * 21, "relu", gain(1.0), draws=3, inputs=16)
    for layer, a in enumerate(measured.activations[1:], start=1):
        assert measured.idle[0, layer] == pytest.approx((a == 0.0).all(axis=0).mean())
    assert measured.idle[:, -1].mean() > 0.2  # deep down, all inputs look alike


# Draws, and what a caller may ask


def test_the_same_seed_means_the_same_luck_for_every_scheme_and_gain():
    one, three = (propagate([50] * 6, "linear", gain(g), seed=7) for g in (1.0, 3.0))
    np.testing.assert_allclose(three.magnitude, one.magnitude * 3.0 ** np.arange(6), rtol=1e-12)
    again = propagate([50] * 6, "linear", gain(1.0), seed=7)
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(again, name), getattr(one, name))
    other = propagate([50] * 6, "linear", gain(1.0), seed=8)
    assert not np.array_equal(other.magnitude, one.magnitude)
    normal, uniform = (
        propagate([50] * 6, "linear", s, seed=7).magnitude[:, -1] for s in ("lecun", gain(1.0))
    )
    assert np.corrcoef(np.log(normal), np.log(uniform))[0, 1] > 0.5


def test_a_draw_is_the_same_in_any_company():
    sizes = [30, 20, 40, 7]
    few, many = (propagate(sizes, "tanh", "kaiming", draws=d, inputs=5) for d in (3, 41))
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(many, name)[:3], getattr(few, name))
    for one, other in zip(few.activations, many.activations, strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_that_python_draws_are_those_of_the_engine():
    class Mine(Uniform):
        """Which the engine does not know, so that Python draws it."""

    limit = lambda n, m: 1.7 / math.sqrt(n)  # noqa: E731
    ours, mine = (
        propagate([9, 6, 11, 4], "tanh", kind("u", "U", limit), draws=3, inputs=6) for kind in (Uniform, Mine)
    )
    for name in MEASURES:
        np.testing.assert_allclose(getattr(mine, name), getattr(ours, name), rtol=1e-12)


@pytest.mark.parametrize("name", ["float16", "float32"])
def test_formats_round_as_numpys_do(name):
    sizes, kind = [40, 60], np.dtype(name).type
    for scale in (1e-9, 1e-7, 3e-5, 1.0, 300.0, 2e4, 1e39, 1e300):
        scheme = Uniform("u", "U", lambda n, m, scale=scale: scale)
        stored, exact = (
            propagate(sizes, "linear", scheme, draws=1, stored_as=f).activations[1] for f in (name, "float64")
        )
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(stored, exact.astype(kind).astype(np.float64))


def test_python_draws_weights_in_the_thread_that_asks():
    class Mine(Uniform):
        def from_quantiles(self, quantiles):
            threads.add(threading.current_thread())
            return super().from_quantiles(quantiles)

    threads = set()
    propagate([9] * 4, "relu", Mine("m", "M", lambda n, m: 1.0), draws=40)
    assert threads == {threading.current_thread()}


def test_progress_counts_and_cancelling_stops():
    seen = []
    propagate([10] * 4, draws=3, progress=lambda done, steps: seen.append((done, steps)))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (18, 18)  # three layers, forward and back, three times
    with pytest.raises(Cancelled):
        propagate([10] * 4, cancelled=lambda: True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"layer_sizes": [5]}, "number of layer_sizes is 1"),
        ({"layer_sizes": [5] * 52}, "number of layer_sizes is 52"),
        ({"layer_sizes": [5, 1001]}, r"layer_sizes\[1\] is 1001"),
        ({"activation": "swish"}, "swish"),
        ({"initializer": "nothing"}, "nothing"),
        ({"draws": 0}, "draws is 0"),
        ({"inputs": 5000}, "inputs is 5000"),
        ({"seed": -1}, "seed is -1"),
        ({"stored_as": "float8"}, "float8"),
    ],
)
def test_out_of_range_is_refused_by_name(arguments, words):
    with pytest.raises(ValueError, match=words):
        propagate(**{"layer_sizes": [5, 5], **arguments})


def test_theory_refuses_what_it_does_not_cover():
    with pytest.raises(ValueError, match="mean 0"):
        mean_field([5, 5], "tanh", "ones")
    with pytest.raises(TypeError, match="layer_sizes"):
        mean_field("5-5")
    with pytest.raises(ValueError, match="gain"):
        fixed_point("tanh", [1.0, math.nan])
    with pytest.raises(ValueError, match="swish"):
        moments("swish", 1.0)
    zeros = mean_field([5] * 3, "tanh", "zeros")
    assert zeros.magnitude[1:].tolist() == [0.0, 0.0]


def test_theory_and_measurement_name_the_same_things():
    shared = set(MEASURES) - {"idle"}
    assert shared <= set(MeanField.__dataclass_fields__)
    assert shared <= set(Propagation.__dataclass_fields__)


# Training


def test_a_deep_step_is_the_networks_own_gradient():
    x, t = counting_task()
    sizes, rate = (5, 8, 7, 5), 0.3
    network = Network(sizes, "tanh")
    rng = np.random.default_rng(4)
    weights = [get_initializer("kaiming").sample(n, m, rng) for n, m in pairwise(sizes)]
    parameters = np.concatenate([part for w in weights for part in (w.ravel(), np.zeros(w.shape[1]))])
    gradient = network.gradient(parameters, x, t).mean(0)
    steps = list(train_deep(x, t, [8, 7], "tanh", "kaiming", rate, batch=32, steps=2, seed=4))
    assert steps[0].loss == pytest.approx(network.loss(parameters, x, t))
    for k, (w, g) in enumerate(zip(weights, network.layers(gradient), strict=True)):
        assert steps[0].update[k] == pytest.approx(rate * np.linalg.norm(g[0]) / np.linalg.norm(w))
    np.testing.assert_allclose(steps[0].moved, steps[0].update)
    assert steps[1].loss == pytest.approx(network.loss(parameters - rate * gradient, x, t))


def test_a_deep_network_learns_from_the_right_gain_and_not_from_a_small_one():
    x, t = counting_task()
    hidden = [64] * 19
    right, small = (
        list(train_deep(2 * x - 1, t, hidden, "tanh", gain(g), 0.2, steps=300)) for g in (1.0, 3**-0.5)
    )
    assert right[-1].loss < 0.1
    assert small[-1].loss > 0.6
    assert small[-1].moved.max() < 0.01 < 0.1 < right[-1].moved.max()


def test_deep_training_refuses_and_ends_when_the_loss_does():
    x, t = counting_task()
    with pytest.raises(ValueError, match="as many rows"):
        train_deep(x, t[:5], [8])
    with pytest.raises(ValueError, match="batch"):
        train_deep(x, t, [8], batch=33)
    with pytest.raises(ValueError, match="linear"):
        train_deep(x, t, [8], "linear")
    wild = list(train_deep(x, t, [30] * 49, "relu", get_initializer("normal", std=1e6), 1.0, steps=50))
    assert len(wild) < 50
    still = list(train_deep(x, t, [8], "tanh", Constant("zeros", "", 0.0), steps=2))
    assert np.isnan(still[0].update).all()
