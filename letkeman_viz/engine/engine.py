"""The engine in Python, run by wasmtime. ``engine.c`` says what it computes and how its memory is laid out.

wasmtime is imported with the first instance: a process that computes nothing does without.
"""

from __future__ import annotations

import atexit
import ctypes
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

if TYPE_CHECKING:
    import wasmtime

WASM = Path(__file__).with_name("engine.wasm")

RUNNING, DONE, NEEDS_WEIGHTS = range(3)
ACTIVATIONS = ("sigmoid", "tanh", "relu", "linear")
KINDS = ("given", "constant", "uniform", "normal")
"""Where weights come from: the host, or the engine by a scale (a constant, a bound, a standard deviation)."""
FORMATS = ("float64", "float32", "float16")

SLICE = 5e6  # nanoseconds of work, about, between two looks at `stopped`
MOST_NUMBERS = 2**16  # quantiles that are worked out at a time
MOST_IDLE = 2**24  # bytes of memory of an engine that is kept


class Cancelled(Exception):
    """Raised when a ``cancelled`` function said so; nothing was recorded."""


class EngineError(RuntimeError):
    """The engine could not be started, failed, or has too little memory. The next job has a new one."""


class _Loaded(NamedTuple):
    engine: wasmtime.Engine
    module: wasmtime.Module
    failures: tuple[type[Exception], ...]


@cache
def _load() -> _Loaded:
    """The compiled module.

    Raises EngineError where this computer has no wasmtime, or ``engine.wasm`` is missing or damaged.
    """
    try:
        import wasmtime
    except (ImportError, OSError, RuntimeError) as error:  # the latter two where the wheel has no library
        raise EngineError(
            f"wasmtime, which runs the engine, cannot be loaded here ({error}); there is one for Linux"
            " (glibc), macOS and Windows, 64 bits, x86-64 or ARM: `pip install --force-reinstall wasmtime`"
        ) from error
    again = "install it again: `pip install --force-reinstall letkeman-viz`, or in a checkout `make engine`"
    try:
        code = WASM.read_bytes()
    except OSError as error:
        raise EngineError(f"{WASM} cannot be read ({error.strerror}); {again}") from error
    config = wasmtime.Config()
    config.parallel_compilation = False  # which saves 15 of 45 ms, and costs 6 of 25 MB
    engine = wasmtime.Engine(config)
    try:
        return _Loaded(engine, wasmtime.Module(engine, code), (wasmtime.WasmtimeError, wasmtime.Trap))
    except wasmtime.WasmtimeError as error:
        raise EngineError(f"{WASM} is damaged ({str(error).splitlines()[0]}); {again}") from error


class Instance:
    """An engine with a memory of its own, for one job and one thread at a time.

    Several work side by side: a call lets go of Python's lock. Raises EngineError when it cannot be started.
    """

    def __init__(self) -> None:
        loaded = _load()
        import wasmtime

        self._failures = loaded.failures
        try:
            self._store = wasmtime.Store(loaded.engine)
            self._exports: Any = wasmtime.Instance(self._store, loaded.module, []).exports(self._store)
        except self._failures as error:
            raise EngineError(f"the engine could not be started: {error}") from error

    @property
    def memory_size(self) -> int:
        """Bytes of memory; they only grow."""
        return int(self._exports["memory"].data_len(self._store))

    def call(self, name: str, *arguments: float) -> Any:
        """What the engine's function ``name`` answers.

        Raises EngineError when it fails. The instance is then of no more use.
        """
        try:
            return self._exports[name](self._store, *arguments)
        except (KeyError, *self._failures) as error:
            raise EngineError(f"the engine failed in {name}: {str(error).splitlines()[0]}") from error

    def prepare(self, job: str, layer_sizes: Sequence[int], *settings: float) -> None:
        """Lay out the memory of a job: ``"training"``, ``"propagation"``, ``"sums"`` or ``"numbers"``.

        Raises EngineError when it is more than the 4 GB that an engine can have, or than this computer has.
        """
        self.array("sizes", np.int32, len(layer_sizes))[:] = layer_sizes
        if not self.call(f"prepare_{job}", *settings):
            raise EngineError(f"there is not enough memory for this {job}; ask for fewer or smaller runs")

    def array(self, name: str, dtype: DTypeLike, *shape: int, of: Sequence[int] = ()) -> NDArray[Any]:
        """The engine's memory at the address that its function ``name`` returns for the arguments ``of``.

        It is there until the next ``prepare`` or the end of this instance: copy what is to be kept.
        """
        address = self.call(name, *of) & 0xFFFFFFFF
        kind, count = np.dtype(dtype), math.prod(shape)
        if address + count * kind.itemsize > self.memory_size:
            raise EngineError(f"{name} {shape} ends outside of the engine's memory")
        start = self._exports["memory"].data_ptr(self._store)
        first = ctypes.addressof(start.contents) + address
        block = (ctypes.c_ubyte * (count * kind.itemsize)).from_address(first)
        return np.ctypeslib.as_array(block).view(kind).reshape(shape)

    def run(
        self,
        stopped: Callable[[], bool] | None = None,
        supply: Callable[[], None] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Do the job, a few milliseconds at a time.

        ``supply`` is called where the engine asks for weights, ``progress`` again and again with the share
        that is done, 0 to 1. Raises Cancelled when ``stopped`` says so.
        """
        answer = RUNNING
        while answer != DONE:
            if stopped is not None and stopped():
                raise Cancelled
            answer = self.call("advance", SLICE)
            if answer == NEEDS_WEIGHTS:
                assert supply is not None
                supply()
            if progress is not None:
                progress(self.call("progress"))


def signed(seed: int) -> int:
    """A number from 0 to 2**32 - 1 as WebAssembly takes it: as the signed one with the same bits."""
    return seed - 2**32 if seed >= 2**31 else seed


_idle: list[Instance] = []


@contextmanager
def borrowed() -> Iterator[Instance]:
    """An instance for one job, used again for later ones: to start one, and its memory, costs a millisecond.

    One that failed, was cancelled or has grown large is let go. Raises EngineError when none can be started.
    """
    try:
        instance = _idle.pop()
    except IndexError:
        instance = Instance()
    yield instance
    if instance.memory_size <= MOST_IDLE and len(_idle) < (os.cpu_count() or 1):
        _idle.append(instance)


@atexit.register
def _release() -> None:
    """Let go of what is cached while wasmtime, which complains otherwise, is still there."""
    _idle.clear()
    _load.cache_clear()


def normal_quantiles(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard normal quantiles of numbers in [0, 1), any shape, to the bit that the engine's own draws have.

    0 counts as 2**-54, half a step above it. Within 2 units in the last place of ``statistics.NormalDist``'s.
    """
    flat = np.array(numbers, dtype=np.float64).ravel()
    with borrowed() as engine:
        for start in range(0, flat.size, MOST_NUMBERS):
            some = flat[start : start + MOST_NUMBERS]
            engine.prepare("numbers", (), some.size)
            array = engine.array("numbers", np.float64, some.size)
            array[:] = some
            engine.call("to_normal", some.size)
            some[:] = array
    return flat.reshape(np.shape(numbers))
