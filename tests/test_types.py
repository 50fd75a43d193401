"""The types of the science, checked by mypy: half a minute of one core, beside the other tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.types
def test_mypy_has_nothing_to_say(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
