"""What somebody's pictures are, in plain words and numbers; nothing here is decoded."""

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from maml_engine.checks import check_choice, counted, listed, shown
from maml_engine.io.pictures.files import Files
from maml_engine.io.pictures.ink import INKS, Look
from maml_engine.io.pictures.layouts import LAYOUTS
from maml_engine.io.pictures.limits import Limits
from maml_engine.io.pictures.lists import Rows

DRAWING_SIZE, PHOTO_SIZE, SMALLEST_SIZE = 28, 84, 8  # sides that the field uses, and the least


class PictureClass(NamedTuple):
    """One class.

    name: as its folder or label says.
    split: "train", "validation" or "test"; "" where nothing says it.
    paths: of its pictures, in order.
    """

    name: str
    split: str
    paths: tuple[str, ...]


class LeftOut(NamedTuple):
    """What is not used.

    names: pictures' paths, or classes.
    sentence: which, and why.
    """

    names: tuple[str, ...]
    sentence: str


class Found(NamedTuple):
    """What holds under every layout.

    files: what holds the pictures.
    limits: what is read at the most.
    paths: of all pictures, in order.
    lists: files that may say where pictures belong.
    left_out: what is no picture that can be used.
    notes: one sentence for each thing that was put right.
    sides: the shortest and the longest side of those that were measured, in pixels.
    """

    files: Files
    limits: Limits
    paths: tuple[str, ...]
    lists: tuple[Rows, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    sides: tuple[int, int]


@dataclass(frozen=True, eq=False)
class PictureSet:
    """Somebody's pictures, by class.

    found: what holds under every layout.
    look: whether they are drawings, grey, and what their ink is.
    layout: how they are laid out, a name of `LAYOUTS`.
    layouts: what they may be read as, the guess first.
    classes: in order; () where nothing says any.
    unlabelled: pictures of no class, where the layout has none.
    left_out: pictures and classes that are not used.
    notes: one sentence for each thing that was decided or put right.
    labels: columns of a list that may be the label.
    """

    found: Found
    look: Look
    layout: str
    layouts: tuple[str, ...]
    classes: tuple[PictureClass, ...]
    unlabelled: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    labels: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The side to scale them to where nobody says another: 28 for drawings, else 84, or what the pictures have."""
        return DRAWING_SIZE if self.look.is_drawing else max(SMALLEST_SIZE, min(PHOTO_SIZE, self.found.sides[1]))

    @property
    def counts(self) -> dict[str, int]:
        """Classes of each split; of "" where nothing says it."""
        return dict(Counter(one.split for one in self.classes))

    @property
    def paths(self) -> tuple[str, ...]:
        """Of all pictures that are used, class by class."""
        return tuple(path for one in self.classes for path in one.paths) + self.unlabelled

    def with_ink(self, ink: str) -> "PictureSet":
        """The same drawings with "dark" ink on bright paper, or "bright" on dark, whatever they look like."""
        check_choice("ink", ink, INKS)
        return dataclasses.replace(self, look=self.look._replace(ink=ink))

    def as_drawings(self) -> "PictureSet":
        """The same pictures, taken for drawings whatever they look like."""
        return dataclasses.replace(self, look=self.look.as_drawing())

    def check_classes(self, least: int = 2) -> None:
        """Refuses pictures of fewer classes.

        Raises:
          ValueError: one sentence with those there are, and why others were left out.
        """
        if len(self.classes) >= least:
            return
        names = listed([shown(one.name) for one in self.classes], most=3)
        found = f"{len(self.classes)} ({names})" if self.classes else "none"
        if self.unlabelled:
            found = f"{counted(len(self.unlabelled), 'picture')} in one folder"
        reasons = [one.sentence for one in self.left_out[:1]]
        raise ValueError(
            " ".join([f"The pictures must be of at least {least} classes, such as a folder for each, got {found}.", *reasons])
        )

    def __str__(self) -> str:
        """One sentence: classes, pictures, layout, what they look like, sizes."""
        kind = "drawings" if self.look.is_drawing else "grey pictures" if self.look.is_grey else "pictures in colour"
        kind += f" of {self.look.ink} ink" if self.look.is_drawing else ""
        low, high = self.found.sides
        sides = f"{low} to {high} pixels a side" if low != high else f"{low} x {low} pixels"
        if not self.classes:
            return f"{counted(len(self.unlabelled), 'picture')} without classes: {kind}, {sides}."
        each = [len(one.paths) for one in self.classes]
        many = f"{min(each)} to {max(each)} pictures each" if min(each) != max(each) else counted(each[0], "picture") + " each"
        splits = ", ".join(f"{count} for {split}" for split, count in self.counts.items() if split)
        classes = counted(len(self.classes), "class", "classes") + (f" ({splits})" if splits else "")
        return f"{classes} of {many}: {LAYOUTS[self.layout]}; {kind}, {sides}."


def left_out(names: Sequence[str], noun: str, why: str, plural: str = "") -> LeftOut:
    """The sentence for things of one kind: how many, why, and which.

    Args:
      names: of them; at least one.
      noun: what one of them is.
      why: behind the noun.
      plural: what several are, where that is not the noun with an s.
    """
    return LeftOut(tuple(names), f"{counted(len(names), noun, plural)} {why} left out: {listed([*map(shown, names)], most=5)}.")


def natural(name: str) -> list[tuple[int, str]]:
    """A key by which 2 comes before 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d{1,18})", name.casefold())]
