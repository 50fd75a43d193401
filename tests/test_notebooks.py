"""Every chapter: it runs, it is stored clean, and it keeps to the manners of the house."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
CHAPTERS = sorted(FOLDER.glob("*.ipynb"))
MAX_LINES = 6

# What makes a browser fetch something: an address in an attribute or a picture, not one in the prose.
LOADED = re.compile(
    r"""
    (?: src | srcset | data | poster ) \s*=\s* ["']? \s* (?:https?:)?//
    | !\[ [^\]]* \] \( \s* (?:https?:)?//
    | url\( \s* ["']? (?:https?:)?//
    | @import | <link\b | <script\b | <iframe\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def of_type(notebook: nbformat.NotebookNode, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def notebook(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def test_there_is_the_first_chapter() -> None:
    assert "02-doing-it-wrong" in [path.stem for path in CHAPTERS]


def test_it_runs_and_shows_a_widget_for_every_explorable(notebook: nbformat.NotebookNode) -> None:
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown = [
        output.data
        for cell in of_type(notebook, "code")
        for output in cell.outputs
        if output.output_type in ("display_data", "execute_result")
    ]
    assert len(shown) >= 1
    assert all("application/vnd.jupyter.widget-view+json" in data for data in shown)
    printed = [
        output
        for cell in of_type(notebook, "code")
        for output in cell.outputs
        if output.output_type == "stream"
    ]
    assert printed == []  # no warning either


def test_it_is_valid_and_stored_without_outputs(path: Path, notebook: nbformat.NotebookNode) -> None:
    nbformat.validate(notebook)
    for cell in of_type(notebook, "code"):
        assert cell.outputs == []
        assert cell.execution_count is None
    assert "widgets" not in notebook.metadata
    assert path.stat().st_size < 100_000


def test_any_python_3_kernel_opens_it(notebook: nbformat.NotebookNode) -> None:
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.kernelspec.get("language", "python") == "python"


def test_it_starts_with_its_title(notebook: nbformat.NotebookNode) -> None:
    assert notebook.cells[0].cell_type == "markdown"
    assert re.match(r"# \S", notebook.cells[0].source)
    headings = [line for cell in of_type(notebook, "markdown") for line in prose_lines(cell.source)]
    assert sum(bool(re.match(r"# ", line)) for line in headings) == 1


def prose_lines(source: str) -> list[str]:
    """The lines of a markdown cell that are not code."""
    return re.sub(r"^```.*?^```", "", source, flags=re.DOTALL | re.MULTILINE).splitlines()


def test_code_is_a_call_not_a_program(notebook: nbformat.NotebookNode) -> None:
    code = [cell.source for cell in of_type(notebook, "code")]
    assert code
    assert all(len(source.strip().splitlines()) <= MAX_LINES for source in code)
    assert all(source.strip() for source in code)
    assert any("from letkeman_viz" in source for source in code)


def test_no_figure_widget(notebook: nbformat.NotebookNode) -> None:
    assert not any("FigureWidget" in cell.source for cell in notebook.cells)


def test_nothing_is_loaded_from_elsewhere(notebook: nbformat.NotebookNode) -> None:
    loaded = [match.group() for cell in notebook.cells for match in LOADED.finditer(cell.source)]
    assert loaded == []


def test_questions_come_before_answers_that_are_folded(notebook: nbformat.NotebookNode) -> None:
    text = "\n".join(cell.source for cell in of_type(notebook, "markdown"))
    assert text.count("<details>") == text.count("</details>") == text.count("<summary>") >= 1
    assert "<details open" not in text


def test_the_code_it_gives_to_try_works(notebook: nbformat.NotebookNode) -> None:
    """Code blocks in the prose are for the reader's own notebook: they must run as they stand."""
    text = "\n".join(cell.source for cell in of_type(notebook, "markdown"))
    for code in re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
