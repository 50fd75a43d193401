"""The task: every number and its successor, in bits."""

import numpy as np
import pytest

from letkeman_viz import counting_task


def value(bits):
    return int("".join(str(int(bit)) for bit in bits), 2)


@pytest.mark.parametrize("bits", range(1, 9))
def test_every_row_is_a_number_and_its_successor(bits):
    inputs, targets = counting_task(bits)
    assert inputs.shape == targets.shape == (2**bits, bits)
    assert inputs.dtype == targets.dtype == np.float64
    assert set(np.unique(np.concatenate([inputs, targets]))) == {0.0, 1.0}
    assert [value(row) for row in inputs] == list(range(2**bits))
    assert [value(row) for row in targets] == [*range(1, 2**bits), 0]  # the largest wraps around to 0


def test_the_articles_example():
    inputs, targets = counting_task()
    assert inputs[19].tolist() == [1, 0, 0, 1, 1]  # most significant bit first
    assert targets[19].tolist() == [1, 0, 1, 0, 0]
    assert targets[31].tolist() == [0, 0, 0, 0, 0]


def test_the_tables_are_the_callers_own():
    inputs, targets = counting_task()
    inputs[:] = targets[:] = 9.0
    assert counting_task()[0].max() == counting_task()[1].max() == 1.0


@pytest.mark.parametrize(
    ("bits", "error"),
    [
        (0, ValueError),
        (-1, ValueError),
        (9, ValueError),
        (40, ValueError),
        (2.5, TypeError),
        (5.0, TypeError),
        (True, TypeError),
        ("5", TypeError),
        (None, TypeError),
    ],
)
def test_refusals(bits, error):
    with pytest.raises(error, match=r"bits .* from 1 to 8") as caught:
        counting_task(bits)
    assert repr(bits) in str(caught.value)
