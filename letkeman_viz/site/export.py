"""The chapters as a folder of static HTML that works from a USB stick and from any web server."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ..explorables.page_tools import PageTools
from ..explorables.standalone import standalone
from ..explorers.offline import record
from ..widgets.standalone import standalone as standalone_recorded
from .chapters import Listed, listed, packaged_folder
from .export_chapter import ChapterError, Output, run
from .export_folder import FolderError, checked_target, replacing
from .export_pages import Pages, data, data_file, page_file

Say = Callable[[str], None]
SINGLE = "single"


class ExportError(Exception):
    """Something that keeps the export from being made: shown as one line, exit code 2."""


def export(
    out: Path,
    names: Sequence[str] | None = None,
    single_files: bool = False,
    folder: Path | None = None,
    say: Say = lambda _: None,
) -> Path:
    """Write the chapters to the folder ``out``, as a whole or not at all; return it as an absolute path.

    ``names`` are chapters by number or name, in any order, None for all; ``folder`` holds the notebooks
    (those of this installation if None). ``single_files`` adds a folder ``single``, a file an explorable.
    ``say`` is called with a line whenever there is something to tell. Raises :class:`ExportError`.
    """
    folder = folder or packaged_folder()
    try:
        chosen = choose(listed(folder, lambda chapter: page_file(chapter.path)), names)
        target = checked_target(out)
        with replacing(target) as made:
            _write(made, folder, chosen, single_files, say)
            alone = _size(made / SINGLE)
            shared = _size(made) - alone
    except (FolderError, ChapterError) as error:
        raise ExportError(str(error)) from error
    say(f"letkeman-viz: {target} is ready, {shared / 1e6:.1f} MB; open {target / 'index.html'}")
    if single_files:
        say(f"letkeman-viz: {target / SINGLE} holds each explorable as a file, {alone / 1e6:.1f} MB in all")
    return target


def choose(available: Sequence[Listed], names: Sequence[str] | None) -> list[Listed]:
    """The chapters that ``names`` mean, in reading order and counted anew.

    A name is a chapter's number, its title, or its file name with or without number and ending. Raises
    :class:`ExportError` for a name that means none.
    """
    if names is None:
        return list(available)
    known = ", ".join(f"{chapter.number} ({chapter.title})" for chapter in available)
    for name in names:
        if not any(_means(name, chapter) for chapter in available):
            raise ExportError(f"there is no chapter {name!r}; the chapters are {known}")
    chosen = [chapter for chapter in available if any(_means(name, chapter) for name in names)]
    return [replace(chapter, number=number) for number, chapter in enumerate(chosen, start=1)]


def _means(name: str, chapter: Listed) -> bool:
    wanted, stem = name.strip().lower(), Path(chapter.path).stem.lower()
    called = {chapter.path.lower(), stem, stem.partition("-")[2], chapter.title.lower()} - {""}
    return wanted in called or (wanted.isdigit() and int(wanted) == chapter.number)


def _write(made: Path, folder: Path, chosen: Sequence[Listed], single_files: bool, say: Say) -> None:
    """All files, into the empty folder ``made``."""
    pages = Pages(chosen)
    singles = []
    for chapter in chosen:
        say(f"letkeman-viz: writing chapter {chapter.number} of {len(chosen)}, {chapter.title} ...")
        begun = time.perf_counter()
        parts = run(folder / chapter.path)
        shown = [part for part in parts if isinstance(part, Output)]
        recorded = [part.view for part in shown if not part.is_live]
        if recorded:
            _put(made / data_file(chapter), data(record(recorded)))
        _put(made / page_file(chapter.path), pages.chapter(chapter, parts))
        if single_files:
            singles.append((chapter, _write_singles(made / SINGLE, chapter, shown)))
        say(f"letkeman-viz: written in {time.perf_counter() - begun:.0f} s")
    for name, content in pages.assets().items():  # last: the font has the signs of all formulas
        _put(made / name, content)
    _put(made / "index.html", pages.landing())
    if single_files:
        _put(made / SINGLE / "index.html", pages.singles(singles))


def _write_singles(folder: Path, chapter: Listed, shown: Sequence[Output]) -> list[tuple[str, str, str]]:
    """A file for each explorable of a chapter; (title, file name, size) of each."""
    written = []
    # The tools of a page are nothing without one.
    parts = [part for part in shown if not isinstance(part.view, PageTools)]
    headings = [part.heading or chapter.title for part in parts]
    for k, (part, heading) in enumerate(zip(parts, headings, strict=True)):
        alike = f", part {headings[: k + 1].count(heading)}" if headings.count(heading) > 1 else ""
        title = heading + alike
        words = "-".join(re.findall(r"\w+", heading.lower()))
        name = f"{chapter.path.partition('-')[0]}-{part.number}-{words}.html"
        _put(folder / name, _single(part, title))
        written.append((title, name, f"{(folder / name).stat().st_size / 1e6:.1f} MB"))
    return written


def _single(part: Output, title: str) -> str:
    """One explorable as a page of its own."""
    if part.is_live:
        return standalone([part.view], title)
    return standalone_recorded([part.view], title, record([part.view]))


def _size(folder: Path) -> int:
    """Bytes of all files in ``folder``."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _put(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="\n")
