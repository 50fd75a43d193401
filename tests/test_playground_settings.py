"""The playground's settings: links, what is allowed, what it means; and that the page agrees to the bit."""

from __future__ import annotations

import random
import string
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import traitlets
from browser import WatchedPages
from explorable_page import load_module
from playwright.sync_api import Page

from letkeman_viz import Network, make_task, task_from_csv, task_to_csv, train, train_one
from letkeman_viz.explorables.playground import Playground
from letkeman_viz.explorables.playground_settings import (
    DEFAULTS,
    OFFERED,
    decades,
    fields,
    network_of,
    page_data,
    read_link,
    recordings_of,
    scheme_of,
    settled,
    start_of,
    task_of,
    write_link,
)
from letkeman_viz.initializers import INITIALIZERS, Uniform, scales

XOR = "in1,in2,out1\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n"
HARD = 'in1;in2;out1;out2\n-0,5;1e-3;0,25;1\n\n"7";.5;0;1,\n'


def some(rng: random.Random) -> dict[str, Any]:
    """Any settings a page could have."""
    schemes = [name for name in (*OFFERED[1:], "lecun") if rng.random() < 0.4][:7] or ["zeros"]
    return settled(
        {
            "task": (task := rng.choice([*fields()["task"].allowed])),
            "table": rng.choice([XOR, HARD]) if task == "own" else "",
            "bits": rng.randint(2, 6),
            "mode": rng.choice(["table", "table", "one"]),
            "number": rng.randint(0, 63),
            "hidden": [rng.randint(1, 16) for _ in range(rng.randint(1, 6))],
            "activation": rng.choice(["sigmoid", "tanh", "relu"]),
            "schemes": fields()["schemes"].check(schemes),
            "shown": rng.choice(schemes),
            "gain": rng.choice([0.577, 1.0, 3.3, 0.1234567890123]),
            "bias": rng.choice([0.0, -0.7, 1 / 3]),
            "rate": rng.choice([0.01, 0.3, 1.0, 7.25, 100.0]),
            "epochs": rng.choice([1, 20, 100, 333]),
            "order": rng.choice(["shuffled", "fixed"]),
            "seed": rng.randint(0, 9999),
            "noise": rng.choice([0.0, 0.0, 0.003, 1.0, 0.00001]),
            "edits": rng.choice(
                [[], [[schemes[0], [1, 0, 0], 0.25], [schemes[0], [2, 0], -1.5]], [["ones", [], 0.1]]]
            ),
            "hide": rng.choice([[], ["rate"]]),
            "fix": rng.choice([[], ["seed", "noise"]]),
        }
    )


LINKS = [
    "",
    "rate=0.1&seed=7&hidden=3-16",
    "?rate=3&schemes=kaiming,ones&seed=4",
    "rate=0.334&gain=1.2345&bias=-.5&noise=1e-4",
    f"task=own&table={quote(XOR)}",
    f"task=own&table={quote(HARD)}&shown=kaiming",
    "edits=kaiming:1.0.3:0.3,kaiming:2.1:-1,ones::.5&hide=seed&fix=rate,edits",
    "bits=3&number=31&edits=kaiming:1.4.7:1,kaiming:3.2:1",
    "task=own",
    "schemes=ones&shown=kaiming",
    "&&rate=2&rate=4",
    "schemes=lecun,kaiming",
    "voila-theme=dark&class=7b&token=x&rate=2",
]

REFUSED = [
    ("rate=fast", "rate to “fast”: choose a number from 0.01 to 100"),
    ("rate=nan", "choose a number"),
    ("rate=1e999", "choose a number"),
    ("rate=1_0", "choose a number"),
    ("rate=0.001", "choose a number"),
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
    ("schemes=kaiming,orthogonal", "choose 1 to 7"),
    ("schemes=" + ",".join(OFFERED), "choose 1 to 7"),
    ("task=sort", "choose one of count_up"),
    ("mode=both", "choose one of table, one"),
    ("table=a,b%0A1", "table to"),
    ("edits=kaiming:1.0.3:x", "write each as scheme:layer"),
    ("edits=kaiming:1.0.3:11", "a value from -10 to 10"),
    ("edits=best:1.0.3:1", "write each as"),
    ("edits=,", "write each as"),
    ("edits=" + ",".join(["ones::1"] * 201), "at most 200"),
    ("hide=everything", "choose 0 to"),
    ("what=this", "“what”, which this page does not know"),
    ("a" * 30_001, "at most 30,000"),
    ("&".join(["a=1"] * 101), "more than 100 parts"),
]


