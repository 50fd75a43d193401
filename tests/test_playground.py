"""The playground without a browser: settings, links, changes by hand, files to take along, the map."""

from __future__ import annotations

import json
import math
import random
import re
import string
import threading
import time
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import numpy as np
import plotly.graph_objects as go
import pytest

from letkeman_viz import make_task, sweep_chunks, task_to_csv, train, train_one
from letkeman_viz.explorers import live, playground, settings, sweep_map
from letkeman_viz.explorers.fields import Edit, decades
from letkeman_viz.explorers.settings import FIELDS, SCHEMES, Settings
from letkeman_viz.widgets.standalone import standalone

XOR = "in1,in2,out1\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n"
FEW = Settings(schemes=("ones", "kaiming"), shown="kaiming", epochs=100)


def some(rng: random.Random) -> Settings:
    """Any settings a page could have."""
    stops = {name: rng.choice(FIELDS[name].stops) for name in ("gain", "bias", "rate", "epochs", "noise")}
    words = {name: rng.choice(FIELDS[name].allowed) for name in ("mode", "activation", "order")}
    task = rng.choice(FIELDS["task"].allowed)
    schemes = tuple(name for name in SCHEMES[1:] if rng.random() < 0.5) or ("zeros",)
    hidden = tuple(rng.randint(1, 16) for _ in range(rng.randint(1, 6)))
    return Settings().changed(
        task=task,
        table=XOR if task == "own" else "",
        bits=rng.randint(2, 6),
        number=rng.randint(0, 63),
        schemes=schemes,
        shown=rng.choice(schemes),
        hidden=hidden,
        seed=rng.randint(0, 9999),
        edits=(Edit(schemes[0], (1, 0, 0), 0.25), Edit(schemes[0], (2, 0), -1.5), Edit("ones", (), 0.1)),
        hide=("rate",),
        fix=("seed", "noise"),
        **stops,
        **words,
    )


# --- Links ------------------------------------------------------------------------------------------


def test_the_page_as_it_opens_has_no_query() -> None:
    assert Settings().to_query() == ""
    assert Settings.from_query("") == (Settings(), [])


@pytest.mark.parametrize("seed", range(60))
def test_a_link_brings_back_all_settings(seed: int) -> None:
    wanted = some(random.Random(seed))
    found, complaints = Settings.from_query("?" + wanted.to_query())
    assert complaints == []
    assert found == wanted


def test_every_setting_that_differs_is_in_the_link_and_no_other() -> None:
    assert Settings(rate=0.1, seed=7, hidden=(3, 16)).to_query() == "hidden=3-16&rate=0.1&seed=7"


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("rate=fast", "rate to “fast”: choose a number from 0.01 to 100"),
        ("rate=nan", "choose a number"),
        ("rate=1e999", "choose a number"),
        ("gain=-1", "from 0.1 to 10"),
        ("bits=7", "bits to “7”: choose a whole number from 2 to 6"),
        ("bits=²", "whole number"),
        ("seed=10000", "from 0 to 9999"),
        ("seed=1.5", "whole number"),
        ("seed=" + "9" * 5000, "whole number"),
        ("hidden=8-17", "1 to 6 hidden layers of 1 to 16 neurons"),
        ("hidden=", "hidden layers"),
        ("hidden=1-1-1-1-1-1-1", "1 to 6 hidden layers"),
        ("schemes=", "choose 1 to 7 of zeros"),
        ("schemes=kaiming,best", "choose 1 to 7"),
        ("schemes=" + ",".join(SCHEMES), "choose 1 to 7"),
        ("task=sort", "choose one of count_up"),
        ("mode=both", "choose one of table, one"),
        ("table=a,b%0A1", "table to"),
        ("edits=kaiming:1.0.3:x", "write each as scheme:layer"),
        ("edits=kaiming:1.0.3:11", "a value from -10 to 10"),
        ("edits=best:1.0.3:1", "write each as"),
        ("edits=" + ",".join(["ones::1"] * 201), "at most 200"),
        ("hide=everything", "choose 0 to"),
        ("what=this", "“what”, which this page does not know"),
        ("a" * 30_001, "at most 30,000"),
        ("&".join(["a=1"] * 101), "more than 100 parts"),
    ],
)
def test_what_a_link_cannot_ask_for_is_said_and_left_as_it_was(query: str, complaint: str) -> None:
    found, complaints = Settings.from_query(query)
    assert found == Settings()
    assert len(complaints) >= 1
    assert complaint in complaints[0]
    assert len(complaints[0]) < 400


