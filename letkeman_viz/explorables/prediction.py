"""Predictions: a question before an experiment, an answer that is locked in, and then what really happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import traitlets

from .. import checks
from ..initializers import Initializer, get_initializer, scales
from ..network import Network
from ..recording import Recording
from ..tasks import make_task
from ..training import MAX_SEED, train, train_one
from .explorable import SETTING, Explorable, scheme_data, table_data

NUMBER = 19
"""The single example is 19 -> 20."""
LEARNING_RATE = 1.0
EPOCHS = 1000
MAX_UPDATES = 5000
ONES_UPDATES = 337
"""Updates that all ones need for the single example."""
RANDOM = (
    "standard_xavier",
    "normalized_xavier",
    "standard_letkeman",
    "normalized_letkeman",
    "kaiming",
)
MAX_WHY = 2000
"""Characters of a reason at most."""

_NETWORK = Network()
_TABLE = make_task("count_up")
_ROWS = len(_TABLE[0])
_LAYERS = [f"layer {k + 1}" for k in range(len(_NETWORK.shapes))]
_MORE, _FEWER, _NEVER = "more updates", "fewer updates", "it never gets there"
_NONE = "none of them"

Answer = int | str
_P = ParamSpec("_P")
_T = TypeVar("_T")


def _runs(schemes: Sequence[str | Initializer], seed: int, epochs: int = EPOCHS) -> list[Recording]:
    runs = train(schemes, LEARNING_RATE, epochs, seed, _NETWORK.layer_sizes, _TABLE, max_frames=3)
    assert isinstance(runs, list)  # a list of schemes was asked for
    return runs


def _updates(scheme: str | Initializer, seed: int) -> int | None:
    """Updates until the single example is right, or None if ``MAX_UPDATES`` are too few."""
    run = train_one(
        NUMBER, scheme, LEARNING_RATE, _NETWORK.layer_sizes, seed, MAX_UPDATES, task=_TABLE, max_frames=3
    )
    assert isinstance(run, Recording)  # one scheme and one seed were asked for
    return run.solved_at


def _smallest(scheme: Initializer, seed: int) -> str:
    gradient: list[float] = _runs([scheme], seed, epochs=0)[0].gradient[0].tolist()
    return _LAYERS[gradient.index(min(gradient))]


def _winner(_: Initializer | None, seed: int) -> str:
    solved = {run.label: run.solved_at for run in _runs(RANDOM, seed) if run.solved_at is not None}
    return min(solved, key=lambda label: solved[label]) if solved else _NONE


def _frozen(_: Initializer | None, seed: int) -> str:
    zeros, ones = _updates("zeros", seed), _updates("ones", seed)
    if zeros is None or ones is None:
        return _NEVER
    return _FEWER if zeros < ones else _MORE


def _best_count(scheme: Initializer, seed: int) -> int:
    return int(_runs([scheme], seed)[0].curve("correct_after").max())


@dataclass(frozen=True)
class _Kind:
    """What is asked. ``{label}`` and ``{seed}`` in a question are filled in."""

    question: str
    actual: Callable[[Any, int], Answer | None]
    initializer: str = ""
    """The usual scheme, or "" where the question is about no scheme in particular."""
    choices: tuple[str, ...] = ()
    """Answers to choose from; without any the answer is a whole number from 0 to ``high``."""
    high: int = 0
    unit: str = ""
    others: tuple[str, ...] = ()
    """Schemes that the page trains, too."""


KINDS: dict[str, _Kind] = {
    "updates": _Kind(
        "All ones needed 337 updates to get 19 → 20 right. How many will {label} need, with seed {seed}?",
        _updates,
        "standard_letkeman",
        high=MAX_UPDATES,
        unit="updates",
        others=("ones",),
    ),
    "layer": _Kind(
        "{label}, seed {seed}, all 32 numbers, before the first update: the weights of which layer get the "
        "smallest gradient?",
        _smallest,
        "standard_xavier",
        tuple(_LAYERS),
    ),
    "winner": _Kind(
        "Learning rate 1, seed {seed}: which scheme is the first to have all 32 right?",
        _winner,
        choices=tuple(get_initializer(name).label for name in RANDOM),
        others=RANDOM,
    ),
    "frozen": _Kind(
        "From all ones, it takes 337 updates to get 19 → 20 right. And if every weight starts at zero?",
        _frozen,
        choices=(_MORE, _FEWER, _NEVER),
        others=("zeros", "ones"),
    ),
    "count": _Kind(
        "Learning rate 1, seed {seed}, a thousand epochs from {label}: how many of the 32 numbers does it "
        "get right after an epoch, when it is at its best?",
        _best_count,
        "ones",
        high=_ROWS,
        unit="of 32",
    ),
}
"""By name: what a prediction can be about."""


class Prediction(Explorable):
    """A question, an answer that is locked in, and then the truth beside it, computed by the page.

    Parameters
    ----------
    kind : {"updates", "layer", "winner", "frozen", "count"}
        What is asked: how many updates ``initializer`` needs for the single example; in which layer its
        gradient is smallest before training; which scheme first has all 32 right; whether all zeros need more
        or fewer updates than all ones; how many of the 32 ``initializer`` gets right at its best.
    initializer : str or Initializer
        The scheme that "updates", "layer" (one that draws at random) and "count" ask about; the others take
        none. By default "standard_letkeman", "standard_xavier" and "ones". Reading it gives the name.
    seed : int
        Of the draw and of the order of the examples, 0 to 2**32 - 1; 1 by default.
    answer : int, str or None
        What the reader says: one of ``choices``, or a whole number; None (default) before that.
    why : str
        The reader's reason, at most 2000 characters; "" by default.
    locked : bool
        Whether the answer is given; False by default. Only then is the truth computed and shown.

    Raises
    ------
    TypeError
        For a name that is no setting.
    traitlets.TraitError
        For a value out of range, and for ``locked`` before there is an answer.

    Examples
    --------
    >>> prediction = Prediction("updates", seed=1)
    >>> prediction.answer = 50
    >>> prediction.actual
    2
    """

    name = "prediction"

    kind = traitlets.Unicode("updates").tag(**SETTING)
    initializer = traitlets.Any("").tag(**SETTING)
    seed = traitlets.Any(1).tag(**SETTING)
    answer = traitlets.Any(None, allow_none=True).tag(**SETTING)
    why = traitlets.Unicode("").tag(**SETTING)
    locked = traitlets.Bool(False).tag(**SETTING)

    def __init__(self, kind: str = "updates", **settings: Any) -> None:
        self._scheme: Initializer | None = None
        answered = {key: settings.pop(key) for key in ("answer", "locked") if key in settings}
        super().__init__(kind=kind, **settings)
        if self.initializer == "":
            self.initializer = KINDS[self.kind].initializer
        self._describe()
        self.observe(self._on_question, ["kind", "initializer", "seed"])
        for key, value in answered.items():  # what is allowed depends on the question
            setattr(self, key, value)

    @property
    def question(self) -> str:
        """What is asked, as the page asks it."""
        label = self._scheme.label if self._scheme else ""
        return KINDS[self.kind].question.format(label=label, seed=self.seed)

    @property
    def choices(self) -> list[str]:
        """The answers to choose from; empty where a number is asked for."""
        return list(KINDS[self.kind].choices)

    @property
    def actual(self) -> Answer | None:
        """The true answer, computed now, as the page computes it; None where there is none."""
        return KINDS[self.kind].actual(self._scheme, self.seed)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        # A page can give and lock an answer in one message, in any order.
        if isinstance(sync_data, dict) and {"answer", "locked"} <= sync_data.keys():
            super().set_state({"answer": sync_data["answer"]})
            sync_data = {key: value for key, value in sync_data.items() if key != "answer"}
        super().set_state(sync_data)

    def _describe(self) -> None:
        """What the page cannot know: the question, the examples, and how the schemes draw their weights."""
        kind = KINDS[self.kind]
        asked = [] if self._scheme is None else [self._scheme]
        self._data = {
            "question": self.question,
            "choices": self.choices,
            "high": kind.high,
            "unit": kind.unit,
            "maxWhy": MAX_WHY,
            "number": NUMBER,
            "maxUpdates": MAX_UPDATES,
            "epochs": EPOCHS,
            "learningRate": LEARNING_RATE,
            "sizes": list(_NETWORK.layer_sizes),
            "table": table_data(_TABLE),
            "schemes": scheme_data([*asked, *kind.others], _NETWORK, self.seed),
            "linked": [],
        }

    def _on_question(self, change: dict[str, Any]) -> None:
        """Another question: what was said belongs to the old one."""
        if change["name"] == "kind":
            self._scheme = None
            usual = KINDS[self.kind].initializer
            if self.initializer != usual:
                self.initializer = usual  # and so this is called again
                return
            self._scheme = get_initializer(usual) if usual else None
        self.locked = False
        self.answer = None
        self.why = ""
        self._describe()

    @traitlets.validate("kind")
    def _check_kind(self, proposal: dict[str, Any]) -> str:
        return _checked(checks.choice, "kind", proposal["value"], KINDS)

    @traitlets.validate("initializer")
    def _check_initializer(self, proposal: dict[str, Any]) -> str:
        value, usual = proposal["value"], KINDS[self.kind].initializer
        if not usual:
            if value != "":
                raise traitlets.TraitError(f"a prediction of kind {self.kind!r} takes no initializer")
            return ""
        if value == "":
            value = usual
        if self._scheme is not None and value == self._scheme.name:
            return self._scheme.name
        scheme = _checked(get_initializer, value)
        if self.kind == "layer" and scales(scheme, _NETWORK.shapes)[0] == "constant":
            raise traitlets.TraitError(
                f"initializer {scheme.name!r} draws nothing at random, and its layers would tie; "
                f"choose another, such as {usual!r}"
            )
        self._scheme = scheme
        return scheme.name

    @traitlets.validate("seed")
    def _check_seed(self, proposal: dict[str, Any]) -> int:
        return _checked(checks.integer, "seed", proposal["value"], 0, MAX_SEED)

    @traitlets.validate("answer")
    def _check_answer(self, proposal: dict[str, Any]) -> Answer | None:
        kind, value = KINDS[self.kind], proposal["value"]
        if value is None:
            return None
        if kind.choices:
            return _checked(checks.choice, "answer", value, kind.choices)
        return _checked(checks.integer, "answer", value, 0, kind.high)

    @traitlets.validate("why")
    def _check_why(self, proposal: dict[str, Any]) -> str:
        if len(proposal["value"]) > MAX_WHY:
            raise traitlets.TraitError(
                f"why has {len(proposal['value'])} characters; at most {MAX_WHY} are kept"
            )
        return str(proposal["value"])

    @traitlets.validate("locked")
    def _check_locked(self, proposal: dict[str, Any]) -> bool:
        if proposal["value"] and self.answer is None:
            allowed = self.choices or f"a whole number from 0 to {KINDS[self.kind].high}"
            raise traitlets.TraitError(f"there is no answer to lock in; first set answer to {allowed}")
        return bool(proposal["value"])


def _checked(check: Callable[_P, _T], *arguments: _P.args, **options: _P.kwargs) -> _T:
    """What a check returns; what it raises becomes the error that traits raise."""
    try:
        return check(*arguments, **options)
    except (TypeError, ValueError) as error:
        raise traitlets.TraitError(str(error)) from error