# --- Links --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_a_link_brings_back_all_settings(seed: int) -> None:
    expected = some(random.Random(seed))
    assert read_link("?" + write_link(expected)) == (expected, [])


def test_every_setting_that_differs_is_in_the_link_and_no_other() -> None:
    assert write_link({}) == ""
    assert write_link({"rate": 0.1, "seed": 7, "hidden": [3, 16]}) == "hidden=3-16&rate=0.1&seed=7"
    assert Playground().to_link() == ""
    assert Playground(rate=3, edits=[["ones", [], 0.5]]).to_link() == "?rate=3&edits=ones::0.5"


def test_a_whole_address_is_a_link_too() -> None:
    assert Playground.from_link("https://example.org/play.html?rate=3#top").rate == 3.0


@pytest.mark.parametrize(("query", "complaint"), REFUSED)
def test_what_a_link_cannot_ask_for_is_named_and_left_as_it_was(query: str, complaint: str) -> None:
    found, complaints = read_link(query)
    assert found == DEFAULTS
    assert complaint in complaints[0]
    assert len(complaints[0]) < 400
    with pytest.raises(ValueError, match="The link"):
        Playground.from_link(query)


def test_one_bad_part_does_not_spoil_the_others() -> None:
    found, complaints = read_link("rate=0.1&seed=many&bits=4")
    assert found == settled({"rate": 0.1, "bits": 4})
    assert len(complaints) == 1


def some_junk(rng: random.Random) -> str:
    pool = string.printable + "é∞\x00%&=;,.-:+"
    names = [*DEFAULTS, "x", ""]
    parts = (
        f"{rng.choice(names)}={''.join(rng.choices(pool, k=rng.randint(0, 12)))}"
        for _ in range(rng.randint(0, 6))
    )
    return "&".join(parts)


def test_no_text_whatever_makes_a_link_fail() -> None:
    rng = random.Random(1)
    for _ in range(1000):
        found, complaints = read_link(some_junk(rng))
        assert set(found) == set(DEFAULTS)
        assert all(isinstance(complaint, str) for complaint in complaints)


def test_what_no_longer_fits_is_let_go() -> None:
    wide = {"edits": [["kaiming", [1, 4, 7], 1.0], ["kaiming", [3, 2], 1.0]], "number": 31}
    assert settled(wide | {"hidden": [4, 8]})["edits"] == wide["edits"][1:]
    assert settled(wide | {"hidden": [8]})["edits"] == wide["edits"][:1]
    assert settled(wide | {"bits": 3})["number"] == 7
    assert settled({"schemes": ["ones"]})["shown"] == "ones"
    assert settled({"task": "own"})["task"] == "count_up"  # there is no table


# --- Traits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("rate", 0.001, "choose a number from 0.01 to 100"),
        ("rate", "1", "choose a number"),
        ("seed", 1.5, "choose a whole number from 0 to 9999"),
        ("seed", True, "whole number"),
        ("bits", 7, "from 2 to 6"),
        ("hidden", [], "1 to 6 hidden layers"),
        ("hidden", [17], "1 to 16 neurons"),
        ("schemes", ["orthogonal"], "choose 1 to 7"),
        ("schemes", "ones", "choose 1 to 7"),
        ("edits", [["ones", [1], 1.0]], "write each as"),
        ("edits", [["ones", [1, 2], float("nan")]], "write each as"),
        ("table", "in1,out1\n0,2", "write a number from 0 to 1"),
        ("fix", ["everything"], "choose 0 to 16"),
    ],
)
def test_a_value_that_is_refused_is_named_with_what_is_allowed(name: str, value: Any, allowed: str) -> None:
    with pytest.raises(traitlets.TraitError, match=f"^{name} is .*{allowed}"):
        Playground(**{name: value})


def test_unknown_settings_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match="no setting 'speed'"):
        Playground(speed=3)


def test_schemes_are_kept_in_one_order_and_others_that_have_scales_are_taken() -> None:
    assert Playground(schemes=["lecun", "kaiming", "ones"]).schemes == ["ones", "kaiming", "lecun"]


def test_a_page_cannot_set_what_is_not_allowed() -> None:
    play = Playground()
    play.set_state({"rate": 1000, "seed": 4, "hide": ["x"], "hidden": [3], "gain": 2, "_data": {}})
    assert (play.rate, play.seed, play.hide, play.hidden, play.gain) == (1.0, 4, [], [3], 2.0)
    assert play._data["fields"]


