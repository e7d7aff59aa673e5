"""What stands on the bench: a wave, support points, how far the learners step. Pure values; links and browsers spell them."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from dashboard.components.numbers import finite_number, short_number, taken
from dashboard.results import MAX_SHOTS, MAX_STEPS

VERSION = "1"  # of a link's spelling
HIGHEST_AMPLITUDE, FULL_TURN = 1000.0, 6.2832  # radians, 2 pi as it is stored
STEP_SIZES = (1e-6, 10.0)
MAX_DISTANCE = 1000.0  # from 0, of a point's coordinates
DIGITS = 4  # decimals of what is stored, so that link, browser and engine compute with the same numbers

# Field -> lowest, highest, and whether it is a whole number.
_BOUNDS = {
    "amplitude": (0.0, HIGHEST_AMPLITUDE),
    "phase": (0.0, FULL_TURN),
    "steps": (0, MAX_STEPS),
    "inner_lr": STEP_SIZES,
}


@dataclass(frozen=True)
class Scene:
    """One task and how the learners meet it.

    amplitude: of the truth, y = A sin(x + phase).
    phase: of the truth in radians, from 0 to 2 pi.
    points: support points as (x, e), where e is how far the point lies off the wave: y = A sin(x + phase) + e. So points
      follow a wave that is moved.
    steps: gradient steps k.
    inner_lr: step size alpha.
    hidden: names of learners that are switched off.
    focus: the learner whose every step is drawn; "" is the first.
    """

    amplitude: float = 3.0
    phase: float = 0.8
    points: tuple[tuple[float, float], ...] = ()
    steps: int = 10
    inner_lr: float = 0.001
    hidden: tuple[str, ...] = ()
    focus: str = ""

    def __post_init__(self):
        if len(self.points) > MAX_SHOTS:
            raise ValueError(f"`points` must be at most {MAX_SHOTS} points, got {len(self.points)}.")
        for name, (low, high) in _BOUNDS.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"`{name}` must be from {low:g} to {high:g}, got {getattr(self, name)}.")
        rounded = tuple((round(float(x), DIGITS) + 0.0, round(float(off), DIGITS) + 0.0) for x, off in self.points)
        object.__setattr__(self, "points", rounded)
        for name in ("amplitude", "phase"):
            object.__setattr__(self, name, round(float(getattr(self, name)), DIGITS))

    @classmethod
    def of_points(cls, amplitude: float, phase: float, x: Iterable[float], y: Iterable[float], **others: Any) -> "Scene":
        """A scene from a wave of any amplitude and phase and from points that lie where they lie.

        Args:
          amplitude: of the wave; below 0 it is the one that is half a turn further.
          phase: of the wave, in radians.
          x: of the points, `[points]`.
          y: of the points, `[points]`.
          others: further fields. Of a number that the bench does not go to, and of such an amplitude, it is the nearest.
        """
        if amplitude < 0:
            amplitude, phase = -amplitude, phase + math.pi
        asked = {**others, "amplitude": amplitude, "phase": phase % (2 * math.pi)}
        bounded = {name: min(max(asked[name], low), high) for name, (low, high) in _BOUNDS.items() if name in asked}
        wave = cls(**asked | bounded)
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        return replace(wave, points=tuple(zip(x.tolist(), (y - wave.truth(x)).tolist(), strict=True)))

    def truth(self, x: np.ndarray) -> np.ndarray:
        """The wave at `x`, as many values: `[points]`."""
        return self.amplitude * np.sin(x + self.phase)

    @property
    def support(self) -> tuple[np.ndarray, np.ndarray]:
        """The points as x and y, `[points]` each."""
        x, off = (np.array([point[axis] for point in self.points], np.float64) for axis in (0, 1))
        return x, self.truth(x) + off

    def is_same_task(self, other: "Scene") -> bool:
        """Whether learners that adapt to this also adapt to `other`, however far they step."""
        return all(getattr(self, name) == getattr(other, name) for name in ("amplitude", "phase", "points", "inner_lr"))

    def edits(self, base: "Scene") -> dict[str, Any]:
        """The fields that are not those of `base`."""
        mine, theirs = ({spec.name: getattr(scene, spec.name) for spec in fields(scene)} for scene in (self, base))
        return {name: value for name, value in mine.items() if value != theirs[name]}


# Links: `1,k7,x-4.1,x2~0.5` is version 1, seven steps, and two points, the second 0.5 above the wave.


def spell(edits: Mapping[str, Any]) -> str:
    """Edits of a scene as part of a link; "" where there are none. Holds no character that an address must escape."""
    parts = []
    for name, value in edits.items():
        if name == "points":
            parts += [f"x{short_number(x)}" + (f"~{short_number(off)}" if off else "") for x, off in value] or ["x"]
        elif name == "hidden":
            parts += [f"h{learner}" for learner in value] or ["h"]
        elif name == "focus":
            parts.append(f"f{value}")
        else:
            parts.append(_LETTERS[name] + short_number(value))
    return ",".join([VERSION, *parts]) if parts else ""


def parse(text: str) -> tuple[dict[str, Any], list[str]]:
    """The inverse of `spell`, and one sentence for each kind of thing that could not be read."""
    if not text:
        return {}, []
    version, *parts = text.split(",")
    notes = []
    if version != VERSION:
        notes.append(
            f"The link's bench is of a version that is not known here (this is {VERSION}): it was read as far as possible."
        )
    loose: dict[str, Any] = {}
    for part in parts:
        letter, content = part[:1], part[1:]
        if letter == "x":
            loose.setdefault("points", []).extend([content.split("~", 1)] if content else [])
        elif letter == "h":
            loose.setdefault("hidden", []).extend([content] if content else [])
        elif letter == "f":
            loose["focus"] = content
        elif letter in _NAMES:
            loose[_NAMES[letter]] = content
        elif part:
            notes.append("The link's bench holds a part that is not known here; it was left aside.")
    edits, refused = checked(loose)
    return edits, [*dict.fromkeys(notes), *(f"The link's bench was put right: {sentence}" for sentence in refused)]


def checked(loose: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What a link or a browser spells of a scene, as values that a scene may have.

    Numbers out of range are taken to the nearest that is allowed, what is no number is left out, and points beyond the
    most there may be are dropped; each with one sentence.

    Args:
      loose: field -> anything, as it came from a link or a browser.
    """
    edits, notes = taken(loose, _BOUNDS, "steps")
    if "points" in loose:
        points, sentences = _points(loose["points"])
        notes += sentences
        if points is not None:
            edits["points"] = points
    if "hidden" in loose:
        hidden = loose["hidden"] if isinstance(loose["hidden"], list | tuple) else []
        edits["hidden"] = tuple(dict.fromkeys(filter(_is_name, hidden[:MAX_SHOTS])))
    if "focus" in loose:
        edits["focus"] = loose["focus"] if _is_name(loose["focus"]) else ""
    return edits, notes


