"""What a reader of the playground can take along: files, and the run as Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..tasks import task_to_csv
from ..widgets.standalone import standalone
from ..widgets.take_along import Make
from .settings import Settings

if TYPE_CHECKING:
    from .playground import Playground


def offers(page: Playground) -> dict[str, Make]:
    """Files of what ``page`` shows when they are asked for."""

    def recording() -> Any:
        return page.recordings[page.settings.shown]

    def csv() -> tuple[str, bytes]:
        return f"{recording().initializer}.csv", recording().csv_text().encode()

    def animation() -> tuple[str, bytes]:
        title = f"{recording().label}, seed {recording().seed}"
        views = [page.readout, page.player, page.diagram]
        return f"{recording().initializer}.html", standalone(views, title).encode()

    def table() -> tuple[str, bytes]:
        return "task.csv", task_to_csv(page.settings.examples()).encode()

    return {"Animation, HTML": animation, "Recording, CSV": csv, "Task, CSV": table}


def python(settings: Settings) -> str:
    """A script that computes the run on show, from ``letkeman_viz`` alone."""
    network = settings.network()
    arguments = {
        "learning_rate": settings.rate,
        "seed": settings.seed,
        "layer_sizes": network.layer_sizes,
        "activation": settings.activation,
    }
    if settings.mode == "one":
        arguments["max_updates"] = settings.steps
    else:
        arguments |= {"epochs": settings.epochs, "shuffle": settings.order == "shuffled"}
    first = f"{settings.number}, scheme" if settings.mode == "one" else "scheme"
    call = "train_one" if settings.mode == "one" else "train"
    names = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    own = settings.noise or any(edit.scheme == settings.shown for edit in settings.edits)
    last = "parameters=start" if own else f"bias={settings.bias!r}"
    return "\n".join(
        [
            *_head(settings, call, own),
            *(_start(settings) if own else []),
            f"run = {call}({first}, {names}, task=task, {last})",
            "print(run)",
            "",
        ]
    )


def _head(settings: Settings, call: str, own_start: bool) -> list[str]:
    gain = f", gain={settings.gain!r}" if settings.shown == "scaled" else ""
    own = settings.task == "own"
    task = f"task_from_csv({settings.table!r})" if own else f"make_task({settings.task!r}, {settings.bits})"
    reader = "task_from_csv" if own else "make_task"
    names = sorted({"get_initializer", reader, call})
    return [
        *(["import numpy as np"] if settings.noise else []),
        f"from letkeman_viz import {', '.join((['Network'] if own_start else []) + names)}",
        "",
        f"scheme = get_initializer({settings.shown!r}{gain})",
        f"task = {task}",
    ]


def _start(settings: Settings) -> list[str]:
    """Lines that make the parameters before training, with noise and the changes by hand."""
    sizes, seed = settings.network().layer_sizes, settings.seed
    lines = [
        f"network = Network({sizes!r}, {settings.activation!r})",
        f"start = network.initial(scheme, seed={seed}, bias={settings.bias!r})",
    ]
    if settings.noise:
        noise = f"np.random.default_rng([{seed}, 2]).uniform(-1, 1, start.size)"
        lines.append(f"start += {settings.noise!r} * {noise}")
    lines.append("layers = network.layers(start)  # views: changing them changes start")
    for edit in settings.edits:
        if edit.scheme != settings.shown:
            continue
        if not edit.place:
            lines.append(f"for weights, _ in layers:\n    weights[...] = {edit.value!r}")
        else:
            layer, *place = edit.place
            part = 0 if len(place) == 2 else 1
            lines.append(f"layers[{layer - 1}][{part}][{', '.join(map(str, place))}] = {edit.value!r}")
    return lines
