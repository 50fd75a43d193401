"""Share: the state of a page in its address, as a link and as a line of Python."""

from __future__ import annotations

import traitlets

from ._assets import css, esm
from ._base import FROM_BROWSER, Widget


class Share(Widget):
    """Keeps the address of the page in step with ``query``, and says what the address asked for.

    ``query`` is the part behind the question mark; ``asked`` is what stood there when the page was opened
    (None until the page has said so, "" where there is no address of its own, as in JupyterLab). Anybody
    can write an address: ``asked`` is any text of at most 30,000 characters. ``call`` is Python that opens
    the same state in a notebook, ``code`` Python that computes the run without any page. ``controls`` are
    the names of what a teacher's link can hide or fix, each with its label.
    """

    _esm = esm("share.js")
    _css = css("theme.css", "share.css")

    query = traitlets.Unicode("").tag(sync=True)
    call = traitlets.Unicode("").tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)
    controls = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    asked = traitlets.Unicode(None, allow_none=True).tag(**FROM_BROWSER)

    @traitlets.validate("asked")
    def _check_asked(self, proposal: traitlets.Bunch) -> str | None:
        asked = proposal["value"]
        if asked is not None and len(asked) > 30_001:
            return asked[:30_001]  # whoever reads it will say that it is too long
        return asked
