"""The controls of the playground: what they look like, and Settings out of them and into them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ipywidgets

from ..initializers import get_initializer
from ..network import ACTIVATIONS
from ..tasks import MAX_BITS, MAX_TEXT, MIN_BITS, TASKS
from ..widgets import Slider
from ..widgets.race import MAX_RUNS
from .fields import MAX_SEED, Edit
from .live import row
from .settings import (
    BIASES,
    EPOCHS,
    GAINS,
    MAX_HIDDEN,
    MAX_NEURONS,
    NAMED_GAINS,
    NOISES,
    RATES,
    SCHEMES,
    Settings,
)

TITLES = {
    "task": "Task",
    "bits": "Bits",
    "table": "Own table",
    "mode": "Table or one example",
    "number": "Row shown",
    "hidden": "Hidden layers",
    "activation": "Activation",
    "schemes": "Schemes",
    "gain": "Gain",
    "bias": "Biases",
    "rate": "Learning rate",
    "epochs": "Epochs",
    "order": "Order",
    "seed": "Seed",
    "noise": "Noise",
    "edits": "Changes by hand",
}
"""What each control is called in a teacher's link."""

XOR = "in1,in2,out1\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n"


def label_of(scheme: str) -> str:
    return "Free gain" if scheme == "scaled" else get_initializer(scheme).label


def group(title: str, *children: ipywidgets.Widget) -> ipywidgets.VBox:
    box = ipywidgets.VBox([ipywidgets.HTML(f"<b>{title}</b>"), *children])
    box.add_class("lkv-group")
    return box


