"""Everything that can be set in the playground, as one value: read from a link, written to one, and run.

One table, ``FIELDS``, says what each setting may be; links, controls and errors all follow it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
from numpy.typing import NDArray

from ..initializers import Initializer, get_initializer
from ..network import ACTIVATIONS, Network
from ..recording import Recording
from ..tasks import MAX_BITS, MIN_BITS, TASKS, Table, make_task, task_from_csv
from ..training import train, train_one
from ..widgets.race import MAX_RUNS
from .fields import MAX_SEED, Choice, Edit, Edits, Field, Sizes, Stop, TableText, Whole, Words, decades

SCHEMES = (
    "zeros",
    "ones",
    "standard_xavier",
    "normalized_xavier",
    "standard_letkeman",
    "normalized_letkeman",
    "kaiming",
    "scaled",
)
RATES = decades(-2, 2)
NAMED_GAINS = {0.577: "Standard Xavier", 1.0: "LeCun", 1.253: "Standard Letkeman", 1.414: "Kaiming"}
GAINS = sorted({*decades(-1, 1), *NAMED_GAINS})
BIASES = [k / 10 for k in range(-30, 31)]
NOISES = [0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
EPOCHS = [100, 200, 500, 1000, 2000, 5000]
MAX_HIDDEN, MAX_NEURONS = 6, 16
LARGEST_WEIGHT = 10.0
MAX_QUERY = 30_000
FRAMES = 201
MAX_UPDATES = 5000  # of one example

CONTROLS = (
    "task",
    "bits",
    "table",
    "mode",
    "number",
    "hidden",
    "activation",
    "schemes",
    "gain",
    "bias",
    "rate",
    "epochs",
    "order",
    "seed",
    "noise",
    "edits",
)
"""The settings that a teacher's link can hide or fix."""

FIELDS: dict[str, Field] = {
    "task": Choice((*TASKS, "own")),
    "bits": Whole(MIN_BITS, MAX_BITS),
    "table": TableText(),
    "mode": Choice(("table", "one")),
    "number": Whole(0, 2**MAX_BITS - 1),
    "hidden": Sizes(MAX_HIDDEN, MAX_NEURONS),
    "activation": Choice(ACTIVATIONS),
    "schemes": Words(SCHEMES, low=1, high=MAX_RUNS),
    "shown": Choice(SCHEMES),
    "gain": Stop(tuple(GAINS)),
    "bias": Stop(tuple(BIASES)),
    "rate": Stop(tuple(RATES)),
    "epochs": Stop(tuple(EPOCHS)),
    "order": Choice(("shuffled", "fixed")),
    "seed": Whole(0, MAX_SEED),
    "noise": Stop(tuple(NOISES)),
    "edits": Edits(SCHEMES, LARGEST_WEIGHT),
    "hide": Words(CONTROLS),
    "fix": Words(CONTROLS),
}


