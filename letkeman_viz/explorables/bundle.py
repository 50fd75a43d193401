"""How an explorable's JavaScript gets to a page.

The files in ``parts/`` and beside the explorables are ES modules. A Jupyter front end, though, takes one
string of code for each widget, loaded from an address where relative imports lead nowhere, and a page opened
from a disk may import no file. So the modules that an explorable needs are written one behind another, each
in a function of its own, compressed, and unpacked in the page by a few lines.

Beside other modules, a module can import a style sheet (its text) and ``engine.wasm`` (its bytes in base64).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]

IMPORT = re.compile(r'^import (\{[^}]*\}|\w+) from "(\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)
# Lines that are comments, and indentation: every instance of a widget carries its code with it.
_COMMENT = re.compile(r"^\s*(//.*|/?\*.*)?\n|^[ ]+", re.MULTILINE)
_REMARKS = re.compile(r"/\*.*?\*/", re.DOTALL)

_LOADER = """
const code = "{code}";
const name = Symbol.for("letkeman_viz.{digest}");
async function load() {
  const bytes = Uint8Array.from(atob(code), (letter) => letter.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(plain).text();
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return (await import(address)).modules;
  } finally {
    URL.revokeObjectURL(address);
  }
}
const loaded = () => (globalThis[name] ??= load().catch((error) => {
  delete globalThis[name]; // the next one tries again
  throw error;
}));
"""


def widget(name: str) -> str:
    """The ES module of an anywidget that shows the explorable ``name``, such as ``"race"``."""
    render = f"""export default {{
  async render(context) {{
    try {{
      return (await loaded()).{name}.default.render({{ ...context, code }});
    }} catch (error) {{
      context.el.textContent = `This part could not be drawn: ${{error.message}}`;
      throw error;
    }}
  }},
}};
"""
    return f"{_loader((name,))}{render}"


def script(names: Sequence[str]) -> str:
    """A plain script for pages without a kernel: it defines ``letkemanViz.show(name, state, element)``."""
    show = (
        "globalThis.letkemanViz = {\n  async show(name, state, el) {\n"
        "    const all = await loaded();\n    return all[name].default.show({ state, el, code });\n  },\n};\n"
    )
    return f"(() => {{{_loader(tuple(names))}{show}}})();\n"


@cache
def _loader(names: tuple[str, ...]) -> str:
    text = joined({name: PACKAGE / "explorables" / f"{name}.js" for name in names}).encode()
    packed = base64.b64encode(gzip.compress(text, 9, mtime=0)).decode("ascii")
    digest = hashlib.sha256(text).hexdigest()[:16]
    return _LOADER.replace("{code}", packed).replace("{digest}", digest)


def joined(entries: Mapping[str, Path]) -> str:
    """One ES module that exports ``modules``: what each of the files in ``entries`` exports, by name."""
    done: dict[Path, str] = {}
    texts: list[str] = []

    def collect(path: Path) -> str:
        """Write a module after those that it imports; the name under which it can be found."""
        if path in done:
            return done[path]
        body = _content(path, collect)
        done[path] = f"module{len(done)}"
        texts.append(f"const {done[path]} = {body};\n")
        return done[path]

    found = ", ".join(f"{name}: {collect(path.resolve())}" for name, path in entries.items())
    return f"{''.join(texts)}export const modules = {{ {found} }};\n"


def _content(path: Path, collect: Callable[[Path], str]) -> str:
    """A module as an expression: an object of what it exports, or a text where it is no JavaScript."""
    if path.suffix == ".wasm":
        return f'{{ default: "{base64.b64encode(path.read_bytes()).decode("ascii")}" }}'
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".css":
        return f"{{ default: {json.dumps(_COMMENT.sub('', _REMARKS.sub('', text)))} }}"

    def imported(match: re.Match[str]) -> str:
        names, where = match.groups()
        module = collect((path.parent / where).resolve())
        names = names.replace(" as ", ": ") if names.startswith("{") else f"{{ default: {names} }}"
        return f"const {names} = {module};\n"

    text = IMPORT.sub(imported, text)
    exported = _EXPORT.findall(text)
    text = re.sub(r"^export default ", "const defaultExport = ", text, count=1, flags=re.MULTILINE)
    if "const defaultExport = " in text:
        exported.append("default: defaultExport")
    text = re.sub(r"^export (?=async function|function|class|const|let)", "", text, flags=re.MULTILINE)
    if re.search(r"^(import|export) ", text, re.MULTILINE):
        raise ValueError(f"{path.name} imports or exports in a form that is not understood here")
    text = _COMMENT.sub("", text)
    return f"(() => {{\n{text}return {{ {', '.join(exported)} }};\n}})()"
