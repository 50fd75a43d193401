"""The engine in Python, run by wasmtime. ``engine.c`` says what it computes and how its memory is laid out.

wasmtime is imported with the first instance, so not by a process that computes nothing.
"""

from __future__ import annotations

import atexit
import ctypes
import math
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .threads import cores

if TYPE_CHECKING:
    import wasmtime

WASM = Path(__file__).with_name("engine.wasm")
CRC32 = 0x861F3C6F
"""Of ``engine.wasm``; ``make engine`` writes it here. (SHA-256 would load 5 MB of OpenSSL.)"""

RUNNING, DONE, NEEDS_WEIGHTS = range(3)
ACTIVATIONS = ("sigmoid", "tanh", "relu", "linear")
KINDS = ("given", "constant", "uniform", "normal")
"""Where weights come from: the host, or the engine by a scale (a constant, a bound, a standard deviation)."""
FORMATS = ("float64", "float32", "float16")

SLICE = 5e6  # nanoseconds of work, about, between two calls of `stopped`
MAX_NUMBERS = 2**16  # quantiles that are worked out at a time
MAX_IDLE = 2**23  # bytes of memory of an engine that is used again


class Cancelled(Exception):
    """Raised when a ``cancelled`` function said so; nothing was recorded."""


class EngineError(RuntimeError):
    """The engine could not be started, failed, or has too little memory. The next job has a new one."""


class _Loaded(NamedTuple):
    engine: wasmtime.Engine
    module: wasmtime.Module
    failures: tuple[type[Exception], ...]


_loading = threading.Lock()  # so that threads that start together compile once


@cache
def _load() -> _Loaded:
    """The compiled module; call with ``_loading`` held.

    Raises EngineError where this computer has no wasmtime, or ``engine.wasm`` is missing or damaged.
    """
    try:
        import wasmtime
    except (ImportError, OSError, RuntimeError) as error:  # the latter two where the wheel has no library
        raise EngineError(
            f"wasmtime, which runs the engine, cannot be loaded here ({error}); it is there for 64-bit"
            " Linux, macOS and Windows on x86-64 and ARM: `pip install --force-reinstall wasmtime`"
        ) from error
    again = "install it again: `pip install --force-reinstall letkeman-viz`, or in a checkout `make engine`"
    try:
        code = WASM.read_bytes()
    except OSError as error:
        raise EngineError(f"{WASM} cannot be read ({error.strerror}); {again}") from error
    if zlib.crc32(code) != CRC32:
        raise EngineError(f"{WASM} is damaged (its CRC-32 is not {CRC32:#010x}); {again}")
    config = wasmtime.Config()
    config.parallel_compilation = False  # which saves 15 of 45 ms, and costs 6 of 25 MB
    engine = wasmtime.Engine(config)
    failures = wasmtime.WasmtimeError, wasmtime.Trap
    try:
        return _Loaded(engine, wasmtime.Module(engine, code), failures)
    except wasmtime.WasmtimeError as error:
        raise EngineError(f"this wasmtime cannot compile {WASM}: {error}; install a newer one") from error


