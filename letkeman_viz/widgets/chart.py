"""Chart: a Plotly figure drawn by the page's one copy of plotly.js."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from ..explorables.widget import FROM_BROWSER, Allowance, Widget
from ..plotly_js import compressed
from ._assets import css, esm

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Chart(Widget):
    """A Plotly figure. ``clicked`` is the point last clicked, [x, y, how many clicks].
    ``label`` says in words what the chart shows, for those who cannot see it. The library goes to the
    browser when it asks for it, and it asks only if no other chart of the page has. ``wanted`` turns
    true when a page first shows the chart.
    """

    _esm = esm("chart.js")
    _css = css("theme.css", "chart.css")

    wanted = traitlets.Bool(False).tag(**FROM_BROWSER)
    clicked = traitlets.List(traitlets.Float(), maxlen=3).tag(**FROM_BROWSER)
    height = traitlets.Int(220, min=80, max=2000).tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    _figure = traitlets.Dict().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._libraries = Allowance(2, 5.0)  # 1.5 MB each, for an ask of a few bytes
        self.on_msg(self._send_library)

    def show(self, figure: go.Figure | Mapping[str, Any]) -> None:
        """Draw a figure in the place of the one before: a ``go.Figure``, or the dict of one."""
        self._figure = _jsonable(figure if isinstance(figure, Mapping) else figure.to_dict())

    @traitlets.validate("clicked")
    def _check_clicked(self, proposal: dict[str, Any]) -> list[float]:
        if len(proposal["value"]) != 3 or not all(map(math.isfinite, proposal["value"])):
            raise traitlets.TraitError("clicked must be three finite numbers: x, y and how many clicks")
        return list(proposal["value"])

    def _send_library(self, _: Any, content: Any, buffers: Any) -> None:
        if content == {"type": "plotly.js"} and self._libraries.take():
            self.send({"type": "plotly.js"}, buffers=[compressed().result()])


def _jsonable(value: Any) -> Any:
    """A figure as JSON can carry it: arrays in plotly.js's own packed form, NaN and infinity as gaps."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "iuf" and value.dtype.str[1:] in _PACKED:
        value = _short(value)
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii")
        shape = {"shape": ", ".join(map(str, value.shape))} if value.ndim > 1 else {}
        return {"dtype": value.dtype.str[1:], "bdata": data, **shape}
    if isinstance(value, np.ndarray | np.generic):
        return _jsonable(value.tolist())
    if isinstance(value, Mapping):
        return {key: _jsonable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _short(value: np.ndarray) -> np.ndarray:
    """Numbers of double precision as single, half the bytes, where they fit: a picture shows no more."""
    size = np.abs(value)
    fits = (size == 0) | ((size >= FLOAT32.tiny) & (size <= FLOAT32.max)) | ~np.isfinite(value)
    return value.astype("f4") if value.dtype.str[1:] == "f8" and fits.all() else value


FLOAT32 = np.finfo(np.float32)
_PACKED = ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")
