"""The widgets without a browser: their traits, what a page may send them, and the bytes they send a page."""

from __future__ import annotations

import gzip
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import traitlets
from plotly.offline import get_plotlyjs

from letkeman_viz import train, train_one, widgets
from letkeman_viz.recording import MAX_FRAMES
from letkeman_viz.widgets import (
    Chart,
    Editor,
    NetworkDiagram,
    Player,
    Run,
    Share,
    Slider,
    TakeAlong,
    _assets,
)
from letkeman_viz.widgets._base import Widget

KINDS: list[type[Widget]] = [getattr(widgets, name) for name in widgets.__all__]


def module_of(kind: type[Widget]) -> str:
    """The script of a widget: ``NetworkDiagram`` -> ``network_diagram.js``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower() + ".js"


MODULES = [module_of(kind) for kind in KINDS]

# What a page may send. All else it has no business sending; a new way in must be added here.
FROM_BROWSER: dict[str, set[str]] = {
    "Chart": {"wanted", "clicked"},
    "Editor": {"change"},
    "NetworkDiagram": {"scale", "pinned"},
    "Player": {"frame", "playing", "speed"},
    "Race": {"wanted", "chosen", "scale"},
    "Run": {"wanted", "example"},
    "Share": {"asked"},
    "Slider": {"_index"},
    "Table": {"wanted"},
}


@pytest.mark.parametrize("sheet", sorted(path.name for path in _assets.STATIC.glob("*.css")))
def test_a_style_sheet_is_carried_whole_but_for_its_comments(sheet: str) -> None:
    rules = re.sub(r"/\*.*?\*/", "", _assets.read(sheet), flags=re.DOTALL)
    assert _assets.css(sheet).split() == rules.split()


def own_traits(kind: type[Widget]) -> set[str]:
    """The traits of a widget that a page may set."""
    return FROM_BROWSER.get(kind.__name__, set())


HOSTILE = [
    None,
    "",
    "7",
    b"\x00",
    [],
    {},
    [[1], {"a": [None] * 50}],
    {"a": {"b": {"c": [1, "x", math.nan]}}},
    math.nan,
    math.inf,
    -math.inf,
    10**400,
    -(10**400),
    1e308,
    -0.5,
    True,
    "anywidget:0123456789abcdef",
]


class Page:
    """The other end of a widget's wire: keeps what the widget sends, and sends it what a test wants."""

    comm_id = "a-page"

    def __init__(self, widget: Widget) -> None:
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []
        self.widget = widget
        widget.comm = self

    def on_msg(self, callback: Any) -> None:
        """Comm's way to be given the widget's ear."""
        self._callback = callback

    def on_close(self, callback: Any) -> None:
        """Part of a comm."""

    def close(self, **_: Any) -> None:
        """Part of a comm."""

    def send(self, data: dict[str, Any], metadata: Any = None, buffers: Any = None) -> None:
        """What the widget calls to reach the page."""
        self.sent.append((data, list(buffers or [])))

    def says(self, data: dict[str, Any]) -> None:
        """The page sends a message."""
        self._callback({"content": {"data": data}, "buffers": []})

    def sets(self, **state: Any) -> None:
        """The page sets traits."""
        self.says({"method": "update", "state": state})

    def told(self, name: str) -> list[Any]:
        """Every value of the trait that was sent to the page, in order."""
        return [data["state"][name] for data, _ in self.sent if name in data.get("state", {})]


@pytest.fixture(scope="module")
def recording() -> Any:
    return train_one(max_frames=20)


@pytest.fixture(scope="module")
def table() -> Any:
    return train("standard_xavier", epochs=5, seed=3)


@pytest.fixture
def player() -> Player:
    return Player(steps=[0, 10, 20, 30], unit="update")


