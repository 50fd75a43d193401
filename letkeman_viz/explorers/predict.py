"""Predict first: a page asks, takes the answer, then runs the experiment and compares."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
import traitlets

from .live import Live, row

Answer = int | str


class _Locked(traitlets.HasTraits):
    """What starts the experiment: ``wanted`` turns true when an answer is locked in."""

    wanted = traitlets.Bool(False)


class Prediction(Live):
    """A ``question``, an answer to lock in, and then what really happens beside it.

    Give either ``choices``, at least two, or ``low``, ``high`` and a ``unit``, for a whole number. ``actual``
    runs the experiment, in a thread and only after an answer was locked in, and gives the true answer; the
    two are compared as in "You said 50; it ``verb`` 2 ``unit``." ``explain(said, actual)`` then says in plain
    text what can be learned from it.
    """

    def __init__(
        self,
        question: str,
        actual: Callable[[], Answer],
        explain: Callable[[Any, Any], str],
        choices: Sequence[str] = (),
        low: int = 0,
        high: int = 1000,
        unit: str = "",
        verb: str = "is",
    ) -> None:
        if len(choices) == 1:
            raise ValueError(f"choices has only {choices[0]!r}; give at least two, or none for a number")
        self._actual, self._explain, self._unit, self._verb = actual, explain, unit, verb
        self.question = ipywidgets.HTML(
            f"<p class='lkv-say'><b>Predict first.</b> {html.escape(question)}</p>"
        )
        self.answer: Any
        if choices:
            self.answer = ipywidgets.RadioButtons(options=list(choices), value=None, description="I say")
        else:
            self.answer = ipywidgets.BoundedIntText(
                low, min=low, max=high, description=f"I say ({unit})", layout={"width": "230px"}
            )
            self.answer.style.description_width = "initial"
        self.answer.tooltip = question
        self.lock = ipywidgets.Button(description="Lock in my answer", layout={"width": "max-content"})
        self.result = ipywidgets.HTML("<div role='status'></div>")
        self._locked = _Locked()
        super().__init__(self._locked, [])
        self.lock.on_click(self._on_lock)
        self.add_class("lkv-predict")
        asked = (self.answer, self.lock) if choices else (row(self.answer, self.lock),)
        self.children = [self.question, *asked, self.status, self.result]

    def _on_lock(self, _: ipywidgets.Button) -> None:
        if self._locked.wanted:
            self._ask_again()
        elif self.answer.value is None:
            self.result.value = "<p class='lkv-say' role='status'>Choose an answer first.</p>"
        else:
            self.answer.disabled = True
            self.lock.description = "Ask me again"
            self._locked.wanted = True

    def _ask_again(self) -> None:
        self._locked.wanted = False
        self.answer.disabled = False
        self.lock.description = "Lock in my answer"
        self.result.value = "<div role='status'></div>"

    def compute(self, cancelled: Callable[[], bool]) -> None:
        said, actual = self.answer.value, self._actual()
        verdict = f"You said {said}; it {self._verb} {actual} {self._unit}".rstrip() + "."
        if said == actual:
            verdict = f"You said {said}, and so it {self._verb}."
        words = f"<b>{html.escape(verdict)}</b> {html.escape(self._explain(said, actual))}"
        self.show(lambda: self._tell(words))

    def _tell(self, words: str) -> None:
        if self._locked.wanted:  # unless it was taken back meanwhile
            self.result.value = f"<p class='lkv-say' role='status'>{words}</p>"
