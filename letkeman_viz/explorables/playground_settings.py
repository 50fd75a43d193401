"""What each setting of the playground may be: one table that links, traits and controls all follow.

``playground_settings.js`` is the twin of this module. It gets the table from here, and reads and writes links
in the same way; neither uses any other knowledge of what is allowed.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
from numpy.typing import NDArray

from ..initializers import INITIALIZERS, Initializer, get_initializer, scales
from ..network import ACTIVATIONS, Network
from ..recording import MAX_FRAMES, Recording
from ..tasks import MAX_BITS, MIN_BITS, TASKS, Table, make_task, task_from_csv
from ..training import train, train_one
from .explorable import SCHEMES
from .playground_fields import MAX_EDITS, Choice, Edits, Field, Number, Sizes, TableText, Whole, Words

Values = dict[str, Any]
"""A value for every name in ``DEFAULTS``."""

MAX_SEED = 9999  # that a reader can ask for: four digits fit in every field
MAX_RUNS = 7
MAX_UPDATES = 5000  # of one example
MAX_QUERY = 30_000  # characters
MAX_NUMBERS = 8_000_000  # parameters kept in the frames of all runs: 64 MB
DRAG_FRAMES = 201
MAX_FAN = 16

OFFERED = (*SCHEMES, "scaled")
"""The schemes that the page offers; links and Python can ask for any other that has scales."""

# Two digits, 24 to a decade, evenly spaced by ratio: the E24 series that resistors come in.
_STEPS = (10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91)


def decades(low: int, high: int) -> list[float]:
    """Numbers from 10**low to 10**high, evenly spaced by ratio and short to write: 24 to a decade."""
    return [float(f"{step}e{power - 1}") for power in range(low, high) for step in _STEPS] + [10.0**high]


NAMED_GAINS = {0.577: "Standard Xavier", 1.0: "LeCun", 1.253: "Standard Letkeman", 1.414: "Kaiming"}
RATES = decades(-2, 2)
GAINS = sorted({*decades(-1, 1), *NAMED_GAINS})
BIASES = [k / 10 for k in range(-30, 31)]
NOISES = [0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
EPOCHS = [100, 200, 500, 1000, 2000, 5000]

THEIRS = "token|_xsrf|urlpath|reset|class|voila-.*"
"""What other programs and other explorables put into an address."""


# --- Kinds of values ----------------------------------------------------------------------------------
# ``read`` takes the text of a link, ``check`` a value from Python or the page; both return the value as it is
# kept, or raise ValueError with a sentence that says what is allowed.


CONTROLS = {
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
"""The settings that a teacher's link can hide or fix, with what they are called there."""

DEFAULTS: Values = {
    "task": "count_up",
    "bits": 5,
    "table": "",
    "mode": "table",
    "number": 19,
    "hidden": [8, 8],
    "activation": "sigmoid",
    "schemes": ["standard_xavier", "normalized_xavier", "standard_letkeman", "kaiming"],
    "shown": "standard_letkeman",
    "gain": 1.0,
    "bias": 0.0,
    "rate": 1.0,
    "epochs": 1000,
    "order": "shuffled",
    "seed": 1,
    "noise": 0.0,
    "edits": [],
    "hide": [],
    "fix": [],
}
"""The page as it opens; a link says what differs from this, in this order."""


def known_schemes() -> list[str]:
    """Those that the page offers, then all others that are registered and have scales."""
    others = [name for name in INITIALIZERS if name not in OFFERED and _has_scales(name)]
    return [*OFFERED, *others]


def _has_scales(name: str) -> bool:
    return scales(get_initializer(name), [(1, 1)])[0] != "given"


def fields() -> dict[str, Field]:
    """What each setting may be, now: schemes can be registered at any time."""
    schemes, controls = known_schemes(), tuple(CONTROLS)
    return {
        "task": Choice((*TASKS, "own")),
        "bits": Whole(MIN_BITS, MAX_BITS, tuple(range(MIN_BITS, MAX_BITS + 1))),
        "table": TableText(),
        "mode": Choice(("table", "one")),
        "number": Whole(0, 2**MAX_BITS - 1),
        "hidden": Sizes(6, MAX_FAN),
        "activation": Choice(ACTIVATIONS),
        "schemes": Words(schemes, 1, MAX_RUNS, named=len(OFFERED)),
        "shown": Choice(schemes),
        "gain": Number(0.1, 10.0, GAINS),
        "bias": Number(-3.0, 3.0, BIASES),
        "rate": Number(0.01, 100.0, RATES),
        "epochs": Whole(1, 5000, EPOCHS),
        "order": Choice(("shuffled", "fixed")),
        "seed": Whole(0, MAX_SEED),
        "noise": Number(0.0, 1.0, NOISES),
        "edits": Edits(schemes, 10.0, MAX_EDITS),
        "hide": Words(controls),
        "fix": Words(controls),
    }


