"""B3: files of learners with bits flipped at 2,000 places, cut, removed, swapped; other shapes, NaN, digests made to fit."""

import functools
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.bad_inputs import TABLES, files_of
from benchmarks.faults.tries import Tries
from benchmarks.measuring import ROOT
from tests.zips import unzipped, zipped

SHIPPED = {
    "waves": ROOT / "maml_engine/pretrained/sinusoid_maml",
    "pictures": ROOT / "maml_engine/pretrained/glyphs_protonet",
    "table": TABLES / "patients" / "learner",
}
PLACES = 2000


def figures(quick: bool) -> Iterator[dict[str, Any]]:
    """Two figures a kind of learner: changes by chance, which a digest shows, and by somebody who makes the digest fit."""
    for kind in SHIPPED:
        yield flipped(kind, 40 if quick else PLACES // len(SHIPPED))
        yield forged(kind)


def flipped(kind: str, places: int) -> dict[str, Any]:
    """One bit at so many places, and each file cut, removed, or that of another learner: none opens as something else."""
    files, rng, tries = (
        files_of(SHIPPED[kind]),
        random.Random(kind),
        Tries("B3", f"learner of {kind}: bits flipped, files cut, swapped, gone"),
    )
    other = files_of(SHIPPED["waves" if kind == "pictures" else "pictures"])
    for seed in range(places):
        name = rng.choice(list(files))
        content = bytearray(files[name])
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        _opens_as_it_was(files, name, bytes(content), tries=tries, seed=f"{name} {seed}")
    for name, content in files.items():
        for length in (0, 1, 7, 8, 9, len(content) // 2, len(content) - 1):
            _opens_as_it_was(files, name, content[:length], tries=tries, seed=f"{name} cut at {length}")
        _opens_as_it_was(files, name, None, tries=tries, seed=f"without {name}")
        for theirs, part in other.items():
            _opens_as_it_was(files, name, part, tries=tries, seed=f"{name} is {theirs} of another")
    return tries.figure()


def forged(kind: str) -> dict[str, Any]:
    """Whoever can compute a digest: arrays of huge shapes, of other kinds, NaN; a description within that is another one."""
    from maml_engine.io.arrays import pack_arrays, parse_arrays

    files, tries = files_of(SHIPPED[kind]), Tries("B3", f"learner of {kind}: forged, with a digest that fits")
    name = next(each for each in files if each.endswith(".safetensors"))
    arrays, facts = parse_arrays(files[name], Path(name))
    for changed in arrays:
        for make in CHANGES:
            try:
                content = pack_arrays(arrays | {changed: make(arrays[changed])}, facts)
            except (ValueError, TypeError):
                continue
            _opens(files | {name: content}, tries, f"{changed}: {make.__name__}")
        _opens(
            files | {name: pack_arrays({k: v for k, v in arrays.items() if k != changed}, facts)}, tries, f"without {changed}"
        )
    for key in facts:
        for value in (None, -1, 10**9, 10**12, "x", [], {}, [[10**9] * 3, True], {"method": "__import__('os')"}):
            _opens(files | {name: pack_arrays(arrays, facts | {key: value})}, tries, f"{key} is {value}")
        _opens(files | {name: pack_arrays(arrays, {k: v for k, v in facts.items() if k != key})}, tries, f"without {key}")
    return tries.figure()


def huge(array: np.ndarray) -> np.ndarray:
    """The same numbers under one more axis."""
    return np.broadcast_to(array, (3, *array.shape)).copy()


def nan(array: np.ndarray) -> np.ndarray:
    """No number."""
    return np.full(array.shape, np.nan, np.float32)


def whole(array: np.ndarray) -> np.ndarray:
    """Whole numbers."""
    return array.astype(np.int64)


def nothing(array: np.ndarray) -> np.ndarray:
    """None of them."""
    return np.zeros((0,), array.dtype)


CHANGES: tuple[Callable[[np.ndarray], np.ndarray], ...] = (huge, nan, whole, nothing)


def _opens(files: dict[str, bytes], tries: Tries, seed: str) -> None:
    from dashboard.runs import open_learner

    tries.one(functools.partial(open_learner, zipped(files)), seed)


def _opens_as_it_was(files: dict[str, bytes], name: str, content: bytes | None, *, tries: Tries, seed: str) -> None:
    """Either it is refused, or what opens is what was saved."""
    from dashboard.downloads.files import learner_zip
    from dashboard.runs import open_learner

    changed = {each: part for each, part in files.items() if each != name} | ({} if content is None else {name: content})

    def open_and_compare() -> None:
        learner = open_learner(zipped(changed))
        again = {each: part for each, part in unzipped(learner_zip(learner)).items() if each in files}
        for each, part in again.items():
            if not _same(part, files[each]):
                raise AssertionError(f"{each} opens as something else")

    tries.one(open_and_compare, seed)


def _same(one: bytes, other: bytes) -> bool:
    """Bytes, or JSON that says the same in another order."""
    try:
        return one == other or json.loads(one) == json.loads(other)
    except ValueError:
        return False
