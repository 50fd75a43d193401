"""Simulated layers: they agree with the exact theory, say how far to trust them, and stay small."""

import math
import tracemalloc

import numpy as np
import pytest

from letkeman_viz import (
    expected_magnitude,
    get_initializer,
    layer_magnitude,
    simulate_chunks,
    simulate_magnitude,
    simulation,
)
from letkeman_viz.initializers import Uniform
from letkeman_viz.magnitude import SENSES
from letkeman_viz.simulation import INPUTS, QUANTITIES
from letkeman_viz.training import Cancelled


def refuses(error, words, call, *args, **kwargs):
    with pytest.raises(error) as caught:
        call(*args, **kwargs)
    for word in words:
        assert word in str(caught.value)


def agrees(estimate, expected, times=4.5):
    """Whether an estimate is within so many standard errors; seeds are fixed, so that this cannot flicker."""
    return abs(estimate.mean - expected) <= times * estimate.standard_error + 1e-12 * abs(expected)


# Against the theory


@pytest.mark.parametrize("n", [1, 2, 5, 25, 100, 300, 1000, 20_000])
def test_single_outputs(n):
    result = simulate_magnitude(n, draws=max(2000, 200_000 // n))
    assert agrees(result.estimate(), expected_magnitude(n))
    assert agrees(result.quantity("mean_square"), 1 / 3)
    exact = math.sqrt((1 / 3 - expected_magnitude(n) ** 2) / result.draws)
    assert result.standard_error == pytest.approx(exact, rel=0.08)
    assert (result.mean, result.standard_error) == result.estimate("forward") == result.estimate()


@pytest.mark.parametrize("size", [(1, 1), (5, 8), (100, 1), (1, 100), (30, 40), (7, 3001), (1200, 1000)])
@pytest.mark.parametrize("scheme", ["normalized_xavier", "standard_letkeman", "kaiming", "ones"])
def test_layers(scheme, size):
    result = simulate_magnitude(*size, scheme, draws=max(4, min(5000, 4_000_000 // math.prod(size))))
    for sense in SENSES:
        assert agrees(result.estimate(sense), layer_magnitude(scheme, *size, sense))
    assert result.estimate() == result.estimate("average") == (result.mean, result.standard_error)
    n, std, value = size[0], get_initializer(scheme).std(*size), float(scheme == "ones")
    assert agrees(result.quantity("mean_square"), n * std**2 + (n * value) ** 2)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 7), (7, 3)])
def test_orthogonal_layers(size):
    result = simulate_magnitude(*size, "orthogonal", draws=3000)
    for sense in ("forward", "backward"):
        assert agrees(result.estimate(sense), layer_magnitude("orthogonal", *size, sense))


def test_standard_errors_are_what_repetition_shows():
    results = [simulate_magnitude(20, 30, "normalized_xavier", draws=200, seed=s) for s in range(300)]
    for sense in SENSES:
        seen = np.std([r.estimate(sense).mean for r in results], ddof=1)
        told = np.mean([r.estimate(sense).standard_error for r in results])
        assert told == pytest.approx(seen, rel=0.2)  # 300 repetitions know it to 4 %


def test_a_weight_has_65536_values_and_the_right_variance():
    weights = np.concatenate([c.forward.ravel() for c in simulate_chunks(1, draws=300_000)])
    assert len(np.unique(weights)) > 60_000
    assert abs(weights).max() < 1
    assert np.array_equal(
        weights * 65536 % 2, np.ones(weights.size)
    )  # odd multiples of 1/65536: even spacing
    assert weights.var() == pytest.approx(1 / 3, rel=0.01)


# Inputs


@pytest.mark.parametrize("scheme", ["standard_letkeman", "lecun"])
@pytest.mark.parametrize("kind", INPUTS)
def test_inputs(kind, scheme):
    n, m = 60, 20
    result = simulate_magnitude(n, m, scheme, kind, draws=4000)
    variance = get_initializer(scheme).std(n, m) ** 2
    assert agrees(result.estimate("backward"), layer_magnitude(scheme, n, m, "backward"))  # always from ones
    assert agrees(result.quantity("mean_square"), variance * result.quantity("active_inputs").mean)
    size, active = {
        "ones": (1, n),
        "signs": (1, n),
        "one_hot": (1 / n, 1),
        "sigmoid": (0.5, n * 0.293379),  # the mean square of sigmoid(z), z standard normal
    }[kind]
    assert agrees(result.quantity("input_magnitude"), size)
    assert agrees(result.quantity("active_inputs"), active)
    if kind in ("ones", "signs"):
        assert agrees(result.estimate("forward"), layer_magnitude(scheme, n, m, "forward"))


def test_active_inputs_keep_the_magnitude_of_one_hot_inputs():
    one = get_initializer("standard_letkeman", active_inputs=1)
    assert agrees(simulate_magnitude(200, 10, one, "one_hot", draws=5000).estimate("forward"), 1)
    all_inputs = simulate_magnitude(200, 10, "standard_letkeman", "one_hot", draws=5000).estimate("forward")
    assert agrees(all_inputs, get_initializer("standard_letkeman").bound(200, 10) / 2)


@pytest.mark.parametrize("scheme", ["standard_xavier", "kaiming", "orthogonal"])
def test_inputs_of_ones_by_hand(scheme):
    """Through the general path, on the same random bits."""

    def ones(rng, shape):
        return np.ones(shape)

    for size in ((7,), (7, 5)):
        usual = simulate_magnitude(*size, initializer=scheme, draws=500)
        by_hand = simulate_magnitude(*size, initializer=scheme, inputs=ones, draws=500)
        np.testing.assert_allclose(by_hand.means, usual.means, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(by_hand.covariance, usual.covariance, rtol=1e-9, atol=1e-12)


def test_own_inputs_weigh_the_right_weights():
    def first_only(rng, shape):
        inputs = np.zeros(shape)
        inputs[:, 0] = 3.0
        return inputs

    result = simulate_magnitude(6, 4, get_initializer("uniform", bound=0.5), first_only, draws=5000)
    assert agrees(result.estimate("forward"), 0.75)
    assert result.quantity("active_inputs").mean == 9


# Chunks


@pytest.mark.parametrize(
    ("size", "scheme", "draws"),
    [((3,), "standard_xavier", 20_001), ((3, 5), "kaiming", 9001), ((900, 900), "normalized_xavier", 5)],
)
@pytest.mark.parametrize("inputs", ["ones", "signs"])
def test_chunks_add_up(size, scheme, draws, inputs):
    fan_in, fan_out = size[0], size[1] if len(size) == 2 else 1
    chunks = list(simulate_chunks(*size, initializer=scheme, inputs=inputs, draws=draws))
    result = simulate_magnitude(*size, initializer=scheme, inputs=inputs, draws=draws)
    done = np.cumsum([len(c.forward) for c in chunks])
    assert len(chunks) > 1
    assert max(np.diff(done)) <= simulation.MAX_CHUNK
    assert [c.so_far.draws for c in chunks] == done.tolist()
    assert done[-1] == draws == result.draws

    forward = np.concatenate([c.forward for c in chunks])
    assert forward.shape == (draws, fan_out)
    measured = [abs(forward).mean(1), (forward**2).mean(1)]
    if len(size) == 2:
        backward = np.concatenate([c.backward for c in chunks])
        assert backward.shape == (draws, fan_in)
        measured.append(abs(backward).mean(1))
        if inputs == "ones":  # all the weights of a layer, added either way
            np.testing.assert_allclose(forward.sum(1), backward.sum(1), atol=1e-9)
    else:
        assert all(c.backward.shape[1] == 0 for c in chunks)
    k = len(measured)
    for end in (chunks[-1].so_far, result):
        np.testing.assert_allclose(end.means[:k], np.mean(measured, axis=1), rtol=1e-12)
        np.testing.assert_allclose(end.covariance[:k, :k], np.cov(measured), rtol=1e-9)
    first = len(chunks[0].forward)
    assert math.isnan(chunks[0].so_far.standard_error) == (first == 1)
    assert chunks[0].so_far.means[0] == pytest.approx(abs(forward[:first]).mean(), rel=1e-12)


@pytest.mark.parametrize("inputs", ["ones", "signs"])
def test_a_layer_in_bands_is_a_whole_layer(monkeypatch, inputs):
    monkeypatch.setattr(simulation, "TILE", 400)
    for size in ((97, 13), (1000,), (3, 500)):
        chunks = list(simulate_chunks(*size, initializer="lecun", inputs=inputs, draws=600))
        assert [len(c.forward) for c in chunks] == [1] * 600
        fan_out = size[1] if len(size) == 2 else 1
        result = chunks[-1].so_far
        assert agrees(result.estimate("forward"), layer_magnitude("lecun", size[0], fan_out, "forward"))
        if len(size) == 2:
            assert agrees(result.estimate("backward"), layer_magnitude("lecun", *size, "backward"))
            if inputs == "ones":
                np.testing.assert_allclose(
                    [c.forward.sum() for c in chunks], [c.backward.sum() for c in chunks], atol=1e-9
                )


def test_bands_meet_their_own_inputs(monkeypatch):
    def last_only(rng, shape):
        inputs = np.zeros(shape)
        inputs[:, -1] = 3.0
        return inputs

    monkeypatch.setattr(simulation, "TILE", 400)
    uniform = get_initializer("uniform", bound=0.5)
    assert agrees(simulate_magnitude(97, 13, uniform, last_only, draws=600).estimate("forward"), 0.75)


@pytest.mark.parametrize("scheme", ["standard_xavier", "kaiming", "orthogonal"])
def test_the_seed_decides(scheme):
    one, same = (simulate_magnitude(8, 3, scheme, "signs", draws=300, seed=5) for _ in range(2))
    other = simulate_magnitude(8, 3, scheme, "signs", draws=300, seed=6)
    assert np.array_equal(one.means, same.means)
    assert np.array_equal(one.covariance, same.covariance)
    assert one.mean != other.mean


def test_schemes_of_one_family_see_the_same_draws():
    xavier, letkeman = (simulate_magnitude(9, 4, s, draws=1000).mean for s in ("standard_xavier", "scaled"))
    assert letkeman == pytest.approx(math.sqrt(3) * xavier, rel=1e-12)


# What it costs, and stopping


@pytest.mark.parametrize(
    ("size", "scheme", "inputs", "draws"),
    [
        ((10**6,), "standard_xavier", "ones", 3),
        ((10**6, 1), "standard_xavier", "signs", 2),
        ((1, 10**6), "normalized_xavier", "ones", 2),
        ((2, 10**6), "kaiming", "sigmoid", 2),
        ((2000, 2500), "normalized_xavier", "sigmoid", 2),
        ((1, 1), "normalized_xavier", "ones", 300_000),
        ((64, 1), "kaiming", "signs", 20_000),
        ((512, 512), "orthogonal", "ones", 2),
    ],
)
def test_memory_is_bounded(size, scheme, inputs, draws):
    tracemalloc.start()
    try:
        simulate_magnitude(*size, initializer=scheme, inputs=inputs, draws=draws)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100e6


def test_sums_too_large_for_32_bits():
    many = 200_000  # that many draws of 16 bits add up to about 1.5 times 2**32
    assert agrees(simulate_magnitude(many, draws=200).estimate(), expected_magnitude(many))
    result = simulate_magnitude(2, many, "normalized_xavier", draws=50)
    assert agrees(result.estimate("backward"), layer_magnitude("normalized_xavier", 2, many, "backward"))


@pytest.mark.parametrize("size", [(1000,), (10**6, 10**6)])
def test_it_can_be_stopped(size):
    asked = []

    def enough():
        asked.append(True)
        return len(asked) == 4

    with pytest.raises(Cancelled):
        simulate_magnitude(*size, draws=10**6, cancelled=enough)
    assert len(asked) == 4


def test_progress():
    told = []
    simulate_magnitude(500, draws=9000, progress=lambda done, draws: told.append((done, draws)))
    assert len(told) > 2
    assert told == sorted(told)
    assert told[-1] == (9000, 9000)
    assert {draws for _, draws in told} == {9000}


# Refusals


@pytest.mark.parametrize("call", [simulate_magnitude, simulate_chunks])
@pytest.mark.parametrize(
    ("error", "words", "settings"),
    [
        (ValueError, ["fan_in", "0", "1 to 1000000"], {"fan_in": 0}),
        (TypeError, ["fan_in", "2.5"], {"fan_in": 2.5}),
        (ValueError, ["fan_out", "1000001"], {"fan_out": 1_000_001}),
        (ValueError, ["initializer", "'glorot'", "kaiming"], {"initializer": "glorot"}),
        (ValueError, ["inputs", "'twos'", "one_hot"], {"inputs": "twos"}),
        (TypeError, ["inputs", "None"], {"inputs": None}),
        (ValueError, ["draws", "1", "2 to 1000000000"], {"draws": 1}),
        (ValueError, ["seed", "-1"], {"seed": -1}),
        (ValueError, ["'Orthogonal'", "640000", "262144"], {"fan_out": 80_000, "initializer": "orthogonal"}),
    ],
)
def test_refusals_come_before_any_draw(call, error, words, settings):
    refuses(error, words, call, **{"fan_in": 8, **settings})


def test_inputs_of_the_wrong_shape():
    def flat(rng, shape):
        return np.ones(shape[1])

    refuses(ValueError, ["inputs", "(3,)", "(50, 3)"], simulate_magnitude, 3, inputs=flat, draws=50)


def test_what_was_not_simulated_is_not_told():
    single, layer = simulate_magnitude(3, draws=10), simulate_magnitude(3, 4, draws=10)
    refuses(ValueError, ["'backward'", "fan_out=None"], single.estimate, "backward")
    refuses(ValueError, ["sense", "'mean'", *SENSES], layer.estimate, "mean")
    refuses(ValueError, ["quantity", "'std'", *QUANTITIES], layer.quantity, "std")


def test_an_own_scheme_is_drawn_by_itself():
    class Twice(Uniform):
        def from_quantiles(self, quantiles):
            return 2 * super().from_quantiles(quantiles)

    twice = Twice("twice", "Twice", lambda fan_in, fan_out: fan_in**-0.5)
    result = simulate_magnitude(4, 3, twice, draws=3000)
    assert result.label == "Twice"
    assert agrees(result.estimate("forward"), 2 * expected_magnitude(4))
