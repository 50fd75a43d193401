"""Schemes: what they say they draw, what they draw, and that they all share one draw."""

import math
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest

from letkeman_viz import (
    INITIALIZERS,
    Initializer,
    approximate,
    approximate_normalized,
    expected_magnitude,
    get_initializer,
    normalized_magnitude,
    register_initializer,
    train,
    train_one,
)
from letkeman_viz.initializers import Constant, Normal, Uniform

FANS = [(1, 1), (5, 8), (8, 8), (8, 5), (784, 128), (3, 1000)]

# name, options, label, std(n, m) and bound(n, m) as the literature has them; n inputs, m outputs.
SCHEMES = {
    "zeros": ("zeros", {}, "All zeros", lambda n, m: 0.0, None),
    "ones": ("ones", {}, "All ones", lambda n, m: 0.0, None),
    "standard_xavier": (
        "standard_xavier",
        {},
        "Standard Xavier",
        lambda n, m: (3 * n) ** -0.5,
        lambda n, m: n**-0.5,
    ),
    "normalized_xavier": (
        "normalized_xavier",
        {},
        "Normalized Xavier",
        lambda n, m: (2 / (n + m)) ** 0.5,
        lambda n, m: (6 / (n + m)) ** 0.5,
    ),
    "kaiming": ("kaiming", {}, "Kaiming", lambda n, m: (2 / n) ** 0.5, None),
    "kaiming fan_in": ("kaiming", {"mode": "fan_in"}, "Kaiming", lambda n, m: (2 / n) ** 0.5, None),
    "kaiming fan_out": (
        "kaiming",
        {"mode": "fan_out"},
        "Kaiming (fan-out)",
        lambda n, m: (2 / m) ** 0.5,
        None,
    ),
    "constant": ("constant", {"value": 0.9}, "All 0.9", lambda n, m: 0.0, None),
    "uniform": (
        "uniform",
        {"bound": 0.3},
        "Uniform ±0.3",
        lambda n, m: 0.3 / 3**0.5,
        lambda n, m: 0.3,
    ),
    "normal": ("normal", {"std": 0.2}, "Normal, std 0.2", lambda n, m: 0.2, None),
    "scaled": (
        "scaled",
        {"gain": 1.25},
        "Uniform, gain 1.25",
        lambda n, m: 1.25 * n**-0.5,
        lambda n, m: 1.25 * (3 / n) ** 0.5,
    ),
    "orthogonal": ("orthogonal", {}, "Orthogonal", lambda n, m: max(n, m) ** -0.5, None),
    "orthogonal 2": (
        "orthogonal",
        {"gain": 2},
        "Orthogonal, gain 2",
        lambda n, m: 2 * max(n, m) ** -0.5,
        None,
    ),
    "lecun": ("lecun", {}, "LeCun", lambda n, m: n**-0.5, None),
    "standard_letkeman": (
        "standard_letkeman",
        {},
        "Standard Letkeman",
        lambda n, m: (3 * n) ** -0.5 / expected_magnitude(n),
        lambda n, m: n**-0.5 / expected_magnitude(n),
    ),
    "standard_letkeman article": (
        "standard_letkeman",
        {"method": "article"},
        "Standard Letkeman (article's approximation)",
        lambda n, m: (3 * n) ** -0.5 / approximate(n),
        lambda n, m: n**-0.5 / approximate(n),
    ),
    "normalized_letkeman": (
        "normalized_letkeman",
        {"method": "exact"},
        "Normalized Letkeman",
        lambda n, m: (2 / (n + m)) ** 0.5 / normalized_magnitude(n, m),
        lambda n, m: (6 / (n + m)) ** 0.5 / normalized_magnitude(n, m),
    ),
    "normalized_letkeman article": (
        "normalized_letkeman",
        {"method": "article"},
        "Normalized Letkeman (article's approximation)",
        lambda n, m: (2 / (n + m)) ** 0.5 / approximate_normalized(n, m),
        lambda n, m: (6 / (n + m)) ** 0.5 / approximate_normalized(n, m),
    ),
}
RANDOM = [key for key in SCHEMES if key not in ("zeros", "ones", "constant")]
UNIFORM = [key for key in SCHEMES if SCHEMES[key][4] is not None]
ORTHOGONAL = ["orthogonal", "orthogonal 2"]
NORMAL = [key for key in RANDOM if key not in UNIFORM + ORTHOGONAL]
# They do not look at fan_in, so that active inputs change nothing.
BLIND = ["zeros", "ones", "constant", "uniform", "normal", "kaiming fan_out"]


