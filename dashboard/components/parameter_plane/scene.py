"""What stands in the plane: tasks, theta, and how the methods move. Pure values; a link and a browser spell them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from dashboard.components.numbers import finite_number, short_number, taken
from maml_engine.analysis.toy_landscape import MAX_STEPS, MAX_TASKS, METHODS, SURFACES, Landscape, Task

VERSION = "1"  # of a link's spelling
DIGITS = 4  # decimals of what is stored, so that link, browser and engine compute with the same numbers
STEP_SIZES, PULLS, GAPS = (0.01, 2.0), (0.05, 20.0), (0.0, 2.0)

# Where each surface opens: what it shows best.
OPENINGS = {
    "bowls": {
        "tasks": ((-3.0, 2.5, 0.0), (3.2, 3.0, 0.0), (0.5, -3.0, 0.0)),
        "theta": (-3.0, -2.5),
        "inner_lr": 0.2,
        "inner_steps": 3,
    },
    "valleys": {
        "tasks": ((-1.7, 1.7, 3.1), (-0.5, -3.8, 0.95), (1.6, 1.6, 1.45)),
        "theta": (2.6, 3.8),
        "inner_lr": 0.3,
        "inner_steps": 5,
    },
    "rivers": {
        "tasks": ((-2.6, 2.4, 0.35), (-1.0, -3.1, 1.35), (2.8, 1.1, 3.0)),
        "theta": (-3.0, -1.5),
        "inner_lr": 0.15,
        "inner_steps": 5,
    },
    "waves": {
        "tasks": ((0.0, 2.9, 0.0), (1.2, 3.0, 0.0), (2.8, 4.4, 0.0)),
        "theta": (3.9, 0.3),
        "inner_lr": 0.08,
        "inner_steps": 3,
    },
}


@dataclass(frozen=True)
class PlaneScene:
    """A landscape, theta in it, and the methods whose updates are drawn.

    surface: a name among `SURFACES`.
    tasks: where each task lies, as in `Landscape`.
    theta: x and y, inside the surface's window.
    inner_lr: step size alpha.
    inner_steps: gradient steps on a task.
    proximal: how strongly iMAML pulls towards theta.
    gap: how far the query loss lies off the support loss.
    shown: names out of `METHODS`, in that order.

    Raises:
      ValueError: a value out of range.
    """

    surface: str = "valleys"
    tasks: tuple[Task, ...] = OPENINGS["valleys"]["tasks"]
    theta: tuple[float, float] = OPENINGS["valleys"]["theta"]
    inner_lr: float = OPENINGS["valleys"]["inner_lr"]
    inner_steps: int = OPENINGS["valleys"]["inner_steps"]
    proximal: float = 0.5
    gap: float = 0.0
    shown: tuple[str, ...] = METHODS

    def __post_init__(self):
        object.__setattr__(
            self, "tasks", tuple(tuple(round(float(part), DIGITS) + 0.0 for part in task) for task in self.tasks)
        )
        object.__setattr__(self, "theta", tuple(round(float(part), DIGITS) + 0.0 for part in self.theta))
        assert isinstance(self.landscape, Landscape)  # which judges its values

    @classmethod
    def opening(cls, surface: str, **others: Any) -> "PlaneScene":
        """How a surface opens; `others` replace some of it."""
        return cls(surface, **{**OPENINGS[surface], **others})

    @property
    def landscape(self) -> Landscape:
        """What the engine computes with."""
        return Landscape(self.surface, self.tasks, self.inner_lr, self.inner_steps, self.proximal, self.gap)

    def edits(self, base: "PlaneScene") -> dict[str, Any]:
        """The fields that are not those of `base`."""
        return {spec.name: mine for spec in fields(self) if (mine := getattr(self, spec.name)) != getattr(base, spec.name)}


# Links: `1,k7,t0.5~-1,o-3~2~0.4,o1~1~0` is version 1, seven inner steps, theta and two tasks.


def spell(edits: Mapping[str, Any]) -> str:
    """Edits of a scene as part of a link; "" where there are none. Holds no character that an address must escape."""
    parts = []
    for name, value in edits.items():
        if name == "tasks":
            parts += ["o" + "~".join(map(short_number, task)) for task in value]
        elif name == "theta":
            parts.append("t" + "~".join(map(short_number, value)))
        elif name == "shown":
            parts += [f"m{method}" for method in value] or ["m"]
        elif name in _LETTERS:
            parts.append(_LETTERS[name] + short_number(value))
    return ",".join([VERSION, *parts]) if parts else ""


def parse(text: str, surface: str) -> tuple[dict[str, Any], list[str]]:
    """The inverse of `spell`, and one sentence for each kind of thing that could not be read.

    Args:
      text: the changes, as the link spells them; empty for none.
      surface: whose window the points must lie in.
    """
    if not text:
        return {}, []
    version, *parts = text.split(",")
    notes = []
    if version != VERSION:
        notes.append(f"The link's plane is of an unknown version (this is {VERSION}): it was read as far as possible.")
    loose: dict[str, Any] = {}
    for part in parts:
        letter, content = part[:1], part[1:]
        if letter == "o":
            loose.setdefault("tasks", []).append(content.split("~"))
        elif letter == "t":
            loose["theta"] = content.split("~")
        elif letter == "m":
            loose.setdefault("shown", []).append(content)
        elif letter in _NAMES:
            loose[_NAMES[letter]] = content
        elif part:
            notes.append("The link's plane holds a part that is not known here; it was left aside.")
    edits, refused = checked(loose, surface)
    return edits, [*dict.fromkeys(notes), *(f"The link's plane was put right: {sentence}" for sentence in refused)]


def checked(loose: Mapping[str, Any], surface: str) -> tuple[dict[str, Any], list[str]]:
    """What a link or a browser spells of a scene, as values that a scene may have.

    Numbers out of range are taken to the nearest that is allowed, what is no number is left out, and tasks beyond the most
    there may be are dropped; each with one sentence.

    Args:
      loose: field -> anything, as it came from a link or a browser.
      surface: whose window the points must lie in.
    """
    edits, notes = taken(loose, _BOUNDS, "inner_steps")
    if "theta" in loose:
        theta, moved = _point(loose["theta"], 2, surface)
        if theta is None:
            notes.append("`theta` must be two finite numbers; what came was left aside.")
        else:
            edits["theta"] = theta
            notes += ["`theta` lay outside the picture and was moved to its edge."] if moved else []
    if "tasks" in loose:
        tasks, sentences = _tasks(loose["tasks"], surface)
        edits |= {"tasks": tasks} if tasks else {}
        notes += sentences
    if "shown" in loose:
        names = loose["shown"] if isinstance(loose["shown"], list | tuple) else []
        edits["shown"] = tuple(name for name in METHODS if name in names[:100])
    return edits, notes


_LETTERS = {"inner_lr": "l", "inner_steps": "k", "proximal": "p", "gap": "g"}
_NAMES = {letter: name for name, letter in _LETTERS.items()}
_BOUNDS = {"inner_lr": STEP_SIZES, "inner_steps": (0, MAX_STEPS), "proximal": PULLS, "gap": GAPS}


def _tasks(value: Any, surface: str) -> tuple[tuple[Task, ...], list[str]]:
    if not isinstance(value, list | tuple) or not value:
        return (), ["`tasks` must be a list of at least one task; what came was left aside."]
    notes = []
    if len(value) > MAX_TASKS:
        notes.append(f"There may be at most {MAX_TASKS} tasks, got {len(value):,}; the first {MAX_TASKS} were taken.")
    read = [_point(entry, 3, surface) for entry in value[:MAX_TASKS]]
    if bad := sum(task is None for task, _ in read):
        notes.append(f"A task is three finite numbers; {bad} that came {'was' if bad == 1 else 'were'} none and left out.")
    if moved := sum(is_moved for _, is_moved in read):
        notes.append(f"{moved} task{'' if moved == 1 else 's'} lay outside the picture and went to its edge.")
    return tuple(task for task, _ in read if task is not None), notes


def _point(value: Any, size: int, surface: str) -> tuple[tuple[float, ...] | None, bool]:
    """`size` finite numbers, the first two inside the window, a third one an angle; and whether a place had to be moved."""
    if not isinstance(value, list | tuple) or len(value) != size:
        return None, False
    numbers = [finite_number(part) for part in value]
    if None in numbers:
        return None, False
    near = [min(max(part, low), high) for part, (low, high) in zip(numbers, SURFACES[surface].window, strict=False)]
    return (*near, *(math.fmod(part, math.pi) for part in numbers[2:])), near != numbers[:2]
