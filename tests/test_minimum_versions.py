"""The list of lowest versions with which `make test-minimum` runs these tests."""

from __future__ import annotations

import re

import pytest
from minimum_versions import lowest, requirements


def test_every_package_that_is_named_has_one() -> None:
    named = [requirement for requirement in requirements() if "<0;" not in requirement]
    pinned = list(lowest(named))
    assert len(pinned) == len(named) >= 20
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pinned)
    names = [pin.partition("==")[0] for pin in pinned]
    assert len(set(names)) == len(names), "one package has two bounds"


def test_extras_upper_bounds_and_markers_are_left_out() -> None:
    asked = ["dask[distributed]>=2025.1", "a>=1.2,<3", 'b>=4.5; python_version < "3.12"', "c==6"]
    assert list(lowest(asked)) == ["dask==2025.1", "a==1.2", "b==4.5", "c==6"]


@pytest.mark.parametrize("requirement", ["a", "a<3", "a~=1.2", "a>1"])
def test_a_requirement_without_a_lower_bound_is_refused(requirement: str) -> None:
    with pytest.raises(ValueError, match=r"no lower bound; write it as name>=version"):
        list(lowest([requirement]))