class Instance:
    """An engine with a memory of its own, for one job and one thread at a time.

    Instances work side by side: a call releases the GIL.

    Raises
    ------
    EngineError
        When it cannot be started.
    """

    def __init__(self) -> None:
        with _loading:
            loaded = _load()
        import wasmtime

        self._failures: Any = loaded.failures
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
        """Call the engine's function ``name``; numbers only.

        Raises
        ------
        EngineError
            When it fails. This instance cannot be used any more.
        """
        try:
            return self._exports[name](self._store, *arguments)
        except (KeyError, *self._failures) as error:
            raise EngineError(f"the engine failed in {name}: {str(error).splitlines()[0]}") from error

    def prepare(self, job: str, layer_sizes: Sequence[int], *settings: float) -> None:
        """Lay out the memory of a job.

        Parameters
        ----------
        job : {"training", "propagation", "sums", "numbers"}
        layer_sizes : sequence of int
            At most 51.
        settings : float
            Arguments of the engine's function ``prepare_{job}``. Checked by the caller.

        Raises
        ------
        EngineError
            When it takes more than the 4 GB that an engine can have, or than this computer has.
        """
        self.array("sizes", np.int32, len(layer_sizes))[:] = layer_sizes
        if not self.call(f"prepare_{job}", *settings):
            raise EngineError(f"there is not enough memory for this {job}; ask for fewer or smaller runs")

    def array(self, name: str, dtype: DTypeLike, *shape: int, of: Sequence[int] = ()) -> NDArray[Any]:
        """View a part of the engine's memory.

        Parameters
        ----------
        name : str
            The engine's function that returns the address.
        dtype : data-type
        shape : int
            One number for each dimension.
        of : sequence of int
            Arguments of that function.

        Returns
        -------
        ndarray
            Valid until the next ``prepare``: copy what is needed later.
        """
        address = self.call(name, *of) & 0xFFFFFFFF
        kind, count = np.dtype(dtype), math.prod(shape)
        if address + count * kind.itemsize > self.memory_size:
            raise EngineError(f"{name} {shape} ends outside of the engine's memory")
        start = self._exports["memory"].data_ptr(self._store)
        first = ctypes.addressof(start.contents) + address
        block = (ctypes.c_ubyte * (count * kind.itemsize)).from_address(first)
        vars(block)["store"] = self._store  # keeps the memory as long as the array
        return np.ctypeslib.as_array(block).view(kind).reshape(shape)

    def run(
        self,
        stopped: Callable[[], bool] | None = None,
        supply: Callable[[], None] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Do the job, a few milliseconds at a time.

        Parameters
        ----------
        stopped : callable, optional
            Asked in between; when it answers True, Cancelled is raised.
        supply : callable, optional
            Called where the engine asks for weights.
        progress : callable, optional
            Called in between with the share that is done, 0 to 1.

        Raises
        ------
        Cancelled, EngineError
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
    """Borrow an instance for one job. To start one, and to touch its memory first, takes a millisecond.

    One whose job failed or was cancelled, or whose memory has grown large, is not used again.

    Raises
    ------
    EngineError
        When none can be started.
    """
    try:
        instance = _idle.pop()
    except IndexError:
        instance = Instance()
    yield instance
    if instance.memory_size <= MAX_IDLE and len(_idle) < cores():
        _idle.append(instance)


@atexit.register
def _release() -> None:
    """Let go of what is cached while wasmtime, which complains otherwise, is still there."""
    _idle.clear()
    _load.cache_clear()


def normal_quantiles(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard normal quantiles, to the bit those of the engine's own draws.

    Algorithm AS 241 (M. Wichura, 1988) with a logarithm that is nearly always the nearest double. Within 2
    units in the last place of ``statistics.NormalDist().inv_cdf``, but for one number in 100,000 where the C
    library rounds the logarithm to another double.

    Parameters
    ----------
    numbers : ndarray of float64, any shape
        Below 1. What is below 2**-54, half a step of ``random()``, counts as that.

    Returns
    -------
    ndarray of float64, shape of `numbers`

    Raises
    ------
    ValueError
        When a number is 1 or more.
    """
    flat = np.array(numbers, dtype=np.float64).ravel()
    if (flat >= 1.0).any():
        raise ValueError(f"a quantile is asked of {flat.max():g}; numbers must be below 1")
    with borrowed() as engine:
        for start in range(0, flat.size, MAX_NUMBERS):
            some = flat[start : start + MAX_NUMBERS]
            engine.prepare("numbers", (), some.size)
            array = engine.array("numbers", np.float64, some.size)
            array[:] = some
            engine.call("to_normal", some.size)
            some[:] = array
    return flat.reshape(np.shape(numbers))
