"""The explorables of "Why initialization matters" without a browser: what they compute, show and say."""

from __future__ import annotations

import base64
import math
import re
import threading
from types import SimpleNamespace

import ipywidgets
import numpy as np
import plotly.graph_objects as go
import pytest

from letkeman_viz import fixed_point, get_initializer, level_gain, mean_field, propagate
from letkeman_viz.explorers import tower_depth, why_it_matters
from letkeman_viz.explorers.tower_figures import LogScale, violins
from letkeman_viz.explorers.tower_words import told
from letkeman_viz.explorers.why_it_matters import DEPTHS, GAINS, SCHEMES, WIDTHS, scheme_of
from letkeman_viz.widgets import Chart, Table


def values(coordinate):
    """The numbers of a trace: a list, or the base64 that goes to a page."""
    if isinstance(coordinate, dict):
        return np.frombuffer(base64.b64decode(coordinate["bdata"]), coordinate["dtype"])
    return np.array([np.nan if v is None else v for v in coordinate or ()], dtype=float)


def traces(chart: Chart) -> dict[str, SimpleNamespace]:
    """What a page is sent, by name of the trace (theory twice: the last wins), its arrays decoded."""
    go.Figure(chart._figure)  # a valid figure, or this raises
    found = {}
    for trace in chart._figure["data"]:
        x = values(trace["x"]) if "x" in trace else None
        y = values(trace["y"])
        if x is None:
            x = trace["x0"] + trace["dx"] * np.arange(len(y))
        found.setdefault(trace["name"], SimpleNamespace(x=x, y=y, trace=trace))
    return found


def text(widget: ipywidgets.HTML) -> str:
    return re.sub(r"<[^>]+>", "", widget.value)


@pytest.fixture(scope="module")
def tower():
    return why_it_matters.tower()


def test_the_tower_shows_what_was_measured_over_what_theory_says(tower):
    tower.activation.value, tower.gain.value, tower.stored_as.value = "tanh", 1.0, "float64"
    tower.finish()
    found = propagate([200] * 21, "tanh", get_initializer("scaled", gain=1.0))
    theory = mean_field([200] * 21, "tanh", get_initializer("scaled", gain=1.0))
    signal, gradient = traces(tower.signal), traces(tower.gradient)
    np.testing.assert_allclose(signal["measured mean |a|"].y, found.magnitude.mean(0), rtol=1e-6)
    np.testing.assert_allclose(signal["theory"].y, theory.magnitude, rtol=1e-6)
    np.testing.assert_allclose(gradient["mean |dL/da|"].y, found.gradient.mean(0), rtol=1e-6)
    np.testing.assert_allclose(gradient["mean |dL/dw|"].y, found.weight_gradient.mean(0)[1:], rtol=1e-6)
    assert gradient["mean |dL/dw|"].x.tolist() == list(range(1, 21))
    np.testing.assert_allclose(gradient["theory"].y, theory.gradient, rtol=1e-6)
    np.testing.assert_allclose(gradient["theory"].y, gradient["mean |dL/da|"].y, rtol=0.25)
    bars = gradient["mean |dL/da|"].trace["error_y"]
    np.testing.assert_allclose(bars["array"], found.gradient.max(0) - found.gradient.mean(0), rtol=1e-6)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "linear"])
def test_the_cure_makes_the_line_level_and_a_small_gain_tilts_it(tower, activation):
    tower.activation.value, tower.stored_as.value = activation, "float32"
    tower.gain.value = tower.gain.nearest(0.3)
    tower.finish()
    assert "The gradient vanishes" in text(tower.words)
    assert f"{level_gain(activation):.4g}" in tower.cure.description
    tower.cure.click()
    tower.finish()
    assert tower.gain.value == pytest.approx(level_gain(activation))
    line = traces(tower.gradient)["mean |dL/da|"].y
    assert 0.1 < line[0] / line[-1] < 10.0
    assert re.search("The gradient (is level|fades slowly)", text(tower.words))
    here = traces(tower.level)["this gain"]
    assert here.y[0] == pytest.approx(math.sqrt(fixed_point(activation, tower.gain.value).chi), rel=1e-6)


def test_twenty_layers_of_tanh_are_level_somewhat_above_one(tower):
    tower.activation.value = "tanh"
    for gain, level in ((1.0, False), (1.25, True), (2.0, False)):
        tower.gain.value = tower.gain.nearest(gain)
        tower.finish()
        assert ("The gradient is level" in text(tower.words)) == level


