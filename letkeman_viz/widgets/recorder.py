"""Recorder: what the widgets of a page are for each value of some controls, for replay.js to play.

A ``Page`` holds all widgets that can be reached from its views. ``record`` brings a group of axes through
all its combinations and keeps every synced trait that changes on the way, each distinct value once.
The widgets need not know: whoever answers a control in Python is recorded answering it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from typing import Any

import ipywidgets

from ..explorables.widget import Widget
from .axes import Axis
from .models import Models, Place, drawing
from .slider import Slider


class Page(Models):
    """The widgets of one page, and what is recorded of them."""

    def __init__(self, views: Sequence[ipywidgets.Widget]) -> None:
        super().__init__(views)
        self._axes: dict[Axis, str] = {}
        self._groups: list[dict[str, Any]] = []
        self._moves: list[dict[str, Any]] = []
        self._presses: dict[str, dict[str, Any]] = {}
        self._needs: dict[str, str] = {}
        self._files: dict[str, dict[str, dict[str, Any]]] = {}
        self._instead: dict[Place, Any] = {}

    # --- Recording --------------------------------------------------------------------------------------

    def axis(self, axis: Axis) -> str:
        """The name of an axis on the page."""
        if axis not in self._axes:
            self._axes[axis] = f"a{len(self._axes)}"
            if axis.widget is not None:
                name = self.name(axis.widget)
                self._instead[name, axis.trait] = axis.values[axis.start]
                if isinstance(axis.widget, Slider):
                    self._thin(name, axis.widget, axis)
        return self._axes[axis]

    def _thin(self, name: str, slider: Slider, axis: Axis) -> None:
        """Of a slider only the recorded stops are shown."""
        before = axis.at()
        kept = []
        for k in range(len(axis.values)):
            axis.go(k)
            kept.append(slider._index)
        axis.go(before)
        self._instead[name, "_labels"] = [slider._labels[k] for k in kept]
        self._instead[name, "_marks"] = [[kept.index(at), text] for at, text in slider._marks if at in kept]

    def record(
        self,
        axes: Sequence[Axis],
        finish: Callable[[], Any],
        only: Callable[..., bool] = lambda *_: True,
        when: Sequence[tuple[Axis, int]] = (),
        film: tuple[Any, int] | None = None,
        of: Sequence[ipywidgets.Widget] = (),
    ) -> None:
        """Record every combination of ``axes`` for which ``only(*values)`` holds.

        ``finish()`` is called once in every combination and waits until all is shown. The group holds only
        ``when`` other axes are at given numbers, which they must be now. ``film`` is (the explorable, n): of
        what its ``show`` shows on the way to each combination, n pictures are kept. With ``of``, only
        what changes in these widgets belongs to the group: the rest depends on other axes too.
        """
        self._first |= self._numbered(self._look())  # what has been worked out to get here
        names = [self.axis(axis) for axis in axes]
        states, films = self._visit(axes, finish, only, film)
        self._go(axes, [axis.start for axis in axes])
        finish()
        self._look()
        effects = self._effects(states, of)
        before = dict(self._first)
        self._first.update(states.get(tuple(axis.start for axis in axes), {}))
        if not axes:
            return
        every = list(product(*(range(len(axis.values)) for axis in axes)))
        self._groups.append({
            "axes": names, "when": [[self.axis(axis), k] for axis, k in when],
            "effects": [
                [*place, [states[c].get(place, before[place]) if c in states else -1 for c in every]]
                for place in effects
            ],
            "films": {
                number: [[[*place, value] for place, value in picture.items() if place in effects]
                         for picture in pictures]
                for number, pictures in films.items()
            },
        })  # fmt: skip

    def _visit(
        self,
        axes: Sequence[Axis],
        finish: Callable[[], Any],
        only: Callable[..., bool],
        film: tuple[Any, int] | None,
    ) -> tuple[dict[tuple[int, ...], dict[Place, int]], dict[int, list[dict[Place, int]]]]:
        """Go through the combinations: (what had changed in each, the pictures on the way to each)."""
        states: dict[tuple[int, ...], dict[Place, int]] = {}
        films: dict[int, list[dict[Place, int]]] = {}
        now: dict[Place, int] = {}
        for number, combination in enumerate(product(*(range(len(axis.values)) for axis in axes))):
            if not only(*(axis.values[k] for axis, k in zip(axes, combination, strict=True))):
                continue
            self._go(axes, combination)
            with self._filming(film) as pictures:
                finish()
            changed: dict[Place, Any] = {}
            for picture in (*pictures, self._look()):
                changed |= picture
            now |= self._numbered(changed)
            states[combination] = dict(now)
            if film:
                films[number] = [self._numbered(picture) for picture in _thinned(pictures[:-1], film[1])]
        return states, films

    def _effects(
        self, states: dict[tuple[int, ...], dict[Place, int]], of: Sequence[ipywidgets.Widget]
    ) -> list[Place]:
        """The traits that differ between ``states``, but for the axes' own."""
        moved = {(self.name(axis.widget), axis.trait) for axis in self._axes if axis.widget is not None}
        seen = dict.fromkeys(place for state in states.values() for place in state)
        return [
            place
            for place in seen
            if place not in moved
            and (not of or self._widgets[place[0]] in of)
            and any(state.get(place, self._first[place]) != self._first[place] for state in states.values())
        ]

    @staticmethod
    def _go(axes: Sequence[Axis], combination: Sequence[int]) -> None:
        for axis, k in zip(axes, combination, strict=True):
            if axis.at() != k:
                axis.go(k)
        if (reached := [axis.at() for axis in axes]) != list(combination):
            raise RuntimeError(
                f"the controls went to {reached}, not to {list(combination)}: one moves another"
            )

    @contextmanager
    def _filming(self, film: tuple[Any, int] | None) -> Iterator[list[dict[Place, Any]]]:
        pictures: list[dict[Place, Any]] = []
        if film is None:
            yield pictures
            return
        explorable = film[0]
        show = explorable.show

        def watched(change: Callable[[], None]) -> None:
            show(change)
            if picture := self._look():
                pictures.append(picture)

        explorable.show = watched
        try:
            yield pictures
        finally:
            del explorable.show

    def moves(self, on: Axis | ipywidgets.Widget, reads: Sequence[Axis], moved: Sequence[Axis]) -> None:
        """Where setting an axis or pressing a button brings other axes, for all values of ``reads``."""
        to: dict[str, dict[str, int]] = {}
        names = [self.axis(axis) for axis in moved]
        for combination in product(*(range(len(axis.values)) for axis in reads)):
            for axis in moved:
                axis.go(axis.start)
            self._go(reads, combination)
            if not isinstance(on, Axis):
                on.click()
            try:
                places = {name: axis.at() for name, axis in zip(names, moved, strict=True)}
            except ValueError:
                continue  # it leads to a value that is not recorded, and the page will say so
            to[",".join(map(str, combination))] = places
        for axis in (*reads, *moved):
            axis.go(axis.start)
        key = self.axis(on) if isinstance(on, Axis) else self.name(on)
        self._moves.append({"on": key, "reads": [self.axis(axis) for axis in reads], "to": to})

    def press(self, button: ipywidgets.Widget, axis: Axis, to: str | int) -> None:
        """A button that moves ``axis``: to the ``"next"`` of its values, ``"toggle"`` of two, or a number."""
        self._presses[self.name(button)] = {"axis": self.axis(axis), "to": to}

    def needs(self, widget: ipywidgets.Widget, trait: str, words: str) -> None:
        """A trait of one of our widgets that only Python can answer, and what the page then says."""
        self._needs[f"{self.name(widget)}.{trait}"] = words

    def instead(self, widget: ipywidgets.Widget, trait: str, value: Any) -> None:
        """A value with which the page opens in the place of the widget's own."""
        self._instead[self.name(widget), trait] = value

    def file(self, widget: ipywidgets.Widget, label: str, name: str, content: bytes) -> None:
        """What a TakeAlong gives on this page for one of its labels."""
        files = self._files.setdefault(self.name(widget), {})
        files[label] = {"name": name, "value": self._values.add(content)}

    # --- The page ---------------------------------------------------------------------------------------

    def data(self) -> dict[str, Any]:
        """All of it, as JSON can carry it; replay.js knows what it means."""
        codes: dict[str, str] = {}
        styles: dict[str, str] = {}
        models: dict[str, dict[str, Any]] = {}
        states = self._states()
        for name, state in states.items():
            models[name] = {**drawing(self._widgets[name], codes, styles), "state": state}
        axes = {
            key: {
                "values": axis.values, "start": axis.start,
                **({"model": self.name(axis.widget), "trait": axis.trait} if axis.widget is not None else {}),
            }
            for axis, key in self._axes.items()
        }  # fmt: skip
        return {
            "models": models, "codes": codes, "styles": styles, "views": self.views, "axes": axes,
            "groups": self._groups, "moves": self._moves, "presses": self._presses,
            "needs": self._sliders() | self._needs, "files": self._files,
            "values": self._values.values, "parts": self._values.parts,
        }  # fmt: skip

    def _sliders(self) -> dict[str, str]:
        """Sliders that are not recorded: what they choose is for Python."""
        recorded = {axis.widget for axis in self._axes}
        sliders = [name for name, widget in self._widgets.items() if isinstance(widget, Slider)]
        return {f"{name}._index": "" for name in sliders if self._widgets[name] not in recorded}

    def _states(self) -> dict[str, dict[str, int]]:
        """With what every model opens. What says nothing in ipywidgets is left out."""
        states: dict[str, dict[str, int]] = {name: {} for name in self._widgets}
        instead = {place: self._values.add(value) for place, value in self._instead.items()}
        for (name, trait), number in (self._first | instead).items():
            if isinstance(self._widgets[name], Widget) or self._values.values[number] not in (None, "", []):
                states[name][trait] = number
        changing = {effect[0] for group in self._groups for effect in group["effects"]}
        looks = (ipywidgets.Layout, ipywidgets.Style)
        bare = {
            name
            for name, state in states.items()
            if not state and name not in changing and isinstance(self._widgets[name], looks)
        }
        addresses = {self._values.add(f"anywidget:{name}") for name in bare}
        return {
            name: {trait: number for trait, number in state.items() if number not in addresses}
            for name, state in states.items()
            if name not in bare
        }


def _thinned(pictures: list[dict[Place, Any]], count: int) -> list[dict[Place, Any]]:
    """At most ``count`` pictures: what changed in those left out is seen in the next."""
    kept: list[dict[Place, Any]] = []
    gathered: dict[Place, Any] = {}
    for k, picture in enumerate(pictures):
        gathered |= picture
        if (k + 1) * count // len(pictures) > k * count // len(pictures):
            kept.append(gathered)
            gathered = {}
    return kept
