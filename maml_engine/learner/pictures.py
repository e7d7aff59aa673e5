"""Which class is this picture of? A learner that was trained on pictures, adapted to some of each class."""

from typing import NamedTuple

import numpy as np

from maml_engine.checks import check_number, counted, listed, shown
from maml_engine.core.labels import takes_labels
from maml_engine.io.pictures.description import LeftOut, PictureSet
from maml_engine.io.pictures.ink import is_blank
from maml_engine.io.pictures.loading import Pixels, load_pixels
from maml_engine.learner.adapted import Adapted
from maml_engine.learner.learner import Learner

AT_ONCE = 100  # query pictures that are predicted together
TOGETHER = "rows predicted together"  # `Learner.statistics` of a network that looks at all of them
DRAWN = ("glyphs", "omniglot")  # tasks whose learners know drawings alone


class Classified(NamedTuple):
    """What a learner says of query pictures.

    classes: names, in order.
    paths: of the query pictures.
    probabilities: `[pictures, classes]`.
    truth: the class that each picture's folder says, where the query's folders are named like the classes; else ().
    transductive: whether pictures that were predicted together had a part in each other's prediction.
    left_out: pictures that were not used.
    notes: one sentence for each thing to know.
    """

    classes: tuple[str, ...]
    paths: tuple[str, ...]
    probabilities: np.ndarray
    truth: tuple[str, ...]
    transductive: bool
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    @property
    def chosen(self) -> list[str]:
        """The likeliest class of each picture."""
        return [self.classes[place] for place in self.probabilities.argmax(axis=1)]

    @property
    def right(self) -> int:
        """How many pictures were put where their folder says."""
        return sum(one == other for one, other in zip(self.chosen, self.truth, strict=False))


def picture_shape(learner: Learner) -> tuple[int, int, int]:
    """Height, width and channels of what a learner looks at.

    Raises:
      ValueError: it was not trained to tell pictures apart.
    """
    shape = learner.x_rows.shape
    if len(shape) != 3 or shape[0] != shape[1] or shape[2] not in (1, 3) or not takes_labels(learner.loss_fn):
        raise ValueError(
            "The learner must tell square pictures apart (`maml train --tasks glyphs`, omniglot or images), got one of rows of "
            f"shape {list(shape)} and the loss {learner.experiment.loss!r}."
        )
    height, width, channels = shape
    return height, width, channels


def classify_pictures(
    learner: Learner, support: PictureSet, query: PictureSet, *, inner_steps: int | None = None, one_by_one: bool = False
) -> Classified:
    """Adapts to pictures of each class, and says of which class others are.

    Args:
      learner: trained on pictures.
      support: pictures by class; 2 classes, and at most as many as the learner tells apart.
      query: pictures of these classes, with or without folders of their own.
      inner_steps: gradient steps; None takes as many as in training.
      one_by_one: whether each query picture is predicted among the support's alone, where the network would look at all query
        pictures together; so it is where these are fewer than the classes.

    Raises:
      ValueError: another kind of learner, no classes or too many, or pictures that cannot be used.
    """
    picture_shape(learner)
    support.check_classes(2)
    names = tuple(one.name for one in support.classes)
    if len(names) > learner.out_dim:
        raise ValueError(
            f"The learner tells at most {learner.out_dim} classes apart, got {len(names)} "
            f"({listed([*map(shown, names)], most=5)}): take fewer, or train one with `n_way` {len(names)}."
        )
    if inner_steps is not None:
        check_number("inner_steps", inner_steps, low=0, integer=True)
    known, asked = (seen_by(learner, pictures) for pictures in (support, query))
    label_of = {path: place for place, one in enumerate(support.classes) for path in one.paths}
    labels = np.array([label_of[path] for path in known.paths], np.int32)
    if len(empty := [name for place, name in enumerate(names) if not (labels == place).any()]):
        raise ValueError(
            f"Each class must have a picture that can be used, got none of {listed([*map(shown, empty)], most=3)}."
        )
    if not len(asked.paths):
        raise ValueError(
            f"There must be a query picture that can be used. {asked.left_out[0].sentence if asked.left_out else ''}"
        )
    adapted = learner.adapt(_rows(known), labels, inner_steps)
    # Fewer pictures than classes cannot stand for all of them: their statistics would be of one class or two.
    alone = one_by_one or len(asked.paths) < len(names)
    logits, together = _logits(adapted, _rows(asked), _rows(known), one_by_one=alone)
    logits = logits[:, : len(names)].astype(np.float64)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    notes = [*support.notes, *(note for note in query.notes if note not in support.notes), *_blank(known, asked)]
    if together:
        most = min(AT_ONCE, len(asked.paths))
        notes.append(
            f"Predictions are transductive: {counted(most, 'query picture')} at a time had a part in each other's, by this "
            "network's normalisation; one by one they may differ."
        )
    by_path = {path: one.name for one in query.classes for path in one.paths}
    is_told = bool(by_path) and set(by_path.values()) <= set(names)
    truth = tuple(by_path.get(path, "") for path in asked.paths) if is_told else ()
    out = (*known.left_out, *(one for one in asked.left_out if one not in known.left_out))
    return Classified(names, asked.paths, odds / odds.sum(axis=1, keepdims=True), truth, together, out, tuple(notes))


def seen_by(learner: Learner, pictures: PictureSet) -> Pixels:
    """Pictures as a learner sees them, uint8 `[pictures, size, size, channels]`.

    They have the size and channels of those that it was trained on, and are drawings on clean paper where it knows drawings
    alone.
    """
    size, _, channels = picture_shape(learner)
    is_drawn = learner.experiment.tasks in DRAWN
    pictures = pictures.as_drawings() if is_drawn else pictures
    return load_pixels(pictures, size=size, colour="colour" if channels == 3 else "grey", clean=is_drawn)


def _rows(pixels: Pixels) -> np.ndarray:
    """float32 `[pictures, size, size, channels]` in [0, 1]."""
    return pixels.images.astype(np.float32) / 255.0


def _blank(*sets: Pixels) -> list[str]:
    pictures = [pair for pixels in sets for pair in zip(pixels.paths, pixels.images, strict=True)]
    blank = [shown(path) for path, picture in pictures if is_blank(picture)]
    return [f"{counted(len(blank), 'picture shows', 'pictures show')} nothing: {listed(blank, most=5)}."] if blank else []


def _logits(adapted: Adapted, x: np.ndarray, support_x: np.ndarray, *, one_by_one: bool) -> tuple[np.ndarray, bool]:
    """Of query pictures `[pictures, ...]`: `[pictures, classes]`, and whether they had a part in each other's.

    A picture alone would be normalised by itself, which tells nothing: one by one, each is predicted among the support's
    `[support pictures, ...]`.
    """
    together = adapted.statistics == TOGETHER
    if together and one_by_one:
        return np.stack([adapted(np.concatenate([support_x, picture[None]]))[-1] for picture in x]), False
    return np.concatenate([adapted(piece) for piece in np.array_split(x, -(-len(x) // AT_ONCE))]), together