def test_named_schemes_are_stops_of_the_slider_and_buttons(tower):
    for button, (name, gain) in zip(tower.schemes, SCHEMES.items(), strict=True):
        assert gain in tower.gain.options
        button.click()
        assert tower.gain.value == gain
        assert button.description == name
    for scheme, name in (("standard_xavier", "Standard Xavier"), ("lecun", "LeCun, Glorot"),
                         ("normalized_xavier", "LeCun, Glorot"), ("kaiming", "Kaiming")):  # fmt: skip
        assert math.sqrt(500) * get_initializer(scheme).std(500, 500) == pytest.approx(SCHEMES[name])
    assert math.sqrt(500) * get_initializer("standard_letkeman").std(500, 500) == pytest.approx(
        SCHEMES["Standard Letkeman"], rel=1e-3
    )
    assert list(GAINS) == sorted(set(GAINS))


@pytest.mark.parametrize("drawn_as", why_it_matters.DRAWN_AS)
def test_every_distribution_has_the_gain_asked_for(tower, drawn_as):
    assert math.sqrt(300) * scheme_of(1.7, drawn_as).std(300, 300) == pytest.approx(1.7)
    tower.activation.value, tower.gain.value, tower.drawn_as.value = "tanh", SCHEMES["Kaiming"], drawn_as
    tower.finish()
    drawn = traces(tower.signal)
    np.testing.assert_allclose(drawn["measured mean |a|"].y, drawn["theory"].y, rtol=0.12)
    tower.drawn_as.value = "uniform"


def test_what_is_said_of_a_vanishing_gradient_is_so(tower):
    tower.activation.value, tower.gain.value, tower.stored_as.value = "sigmoid", 1.0, "float32"
    tower.finish()
    said = text(tower.words)
    found = propagate([200] * 21, "sigmoid", get_initializer("scaled", gain=1.0), stored_as="float32")
    sizes = found.gradient.mean(0)
    factor = (sizes[0] / sizes[-1]) ** (1 / 20)
    assert f"shrinks {1 / factor:.2g} times per layer" in said
    assert f"its variance {factor**-2:.2g} times" in said
    assert "after 20 layers 2.5·10\N{MINUS SIGN}13 of it is left" in said
    depth = int(re.search(r"run out of float32 after about (\d+) layers", said).group(1))
    assert np.float32(factor**depth) == 0.0 or factor**depth < 2.0**-149
    assert np.float32(factor ** (depth - 2)) > 0.0
    last = int(re.search(r"In layers 1 to (\d+) a step at rate 1 is lost", said).group(1))
    weight = np.float32(0.8 / math.sqrt(200))
    for layer in (last, last + 1):
        step = np.float32(found.weight_gradient.mean(0)[layer])
        assert (weight - step == weight) == (layer == last)


def test_overflow_is_shown_and_said_where_it_happens(tower):
    tower.activation.value, tower.stored_as.value = "linear", "float16"
    tower.gain.value = tower.gain.nearest(3.0)
    tower.finish()
    signal = traces(tower.signal)
    assert (signal["infinite"].x[0], signal["NaN"].x[0]) == (9, 10)  # as the chapter says
    tower.gain.value = tower.gain.nearest(10.0)
    tower.finish()
    signal = traces(tower.signal)
    first = int(signal["infinite"].x[0])
    assert signal["measured mean |a|"].x.tolist() == list(range(first))
    assert signal["NaN"].x[-1] == 20
    assert f"in layer {first} the signal grows beyond what float16 can hold" in text(tower.words)
    assert "The gradient is lost" in text(tower.words)
    assert signal["float16 ends"].y[0] == 65504.0
    tower.stored_as.value = "float32"
    tower.finish()
    assert "infinite" not in traces(tower.signal)


def test_a_gradient_of_nothing_has_a_place_on_the_log_axis(tower):
    tower.activation.value, tower.stored_as.value, tower.gain.value = "sigmoid", "float16", 1.0
    tower.finish()
    gradient = traces(tower.gradient)["mean |dL/da|"]
    assert gradient.trace["customdata"] is not None
    assert values(gradient.trace["customdata"])[0] == 0.0
    assert "0" in tower.gradient._figure["layout"]["yaxis"]["ticktext"]
    assert "exactly 0: too small for float16" in text(tower.words)
    tower.stored_as.value = "float32"


def test_saturated_and_dead_units_are_counted(tower):
    tower.activation.value = "sigmoid"
    tower.cure.click()
    tower.finish()
    idle = traces(tower.idle)
    np.testing.assert_allclose(idle["measured"].y[1:], idle["theory"].y[1:], atol=3.0)
    assert re.search("(58|59)% of the units are saturated", text(tower.words))
    tower.activation.value = "relu"
    tower.finish()
    assert "theory" not in traces(tower.idle)
    assert "units are dead" in text(tower.words)


