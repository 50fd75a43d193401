"""The explorables of "Preserving magnitude" without a browser: what they compute, show and refuse."""

from __future__ import annotations

import base64
import math
from types import SimpleNamespace

import ipywidgets
import numpy as np
import plotly.graph_objects as go
import pytest

from letkeman_viz import get_initializer
from letkeman_viz.explorers import magnitude_tables, preserving_magnitude
from letkeman_viz.magnitude import expected_magnitude, layer_magnitude, normalized_magnitude
from letkeman_viz.widgets import Chart

SCHEMES = magnitude_tables.SCHEMES


def traces(chart: Chart) -> dict[str, SimpleNamespace]:
    """What a page is sent, by name of the trace, its arrays decoded."""
    go.Figure(chart._figure)  # a valid figure, or this raises
    found = {}
    for trace in chart._figure["data"]:
        arrays = {
            key: np.frombuffer(base64.b64decode(value["bdata"]), np.dtype(value["dtype"]).newbyteorder("<"))
            for key, value in trace.items()
            if isinstance(value, dict) and "bdata" in value
        }
        if "x0" in trace:  # evenly spaced
            arrays["x"] = trace["x0"] + trace["dx"] * np.arange(len(arrays["y"]))
        found[trace.get("name")] = SimpleNamespace(**{**trace, **arrays})
    return found


# --- The numbers behind the pictures ----------------------------------------------------------------


@pytest.mark.parametrize("sense", ["average", "forward", "backward"])
def test_the_map_of_normalized_xavier_is_normalized_magnitude(sense: str) -> None:
    sizes = np.array(preserving_magnitude.LAYER_SIZES)
    expected = normalized_magnitude(sizes[None, :], sizes[:, None], sense)
    np.testing.assert_allclose(
        preserving_magnitude._magnitudes("normalized_xavier", sense), expected, rtol=1e-12
    )


def test_ten_layers_grow_by_the_gain() -> None:
    letkeman = preserving_magnitude.ten_layers("standard_letkeman")
    assert letkeman[0] == pytest.approx(1.0, abs=0.03)
    np.testing.assert_allclose(letkeman[1:] / letkeman[:-1], math.sqrt(math.pi / 2), rtol=0.03)
    np.testing.assert_allclose(preserving_magnitude.ten_layers("lecun"), math.sqrt(2 / math.pi), rtol=0.05)


