"""What Your pictures asks of the engine; no streamlit, since the engine's own processes import it.

Nothing here is kept for others: what a visitor brings is asked with `compute`, past the answers that all share.
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dashboard.page_parts.characters.engine_calls import fits_any, for_ways
from maml_engine import Learner
from maml_engine.io.pictures.describing import describe_pictures, laid_out
from maml_engine.io.pictures.description import PictureClass, PictureSet
from maml_engine.io.pictures.files import Source
from maml_engine.io.pictures.limits import PAGE_LIMITS
from maml_engine.learner.pictures import DRAWN, Classified, classify_pictures, seen_by

MOST_CLASSES, MOST_SHOTS = 50, 20
MOST_HELD_BACK, MOST_ASKED = 1000, 5000  # pictures
SHOWN_CLASSES, SHOWN_PICTURES = 10, 8  # of the support, as the network sees it


class Judged(NamedTuple):
    """How a learner does on classes of a visitor's.

    support: by class, what it sees, uint8 `[pictures, size, size]`; of the first classes and pictures.
    held_back: what it says of the pictures that were held back; None where no class has any to spare.
    """

    support: dict[str, np.ndarray]
    held_back: Classified | None


class Answered(NamedTuple):
    """What a learner says of pictures of a visitor's.

    found: its answers.
    seen: the first picture that it was asked of, as it sees it, uint8 `[1, size, size]`.
    """

    found: Classified
    seen: np.ndarray


def described(source: Source) -> PictureSet:
    """What a visitor's pictures are, within the limits of a page; raises ValueError with one sentence."""
    return describe_pictures(source, limits=PAGE_LIMITS)


class Known(NamedTuple):
    """What is adapted to.

    pictures: by class.
    names: of the classes that take part.
    shots: pictures of each.
    """

    pictures: PictureSet
    names: tuple[str, ...]
    shots: int


def judged(learner: Learner, known: Known) -> Judged:
    """Adapts to some pictures of each class, and classifies those that are left.

    Raises:
      ValueError: one sentence, as `classify_pictures`.
    """
    support, rest = parted(known)
    support.check_classes(2)
    some = [one._replace(paths=one.paths[:SHOWN_PICTURES]) for one in support.classes[:SHOWN_CLASSES]]
    seen = seen_by(learner, _of(support, some))
    class_of = {path: one.name for one in some for path in one.paths}
    shown = {one.name: _grey(seen.images[[class_of[path] == one.name for path in seen.paths]]) for one in some}
    return Judged(shown, classify_pictures(fitted(learner, len(known.names)), support, rest) if rest.classes else None)


def answered(learner: Learner, known: Known, asked: PictureSet) -> Answered:
    """Adapts to the same pictures as `judged`, and classifies others, with or without classes of their own.

    Raises:
      ValueError: one sentence, as `classify_pictures`, or there are too many to ask of.
    """
    if not {one.name for one in asked.classes} <= set(known.names):  # folders of another kind say nothing
        asked = laid_out(asked, layout="unlabelled")
    if len(asked.paths) > MOST_ASKED:
        raise ValueError(
            f"This page sorts at most {MOST_ASKED:,} pictures at a time, got {len(asked.paths):,}: bring fewer, or run "
            "`maml classify`."
        )
    support, _ = parted(known)
    found = classify_pictures(fitted(learner, len(known.names)), support, asked)
    first = dataclasses.replace(asked, classes=(), unlabelled=found.paths[:1])
    return Answered(found, _grey(seen_by(learner, first).images))


def parted(known: Known) -> tuple[PictureSet, PictureSet]:
    """Support and what is held back of it, drawn at random and always in the same way.

    A class keeps a picture back where it has two; a class of one picture is support alone.
    """
    support, rest = [], []
    taking_part = [one for one in known.pictures.classes if one.name in known.names]
    most = max(1, MOST_HELD_BACK // max(1, len(taking_part)))
    for one in taking_part:
        paths = [one.paths[place] for place in np.random.default_rng(0).permutation(len(one.paths))]
        count = max(1, min(known.shots, len(paths) - 1))
        support.append(one._replace(paths=tuple(paths[:count])))
        if left := tuple(paths[count : count + most]):
            rest.append(one._replace(paths=left))
    return _of(known.pictures, support), _of(known.pictures, rest)


def fitted(learner: Learner, ways: int) -> Learner:
    """The learner, for so many classes where its head can be for any number; another tells fewer apart as it is."""
    return for_ways(learner, ways) if fits_any(learner) else learner


def most_classes(learner: Learner) -> int:
    """How many classes take part at the most."""
    return MOST_CLASSES if fits_any(learner) else min(MOST_CLASSES, learner.out_dim)


def takes_drawings(learner: Learner) -> bool:
    """Whether it takes all pictures for drawings, having seen nothing else."""
    return learner.experiment.tasks in DRAWN


def _of(pictures: PictureSet, classes: Sequence[PictureClass]) -> PictureSet:
    return dataclasses.replace(pictures, classes=tuple(classes), unlabelled=())


def _grey(images: np.ndarray) -> np.ndarray:
    return images.mean(axis=-1).round().astype(np.uint8)