@pytest.fixture
def make(table: Any, player: Player) -> Any:
    """Makes a widget of a class with what it needs."""
    run = Run(table)
    diagram = NetworkDiagram(run=run, player=player)
    needs = {"recording": table, "run": run, "runs": [run], "player": player, "diagram": diagram}

    def make(kind: type[Widget]) -> Widget:
        if kind is Player:
            return player
        if kind is Slider:
            return Slider([1, 10, 100], 10, "Inputs")
        if kind is TakeAlong:
            return TakeAlong({"A file": lambda: ("a.txt", b"text")})
        names = kind.class_trait_names()
        return kind(**{name: value for name, value in needs.items() if name in names})

    return make


# --- Traits and their defaults ----------------------------------------------------------------------


def test_player_starts_at_the_first_frame_and_stands_still() -> None:
    player = Player()
    values = (player.steps, player.unit, player.frame, player.playing, player.speed)
    assert values == ([0], "step", 0, False, 30.0)


def test_diagram_is_drawn_on_one_fixed_scale_unless_told_otherwise(make: Any) -> None:
    diagram = make(NetworkDiagram)
    assert diagram.scale == "fixed"
    for scale in ("layer", "frame", "fixed"):
        diagram.scale = scale
        assert diagram.scale == scale


def test_chart_starts_empty_and_needs_no_player() -> None:
    chart = Chart()
    values = (chart.player, chart.height, chart.label, chart.wanted, chart._figure)
    assert values == (None, 220, "", False, {})


@pytest.mark.parametrize("kind", KINDS)
def test_references_cross_the_wire_as_addresses(make: Any, kind: type[Widget], player: Player) -> None:
    widget = make(kind)
    state = widget.get_state()
    if widget.has_trait("player"):
        assert state["player"] == f"anywidget:{player.model_id}"
    if widget.has_trait("run"):
        assert state["run"] == f"anywidget:{widget.run.model_id}"
    json.dumps({name: value for name, value in state.items() if name != "_wire"})


@pytest.mark.parametrize(
    ("kind", "traits"),
    [
        (Player, {"steps": []}),
        (Player, {"steps": ["first"]}),
        (Player, {"steps": [0.5]}),
        (Player, {"speed": math.nan}),
        (Player, {"speed": "fast"}),
        (Player, {"frame": 1.5}),
        (Chart, {"height": 79}),
        (Chart, {"height": 2001}),
        (Chart, {"player": "anywidget:1"}),
    ],
)
def test_bad_traits_are_refused_in_the_constructor(kind: type[Widget], traits: dict[str, Any]) -> None:
    with pytest.raises(traitlets.TraitError):
        kind(**traits)


def test_a_bad_scale_is_refused(make: Any) -> None:
    with pytest.raises(traitlets.TraitError, match="scale"):
        make(NetworkDiagram).scale = "huge"


def test_run_takes_nothing_but_a_recording() -> None:
    with pytest.raises(traitlets.TraitError):
        Run({"header": {}, "data": b""})


# --- What a page may set, and what it may not -------------------------------------------------------


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: f"{value!r:.30}")
@pytest.mark.parametrize("kind", KINDS)
def test_no_value_from_a_page_raises_or_changes_what_is_not_its_own(
    make: Any, kind: type[Widget], value: Any
) -> None:
    widget = make(kind)
    page = Page(widget)
    before = widget.get_state()
    private = {"recording", "comm", "keys", "_property_lock", "no_such_trait", "__class__", "set_state", ""}
    for name in sorted((set(before) | private) - own_traits(kind)):
        page.sets(**{name: value})
    assert widget.get_state() == before
    assert widget.comm is page


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: f"{value!r:.30}")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if own_traits(kind)])
def test_what_a_page_may_set_stays_in_its_range(make: Any, kind: type[Widget], value: Any) -> None:
    widget = make(kind)
    page = Page(widget)
    allowed = {
        "frame": lambda frame: isinstance(frame, int) and 0 <= frame < MAX_FRAMES,
        "playing": lambda playing: playing in (True, False),
        "speed": lambda speed: isinstance(speed, float) and 0.5 <= speed <= 240.0,
        "example": lambda example: isinstance(example, int) and 0 <= example <= 31,
        "scale": lambda scale: scale in ("fixed", "layer", "frame"),
        "wanted": lambda wanted: wanted in (True, False),
        "clicked": lambda clicked: clicked == [],
        "chosen": lambda chosen: chosen in (-1, 0, True),
        "change": lambda change: change == {},
        "asked": lambda asked: asked is None or len(asked) <= 30_001,
        "pinned": lambda pinned: pinned in ([], [1]),
        "_index": lambda index: index in (0, 1, 2),
    }
    for name in own_traits(kind):
        page.sets(**{name: value})
        assert allowed[name](getattr(widget, name)), f"{name} = {getattr(widget, name)!r}"


