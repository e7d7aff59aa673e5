"""Which column of a table is what, and a first guess."""

from dataclasses import dataclass, field

from maml_engine.tables.sheet import Sheet


@dataclass(frozen=True)
class Roles:
    """Which column is what.

    inputs: numbers, dates (as days) or text (as categories). log: those of the inputs (or the target) whose natural logarithm
    is used. classes: whether the target names classes. time: a column that orders a task's rows; where there is one, support
    rows are a task's first ones in time and queries the later ones; "" where there is none.
    """

    task: str
    inputs: tuple[str, ...]
    target: str
    log: tuple[str, ...] = field(default=())
    classes: bool = False
    time: str = ""


def guess_roles(sheet: Sheet) -> Roles:
    """A first guess from names and contents; every part of it is for the person at the screen to change.

    Raises:
      ValueError: fewer than three columns, or none that could be a task or a target.
    """
    raise NotImplementedError