# --- Explorables ------------------------------------------------------------------------------------


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between the pictures of a simulation."""
    monkeypatch.setattr(preserving_magnitude.Sampling, "PAUSE", 0.0)


@pytest.mark.usefixtures("hurried")
def test_sampling_fills_in_under_the_exact_density() -> None:
    sampling = preserving_magnitude.sampling()
    sampling.finish()
    drawn = traces(sampling.histogram)
    bars, exact = drawn["sampled"], drawn["exact density"]
    assert sum(bars.y) * bars.width == pytest.approx(1.0, abs=1e-3)  # everything lies inside the picture
    np.testing.assert_allclose(bars.y, np.interp(bars.x, exact.x, exact.y), atol=0.03)
    running = traces(sampling.running)
    assert running["exact"].y[0] == pytest.approx(expected_magnitude(8), rel=1e-6)
    assert running["running mean"].y[-1] == pytest.approx(expected_magnitude(8), abs=0.003)
    assert running["running mean"].x[-1] == sampling.DRAWS == sampling.progress.value
    assert "exactly 0.463610" in sampling.words.value
    assert "exactly 0.3333" in sampling.words.value


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("name", SCHEMES)
def test_sampling_any_scheme_gives_its_variance(name: str) -> None:
    sampling = preserving_magnitude.sampling()
    sampling.scheme.value, sampling.size.value = name, 25
    sampling.finish()
    scheme = get_initializer(name)
    assert f"exactly {25 * scheme.std(25, 25) ** 2:.4f}" in sampling.words.value
    assert f"exactly {layer_magnitude(scheme, 25, 25, 'forward'):.6f}" in sampling.words.value


def test_sampling_can_be_stopped_and_drawn_again() -> None:
    sampling = preserving_magnitude.sampling()
    sampling.histogram.wanted = True
    sampling.stop.click()
    sampling.finish(20)
    stopped = sampling.progress.value
    assert 0 < stopped < sampling.DRAWS
    first = traces(sampling.histogram)["mean so far"].x[0]
    sampling.again.click()
    sampling.stop.click()
    sampling.finish(20)
    assert sampling.seed == 2
    assert traces(sampling.histogram)["mean so far"].x[0] != first


def test_the_standard_table_is_the_articles_beside_the_truth() -> None:
    live = preserving_magnitude.standard_table()
    live.finish()
    assert [row[0] for row in live.table.rows] == ["1", "5", "25", "100", "300", "1000"]
    for size, printed, ours, error, exact, formula, _ in live.table.rows:
        assert float(exact) == pytest.approx(expected_magnitude(int(size)), abs=1e-9)
        assert float(ours) == pytest.approx(float(exact), abs=2.5 * float(error))
        assert float(printed) == pytest.approx(float(exact), abs=0.001)
        assert float(formula) == pytest.approx(float(exact), rel=8e-4)
    errors = traces(live.chart)
    assert max(errors["article's formula"].y) == pytest.approx(740, abs=2)
    assert np.nanmax(np.abs(errors["series, two terms"].y)) < 100


def test_the_cross_hair_reads_a_layer() -> None:
    layers = preserving_magnitude.layer_map()
    layers.fan_in.value, layers.fan_out.value = 1000, 10
    layers.finish()
    rows = {row[0]: row[1:] for row in layers.table.rows}
    assert rows["Normalized Xavier"] == ["1.123", "0.113", "0.123"]
    assert rows["Normalized Letkeman"] == ["9.140", "0.919", "1.000"]
    assert layers.table.caption == "A layer of 1000 inputs and 10 outputs"
    assert layers.table.marked == [SCHEMES.index("normalized_xavier")]
    hair = traces(layers.map)
    place = preserving_magnitude.LAYER_SIZES.index
    assert hair["fan_in"].x.tolist() == [place(1000)] * 2  # upright
    assert not hasattr(hair["fan_in"], "dx")  # which Plotly would take for 1 where it is 0
    assert set(hair["fan_out"].y) == {place(10)}


def test_the_articles_normalized_table_has_its_columns_explained() -> None:
    table, letkeman = preserving_magnitude.article_tables().children
    rows = {row[0]: row[1:] for row in table.rows}
    assert len(rows) == 10
    printed_forward, exact_forward, *_, true_forward, true_backward = rows["(15, 25)"]
    assert (printed_forward, exact_forward) == ("0.536898", "0.536316")
    assert (true_forward, true_backward) == ("0.693322", "0.893860")
    for each in (table, letkeman):
        assert all(len(row) == len(each.header) for row in each.rows)
        for _, *columns, _, _ in each.rows:  # what was printed is what its column truly is, but for chance
            printed, exact = map(float, columns[::2]), map(float, columns[1::2])
            assert list(printed) == pytest.approx(list(exact), rel=0.05, abs=2e-6)


@pytest.mark.parametrize("active", [False, True])
def test_measured_marks_lie_on_the_lines(active: bool) -> None:
    one = preserving_magnitude.one_number()
    one.active.value = active
    one.finish()
    drawn = traces(one.gains)
    for kind in preserving_magnitude.INPUT_KINDS:
        marks, end = drawn[f"{kind}, measured"], drawn[kind]
        slope = end.y[-1] / end.x[-1]
        np.testing.assert_allclose(marks.y, slope * np.asarray(marks.x), rtol=0.06)
    one_hot = drawn["one-hot"].y[-1] / drawn["one-hot"].x[-1]
    assert one_hot == pytest.approx(math.sqrt(3) / 2 if active else math.sqrt(3) / 20, rel=1e-6)


def test_the_calculator_says_bounds_and_the_line_that_does_it() -> None:
    calculator = preserving_magnitude.calculator()
    rows = {row[0]: row for row in calculator.table.rows}  # there before anybody looks
    assert rows["Normalized Letkeman"][1] == "0.15892"
    assert rows["Kaiming"][1] == "none"
    assert rows["Standard Xavier"][4] == "torch.nn.init.uniform_(layer.weight, -0.0357142857, 0.0357142857)"
    calculator.active.value = 1
    calculator.finish()
    one_hot = {row[0].partition(",")[0]: row for row in calculator.table.rows}
    assert one_hot["Standard Letkeman"][1] == "2"
    calculator.active.value = 87.81  # the pixels of handwritten digits
    calculator.finish()
    pixels = {row[0].partition(",")[0]: row for row in calculator.table.rows}
    assert float(pixels["Standard Xavier"][1]) == pytest.approx(1 / math.sqrt(87.81), rel=1e-5)


def test_nothing_is_simulated_before_a_page_looks() -> None:
    for make in (
        preserving_magnitude.sampling,
        preserving_magnitude.standard_table,
        preserving_magnitude.layer_map,
    ):
        live = make()
        charts = [widget for widget in vars(live).values() if isinstance(widget, Chart)]
        assert charts
        assert all(chart._figure == {} for chart in charts)


def test_every_control_has_a_name() -> None:
    for name in preserving_magnitude.__all__:
        for widget in vars(getattr(preserving_magnitude, name)()).values():
            if isinstance(widget, ipywidgets.DOMWidget) and hasattr(widget, "description"):
                assert widget.description or isinstance(widget, ipywidgets.HTML | ipywidgets.IntProgress)
