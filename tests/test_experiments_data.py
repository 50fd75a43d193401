"""The data of the experiments: real formats read, wrong files refused by name, nothing fetched unasked."""

from __future__ import annotations

import gzip
import hashlib
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from letkeman_viz.experiments import data
from letkeman_viz.experiments.data import DataError, Source, load, read_idx

COUNT = 6
IMAGES = np.random.default_rng(1).integers(0, 256, (COUNT, 28, 28)).astype(np.uint8)
LABELS = np.arange(COUNT, dtype=np.uint8)
PLAY = "\ufeffHamlet.\nTo be, or not to be\n"


def idx(array: np.ndarray) -> bytes:
    """The array as the MNIST files hold it."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def source(path: str, content: bytes) -> Source:
    total = hashlib.sha256(content).hexdigest()
    return Source(path, f"https://example.invalid/{path}", total, total)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with small files of the real formats, whose sums are known."""
    contents = {
        "mnist/train-images-idx3-ubyte.gz": idx(IMAGES),
        "mnist/train-labels-idx1-ubyte.gz": idx(LABELS),
        "hamlet.txt": PLAY.encode(),
    }
    (tmp_path / "mnist").mkdir()
    for path, content in contents.items():
        packed = gzip.compress(content) if path.endswith(".gz") else content
        (tmp_path / path).write_bytes(packed)
    known = {
        name: tuple(source(s.path, contents[s.path]) for s in data.SOURCES[name]) for name in data.SOURCES
    }
    monkeypatch.setattr(data, "SOURCES", known)
    monkeypatch.setenv(data.FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def test_images_and_labels_are_those_of_the_files(folder: Path) -> None:
    found = load("mnist", 4)
    np.testing.assert_array_equal(found.images, IMAGES[:4])
    np.testing.assert_array_equal(found.labels, LABELS[:4])
    assert found.white == 255.0
    assert found.sha256 != load("mnist").sha256


def test_a_text_is_its_letters_without_the_byte_order_mark(folder: Path) -> None:
    found = load("hamlet", 7)
    assert "".join(found.symbols[code] for code in found.codes) == "Hamlet."
    assert found.symbols == "".join(sorted(set(PLAY) - {"\ufeff"}))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def alter(path: Path) -> None:
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    path.write_bytes(changed)


def recompress_other_content(path: Path) -> None:
    path.write_bytes(gzip.compress(idx(IMAGES[::-1].copy())))


@pytest.mark.parametrize("harm", [cut, alter, recompress_other_content])
def test_a_harmed_file_is_refused_by_name(folder: Path, harm: Callable[[Path], None]) -> None:
    path = folder / "mnist/train-images-idx3-ubyte.gz"
    harm(path)
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz is (truncated|not the published)"):
        load("mnist")


def test_a_harmed_text_is_refused_by_name(folder: Path) -> None:
    cut(folder / "hamlet.txt")
    with pytest.raises(DataError, match=r"hamlet\.txt is not the published file"):
        load("hamlet")


def test_content_compressed_by_another_program_is_taken(folder: Path) -> None:
    path = folder / "mnist/train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(idx(IMAGES), compresslevel=1, mtime=7))
    assert len(load("mnist")) == COUNT


@pytest.mark.parametrize(
    "raw", [b"", b"\0\0\x08", b"\0\0\x08\x01\0\0\0\x05abc", b"\0\0\x0d\x01\0\0\0\x01abcd"]
)
def test_what_is_no_idx_file_of_bytes_is_refused(raw: bytes) -> None:
    with pytest.raises(DataError, match="labels is not a whole IDX file"):
        read_idx(raw, "labels")


def test_a_missing_file_says_what_to_put_where(folder: Path) -> None:
    (folder / "mnist/train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError) as refused:
        load("mnist")
    for words in (
        str(folder / "mnist/train-labels-idx1-ubyte.gz"), "https://", "LETKEMAN_VIZ_DATA", "--data digits",
    ):  # fmt: skip
        assert words in str(refused.value)


def test_more_than_there_is_cannot_be_had(folder: Path) -> None:
    with pytest.raises(ValueError, match="amount of mnist is 7; choose a whole number from 1 to 6"):
        load("mnist", 7)


@pytest.fixture
def cache(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No data folder is named; the cache folder is an empty one."""
    monkeypatch.delenv(data.FOLDER_VARIABLE)
    empty = tmp_path / "cache"
    monkeypatch.setattr(data, "cache_folder", lambda: empty)
    return empty


def test_without_leave_to_fetch_nothing_is_fetched(cache: Path) -> None:
    with pytest.raises(DataError, match=r"hamlet\.txt is not on this machine"):
        load("hamlet", fetch=False)
    assert not cache.exists()


def serve(folder: Path, monkeypatch: pytest.MonkeyPatch, wrong: bool = False) -> list[str]:
    """Let pooch's own downloader copy from ``folder``; returns the addresses it was asked for."""
    import pooch

    asked: list[str] = []

    def download(url: str, output_file: str, caller: object) -> None:
        asked.append(url)
        content = (folder / url.removeprefix("https://example.invalid/")).read_bytes()
        Path(output_file).write_bytes(content[: -1 if wrong else None])

    monkeypatch.setattr(pooch.core, "choose_downloader", lambda url, progressbar=False: download)
    return asked


def test_a_file_is_fetched_once_and_then_found(
    cache: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = serve(folder, monkeypatch)
    assert len(load("hamlet")) == len(load("hamlet", fetch=False)) == len(PLAY) - 1
    assert asked == ["https://example.invalid/hamlet.txt"]


def test_a_fetched_file_with_a_wrong_sum_is_not_kept(
    cache: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(folder, monkeypatch, wrong=True)
    with pytest.raises(DataError, match=r"could not fetch .*hamlet\.txt"):
        load("hamlet")
    assert not (cache / "hamlet.txt").exists()


def test_offline_the_refusal_says_how_to_do_without(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pooch

    def download(url: str, output_file: str, caller: object) -> None:
        raise OSError("no network here")

    monkeypatch.setattr(pooch.core, "choose_downloader", lambda url, progressbar=False: download)
    with pytest.raises(DataError, match=r"no network here.*LETKEMAN_VIZ_DATA.*--data excerpt"):
        load("hamlet")


def test_digits_and_the_excerpt_need_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(data.FOLDER_VARIABLE, "/nowhere")
    digits, excerpt = load("digits"), load("excerpt")
    assert digits.images.shape == (1797, 28, 28)
    assert digits.images.max() == digits.white == 16
    assert excerpt.codes.max() == len(excerpt.symbols) - 1
    assert "Who's there?" in "".join(excerpt.symbols[code] for code in excerpt.codes)


def test_without_scikit_learn_the_refusal_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['sklearn.datasets'] = None\n"
        "from letkeman_viz.experiments.data import load\n"
        "try: load('digits')\nexcept Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install scikit-learn" in done.stdout


def test_every_published_file_has_two_sums_and_a_fixed_version() -> None:
    for known in (s for group in data.SOURCES.values() for s in group):
        assert len(known.file_sum) == len(known.content_sum) == 64
        assert known.url.startswith("https://raw.githubusercontent.com/")
        assert any(len(part) == 40 for part in known.url.split("/"))  # a commit, not a branch
