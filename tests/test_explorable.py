"""What every explorable promises, without a browser: settings that are checked, a state that is plain."""

from __future__ import annotations

import doctest
import importlib
import json
import math
import random
from typing import Any

import ipywidgets
import pytest
import traitlets

from letkeman_viz import explorables, train_one
from letkeman_viz.explorables.explorable import Explorable
from letkeman_viz.explorables.standalone import standalone, state_json

ALL: list[type[Explorable]] = list(explorables.ALL)

HOSTILE = [
    None, "", "7", b"\x00", [], {}, [[1], {"a": [None] * 50}], {"a": {"b": {"c": [1, "x", math.nan]}}},
    math.nan, math.inf, -math.inf, 10**400, -(10**400), 1e308, -0.5, True, ["kaiming"] * 100, ["__class__"],
    [-1, 300, 7], "x" * 100_000,
]  # fmt: skip


def make(kind: type[Explorable]) -> Explorable:
    """An explorable as it opens; the few that need something are given it."""
    if kind is explorables.Sigmoid:
        return explorables.Sigmoid(of=explorables.OneExample())
    if kind is explorables.SweepMap:
        return explorables.SweepMap(of=explorables.Playground())
    if kind is explorables.RecordingView:
        return explorables.show(train_one(max_frames=5))
    return kind()


@pytest.mark.parametrize("kind", ALL)
def test_an_unknown_setting_is_refused_by_name(kind: type[Explorable]) -> None:
    needs = {
        explorables.RecordingView: lambda: {"recording": train_one(max_frames=5)},
        explorables.Sigmoid: lambda: {"of": explorables.OneExample()},
    }
    with pytest.raises(TypeError, match="sede"):
        kind(sede=3, **needs.get(kind, dict)())


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: f"{value!r:.30}")
@pytest.mark.parametrize("kind", ALL)
def test_no_value_from_a_page_raises_or_is_kept_unchecked(kind: type[Explorable], value: Any) -> None:
    """What is refused leaves the setting as it was; what is kept can be set again from Python."""
    one = make(kind)
    private = {
        "_data",
        "_channel",
        "_esm",
        "_css",
        "comm",
        "keys",
        "layout",
        "no_such_trait",
        "__class__",
        "",
    }
    before = one.get_state([*private & set(one.keys)])
    for name in one.settings_names():
        one.set_state({name: value})
        kept = getattr(one, name)
        setattr(one, name, kept)
    for name in private:
        one.set_state({name: value})
    after = one.get_state([*private & set(one.keys)])
    assert {k: v for k, v in after.items() if k != "_data"} == {
        k: v for k, v in before.items() if k != "_data"
    }
    json.loads(state_json(one.state()))


@pytest.mark.parametrize("kind", ALL)
def test_a_bad_value_is_refused_in_python_too(kind: type[Explorable]) -> None:
    one = make(kind)
    for name in one.settings_names():
        with pytest.raises((traitlets.TraitError, ValueError, TypeError)) as refused:
            setattr(one, name, {"no": "value"})
        assert str(refused.value)


@pytest.mark.parametrize("kind", ALL)
def test_a_state_survives_a_saver_that_sorts_its_keys(kind: type[Explorable]) -> None:
    """Nothing depends on the order of keys: lists are in order, and names are looked up."""
    state = json.loads(state_json(make(kind).state()))

    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            names = list(value)
            random.Random(1).shuffle(names)
            return {name: shuffled(value[name]) for name in names}
        return [shuffled(part) for part in value] if isinstance(value, list) else value

    assert shuffled(state) == state


@pytest.mark.parametrize("kind", ALL)
def test_closing_frees_everything_that_was_made(kind: type[Explorable]) -> None:
    instances = ipywidgets.widgets.widget._instances
    before = set(instances)
    for _ in range(3):
        one = make(kind)
        one.close()
        left = [instances[name] for name in set(instances) - before]
        for other in left:  # what it was linked with closes its own layout
            if isinstance(other, Explorable):
                other.close()
    assert set(instances) == before


@pytest.mark.parametrize("kind", ALL)
def test_one_widget_and_no_other_is_made(kind: type[Explorable]) -> None:
    instances = ipywidgets.widgets.widget._instances
    before = set(instances)
    one = make(kind)
    made = {type(instances[name]) for name in set(instances) - before}
    allowed = (Explorable, ipywidgets.Layout)
    assert [kind for kind in made if not issubclass(kind, allowed)] == []
    one.close()


@pytest.mark.parametrize("kind", ALL)
def test_the_examples_in_the_docstring_are_true(kind: type[Explorable]) -> None:
    module = importlib.import_module(kind.__module__)
    found = doctest.DocTestFinder(recurse=True).find(kind, kind.__name__, module=module)
    examples = [test for test in found if test.examples]
    assert examples or kind is explorables.PageTools
    for test in examples:
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        assert runner.run(test, clear_globs=False).failed == 0


def test_a_title_and_states_are_text_in_a_page_of_their_own() -> None:
    page = standalone([explorables.OneExample()], "</title><script>alert(1)</script>")
    assert "<script>alert(1)" not in page
    assert "\\u003c" in state_json(["</script>"])
