"""The panels of the chapter "Results" beside its curves: active nodes, many seeds, more data, verdicts."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets
import numpy as np

from ..experiments.analysis import epochs_to_reach, speed_up
from ..experiments.catalogue import EXPERIMENTS
from ..experiments.claims import STUCK, findings, times, winners
from ..experiments.records import recorded
from ..widgets import Table
from .live import Live, row
from .results_parts import FIVE, csv_of, epoch_text, halves, interval_text, prose_table, scheme_chart


class ActiveNodes(Live):
    """Hamlet with and without the Active Node Method, for all five schemes."""

    def __init__(self) -> None:
        self.without = scheme_chart("Loss by epoch, every scheme counting all input nodes", 380)
        self.with_ = scheme_chart("Loss by epoch, every scheme counting one active input node", 380)
        self.table = Table(
            caption="Hamlet, five seeds",
            header=["scheme", "final loss, all nodes", "final loss, active nodes", "beats the first at epoch",
                    "n times as fast", "95 % interval"],
        )  # fmt: skip
        super().__init__(self.without, [])
        self.children = [self.status, halves(self.without, self.with_), self.table, csv_of("hamlet")]

    def compute(self, cancelled: Callable[[], bool]) -> None:
        from . import results_figures as figures

        records = recorded("hamlet")
        plain = [v for v in records.variants if not v.endswith("+active")]
        active = [f"{v}+active" for v in plain]
        top, bottom = 1.02 * float(records.loss.max()), 0.97 * float(records.loss.min())
        one = figures.active_figure(records, plain, "All 65 input nodes counted", top, bottom)
        two = figures.active_figure(records, active, "Active nodes counted: one", top, bottom)
        rows = []
        for before, after in zip(plain, active, strict=True):
            found = speed_up(records, before, after)
            ends = [f"{records.curves(v)[:, -1].mean():.4f}" for v in (before, after)]
            ratio = [times(found.ratio), interval_text(found)]
            rows.append([figures.label(before), *ends, epoch_text(found.other), *ratio])

        def change() -> None:
            self.without.show(one)
            self.with_.show(two)
            self.table.fill(rows)

        self.show(change)


class FiveSeeds(Live):
    """The counting network with a hundred seeds: what five of them can make one believe."""

    def __init__(self) -> None:
        self.again = ipywidgets.Button(description="Draw five other seeds", layout={"width": "auto"})
        self.article = ipywidgets.Button(description="Seeds 1 to 5")
        self.seeds: tuple[int, ...] = FIVE
        self.draws = 0
        self.words = ipywidgets.HTML()
        self.ends = scheme_chart("Final loss of a hundred seeds of each scheme, five of them ringed", 400)
        self.solved = scheme_chart("Share of a hundred seeds with everything right, by epoch", 400)
        self.table = Table(
            header=["scheme", "mean final loss, these five", "median of all", "never all right, of all",
                    "median epoch to all right", "wins among five"],
        )  # fmt: skip
        super().__init__(self.ends, [])
        self.again.on_click(self._on_again)
        self.article.on_click(self._on_article)
        charts = row(self.ends, self.solved, style="lkv-columns")
        self.children = [
            row(self.article, self.again),
            self.words,
            self.status,
            charts,
            self.table,
            csv_of("counting"),
        ]

    def _on_again(self, _: ipywidgets.Button) -> None:
        self.draws += 1
        rng = np.random.default_rng([7, self.draws])
        self.seeds = tuple(sorted(int(s) for s in rng.choice(recorded("counting").seeds, 5, replace=False)))
        self._restart()

    def _on_article(self, _: ipywidgets.Button) -> None:
        self.seeds = FIVE
        self._restart()

    def compute(self, cancelled: Callable[[], bool]) -> None:
        from . import results_figures as figures

        records, seeds = recorded("counting"), self.seeds
        share = winners(records)
        means = {v: float(records.curves(v, seeds)[:, -1].mean()) for v in records.variants}
        best = min(means, key=lambda variant: means[variant])
        rows = []
        for variant in records.variants:
            at = records.perfect[records.rows(variant)]
            epochs = np.sort(np.where(at > 0, at.astype(float), np.inf))
            rows.append([
                figures.label(variant), f"{means[variant]:.5f}",
                f"{np.median(records.curves(variant)[:, -1]):.5f}", str(int((at == 0).sum())),
                epoch_text(float(epochs[len(epochs) // 2])), f"{share[variant]:.0%}",
            ])  # fmt: skip
        ends, solved = figures.ends_figure(records, seeds), figures.solved_figure(records)
        words = (
            f"<p class='lkv-say'>With seeds {', '.join(map(str, seeds))} the winner is"
            f" <b>{figures.label(best)}</b>. The last column: how often each scheme wins when five"
            f" of the {len(records.seeds)} seeds are drawn.</p>"
        )

        def change() -> None:
            self.ends.show(ends)
            self.solved.show(solved)
            self.words.value = words
            self.table.fill(rows, marked=[records.variants.index(best)])

        self.show(change)


class MoreData(Live):
    """The two MNIST networks on ten thousand images: does the ranking carry over?"""

    def __init__(self) -> None:
        names = [(EXPERIMENTS[name].title, name) for name in ("mnist-conv", "mnist-dense")]
        self.network = ipywidgets.ToggleButtons(options=names, description="Network")
        self.network.style.button_width = "auto"
        self.few = scheme_chart("Median loss by epoch on few images", 380)
        self.many = scheme_chart("Median loss by epoch on 10,000 images", 380)
        self.table = Table()
        super().__init__(self.few, [self.network])
        data = csv_of("mnist-conv-10000", "mnist-dense-10000")
        self.children = [row(self.network), self.status, halves(self.few, self.many), self.table, data]

    def compute(self, cancelled: Callable[[], bool]) -> None:
        from . import results_figures as figures

        name = self.network.value
        sets = [recorded(name), recorded(f"{name}-10000")]
        titles = [f"{r.settings['images']:,} images, {len(r.seeds)} seeds: median loss" for r in sets]
        drawn = [figures.plain_figure(r, title) for r, title in zip(sets, titles, strict=True)]
        header, rows = ["scheme"], [[figures.label(v)] for v in sets[0].variants]
        for records in sets:
            images = f"{records.settings['images']:,} images"
            header += [f"rank, {images}", f"median final loss, {images}", f"stuck, {images}"]
            medians = {v: float(np.median(records.curves(v)[:, -1])) for v in records.variants}
            order = sorted(medians, key=lambda v: medians[v])
            for line, variant in zip(rows, records.variants, strict=True):
                curves = records.curves(variant)
                stuck = np.isinf(epochs_to_reach(records.epochs, curves, STUCK[name])).sum()
                line += [
                    str(order.index(variant) + 1),
                    f"{medians[variant]:.5f}",
                    f"{stuck} of {len(curves)}",
                ]

        def change() -> None:
            self.few.show(drawn[0])
            self.many.show(drawn[1])
            with self.table.hold_sync():
                self.table.header = header
                self.table.fill(rows)

        self.show(change)


SIGNS = {"reproduced": "✓ reproduced", "partly": "◐ partly", "not reproduced": "✗ not reproduced"}


def verdicts() -> ipywidgets.Widget:
    """Every claim of the article's results, what our data say, and the verdict."""
    found = findings()
    rows = [[f.network, f.claim, f.article, f.ours, SIGNS[f.verdict]] for f in found]
    counts = ", ".join(f"{sum(f.verdict == verdict for f in found)} {verdict}" for verdict in SIGNS)
    return prose_table(
        caption=f"{len(found)} claims: {counts}",
        header=["network", "claim", "article", "our data", "verdict"],
        rows=rows,
    )
