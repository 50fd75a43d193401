"""The two Letkeman schemes for JAX, Flax and Equinox: ``init(key, shape, dtype)``. Needs jax.

They follow ``jax.nn.initializers``: a kernel has shape (*window, inputs, outputs), and an initializer can be
given to any layer that takes one, ``flax.linen.Dense(64, kernel_init=standard_letkeman())``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

try:
    import jax
except ImportError as error:
    raise ImportError("letkeman_viz.jax needs JAX; install it with: pip install jax") from error

from . import checks
from .initializers import get_initializer


class Init(Protocol):
    """(key, shape, dtype) -> an array of weights, as ``jax.nn.initializers.Initializer``."""

    def __call__(self, key: Any, shape: Sequence[int], dtype: Any = float) -> jax.Array: ...


def standard_letkeman(active_inputs: float | None = None, gain: float = 1.0) -> Init:
    """Outputs keep the mean magnitude of inputs of one size.

    ``active_inputs`` (1e-6 to 10**6) stands in for the number of inputs, 1 for one-hot ones; ``gain`` (0 to
    10**6) multiplies the bound. Raises TypeError or ValueError for anything out of range.
    """
    return _uniform("standard_letkeman", active_inputs, gain)


def normalized_letkeman(active_inputs: float | None = None, gain: float = 1.0) -> Init:
    """Mean magnitude 1 over outputs and errors sent back together; arguments as ``standard_letkeman``."""
    return _uniform("normalized_letkeman", active_inputs, gain)


def _uniform(name: str, active_inputs: float | None, gain: float) -> Init:
    scheme = get_initializer(name, active_inputs=active_inputs)
    gain = checks.real("gain", gain, 0.0, 1e6)

    def init(key: Any, shape: Sequence[int], dtype: Any = float) -> jax.Array:
        if len(shape) < 2:
            raise ValueError(f"shape is {tuple(shape)}; a kernel has 2 dimensions or more: window, in, out")
        window = math.prod(shape[:-2])
        bound = gain * (scheme.bound(shape[-2] * window, shape[-1] * window) or 0.0)
        weights: jax.Array = jax.random.uniform(key, shape, dtype, -1.0, 1.0) * bound
        return weights

    return init
