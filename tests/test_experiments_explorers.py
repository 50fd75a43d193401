"""The explorables of the chapter "Results", without a browser."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from letkeman_viz.experiments import recorded, speed_up
from letkeman_viz.explorers import results
from letkeman_viz.explorers import results_figures as figures
from letkeman_viz.explorers.results_live import RunHere
from letkeman_viz.explorers.results_parts import article_variants, csv_of, epoch_text
from letkeman_viz.widgets import Chart


def drawn(chart: Chart) -> dict[str, Any]:
    """The chart's figure, after plotly's own checks."""
    go.Figure(chart._figure)
    return chart._figure


def row_of(table: Any, scheme: str) -> list[str]:
    return next(row for row in table.rows if row[0] == scheme)


@pytest.fixture(scope="module")
def curves() -> results.Curves:
    return results.curves()


@pytest.mark.parametrize("network", ["counting", "mnist-conv", "mnist-dense", "hamlet"])
@pytest.mark.parametrize("view", ["band", "single", "reach"])
def test_every_network_is_drawn_in_every_view(curves: results.Curves, network: str, view: str) -> None:
    curves.network.value, curves.view.value = network, view
    curves.finish()
    figure = drawn(curves.chart)
    variants = article_variants(recorded(network))
    named = [trace["name"] for trace in figure["data"] if trace.get("showlegend", True)]
    assert named == [*(figures.label(variant) for variant in variants), "the chosen loss"]
    assert [row[0] for row in curves.table.rows] == named[:-1]


def test_the_line_starts_where_the_article_draws_it(curves: results.Curves) -> None:
    curves.network.value, curves.view.value = "mnist-conv", "band"
    curves.finish()
    records = recorded("mnist-conv")
    assert curves.lines["mnist-conv"].value == records.curves("standard_xavier").mean(axis=0)[-1]
    found = speed_up(records, "standard_xavier", "standard_letkeman")
    assert row_of(curves.table, "Standard Letkeman")[3] == f"{found.ratio:.3g} times"


def test_a_line_elsewhere_is_a_question_about_that_loss(curves: results.Curves) -> None:
    curves.network.value = "mnist-conv"
    line = curves.lines["mnist-conv"]
    line.value = line.nearest(0.05)
    curves.finish()
    found = speed_up(recorded("mnist-conv"), "standard_xavier", "kaiming", line.value)
    assert row_of(curves.table, "Kaiming")[2:4] == [epoch_text(found.other), f"{found.ratio:.3g} times"]


@pytest.mark.parametrize(("view", "clicked"), [("band", [30.0, 0.02, 1.0]), ("reach", [0.02, 30.0, 2.0])])
def test_a_click_on_a_curve_moves_the_line_to_its_loss(
    curves: results.Curves, view: str, clicked: list[float]
) -> None:
    curves.network.value, curves.view.value = "mnist-dense", view
    curves.chart.clicked = clicked
    line = curves.lines["mnist-dense"]
    assert line.value == line.nearest(0.02)
    assert line.value == pytest.approx(0.02, rel=0.05)


def test_another_base_puts_the_line_at_its_end(curves: results.Curves) -> None:
    curves.network.value = "hamlet"
    curves.base.value = "standard_xavier"
    curves.finish()
    assert curves.lines["hamlet"].value == recorded("hamlet").curves("standard_xavier").mean(axis=0)[-1]
    assert row_of(curves.table, "Standard Xavier")[3] == "compared with"


def test_on_a_linear_axis_what_is_near_zero_starts_at_zero(curves: results.Curves) -> None:
    curves.network.value, curves.view.value, curves.scale.value = "mnist-dense", "band", "linear"
    curves.finish()
    assert drawn(curves.chart)["layout"]["yaxis"]["range"][0] == 0.0
    curves.network.value = "hamlet"
    curves.finish()
    assert drawn(curves.chart)["layout"]["yaxis"]["range"][0] > 1.0


def test_seeds_drawn_anew_are_five_others_and_the_first_come_back() -> None:
    five = results.five_seeds()
    five.finish()
    first = row_of(five.table, "Kaiming")
    five._on_again(None)
    five.finish()
    assert len(set(five.seeds)) == 5
    assert row_of(five.table, "Kaiming")[1] != first[1]
    assert row_of(five.table, "Kaiming")[2:] == first[2:]  # of all seeds
    five._on_article(None)
    five.finish()
    assert row_of(five.table, "Kaiming") == first
    drawn(five.ends)
    drawn(five.solved)


def test_both_active_node_charts_share_their_axis() -> None:
    active = results.active_nodes()
    active.finish()
    assert (
        drawn(active.without)["layout"]["yaxis"]["range"] == drawn(active.with_)["layout"]["yaxis"]["range"]
    )
    assert len(active.table.rows) == 5


def test_a_button_gives_all_numbers_as_csv() -> None:
    name, content = csv_of("mnist-dense").offers["mnist-dense, CSV"]()
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert name == "mnist-dense.csv"
    assert len(rows) == 25 * 40


# --- Run it here --------------------------------------------------------------------------------------


def test_opening_the_page_trains_nothing() -> None:
    live = RunHere()
    live.finish()
    assert live.curves == {}
    drawn(live.loss)
    drawn(live.gradient)


@pytest.mark.parametrize("network", ["counting", "mnist-dense"])
def test_a_run_here_is_the_experiments_own(network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(results_epochs(), network, 2)
    live = RunHere()
    live.network.value = network
    live._on_start(None)
    live.finish()
    assert set(live.curves) == {"standard_xavier", "standard_letkeman", "kaiming"}
    if network == "mnist-dense":
        small = recorded("mnist-dense-digits")
        expected = small.curves("kaiming", [1])[0, :2]
        np.testing.assert_allclose(live.curves["kaiming"], expected, rtol=1e-3)
    assert [trace["name"] for trace in drawn(live.gradient)["data"]] == [
        trace["name"] for trace in drawn(live.loss)["data"]
    ]
    assert not live.start.disabled


def results_epochs() -> dict[str, int]:
    from letkeman_viz.explorers import results_live

    return results_live.EPOCHS


def test_hamlet_writes_and_its_words_are_text_not_html(monkeypatch: pytest.MonkeyPatch) -> None:
    from letkeman_viz.experiments.hamlet import Hamlet

    monkeypatch.setitem(results_epochs(), "hamlet", 1)
    monkeypatch.setattr(Hamlet, "sample", lambda *arguments: "<b>bold</b>")
    live = RunHere()
    live._on_start(None)
    live.finish()
    assert "&lt;b&gt;bold" in live.sampled.value
    assert "<b>" not in live.sampled.value
    assert "Kaiming writes" in live.sampled.value


def test_stop_ends_a_run_after_its_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    from letkeman_viz.experiments.hamlet import Hamlet

    live, advance = RunHere(), Hamlet.advance

    def stopped_in_the_second_epoch(trainer: Hamlet) -> Any:
        if trainer.epoch == 1:
            live._on_stop(None)
        return advance(trainer)

    monkeypatch.setattr(Hamlet, "advance", stopped_in_the_second_epoch)
    live._on_start(None)
    live.finish()
    assert "Stopped after epoch 2 of 25" in live.words.value
    assert len(live.curves["kaiming"]) == 2  # the last one is drawn


def test_what_the_reader_can_put_right_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETKEMAN_VIZ_DATA", "/nowhere")
    live = RunHere()
    live.data.value = "hamlet"
    live._on_start(None)
    live.finish()
    assert "there is no file" in live.words.value
    for box in live.schemes.values():
        box.value = False
    live.data.value = "excerpt"
    live._on_start(None)
    live.finish()
    assert "choose at least one scheme" in live.words.value
