"""Tasks: what the built-in ones say, and that no text a user pastes does anything but work or explain."""

import random

import numpy as np
import pytest

from letkeman_viz import TASKS, counting_task, make_task, task_from_csv, task_to_csv, train
from letkeman_viz.tasks import MAX_TEXT


def number(bits):
    return int("".join(str(int(bit)) for bit in bits), 2)


# What each built-in task makes of a number, said once more in another way: ``text`` is its bits as words.
MEANING = {
    "count_up": lambda value, text: format((value + 1) % 2 ** len(text), f"0{len(text)}b"),
    "count_down": lambda value, text: format((value - 1) % 2 ** len(text), f"0{len(text)}b"),
    "gray_code": lambda value, text: format(value ^ (value >> 1), f"0{len(text)}b"),
    "parity": lambda value, text: str(text.count("1") % 2),
    "reversed_bits": lambda value, text: text[::-1],
}


@pytest.mark.parametrize("bits", range(2, 7))
@pytest.mark.parametrize("name", TASKS)
def test_every_row_of_a_built_in_task(name, bits):
    inputs, targets = make_task(name, bits)
    assert inputs.dtype == targets.dtype == np.float64
    assert inputs.shape == (2**bits, bits)
    assert [number(row) for row in inputs] == list(range(2**bits))
    for value, row in enumerate(targets):
        assert "".join(str(int(bit)) for bit in row) == MEANING[name](value, format(value, f"0{bits}b"))
    assert set(np.unique(targets)) == {0.0, 1.0}


def test_count_up_is_the_articles_task_and_every_label_is_its_own():
    for ours, theirs in zip(make_task("count_up"), counting_task(), strict=True):
        assert np.array_equal(ours, theirs)
    assert len(set(TASKS.values())) == len(TASKS) == len(MEANING)


@pytest.mark.parametrize("name", TASKS)
def test_built_in_tasks_can_be_trained_and_written(name):
    task = make_task(name, 3)
    assert train("kaiming", epochs=2, layer_sizes=(3, 4, task[1].shape[1]), task=task).epochs == 2
    for ours, back in zip(task, task_from_csv(task_to_csv(task)), strict=True):
        assert np.array_equal(ours, back)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("count",), ValueError, "count_up, count_down, gray_code, parity, reversed_bits"),
        ((None,), TypeError, "count_up"),
        (("parity", 1), ValueError, "2 to 6"),
        (("parity", 7), ValueError, "2 to 6"),
        (("parity", 3.0), TypeError, "2 to 6"),
    ],
)
def test_other_tasks_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        make_task(*arguments)


# Tables of one's own

XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [1.0], [1.0], [0.0]]


@pytest.mark.parametrize(
    "text",
    [
        "in1,in2,out1\n0,0,0\n0,1,1\n1,0,1\n1,1,0",
        "in1;in2;out1\r\n0;0;0\r\n0;1;1\r\n1;0;1\r\n1;1;0\r\n",
        "IN1\tin2\tOut1\r0\t0\t0\r0\t1\t1\r1\t0\t1\r1\t1\t0\r",
        '\ufeff"in1", "in2", "out1"\n\n 0 ,0,0\n0,+1,1.\n1e0,.0,1\n  \n1,1,-0\n\n',
        b"\xef\xbb\xbfin1,in2,out1\n0,0,0\n0,1,1\n1,0,1\n1,1,0",
    ],
)
def test_the_same_table_in_many_spellings(text):
    inputs, targets = task_from_csv(text)
    assert (inputs.tolist(), targets.tolist()) == XOR
    assert inputs.dtype == targets.dtype == np.float64
    assert inputs.flags.c_contiguous
    assert targets.flags.c_contiguous


def test_a_comma_is_a_point_where_it_separates_nothing():
    assert task_from_csv("in1;out1\n-1,5;0,25")[0].tolist() == [[-1.5]]


def test_all_digits_survive():
    rng = np.random.default_rng(1)
    task = rng.normal(size=(64, 8)) * 10.0 ** rng.integers(-300, 300, (64, 8)), rng.random((64, 3))
    # 64 rows of 11 numbers of some 20 digits are 15 kB, close to the most that is read
    for ours, back in zip(task, task_from_csv(task_to_csv(task)), strict=True):
        assert np.array_equal(ours, back)