def test_a_scheme_that_is_registered_later_reaches_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Playground()
    monkeypatch.setitem(INITIALIZERS, "tiny", lambda: Uniform("tiny", "Tiny", lambda n, m: 0.01 / m))
    play.schemes = ["tiny"]
    assert [scheme["label"] for scheme in play._data["schemes"] if scheme["name"] == "tiny"] == ["Tiny"]
    assert Playground.from_link(play.to_link()).schemes == ["tiny"]


def test_rates_are_short_to_write_and_rise() -> None:
    rates = decades(-2, 2)
    assert {0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0} <= set(rates)
    assert rates == sorted(rates)
    assert all(len(f"{rate:g}") <= 5 for rate in rates)


# --- What settings mean -------------------------------------------------------------------------------


def test_runs_are_those_of_train() -> None:
    few = {"schemes": ["ones", "kaiming"], "epochs": 100}
    found = Playground(**few, rate=0.3, bits=4, seed=3).recordings["kaiming"]
    expected = train("kaiming", 0.3, epochs=100, seed=3, layer_sizes=(4, 8, 8, 4))
    np.testing.assert_array_equal(found.parameters, expected.parameters)
    assert Playground(**few, mode="one").recordings["ones"].updates == train_one().updates == 337


def test_starts_that_are_given_train_like_starts_that_the_engine_draws() -> None:
    drawn = Playground(epochs=50, bias=0.5).recordings["kaiming"]
    given = Playground(epochs=50, bias=0.5, edits=[["ones", [], 0.5]]).recordings["kaiming"]
    np.testing.assert_array_equal(drawn.loss, given.loss)


def test_noise_breaks_the_symmetry_and_is_as_large_as_it_says() -> None:
    quiet, noisy = (start_of("ones", settled({"noise": noise})) for noise in (0.0, 0.1))
    assert 0.09 < np.abs(noisy - quiet).max() <= 0.1
    assert len(np.unique(noisy)) == noisy.size


def test_edits_change_what_they_name_in_their_scheme_only() -> None:
    edits = [["ones", [], 0.5], ["ones", [2, 3, 1], -2.0], ["ones", [3, 4], 4.0]]
    values = settled({"edits": edits})
    layers = Network().layers(start_of("ones", values))
    assert set(layers[0][0].ravel()) == {0.5}
    assert layers[1][0][3, 1] == -2.0
    assert layers[2][1].tolist() == [0.0] * 4 + [4.0]
    np.testing.assert_array_equal(start_of("kaiming", values), start_of("kaiming", settled({})))


def test_a_table_of_ones_own_travels_in_the_link() -> None:
    play = Playground.from_link(f"task=own&table={quote(XOR)}&epochs=5")
    assert network_of(play.values).layer_sizes == (2, 8, 8, 1)
    np.testing.assert_array_equal(task_of(play.values)[1].ravel(), [0, 1, 1, 0])
    assert all(run.rows == 4 for run in play.recordings.values())


# --- The page's twin ----------------------------------------------------------------------------------


@pytest.fixture
def twin(pages: WatchedPages, tmp_path: Any) -> Any:
    """``twin(body, argument)`` runs JavaScript: ``s``, ``f``, ``t`` are modules, ``d`` Python's data."""
    (tmp_path / "empty.html").write_text("<!doctype html><title>Twin</title>")
    page: Page = pages((tmp_path / "empty.html").as_uri())
    module = load_module(page, "explorables/playground_settings.js")
    files = load_module(page, "explorables/playground_files.js")
    tasks = load_module(page, "parts/tasks.js")
    data = page.evaluate_handle("([s, data]) => s.prepare(data)", [module, page_data()])

    def run(body: str, argument: Any = None) -> Any:
        return page.evaluate(f"([s, f, t, d, x]) => {{ {body} }}", [module, files, tasks, data, argument])

    yield run
    pages.assert_clean(page)


@pytest.mark.browser
def test_the_page_reads_and_writes_links_as_python_does(twin: Any) -> None:
    rng = random.Random(5)
    links = LINKS + [link for link, _ in REFUSED]
    links += [write_link(some(rng)) for _ in range(40)] + [some_junk(rng) for _ in range(300)]
    links = [link.replace("#", "") for link in links]  # no address has that in its query
    found = twin("return x.map((link) => s.readLink(link, d));", links)
    for link, each in zip(links, found, strict=True):
        values, complaints = read_link("?" + link.lstrip("?"))
        assert each == {"values": values, "complaints": complaints}, link
    written = twin("return x.map((values) => s.writeLink(values, d));", [each["values"] for each in found])
    assert written == [write_link(each["values"]) for each in found]


