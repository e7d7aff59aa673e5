"""Drawings as a browser, a file or a forger may send them, and what a network sees of one: `raster.js` once more, in Python."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

SIZE = 28  # pixels a side
SIDE = 17.0  # pixels that the longer side of a drawing's box takes, from the middle of its lines
RADIUS = 0.65  # of the pen, in pixels
SMALLEST = 60.0  # units of the pad, which is 1000 wide: a smaller drawing (a dot) is not blown up beyond what this one would be
UNITS = 1000
WAYS = (2, 10)
MAX_SHOTS, MAX_STROKES, MAX_POINTS, MAX_NAME = 5, 40, 1500, 24
FORMAT = "MAML Lab drawings"

Stroke = tuple[int, ...]
Drawing = tuple[Stroke, ...]


@dataclass(frozen=True)
class Drawings:
    """What is drawn on the pad.

    names: of the classes.
    drawings: of each class, none of them empty; a stroke is x and y of each point in turn, in units of the pad.
    query: the drawing that is to be ranked; may be empty.
    """

    names: tuple[str, ...]
    drawings: tuple[tuple[Drawing, ...], ...]
    query: Drawing

    def to_json(self) -> str:
        """As a file that `parse` reads."""
        return json.dumps({"format": FORMAT, "version": 1, **self.sent()}, separators=(",", ":"))

    def sent(self) -> dict[str, Any]:
        """As the browser takes them."""
        classes = [{"name": name, "drawings": each} for name, each in zip(self.names, self.drawings, strict=True)]
        return {"classes": classes, "query": self.query}

    def support(self) -> tuple[np.ndarray, np.ndarray]:
        """Images `[drawings, SIZE, SIZE, 1]` and one-hot classes `[drawings, classes]`, class by class."""
        images = [raster(drawing) for each in self.drawings for drawing in each]
        ways = [way for way, each in enumerate(self.drawings) for _ in each]
        return np.array(images, np.float32).reshape(-1, SIZE, SIZE, 1), np.eye(len(self.names), dtype=np.float32)[ways]


def parse(text: str | bytes) -> Drawings:
    """Drawings from a file that somebody took along.

    Raises:
      ValueError: it is no such file; says why, in one sentence.
    """
    try:
        received = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("The file holds no drawings: it is not JSON, as “Take along” writes it.") from None
    if not isinstance(received, dict) or received.get("format") != FORMAT:
        raise ValueError(f"The file holds no drawings: its `format` must be “{FORMAT}”.")
    return checked(received)


def checked(received: Any) -> Drawings:
    """Drawings as they were sent, which anybody can forge.

    Raises:
      ValueError: they are none; says why, in one sentence.
    """
    classes = received.get("classes") if isinstance(received, dict) else None
    if not isinstance(classes, list) or not WAYS[0] <= len(classes) <= WAYS[1]:
        found = f"{len(classes)}" if isinstance(classes, list) else "something else"
        raise ValueError(f"Drawings must be of {WAYS[0]} to {WAYS[1]} classes, got {found}.")
    names, drawings = [], []
    for number, each in enumerate(classes, 1):
        name, of_class = (each.get("name"), each.get("drawings")) if isinstance(each, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(of_class, list) or len(of_class) > MAX_SHOTS:
            raise ValueError(f"Class {number} must have a name and a list of at most {MAX_SHOTS} drawings.")
        kept = [_drawing(drawing, f"a drawing of class {number}") for drawing in of_class]
        names.append(name[:MAX_NAME] or f"{number}")
        drawings.append(tuple(drawing for drawing in kept if drawing))
    return Drawings(tuple(names), tuple(drawings), _drawing(received.get("query"), "the question"))


def _drawing(received: Any, what: str) -> Drawing:
    if not isinstance(received, list) or len(received) > MAX_STROKES:
        raise ValueError(f"{what.capitalize()} must be a list of at most {MAX_STROKES} strokes.")
    for stroke in received:
        if not isinstance(stroke, list) or len(stroke) < 2 or len(stroke) % 2:
            raise ValueError(f"A stroke of {what} must be a list of points, x and y in turn.")
        if not all(type(value) is int and 0 <= value <= UNITS for value in stroke):
            raise ValueError(f"The points of {what} must be whole numbers from 0 to {UNITS}.")
    if sum(len(stroke) for stroke in received) > 2 * MAX_POINTS:
        raise ValueError(f"{what.capitalize()} must have at most {MAX_POINTS} points.")
    return tuple(tuple(stroke) for stroke in received)


def raster(drawing: Drawing) -> np.ndarray:
    """What a network sees, `[SIZE, SIZE]`: ink 1 on paper 0.

    The drawing's box is centred and its longer side made `SIDE` pixels long; the pen's edge falls off over one pixel.
    """
    image = np.zeros((SIZE, SIZE))
    if not drawing:
        return image
    points = [np.reshape(stroke, (-1, 2)).astype(float) for stroke in drawing]
    low, high = np.min([each.min(0) for each in points], 0), np.max([each.max(0) for each in points], 0)
    scale = SIDE / max(*(high - low), SMALLEST)
    centres = np.stack(np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5), axis=-1)  # [row, column, (x, y)]
    for each in points:
        each = (each - (low + high) / 2) * scale + SIZE / 2
        for start, end in zip(np.concatenate([each[:1], each[:-1]]), each, strict=True):  # a first point is a segment too
            along, square = end - start, np.sum((end - start) ** 2)
            share = np.clip((centres - start) @ along / square, 0, 1) if square > 0 else np.zeros((SIZE, SIZE))
            distance = np.linalg.norm(centres - start - share[..., None] * along, axis=-1)
            image = np.maximum(image, np.clip(0.5 + RADIUS - distance, 0, 1))
    return image
