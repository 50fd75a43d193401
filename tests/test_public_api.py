"""What a user may import, what that costs, and that all of it explains itself."""

import doctest
import importlib
import inspect
import subprocess
import sys

import pytest

import letkeman_viz

SCIENCE = [
    "checks",
    "initializers",
    "schemes",
    "counting",
    "network",
    "training",
    "files",
    "recording",
    "magnitude",
    "simulation",
    "mean_field",
    "propagation",
    "deep_training",
    "tasks",
    "batch",
    "study",
    "sweep",
]
HEAVY = {"wasmtime", "ipywidgets", "anywidget", "plotly", "torch", "voila", "scipy", "IPython"}


def module(name):
    return importlib.import_module(f"letkeman_viz.{name}")


def public_things():
    """(module, name, object) of every public function and class that the science defines."""
    for name in SCIENCE:
        for key, thing in vars(module(name)).items():
            defined_here = getattr(thing, "__module__", None) == f"letkeman_viz.{name}"
            if not key.startswith("_") and defined_here and callable(thing):
                yield name, key, thing


def test_everything_announced_can_be_imported():
    assert letkeman_viz.__all__ == sorted(letkeman_viz.__all__, key=lambda name: (not name.isupper(), name))
    for name in letkeman_viz.__all__:
        assert hasattr(letkeman_viz, name), name
    names = {}
    exec("from letkeman_viz import *", names)
    assert set(letkeman_viz.__all__) == set(names) - {"__builtins__"}


def test_what_the_readme_promises_is_there():
    assert {
        "INITIALIZERS",
        "Recording",
        "counting_task",
        "get_initializer",
        "register_initializer",
        "train",
        "train_one",
    } <= set(letkeman_viz.__all__)


@pytest.mark.parametrize(
    ("where", "name", "thing"), [pytest.param(*t, id=f"{t[0]}.{t[1]}") for t in public_things()]
)
def test_public_things_explain_themselves(where, name, thing):
    assert (inspect.getdoc(thing) or "").strip()
    if inspect.isclass(thing):
        assert "__doc__" in vars(thing)
        assert not thing.__doc__.startswith(f"{name}(")  # what dataclass writes when nobody else does
        for key, method in inspect.getmembers(thing, inspect.isfunction):
            assert key.startswith("_") or inspect.getdoc(method), f"{where}.{name}.{key}"


@pytest.mark.parametrize("name", SCIENCE)
def test_modules_explain_themselves(name):
    assert module(name).__doc__


def loaded_by(code):
    """Top-level names of the modules in a fresh interpreter after running ``code``, and our own."""
    report = "import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    names = done.stdout.split()
    return {name.partition(".")[0] for name in names}, {
        name for name in names if name.startswith("letkeman_viz.")
    }


def test_importing_the_science_is_light():
    code = "import " + ", ".join(["letkeman_viz", *(f"letkeman_viz.{name}" for name in SCIENCE)])
    everything, ours = loaded_by(code)
    assert "numpy" in everything
    assert not HEAVY & everything
    engine = {f"letkeman_viz.engine{name}" for name in ("", ".engine", ".threads")}
    assert ours == engine | {f"letkeman_viz.{name}" for name in SCIENCE}  # no widget, no explorer, no site


def test_training_loads_the_engine_and_nothing_else_that_is_heavy():
    everything, _ = loaded_by("import letkeman_viz as lv; lv.train('kaiming', epochs=3)")
    assert HEAVY & everything == {"wasmtime"}


@pytest.mark.parametrize("name", ["counting", "initializers", "tasks", "training"])
def test_examples_in_docstrings(name):
    before = dict(letkeman_viz.INITIALIZERS)
    try:
        result = doctest.testmod(module(name))
    finally:
        letkeman_viz.INITIALIZERS.clear()
        letkeman_viz.INITIALIZERS.update(before)
    assert result.attempted > 0
    assert result.failed == 0
