"""From nothing to the first finished run: seconds and private memory, beyond what `import numpy` takes.

    python benchmarks/start.py

Fresh processes take turns: one imports NumPy, the other imports letkeman_viz and trains one run of 1,000
epochs. Nothing of ours is cached but what Python compiles; with --cold not even that. Exits with 1 above the
project's aims.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

MOST_SECONDS = 0.4
MOST_MEGABYTES = 40.0
ROUNDS = 9
MEMORY = "import psutil; print(psutil.Process().memory_full_info().uss)"
PROGRAMS = {
    "numpy": "import numpy",
    "first run": "from letkeman_viz import train; train('standard_xavier', epochs=1000)",
}


def measure(code: str) -> tuple[float, float]:
    """(seconds, megabytes) of a fresh process."""
    cold = {"PYTHONDONTWRITEBYTECODE": "1"} if "--cold" in sys.argv else {}
    environment = os.environ | cold
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    seconds = time.perf_counter() - start
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}\n{MEMORY}"],
        check=True,
        env=environment,
        capture_output=True,
        text=True,
    )
    return seconds, int(ended.stdout) / 1e6


def main() -> None:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in PROGRAMS}
    for _ in range(ROUNDS):
        for name, code in PROGRAMS.items():
            found[name].append(measure(code))
    numpy, ours = ([min(part) for part in zip(*found[name], strict=True)] for name in PROGRAMS)
    seconds, megabytes = ours[0] - numpy[0], ours[1] - numpy[1]
    print(f"import numpy: {numpy[0]:.2f} s, {numpy[1]:.0f} MB")
    print(f"to the first run: {ours[0]:.2f} s, {ours[1]:.0f} MB")
    print(f"  {seconds:.2f} s more (aim: {MOST_SECONDS})")
    print(f"  {megabytes:.0f} MB more (aim: {MOST_MEGABYTES:.0f})")
    raise SystemExit(0 if seconds <= MOST_SECONDS and megabytes <= MOST_MEGABYTES else 1)


if __name__ == "__main__":
    main()
