"""How Sphinx builds these pages: `make docs`, then open docs/_build/html/index.html."""

from __future__ import annotations

import re
from typing import Any

import letkeman_viz

project = "letkeman_viz"
author = "letkeman_viz contributors"
project_copyright = author
version = release = letkeman_viz.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

# Everything that a page loads comes with it: Furo uses the fonts of the reader's machine, and formulas are
# written in plain text, because MathJax would be asked of a CDN.
html_theme = "furo"
html_title = f"letkeman_viz {release}"
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_copy_source = False
html_show_sphinx = False

# A link to one of our own names must lead somewhere. Other projects' names are not looked up: their
# inventories lie on the internet.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!letkeman_viz\b).*")]

# Neither is needed to read the signatures of the functions made for them.
autodoc_mock_imports = ["jax", "torch"]
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"
maximum_signature_line_length = 90
add_module_names = False

_SECTION = re.compile(r"^Parameters\n-+\n", re.MULTILINE)
_PARAMETER = re.compile(r"^(\w+(?:, \w+)*) : ")


def _plain_marks(text: str) -> str:
    """``text`` with the marks that reST takes for its own escaped, outside of ``code``.

    Docstrings write a magnitude as |x|, the name of a PyTorch function as fill_ and powers as 10**6.
    """
    parts = re.split(r"(``.+?``|:\w+:`[^`]+`)", text, flags=re.DOTALL)
    for k in range(0, len(parts), 2):
        parts[k] = re.sub(
            r"\||\*+(?=\w)|(?<=\w)_(?=\W|$)", lambda mark: re.sub(r"(.)", r"\\\1", mark[0]), parts[k]
        )
    return "".join(parts)


def _parameters_as_list(paragraphs: str) -> str:
    """The lines under "Parameters", each ``name : what it is``, as a definition list."""
    lines = []
    for line in paragraphs.split("\n"):
        match = _PARAMETER.match(line)
        if match:
            names = ", ".join(f"``{name}``" for name in match[1].split(", "))
            lines += [names, f"    {line[match.end() :]}"]
        else:
            lines.append(line)
    return "\n".join(lines)


def tidy(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Turn a docstring as we write them into reST: parameters one to a line, and plain marks."""
    text = "\n".join(lines)
    section = _SECTION.search(text)
    if section:
        head, rest = text[: section.start()], text[section.end() :]
        listed, blank, tail = rest.partition("\n\n")
        text = f"{head}.. rubric:: Parameters\n\n{_parameters_as_list(listed)}{blank}{tail}"
    # Examples and indented blocks behind "::" are shown as they are.
    blocks = re.split(
        r"(^ *>>> .*?(?:\n\n|\Z)|(?<=::)\n\n(?: +.*\n?|\n)+)", text, flags=re.DOTALL | re.MULTILINE
    )
    blocks[::2] = [_plain_marks(block) for block in blocks[::2]]
    lines[:] = "".join(blocks).split("\n")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", tidy)