@pytest.mark.parametrize(
    ("layers", "width"), [(DEPTHS[0], WIDTHS[0]), (DEPTHS[0], 200), (DEPTHS[-1], WIDTHS[0])]
)
def test_the_smallest_and_the_deepest_tower(tower, layers, width):
    for activation in ("sigmoid", "tanh", "relu", "linear"):
        tower.activation.value, tower.layers.value, tower.width.value = activation, layers, width
        for gain in (GAINS[0], GAINS[-1]):
            tower.gain.value = gain
            tower.finish()
            assert len(traces(tower.signal)["theory"].y) == layers + 1
            assert text(tower.words)
            if layers == 50 and activation == "linear" and gain > 1:
                assert traces(tower.signal)["theory"].y[-1] > 1e60  # beyond float32, and still drawn
    tower.layers.value, tower.width.value = 20, 200


def test_a_large_tower_reports_and_stops():
    large = why_it_matters.tower()
    large.layers.value, large.width.value = 50, 1000
    seen, stopped = [], threading.Event()

    def watch(change):
        seen.append(change["new"])
        if change["new"] > 0.05 and not stopped.is_set():
            stopped.set()
            large.stop.click()

    large.progress.observe(watch, "value")
    large.finish(60)
    assert stopped.is_set()
    assert max(seen) < 0.5
    assert large.progress.value == 0.0
    assert large.stop.disabled
    assert large._error is None


def test_an_axis_stays_while_values_move_a_little():
    axes = [LogScale(np.array([1.0, low])).axis()["range"] for low in (1e-5, 5e-6, 2e-6)]
    assert axes[0] == axes[1] == axes[2]
    assert LogScale(np.array([1.0, 1e-40])).axis()["range"][0] < -40


def test_violins_are_where_the_activations_are():
    rng = np.random.default_rng(1)
    x, y = violins([rng.standard_normal((20, 50)) * 1e-7, np.zeros((20, 50)), np.ones((20, 50))])
    first, third = y[np.abs(x) < 0.5], y[np.abs(x - 2) < 0.5]
    assert 1e-7 < first.max() < 1e-6
    assert 0.9 < third.max() < 1.2
    assert not (np.abs(x - 1) < 0.5).any()  # nothing but zeros has no place on a log axis


def test_numbers_are_told_as_people_write_them():
    assert told(0.0) == "0"
    assert told(4.26) == "4.3"
    assert told(463.2) == "463"
    assert told(2.54e-13) == "2.5·10<sup>\N{MINUS SIGN}13</sup>"
    assert told(9.96e-6) == "1.0·10<sup>\N{MINUS SIGN}5</sup>"
    assert told(0.6249, 3) == "0.625"
    assert told(8.894e-5, 3) == "8.89·10<sup>\N{MINUS SIGN}5</sup>"


# The other explorables


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_naive_fixes_say_where_the_gradient_is_nothing(activation):
    naive = why_it_matters.naive_fixes()
    naive.activation.value = activation
    for start in ("zeros", "ones", "tiny", "large", "fits"):
        naive.start.value = start
        naive.finish()
        rows, said = naive.table.rows, text(naive.words)
        still = [k for k, row in enumerate(rows) if row[4] == "exactly 0"]
        assert naive.table.marked == still
        same = [row for row in rows if row[2].startswith("1 of")]
        assert (len(same) == 6) == (start in ("zeros", "ones"))
        assert ("all 50 units are the same" in said) == bool(same)
        assert ("exactly 0 in layer" in said) == bool(still)
        if start == "zeros":
            assert still == ([0, 1, 2, 3, 4] if activation == "sigmoid" else [0, 1, 2, 3, 4, 5])
        if start in ("tiny", "large", "fits"):
            assert not still


def test_tiny_noise_starves_the_first_layer_of_sigmoids_a_million_million_fold():
    naive = why_it_matters.naive_fixes()
    naive.start.value = "tiny"
    naive.finish()
    assert float(naive.table.rows[5][4]) / float(naive.table.rows[0][4]) > 1e12


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "linear"])
@pytest.mark.parametrize("weight", [-1.5, 0.0, 0.5, 2.0])
def test_two_products_are_what_nudging_finds(activation, weight):
    two = why_it_matters.two_products()
    two.activation.value, two.weight.value, two.input.value = activation, weight, 0.7
    two.finish()
    for row in two.table.rows:
        x, error, gradient, nudged = (float(row[k]) for k in (1, 6, 7, 8))
        assert gradient == pytest.approx(nudged, abs=1e-7, rel=2e-3)
        assert gradient == pytest.approx(x * error, rel=2e-3, abs=1e-9)