# --- Links --------------------------------------------------------------------------------------------


def read_link(link: str) -> tuple[Values, list[str]]:
    """The values that a link asks for, and a sentence for each part of it that cannot be followed.

    Parameters
    ----------
    link : str
        The part behind the question mark, or a whole address.

    Returns
    -------
    values : dict
        Complete, see ``settled``.
    complaints : list of str
        Empty if all of it could be followed.
    """
    query = link.partition("?")[2] if "?" in link else link
    query = query.partition("#")[0]
    if len(query) > MAX_QUERY:
        return settled({}), [f"The link is {len(query):,} characters long; at most {MAX_QUERY:,} are read."]
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return settled({}), ["The link has more than 100 parts and was not read."]
    found: Values = {}
    complaints = []
    allowed = fields()
    for name, text in pairs:
        short = text if len(text) <= 40 else f"{text[:40]}…"
        if re.fullmatch(THEIRS, name):
            continue
        if name not in allowed:
            complaints.append(f"The link sets “{name[:40]}”, which this page does not know.")
            continue
        try:
            found[name] = allowed[name].read(text)
        except ValueError as error:
            complaints.append(f"The link sets {name} to “{short}”: {error}. It is left as it was.")
    return settled(found), complaints


def write_link(values: Mapping[str, Any]) -> str:
    """The part of a link behind the question mark: what differs from the defaults."""
    allowed, values = fields(), settled(values)
    changed = {name: allowed[name].write(values[name]) for name in DEFAULTS if values[name] != DEFAULTS[name]}
    return urlencode(changed, safe=",:")


# --- What they mean -----------------------------------------------------------------------------------


def settled(values: Mapping[str, Any]) -> Values:
    """All values, the missing ones as by default, those that depend on others in line with them.

    A table of one's own counts only for the task "own", and that task needs one; the scheme shown is one of
    ``schemes``; the row shown is one of the table; changes by hand are of weights and biases that there are.
    """
    found: Values = DEFAULTS | dict(values)
    found["task"] = "count_up" if found["task"] == "own" and not found["table"] else found["task"]
    found["table"] = found["table"] if found["task"] == "own" else ""
    if found["shown"] not in found["schemes"]:
        found["shown"] = found["schemes"][0]
    found["number"] = min(found["number"], len(task_of(found)[0]) - 1)
    sizes = network_of(found).layer_sizes
    found["edits"] = [edit for edit in found["edits"] if _fits(edit[1], sizes)]
    return found


def _fits(place: Sequence[int], sizes: Sequence[int]) -> bool:
    """Whether a network has the weight or bias at a place."""
    if not place:
        return True
    layer, *neurons = place
    if not 1 <= layer < len(sizes):
        return False
    return all(n < size for n, size in zip(neurons[::-1], sizes[layer - 1 : layer + 1][::-1], strict=False))


def task_of(values: Values) -> Table:
    """The task as (inputs (rows, columns), targets (rows, columns))."""
    return (
        task_from_csv(values["table"])
        if values["task"] == "own"
        else make_task(values["task"], values["bits"])
    )


def network_of(values: Values) -> Network:
    """The network; its first and last layer follow from the task."""
    inputs, targets = task_of(values)
    return Network((inputs.shape[1], *values["hidden"], targets.shape[1]), values["activation"])


def scheme_of(name: str, values: Values) -> Initializer:
    """The scheme called ``name``, with the gain if it has a free one."""
    return get_initializer(name, gain=values["gain"]) if name == "scaled" else get_initializer(name)


