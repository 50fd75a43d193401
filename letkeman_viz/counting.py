"""The article's task: learn to count in binary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import checks

MAX_BITS = 8


def counting_task(bits: int = 5) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """All ``2**bits`` numbers and their successors, as bits with the most significant first.

    Returns ``(inputs, targets)``, float64 of shape (2**bits, bits) with values 0 and 1; row k of
    ``inputs`` is the number k, row k of ``targets`` is k + 1, and the largest number is followed by 0.

    Raises TypeError or ValueError when ``bits`` is not a whole number from 1 to 8.

    >>> inputs, targets = counting_task()
    >>> inputs[19], targets[19]
    (array([1., 0., 0., 1., 1.]), array([1., 0., 1., 0., 0.]))
    """
    bits = checks.integer("bits", bits, 1, MAX_BITS)
    numbers = np.arange(2**bits)
    places = np.arange(bits - 1, -1, -1)
    inputs = ((numbers[:, None] >> places) & 1).astype(np.float64)
    return inputs, np.roll(inputs, -1, axis=0)
