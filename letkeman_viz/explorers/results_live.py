"""Run it here: a short training run of any of the article's networks, watched while it goes on."""

from __future__ import annotations

import html
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from ..experiments.catalogue import EXPERIMENTS, NeedsTorch, settings_of, trainer_of
from ..experiments.data import DataError, load
from ..experiments.runs import SCHEMES, Run
from ..experiments.work import one_thread
from .live import Live, row
from .race_schemes import LABELS
from .results_parts import scheme_chart

MAX_SEED = 9999  # four digits fit in the field
EPOCHS = {"counting": 1000, "mnist-conv": 15, "mnist-dense": 30, "hamlet": 25}
"""How long a run here is: long enough for the schemes to part."""
DATA_NAMES = {
    "": "all 32 numbers",
    "digits": "small digits (scikit-learn)",
    "mnist": "MNIST",
    "excerpt": "an excerpt of Hamlet",
    "hamlet": "a quarter of Hamlet",
}
PICTURE_EVERY = 0.25  # seconds: a page need not be told more often
SAMPLE = 200  # letters
SAMPLE_EVERY = 2.0  # seconds: writing takes time from learning
START = "Ham.\n"


class RunHere(Live):
    """Choose a network, data and schemes; Start; watch loss and gradients; Stop."""

    def __init__(self) -> None:
        names = [(experiment.title, name) for name, experiment in EXPERIMENTS.items()]
        self.network = ipywidgets.ToggleButtons(options=names, value="hamlet", description="Network")
        self.network.style.button_width = "auto"
        self.data = ipywidgets.Dropdown(description="Data")
        self.seed = ipywidgets.BoundedIntText(
            1, min=0, max=MAX_SEED, description="Seed", layout={"width": "170px"}
        )
        self.active = ipywidgets.Checkbox(description="count active input nodes only", indent=False)
        shown = ("standard_xavier", "standard_letkeman", "kaiming")
        self.schemes = {
            name: ipywidgets.Checkbox(
                name in shown, description=LABELS[name], indent=False, layout={"width": "auto"}
            )
            for name in SCHEMES
        }
        self.start = ipywidgets.Button(description="Start", button_style="primary")
        self.stop = ipywidgets.Button(description="Stop", disabled=True)
        self.progress = ipywidgets.IntProgress(0, 0, 1, layout={"width": "180px"})
        self.words = ipywidgets.HTML()
        self.sampled = ipywidgets.HTML()
        self.loss = scheme_chart("Training loss so far, by epoch", 360)
        self.gradient = scheme_chart("Mean gradient magnitude of each layer in the last epoch", 360)
        self.started = self.stopped = False
        self.curves: dict[str, Any] = {}
        super().__init__(self.loss, [])
        self._offer_data()
        self.network.observe(self._offer_data, "value")
        self.start.on_click(self._on_start)
        self.stop.on_click(self._on_stop)
        charts = row(self.loss, self.gradient, style="lkv-columns")
        self.children = [
            row(self.network), row(self.data, self.seed, self.active), row(*self.schemes.values()),
            row(self.start, self.stop, self.progress), self.words, self.status, charts, self.sampled,
        ]  # fmt: skip
        from . import results_figures as figures

        self.loss.show(figures.waiting_figure("Training loss: press Start"))
        self.gradient.show(figures.waiting_figure("Gradient of each layer: press Start"))
        self._speak("Choose, then press Start. Nothing is fetched from the internet.")

    def _offer_data(self, _: traitlets.Bunch | None = None) -> None:
        experiment = EXPERIMENTS[self.network.value]
        # What is there without any download comes first.
        names = list(reversed(experiment.data)) or [""]
        self.data.options = [(DATA_NAMES[name], name) for name in names]
        self.data.value = names[0]
        self.active.disabled = not experiment.one_hot

    def _on_start(self, _: ipywidgets.Button) -> None:
        self.started, self.stopped = True, False
        # Once only: a second job would end the first, and find that the start is used up.
        if self._trigger.wanted:
            self._restart()
        else:
            self._trigger.wanted = True

    def _on_stop(self, _: ipywidgets.Button) -> None:
        self.stopped = True

    def _speak(self, text: str) -> None:
        self.words.value = f"<p class='lkv-say'>{html.escape(text)}</p>"

    def _set_running(self, running: bool) -> None:
        self.start.disabled, self.stop.disabled = running, not running

    def compute(self, cancelled: Callable[[], bool]) -> None:
        if not self.started:  # the page has only been opened
            return
        self.started = False
        self.show(partial(self._set_running, True))
        try:
            self._train(cancelled)
        except (NeedsTorch, DataError, ValueError) as error:  # what the reader can put right, in plain words
            self.show(partial(self._speak, str(error)))
        finally:
            self.show(partial(self._set_running, False))

    def _trainer(self) -> Any:
        name = self.network.value
        experiment = EXPERIMENTS[name]
        changes: dict[str, Any] = {"epochs": EPOCHS[name]}
        settings = settings_of(experiment, changes)
        data = None
        if self.data.value:
            data = load(self.data.value, fetch=False)
            most = getattr(settings, experiment.amount)
            if len(data) > most:
                data = load(self.data.value, most, fetch=False)
            changes[experiment.amount] = len(data)
        active = self.active.value and experiment.one_hot
        runs = [Run(s, self.seed.value, active) for s, box in self.schemes.items() if box.value]
        if not runs:
            raise ValueError("choose at least one scheme")
        return trainer_of(experiment)(settings_of(experiment, changes), runs, data)

    def _train(self, cancelled: Callable[[], bool]) -> None:
        from . import results_figures as figures

        trainer = self._trainer()
        with one_thread(self.network.value):
            trainer.watching = True
            epochs, variants = trainer.settings.epochs, [run.variant for run in trainer.runs]
            losses, drawn, wrote = np.zeros((0, len(variants))), 0.0, 0.0
            while trainer.epoch < epochs and not (self.stopped or cancelled()):
                losses = np.concatenate([losses, trainer.advance()[0]])
                done = trainer.epoch == epochs or self.stopped
                if not done and time.monotonic() - drawn < PICTURE_EVERY:
                    continue
                drawn = time.monotonic()
                self.curves = dict(zip(variants, losses.T, strict=True))
                sizes = dict(zip(variants, trainer.gradient.copy(), strict=True))
                self.show(partial(
                    self._picture,
                    figures.live_loss_figure(self.curves, epochs),
                    figures.live_gradient_figure(sizes, trainer.layer_names),
                    trainer.epoch, epochs,
                ))  # fmt: skip
                if hasattr(trainer, "sample") and (done or time.monotonic() - wrote > SAMPLE_EVERY):
                    wrote = time.monotonic()
                    self.show(partial(self._write, self._samples(trainer)))
            if self.stopped:
                self.show(partial(self._speak, f"Stopped after epoch {trainer.epoch} of {epochs}."))

    def _picture(self, loss: Any, gradient: Any, epoch: int, epochs: int) -> None:
        self.loss.show(loss)
        self.gradient.show(gradient)
        self.progress.max, self.progress.value = epochs, epoch
        last = ", ".join(
            f"{LABELS[variant.removesuffix('+active')]} {curve[-1]:.4g}"
            for variant, curve in self.curves.items()
        )
        self._speak(f"Epoch {epoch} of {epochs}. Loss: {last}.")

    def _samples(self, trainer: Any) -> list[tuple[str, str]]:
        """What every network writes now, from the same random numbers."""
        start = START if set(START) <= set(trainer.data.symbols) else trainer.data.symbols[-1]
        return [
            (LABELS[run.scheme], trainer.sample(SAMPLE, start, np.random.default_rng(1), k))
            for k, run in enumerate(trainer.runs)
        ]

    def _write(self, samples: list[tuple[str, str]]) -> None:
        blocks = (
            f"<figure><figcaption>{html.escape(name)} writes:</figcaption>"
            f"<pre>{html.escape(text)}</pre></figure>"
            for name, text in samples
        )
        self.sampled.value = f"<div class='lkv-samples'>{''.join(blocks)}</div>"