@pytest.mark.browser
def test_the_page_has_the_tasks_and_scales_of_python(twin: Any) -> None:
    for name in fields()["task"].allowed[:-1]:
        for bits in range(2, 7):
            table = twin("return s.taskOf(x, d);", {"task": name, "bits": bits})
            inputs, targets = make_task(name, bits)
            assert table == {"inputs": inputs.tolist(), "targets": targets.tolist()}
    sizes = [1, 16, 2, 15, 3, 14, 4, 13, 5, 12, 6, 11, 7, 10, 8, 9]
    for name in fields()["schemes"].allowed:
        for gain in (0.577, 1.0, 7.3):
            values = {"gain": gain}
            found = twin("return s.schemeOf(x[0], x[1], x[2], d).scales;", [name, values, sizes])
            shapes = list(pairwise(sizes))
            assert found == scales(scheme_of(name, values), shapes)[1]


@pytest.mark.browser
@pytest.mark.parametrize("seed", range(14))
def test_the_page_trains_the_runs_of_python_to_the_last_bit(twin: Any, seed: int) -> None:
    values = some(random.Random(seed))
    texts = twin("return s.trainAll(x, d).then((runs) => runs.map(f.recordingCsv));", values)
    expected = recordings_of(values)
    assert texts == [run.csv_text() for run in expected.values()]


@pytest.mark.browser
def test_the_script_of_a_run_computes_it(twin: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(6):
        values = some(random.Random(seed))
        scope: dict[str, Any] = {}
        exec(twin("return f.pythonScript(x, d);", values), scope)
        np.testing.assert_array_equal(scope["run"].loss, recordings_of(values)[values["shown"]].loss)
    assert "<Recording" in capsys.readouterr().out


TABLES = [
    XOR, HARD, "\ufeff" + XOR, XOR.replace("\n", "\r\n"), XOR.replace(",", "\t"), "IN1, out1 \n 1 , 0 \n",
    "", "  \n", "in1,out1", "in1,out1\n0,2", "in1,out1\n0", "in1,out1\n0,", "in1,out1\nnan,1",
    "in1,out1\n1e999,1",
    "in2,out1\n0,1", "in1,in3,out1\n0,0,1", "out1,in1\n0,1", "in1\n0", "out1\n0", "a'b,out1\n0,1",
    'a"b\'c,out1\n0,1',
    "in1,out1\n0,1\n" * 2, "in1,out1\n" + "0,1\n" * 65, "x" * 20_001, "in1;out1\n0,5;0,5",
    "in1,out1\n" + "9" * 40 + ",x",
    ",".join(f"in{k}" for k in range(1, 10)) + ",out1\n" + ",".join("0" * 10), "in1,out1\n1.,.5",
    "in1,out1\n+1e-3,-0",
    "in1,out1\n\tx,1", "in1,out1\nx\ty,1", "in1,out1\n0,0.1\n0.30000000000000004,1e-7\n123456789012345678,1",
]  # fmt: skip


def _outcome(text: str) -> Any:
    try:
        inputs, targets = task_from_csv(text)
    except ValueError as error:
        return str(error)
    return {
        "inputs": inputs.tolist(), "targets": targets.tolist(), "text": task_to_csv((inputs, targets)),
    }  # fmt: skip


@pytest.mark.browser
def test_the_page_reads_writes_and_refuses_tables_as_python_does(twin: Any) -> None:
    body = """return x.map((text) => {
      try {
        const table = t.taskFromCsv(text);
        return { ...table, text: t.taskToCsv(table) };
      } catch (error) {
        return error.message;
      }
    });"""
    for text, found in zip(TABLES, twin(body, TABLES), strict=True):
        assert found == _outcome(text), text[:60]


@pytest.mark.browser
def test_numbers_are_written_as_python_writes_them(twin: Any) -> None:
    rng = np.random.default_rng(1)
    numbers = rng.integers(0, 2**63, 2000, dtype=np.uint64).view(np.float64)
    all_of_them = [
        *numbers[np.isfinite(numbers)].tolist(),
        *(10.0**k for k in range(-8, 20)),
        0.1,
        123.0,
        1e22,
        5e-324,
    ]
    assert twin("return x.map(t.pythonNumber);", all_of_them) == [repr(number) for number in all_of_them]
