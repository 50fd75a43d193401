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

from letkeman_viz import widgets
from letkeman_viz.explorables.widget import Widget
from letkeman_viz.widgets import Chart, Slider, TakeAlong, _assets

KINDS: list[type[Widget]] = [getattr(widgets, name) for name in widgets.__all__]


def module_of(kind: type[Widget]) -> str:
    """The script of a widget: ``NetworkDiagram`` -> ``network_diagram.js``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower() + ".js"


MODULES = [module_of(kind) for kind in KINDS]

# What a page may send. All else it has no business sending; a new way in must be added here.
FROM_BROWSER: dict[str, set[str]] = {
    "Chart": {"wanted", "clicked"},
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


@pytest.fixture
def make() -> Any:
    """Makes a widget of a class with what it needs."""

    def make(kind: type[Widget]) -> Widget:
        if kind is Slider:
            return Slider([1, 10, 100], 10, "Inputs")
        if kind is TakeAlong:
            return TakeAlong({"A file": lambda: ("a.txt", b"text")})
        return kind()

    return make


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


def test_good_values_are_taken_from_a_message_that_holds_bad_ones() -> None:
    chart = Chart(label="mine")
    Page(chart).sets(label="hacked", wanted=True, clicked=[1, math.nan, 2], no_such_trait=1)
    assert (chart.wanted, chart.label, chart.clicked) == (True, "mine", [])


def test_a_page_that_was_refused_is_told_the_true_value() -> None:
    page = Page(Chart(label="mine"))
    page.sets(label="hacked", clicked="fast", no_such_trait=1)
    assert page.told("label") == ["mine"]
    assert page.told("clicked")[-1] == []
    assert page.told("no_such_trait") == []


@pytest.mark.parametrize("state", [None, [], "wanted", 7, [["wanted", True]]])
def test_state_that_is_no_dictionary_is_dropped(state: Any) -> None:
    chart = Chart()
    chart.set_state(state)
    assert chart.wanted is False


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


# --- What a reader takes along ----------------------------------------------------------


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


def test_a_click_is_three_finite_numbers() -> None:
    chart = Chart()
    page = Page(chart)
    page.sets(clicked=[1, 2.5, 3])
    for clicked in ([1, 2], [1, 2, math.nan], [1, 2, "3"], [[1], 2, 3], "123"):
        page.sets(clicked=clicked)
    assert chart.clicked == [1.0, 2.5, 3.0]
