"""The engine: one program in C, compiled to WebAssembly, that Python and the browser run to the same bit.

``engine.c`` (with the ``.h`` files beside it) is the source and ``engine.wasm`` what it compiles to.
``engine.py`` runs that in Python with wasmtime, ``engine.js`` in a page. Both only write settings into the
engine's memory and read results from it.
"""

from .engine import (
    ACTIVATIONS,
    FORMATS,
    KINDS,
    Cancelled,
    EngineError,
    Instance,
    borrowed,
    normal_quantiles,
    signed,
)

__all__ = [
    "ACTIVATIONS",
    "FORMATS",
    "KINDS",
    "Cancelled",
    "EngineError",
    "Instance",
    "borrowed",
    "normal_quantiles",
    "signed",
]