def test_a_funnel_takes_its_shape_from_whichever_side_a_scheme_gives_up():
    funnel = why_it_matters.funnel()
    funnel.finish()
    rows = {row[0]: [float(v) for v in row[2:]] for row in funnel.table.rows}
    forward, backward = rows["Kaiming, fan-in"], rows["Kaiming, fan-out"]
    assert forward[0] == pytest.approx(1.0, abs=0.3)
    assert backward[1] == pytest.approx(1.0, abs=0.3)
    for row in rows.values():
        assert row[4] == pytest.approx(64.0, rel=0.25)
        assert row[2] == pytest.approx(math.sqrt(row[0]), rel=0.4)  # magnitude, roughly the root of variance
    funnel.shape.value = 8
    funnel.finish()
    assert all(float(row[6]) == pytest.approx(1 / 64, rel=0.25) for row in funnel.table.rows)
    funnel.measure.value = "magnitude"
    funnel.finish()
    drawn = [t for t in funnel.forward._figure["data"] if t["name"] == "Glorot"]
    theory, measured = (values(t["y"]) for t in drawn)
    np.testing.assert_allclose(measured, theory, rtol=0.3)


def test_deep_training_waits_to_be_asked_and_tells_who_moved(monkeypatch):
    monkeypatch.setattr(tower_depth.DeepTraining, "PAUSE", 0.0)
    deep = why_it_matters.deep_training()
    deep.finish()
    assert {len(t.y) for t in traces(deep.loss).values()} == {1}
    assert text(deep.words).startswith("After 1 step, from")
    deep.train.click()
    deep.finish()
    loss = {name: t.y for name, t in traces(deep.loss).items()}
    assert all(len(y) == deep.STEPS == deep.progress.value for y in loss.values())
    assert loss["Standard Xavier"][-1] == pytest.approx(0.625, abs=1e-3)  # a half to every question
    assert loss["LeCun, Glorot"][-1] < 0.05
    updates = {name: t.y for name, t in traces(deep.updates).items()}
    assert np.max(updates["Standard Xavier"]) < 0.01 * np.max(updates["LeCun, Glorot"])
    moved = re.search(r"Standard Xavier: loss 0.625, layer 1 moved by ([\d.]+) %", text(deep.words))
    assert float(moved.group(1)) < 0.01
    assert deep.stop.disabled


def test_sigmoids_starve_the_early_layers_and_not_the_last():
    deep = why_it_matters.deep_training()
    deep.activation.value = "sigmoid"
    deep.train.click()
    deep.finish()
    update = traces(deep.updates)["LeCun, Glorot"]
    assert update.y[0] < 1e-6 * update.y[-1]


def test_with_relu_kaimings_gain_learns_and_too_large_a_one_leaves_no_slope():
    deep = why_it_matters.deep_training()
    deep.activation.value = "relu"
    deep.train.click()
    deep.finish()
    loss = {name: t.y[-1] for name, t in traces(deep.loss).items()}
    assert loss["Kaiming"] < 0.01 < 0.3 < loss["LeCun, Glorot"]
    assert (values(traces(deep.updates)["gain 3"].trace["customdata"]) == 0.0).all()


def test_deep_training_stops(monkeypatch):
    monkeypatch.setattr(tower_depth.DeepTraining, "PAUSE", 0.0)
    deep = why_it_matters.deep_training()
    deep.progress.observe(lambda change: deep.stop.click() if change["new"] >= 3 else None, "value")
    deep.train.click()
    deep.finish(60)
    assert 3 <= deep.progress.value < deep.STEPS


def test_nothing_is_computed_before_a_page_looks():
    for name in ("tower", "funnel", "naive_fixes", "deep_training"):
        live = getattr(why_it_matters, name)()
        assert all(w._figure == {} for w in vars(live).values() if isinstance(w, Chart))
        assert all(w.rows == [] for w in vars(live).values() if isinstance(w, Table))


def test_every_control_has_a_name():
    for name in why_it_matters.__all__:
        for widget in vars(getattr(why_it_matters, name)()).values():
            if isinstance(widget, ipywidgets.DOMWidget) and hasattr(widget, "description"):
                progress = ipywidgets.HTML | ipywidgets.IntProgress | ipywidgets.FloatProgress
                assert widget.description or isinstance(widget, progress)
