"""The readable network, held against finite differences and against automatic differentiation."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from letkeman_viz import Network, counting_task, get_initializer
from letkeman_viz.network import activate, slope

SHAPES = [(5, 8, 8, 5), (1, 1), (3, 2), (2, 3, 4, 3, 1), (4, 7, 4)]
ACTIVATIONS = ["sigmoid", "tanh", "relu"]


def example(layer_sizes, activation, rows=6, seed=0):
    """A network, parameters with biases that matter, inputs and targets."""
    network = Network(layer_sizes, activation)
    rng = np.random.default_rng([seed, len(layer_sizes)])
    parameters = rng.normal(0, 0.8, network.parameter_count)
    return network, parameters, rng.normal(size=(rows, layer_sizes[0])), rng.random((rows, layer_sizes[-1]))


def oracle_loss(parameters, layer_sizes, activation, x, target):
    """The loss of one example, written from scratch for autograd."""
    hidden = {
        "sigmoid": lambda z: 1 / (1 + anp.exp(-z)),
        "tanh": anp.tanh,
        "relu": lambda z: anp.maximum(z, 0),
    }
    a, start = x, 0
    for k in range(1, len(layer_sizes)):
        n, m = layer_sizes[k - 1], layer_sizes[k]
        weights = anp.reshape(parameters[start : start + n * m], (n, m))
        z = anp.dot(a, weights) + parameters[start + n * m : start + n * m + m]
        a = hidden["sigmoid" if k == len(layer_sizes) - 1 else activation](z)
        start += n * m + m
    return 0.5 * anp.sum((a - target) ** 2)


# The parameter vector


def test_layout_weights_row_by_row_then_biases_layer_by_layer():
    network = Network((2, 3, 1))
    assert network.shapes == [(2, 3), (3, 1)]
    assert network.parameter_count == 2 * 3 + 3 + 3 + 1
    (w1, b1), (w2, b2) = network.layers(np.arange(13.0))
    assert w1.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert b1.tolist() == [6, 7, 8]
    assert w2.tolist() == [[9], [10], [11]]
    assert b2.tolist() == [12]


def test_layers_are_views():
    network = Network()
    parameters = np.zeros(network.parameter_count)
    for weights, biases in network.layers(parameters):
        weights += 1.0
        biases += 2.0
    assert np.count_nonzero(parameters == 1.0) == 5 * 8 + 8 * 8 + 8 * 5
    assert np.count_nonzero(parameters == 2.0) == 8 + 8 + 5


def test_the_articles_network_is_the_default():
    assert Network() == Network((5, 8, 8, 5), "sigmoid") == Network([5, 8, 8, 5])
    assert Network().parameter_count == 165


@pytest.mark.parametrize("name", ["zeros", "ones", "standard_xavier", "normalized_xavier", "kaiming"])
def test_initial_parameters_are_drawn_layer_by_layer_with_zero_biases(name):
    network, rng = Network(), np.random.default_rng([4, 0])
    for weights, biases in network.layers(network.initial(name, seed=4)):
        assert np.array_equal(weights, get_initializer(name).sample(*weights.shape, rng))
        assert not biases.any()


# Forward


def test_forward_by_hand():
    network = Network((2, 2, 1), "relu")
    parameters = np.array([1.0, 2.0, 3.0, -4.0, 0.5, -0.5, 2.0, 7.0, -9.0])
    x, hidden, output = network.forward(parameters, [1.0, 1.0])
    assert x.tolist() == [[1, 1]]
    assert hidden.tolist() == [[4.5, 0.0]]  # 1 + 3 + 0.5 and 2 - 4 - 0.5, cut off at 0
    assert output[0, 0] == pytest.approx(0.5)  # sigmoid(2 * 4.5 - 9)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slope_is_the_derivative_of_the_activation(name):
    z = np.array([-3.0, -0.7, 0.2, 1.5, 4.0])
    numeric = (activate(name, z + 1e-6) - activate(name, z - 1e-6)) / 2e-6
    np.testing.assert_allclose(slope(name, activate(name, z)), numeric, rtol=1e-7, atol=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "low", "high"), [("sigmoid", 0, 1), ("tanh", -1, 1), ("relu", 0, np.inf)])
def test_activations_at_the_ends(name, low, high):
    at_minus_infinity, at_infinity, at_nan = activate(name, [-np.inf, np.inf, np.nan])
    assert (at_minus_infinity, at_infinity) == (low, high)
    assert np.isnan(at_nan)  # NaN is passed on, never hidden


# Gradient


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("layer_sizes", SHAPES, ids=str)
def test_gradient_against_autograd(layer_sizes, activation):
    network, parameters, inputs, targets = example(layer_sizes, activation)
    gradient = network.gradient(parameters, inputs, targets)
    assert gradient.shape == (len(inputs), network.parameter_count)
    for row in range(len(inputs)):
        expected = autograd.grad(oracle_loss)(parameters, layer_sizes, activation, inputs[row], targets[row])
        np.testing.assert_allclose(gradient[row], expected, rtol=1e-11, atol=1e-16)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("layer_sizes", SHAPES, ids=str)
def test_gradient_against_central_differences(layer_sizes, activation):
    network, parameters, inputs, targets = example(layer_sizes, activation, seed=1)
    numeric = np.empty_like(parameters)
    for k in range(parameters.size):
        nudge = np.zeros_like(parameters)
        nudge[k] = 1e-5
        up, down = (network.loss(parameters + sign * nudge, inputs, targets) for sign in (1, -1))
        numeric[k] = (up - down) / 2e-5
    mean = network.gradient(parameters, inputs, targets).mean(axis=0)
    np.testing.assert_allclose(mean, numeric, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("layer_sizes", SHAPES, ids=str)
def test_gradient_magnitude_is_the_mean_over_weights_and_examples(layer_sizes, activation):
    network, parameters, inputs, targets = example(layer_sizes, activation, seed=2)
    per_example = network.gradient(parameters, inputs, targets)
    expected = [
        np.mean([np.abs(network.layers(row)[k][0]).mean() for row in per_example])  # [0]: weights, no biases
        for k in range(len(network.shapes))
    ]
    magnitude = network.gradient_magnitude(parameters, inputs, targets)
    np.testing.assert_allclose(magnitude, expected, rtol=1e-13)


def test_an_example_alone_has_the_same_gradient_as_in_a_table():
    network, parameters, inputs, targets = example((5, 8, 8, 5), "tanh")
    together = network.gradient(parameters, inputs, targets)
    alone = network.gradient(parameters, inputs[2:3], targets[2:3])
    np.testing.assert_allclose(alone[0], together[2], rtol=1e-13, atol=1e-18)


# Loss and right


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_loss_against_the_oracle(activation):
    network, parameters, inputs, targets = example((4, 7, 4), activation)
    each = [
        oracle_loss(parameters, (4, 7, 4), activation, x, t) for x, t in zip(inputs, targets, strict=True)
    ]
    assert network.loss(parameters, inputs, targets) == pytest.approx(np.mean(each), rel=1e-13)


def test_loss_of_all_zeros():
    # Every output is a half: five outputs, each off by a half, (1/2)^2 / 2 * 5.
    assert Network().loss(np.zeros(165), *counting_task()) == 0.625


def outputs_as(rows):
    """A network, parameters and inputs whose two outputs are on the given sides: rows of signs."""
    network = Network((2, 2))
    return network, np.array([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]), np.array(rows, dtype=float)


def test_right_needs_every_output_on_the_right_side():
    network, parameters, inputs = outputs_as([[3, 3], [3, -3], [-3, 3], [-3, -3]])
    assert network.right(parameters, inputs, [[1, 1]] * 4).tolist() == [True, False, False, False]
    assert network.right(parameters, inputs, [[1, 0]] * 4).tolist() == [False, True, False, False]
    assert network.right(parameters, inputs, inputs > 0).tolist() == [True] * 4


def test_nan_is_never_right():
    network, parameters, inputs = outputs_as([[np.nan, 3], [np.nan, -3], [-3, np.nan], [-3, -3]])
    assert network.right(parameters, inputs, [[0, 1], [0, 0], [0, 0], [0, 0]]).tolist() == [
        False,
        False,
        False,
        True,
    ]


def test_nan_parameters_give_nan_numbers():
    parameters, table = np.full(165, np.nan), counting_task()
    assert np.isnan(Network().loss(parameters, *table))
    assert np.isnan(Network().gradient_magnitude(parameters, *table)).all()
    assert not Network().right(parameters, *table).any()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e160, 1e308, np.inf])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_overflow_is_a_number_not_a_warning(activation, size):
    network, (inputs, targets) = Network(activation=activation), counting_task()
    for signs in (np.ones(165), np.resize([1.0, -1.0], 165)):
        parameters = size * signs
        lost = np.isnan(network.forward(parameters, inputs)[-1]).any(axis=1)
        assert not network.right(parameters, inputs, targets)[lost].any()
        assert np.isnan(network.loss(parameters, inputs, targets)) == lost.any()
        assert np.isnan(network.gradient_magnitude(parameters, inputs, targets)[-1]) >= lost.any()


# Refusals


def refuses(error, words, call, *args):
    with pytest.raises(error) as caught:
        call(*args)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("layer_sizes", "error", "words"),
    [
        ((5, 0, 5), ValueError, ["layer_sizes[1]", "0", "1 to 256"]),
        ((5, 8, -1), ValueError, ["layer_sizes[2]", "-1", "1 to 256"]),
        ((5, 10**6, 5), ValueError, ["layer_sizes[1]", "1000000", "1 to 256"]),
        ((5, 257, 5), ValueError, ["layer_sizes[1]", "257", "1 to 256"]),
        ((5,), ValueError, ["layer_sizes", "is 1", "2 to 20"]),
        ((), ValueError, ["layer_sizes", "is 0", "2 to 20"]),
        ((5,) * 21, ValueError, ["layer_sizes", "is 21", "2 to 20"]),
        ((256, 256), ValueError, ["parameters", "65792", "1 to 20000"]),
        ((5, "8", 5), TypeError, ["layer_sizes[1]", "'8'", "1 to 256"]),
        ((5, 8.0, 5), TypeError, ["layer_sizes[1]", "8.0", "1 to 256"]),
        ((5, True, 5), TypeError, ["layer_sizes[1]", "True", "1 to 256"]),
        ((5, None, 5), TypeError, ["layer_sizes[1]", "None", "1 to 256"]),
        ("5885", TypeError, ["layer_sizes", "'5885'", "(5, 8, 8, 5)"]),
        (8, TypeError, ["layer_sizes", "8", "(5, 8, 8, 5)"]),
        (None, TypeError, ["layer_sizes", "None", "(5, 8, 8, 5)"]),
        ({5, 8}, TypeError, ["layer_sizes", "(5, 8, 8, 5)"]),
    ],
)
def test_layer_sizes(layer_sizes, error, words):
    refuses(error, words, Network, layer_sizes)


def test_the_largest_and_the_deepest_are_allowed():
    assert Network((256, 76, 1)).parameter_count == 256 * 76 + 76 + 76 + 1
    assert len(Network((1,) * 20).shapes) == 19


@pytest.mark.parametrize(
    ("activation", "error"), [("gelu", ValueError), ("", ValueError), (None, TypeError), (1, TypeError)]
)
def test_unknown_activation(activation, error):
    refuses(error, ["activation", repr(activation), "sigmoid, tanh, relu"], Network, (5, 5), activation)


@pytest.mark.parametrize("shape", [(32, 4), (32, 6), (4,), (1, 0)])
def test_inputs_need_the_right_columns(shape):
    words = [str(shape[-1]), "columns", "has 5"]
    refuses(ValueError, words, Network().forward, np.zeros(165), np.zeros(shape))


@pytest.mark.parametrize("shape", [(164,), (166,), (1, 165), (165, 1), (), (0,)])
def test_parameters_need_the_right_shape(shape):
    for call in (Network().layers, lambda p: Network().forward(p, np.zeros((1, 5)))):
        refuses(ValueError, [str(shape), "5-8-8-5", "(165,)"], call, np.zeros(shape))


@pytest.mark.parametrize(
    ("seed", "error"), [(-1, ValueError), (2**32, ValueError), (1.0, TypeError), (None, TypeError)]
)
def test_initial_needs_a_seed(seed, error):
    refuses(error, ["seed", repr(seed), "0 to 4294967295"], Network().initial, "ones", seed)


def test_initial_biases_are_all_the_same_and_weights_stay():
    network = Network()
    for (ours, biases), (usual, _) in zip(
        network.layers(network.initial("kaiming", 1, -2.5)),
        network.layers(network.initial("kaiming", 1)),
        strict=True,
    ):
        assert (biases == -2.5).all()
        assert np.array_equal(ours, usual)


@pytest.mark.parametrize(("bias", "error"), [(10.1, ValueError), (np.inf, ValueError), ("0", TypeError)])
def test_initial_biases_have_limits(bias, error):
    refuses(error, ["bias", repr(bias), "-10 to 10"], Network().initial, "ones", 1, bias)