def test_a_page_sets_what_is_its_own(make: Any) -> None:
    player, diagram, run, chart = map(make, (Player, NetworkDiagram, Run, Chart))
    Page(player).sets(frame=2, playing=True, speed=60)
    Page(diagram).sets(scale="frame")
    Page(run).sets(wanted=True, example=7)
    Page(chart).sets(wanted=True)
    assert (player.frame, player.playing, player.speed) == (2, True, 60.0)
    assert (run.example, diagram.scale, run.wanted, chart.wanted) == (7, "frame", True, True)


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("speed", 0, 0.5),
        ("speed", -5, 0.5),
        ("speed", 1e9, 240.0),
        ("speed", math.inf, 240.0),
    ],
)
def test_speed_is_clamped(player: Player, name: str, sent: Any, kept: Any) -> None:
    Page(player).sets(**{name: sent})
    assert getattr(player, name) == kept


@pytest.mark.parametrize(("sent", "kept"), [(31, 31), (32, 31), (10**400, 31), (-1, 0)])
def test_chosen_row_is_clamped_to_the_table(make: Any, sent: int, kept: int) -> None:
    run = make(Run)
    Page(run).sets(example=sent)
    assert run.example == kept


@pytest.mark.parametrize("sent", [-1, MAX_FRAMES, 10**400, 1.5])
def test_a_position_that_no_run_has_is_refused(player: Player, sent: Any) -> None:
    player.frame = 2
    page = Page(player)
    page.sets(frame=sent)
    assert player.frame == 2
    assert page.told("frame") == [2]


def test_a_position_of_the_run_before_is_not_answered(player: Player) -> None:
    """It may have crossed the new run on the way; an answer would move the page."""
    page = Page(player)
    page.sets(frame=300)
    assert page.told("frame") == []


def test_good_values_are_taken_from_a_message_that_holds_bad_ones(player: Player) -> None:
    Page(player).sets(unit="hacked", frame=2, speed=math.nan, steps=[1], no_such_trait=1)
    assert (player.frame, player.speed, player.unit, player.steps) == (2, 30.0, "update", [0, 10, 20, 30])


def test_a_page_that_was_refused_is_told_the_true_value(player: Player) -> None:
    page = Page(player)
    page.sets(unit="hacked", speed="fast", no_such_trait=1)
    assert page.told("unit") == ["update"]
    assert page.told("speed")[-1] == 30.0
    assert page.told("no_such_trait") == []


@pytest.mark.parametrize("state", [None, [], "frame", 7, [["frame", 3]]])
def test_state_that_is_no_dictionary_is_dropped(player: Player, state: Any) -> None:
    player.set_state(state)
    assert player.frame == 0


@pytest.mark.parametrize("name", ["frame", "playing", "speed"])
def test_the_clock_is_not_told_what_it_said_itself(player: Player, name: str) -> None:
    """An echo comes late and would set the clock back to where it was when it spoke."""
    page = Page(player)
    page.sets(**{name: {"frame": 2, "playing": True, "speed": 60.0}[name]})
    assert page.told(name) == []


# --- Player -----------------------------------------------------------------------------------------


