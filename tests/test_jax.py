"""The Letkeman schemes in JAX: moments, conventions, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from letkeman_viz import expected_magnitude, normalized_magnitude
from letkeman_viz.jax import normalized_letkeman, standard_letkeman

SCHEMES = {
    "standard": (standard_letkeman, lambda n, m: n**-0.5 / expected_magnitude(n)),
    "normalized": (normalized_letkeman, lambda n, m: (6 / (n + m)) ** 0.5 / normalized_magnitude(n, m)),
}


def is_uniform(weights, bound):
    w = np.asarray(weights, dtype=np.float64).ravel() / bound
    assert 0.999 < abs(w).max() <= 1 + 1e-6
    assert abs(w.mean()) < 5 * np.sqrt(1 / 3 / w.size)
    assert abs((w**2).mean() - 1 / 3) < 5 * np.sqrt(4 / 45 / w.size)


@pytest.mark.parametrize(
    ("shape", "fans"), [((300, 200), (300, 200)), ((5, 3, 32, 96), (480, 1440)), ((7, 40, 150), (280, 1050))]
)
@pytest.mark.parametrize("name", SCHEMES)
def test_moments_of_kernels(name, shape, fans):
    make, bound = SCHEMES[name]
    weights = make()(jax.random.key(1), shape)
    assert weights.shape == shape
    is_uniform(weights, bound(*fans))
    is_uniform(make(active_inputs=3.5, gain=2)(jax.random.key(1), shape), 2 * bound(3.5, fans[1]))


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float16, jnp.bfloat16])
def test_it_is_an_initializer_as_jax_has_them(dtype):
    ours = standard_letkeman()
    weights = jax.jit(ours, static_argnums=(1, 2))(jax.random.key(2), (20, 30), dtype)
    assert weights.dtype == dtype
    theirs = jax.nn.initializers.variance_scaling(1.0, "fan_in", "uniform")(
        jax.random.key(2), (20, 30), dtype
    )
    ratio = 1 / (np.sqrt(3) * expected_magnitude(20))
    np.testing.assert_allclose(
        np.asarray(weights, dtype=float), ratio * np.asarray(theirs, dtype=float), atol=0.01, rtol=0.01
    )
    assert not np.array_equal(weights, ours(jax.random.key(3), (20, 30), dtype))


@pytest.mark.parametrize("make", [standard_letkeman, normalized_letkeman])
def test_refusals(make):
    with pytest.raises(ValueError, match=r"\(7,\).*2 dimensions"):
        make()(jax.random.key(1), (7,))
    with pytest.raises(ValueError, match="active_inputs is 0"):
        make(active_inputs=0)
    with pytest.raises(TypeError, match="gain"):
        make(gain="2")
    with pytest.raises(ValueError, match="fan_in is 0"):
        make()(jax.random.key(1), (0, 3))
