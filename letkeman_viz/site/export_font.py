"""The font of the formulas: from an installed package, like plotly.js, and no more of it than they need."""

from __future__ import annotations

import io
from importlib.resources import files

from fontTools import subset
from fontTools.ttLib import TTFont

# A browser sets a letter of a formula as the slanted one of a block of its own.
_SLANTED = {
    **{chr(ord("A") + k): chr(0x1D434 + k) for k in range(26)},
    **{chr(ord("a") + k): chr(0x1D44E + k) for k in range(26)},
    **{chr(0x0391 + k): chr(0x1D6E2 + k) for k in range(25)},
    **{chr(0x03B1 + k): chr(0x1D6FC + k) for k in range(25)},
    "h": "\N{PLANCK CONSTANT}",
    "\N{PARTIAL DIFFERENTIAL}": "\N{MATHEMATICAL ITALIC PARTIAL DIFFERENTIAL}",
}


def math_font(characters: str) -> bytes:
    """STIX Two Math (SIL Open Font License 1.1) as woff: the signs for ``characters`` and their larger forms.

    Not every computer has a font whose roots and brackets grow with what is in them. ziamath brings this one.
    """
    font = TTFont(io.BytesIO((files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf").read_bytes()))
    subsetter = subset.Subsetter(
        subset.Options(layout_features=["ssty", "dtls"], hinting=False, notdef_outline=True)
    )
    subsetter.populate(text=characters + "".join(_SLANTED.get(character, "") for character in characters))
    subsetter.subset(font)
    font.flavor = "woff"
    made = io.BytesIO()
    font.save(made)
    return made.getvalue()
