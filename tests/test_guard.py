"""What stands between a stranger and the kernel, part by part; ``test_fuzz.py`` tries the whole."""

from __future__ import annotations

import math
import time
from typing import Any

import ipywidgets
import pytest
import traitlets
from kernel_page import packed

from letkeman_viz.explorables import OneExample, guard
from letkeman_viz.explorables.guard import CONTROL, MAX_CONTROLS, Guard
from letkeman_viz.explorables.widget import FROM_BROWSER, Allowance, Widget
from letkeman_viz.explorers import live
from letkeman_viz.explorers.background import Newest, TookTooLong
from letkeman_viz.explorers.live import Live
from letkeman_viz.site.kernel_socket import MOST_PARTS, well_formed
from letkeman_viz.widgets import Chart, TakeAlong

WAIT = 60


class Kernel:
    """The three handlers behind a guard; ``got`` is what came through."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Any]] = []
        self.guard = Guard(*(self._handler(kind) for kind in ("open", "message", "close")))

    def _handler(self, kind: str) -> Any:
        return lambda stream, ident, message: self.got.append((kind, message["content"]))

    def hears(self, kind: str, content: Any, buffers: Any = ()) -> list[tuple[str, Any]]:
        """What comes through of a message."""
        self.got.clear()
        getattr(self.guard, kind)(None, None, {"content": content, "buffers": list(buffers)})
        return list(self.got)

    def update(self, widget: ipywidgets.Widget, buffers: Any = (), paths: Any = (), **state: Any) -> Any:
        """The state that comes through of an update."""
        data = {"method": "update", "state": state, "buffer_paths": list(paths)}
        found = self.hears("message", {"comm_id": widget.model_id, "data": data}, buffers)
        return found[0][1]["data"]["state"] if found else None

    def custom(self, widget: ipywidgets.Widget, content: Any) -> bool:
        data = {"method": "custom", "content": content}
        return bool(self.hears("message", {"comm_id": widget.model_id, "data": data}))


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


# --- Comms ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["jupyter.widget", "jupyter.widget.version", "os.system", None, 7, ["x"]])
def test_a_browser_makes_no_widget(kernel: Kernel, target: Any) -> None:
    assert kernel.hears("open", {"comm_id": "a", "target_name": target, "data": {"state": {}}}) == []


def test_a_page_asks_for_all_widgets_and_closes_that_comm(kernel: Kernel) -> None:
    assert kernel.hears("message", {"comm_id": "c", "data": {"method": "request_states"}}) == []
    assert [k for k, _ in kernel.hears("open", {"comm_id": "c", "target_name": CONTROL, "data": {}})] == [
        "open"
    ]
    asked = kernel.hears("message", {"comm_id": "c", "data": {"method": "request_states", "x": 1}})
    assert asked == [("message", {"comm_id": "c", "data": {"method": "request_states"}})]
    assert kernel.hears("message", {"comm_id": "c", "data": {"method": "close_all"}}) == []
    assert [k for k, _ in kernel.hears("close", {"comm_id": "c"})] == ["close"]
    assert kernel.hears("close", {"comm_id": "c"}) == []


def test_comms_that_nobody_closes_do_not_pile_up(kernel: Kernel) -> None:
    for k in range(MAX_CONTROLS):
        kernel.hears("open", {"comm_id": str(k), "target_name": CONTROL})
    got = kernel.hears("open", {"comm_id": "one more", "target_name": CONTROL})
    assert [(kind, content["comm_id"]) for kind, content in got] == [("close", "0"), ("open", "one more")]


def test_all_widgets_are_not_sent_as_often_as_somebody_asks(kernel: Kernel) -> None:
    kernel.hears("open", {"comm_id": "c", "target_name": CONTROL})
    ask = {"comm_id": "c", "data": {"method": "request_states"}}
    assert sum(len(kernel.hears("message", ask)) for _ in range(200)) < 10


def test_no_widget_of_the_page_can_be_closed_or_taken_over(kernel: Kernel) -> None:
    button = ipywidgets.Button()
    assert kernel.hears("close", {"comm_id": button.model_id}) == []
    assert kernel.hears("open", {"comm_id": button.model_id, "target_name": CONTROL}) == []


# --- Values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("widget", "key", "good", "bad"),
    [
        (ipywidgets.BoundedIntText(1, min=0, max=9), "value", 8, "many"),
        (ipywidgets.BoundedFloatText(1, min=0, max=9), "value", 0.5, [1]),
        (ipywidgets.Checkbox(), "value", True, {"a": 1}),
        (ipywidgets.Textarea(), "value", "text", 5),
        (ipywidgets.Dropdown(options=["a", "b"]), "index", 1, 2),
        (ipywidgets.ToggleButtons(options=["a", "b"]), "index", 1, -1),
        (ipywidgets.RadioButtons(options=["a", "b"]), "index", 0, None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_of_a_control_only_its_value_is_set(
    kernel: Kernel, widget: Any, key: str, good: Any, bad: Any
) -> None:
    hostile = {
        "max": 1e9,
        "min": -1e9,
        "_options_labels": ["x"] * 9,
        "options": ["x"],
        "disabled": True,
        "description": "<b>",
        "_view_module": "evil",
        "layout": "IPY_MODEL_1",
        "_dom_classes": ["x"],
    }
    assert kernel.update(widget, **{key: good}, **hostile) == {key: good}
    assert kernel.update(widget, **{key: bad}, **hostile) is None


@pytest.mark.parametrize(
    "widget", [ipywidgets.HTML("x"), ipywidgets.IntProgress(), ipywidgets.VBox(), ipywidgets.Layout()]
)
def test_what_only_shows_takes_nothing(kernel: Kernel, widget: Any) -> None:
    state = dict.fromkeys(widget.keys, "1") | {"value": 1, "children": [], "width": "9px"}
    assert kernel.update(widget, **state) is None
    assert not kernel.custom(widget, {"event": "click"})


def test_of_our_widgets_only_what_the_page_moves_is_set(kernel: Kernel) -> None:
    example = OneExample()
    assert kernel.update(example, seed=3, _data={}, _esm="alert()", _css="", layout="x") == {"seed": 3}


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        2**53 + 1,
        10**400,
        [[[[[[[[[1]]]]]]]]],
        "x" * 300_000,
        [0] * 5000,
        {str(k): k for k in range(3000)},
    ],
)
def test_no_message_holds_what_no_page_could_send(kernel: Kernel, value: Any) -> None:
    assert kernel.update(ipywidgets.FloatText(), value=value) is None
    assert not kernel.custom(Chart(), {"a": value})


@pytest.mark.parametrize(
    "content",
    [
        None,
        1,
        "x",
        [],
        {},
        {"comm_id": []},
        {"comm_id": "x"},
        {"comm_id": "x", "data": 1},
        {"comm_id": "x", "data": {"method": "update"}},
        {"data": {}},
    ],
)
@pytest.mark.parametrize("kind", ["open", "message", "close"])
def test_junk_stops_here(kernel: Kernel, kind: str, content: Any) -> None:
    assert kernel.hears(kind, content) == []


def test_a_click_is_a_click(kernel: Kernel) -> None:
    button = ipywidgets.Button()
    assert kernel.custom(button, {"event": "click"})
    assert not kernel.custom(button, {"event": "click", "more": 1})
    assert not kernel.custom(button, {"event": "dblclick"})


def test_a_kernel_of_ones_own_has_no_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOILA_BASE_URL", raising=False)
    assert not guard.served()
    monkeypatch.setenv("VOILA_BASE_URL", "/")
    assert guard.served()


# --- What observers do wrong is no refusal ----------------------------------------------------------


class Two(Widget):
    _esm = "export default {}"

    first = traitlets.Int(0).tag(**FROM_BROWSER)
    second = traitlets.Int(0).tag(**FROM_BROWSER)


@pytest.mark.parametrize("error", [ValueError, TypeError, traitlets.TraitError, KeyError])
def test_an_error_of_an_observer_is_heard_and_stops_no_other_value(error: type[Exception]) -> None:
    two = Two()

    def fail(change: Any) -> None:
        raise error("in an observer")

    two.observe(fail, "first")
    with pytest.raises(error, match="in an observer"):
        two.set_state({"first": 1, "second": 2})
    assert (two.first, two.second) == (1, 2)


def test_a_refused_value_reaches_no_observer() -> None:
    two, seen = Two(), []
    two.observe(lambda change: seen.append(change["new"]), ["first", "second"])
    two.set_state({"first": "many", "second": 3})
    assert seen == [3]


# --- Limits -----------------------------------------------------------------------------------------


def test_an_allowance_is_used_up_and_comes_back() -> None:
    allowance = Allowance(2, 0.05)
    assert [allowance.take() for _ in range(3)] == [True, True, False]
    time.sleep(0.2)
    assert allowance.take()


def test_the_library_and_files_are_not_sent_as_often_as_somebody_asks() -> None:
    sent: list[Any] = []
    chart, made = Chart(), TakeAlong({"File": lambda: ("name", b"data")})
    for widget in (chart, made):
        widget.send = lambda content, buffers=None: sent.append((content, buffers))  # type: ignore[method-assign]
    for _ in range(100):
        chart._handle_custom_msg({"type": "plotly.js"}, [])
    assert 1 <= len(sent) <= 5
    sent.clear()
    for _ in range(100):
        made._handle_custom_msg({"type": "make", "label": "File"}, [])
    assert sum(content["type"] == "file" for content, _ in sent) < 10
    assert sent[-1][0]["text"] == "Too many files at once. Wait, and press again."


def spin(cancelled: Any) -> None:
    while not cancelled():
        sum(range(1000))


def test_work_ends_at_its_limit_and_the_page_is_told() -> None:
    errors: list[Exception] = []
    worker = Newest(errors.append, limit=0.2)
    worker.submit(spin)
    assert worker.wait(WAIT)
    assert [type(error) for error in errors] == [TookTooLong]
    assert "stopped after 0.2 s of work" in str(errors[0])
    worker.submit(lambda cancelled: None)
    assert worker.wait(WAIT)
    assert len(errors) == 1


class Endless(Live):
    def compute(self, cancelled: Any) -> None:
        spin(cancelled)


def test_a_visitor_has_a_limit_and_a_reader_at_home_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "WORK", 0.2)
    monkeypatch.setenv("VOILA_BASE_URL", "/")
    with pytest.raises(RuntimeError, match=r"stopped after 0\.2 s of work"):
        Endless(Chart(), []).finish(WAIT)
    monkeypatch.delenv("VOILA_BASE_URL")
    page = Endless(Chart(), [])
    with pytest.raises(TimeoutError):
        page.finish(1.0)
    page._worker.submit(lambda cancelled: None)  # ends it


# --- The websocket ----------------------------------------------------------------------------------

PARTS = [b"{}", b"{}", b"{}", b"{}"]


def test_a_message_is_what_it_says() -> None:
    assert well_formed(packed("shell", PARTS))
    assert well_formed(packed("shell", [*PARTS, b"data"]))


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff" * 8,
        (2**63).to_bytes(8, "little") + b"x" * 100,
        (10**6).to_bytes(8, "little") + b"x" * 100,
        packed("shell", PARTS[:3]),
        packed("shell", PARTS * (MOST_PARTS // 4) + [b"x"]),
        packed("shell", PARTS)[:-1],
        (6).to_bytes(8, "little") + b"\xff" * 48,
        (6).to_bytes(8, "little") + bytes(48),
        "text",
    ],
)
def test_a_message_that_lies_is_not_read(message: Any) -> None:
    assert not well_formed(message)
