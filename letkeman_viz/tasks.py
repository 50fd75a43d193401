"""What a network can be asked to learn: tables of inputs and targets, built in or a user's own.

A task is ``(inputs, targets)``, two float64 arrays of shape (rows, columns). A table of one's own is text
such as a spreadsheet saves::

    in1,in2,out1
    0,0,0
    0,1,1
    1,0,1
    1,1,0

The first line names the columns: ``in1`` to ``inN``, then ``out1`` to ``outM``. Columns are separated by
commas, semicolons or tabs; where they are not separated by commas, ``0,5`` is a half.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .counting import MAX_BITS as MAX_COUNTING_BITS
from .counting import counting_task
from .network import Network

MIN_BITS, MAX_BITS = 2, 6
MAX_ROWS = 1024
"""The most rows of any task."""
MAX_TEXT_ROWS = 64
MAX_COLUMNS = 8
"""The most inputs, and the most outputs, of a table of one's own."""
MAX_TEXT = 20_000
"""Bytes of text that are read at all."""

Table = tuple[NDArray[np.float64], NDArray[np.float64]]

TASKS: dict[str, str] = {
    "count_up": "Count up",
    "count_down": "Count down",
    "gray_code": "Binary to Gray code",
    "parity": "Parity",
    "reversed_bits": "Reverse the bits",
}
"""Name -> label of every built-in task."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COLUMN = re.compile(r"(in|out)([1-9]\d?)", re.ASCII)


def make_task(name: str, bits: int = 5) -> Table:
    """The task called ``name`` for all ``2**bits`` numbers of ``bits`` bits, most significant first.

    ``count_up`` is the article's: a number's successor, and 0 after the largest; ``count_down`` is its
    predecessor; ``gray_code`` the code in which neighbours differ in one bit; ``parity`` a single output,
    1 when the number of ones is odd; ``reversed_bits`` the bits back to front. Row k is the number k.

    Returns float64 ``inputs`` (2**bits, bits) and ``targets`` (2**bits, bits), or (2**bits, 1) for parity.
    Raises TypeError or ValueError for a name not in ``TASKS`` or ``bits`` outside 2 to 6.

    >>> inputs, targets = make_task("gray_code", 3)
    >>> inputs[6], targets[6]
    (array([1., 1., 0.]), array([1., 0., 1.]))
    """
    checks.choice("task", name, TASKS)
    inputs, successors = counting_task(checks.integer("bits", bits, MIN_BITS, MAX_BITS))
    make: dict[str, Callable[[], NDArray[np.float64]]] = {
        "count_up": lambda: successors,
        "count_down": lambda: np.roll(inputs, 1, axis=0),
        "gray_code": lambda: np.abs(np.diff(inputs, axis=1, prepend=0.0)),
        "parity": lambda: inputs.sum(axis=1, keepdims=True) % 2.0,
        "reversed_bits": lambda: inputs[:, ::-1].copy(),
    }
    return inputs, make[name]()


def check_task(task: Any, network: Network) -> Table:
    """``task`` as two float64 arrays that fit the ``network``; the counting task if it is None.

    Raises TypeError or ValueError for what is no table of finite numbers, does not fit, has more than 1024
    rows, or has targets outside 0..1.
    """
    first, last = network.layer_sizes[0], network.layer_sizes[-1]
    if task is None:
        if first != last:
            raise ValueError(
                f"layer_sizes start with {first} and end with {last}; counting needs as many outputs as "
                "inputs, so make them equal or pass a task of your own"
            )
        if first > MAX_COUNTING_BITS:
            raise ValueError(
                f"layer_sizes start with {first}; counting takes 1 to {MAX_COUNTING_BITS} bits, or pass a "
                "task"
            )
        return counting_task(first)
    try:
        inputs, targets = (np.array(part, dtype=np.float64, order="C") for part in task)
    except (TypeError, ValueError) as error:
        raise TypeError(f"task must be two tables of numbers, (inputs, targets): {error}") from error
    for name, table, columns in (("inputs", inputs, first), ("targets", targets, last)):
        if table.ndim != 2 or table.shape[1] != columns or not 1 <= len(table) <= MAX_ROWS:
            raise ValueError(
                f"task {name} have shape {table.shape}; expected (1 to {MAX_ROWS} rows, {columns})"
            )
        if not np.isfinite(table).all():
            raise ValueError(f"task {name} hold NaN or infinity; every entry must be a finite number")
    if len(inputs) != len(targets):
        raise ValueError(
            f"task has {len(inputs)} rows of inputs but {len(targets)} of targets; give one each"
        )
    if targets.min() < 0.0 or targets.max() > 1.0:
        raise ValueError(
            f"task targets span {targets.min():g} to {targets.max():g}; outputs can only reach 0 to 1"
        )
    return inputs, targets


def task_from_csv(text: str | bytes) -> Table:
    """Read a table of one's own, see the top of this module; at most 20 kB of text (bytes are UTF-8).

    1 to 64 rows, 1 to 8 inputs (any finite numbers) and 1 to 8 outputs (numbers in 0..1). Returns float64
    ``inputs`` (rows, N) and ``targets`` (rows, M). Empty lines are skipped.

    Raises ValueError that names the line, the column, what stands there and what may.

    >>> task_from_csv("in1,in2,out1\\n0,1,1\\n1,1,0")
    (array([[0., 1.],
           [1., 1.]]), array([[1.],
           [0.]]))
    """
    lines = _lines(text)
    first, header = lines[0]
    separator = next((mark for mark in "\t;," if mark in header), ",")
    columns, inputs = _header(first, _cells(header, separator))
    if len(lines) == 1:
        raise ValueError(
            f"line {first} names the columns, and no row follows; give 1 to {MAX_TEXT_ROWS} rows"
        )
    if len(lines) - 1 > MAX_TEXT_ROWS:
        raise ValueError(f"the table has {len(lines) - 1} rows; give 1 to {MAX_TEXT_ROWS}")
    rows = []
    for number, line in lines[1:]:
        cells = _cells(line, separator)
        if len(cells) != len(columns):
            raise ValueError(
                f"line {number} has {len(cells)} columns, {_short(line)}; the first line names {len(columns)}"
            )
        rows.append([_value(number, *pair, separator) for pair in zip(columns, cells, strict=True)])
    table = np.array(rows)
    return table[:, :inputs].copy(), table[:, inputs:].copy()


def task_to_csv(task: tuple[ArrayLike, ArrayLike]) -> str:
    """The text of a task, with commas and all digits, as ``task_from_csv`` reads it.

    Raises TypeError or ValueError for what is not a pair of tables with as many rows each.
    """
    try:
        inputs, targets = (np.array(part, dtype=np.float64) for part in task)
    except (TypeError, ValueError) as error:
        raise TypeError(f"task must be two tables of numbers, (inputs, targets): {error}") from error
    if inputs.ndim != 2 or targets.ndim != 2 or len(inputs) != len(targets):
        raise ValueError(
            f"task has inputs of shape {inputs.shape} and targets of shape {targets.shape}; both need "
            "(rows, columns), with as many rows"
        )
    names = [f"in{k + 1}" for k in range(inputs.shape[1])] + [f"out{k + 1}" for k in range(targets.shape[1])]
    rows = [[_digits(value) for value in row] for row in np.hstack([inputs, targets]).tolist()]
    return "\n".join(",".join(cells) for cells in [names, *rows]) + "\n"


def _lines(text: Any) -> list[tuple[int, str]]:
    """(line number, line) of every line that is not empty."""
    if not isinstance(text, str | bytes):
        raise TypeError(f"text must be a str, or bytes in UTF-8, not {type(text).__name__}")
    if len(text) > MAX_TEXT:
        raise ValueError(f"the text is {len(text):,} long; at most {MAX_TEXT:,} characters are read")
    try:
        words = text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise ValueError(f"the file is not text in UTF-8 ({error}); save it as CSV in UTF-8") from error
    split = re.split(r"\r\n|\r|\n", words.removeprefix("\ufeff"))  # Excel begins its UTF-8 with a mark
    lines = [(number, line) for number, line in enumerate(split, 1) if line.strip()]
    if not lines:
        raise ValueError("the text is empty; its first line names the columns: in1,in2,...,out1,...")
    return lines


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip().strip('"').strip() for cell in line.split(separator)]


def _header(line: int, names: list[str]) -> tuple[list[str], int]:
    """(the columns' names, how many of them are inputs)."""
    names = [name.lower() for name in names]
    kinds = []
    for k, name in enumerate(names, 1):
        match = _COLUMN.fullmatch(name)
        if match is None:
            raise ValueError(
                f"line {line}, column {k} is called {_short(name)}; the first line names the columns: "
                f"in1 to in{MAX_COLUMNS}, then out1 to out{MAX_COLUMNS}"
            )
        kinds.append(match[1])
    counts = {kind: kinds.count(kind) for kind in ("in", "out")}
    expected = [f"{kind}{k + 1}" for kind, count in counts.items() for k in range(count)]
    for k, (name, wanted) in enumerate(zip(names, expected, strict=True), 1):
        if name != wanted:
            raise ValueError(
                f"line {line}, column {k} is called {name!r}, expected {wanted!r}: all inputs in1, in2, ..., "
                "then all outputs out1, out2, ..."
            )
    for kind, count in counts.items():
        if not 1 <= count <= MAX_COLUMNS:
            word = {"in": "input", "out": "output"}[kind]
            raise ValueError(
                f"line {line} names {count} {word} columns; name 1 to {MAX_COLUMNS}, as {kind}1, {kind}2, ..."
            )
    return names, counts["in"]


def _value(line: int, column: str, cell: str, separator: str) -> float:
    number = cell if separator == "," else cell.replace(",", ".")
    value = float(number) if _NUMBER.fullmatch(number) else math.nan
    output = column.startswith("out")
    if not math.isfinite(value) or (output and not 0.0 <= value <= 1.0):
        allowed = "a number from 0 to 1" if output else "a finite number such as 0, 1 or -0.5"
        raise ValueError(f"line {line}, column {column} holds {_short(cell)}; write {allowed}")
    return value


def _digits(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def _short(text: str) -> str:
    """``text`` quoted, shortened for a message."""
    return repr(text if len(text) <= 30 else f"{text[:30]}...") if text else "nothing"
