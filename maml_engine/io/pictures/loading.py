"""Described pictures as bytes of one size, when they are asked for: a pool of classes, or one after the other."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from maml_engine.checks import check_choice, check_number, counted
from maml_engine.io.arrays import text_digest
from maml_engine.io.pictures.description import SMALLEST_SIZE, LeftOut, PictureSet, left_out
from maml_engine.io.pictures.ink import cleaned, with_ink
from maml_engine.io.pictures.layouts import without_top
from maml_engine.io.pictures.limits import UnusableFile, megabytes
from maml_engine.io.pictures.opening import read_picture
from maml_engine.runtime.parallel import parallel_map

COLOURS = ("auto", "grey", "colour")
MAX_SIZE = 1024
AT_ONCE = 64  # pictures of one piece of work


class Pixels(NamedTuple):
    """Pictures as they were asked for.

    images: uint8 `[pictures, size, size, channels]`, 1 channel or 3; drawings with ink 255.
    paths: of each.
    left_out: those that could not be decoded.
    digest: SHA-256 of all files' contents and paths, those that were left out among them.
    """

    images: np.ndarray
    paths: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    digest: str


class Pool(NamedTuple):
    """Classes of pictures, those of a class side by side.

    images: uint8 `[pictures, size, size, channels]`; drawings with ink 255.
    first: int32 `[classes]`, the first picture of each class.
    count: int32 `[classes]`, its pictures.
    names: of the classes.
    splits: of the classes; "" where nothing says it.
    left_out: pictures and classes that are not used.
    digest: SHA-256 of all files' contents and paths.
    """

    images: np.ndarray
    first: np.ndarray
    count: np.ndarray
    names: tuple[str, ...]
    splits: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    digest: str


def load_pool(pictures: PictureSet, *, size: int | None = None, colour: str = "auto", min_pictures: int = 1) -> Pool:
    """The classes of described pictures, decoded.

    Args:
      pictures: with classes.
      size: side to scale them to; None takes theirs (`PictureSet.size`).
      colour: "grey", "colour", or "auto" for what they are.
      min_pictures: a class that has fewer once all are decoded is left out, and named.

    Raises:
      ValueError: no classes, a size out of range, or more bytes than are allowed.
    """
    pictures.check_classes(1)
    pixels = load_pixels(pictures, size=size, colour=colour)
    places = {path: place for place, path in enumerate(pixels.paths)}
    order: list[int] = []
    kept, small = [], []
    for one in pictures.classes:
        members = [places[path] for path in one.paths if path in places]
        if len(members) < max(1, min_pictures):
            small.append(one.name)
            continue
        kept.append((one.name, one.split, len(order), len(members)))
        order += members
    out = list(pixels.left_out)
    if small:
        out.append(left_out(small, "class", f"of fewer than {counted(max(1, min_pictures), 'picture')}", "classes"))
    is_all = order == list(range(len(pixels.images)))
    return Pool(
        images=pixels.images if is_all else pixels.images[order],
        first=np.array([first for _, _, first, _ in kept], np.int32),
        count=np.array([count for _, _, _, count in kept], np.int32),
        names=tuple(name for name, _, _, _ in kept),
        splits=tuple(split for _, split, _, _ in kept),
        left_out=tuple(out),
        digest=pixels.digest,
    )


def load_pixels(pictures: PictureSet, *, size: int | None = None, colour: str = "auto", clean: bool = False) -> Pixels:
    """Described pictures, decoded, class by class and then those without a class; one that cannot be is left out and named.

    Args:
      pictures: as they were described.
      size: side to scale them to; None takes theirs.
      colour: "grey", "colour", or "auto" for what they are.
      clean: whether drawings are set on clean paper, as photographs of drawings need.

    Raises:
      ValueError: a size out of range, or more bytes than are allowed.
    """
    size, paths = pictures.size if size is None else size, pictures.paths
    check_number("size", size, low=SMALLEST_SIZE, high=MAX_SIZE, integer=True)
    check_choice("colour", colour, COLOURS)
    has_colour = not pictures.look.is_grey if colour == "auto" else colour == "colour"
    shape = (len(paths), int(size), int(size), 3 if has_colour else 1)
    if (needed := int(np.prod(shape))) > pictures.found.limits.pool_bytes:
        raise ValueError(
            f"The pictures must take at most {megabytes(pictures.found.limits.pool_bytes)} of memory, got {megabytes(needed)} "
            f"({shape[0]:,} of {size} x {size}{' in colour' if has_colour else ''}): make `size` smaller, or hand over fewer."
        )
    images = np.zeros(shape, np.uint8)
    digests = dict.fromkeys(pictures.found.paths, "")

    def decode(places: Sequence[int]) -> list[tuple[int, str]]:
        broken = []
        for place in places:
            path = paths[place]
            try:
                content = pictures.found.files.read(path)
                digests[path] = hashlib.sha256(content).hexdigest()
                images[place] = _decoded(content, path, pictures, size=int(size), has_colour=has_colour, clean=clean)
            except UnusableFile as error:
                broken.append((place, str(error)))
        return broken

    pieces = [range(start, min(start + AT_ONCE, shape[0])) for start in range(0, shape[0], AT_ONCE)]
    broken = dict(found for piece in parallel_map(decode, pieces) for found in piece)
    out = [LeftOut((paths[place],), sentence) for place, sentence in broken.items()]
    kept = [place for place in range(shape[0]) if place not in broken]
    images = images[kept] if broken else images
    return Pixels(images, tuple(paths[place] for place in kept), (*pictures.left_out, *out), _digest(pictures, digests))


def _decoded(content: bytes, path: str, pictures: PictureSet, *, size: int, has_colour: bool, clean: bool) -> np.ndarray:
    look = pictures.look
    picture = read_picture(content, path, size=size, colour=has_colour, whole=look.is_drawing, limits=pictures.found.limits)
    if not look.is_drawing:
        return picture
    picture = with_ink(picture, look.ink)
    return cleaned(picture) if clean and not has_colour else picture


def _digest(pictures: PictureSet, digests: dict[str, str]) -> str:
    """Of what was handed over: the same for a folder and a zip of it, packed anyhow, and however it is laid out in classes."""
    found = pictures.found
    for path, digest in digests.items():
        if not digest:
            try:
                digests[path] = hashlib.sha256(found.files.read(path)).hexdigest()
            except UnusableFile as error:
                digests[path] = str(error)
    parts = without_top(list(digests))[1]
    lines = [f"{digest}  {'/'.join(part)}\n" for part, digest in zip(parts, digests.values(), strict=True)]
    lines += [f"{text_digest(repr(rows.cells))}  {rows.path.rpartition('/')[2]}\n" for rows in found.lists]
    return text_digest("".join(sorted(lines)))