@dataclass(frozen=True)
class Settings:
    """One state of the playground. ``FIELDS`` has what is allowed; the defaults are the page as it opens."""

    task: str = "count_up"
    bits: int = 5
    table: str = ""
    mode: str = "table"
    number: int = 19
    hidden: tuple[int, ...] = (8, 8)
    activation: str = "sigmoid"
    schemes: tuple[str, ...] = ("standard_xavier", "normalized_xavier", "standard_letkeman", "kaiming")
    shown: str = "standard_letkeman"
    gain: float = 1.0
    bias: float = 0.0
    rate: float = 1.0
    epochs: int = 1000
    order: str = "shuffled"
    seed: int = 1
    noise: float = 0.0
    edits: tuple[Edit, ...] = ()
    hide: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()

    @classmethod
    def from_query(cls, query: str) -> tuple[Settings, list[str]]:
        """The settings a link asks for, and a sentence for each part of it that could not be followed."""
        if len(query) > MAX_QUERY:
            return cls(), [f"The link is {len(query):,} characters long; at most {MAX_QUERY:,} are read."]
        try:
            pairs = parse_qsl(query.lstrip("?"), keep_blank_values=True, max_num_fields=100)
        except ValueError:
            return cls(), ["The link has more than 100 parts and was not read."]
        found: dict[str, Any] = {}
        complaints = []
        for name, text in pairs:
            short = text if len(text) <= 40 else f"{text[:40]}…"
            if name not in FIELDS:
                complaints.append(f"The link sets “{name[:40]}”, which this page does not know.")
                continue
            try:
                found[name] = FIELDS[name].read(text)
            except ValueError as error:
                complaints.append(f"The link sets {name} to “{short}”: {error}. It is left as it was.")
        return cls(**found)._consistent(), complaints

    def to_query(self) -> str:
        """The part of a link behind the question mark: what differs from the defaults."""
        defaults = Settings()
        changed = {
            name: getattr(self, name) for name in FIELDS if getattr(self, name) != getattr(defaults, name)
        }
        return urlencode({name: FIELDS[name].write(value) for name, value in changed.items()}, safe=",:")

    def _consistent(self) -> Settings:
        """The same with what depends on other settings brought in line with them."""
        task = "count_up" if self.task == "own" and not self.table else self.task
        shown = self.shown if self.shown in self.schemes else self.schemes[0]
        settings = replace(self, task=task, shown=shown)
        rows = len(settings.examples()[0])
        edits = tuple(e for e in self.edits if e.scheme in SCHEMES and _fits(e, settings.network()))
        return replace(settings, number=min(self.number, rows - 1), edits=edits)

    def changed(self, **values: Any) -> Settings:
        """The same with other values; what no longer fits (an edit, the number shown) follows."""
        return replace(self, **values)._consistent()

    # --- What they mean ---------------------------------------------------------------------------------

    def examples(self) -> Table:
        """The task as (inputs (rows, columns), targets (rows, columns))."""
        return task_from_csv(self.table) if self.task == "own" else make_task(self.task, self.bits)

    def network(self) -> Network:
        """The shape of the network; its first and last layer follow from the task."""
        inputs, targets = self.examples()
        return Network((inputs.shape[1], *self.hidden, targets.shape[1]), self.activation)

    def initializer(self, name: str) -> Initializer:
        """The scheme called ``name``, with the gain on show if it has one."""
        return get_initializer(name, gain=self.gain) if name == "scaled" else get_initializer(name)

    def start(self, name: str) -> NDArray[np.float64]:
        """Parameters before training, with noise and the changes by hand: shape (parameter_count,)."""
        network = self.network()
        parameters = network.initial(self.initializer(name), self.seed, self.bias)
        if self.noise:
            parameters += self.noise * np.random.default_rng([self.seed, 2]).uniform(-1, 1, parameters.size)
        layers = network.layers(parameters)
        for edit in self.edits:
            if edit.scheme == name:
                _apply(edit, layers)
        return parameters

    @property
    def steps(self) -> int:
        """Epochs, or updates at most where one example is learned."""
        return MAX_UPDATES if self.mode == "one" else self.epochs

    def run(
        self, names: tuple[str, ...], cancelled: Callable[[], bool] | None = None, trained: bool = True
    ) -> list[Recording]:
        """A Recording for each of the schemes ``names``; untrained ones if asked."""
        parameters = np.array([self.start(name) for name in names])
        schemes = [self.initializer(name) for name in names]
        shape: dict[str, Any] = {
            "layer_sizes": self.network().layer_sizes,
            "activation": self.activation,
            "task": self.examples(),
            "seed": [self.seed],
            "parameters": parameters,
            "max_frames": FRAMES,
            "cancelled": cancelled,
        }
        steps = self.steps if trained else 0
        if self.mode == "one":
            found = train_one(self.number, schemes, self.rate, max_updates=steps, **shape)
        else:
            found = train(schemes, self.rate, epochs=steps, shuffle=self.order == "shuffled", **shape)
        assert isinstance(found, list)  # lists of schemes and seeds were given
        return found


def _fits(edit: Edit, network: Network) -> bool:
    """Whether the network has the weight or bias that ``edit`` changes."""
    if not edit.place:
        return True
    layer, *neurons = edit.place
    if not 1 <= layer < len(network.layer_sizes):
        return False
    sizes = network.layer_sizes[layer - 1 : layer + 1]
    return all(neuron < size for neuron, size in zip(neurons[::-1], sizes[::-1], strict=False))


def _apply(edit: Edit, layers: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> None:
    if not edit.place:
        for weights, _ in layers:
            weights[...] = edit.value
        return
    layer, *neurons = edit.place
    weights, biases = layers[layer - 1]
    (weights if len(neurons) == 2 else biases)[tuple(neurons)] = edit.value


assert set(FIELDS) == {field.name for field in fields(Settings)}