def test_one_bad_part_does_not_spoil_the_others() -> None:
    found, complaints = Settings.from_query("rate=0.1&seed=many&bits=4")
    assert found == Settings().changed(rate=0.1, bits=4)
    assert len(complaints) == 1


def test_a_number_between_two_stops_goes_to_the_nearer() -> None:
    assert Settings.from_query("rate=0.334")[0].rate == 0.33


def test_no_text_whatever_makes_a_link_fail() -> None:
    rng = random.Random(1)
    names = [*FIELDS, "x", ""]
    pool = string.printable + "é∞\x00%&=;,.-:"
    for _ in range(3000):
        text = "&".join(
            f"{rng.choice(names)}={''.join(rng.choices(pool, k=rng.randint(0, 12)))}"
            for _ in range(rng.randint(0, 6))
        )
        found, complaints = Settings.from_query(text)
        assert isinstance(found, Settings)
        assert all(isinstance(complaint, str) for complaint in complaints)


def test_what_no_longer_fits_is_let_go() -> None:
    wide = Settings(edits=(Edit("kaiming", (1, 4, 7), 1.0), Edit("kaiming", (3, 2), 1.0)), number=31)
    assert wide.changed(hidden=(4, 8)).edits == wide.edits[1:]
    assert wide.changed(hidden=(8,)).edits == wide.edits[:1]
    assert wide.changed(bits=3).number == 7
    assert wide.changed(schemes=("ones",)).shown == "ones"
    assert Settings().changed(task="own").task == "count_up"  # there is no table


def test_a_table_of_ones_own_travels_in_the_link() -> None:
    found, complaints = Settings.from_query(f"task=own&table={quote(XOR)}")
    assert complaints == []
    assert found.network().layer_sizes == (2, 8, 8, 1)
    np.testing.assert_array_equal(found.examples()[1].ravel(), [0, 1, 1, 0])


# --- What settings mean -----------------------------------------------------------------------------


def test_runs_are_those_of_train() -> None:
    (found,) = FEW.changed(rate=0.3, bits=4, seed=3).run(("kaiming",))
    expected = train("kaiming", 0.3, epochs=100, seed=3, layer_sizes=(4, 8, 8, 4), max_frames=settings.FRAMES)
    np.testing.assert_array_equal(found.parameters, expected.parameters)
    (one,) = replace(FEW, mode="one", epochs=5000).run(("ones",))
    assert one.updates == train_one().updates == 337


def test_a_free_gain_is_the_scheme_with_that_gain() -> None:
    start = Settings(gain=2.0).start("scaled")
    np.testing.assert_allclose(start, 2.0 * Settings(gain=1.0).start("scaled"))


def test_noise_breaks_the_symmetry_and_is_as_large_as_it_says() -> None:
    quiet, noisy = (Settings(noise=noise).start("ones") for noise in (0.0, 0.1))
    assert 0.09 < np.abs(noisy - quiet).max() <= 0.1
    assert len(np.unique(noisy)) == noisy.size


def test_edits_change_what_they_name_in_their_scheme_only() -> None:
    edited = Settings(edits=(Edit("ones", (), 0.5), Edit("ones", (2, 3, 1), -2.0), Edit("ones", (3, 4), 4.0)))
    layers = edited.network().layers(edited.start("ones"))
    assert layers[1][0][3, 1] == -2.0
    assert layers[2][1][4] == 4.0
    assert (layers[0][0] == 0.5).all()
    assert sum((weights != 0.5).sum() for weights, _ in layers) == 1
    np.testing.assert_array_equal(edited.start("kaiming"), Settings().start("kaiming"))


@pytest.mark.parametrize("seed", range(12))
def test_the_python_given_computes_the_run_on_show(seed: int) -> None:
    wanted = some(random.Random(seed)).changed(epochs=100, hidden=(5, 4))
    (expected,) = wanted.run((wanted.shown,))
    space: dict[str, Any] = {}
    exec(playground.take_along.python(wanted), space)
    np.testing.assert_array_equal(space["run"].parameters[-1], expected.parameters[-1])
    assert space["run"].ended == expected.ended


