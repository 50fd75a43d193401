"""What a visitor might send who wishes us no good: hypothesis strategies for messages to a kernel.

A message is a tuple that ``send`` understands. Widgets are named by numbers: their ids are new every time.
"""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st
from kernel_page import KernelPage

from letkeman_viz.explorables.playground_settings import DEFAULTS

MANY = 10**6
"""Characters of a huge text."""
EDGES = [0, -1, 1, 2**31, 2**53, 2**63, -(2**63), 10**30, 10**400, 0.0, -0.0, 1e308, 1e-320]
WORDS = [
    "",
    "0",
    "NaN",
    "1e999",
    "__class__",
    "os.system('id')",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "\x00",
    "\ud800",
    "../../etc/passwd",
    "IPY_MODEL_",
    "anywidget:",
    "zeros",
    "ones",
    "table",
    "one",
]

numbers = st.one_of(st.sampled_from(EDGES), st.integers(-20, 60), st.floats(), st.floats(-12, 12))
texts = st.one_of(st.sampled_from(WORDS), st.text(max_size=12))
plain = st.one_of(st.none(), st.booleans(), numbers, texts)
junk = st.recursive(
    plain,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)
huge = st.sampled_from(
    ["x" * MANY, ["y" * 1000] * 400, list(range(50_000)), {str(k): k for k in range(20_000)}]
)
deep = st.sampled_from(
    [b"[" * 100_000, b'{"comm_id":' * 5000, b'{"data":' + b"[" * 3000 + b"]" * 3000 + b"}"]
)

queries = st.one_of(
    st.dictionaries(
        st.one_of(st.sampled_from(sorted(DEFAULTS)), texts),
        st.one_of(
            st.sampled_from(
                [
                    *WORDS,
                    "5000",
                    "100",
                    "6",
                    "own",
                    "count_up",
                    "16-16-16-16-16-16",
                    "8-8",
                    "1-2,3",
                    "tanh",
                    "kaiming,ones",
                    "ones:1.0.0:1e308",
                    "ones:1.2.3:2",
                    "in1,out1\n0,1\n1,0\n",
                ]
            ),
            st.text(max_size=20),
        ),
        max_size=6,
    ).map(lambda parts: "?" + urlencode(parts, errors="replace")),
    st.integers(0, 300).map(lambda k: "&".join(["hide=rate"] * k)),
    st.just("edits=" + "ones:1.0.0:1," * 3000),
)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "value": st.one_of(
        st.booleans(), st.integers(-5, 10_000), numbers, texts, st.just("in1,out1\n" + "0,1\n" * 70)
    ),
    "index": st.one_of(st.none(), st.integers(-3, 12), junk),
    "_index": st.one_of(st.integers(-3, 120), junk),
    "wanted": st.one_of(st.booleans(), junk),
    "step": st.one_of(st.integers(-5, 6000), junk),
    "seed": st.one_of(st.integers(-5, 20_000), junk),
    "learning_rate": st.one_of(st.sampled_from([0.1, 1.0, 3.0, 1e9]), numbers, junk),
    "rate": numbers,
    "epochs": st.one_of(st.sampled_from([100, 1000, 10**9]), junk),
    "schemes": st.lists(st.one_of(st.sampled_from(["zeros", "kaiming", "scaled"]), texts), max_size=9),
    "initializer": st.one_of(st.sampled_from(["zeros", "kaiming"]), texts),
    "hidden": st.lists(st.one_of(st.integers(-1, 300), junk), max_size=9),
    "pinned": st.lists(st.one_of(st.integers(-1, 300), junk), max_size=5),
    "scale": st.sampled_from(["fixed", "layer", "frame", "none", None]),
    "edits": st.lists(st.lists(st.one_of(texts, numbers), max_size=5), max_size=4),
    "table": st.one_of(texts, st.just("in1,out1\n" + "0,1\n" * 70)),
    "locked": st.booleans(),
    "answer": st.one_of(texts, numbers),
    "clicked": st.lists(st.one_of(st.floats(-2, 2), numbers), max_size=4),
}
NOT_THEIRS = [
    "_esm",
    "_css",
    "_anywidget_id",
    "_model_name",
    "_model_module",
    "_view_module",
    "_view_name",
    "_data",
    "_channel",
    "_figure",
    "_labels",
    "layout",
    "style",
    "children",
    "options",
    "_options_labels",
    "max",
    "min",
    "description",
    "disabled",
    "steps",
    "unit",
    "run",
    "runs",
    "player",
    "comm",
    "keys",
    "tooltip",
    "width",
    "_dom_classes",
    "__init__",
    "query",
    "code",
    "labels",
    "rows",
    "accept",
    "multiple",
    "height",
    "recording",
    "offers",
]

