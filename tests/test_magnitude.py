"""The theory: exact values against independent ones, the article's tables, its approximations' errors."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from letkeman_viz import (
    approximate,
    approximate_normalized,
    expected_magnitude,
    get_initializer,
    irwin_hall_pdf,
    layer_magnitude,
    normalized_magnitude,
    simulate_magnitude,
)
from letkeman_viz.initializers import Uniform
from letkeman_viz.magnitude import _SERIES, SENSES

LIMIT = math.sqrt(2 / (3 * math.pi))

# E|S_n| to 15 digits, computed independently.
EXACT = {
    1: 1 / 2,
    2: math.sqrt(2) / 3,
    3: 13 / (16 * math.sqrt(3)),
    4: 7 / 15,
    5: 0.465459289066362,
    8: 0.463610133873191,
    10: 0.463008189377598,
    25: 0.461587475305244,
    100: 0.460889648666036,
    300: 0.460735692740925,
    1000: 0.460681903430250,
    10000: 0.460661169301355,
}

# The article's first table: a million draws each.
ARTICLE_SINGLE = {
    1: 0.500474810495207,
    5: 0.4658366066117104,
    25: 0.4617913077193642,
    100: 0.4611953525250335,
    300: 0.4603023799913436,
    1000: 0.4605755033078747,
}

# (n, m): the article's forward, backward, average; then true forward and backward; exact to six decimals.
LAYERS = {
    (1, 1): (0.866025, 0.866025, 0.866025, 0.866025, 0.866025),
    (5, 5): (0.806199, 0.806199, 0.806199, 0.806199, 0.806199),
    (100, 1): (12.186667, 0.011233, 0.131782, 1.123342, 0.121867),
    (15, 25): (0.536316, 1.155537, 0.768524, 0.693322, 0.893860),
    (10, 100): (0.107641, 3.419542, 0.408723, 0.341954, 1.076406),
    (100, 50): (1.304248, 0.460890, 0.742009, 0.921779, 0.652124),
    (100, 300): (0.325789, 1.693417, 0.667696, 0.564472, 0.977368),
    (1000, 10): (11.285053, 0.011228, 0.122850, 1.122835, 0.112851),
    (1, 10000): (0.000113, 122.468364, 0.012358, 0.012247, 1.128328),
    (3, 10000): (0.000338, 66.330398, 0.020232, 0.019899, 1.128216),
}
COLUMNS = ("article_forward", "article_backward", "average", "forward", "backward")

# What the article printed there, from 5,000 layers each: forward, backward, average.
ARTICLE_LAYERS = {
    (1, 1): (0.8594973435645746, 0.8594973435645746, 0.8594973435645746),
    (5, 5): (0.8084311839378276, 0.8045734522931961, 0.806502318115512),
    (100, 1): (12.187413775506647, 0.011053896083235643, 0.1316119146913889),
    (15, 25): (0.5368980806669289, 1.1514005259906934, 0.7673364976633413),
    (10, 100): (0.1077280335302238, 3.4205235980572755, 0.4088912666690458),
    (100, 50): (1.3046534263608478, 0.46020072148131086, 0.7416849564411578),
    (100, 300): (0.3257606846562078, 1.6939843417948686, 0.6678165989408731),
    (1000, 10): (11.277801840070467, 0.011307052186118244, 0.1228565055315076),
    (1, 10000): (0.00011277174801493292, 122.47346786077979, 0.01235888264582831),
    (3, 10000): (0.0003375413496494392, 66.31341829144523, 0.020225499187326784),
}


def refuses(error, words, call, *args, **kwargs):
    with pytest.raises(error) as caught:
        call(*args, **kwargs)
    for word in words:
        assert word in str(caught.value)


def by_fractions(n):
    """E|S_n| from the alternating sum in exact fractions: right for any n, and slow."""
    terms = sum((-1) ** k * math.comb(n, k) * (n - 2 * k) ** (n + 1) for k in range((n + 1) // 2))
    exact = Fraction(2 * terms, 2**n * math.factorial(n + 1))
    return float(mpmath.mpf(exact.numerator) / exact.denominator / mpmath.sqrt(n))


def by_integral(n):
    """E|S_n| = 2/pi times the integral of (1 - (sin at / at)^n) / t^2, a = 1/sqrt n, in 30 digits."""
    with mpmath.workdps(30):
        a = 1 / mpmath.sqrt(n)
        lobes = [k * mpmath.pi / a for k in range(0, 41)]  # where the sine is 0
        points = [k for k in range(0, 30, 2) if k < lobes[1]] + lobes[1:] if n > 40 else lobes

        def integrand(t):
            return (1 - mpmath.sinc(a * t) ** n) / t**2 if t else mpmath.mpf(1) / 6

        return float(2 / mpmath.pi * (mpmath.quad(integrand, points) + 1 / points[-1]))


# E|S_n|


@pytest.mark.parametrize("n", EXACT)
def test_the_known_values(n):
    assert expected_magnitude(n) == pytest.approx(EXACT[n], rel=2e-15)


@pytest.mark.parametrize("n", [16, 25, 40, 41, 50, 1000, 10**4, 10**6])
def test_against_the_fourier_integral(n):
    assert expected_magnitude(n) == pytest.approx(by_integral(n), rel=1e-13)


@pytest.mark.parametrize("n", [*range(1, 101), 200, 500])
def test_against_exact_fractions(n):
    assert expected_magnitude(n) == pytest.approx(by_fractions(n), rel=5e-16, abs=0)


def test_the_coefficients_of_the_series():
    """Derived anew, in fractions: log sinc -> exp -> moments of 1/t^2 against a normal."""
    count = len(_SERIES)
    sinc = [Fraction((-1) ** k, math.factorial(2 * k + 1)) for k in range(count + 1)]
    log = [Fraction(0)]
    for k in range(1, count + 1):
        log.append(sinc[k] - sum(Fraction(j, k) * log[j] * sinc[k - j] for j in range(1, k)))
    # With t^2 = 3 s / n, n log sinc(t) is -s/2 plus the sum over j >= 1 of log[j + 1] (3 s)^(j + 1) / n^j.
    powers = [{0: Fraction(1)}]
    for j in range(1, count):
        here = {}
        for i in range(1, j + 1):
            for q, c in powers[j - i].items():
                here[q + i + 1] = here.get(q + i + 1, 0) + Fraction(i, j) * log[i + 1] * 3 ** (i + 1) * c
        powers.append(here)
    moments = [sum(c * math.prod(range(-1, 2 * q - 2, 2)) for q, c in here.items()) for here in powers]
    assert moments[1:3] == [Fraction(1, 20), Fraction(11, 1120)]
    assert tuple(float(m) for m in moments) == _SERIES


def test_it_falls_from_a_half_to_its_limit():
    values = expected_magnitude(np.arange(1, 10**6 + 1))
    assert values[0] == 0.5
    assert (np.diff(values) < 0).all()
    assert LIMIT < values[-1] < LIMIT * (1 + 1e-7)


def test_magnitude_is_nearly_a_fixed_share_of_the_standard_deviation():
    n = np.arange(5, 2000)
    share = expected_magnitude(n) * math.sqrt(3)
    assert share == pytest.approx(math.sqrt(2 / math.pi), rel=0.0105)
    assert expected_magnitude(1) * math.sqrt(3) == pytest.approx(0.866, abs=1e-3)


@pytest.mark.parametrize("n", [7, 7.0, np.int32(7), np.float32(7), np.array(7)])
def test_one_number_gives_one_number(n):
    value = expected_magnitude(n)
    assert type(value) is float
    assert value == expected_magnitude(np.array([7]))[0]


@pytest.mark.parametrize("shape", [(0,), (3,), (2, 3), (2, 1, 3)])
def test_arrays_keep_their_shape(shape):
    n = np.arange(30, 30 + math.prod(shape)).reshape(shape)
    values = expected_magnitude(n)
    assert (values.shape, values.dtype) == (shape, np.float64)
    assert values.ravel().tolist() == [expected_magnitude(int(k)) for k in n.ravel()]


def test_between_whole_numbers_it_is_continuous_and_never_rises():
    n = np.linspace(0.1, 60, 599_001)
    values = expected_magnitude(n)
    steps = np.diff(values)
    assert steps.max() <= 1e-16
    assert steps.min() > -6e-6  # the steepest place is just above 1, where it falls by 0.057 for each unit
    assert (values[n <= 1] == 0.5).all()
    assert expected_magnitude(1.5) == pytest.approx((EXACT[1] * (1 / 1.5 - 1 / 2) + EXACT[2] / 3) * 2)
    assert EXACT[100] < expected_magnitude(87.81) < EXACT[25]


@pytest.mark.parametrize(
    ("n", "error"),
    [
        *[(n, ValueError) for n in (0, -3, 10**6 + 1, math.nan, math.inf, [1, 0])],
        *[(n, TypeError) for n in ("5", None, True, 1j)],
    ],
)
def test_bad_counts(n, error):
    refuses(error, ["n ", "1e-06 to 1000000"], expected_magnitude, n)
    refuses(error, ["fan_in", "1000000"], normalized_magnitude, n, 5)
    refuses(error, ["fan_out", "1000000"], normalized_magnitude, 5, n)
    refuses(error, ["n ", "1 to 1000000"], approximate, n)
    refuses(error, ["fan_out", "1 to 1000000"], approximate_normalized, 5, n)


# Whole layers


@pytest.mark.parametrize("size", LAYERS)
def test_the_articles_normalized_table(size):
    for sense, value in zip(COLUMNS, LAYERS[size], strict=True):
        assert normalized_magnitude(*size, sense) == pytest.approx(value, abs=5.1e-7)


@pytest.mark.parametrize("size", ARTICLE_LAYERS)
def test_the_articles_normalized_runs_are_the_mislabelled_columns(size):
    ours = simulate_magnitude(*size, "normalized_xavier", draws=2000)
    for sense, printed in zip(COLUMNS, ARTICLE_LAYERS[size], strict=False):
        error = ours.estimate(sense).standard_error * math.sqrt(2000 / 5000)
        assert abs(printed - normalized_magnitude(*size, sense)) < 2.75 * error  # 2.6, and 5 % for ours


@pytest.mark.parametrize("n", ARTICLE_SINGLE)
def test_the_articles_first_runs(n):
    error = math.sqrt((1 / 3 - EXACT[n] ** 2) / 10**6)
    assert abs(ARTICLE_SINGLE[n] - EXACT[n]) < 2 * error


@pytest.mark.parametrize("size", [(1, 1), (5, 8), (784, 128), (1, 10000), (87.81, 3.5)])
def test_senses_are_what_they_say(size):
    n, m = size
    bound = math.sqrt(6 / (n + m))
    forward = bound * math.sqrt(n) * expected_magnitude(n)
    backward = bound * math.sqrt(m) * expected_magnitude(m)
    expected = {
        "average": (n * backward + m * forward) / (n + m),
        "forward": forward,
        "backward": backward,
        "article_forward": n / m * backward,
        "article_backward": m / n * forward,
        "article_formula": (n * forward + m * backward) / (n + m),
    }
    assert set(expected) == set(SENSES)
    for sense in SENSES:
        assert normalized_magnitude(n, m, sense) == pytest.approx(expected[sense], rel=1e-15)


def test_turning_a_layer_round_swaps_forward_and_backward():
    n, m = np.ogrid[1:200, 1:200]
    for sense in ("average", "article_formula"):
        np.testing.assert_allclose(
            normalized_magnitude(n, m, sense), normalized_magnitude(m, n, sense), rtol=1e-15
        )
    for one, other in (("forward", "backward"), ("article_forward", "article_backward")):
        assert np.array_equal(normalized_magnitude(n, m, one), normalized_magnitude(m, n, other))


def test_a_square_layer_has_one_magnitude():
    n = np.arange(1, 3000)
    for sense in SENSES:
        expected = math.sqrt(3) * expected_magnitude(n)
        np.testing.assert_allclose(normalized_magnitude(n, n, sense), expected, rtol=1e-15)


def test_broadcasting():
    assert normalized_magnitude(np.arange(1, 4)[:, None], np.arange(1, 6)).shape == (3, 5)
    assert isinstance(normalized_magnitude(3, 5), float)
    refuses(ValueError, ["sense", "'mean'", *SENSES], normalized_magnitude, 3, 5, "mean")


@pytest.mark.parametrize(
    ("size", "bound"),
    [
        ((5, 8), 0.873490004962),
        ((8, 8), 0.762609280430),
        ((8, 5), 0.873490004962),
        ((100, 100), 0.216971677037),
        ((784, 128), 0.158920312420),
    ],
)
def test_normalized_letkeman_bounds(size, bound):
    assert get_initializer("normalized_letkeman").bound(*size) == pytest.approx(bound, abs=6e-13)


def test_the_formula_at_the_articles_end_is_another_scheme():
    bound = math.sqrt(6 / (784 + 128)) / normalized_magnitude(784, 128, "article_formula")
    assert bound == pytest.approx(0.084598, abs=5e-7)
    at_most = normalized_magnitude(1, 10000, "article_formula") / normalized_magnitude(1, 10000)
    assert at_most == pytest.approx(91.29, abs=0.01)


# Any scheme


@pytest.mark.parametrize("sense", SENSES)
def test_layer_magnitude_of_normalized_xavier(sense):
    n, m = np.ogrid[1:40, 1:40]
    exact = normalized_magnitude(n, m, sense)
    np.testing.assert_allclose(layer_magnitude("normalized_xavier", n, m, sense), exact, rtol=4e-15)


def test_what_the_letkeman_schemes_promise():
    n, m = np.ogrid[1:60, 1:60]
    np.testing.assert_allclose(layer_magnitude("standard_letkeman", n, m, "forward"), 1, rtol=1e-14)
    np.testing.assert_allclose(layer_magnitude("normalized_letkeman", n, m), 1, rtol=1e-14)
    one_hot = get_initializer("standard_letkeman", active_inputs=1)
    assert layer_magnitude(one_hot, 100, 7, "forward") == pytest.approx(20 * expected_magnitude(100))


def test_layer_magnitude_of_other_kinds():
    share = math.sqrt(2 / math.pi)
    assert layer_magnitude("lecun", 50, 20, "forward") == pytest.approx(share)
    assert layer_magnitude("kaiming", 50, 25, "backward") == pytest.approx(share)
    assert layer_magnitude("ones", 50, 20, "forward") == 50
    assert layer_magnitude("orthogonal", 1, 1, "forward") == pytest.approx(1)
    assert layer_magnitude("orthogonal", 2, 2, "forward") == pytest.approx(math.sqrt(2) * 2 / math.pi)
    assert layer_magnitude("orthogonal", 3000, 2000, "forward") == pytest.approx(share, rel=1e-3)
    assert layer_magnitude("kaiming", np.array([3, 4]), 5).shape == (2,)


def test_layer_magnitude_refusals():
    class Odd(Uniform):
        pass

    odd = Odd("odd", "Odd one", lambda fan_in, fan_out: 1.0)
    refuses(TypeError, ["'Odd one'", "simulate_magnitude"], layer_magnitude, odd, 3, 4)
    refuses(ValueError, ["initializer", "'glorot'"], layer_magnitude, "glorot", 3, 4)
    refuses(TypeError, ["fan_in", "whole"], layer_magnitude, "ones", 3.5, 4)
    refuses(ValueError, ["fan_out", "0"], layer_magnitude, "ones", 3, 0)
    refuses(ValueError, ["sense"], layer_magnitude, "ones", 3, 4, "mean")


# The article's approximations


def test_how_far_the_approximation_is_off():
    n = np.arange(1, 10**4 + 1)
    off = approximate(n) / expected_magnitude(n) - 1
    assert (n[off.argmin()], n[off.argmax()]) == (5, 10**4)
    assert (off.min(), off.max()) == pytest.approx((-2.706e-4, 7.398e-4), abs=5e-8)
    assert approximate(10**6) / expected_magnitude(10**6) - 1 == pytest.approx(7.405e-4, abs=5e-8)
    two_terms = LIMIT * (1 + 1 / (20 * n) + 11 / (1120 * n**2)) / expected_magnitude(n) - 1
    assert n[np.abs(two_terms) >= np.abs(off)].tolist() == [1, 2, 3]


def test_how_far_the_normalized_approximation_is_off():
    sizes = np.arange(1, 10**4 + 1)
    least, most = (1.0, 0, 0), (-1.0, 0, 0)
    for start in range(0, 10**4, 500):  # symmetric: rows up to the diagonal are enough
        rows, columns = sizes[start : start + 500, None], sizes[start:]
        off = approximate_normalized(rows, columns) / normalized_magnitude(rows, columns) - 1
        low, high = np.unravel_index(off.argmin(), off.shape), np.unravel_index(off.argmax(), off.shape)
        least = min(least, (off[low], int(rows[low[0], 0]), int(columns[low[1]])))
        most = max(most, (off[high], int(rows[high[0], 0]), int(columns[high[1]])))
    assert (least[1:], most[1:]) == ((1727, 10**4), (2, 10**4))
    assert (least[0], most[0]) == pytest.approx((-0.1103, 0.0705), abs=5e-5)
    square = approximate_normalized(sizes, sizes) / normalized_magnitude(sizes, sizes) - 1
    assert np.abs(square).max() == pytest.approx(0.0058, abs=5e-5)
    in_the_limit = approximate_normalized(10**6, 10**6) / normalized_magnitude(10**6, 10**6) - 1
    assert in_the_limit == pytest.approx(-0.0061, abs=5e-5)


def test_the_approximations_as_the_article_writes_them():
    """Its numbers, worked out by hand for a few sizes."""
    assert approximate([1, 2, 3]).tolist() == [0.5, 0.471404520791, 0.469097093716]
    assert approximate(5) == pytest.approx(0.461 + 0.039 / 9, rel=1e-15)
    assert approximate_normalized(1, 1) == pytest.approx(0.866, rel=1e-15)
    expected = (0.793 + 0.073 / math.sqrt(25)) * (1.08 - 0.08 / math.sqrt(19)) / math.sqrt(0.5 * 8 / 5 + 0.5)
    assert approximate_normalized(5, 8) == approximate_normalized(8, 5) == pytest.approx(expected, rel=1e-15)
    assert approximate_normalized(np.ones((2, 1)), np.ones(3)).shape == (2, 3)


# The density


def textbook_density(x, n, bound):
    """The alternating sum, with as many digits as it takes."""
    with mpmath.workdps(40 + 2 * n):
        y = (n - abs(mpmath.mpf(x)) / mpmath.mpf(bound)) / 2
        terms = (
            (-1) ** k * mpmath.binomial(n, k) * (y - k) ** (n - 1) for k in range(int(mpmath.floor(y)) + 1)
        )
        return float(mpmath.fsum(terms) / mpmath.factorial(n - 1) / (2 * mpmath.mpf(bound)))


@pytest.mark.parametrize("n", [2, 3, 7, 20, 40, 41, 60, 300])
def test_density_against_the_textbook_formula(n):
    bound = 1 / math.sqrt(n)
    edge = n * bound
    x = [*np.linspace(0, min(0.95 * edge, 4.5), 8), 0.99 * edge]
    expected = np.array([textbook_density(point, n, bound) for point in x])
    relative = 1e-11 if n <= 40 else 0  # in the tails beyond 40 only the absolute error is small
    np.testing.assert_allclose(irwin_hall_pdf(x, n, bound), expected, rtol=relative, atol=5e-14 * expected[0])


def test_density_at_a_thousand():
    expected = textbook_density(0.5, 1000, 1 / math.sqrt(1000))
    assert irwin_hall_pdf(0.5, 1000) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 20, 40, 41, 100, 1000, 10**6])
def test_density_has_the_right_moments(n):
    half = min(n**0.5, 7.0)
    x, step = np.linspace(-half, half, 40_001, retstep=True)
    density = irwin_hall_pdf(x, n)
    weights = np.full(x.size, step)
    weights[[0, -1]] /= 2
    assert (density >= 0).all()
    for moment, expected in ((x**0, 1), (x, 0), (x**2, 1 / 3), (abs(x), expected_magnitude(n))):
        assert weights @ (moment * density) == pytest.approx(expected, abs=3e-8)  # |x| has a kink


@pytest.mark.parametrize("n", [1, 4, 40, 41, 1000])
def test_density_is_even_and_scales(n):
    x = np.linspace(0, 3, 50)
    assert np.array_equal(irwin_hall_pdf(x, n), irwin_hall_pdf(-x, n))
    np.testing.assert_allclose(
        irwin_hall_pdf(7 * x, n, 7 / math.sqrt(n)), irwin_hall_pdf(x, n) / 7, rtol=1e-9
    )


def test_density_of_one_and_two_draws():
    assert irwin_hall_pdf([-0.51, -0.5, 0, 0.5, 0.51], 1, 0.5).tolist() == [0, 1, 1, 1, 0]
    np.testing.assert_allclose(irwin_hall_pdf([-2, -1, 0, 0.5, 2, 3], 2, 1.0), [0, 0.25, 0.5, 0.375, 0, 0])


@pytest.mark.parametrize("n", [3, 40, 10**6])
def test_density_outside_and_nowhere(n):
    values = irwin_hall_pdf([-1.01 * n, 1.01 * n, math.inf, -math.inf, math.nan], n, 1.0)
    assert values[:4].tolist() == [0, 0, 0, 0]
    assert math.isnan(values[4])
    assert isinstance(irwin_hall_pdf(0.1, n), float)
    assert irwin_hall_pdf(np.zeros((2, 3)), n).shape == (2, 3)


def test_density_refusals():
    refuses(ValueError, ["n is 0", "1 to 1000000"], irwin_hall_pdf, 0.0, 0)
    refuses(TypeError, ["n must", "2.5"], irwin_hall_pdf, 0.0, 2.5)
    refuses(ValueError, ["bound is 0"], irwin_hall_pdf, 0.0, 2, 0)
    refuses(TypeError, ["bound", "'1'"], irwin_hall_pdf, 0.0, 2, "1")
