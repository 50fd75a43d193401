"""How a widget's JavaScript and CSS get from ``static/`` to the browser.

The files in ``static/`` are ordinary ES modules that import one another. A Jupyter front end, though,
takes one string of code per widget and loads it from a blob address, where relative imports lead
nowhere. So a widget's string is its module with the modules it imports written in front of it.
"""

from __future__ import annotations

import re
from pathlib import Path

STATIC = Path(__file__).with_name("static")

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z_]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)

# Lines that are comments, and indentation: every instance of a widget carries its code with it.
_COMMENT = re.compile(r"^\s*(//.*|/?\*.*)?\n|^[ ]+", re.MULTILINE)
# A comment behind code, where no quote makes it doubtful that it is one.
_REMARK = re.compile(r"(?<=[;,{}()]) +//[^\"'`\n]*$", re.MULTILINE)
# Those of a style sheet, which may be of several lines.
_REMARKS = re.compile(r"/\*.*?\*/", re.DOTALL)


def esm(name: str) -> str:
    """The code of ``static/name`` with its imports inlined, each once, before they are used."""
    done: list[str] = []

    def collect(module: str) -> None:
        if module in done:
            return
        source = read(module)
        for dependency in _IMPORT.findall(source):
            collect(dependency)
        done.append(module)

    collect(name)
    return "".join(_bare(_EXPORT.sub("", _IMPORT.sub("", read(module)))) for module in done)


def css(*names: str) -> str:
    """Style sheets of ``static/``, one behind another."""
    return "".join(_bare(_REMARKS.sub("", read(name))) for name in names)


def _bare(source: str) -> str:
    return _COMMENT.sub("", _REMARK.sub("", source))


def read(name: str) -> str:
    """The text of ``static/name``."""
    return (STATIC / name).read_text(encoding="utf-8")
