"""Make ``engine.wasm`` from ``engine.c``: ``python -m letkeman_viz.engine.compile``, or ``make engine``.

A development dependency does it, the C compiler in the package ziglang. The bytes are the same on every
machine, and a test compares them with those that are committed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from pathlib import Path

from .engine import WASM

FLAGS = (
    "-std=c11", "-O3", "-g0", "-Wall", "-Wextra", "-Werror",
    "-ffp-contract=off",  # a product and a sum are rounded one after the other, whatever the processor has
    "-target", "wasm32-freestanding", "-msimd128", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all",
)  # fmt: skip


def compile_engine(to: Path = WASM) -> None:
    """Compile the engine into the file ``to``. Raises SystemExit when the compiler refuses or is missing."""
    command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, "-o", str(to), "engine.c"]
    if subprocess.run(command, cwd=WASM.parent).returncode:
        raise SystemExit("engine.c was not compiled; the compiler comes with `pip install -e '.[test]'`")


def write_checksum() -> None:
    """Write the CRC-32 of ``engine.wasm`` into ``engine.py``, which thus knows a damaged file."""
    program = WASM.with_name("engine.py")
    text = program.read_text(encoding="utf-8")
    text = re.sub("(?m)^CRC32 = .*", f"CRC32 = {zlib.crc32(WASM.read_bytes()):#010x}", text)
    program.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    compile_engine()
    write_checksum()
    print(f"{WASM} has {WASM.stat().st_size:,} bytes")
