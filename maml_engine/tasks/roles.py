"""Which column of a table is what."""

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import Any

from maml_engine.checks import check_choice, shown
from maml_engine.io.sheet import Sheet

MAX_INPUTS = 20
MAX_LEVELS = 30  # categories of a text input that have a column each; of more, each counts by its effect on the target
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


def can_be_classes(sheet: Sheet, name: str) -> bool:
    """Whether a column could name classes: text of few values, or a number of two."""
    written = sheet.text(name)[~sheet.missing(name)]
    levels = len(set(written))
    return levels == 2 or (sheet.kind(name) == "text" and 2 <= levels <= MAX_CLASSES)