def test_load_is_one_message_that_leaves_the_position_to_the_page(player: Player) -> None:
    page = Page(player)
    for loads in (1, 2):  # equal steps are a new run all the same
        player.load([0, 1])
        state = page.sent[-1][0]["state"]
        assert state["_loads"] == loads
        assert not {"frame", "playing"} & set(state)
    assert player.steps == [0, 1]
    assert len(page.sent) == 2


def test_load_refuses_an_empty_run(player: Player) -> None:
    with pytest.raises(traitlets.TraitError, match="at least one frame"):
        player.load([])


# --- Run --------------------------------------------------------------------------------------------


def unpack(run: Run) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What a page reads from a run's wire: the header, and every field in its shape."""
    wire = run.get_state("_wire")["_wire"]
    data = gzip.decompress(wire["data"]) if wire["compressed"] else wire["data"]
    if wire["compressed"]:  # all lowest bytes first, and of a frame only what differs from the one before
        data = np.frombuffer(data, np.uint8).reshape(4, -1).T.tobytes()
    values = np.frombuffer(data, dtype="<u4")
    fields, at = {}, 0
    for name, shape in wire["header"]["fields"].items():
        rows = values[at : at + math.prod(shape)].reshape(shape)
        fields[name] = (np.bitwise_xor.accumulate(rows) if wire["compressed"] else rows).view("<f4")
        at += math.prod(shape)
    assert at == values.size
    return wire["header"], fields


def test_wire_is_the_recording_compressed(table: Any) -> None:
    run = Run(table)
    header, fields = unpack(run)
    expected, data = table.to_wire()
    assert header == expected
    assert b"".join(field.tobytes() for field in fields.values()) == data
    np.testing.assert_array_equal(fields["step"], table.steps)
    np.testing.assert_allclose(fields["parameters"], table.parameters, rtol=1e-7)
    np.testing.assert_array_equal(fields["presented"][1:], table.presented)
    assert np.isnan(fields["presented"][0]).all()


def test_wire_follows_the_recording_in_one_message(table: Any, recording: Any) -> None:
    run = Run(table)
    page = Page(run)
    run.recording = recording
    header, fields = unpack(run)
    assert header["one_example"] is True
    assert fields["step"][-1] == 337
    assert len(page.sent) == 1
    ((buffer,),) = [buffers for _, buffers in page.sent]
    assert bytes(buffer) == run._wire["data"]


def test_random_weights_pack_a_quarter_smaller_than_gzip_alone_would() -> None:
    trained = train("kaiming", 1.0, epochs=1000, max_frames=200)
    assert len(Run(trained)._wire["data"]) < 0.8 * len(gzip.compress(trained.to_wire()[1], 6))


def test_a_hurried_run_packs_only_after_a_pause(
    table: Any, recording: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("letkeman_viz.widgets.run.time.monotonic", lambda: now[0])
    run = Run(table, hurried=True)
    assert run._wire["compressed"] is True
    now[0] += 0.1
    run.recording = recording
    assert run._wire["compressed"] is False
    assert unpack(run)[1]["step"][-1] == 337
    now[0] += 1.0
    run.recording = table
    assert run._wire["compressed"] is True


def test_the_same_recording_gives_the_same_bytes(table: Any) -> None:
    assert Run(table)._wire == Run(table)._wire


def test_a_run_is_not_wanted_until_a_page_says_so(table: Any) -> None:
    run = Run(table)
    assert run.wanted is False


# --- Chart ------------------------------------------------------------------------------------------


def test_chart_shows_a_figure_of_plain_data() -> None:
    chart = Chart()
    page = Page(chart)
    chart.show(go.Figure(go.Scatter(x=np.arange(3), y=[1.0, math.nan, 3.0]), layout={"title": {"text": "T"}}))
    (figure,) = page.told("_figure")
    assert json.loads(json.dumps(figure, allow_nan=False)) == figure
    assert go.Figure(figure).layout.title.text == "T"
    (trace,) = figure["data"]
    assert trace["type"] == "scatter"


def test_chart_takes_a_figure_in_the_place_of_another() -> None:
    chart = Chart()
    chart.show(go.Figure(go.Bar(y=[1])))
    chart.show(go.Figure(go.Scatter(y=[2])))
    assert [trace["type"] for trace in chart._figure["data"]] == ["scatter"]


def test_plotly_js_is_sent_once_for_each_request() -> None:
    page = Page(Chart())
    for count in (1, 2):
        page.says({"method": "custom", "content": {"type": "plotly.js"}})
        assert len(page.sent) == count
    data, (library,) = page.sent[-1]
    assert data == {"method": "custom", "content": {"type": "plotly.js"}}
    assert gzip.decompress(library).decode() == get_plotlyjs()
    assert len(library) < 1_600_000


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "plotly.js",
        [],
        ["plotly.js"],
        {},
        {"type": "plotly"},
        {"type": ["plotly.js"]},
        {"type": {}},
        {"type": "plotly.js", "path": "/etc/passwd"},
        7,
        math.nan,
    ],
)
def test_other_messages_are_not_answered(content: Any) -> None:
    page = Page(Chart())
    page.says({"method": "custom", "content": content})
    assert page.sent == []


