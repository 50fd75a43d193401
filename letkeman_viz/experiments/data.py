"""The data of the experiments: found or fetched, checked, and read.

Files come from the folder that ``LETKEMAN_VIZ_DATA`` names; without it they are fetched once into a cache
folder (by pooch). Either way a file whose sum is wrong is refused by its name. Two kinds of data need no
file: scikit-learn's own small digits, and an excerpt of the play that comes with this package.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import checks

FOLDER_VARIABLE = "LETKEMAN_VIZ_DATA"
EXCERPT = Path(__file__).with_name("hamlet-excerpt.txt")
SIDE = 28  # pixels of an image
MAX_COUNT = 10**7

Bytes = NDArray[np.uint8]


class DataError(Exception):
    """Data is missing, or is not what it should be; the message says which file and what to do."""


@dataclass(frozen=True)
class Source:
    """A file: where it lies below the data folder, where it is published, and its sums (sha256)."""

    path: str
    url: str
    file_sum: str
    """Of the published file."""
    content_sum: str
    """Of what is in it, uncompressed: another program may have compressed the same content otherwise."""


_MNIST = "https://raw.githubusercontent.com/fgnt/mnist/ae608a02b796c9ee908c082585a5f006fe05258e/"
_QUOTES = "https://raw.githubusercontent.com/davidmcclure/quotes/1460a732091afb5f39d484a4644e8c05dd1af201/"

SOURCES = {
    "mnist": (
        Source(
            "mnist/train-images-idx3-ubyte.gz",
            _MNIST + "train-images-idx3-ubyte.gz",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        Source(
            "mnist/train-labels-idx1-ubyte.gz",
            _MNIST + "train-labels-idx1-ubyte.gz",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
    ),
    "hamlet": (
        Source(
            "hamlet.txt",
            _QUOTES + "data/hamlet.txt",
            "93e3a8423f32e02d18c9baa8017e423b7722a4800f9bd87660594a9c0814e520",
            "93e3a8423f32e02d18c9baa8017e423b7722a4800f9bd87660594a9c0814e520",
        ),
    ),
}


@dataclass(frozen=True, eq=False)
class Images:
    """Handwritten digits: ``images`` uint8 (N, 28, 28) from 0 to ``white``, ``labels`` uint8 (N,)."""

    name: str
    images: Bytes
    labels: Bytes
    white: float

    def __len__(self) -> int:
        return len(self.images)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.images.tobytes() + self.labels.tobytes()).hexdigest()


@dataclass(frozen=True, eq=False)
class Text:
    """A text: ``codes`` uint8 (N,) are places in ``symbols``, which are all characters that may occur."""

    name: str
    codes: Bytes
    symbols: str

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.symbols.encode() + self.codes.tobytes()).hexdigest()


def load(name: str, count: int | None = None, fetch: bool = True) -> Images | Text:
    """The first ``count`` images or characters of ``mnist``, ``digits``, ``hamlet`` or ``excerpt``.

    ``None`` for all there are. With ``fetch=False`` nothing is fetched from the internet, only looked for
    where it would be. Raises DataError when the data is not to be had or is not what it should be,
    ValueError when it is not so much.
    """
    checks.choice("data", name, DATA)
    whole = DATA[name](fetch)
    if count is None:
        return whole
    count = checks.integer(f"the amount of {name}", count, 1, len(whole))
    if isinstance(whole, Images):
        return Images(name, whole.images[:count].copy(), whole.labels[:count].copy(), whole.white)
    return Text(name, whole.codes[:count].copy(), whole.symbols)


def _mnist(fetch: bool) -> Images:
    images, labels = (content(source, fetch) for source in SOURCES["mnist"])
    names = [source.path for source in SOURCES["mnist"]]
    pictures, digits = read_idx(images, names[0]), read_idx(labels, names[1])
    if pictures.shape[1:] != (SIDE, SIDE) or digits.shape != pictures.shape[:1]:
        raise DataError(f"{names[0]} and {names[1]} do not fit: {pictures.shape} and {digits.shape}")
    return Images("mnist", pictures, digits, 255.0)


def read_idx(raw: bytes, name: str) -> Bytes:
    """The array in an IDX file of bytes; its header says how many dimensions there are, and how large."""
    dimensions = raw[3] if len(raw) > 3 and raw[:3] == b"\0\0\x08" else 0  # 8: unsigned bytes
    start = 4 + 4 * dimensions
    shape = tuple(int(n) for n in np.frombuffer(raw[4:start], ">u4")) if len(raw) >= start else ()
    if not shape or len(raw) - start != int(np.prod(shape, dtype=np.int64)):
        raise DataError(f"{name} is not a whole IDX file of bytes; get it again")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def _digits(fetch: bool) -> Images:
    """scikit-learn's 1,797 digits of 8x8 pixels, each pixel drawn as 3x3, with a margin of 2."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise DataError("--data digits needs scikit-learn: pip install scikit-learn") from error
    found = load_digits()
    large = np.kron(found.images.astype(np.uint8), np.ones((1, 3, 3), np.uint8))
    return Images("digits", np.pad(large, ((0, 0), (2, 2), (2, 2))), found.target.astype(np.uint8), 16.0)