_LETTERS = {"amplitude": "a", "phase": "p", "steps": "k", "inner_lr": "l"}
_NAMES = {letter: name for name, letter in _LETTERS.items()}


def _points(value: Any) -> tuple[tuple[tuple[float, float], ...] | None, list[str]]:
    if not isinstance(value, list | tuple):
        return None, ["`points` must be a list of points; what came was left aside."]
    notes, points = [], []
    if len(value) > MAX_SHOTS:
        notes.append(f"There may be at most {MAX_SHOTS} support points, got {len(value)}; the first {MAX_SHOTS} were taken.")
    bad = far = 0
    for entry in value[:MAX_SHOTS]:
        pair = entry if isinstance(entry, list | tuple) and 1 <= len(entry) <= 2 else [None]
        x, off = finite_number(pair[0]), finite_number(pair[1]) if len(pair) == 2 else 0.0
        if x is None or off is None:
            bad += 1
            continue
        near = min(max(x, -MAX_DISTANCE), MAX_DISTANCE), min(max(off, -MAX_DISTANCE), MAX_DISTANCE)
        far += near != (x, off)
        points.append(near)
    if bad:
        notes.append(f"A point is two finite numbers; {bad} that came {'was' if bad == 1 else 'were'} none and left out.")
    if far:
        notes.append(
            f"A point lies at most {MAX_DISTANCE:g} from 0; {far} that lay farther {'was' if far == 1 else 'were'} moved there."
        )
    return tuple(points), notes


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[a-z0-9_]{1,40}", value))