# --- Assets -----------------------------------------------------------------------------------------


def source(name: str) -> str:
    return (_assets.STATIC / name).read_text(encoding="utf-8")


def needs(name: str) -> set[str]:
    """Every module that ``name`` imports, directly or not."""
    direct = set(re.findall(r'from "\./(\w+\.js)"', source(name)))
    return direct.union(*map(needs, direct))


def exports(name: str) -> list[str]:
    """The names a module exports, its default not counted."""
    return re.findall(r"^export (?:async )?(?:function|const|class) (\w+)", source(name), re.MULTILINE)


def definition(name: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:async )?(?:function|const|class) {name}\b", re.MULTILINE)


def test_every_script_is_a_widget_or_needed_by_one() -> None:
    names = {path.name for path in _assets.STATIC.glob("*.js")}
    host = {"host.js"} | needs("host.js")  # takes Jupyter's part in a page that has none, see standalone.py
    assert names == host.union(MODULES, *map(needs, MODULES))


@pytest.mark.parametrize("name", MODULES)
def test_esm_holds_each_module_once_and_before_it_is_used(name: str) -> None:
    code = _assets.esm(name)
    for module in [name, *needs(name)]:
        for exported in exports(module):
            (found,) = definition(exported).finditer(code)
            assert found.start() < code.index("export default")
    for module in [name, *needs(name)]:
        own = [definition(exported).search(code).start() for exported in exports(module)] or [len(code)]
        for needed in needs(module):
            assert all(definition(exported).search(code).start() < min(own) for exported in exports(needed))


@pytest.mark.parametrize("name", MODULES)
def test_esm_imports_nothing_and_exports_one_thing(name: str) -> None:
    code = _assets.esm(name)
    assert re.findall(r"^\s*import\b.*", code, re.MULTILINE) == []
    assert re.findall(r"^\s*export\b.*", code, re.MULTILINE) == ["export default {"]


@pytest.mark.parametrize("kind", KINDS)
def test_widgets_carry_the_code_of_their_module(kind: type[Widget]) -> None:
    assert kind._esm == _assets.esm(module_of(kind))
    assert len(kind._esm) < 40_000


def test_player_brings_the_theme_and_its_own_style() -> None:
    style = _assets.css("theme.css", "player.css")
    assert Player._css == style
    assert style.index("--lkv-positive:") < style.index(".lkv-player-bar")
    assert "/*" not in style.split("\n", 1)[0]


@pytest.mark.parametrize("path", sorted(_assets.STATIC.glob("*.css")), ids=lambda path: path.name)
def test_css_loses_no_rule(path: Path) -> None:
    whole = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    shipped = re.sub(r"/\*.*?\*/", "", _assets.css(path.name), flags=re.DOTALL)
    assert shipped.split() == whole.split()
    assert shipped.count("{") == shipped.count("}") > 0