def _hamlet(fetch: bool) -> Text:
    (source,) = SOURCES["hamlet"]
    return _text("hamlet", content(source, fetch).decode("utf-8-sig"))


def _excerpt(fetch: bool) -> Text:
    return _text("excerpt", EXCERPT.read_text(encoding="utf-8"))


def _text(name: str, text: str) -> Text:
    symbols = "".join(sorted(set(text)))
    place = {symbol: k for k, symbol in enumerate(symbols)}
    return Text(name, np.array([place[letter] for letter in text], dtype=np.uint8), symbols)


DATA: dict[str, Callable[[bool], Images | Text]] = {
    "mnist": _mnist,
    "digits": _digits,
    "hamlet": _hamlet,
    "excerpt": _excerpt,
}


def content(source: Source, fetch: bool) -> bytes:
    """What is in the file, uncompressed and checked."""
    path = _find(source, fetch)
    try:
        raw = path.read_bytes()
        plain = gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is truncated or damaged ({error}); delete it and get it again") from error
    if hashlib.sha256(plain).hexdigest() != source.content_sum:
        raise DataError(
            f"{path} is not the published file: the sha256 of its content is"
            f" {hashlib.sha256(plain).hexdigest()}, not {source.content_sum}; delete it and get it again"
        )
    return plain


def _find(source: Source, fetch: bool) -> Path:
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        path = Path(folder).expanduser() / source.path
        if not path.is_file():
            raise DataError(f"there is no file {path}. {_advice(source)}")
        return path
    cached = cache_folder()
    if cached is not None and (cached / source.path).is_file():
        return cached / source.path
    if not fetch:
        raise DataError(f"{source.path} is not on this machine. {_advice(source)}")
    if cached is None:
        raise DataError(f"fetching {source.path} needs pooch: pip install pooch. {_advice(source)}")
    return _fetch(source, cached)


def cache_folder() -> Path | None:
    """Where fetched files are kept; None without pooch, which knows where that is on each system."""
    try:
        import pooch
    except ImportError:
        return None
    return Path(pooch.os_cache("letkeman-viz"))


def _fetch(source: Source, folder: Path) -> Path:
    import pooch

    target = folder / source.path
    try:
        got: Any = pooch.retrieve(
            source.url, known_hash=f"sha256:{source.file_sum}", fname=target.name, path=target.parent
        )
    except (OSError, ValueError) as error:  # no connection; another file than was published
        raise DataError(f"could not fetch {source.url}: {error}. {_advice(source)}") from error
    return Path(got)


def _advice(source: Source) -> str:
    other = "excerpt" if source.path.endswith(".txt") else "digits"
    return (
        f"Put the file from {source.url} at {source.path} in a folder of your choice and set"
        f" {FOLDER_VARIABLE} to that folder; or do without it: --data {other}"
    )
