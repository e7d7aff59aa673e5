"""Drawings: whether pictures are some, and whether their ink is dark or bright."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

INKS = ("dark", "bright")
COLOURLESS = 12.0  # mean difference between a pixel's channels, of 255
PAPER_SHARE, NEAR_PAPER = 0.5, 24  # so much of a drawing is paper, this near to its commonest brightness
CONTRAST = 60  # between paper and ink
BLANK = 24  # less than this between paper and ink is nothing drawn


class Look(NamedTuple):
    """What pictures look like, judged by some of them.

    is_drawing: ink on paper, without colours.
    is_grey: without colours.
    ink: "dark" on bright paper or "bright" on dark; of pictures that are no drawings always "bright", so that they stay.
    paper: brightness of what there is most of, 0 to 255.
    others: share of the drawings whose ink is the other one.
    """

    is_drawing: bool
    is_grey: bool
    ink: str
    paper: float = 255.0
    others: float = 0.0

    def as_drawing(self) -> "Look":
        """Taken for drawings whatever they look like, such as photographs of a sheet in warm light."""
        return self if self.is_drawing else self._replace(is_drawing=True, ink="dark" if self.paper > 127 else "bright")


def look_of(pictures: Sequence[np.ndarray]) -> Look:
    """Judges by some pictures in colour, uint8 `[height, width, 3]` each."""
    grey = [picture.mean(axis=-1) for picture in pictures]
    papers = [paper_of(picture) for picture in grey]
    colourless = [np.ptp(picture.astype(np.int16), axis=-1).mean() < COLOURLESS for picture in pictures]
    is_grey = bool(np.mean(colourless) > 0.8)
    drawn = [_is_drawn(picture, paper) for picture, paper in zip(grey, papers, strict=True)]
    if not is_grey or np.mean(drawn) < 0.6:
        return Look(False, is_grey, "bright", float(np.median(papers)))
    grounds = np.array(papers)[drawn]
    paper = float(np.median(grounds))
    return Look(True, True, "dark" if paper > 127 else "bright", paper, float(np.mean((grounds > 127) != (paper > 127))))


def paper_of(grey: np.ndarray) -> float:
    """The commonest brightness of a picture `[height, width]`, in steps of 16."""
    counts = np.bincount((grey.astype(np.int64) // 16).ravel(), minlength=16)
    step = int(counts.argmax())
    return float(np.median(grey[grey // 16 == step]))


def _is_drawn(grey: np.ndarray, paper: float) -> bool:
    """Whether much of a picture `[height, width]` is paper, bright or dark, and the rest stands out from it."""
    away = np.abs(grey - paper)
    return bool(
        np.mean(away < NEAR_PAPER) > PAPER_SHARE and np.quantile(away, 0.995) > CONTRAST and (paper > 170 or paper < 60)
    )


def with_ink(pictures: np.ndarray, ink: str) -> np.ndarray:
    """Pictures whose ink is 255, whichever it was: uint8 `[...]`, to the same shape."""
    return 255 - pictures if ink == "dark" else pictures


def cleaned(picture: np.ndarray) -> np.ndarray:
    """A drawing on clean paper: what a camera sees of paper becomes 0, the strongest ink 255.

    Args:
      picture: uint8 `[height, width, 1]`, its ink brighter than its paper.

    Returns:
      uint8 of the same shape; one that is clean already, or blank, is as it was.
    """
    paper, ink = paper_of(picture[..., 0]), float(np.quantile(picture, 0.995))
    if ink - paper < BLANK or (paper < 16 and ink > 200):
        return picture
    return np.clip((picture - (paper + 8.0)) * (255.0 / max(1.0, ink - paper - 8.0)), 0, 255).astype(np.uint8)


def is_blank(picture: np.ndarray) -> bool:
    """Whether nothing is drawn on uint8 `[height, width, channels]`."""
    return bool(np.ptp(picture.astype(np.int16), axis=(0, 1)).max() < BLANK)