def make(key, **more):
    name, options, *_ = SCHEMES[key]
    return get_initializer(name, **options, **more)


def draw(key, fan_in, fan_out, seed=7):
    return make(key).sample(fan_in, fan_out, np.random.default_rng(seed))


@pytest.fixture
def registry():
    """INITIALIZERS, put back as it was afterwards."""
    before = dict(INITIALIZERS)
    yield INITIALIZERS
    INITIALIZERS.clear()
    INITIALIZERS.update(before)


def refuses(error, words, call, *args, **kwargs):
    with pytest.raises(error) as caught:
        call(*args, **kwargs)
    for word in words:
        assert word in str(caught.value)


# What a scheme says


@pytest.mark.parametrize("key", SCHEMES)
def test_name_and_label(key):
    name, _, label, *_ = SCHEMES[key]
    assert name in INITIALIZERS
    assert (make(key).name, make(key).label) == (name, label)
    assert isinstance(make(key), Initializer)


@pytest.mark.parametrize(("fan_in", "fan_out"), FANS)
@pytest.mark.parametrize("key", SCHEMES)
def test_std_and_bound_follow_the_formulas(key, fan_in, fan_out):
    *_, std, bound = SCHEMES[key]
    assert make(key).std(fan_in, fan_out) == pytest.approx(std(fan_in, fan_out), rel=1e-14)
    if bound is None:
        assert make(key).bound(fan_in, fan_out) is None
    else:
        assert make(key).bound(fan_in, fan_out) == pytest.approx(bound(fan_in, fan_out), rel=1e-14)


def test_the_schemes_of_square_layers_differ_in_one_number():
    def gain(name):
        return get_initializer(name).gain(10**6, 10**6)

    known = {"standard_xavier": 0.5774, "lecun": 1.0, "normalized_xavier": 1.0, "kaiming": 1.4142}
    assert {name: round(gain(name), 4) for name in known} == known
    for name in ("standard_letkeman", "normalized_letkeman"):
        assert gain(name) == pytest.approx(math.sqrt(math.pi / 2), rel=1e-6)
    small = [get_initializer("standard_letkeman").gain(n, 1) for n in (1, 2, 3)]
    assert small == pytest.approx([1.1547, 1.2247, 1.2308], abs=5e-5)


@pytest.mark.parametrize("gain", [0.0, 0.5, 4.0])
def test_scaled_has_the_gain_it_is_given(gain):
    for fan_in, fan_out in FANS:
        assert get_initializer("scaled", gain=gain).gain(fan_in, fan_out) == pytest.approx(gain, rel=1e-14)


@pytest.mark.parametrize("n", [1, 5, 100])
def test_standard_xavier_does_not_keep_the_variance(n):
    assert n * get_initializer("standard_xavier").std(n, n) ** 2 == pytest.approx(1 / 3)
    assert n * get_initializer("normalized_xavier").std(n, n) ** 2 == pytest.approx(1)
    assert n * get_initializer("kaiming").std(n, n) ** 2 == pytest.approx(2)


# What a scheme draws


@pytest.mark.parametrize("key", SCHEMES)
def test_sample_has_the_shape_asked_for(key):
    weights = draw(key, 3, 4)
    assert weights.shape == (3, 4)
    assert weights.dtype == np.float64


@pytest.mark.parametrize(("name", "value"), [("zeros", 0.0), ("ones", 1.0), ("constant", 0.9)])
def test_constants(name, value):
    assert (draw(name, 5, 8) == value).all()


