"""Omniglot's archives (Lake, Salakhutdinov & Tenenbaum, 2015; MIT licence): where they are, and what is in them."""

import hashlib
import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from maml_engine.io.arrays import StorageError, load_arrays, save_arrays
from maml_engine.io.download import NotAvailable, download
from maml_engine.io.pictures.archive import Archive
from maml_engine.io.pictures.opening import read_picture
from maml_engine.runtime.paths import data_folder, home_folder

SIZE = 28  # of the pictures, as in the papers; scaled down from 105 by Lanczos
SOURCE = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python"


class Published(NamedTuple):
    """One of the archives, as its authors publish it: under its name, below `SOURCE`.

    md5: of the file. One of a user's own may be packed otherwise, and is judged by what it holds.
    characters: how many it holds.
    """

    md5: str
    characters: int


ARCHIVES = {
    "images_background.zip": Published("68d2efa1b9178cc56df9314c21c6e718", 964),
    "images_evaluation.zip": Published("6b91aef0f799c5bb55b94e3f2daec811", 659),
}
RUNS = "one_shot_all_runs.zip"
PICTURE = re.compile(r"(?:.*/)?(?P<alphabet>[^/]+)/(?P<character>character\d+)/(?P<number>\d+)_(?P<drawer>\d+)\.png")


class Characters(NamedTuple):
    """All characters, those of one alphabet side by side.

    images: uint8 `[pictures, SIZE, SIZE, 1]`, ink 255, on the device.
    first: int32 `[characters]`, where each one's pictures begin.
    count: int32 `[characters]`, how many it has: one of each of twenty people.
    names: of each, "alphabet/character07".
    is_background: bool `[characters]`, whether it is of the background set of 30 alphabets.
    """

    images: Any
    first: np.ndarray
    count: np.ndarray
    names: tuple[str, ...]
    is_background: np.ndarray


def characters() -> Characters:
    """Omniglot, from `MAML_LAB_DATA`/omniglot or downloaded; kept ready in `MAML_LAB_HOME`, and in memory once.

    Raises:
      StorageError: it is not here and cannot be had, or an archive is not what it must be.
    """
    paths = tuple(find_archive(name) for name in ARCHIVES)
    return _characters(paths, tuple((path.stat().st_size, path.stat().st_mtime_ns) for path in paths))


def are_at_hand() -> bool:
    """Whether all archives are on this machine, so that `characters` downloads nothing."""
    return all(_at_hand(name) for name in ARCHIVES)


def _folders() -> list[Path]:
    """Where archives may lie: a user's own, then downloaded ones."""
    return [data_folder() / "omniglot", home_folder() / "data" / "omniglot"]


def _at_hand(name: str) -> Path | None:
    """Where an archive lies on this machine; None where it does not."""
    names = (name, "all_runs.zip") if name == RUNS else (name,)
    return next((folder / one for folder in _folders() for one in names if (folder / one).is_file()), None)


def find_archive(name: str) -> Path:
    """Where an archive is, downloaded if need be.

    Raises:
      StorageError: it is not here and cannot be had, with what to do.
    """
    if place := _at_hand(name):
        return place
    folders = _folders()
    address = f"{SOURCE}/{name}" if name in ARCHIVES else f"{SOURCE}/one-shot-classification/all_runs.zip"
    if name in ARCHIVES:
        try:
            download(address, folders[1] / name, md5=ARCHIVES[name].md5)
            return folders[1] / name
        except NotAvailable as error:
            reason = f" ({error})"
    else:
        reason = ""
    raise StorageError(
        f"Omniglot is not on this machine{reason}: put {name} into {folders[0]} (MAML_LAB_DATA names the folder above), from "
        f"{address}."
    )


@lru_cache(maxsize=1)
def _characters(paths: tuple[Path, ...], stamps: tuple[tuple[int, int], ...]) -> Characters:
    del stamps  # a file that was replaced is read anew
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    ready = home_folder() / "cache" / f"omniglot-{SIZE}-{digest.hexdigest()[:16]}.safetensors"
    try:
        arrays, facts = load_arrays(ready)
    except StorageError:  # not there, or damaged
        arrays, facts = _read(paths)
        save_arrays(ready, arrays, facts)
    images = np.frombuffer(zlib.decompress(arrays["images"].tobytes()), np.uint8).reshape(-1, SIZE, SIZE, 1)
    count = arrays["count"]
    first = np.cumsum([0, *count[:-1]]).astype(np.int32)
    return Characters(jnp.asarray(images), first, count, tuple(facts["names"]), arrays["is_background"])


def _read(paths: tuple[Path, ...]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Packed bytes of all pictures, in the order of sets, alphabets, characters and people."""
    names: list[str] = []
    count: list[int] = []
    pieces: list[np.ndarray] = []
    for path in paths:
        expected = ARCHIVES[path.name].characters
        archive = Archive(path)
        found: dict[str, list[tuple[int, str]]] = {}
        for place in archive.names:
            if parts := PICTURE.fullmatch(place):
                found.setdefault(f"{parts['alphabet']}/{parts['character']}", []).append((int(parts["drawer"]), place))
        if len(found) != expected:
            raise StorageError(f"{path} must hold the pictures of {expected} characters, got {len(found)}.")
        for name in sorted(found):
            drawn = [scaled(archive.read(place), place) for _, place in sorted(found[name])]
            names.append(name)
            count.append(len(drawn))
            pieces.append(np.stack(drawn))
    packed = np.frombuffer(zlib.compress(np.concatenate(pieces).tobytes()), np.uint8)
    sets = np.repeat([True, False], [published.characters for published in ARCHIVES.values()])
    return {"images": packed, "count": np.array(count, np.int32), "is_background": sets}, {"names": names}


def scaled(content: bytes, name: str) -> np.ndarray:
    """A drawing as the networks see it, uint8 `[SIZE, SIZE, 1]`: ink, which the file has as 0, is 255."""
    return 255 - read_picture(content, name, size=SIZE)


def runs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The authors' one-shot classification: twenty runs, each of twenty characters of one alphabet, drawn by two people.

    Returns:
      Known pictures `[runs, 20, SIZE, SIZE, 1]`, one of each class; asked ones, likewise; and their classes, int `[runs, 20]`.

    Raises:
      StorageError: the archive is not here, or not what it must be.
    """
    path = find_archive(RUNS)
    archive = Archive(path)
    labels = sorted(place for place in archive.names if place.endswith("class_labels.txt"))
    if not labels:
        raise StorageError(f"{path} must hold runs with their class_labels.txt, got none.")
    known, asked, classes = (np.stack(part) for part in zip(*(_run(archive, place) for place in labels), strict=True))
    return known, asked, classes


def _run(archive: Archive, labels: str) -> Iterator[np.ndarray]:
    """One run's known pictures, asked ones, and classes."""
    folder = labels.rpartition("run")[0]
    pairs = [line.split() for line in archive.read(labels).decode().splitlines() if line.strip()]
    known = sorted({right for _, right in pairs})
    yield np.stack([scaled(archive.read(folder + place), place) for place in known])
    yield np.stack([scaled(archive.read(folder + place), place) for place, _ in pairs])
    yield np.array([known.index(right) for _, right in pairs])
