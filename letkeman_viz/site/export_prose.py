"""A chapter's markdown as HTML that stands alone: headings with anchors, formulas as MathML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

MATHML = "http://www.w3.org/1998/Math/MathML"

# TeX sets these tight; a browser takes a lone bar or slash for an operator with room on both sides.
TIGHT = {"|", "/"}
# What latex2mathml writes as a letter, and should be a relation with room around it.
RELATIONS = {"~": "\N{TILDE OPERATOR}"}


class FormulaError(ValueError):
    """A formula that cannot be written as MathML."""


def html_of(markdown: str) -> str:
    """One markdown cell as HTML.

    Raises :class:`FormulaError` for a formula with a command that is not known.
    """
    renderer = _Renderer(escape=False, exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer).render(markdown)


def mathml(latex: str, display: str = "inline") -> str:
    """A formula as MathML; ``display`` is ``"inline"`` or ``"block"``.

    Raises :class:`FormulaError` where a command is not known or an argument is missing.
    """
    # Only TeX needs the backslash of "\_" in words.
    words = re.sub(r"\\text\{([^}]*)\}", lambda found: found.group().replace(r"\_", "_"), latex.strip())
    try:
        root = ElementTree.fromstring(convert(words, display=display))
    except Exception as error:  # its exceptions have no common class
        raise FormulaError(f"the formula {latex!r} cannot be read: {error}") from error
    for element in root.iter():
        _mend(element, latex)
    ElementTree.register_namespace("", MATHML)
    return ElementTree.tostring(root, encoding="unicode")


def _mend(element: ElementTree.Element, latex: str) -> None:
    """Put right what latex2mathml leaves as it is."""
    text = element.text or ""
    if "\\" in text:
        raise FormulaError(f"the formula {latex!r} has the command {text.strip()}, which is not known")
    if text in RELATIONS:
        element.tag, element.text = f"{{{MATHML}}}mo", RELATIONS[text]
    elif text in TIGHT:
        element.attrib.update(lspace="0", rspace="0")
    elif element.tag == f"{{{MATHML}}}mo" and len(text) > 1 and text.isalpha():
        # The name of a function stands close to its argument.
        element.attrib.update(lspace="0.17em", rspace="0")


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, with formulas and anchors of ours."""

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        return f'<h{level} id="{anchor(text)}">{text}</h{level}>\n'

    def inline_math(self, body: str) -> str:
        return mathml(body)

    def block_math(self, body: str) -> str:
        return f'<span class="lk-formula">{mathml(body, "block")}</span>'

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")


def anchor(heading: str) -> str:
    """What a link to ``heading`` (HTML) ends with."""
    words = re.findall(r"\w+", re.sub(r"<[^>]*>|&\w+;", " ", heading).lower())
    return "-".join(words) or "section"
