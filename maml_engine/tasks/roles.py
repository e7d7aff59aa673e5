"""Which column of a table is what, and a first guess."""

import dataclasses
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from maml_engine.checks import check_choice, shown
from maml_engine.io.sheet import Sheet

# Names that say what a column is, before its cells are looked at.
TASK_NAMES = (
    r"(task|id|subject|patient|machine|shop|store|customer|user|person|group|site|unit|country|config|hull|batch|sensor)s?"
)
TIME_NAMES = r"(time|date|day|days|week|month|timestamp|datetime)"
TARGET_NAMES = r"(y|target|label|class|outcome|response|value)"
MAX_INPUTS = 20
MAX_LEVELS = 30  # categories of a text input; rarer ones are one category together
MAX_CLASSES = 20


@dataclass(frozen=True)
class Roles:
    """Which column of a table is what.

    task: names the task that a row belongs to; compared as text.
    inputs: numbers; for a verdict also dates (as days) or text (as categories).
    target: what is predicted.
    log: those of the inputs, or the target, whose natural logarithm is used.
    classes: whether the target names classes.
    time: a column of numbers or dates that orders a task's rows (it may be an input as well): where there is one, support rows
      are a task's first rows and queries the later ones; "" for none.

    Raises:
      ValueError: columns that are named twice, or none where there must be one.
    """

    task: str
    inputs: tuple[str, ...]
    target: str
    log: tuple[str, ...] = ()
    classes: bool = False
    time: str = ""

    def __post_init__(self):
        for name in ("inputs", "log"):
            value = getattr(self, name)
            if not isinstance(value, tuple | list) or not all(isinstance(column, str) for column in value):
                raise ValueError(f"`{name}` must be a tuple of column names, got {shown(value)}.")
            object.__setattr__(self, name, tuple(value))
        if not self.inputs:
            raise ValueError("`inputs` must name at least one column, got none.")
        twice = [name for name, times in Counter((self.task, *self.numbers)).items() if times > 1]
        if twice:
            raise ValueError(f"`task`, `inputs` and `target` must be different columns, got {shown(twice[0])} more than once.")
        if self.time and self.time in (self.task, self.target):
            raise ValueError(f"`time` must be another column than the task and the target, got {shown(self.time)}.")
        for name in self.log:
            check_choice("log", name, self.numbers)
        if self.classes and self.target in self.log:
            raise ValueError(f"`log` must leave out the target where it names classes, got {shown(self.target)}.")

    @property
    def numbers(self) -> tuple[str, ...]:
        """The inputs, then the target."""
        return (*self.inputs, self.target)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are read, each once."""
        return tuple(dict.fromkeys((self.task, *self.inputs, self.target, *filter(None, [self.time]))))

    def replace(self, **changes: Any) -> "Roles":
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    def check(self, sheet: Sheet) -> None:
        """Refuses a sheet that lacks a column.

        Raises:
          ValueError: the columns that are missing, and those that are there.
        """
        sheet.check_columns(self.columns)


def guess_roles(sheet: Sheet) -> Roles:
    """A first guess from names and contents; every part of it is for the person at the screen to change.

    The task is the column whose values repeat as the values of a task do, names like "machine" first; the target is the last
    column of numbers, names like "y" first; inputs are what varies within tasks. Time is left open: it changes the question.

    Raises:
      ValueError: no column repeats its values, or none is left for a target.
    """
    task = max(sheet.names, key=lambda name: _as_task(sheet, name))
    if _as_task(sheet, task) <= 0:
        raise ValueError("No column can name the tasks: a task's name must come in several rows, and there must be several.")
    others = [name for name in sheet.names if name != task and sheet.kind(name) != "empty"]
    numbers = [name for name in others if sheet.kind(name) == "number" and _varies(sheet, name)]
    target = _first(numbers[::-1], TARGET_NAMES) or _first(others, TARGET_NAMES) or (numbers or others or [""])[-1]
    if not target:
        raise ValueError(f"No column is left for a target beside the task {shown(task)}: the others are empty.")
    candidates = [name for name in others if name != target and _can_be_input(sheet, name)]
    within = [name for name in candidates if _varies_within(sheet, name, task)]
    inputs = (within or candidates)[:MAX_INPUTS]
    if not inputs:
        raise ValueError(f"No column is left for an input beside the task {shown(task)} and the target {shown(target)}.")
    return Roles(task, tuple(inputs), target, classes=can_be_classes(sheet, target) and sheet.kind(target) == "text")


def can_be_classes(sheet: Sheet, name: str) -> bool:
    """Whether a column could name classes: text of few values, or a number of two."""
    written = sheet.text(name)[~sheet.missing(name)]
    levels = len(set(written))
    return levels == 2 or (sheet.kind(name) == "text" and 2 <= levels <= MAX_CLASSES)


def _as_task(sheet: Sheet, name: str) -> float:
    """How well a column would name tasks; 0 where it cannot."""
    written = sheet.text(name)[~sheet.missing(name)]
    counts = np.array(list(Counter(written).values()))
    if len(counts) < 3 or len(counts) > len(written) / 2:
        return 0.0
    typical = float(np.median(counts))
    if typical < 2:
        return 0.0
    numbers = sheet.numbers(name)[~sheet.missing(name)]
    if sheet.kind(name) == "number" and not np.all(numbers == np.round(numbers)) and not _named(name, TASK_NAMES):
        return 0.0
    score = 1.0
    score += 4.0 * _named(name, TASK_NAMES)
    score += 2.0 * (sheet.kind(name) in ("text", "date"))
    score += 1.0 * (name == sheet.names[0])
    score -= 2.0 * _named(name, TIME_NAMES)
    # Many tasks of some rows each, rather than few tasks of many: a category such as a continent has few.
    score += min(len(counts), 40) / 20 - 0.5 * (typical > 50)
    return max(score, 0.1)


def _can_be_input(sheet: Sheet, name: str) -> bool:
    if sheet.kind(name) == "text":
        return len(set(sheet.text(name))) <= MAX_LEVELS
    return _varies(sheet, name)


def _varies(sheet: Sheet, name: str) -> bool:
    return len(set(sheet.text(name))) > 1


def _varies_within(sheet: Sheet, name: str, task: str) -> bool:
    """Whether a column tells rows of one task apart."""
    levels = sheet.frame.groupby(task, sort=False)[name].nunique()
    return bool((levels > 1).mean() > 0.5)


def _named(name: str, pattern: str) -> bool:
    return re.search(rf"(^|[^a-z]){pattern}([^a-z]|$)", name.lower()) is not None


def _first(names: list[str], pattern: str) -> str:
    return next((name for name in names if _named(name, pattern)), "")