@pytest.mark.parametrize("key", UNIFORM + NORMAL)
def test_moments_of_a_large_sample(key):
    weights = draw(key, 400, 700)
    std = make(key).std(400, 700)
    count = weights.size
    assert abs(weights.mean()) < 5 * std / math.sqrt(count)
    kurtosis = 1.8 if key in UNIFORM else 3.0
    spread = std * math.sqrt((kurtosis - 1) / (4 * count))  # standard error of a standard deviation
    assert abs(weights.std() - std) < 5 * spread
    assert ((weights / std) ** 4).mean() == pytest.approx(kurtosis, rel=0.02)


@pytest.mark.parametrize("key", UNIFORM)
def test_uniform_schemes_fill_their_interval(key):
    weights, bound = draw(key, 400, 700), make(key).bound(400, 700)
    assert -bound <= weights.min() < -0.9999 * bound
    assert 0.9999 * bound < weights.max() <= bound


def test_normal_scheme_survives_a_draw_of_exactly_zero():
    weights = get_initializer("kaiming").from_quantiles(np.array([[0.0, 0.5, 1 - 2**-53]]))
    assert np.isfinite(weights).all()
    assert weights[0, 0] < weights[0, 1] == 0.0 < weights[0, 2]


@pytest.mark.parametrize(("fan_in", "fan_out"), FANS)
@pytest.mark.parametrize("key", ORTHOGONAL)
def test_orthogonal_rows_or_columns(key, fan_in, fan_out):
    weights = draw(key, fan_in, fan_out) / SCHEMES[key][1].get("gain", 1)
    products = weights @ weights.T if fan_in <= fan_out else weights.T @ weights
    np.testing.assert_allclose(products, np.eye(min(fan_in, fan_out)), atol=1e-13)
    assert (weights**2).mean() == pytest.approx(1 / max(fan_in, fan_out))


def test_orthogonal_is_uniform_over_rotations():
    """Without a choice of signs, the first entry of a QR decomposition never changes its sign."""
    rng = np.random.default_rng(1)
    entries = np.array([get_initializer("orthogonal").sample(2, 2, rng).ravel() for _ in range(2000)])
    assert (abs(entries.mean(axis=0)) < 4 * math.sqrt(0.5 / 2000)).all()
    turned = entries[:, 0] * entries[:, 3] - entries[:, 1] * entries[:, 2]
    assert abs(turned.mean()) < 4 / math.sqrt(2000)  # reflections are as likely as rotations


# One draw for all


@pytest.mark.parametrize(("fan_in", "fan_out"), FANS)
def test_uniform_schemes_are_multiples_of_each_other(fan_in, fan_out):
    for one, other in pairwise(UNIFORM):
        ratio = make(one).bound(fan_in, fan_out) / make(other).bound(fan_in, fan_out)
        np.testing.assert_allclose(
            draw(one, fan_in, fan_out), ratio * draw(other, fan_in, fan_out), rtol=2e-15
        )