places = st.integers(0, 10_000)
settings = st.fixed_dictionaries({}, optional=VALUES)
others = st.dictionaries(
    st.one_of(st.sampled_from(NOT_THEIRS), st.sampled_from(sorted(VALUES)), texts),
    st.one_of(junk, st.builds("IPY_MODEL_{}".format, places), st.builds("anywidget:{}".format, places)),
    max_size=4,
)
paths = st.lists(
    st.lists(st.one_of(st.sampled_from(["value", 0, "content", "_esm", -1]), junk), max_size=4), max_size=3
)
pieces = st.lists(st.one_of(st.binary(max_size=40), st.just(b"\xff" * 100_000)), max_size=3)
files = st.fixed_dictionaries(
    {},
    optional={"name": texts, "type": texts, "size": numbers, "last_modified": numbers, "lastModified": junk},
)
customs = st.one_of(
    st.just({"event": "click"}),
    st.just({"event": "submit"}),
    st.just({"type": "plotly.js"}),
    st.builds(
        lambda label: {"type": "make", "label": label},
        st.one_of(st.sampled_from(["Animation, HTML", "Recording, CSV", "Task, CSV", "counting, CSV"]), junk),
    ),
    st.builds(lambda c: {"id": "1", "kind": "anywidget-command", "name": c, "msg": c}, junk),
    junk,
)
opens = st.fixed_dictionaries(
    {
        "comm_id": st.one_of(st.uuids().map(str), junk),
        "target_name": st.one_of(
            st.sampled_from(
                [
                    "jupyter.widget",
                    "jupyter.widget.control",
                    "jupyter.widget.version",
                    "matplotlib",
                    "os.system",
                ]
            ),
            junk,
        ),
        "target_module": texts,
        "data": st.one_of(
            junk,
            st.builds(
                lambda name, extra: {
                    "state": {
                        "_model_module": "@jupyter-widgets/controls",
                        "_model_module_version": "2.0.0",
                        "_model_name": f"{name}Model",
                        "_view_module": "@jupyter-widgets/controls",
                        "_view_module_version": "2.0.0",
                        "_view_name": f"{name}View",
                        **extra,
                    }
                },
                st.sampled_from(["FileUpload", "Output", "Play", "Text", "HTML", "VBox"]),
                others,
            ),
        ),
    }
)
headers = st.fixed_dictionaries(
    {}, optional={"subshell_id": junk, "version": junk, "date": junk, "username": junk, "session": junk}
)

messages = st.one_of(
    st.tuples(st.just("set"), places, settings),
    st.tuples(st.just("set"), places, settings),
    st.tuples(st.just("set"), places, others),
    st.tuples(st.just("buffers"), places, others, paths, pieces),
    st.tuples(st.just("upload"), places, files, pieces),
    st.tuples(st.just("custom"), places, customs),
    st.tuples(
        st.just("method"), places, st.one_of(st.sampled_from(["request_state", "request_states"]), junk)
    ),
    st.tuples(st.just("control"), junk),
    st.tuples(st.just("open"), opens),
    st.tuples(st.just("close"), st.one_of(places, junk)),
    st.tuples(
        st.just("content"),
        st.sampled_from(["comm_msg", "comm_open", "comm_close", "comm_info_request"]),
        junk,
    ),
    st.tuples(st.just("header"), places, headers),
    st.tuples(
        st.just("run"),
        st.sampled_from(
            [
                "execute_request",
                "inspect_request",
                "debug_request",
                "interrupt_request",
                "create_subshell_request",
                "input_reply",
                "is_complete_request",
            ]
        ),
    ),
    st.tuples(st.just("huge"), places, st.sampled_from(sorted(VALUES)), huge),
    st.tuples(st.just("deep"), deep),
)


def send(page: KernelPage, message: tuple[Any, ...]) -> None:
    """Say it to the kernel of ``page``."""
    kind, *rest = message
    models = sorted(page.models)
    name = models[rest[0] % len(models)] if isinstance(rest[0], int) else rest[0]
    if kind == "set":
        page.say("comm_msg", {"comm_id": name, "data": {"method": "update", "state": rest[1]}})
    elif kind == "buffers":
        data = {"method": "update", "state": rest[1], "buffer_paths": rest[2]}
        page.say("comm_msg", {"comm_id": name, "data": data}, rest[3])
    elif kind == "upload":
        uploads = page.of("FileUploadModel") or [name]
        page.update(uploads[0], rest[2], [["value", 0, "content"]] * len(rest[2]), value=[rest[1]])
    elif kind == "custom":
        page.custom(name, rest[1])
    elif kind == "method":
        page.say("comm_msg", {"comm_id": name, "data": {"method": rest[1], "state": {}, "content": rest[1]}})
    elif kind == "control":
        comm = uuid.uuid4().hex
        page.say("comm_open", {"comm_id": comm, "target_name": "jupyter.widget.control", "data": {}})
        page.say("comm_msg", {"comm_id": comm, "data": rest[0]})
        page.say("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
    elif kind == "open":
        page.say("comm_open", rest[0])
    elif kind == "close":
        page.say("comm_close", {"comm_id": name, "data": {}})
    elif kind == "content":
        page.say(rest[0], rest[1])
    elif kind == "header":
        page.say("comm_msg", {"comm_id": name, "data": {"method": "update", "state": {}}}, **rest[1])
    elif kind == "run":
        page.say(rest[0], {"code": "import os; os._exit(1)", "silent": False, "value": "1"})
    elif kind == "huge":
        page.say("comm_msg", {"comm_id": name, "data": {"method": "update", "state": {rest[1]: rest[2]}}})
    else:
        page.say("comm_msg", rest[0])