class Controls:
    """One widget or more for every setting; ``widgets[name]`` are those of a setting.

    ``read`` gives the Settings they stand for and ``write`` sets them, without anybody being told.
    """

    def __init__(self, settings: Settings) -> None:
        self.quiet = False
        self.edits: tuple[Edit, ...] = ()
        self.shown = settings.shown
        self._make_task()
        self._make_network()
        self._make_start()
        self.rate = Slider(RATES, 1.0, "Learning rate", labels=[f"{rate:g}" for rate in RATES])
        self.epochs = Slider(EPOCHS, 1000, "Epochs")
        self.order = ipywidgets.Checkbox(description="Shuffle the rows every epoch", indent=False)
        self.widgets: dict[str, list[Any]] = {
            "task": [self.task],
            "bits": [self.bits],
            "table": [self.table, self.upload],
            "mode": [self.mode],
            "number": [self.number],
            "hidden": [self.depth, *self.neurons],
            "activation": [self.activation],
            "schemes": list(self.schemes.values()),
            "gain": [self.gain],
            "bias": [self.bias],
            "rate": [self.rate],
            "epochs": [self.epochs],
            "order": [self.order],
            "seed": [self.seed, self.draw],
            "noise": [self.noise],
        }
        self.groups = self._grouped()
        self.write(settings)

    def _make_task(self) -> None:
        tasks = [(label, name) for name, label in TASKS.items()]
        self.task = ipywidgets.Dropdown(options=[*tasks, ("Your own table", "own")], description="Task")
        self.bits = Slider(list(range(MIN_BITS, MAX_BITS + 1)), 5, "Bits")
        self.table = ipywidgets.Textarea(XOR, description="Table", rows=6, continuous_update=False)
        self.upload = ipywidgets.FileUpload(accept=".csv,.txt,.tsv", description="Upload a CSV file")
        self.upload.observe(self._take_upload, "value")
        modes = [("Whole table", "table"), ("One example", "one")]
        self.mode = ipywidgets.ToggleButtons(options=modes, description="Learn")
        self.mode.style.button_width = "auto"
        self.number = ipywidgets.BoundedIntText(19, min=0, max=1023, description="Row shown")

    def _make_network(self) -> None:
        names = {"sigmoid": "Sigmoid", "tanh": "tanh", "relu": "ReLU"}
        options = [(names[name], name) for name in ACTIVATIONS]
        self.activation = ipywidgets.Dropdown(options=options, description="Activation")
        self.depth = Slider(list(range(1, MAX_HIDDEN + 1)), 2, "Hidden layers")
        sizes = list(range(1, MAX_NEURONS + 1))
        self.neurons = [Slider(sizes, 8, f"Neurons in hidden {k + 1}") for k in range(MAX_HIDDEN)]

    def _make_start(self) -> None:
        self.schemes = {
            name: ipywidgets.Checkbox(description=label_of(name), indent=False) for name in SCHEMES
        }
        marks = {gain: f"as {name}" for gain, name in NAMED_GAINS.items()}
        self.gain = Slider(GAINS, 1.0, "Free gain", labels=[f"{gain:g}" for gain in GAINS], marks=marks)
        self.bias = Slider(BIASES, 0.0, "All biases", labels=[f"{bias:g}" for bias in BIASES])
        self.noise = Slider(NOISES, 0.0, "Noise on top", labels=[f"{noise:g}" for noise in NOISES])
        self.seed = ipywidgets.BoundedIntText(1, min=0, max=MAX_SEED, description="Seed")
        self.draw = ipywidgets.Button(description="New draw", tooltip="The next seed")
        self.draw.on_click(lambda _: setattr(self.seed, "value", (self.seed.value + 1) % (MAX_SEED + 1)))

    def _take_upload(self, change: dict[str, Any]) -> None:
        if change["new"]:
            content = bytes(change["new"][0]["content"][: MAX_TEXT + 1])
            # What is no text, or too much of it, is refused with the other errors a table can have.
            self.table.value = content.decode("utf-8", errors="replace")

    def _grouped(self) -> dict[ipywidgets.VBox, list[Any]]:
        """The controls as they stand on the page: boxes, and what can be hidden in each."""
        schemes = ipywidgets.VBox(list(self.schemes.values()))
        schemes.add_class("lkv-schemes")
        draw, start = row(self.seed, self.draw), [self.gain, self.bias, self.noise]
        training = [self.rate, self.epochs, self.order]
        task = [self.task, self.bits, self.table, self.upload, self.mode, self.number]
        network = [self.activation, self.depth, *self.neurons]
        return {
            group("Start", schemes, *start, draw): [*schemes.children, *start, *draw.children],
            group("Training", *training): training,
            group("Task", *task): task,
            group("Network", *network): network,
        }

    def all(self) -> list[Any]:
        """Every widget whose value is a setting."""
        buttons = (self.draw, self.upload)
        return [w for widgets in self.widgets.values() for w in widgets if w not in buttons]

    def ticked(self) -> tuple[str, ...]:
        """The schemes whose boxes are ticked."""
        return tuple(name for name, box in self.schemes.items() if box.value)

    def read(self) -> Settings:
        """What the controls stand for. Raises ValueError when the table of one's own is not one."""
        chosen = self.ticked()[:MAX_RUNS]
        return Settings().changed(
            task=self.task.value,
            bits=self.bits.value,
            table=self.table.value if self.task.value == "own" else "",
            mode=self.mode.value,
            number=self.number.value,
            hidden=tuple(slider.value for slider in self.neurons[: self.depth.value]),
            activation=self.activation.value,
            schemes=chosen or (self.shown,),
            shown=self.shown,
            gain=self.gain.value,
            bias=self.bias.value,
            rate=self.rate.value,
            epochs=self.epochs.value,
            order="shuffled" if self.order.value else "fixed",
            seed=self.seed.value,
            noise=self.noise.value,
            edits=self.edits,
        )

    def write(self, settings: Settings) -> None:
        """Set every control to what ``settings`` say, and hide or fix what they say."""
        with self.quietly():
            self.task.value, self.bits.value = settings.task, settings.bits
            self.table.value = settings.table or self.table.value
            self.mode.value, self.number.value = settings.mode, settings.number
            self.depth.value = len(settings.hidden)
            for slider, size in zip(self.neurons, settings.hidden, strict=False):
                slider.value = size
            self.activation.value = settings.activation
            for name, box in self.schemes.items():
                box.value = name in settings.schemes
            self.gain.value, self.bias.value, self.noise.value = settings.gain, settings.bias, settings.noise
            self.rate.value, self.epochs.value = settings.rate, settings.epochs
            self.order.value, self.seed.value = settings.order == "shuffled", settings.seed
            self.edits, self.shown = settings.edits, settings.shown
        for name in self.widgets:
            for widget in self.widgets[name]:
                widget.disabled = name in settings.fix
        self.arrange(settings.hide)

    def arrange(self, hide: tuple[str, ...]) -> None:
        """Show the controls that mean something now, but for those to ``hide``.

        Where the schemes are fixed, those that take no part mean nothing.
        """
        own = self.task.value == "own"
        useless = {"table": not own, "bits": own, "gain": not self.schemes["scaled"].value}
        useless["epochs"] = useless["order"] = self.mode.value == "one"
        for name, widgets in self.widgets.items():
            for k, widget in enumerate(widgets):
                spare = name == "hidden" and k > self.depth.value
                idle = name == "schemes" and widget.disabled and not widget.value
                gone = name in hide or useless.get(name, False) or spare or idle
                widget.layout.display = "none" if gone else ""
        for box, inside in self.groups.items():
            empty = all(widget.layout.display == "none" for widget in inside)
            box.layout.display = "none" if empty else ""

    @contextmanager
    def quietly(self) -> Iterator[None]:
        self.quiet = True
        try:
            yield
        finally:
            self.quiet = False