@pytest.mark.parametrize("key", NORMAL)
def test_normals_are_the_quantiles_of_the_same_uniforms(key):
    uniforms = np.random.default_rng(7).random((20, 30))
    bound = make("standard_xavier").bound(20, 30)
    recovered = (draw("standard_xavier", 20, 30) / bound + 1) / 2
    np.testing.assert_allclose(recovered, uniforms, rtol=0, atol=1e-15)
    expected = np.vectorize(NormalDist(0, make(key).std(20, 30)).inv_cdf)(recovered)
    np.testing.assert_allclose(draw(key, 20, 30), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("size", [(9, 4), (4, 9)])
def test_orthogonal_is_made_of_the_same_normals(size):
    weights, normals = draw("orthogonal", *size), draw("normal", *size)
    if size[0] < size[1]:
        weights, normals = weights.T, normals.T
    triangle = weights.T @ normals  # normals = weights times an upper triangle with a positive diagonal
    np.testing.assert_allclose(weights @ triangle, normals, atol=1e-13)
    np.testing.assert_allclose(np.tril(triangle, -1), 0, atol=1e-13)
    assert (np.diagonal(triangle) > 0).all()


@pytest.mark.parametrize("key", SCHEMES)
def test_every_scheme_leaves_the_generator_in_the_same_state(key):
    rng, expected = np.random.default_rng(3), np.random.default_rng(3)
    make(key).sample(6, 9, rng)
    expected.random(6 * 9)
    assert rng.bit_generator.state == expected.bit_generator.state


@pytest.mark.parametrize("key", RANDOM)
def test_the_seed_decides_the_draw(key):
    assert np.array_equal(draw(key, 5, 8, seed=1), draw(key, 5, 8, seed=1))
    assert not np.isclose(draw(key, 5, 8, seed=1), draw(key, 5, 8, seed=2)).any()


# The Active Node Method


@pytest.mark.parametrize("active", [1, 87.81, 5000])
@pytest.mark.parametrize("key", SCHEMES)
def test_active_inputs_stand_in_for_the_number_of_inputs(key, active):
    _, _, label, std, bound = SCHEMES[key]
    scheme = make(key, active_inputs=active)
    for n, m in FANS:
        counted = n if key in BLIND else active
        assert scheme.std(n, m) == pytest.approx(std(counted, m), rel=1e-14)
        if bound is not None:
            assert scheme.bound(n, m) == pytest.approx(bound(counted, m), rel=1e-14)
    note = "" if key in BLIND else ", 1 active input" if active == 1 else f", {active:g} active inputs"
    assert scheme.label == label + note
    assert scheme.name == make(key).name


@pytest.mark.parametrize("key", RANDOM)
def test_active_inputs_only_scale_the_draw(key):
    rng = np.random.default_rng(7)
    ratio = make(key, active_inputs=3).std(20, 30) / make(key).std(20, 30)
    weights = make(key, active_inputs=3).sample(20, 30, rng)
    np.testing.assert_allclose(weights, ratio * draw(key, 20, 30), rtol=1e-13)


def test_one_active_input_gives_one_hot_layers_magnitude_one():
    assert get_initializer("standard_letkeman", active_inputs=1).bound(65, 100) == 2.0
    assert (
        get_initializer("standard_letkeman", active_inputs=0.25).bound(65, 100) == 4.0
    )  # one input of a half


@pytest.mark.parametrize(
    ("active", "error"),
    [
        *[(active, ValueError) for active in (0, -1, math.nan, math.inf, 2e6)],
        *[(active, TypeError) for active in ("1", True, [1])],
    ],
)
@pytest.mark.parametrize("key", SCHEMES)
def test_bad_active_inputs(key, active, error):
    refuses(error, ["active_inputs", "1e+06"], make, key, active_inputs=active)


@pytest.mark.parametrize("name", ["standard_letkeman", "normalized_letkeman"])
def test_the_articles_approximations_start_at_one_input(name):
    options = {"method": "article", "active_inputs": 0.5}
    refuses(ValueError, ["active_inputs", "0.5", "from 1 to"], get_initializer, name, **options)


# Looking a scheme up


def test_a_ready_initializer_is_returned_as_it_is():
    ready = get_initializer("kaiming", mode="fan_out")
    assert get_initializer(ready) is ready
    refuses(TypeError, ["mode", "ready Initializer"], get_initializer, ready, mode="fan_in")


@pytest.mark.parametrize(
    ("name", "error"), [("glorot", ValueError), ("", ValueError), (3, TypeError), (None, TypeError)]
)
def test_an_unknown_name_lists_the_choices(name, error):
    refuses(error, [repr(name), *INITIALIZERS], get_initializer, name)


def test_unknown_options():
    refuses(TypeError, ["'ones'", "mode"], get_initializer, "ones", mode="fan_in")
    refuses(TypeError, ["'kaiming'", "gain"], get_initializer, "kaiming", gain=2)
    refuses(ValueError, ["mode", "'fan_avg'", "fan_in, fan_out"], get_initializer, "kaiming", mode="fan_avg")
    refuses(TypeError, ["mode", "3", "fan_in, fan_out"], get_initializer, "kaiming", mode=3)
    refuses(
        ValueError,
        ["method", "'best'", "exact, article"],
        get_initializer,
        "standard_letkeman",
        method="best",
    )


@pytest.mark.parametrize(
    ("name", "option", "low", "high"),
    [
        ("constant", "value", -1e6, 1e6),
        ("uniform", "bound", 0, 1e6),
        ("normal", "std", 0, 1e6),
        ("scaled", "gain", 0, 1e6),
        ("orthogonal", "gain", 0, 1e6),
    ],
)
def test_bad_scales(name, option, low, high):
    for value in (low - 1e-3, high * 1.01, math.nan):
        refuses(
            ValueError, [option, str(value), f"{low:g} to {high:g}"], get_initializer, name, **{option: value}
        )
    refuses(TypeError, [option, "'1'"], get_initializer, name, **{option: "1"})
    for value in (low, high):
        assert np.isfinite(
            get_initializer(name, **{option: value}).sample(3, 2, np.random.default_rng(1))
        ).all()


def test_every_scheme_can_be_had_by_its_name_alone():
    for name in INITIALIZERS:
        assert get_initializer(name).name == name
        assert (INITIALIZERS[name].__doc__ or "").strip()


@pytest.mark.parametrize(
    ("fan", "error"),
    [
        (0, ValueError),
        (-1, ValueError),
        (10**7, ValueError),
        (True, TypeError),
        (1.5, TypeError),
        ("8", TypeError),
    ],
)
@pytest.mark.parametrize("key", ["ones", "standard_xavier", "kaiming"])
def test_bad_fans(key, fan, error):
    rng = np.random.default_rng(0)
    refuses(error, ["fan_in", repr(fan), "1 to 1000000"], make(key).sample, fan, 8, rng)
    refuses(error, ["fan_out", repr(fan), "1 to 1000000"], make(key).sample, 8, fan, rng)
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state  # and nothing was drawn


@pytest.mark.parametrize("rng", [None, 1, np.random.RandomState(1), np.random])
def test_rng_must_be_a_generator(rng):
    refuses(
        TypeError, ["rng", "numpy.random.Generator", "default_rng(seed)"], make("kaiming").sample, 5, 8, rng
    )


# A scheme of one's own


def halves(value=0.5):
    return Constant("halves", "All halves", value)


def test_a_registered_scheme_works_everywhere(registry):
    register_initializer("halves", halves)
    assert get_initializer("halves").sample(2, 3, np.random.default_rng()).tolist() == [[0.5] * 3] * 2
    assert get_initializer("halves", value=0.25).value == 0.25
    run = train("halves", epochs=2)
    assert (run.initializer, run.label) == ("halves", "All halves")
    assert (run.parameters_at(0)[0][0] == 0.5).all()
    assert train_one(initializer="halves", max_updates=0).label == "All halves"
    refuses(ValueError, ["halves", "kaiming"], get_initializer, "quarters")


@pytest.mark.parametrize(
    "scheme",
    [
        Uniform("wide", "Wide", lambda fan_in, fan_out: 2.0 * fan_out),
        Normal("wide", "Wide", lambda fan_in, fan_out: 2.0 * fan_out / math.sqrt(3)),
    ],
)
def test_own_scale(registry, scheme):
    register_initializer("wide", lambda: scheme)
    weights = get_initializer("wide").sample(300, 200, np.random.default_rng(5))
    assert weights.std() == pytest.approx(400 / math.sqrt(3), rel=0.02)
    assert weights.std() == pytest.approx(scheme.std(300, 200), rel=0.02)


def test_an_own_subclass_and_the_shape_it_owes(registry):
    class Flat(Constant):
        def from_quantiles(self, quantiles):
            return quantiles.ravel()

    register_initializer("flat", lambda: Flat("flat", "Flat", 0.0))
    refuses(ValueError, ["'flat'", "(40,)", "(5, 8)"], train, "flat", epochs=0)


@pytest.mark.parametrize("name", ["kaiming", "two words", "", "1st", 3, None])
def test_register_refuses_bad_or_taken_names(registry, name):
    before = dict(registry)
    refuses(ValueError, [repr(name)], register_initializer, name, halves)
    assert registry == before


def test_register_refuses_what_cannot_be_called(registry):
    refuses(TypeError, ["factory", "Constant"], register_initializer, "halves", halves())
    assert "halves" not in registry
