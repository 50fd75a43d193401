"""What the panels of the chapter "Results" share."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import ipywidgets
import numpy as np

from ..experiments.analysis import SpeedUp
from ..experiments.finding import times
from ..experiments.records import Records, recorded, write_csv
from ..widgets import Chart, Table, TakeAlong
from ..widgets._assets import css
from .live import row

FIVE = (1, 2, 3, 4, 5)
"""The article's seeds."""


STYLE = css("results.css")


def scheme_chart(label: str, height: int) -> Chart:
    """A chart that brings the style of these panels along."""
    chart = Chart(label=label, height=height)
    chart._css = chart._css + STYLE
    return chart


def halves(*charts: Chart) -> ipywidgets.Box:
    """Two charts of one size side by side, one above the other where it is narrow."""
    box = row(*charts, style="lkv-columns")
    box.add_class("lkv-halves")
    return box


def prose_table(**traits: Any) -> Table:
    """A table whose cells hold sentences."""
    table = Table(**traits)
    table._css = table._css + STYLE
    table.add_class("lkv-prose-table")
    return table


def interval_text(found: SpeedUp) -> str:
    """The interval of a speed-up, in words."""
    low, high = times(found.low), times(found.high)
    return low if low == high else f"{low} to {high}"


def article_variants(records: Records) -> list[str]:
    """What the article draws in one chart: for Hamlet, the Letkeman schemes alone count active nodes."""
    if not any(variant.endswith("+active") for variant in records.variants):
        return records.variants
    return [v for v in records.variants if ("letkeman" in v) == v.endswith("+active")]


def csv_of(*names: str) -> TakeAlong:
    """A button for each of the recorded results that gives all their numbers as CSV."""

    def offer(name: str) -> tuple[str, bytes]:
        text = io.StringIO()
        write_csv(recorded(name), text)
        return f"{name}.csv", text.getvalue().encode()

    return TakeAlong({f"{name}, CSV": partial(offer, name) for name in names})


def epoch_text(epoch: float) -> str:
    return f"{epoch:,.0f}" if np.isfinite(epoch) else "never"