def test_rates_are_short_to_write_and_rise() -> None:
    rates = decades(-2, 2)
    assert {0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0} <= set(rates)
    assert rates == sorted(rates)
    assert all(len(f"{rate:g}") <= 5 for rate in rates)


# --- The explorable ---------------------------------------------------------------------------------


class BusyLoop:
    """An event loop that does nothing by itself: what was found is shown in ``finish``."""

    def is_closed(self) -> bool:
        return False

    def call_soon_threadsafe(self, _: Any) -> None:
        pass


@pytest.fixture(autouse=True)
def kernel(script: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a kernel, nothing changes controls while a test does."""
    monkeypatch.setattr(live, "running_loop", BusyLoop)


@pytest.fixture
def page() -> playground.Playground:
    """A quick one, computed."""
    made = playground.playground(FEW.to_query())
    made.finish()
    return made


def test_it_opens_untrained_and_waits_for_the_address() -> None:
    page = playground.playground()
    page.race.wanted = True
    assert page._worker.wait(5)
    assert [len(run.recording) for run in page.race.runs] == [1] * 4
    page.share.asked = "epochs=100&schemes=kaiming"
    page.finish()
    assert {name: run.epochs for name, run in page.finish().items()} == {"kaiming": 100}


def test_each_control_changes_the_run_and_the_link(page: playground.Playground) -> None:
    controls = page.controls
    changes: list[tuple[Any, str, Any, str]] = [
        (controls.rate, "value", 0.3, "rate=0.3"),
        (controls.seed, "value", 5, "seed=5"),
        (controls.bias, "value", 0.5, "bias=0.5"),
        (controls.noise, "value", 0.1, "noise=0.1"),
        (controls.order, "value", False, "order=fixed"),
        (controls.activation, "value", "tanh", "activation=tanh"),
        (controls.neurons[1], "value", 3, "hidden=8-3"),
        (controls.task, "value", "gray_code", "task=gray_code"),
        (controls.bits, "value", 4, "bits=4"),
    ]
    before = page.finish()["kaiming"].parameters
    for widget, trait, value, part in changes:
        setattr(widget, trait, value)
        after = page.finish()["kaiming"].parameters
        assert part in page.share.query.split("&")
        assert after.shape != before.shape or not np.array_equal(after, before)
        before = after
    assert Settings.from_query(page.share.query) == (page.settings, [])


def test_all_views_follow_the_scheme_that_is_pressed(page: playground.Playground) -> None:
    page.race.chosen = 0
    for view in (page.diagram, page.readout, page.grid, page.editor):
        assert view.run is page.runs["ones"]
    assert "shown=ones" in page.share.query
    assert page.controls.read().shown == "ones"


def test_what_a_page_may_press_is_harmless(page: playground.Playground) -> None:
    for box in page.controls.schemes.values():
        box.value = False  # nobody left: the one on show stays
    assert list(page.finish()) == ["kaiming"]
    for box in page.controls.schemes.values():
        box.value = True  # eight, of which a race takes seven
    assert len(page.finish()) == 7


def test_a_row_chosen_in_one_view_is_shown_in_all(page: playground.Playground) -> None:
    page.runs["kaiming"].example = 5
    assert [run.example for run in page.race.runs] == [5, 5]
    assert page.controls.number.value == 5
    assert "number=5" in page.share.query


def test_changes_by_hand_are_made_and_undone(page: playground.Playground) -> None:
    start = page.settings.start("kaiming")
    for value in (0.1, 0.2, 0.3):  # a drag
        page.editor.change = {"place": [1, 0, 3], "value": value}
    page.editor.change = {"place": [2, 1], "value": -1.0}
    page.finish()
    assert page.editor.change == {}  # answered
    changed = page.recordings["kaiming"].parameters[0]
    assert page.settings.edits == (Edit("kaiming", (1, 0, 3), 0.3), Edit("kaiming", (2, 1), -1.0))
    assert np.flatnonzero(changed != start).tolist() == [3, 5 * 8 + 8 + 64 + 1]
    page.undo.click()
    page.finish()
    assert page.settings.edits == (Edit("kaiming", (1, 0, 3), 0.3),)
    page.level.value = 0.25
    page.equal.click()
    page.finish()
    assert set(page.recordings["kaiming"].parameters[0]) == {0.0, 0.25}
    page.undo_all.click()
    page.finish()
    np.testing.assert_array_equal(page.recordings["kaiming"].parameters[0], start)
    assert page.undo.disabled


def test_the_same_change_can_be_made_again_at_once_after_it_was_undone(page: playground.Playground) -> None:
    for _ in range(2):
        page.editor.change = {"place": [1, 0, 3], "value": 2.5}
        assert [edit.value for edit in page.settings.edits] == [2.5]
        page.undo.click()
        assert page.settings.edits == ()
        assert page.editor.change == {}  # not only once the run has come: another wish may come before


def test_a_new_draw_is_a_new_seed_that_is_shown(page: playground.Playground) -> None:
    page.controls.draw.click()
    page.finish()
    assert page.controls.seed.value == 2
    assert page.recordings["kaiming"].seed == 2


def test_a_teachers_link_hides_and_fixes() -> None:
    page = playground.playground("hide=seed,noise&fix=rate,edits&schemes=kaiming&epochs=100")
    page.finish()
    controls = page.controls
    assert [w.layout.display for w in (controls.seed, controls.draw, controls.noise)] == ["none"] * 3
    assert controls.rate.disabled
    assert page.editor.disabled
    page.editor.change = {"place": [1, 0, 0], "value": 3.0}
    assert page.settings.edits == ()
    page.controls.bias.value = 1.0
    page.finish()
    assert page.settings.hide == ("seed", "noise")  # a change of something else keeps them


@pytest.mark.parametrize(
    ("hide", "gone"),
    [
        ("schemes,gain,bias,noise,seed", "Start"),
        ("rate,epochs,order", "Training"),
        ("task,bits,table,mode,number", "Task"),
        ("activation,hidden", "Network"),
    ],
)
def test_a_group_whose_controls_are_all_hidden_is_hidden(hide: str, gone: str) -> None:
    def seen(asked: str) -> list[str]:
        boxes = playground.playground(asked).controls.groups
        return [re.sub("<.*?>", "", box.children[0].value) for box in boxes if box.layout.display != "none"]

    everything = seen("")
    assert everything == ["Start", "Training", "Task", "Network"]
    assert seen(f"hide={hide}") == [name for name in everything if name != gone]
    assert seen(f"hide={hide.rpartition(',')[0]}") == everything


def test_a_bad_table_is_an_error_on_the_page_and_the_picture_stays(page: playground.Playground) -> None:
    page.controls.task.value = "own"
    page.finish()  # or the table that stands there could still be learnt once the bad one is set
    before = page.recordings["kaiming"]
    page.controls.table.value = "in1,out1\n0,2"
    with pytest.raises(RuntimeError, match="line 2, column out1 holds '2'; write a number from 0 to 1"):
        page.finish()
    assert "line 2, column out1" in page.status.value
    assert page.recordings["kaiming"] is before
    page.controls.table.value = XOR
    page.finish()
    assert page.recordings["kaiming"].network.layer_sizes == (2, 8, 8, 1)


def test_an_upload_becomes_the_table(page: playground.Playground) -> None:
    page.controls.task.value = "own"
    page.controls._take_upload({"new": [{"content": memoryview(XOR.encode())}]})
    page.finish()
    assert page.settings.table == XOR
    page.controls._take_upload({"new": [{"content": memoryview(b"\xff\xfe" * 50_000)}]})
    with pytest.raises(RuntimeError, match="at most"):
        page.finish()


def test_complaints_about_a_link_are_shown_as_text(page: playground.Playground) -> None:
    page = playground.playground()
    page.share.asked = "rate=<img src=x onerror=alert(1)>"
    page.finish()
    assert "&lt;img" in page.status.value
    assert "<img" not in page.status.value
    page.controls.seed.value = 3
    page.finish()
    assert page.status.value == ""


def test_python_refuses_a_link_that_cannot_be_followed() -> None:
    with pytest.raises(ValueError, match="choose a number from"):
        playground.playground("rate=fast")


# --- Files ------------------------------------------------------------------------------------------


def test_files_hold_what_is_on_show(page: playground.Playground) -> None:
    files = dict(make() for make in page.files.offers.values())
    assert set(files) == {"kaiming.csv", "kaiming.html", "task.csv"}
    assert files["task.csv"].decode() == task_to_csv(make_task("count_up", 5))
    rows = files["kaiming.csv"].decode().splitlines()
    assert len(rows) == 1 + 101
    assert rows[0].startswith("step,loss,")


def test_the_animation_is_one_page_that_asks_for_nothing(page: playground.Playground) -> None:
    text = standalone([page.readout, page.player, page.diagram], "</script><b>")
    assert "{{" not in text
    assert "<title>&lt;/script&gt;&lt;b&gt;</title>" in text
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    assert len(data["models"]) == 4  # the run that they share as well
    codes = [data["codes"][data["models"][name]["code"]] for name in data["views"]]
    assert codes == [w._esm for w in (page.readout, page.player, page.diagram)]
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text


# --- The map ----------------------------------------------------------------------------------------


@pytest.fixture
def small_map(page: playground.Playground, monkeypatch: pytest.MonkeyPatch) -> sweep_map.SweepMap:
    monkeypatch.setattr(sweep_map, "RATES", [0.3, 1.0, 3.0])
    monkeypatch.setattr(sweep_map, "GAINS", [0.33, 1.0, 3.3])
    page.apply(page.settings.changed(bits=2, epochs=100))
    page.finish()
    made = playground.sweep_map(page)
    made.epochs.value, made.seeds.value = 200, 3
    return made


def test_a_map_is_drawn_only_when_asked_for(small_map: sweep_map.SweepMap) -> None:
    small_map.map.wanted = True
    assert small_map._worker.wait(5)
    assert small_map.sweep is None
    assert small_map.stop.disabled
    small_map.kind.value = "depth"
    assert go.Figure(small_map.map._figure).layout.yaxis.title.text == "hidden layers"
    small_map.kind.value = "learning_rate"
    empty = go.Figure(small_map.map._figure)
    assert empty.layout.yaxis.title.text == "learning rate"
    small_map.best.click()
    assert "draw a map first" in small_map.words.value
    small_map.start.click()
    small_map.finish()
    assert small_map.sweep is not None
    assert small_map.sweep.done == 9
    drawn = go.Figure(small_map.map._figure)
    assert drawn.layout.xaxis.range == empty.layout.xaxis.range  # one predicts on the axes that will be drawn
    assert "of 9 cells run" in small_map.words.value
    for last in sweep_chunks(
        [0.3, 1.0, 3.0], gains=[0.33, 1.0, 3.3], seeds=3, epochs=200, layer_sizes=(2, 8, 8, 2)
    ):
        expected = last
    np.testing.assert_array_equal(small_map.sweep.epochs_to_solve, expected.epochs_to_solve)


def test_a_cell_opens_its_network(small_map: sweep_map.SweepMap, page: playground.Playground) -> None:
    small_map.map.clicked = [0.5, 0.5, 1.0]  # nothing has been drawn
    assert page.settings.shown == "kaiming"
    small_map.start.click()
    small_map.finish()
    small_map.map.clicked = [math.log10(3.3), math.log10(0.3), 2.0]
    page.finish()
    now = page.settings
    assert (now.gain, now.rate, now.shown, now.bits) == (3.3, 0.3, "scaled", 2)
    small_map.map.clicked = [9.0, -9.0, 3.0]  # outside: the nearest cell
    page.finish()
    assert (page.settings.gain, page.settings.rate) == (3.3, 0.3)


def test_where_no_cell_learned_there_is_nothing_to_open(
    small_map: sweep_map.SweepMap, page: playground.Playground
) -> None:
    before, empty = page.settings, sweep_map._empty("learning_rate")
    never = replace(empty, epochs_to_solve=np.full_like(empty.epochs_to_solve, np.inf))
    small_map._picture(never, before, sweep_map.sweep_figure(never))
    assert "0 of 9 cells run have it right" in (told := small_map.words.value)
    small_map.best.click()
    assert (page.settings, small_map.words.value) == (before, told)


def test_a_cell_of_a_depth_map_sets_the_depth(
    small_map: sweep_map.SweepMap, page: playground.Playground
) -> None:
    small_map.kind.value = "depth"
    small_map.start.click()
    small_map.finish()
    assert small_map.sweep is not None
    assert small_map.sweep.row_values.tolist() == [1, 2, 3, 4, 5, 6]
    go.Figure(small_map.map._figure)
    small_map.map.clicked = [0.0, 3.0, 1.0]
    page.finish()
    assert page.settings.hidden == (8, 8, 8)


def test_stop_keeps_what_was_done(small_map: sweep_map.SweepMap, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_: Any, cancelled: Any, **__: Any) -> Any:
        shown.set()
        yield replace(sweep_map._empty("learning_rate"), epochs_to_solve=np.full((3, 3, 1), 7.0))
        while not cancelled():
            time.sleep(0.01)
        raise sweep_map.Cancelled

    shown = threading.Event()

    monkeypatch.setattr(sweep_map, "sweep_chunks", endless)
    small_map.start.click()
    assert shown.wait(20)
    small_map._show_all()  # the loop's turn
    assert not small_map.stop.disabled
    small_map.stop.click()
    small_map.finish(20)
    assert small_map.stop.disabled
    assert small_map.sweep is not None
    assert small_map.sweep.done == 9
    assert "Stopped" in small_map.words.value


# --- What a reader asks for is not undone by what was asked before ----------------------------------


def test_one_example_stays_the_one_that_was_shown(page: playground.Playground) -> None:
    page.controls.mode.value = "one"
    page.finish()
    page.controls.rate.value = 0.3
    run = page.finish()["kaiming"]
    assert run.inputs.tolist() == [[1, 0, 0, 1, 1]]
    assert page.controls.number.value == 19
    assert "number" not in page.share.query


def test_wishes_made_while_a_job_runs_are_kept(page: playground.Playground) -> None:
    page.controls.epochs.value = 5000  # takes a while
    page.editor.change = {"place": [1, 0, 0], "value": 1.0}
    page.editor.change = {"place": [1, 0, 1], "value": 2.0}
    page.race.chosen = 0
    page.runs["ones"].example = 5
    page.finish()
    assert [edit.value for edit in page.settings.edits] == [1.0, 2.0]
    assert page.settings.shown == "ones"
    assert page.diagram.run is page.runs["ones"]
    assert [run.example for run in page.race.runs] == [5, 5]


def test_what_a_link_has_locked_no_click_and_no_message_can_change() -> None:
    page = playground.playground("fix=rate,number,schemes&schemes=kaiming&epochs=100&rate=0.3")
    page.finish()
    page.controls.rate.value = 3.0
    page.controls.schemes["ones"].value = True
    page.runs["kaiming"].example = 7
    page.finish()
    assert (page.settings.rate, page.settings.schemes, page.settings.number) == (0.3, ("kaiming",), 19)
    assert page.controls.rate.value == 0.3
    assert page.runs["kaiming"].example == 19


def test_the_boxes_say_who_takes_part(page: playground.Playground) -> None:
    for box in page.controls.schemes.values():
        box.value = True
    assert len(page.controls.ticked()) == 7
    for box in page.controls.schemes.values():
        box.value = False
    assert len(page.controls.ticked()) == 1


def test_a_table_of_ones_own_is_kept_while_another_task_is_on(page: playground.Playground) -> None:
    page.controls.task.value = "own"
    page.controls.table.value = "in1,out1\n0,1\n1,0"
    page.controls.task.value = "count_up"
    page.apply(page.settings.changed(rate=0.3))
    page.finish()
    assert page.controls.table.value == "in1,out1\n0,1\n1,0"


def test_the_soonest_cell_opens_without_a_mouse(
    small_map: sweep_map.SweepMap, page: playground.Playground
) -> None:
    small_map.best.click()  # nothing has been drawn
    assert page.settings.shown == "kaiming"
    small_map.start.click()
    small_map.finish()
    small_map.best.click()
    page.finish()
    cells = small_map.sweep.median()
    row, column = (axis.tolist().index(v) for axis, v in (
        (small_map.sweep.row_values, page.settings.rate), (small_map.sweep.gains, page.settings.gain)
    ))  # fmt: skip
    assert cells[row, column] == np.nanmin(cells)
    assert page.settings.epochs == small_map.sweep.epochs
