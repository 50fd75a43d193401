"""The web app: the chapters served by Voila with our own template, and the command line that starts it."""

import sys

# jsonschema, imported by Jupyter, begins with the grammar of international addresses. That takes as long as
# all the rest of a server's start, and nothing that Jupyter checks here has any.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
