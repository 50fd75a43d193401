"""Which experiments there are. Their networks are imported only when one is to be trained."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from .. import __version__, checks
from .runs import SCHEMES, Run


@dataclass(frozen=True)
class Experiment:
    """One of the article's networks."""

    name: str
    title: str
    module: str
    trainer: str
    data: tuple[str, ...]
    """Data it can learn from, the article's own first; () for a task that needs none."""
    amount: str
    """The setting that says how much of the data is used."""
    one_hot: bool = False
    """Whether counting active nodes makes a difference."""


EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (
        Experiment("counting", "Binary counting", "counting", "Counting", (), ""),
        Experiment(
            "mnist-conv", "MNIST, convolutional", "mnist_conv", "MnistConv", ("mnist", "digits"), "images"
        ),
        Experiment("mnist-dense", "MNIST, dense", "mnist_dense", "MnistDense", ("mnist", "digits"), "images"),
        Experiment(
            "hamlet",
            "Hamlet, recurrent",
            "hamlet",
            "Hamlet",
            ("hamlet", "excerpt"),
            "characters",
            one_hot=True,
        ),
    )
}

ACTIVE = ("article", "without", "with", "both")
"""Who counts active nodes: the Letkeman schemes as in the article, nobody, everybody, or each both ways."""


class NeedsTorch(ImportError):
    """The experiment needs PyTorch, which is not installed."""


def get_experiment(name: str) -> Experiment:
    """The experiment called ``name``; ValueError when there is none."""
    return EXPERIMENTS[checks.choice("experiment", name, EXPERIMENTS)]


def load_module(experiment: Experiment) -> Any:
    """The module of the network. Raises NeedsTorch, with advice, where PyTorch is missing."""
    try:
        return importlib.import_module(f"{__package__}.{experiment.module}")
    except ImportError as error:
        if error.name != "torch":
            raise
        raise NeedsTorch(
            f"the experiment {experiment.name!r} needs PyTorch: pip install 'letkeman-viz[experiments]'",
            name="torch",
        ) from error


def trainer_of(experiment: Experiment) -> Any:
    """The class that trains it."""
    return getattr(load_module(experiment), experiment.trainer)


def settings_of(experiment: Experiment, changes: Mapping[str, Any] | None = None) -> Any:
    """Its hyperparameters, with ``changes``; all must be settings it has, and whole numbers from 1 up."""
    settings = load_module(experiment).Settings()
    names = [field.name for field in fields(settings)]
    for name, value in (changes or {}).items():
        checks.choice("setting", name, names)
        if name in ("epochs", experiment.amount):
            checks.integer(name, value, 1, 100_000)
    return replace(settings, **dict(changes or {}))


def plain_settings(settings: Any) -> dict[str, Any]:
    """The hyperparameters as JSON has them."""
    return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(settings).items()}


def code_version(experiment: Experiment) -> str:
    """What made the numbers: the package's version, and how often the experiment's numbers changed."""
    return f"letkeman_viz {__version__}, revision {trainer_of(experiment).revision}"


def runs_of(
    experiment: Experiment,
    schemes: Iterable[str] = SCHEMES,
    seeds: Iterable[int] = range(1, 6),
    active: str = "article",
) -> list[Run]:
    """All runs of these schemes and seeds. ``active``: see ``ACTIVE``; it concerns one-hot inputs only."""
    checks.choice("active", active, ACTIVE)
    runs = []
    for seed in seeds:
        for scheme in schemes:
            if not experiment.one_hot:
                counted = [False]
            elif active == "article":
                counted = ["letkeman" in scheme]
            else:
                counted = {"without": [False], "with": [True], "both": [False, True]}[active]
            runs += [Run(scheme, seed, each) for each in counted]
    return list(dict.fromkeys(runs))