def rows(count, line="0,1"):
    return "in1,out1\n" + "\n".join([line] * count)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty", "in1"]),
        (" \n\n\t", ["empty"]),
        ("in1,out1", ["line 1", "1 to 64 rows"]),
        (rows(65), ["65 rows", "1 to 64"]),
        ("0,1\n1,0", ["line 1", "column 1", "'0'", "in1"]),
        ("in1,,out1\n0,0,0", ["line 1", "column 2", "nothing"]),
        ("in1,in1,out1\n0,0,0", ["line 1", "column 2", "'in1'", "'in2'"]),
        ("out1,in1\n0,0", ["line 1", "column 1", "'out1'", "'in1'"]),
        ("in1,out2\n0,0", ["line 1", "column 2", "'out2'", "'out1'"]),
        ("in1,in2\n0,0", ["line 1", "0 output columns", "1 to 8"]),
        ("out1\n0", ["line 1", "0 input columns", "1 to 8"]),
        (",".join(f"in{k}" for k in range(1, 10)) + ",out1\n", ["9 input columns", "1 to 8"]),
        ("in1,out1\n0,1\n\n0", ["line 4", "1 columns", "'0'", "names 2"]),
        ("in1,out1\n0,1,", ["line 2", "3 columns", "names 2"]),
        ("in1,out1\n0;1", ["line 2", "1 columns"]),
        ("in1,out1\n0,2", ["line 2", "column out1", "'2'", "0 to 1"]),
        ("in1,out1\n0,-0.1", ["line 2", "column out1", "'-0.1'", "0 to 1"]),
        ("in1,out1\n0,1\n,1", ["line 3", "column in1", "nothing", "finite number"]),
        ("in1,out1\nnan,1", ["column in1", "'nan'", "finite number"]),
        ("in1,out1\ninf,1", ["column in1", "'inf'"]),
        ("in1,out1\n1e999,1", ["column in1", "'1e999'"]),
        ("in1,out1\n1_0,1", ["column in1", "'1_0'"]),
        ("in1,out1\n0x1,1", ["column in1", "'0x1'"]),
        ("in1,out1\n\u0661,1", ["column in1", "finite number"]),  # a digit, but not one of ours
        ("in1,out1\n<b>hi</b>,1", ["column in1", "'<b>hi</b>'"]),
        ("in1,out1\n" + "9" * 2000 + "x,1", ["column in1", "'999999999999999999999999999999...'"]),
        ("x" * (MAX_TEXT + 1), ["20,001", "20,000"]),
        (b"in1,out1\n\xff,1", ["UTF-8"]),
        (b"PK\x03\x04\x00\x00", ["line 1", "column 1"]),
    ],
)
def test_what_is_wrong_is_said_in_one_short_sentence(text, words):
    with pytest.raises(ValueError, match=r".") as caught:
        task_from_csv(text)
    for word in words:
        assert word in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("text", [None, 5, ["in1,out1"]])
def test_what_is_not_text_is_refused(text):
    with pytest.raises(TypeError, match="str"):
        task_from_csv(text)


def garbage(rng):
    """Text that is nothing, nearly a table, or a table that something happened to."""
    alphabet = rng.choice(
        ["01,\n", 'in1out2,;\t\n\r" .eE+-', "".join(map(chr, range(32, 500))), "\0\ud800,\n1"]
    )
    noise = "".join(rng.choice(alphabet) for _ in range(rng.randrange(60)))
    text = list(task_to_csv(make_task(rng.choice(list(TASKS)), 2)))
    for _ in range(rng.randrange(4)):
        text[rng.randrange(len(text))] = rng.choice([noise, rng.choice(alphabet), ""])
    return rng.choice([noise, "".join(text)])


def test_garbage_is_refused_or_read_and_nothing_else():
    rng, read = random.Random(1), 0
    for _ in range(4000):
        text = garbage(rng)
        try:
            inputs, targets = task_from_csv(text)
        except ValueError:
            continue
        read += 1
        assert len(inputs) == len(targets) >= 1
        assert np.isfinite(inputs).all()
        assert ((targets >= 0) & (targets <= 1)).all()
    assert 100 < read < 3900  # it was neither all noise nor all tables


@pytest.mark.parametrize(
    ("task", "error"),
    [
        ("count_up", TypeError),
        (([[1]],), TypeError),
        (([["a"]], [[1]]), TypeError),
        (([1], [1]), ValueError),
        (([[1], [2]], [[1]]), ValueError),
    ],
)
def test_only_a_pair_of_tables_is_written(task, error):
    with pytest.raises(error, match="task"):
        task_to_csv(task)