def test_a_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        _assets.esm("no_such_widget.js")
    with pytest.raises(FileNotFoundError):
        _assets.css("theme.css", "no_such_style.css")


# --- Slider -----------------------------------------------------------------------------------------


def test_a_slider_takes_only_what_it_offers() -> None:
    slider = Slider([1, 10, 100], 10, "Inputs")
    page = Page(slider)
    page.sets(_index=2)
    assert slider.value == 100
    page.sets(_index=3)
    page.sets(_index=-1)
    page.sets(_index="1")
    assert slider.value == 100
    assert page.told("_index") == [2, 2, 2]
    assert slider.nearest(60) == 100
    slider.value = 1
    assert page.told("_index")[-1] == 0
    with pytest.raises(traitlets.TraitError, match="Inputs is 7; choose one of the 1 to 100 offered"):
        slider.value = 7
    with pytest.raises(traitlets.TraitError):
        Slider([1, 10], 3, "Inputs")


# --- What a reader changes and takes along ----------------------------------------------------------


def test_a_change_is_clamped_and_nonsense_is_refused(make: Any) -> None:
    editor = make(Editor)
    page = Page(editor)
    page.sets(change={"place": [1, 0, 3], "value": 1e9, "more": "of it"})
    assert editor.change == {"place": [1, 0, 3], "value": 10.0}
    for wish in (
        {"place": [1, 0, 300], "value": 1},
        {"place": [1], "value": 1},
        {"place": "1.0.3", "value": 1},
        {"place": [1, 0, 3], "value": "1"},
        {"place": [1, 0, 3]},
        {"place": [1.5, 0], "value": 0},
        {"place": [1, 0], "value": None},
        {"place": [1, 0], "value": math.inf},
        {"place": [1, 0], "value": math.nan},
    ):
        page.sets(change=wish)
        assert editor.change == {"place": [1, 0, 3], "value": 10.0}
    page.sets(change={})
    assert editor.change == {}


def test_files_are_made_when_asked_for_and_failures_are_said() -> None:
    def broken() -> tuple[str, bytes]:
        raise OSError("the disk is full")

    widget = TakeAlong({"A file": lambda: ("a.txt", b"text"), "Another": broken})
    page = Page(widget)
    for content in ({"type": "make", "label": "A file"}, {"type": "make", "label": "Another"}):
        page.says({"method": "custom", "content": content})
    (first, files), (second, none) = page.sent
    assert first["content"] == {"type": "file", "label": "A file", "name": "a.txt"}
    assert files == [b"text"]
    assert second["content"] == {"type": "failed", "label": "Another", "text": "the disk is full"}
    assert none == []
    for content in (
        None,
        [],
        {"type": "make"},
        {"type": "make", "label": ["A file"]},
        {"type": "make", "label": "/etc"},
    ):
        page.says({"method": "custom", "content": content})
    assert len(page.sent) == 2


def test_an_address_of_any_length_is_cut_where_it_will_be_refused() -> None:
    share = Share()
    Page(share).sets(asked="x" * 1_000_000)
    assert share.asked is not None
    assert len(share.asked) == 30_001


def test_a_click_is_three_finite_numbers() -> None:
    chart = Chart()
    page = Page(chart)
    page.sets(clicked=[1, 2.5, 3])
    for clicked in ([1, 2], [1, 2, math.nan], [1, 2, "3"], [[1], 2, 3], "123"):
        page.sets(clicked=clicked)
    assert chart.clicked == [1.0, 2.5, 3.0]


def test_a_player_is_told_whether_to_stay_where_it_is() -> None:
    player = Player()
    page = Page(player)
    player.load([0, 1], keep=True)
    player.load([0, 2])
    assert page.told("_keeps") == [True, False]
    assert page.told("_loads") == [1, 2]
