"""The lowest version that pyproject.toml allows of every package it names, as constraints for pip.

    python tests/minimum_versions.py > constraints.txt
    pip install --editable '.[test]' --constraint constraints.txt

`make test-minimum` does this in an environment of its own and runs the tests there. What the named packages
need themselves comes in its newest version: their bounds are theirs to test.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"

_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(?P<extras>\[[\w,]+\])?(?P<how>>=|==)(?P<version>[\w.]+)(?:,<[\w.]+)?"
)


def requirements(path: Path = PROJECT) -> list[str]:
    """Everything that the package, its extras and its build ask for, each once."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    project = content["project"]
    lists = [content["build-system"]["requires"], project["dependencies"]]
    lists += project["optional-dependencies"].values()
    return sorted({requirement for requirements in lists for requirement in requirements})


def lowest(requirements: Iterable[str]) -> Iterator[str]:
    """Each requirement held at its lower bound; ValueError for one that has none.

    One that asks for less than 0 is there to be refused, on computers that its marker names.
    """
    for requirement in requirements:
        if "<0;" in requirement:
            continue
        match = _REQUIREMENT.fullmatch(requirement.partition(";")[0].strip())
        if match is None:
            raise ValueError(f"{requirement!r} has no lower bound; write it as name>=version")
        yield f"{match['name']}=={match['version']}"


if __name__ == "__main__":
    print("\n".join(lowest(requirements())))