def start_of(name: str, values: Values) -> NDArray[np.float64]:
    """Parameters before training, with noise and changes by hand: shape (parameter_count,)."""
    network = network_of(values)
    parameters = network.initial(scheme_of(name, values), values["seed"], values["bias"])
    if values["noise"]:
        noise = np.random.default_rng([values["seed"], 2]).uniform(-1, 1, parameters.size)
        parameters += values["noise"] * noise
    layers = network.layers(parameters)
    for scheme, place, value in values["edits"]:
        if scheme != name:
            continue
        if not place:
            for weights, _ in layers:
                weights[...] = value
        else:
            layer, *neurons = place
            weights, biases = layers[layer - 1]
            (weights if len(neurons) == 2 else biases)[tuple(neurons)] = value
    return parameters


def recordings_of(values: Values) -> dict[str, Recording]:
    """A Recording for each of the schemes, to the bit what the page shows."""
    network, names = network_of(values), values["schemes"]
    own = values["noise"] or values["edits"]
    shape: dict[str, Any] = {
        "layer_sizes": network.layer_sizes,
        "activation": values["activation"],
        "task": task_of(values),
        "seed": [values["seed"]],
        "max_frames": frames_of(len(names), network.parameter_count),
        "bias": values["bias"],
        "parameters": np.array([start_of(name, values) for name in names]) if own else None,
    }
    schemes = [scheme_of(name, values) for name in names]
    if values["mode"] == "one":
        found = train_one(values["number"], schemes, values["rate"], max_updates=MAX_UPDATES, **shape)
    else:
        shuffle = values["order"] == "shuffled"
        found = train(schemes, values["rate"], epochs=values["epochs"], shuffle=shuffle, **shape)
    assert isinstance(found, list)  # a list of schemes was given
    return dict(zip(names, found, strict=True))


def frames_of(runs: int, parameters: int) -> int:
    """How many frames a run at rest has at most."""
    return max(DRAG_FRAMES, min(MAX_FRAMES, MAX_NUMBERS // (runs * parameters)))


# --- What the page cannot know ------------------------------------------------------------------------


def page_data() -> dict[str, Any]:
    """The table of settings, the tasks, and the scales of all schemes, as plain JSON.

    Everything whose order counts is a list.
    """
    return {
        "fields": [_field_data(name, field) for name, field in fields().items()],
        "controls": [list(pair) for pair in CONTROLS.items()],
        "offered": list(OFFERED),
        "gains": [list(pair) for pair in NAMED_GAINS.items()],
        "tasks": [_task_data(name, label) for name, label in TASKS.items()],
        "schemes": [_scheme_data(name) for name in known_schemes()],
        "theirs": THEIRS,
        "limits": {
            "query": MAX_QUERY,
            "updates": MAX_UPDATES,
            "frames": MAX_FRAMES,
            "dragFrames": DRAG_FRAMES,
            "numbers": MAX_NUMBERS,
        },
    }


def _field_data(name: str, field: Field) -> dict[str, Any]:
    limits = {key: list(value) if isinstance(value, tuple) else value for key, value in vars(field).items()}
    return {"name": name, "kind": field.kind, "default": DEFAULTS[name]} | limits


def _task_data(name: str, label: str) -> dict[str, Any]:
    """``targets[bits - MIN_BITS][row]`` is the number that the row's targets read as, in ``outputs`` bits."""
    found = []
    for bits in range(MIN_BITS, MAX_BITS + 1):
        _, targets = make_task(name, bits)
        found.append((targets @ 2.0 ** np.arange(targets.shape[1])[::-1]).astype(int).tolist())
    outputs = 1 if targets.shape[1] == 1 else None  # None: as many as inputs
    return {"name": name, "label": label, "outputs": outputs, "targets": found}


def _scheme_data(name: str) -> dict[str, Any]:
    """``scales`` are float64, little endian, in base64: of shape ``shape``, index (fan_in - 1, fan_out - 1).

    A dimension of which they do not depend is 1.
    """
    scheme = get_initializer(name)
    shapes = [(fan_in, fan_out) for fan_in in range(1, MAX_FAN + 1) for fan_out in range(1, MAX_FAN + 1)]
    kind, drawn = scales(scheme, shapes)
    table = np.array(drawn, "<f8").reshape(MAX_FAN, MAX_FAN)
    if (table == table[:, :1]).all():
        table = table[:, :1]
    if (table == table[:1]).all():
        table = table[:1]
    label = "Free gain" if name == "scaled" else scheme.label
    packed = base64.b64encode(table.tobytes()).decode("ascii")
    return {"name": name, "label": label, "kind": kind, "shape": list(table.shape), "scales": packed}
