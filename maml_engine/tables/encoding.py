"""From a table's cells to the numbers that a learner sees, and back to the target's own units."""

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from maml_engine.checks import listed, shown
from maml_engine.io.sheet import MAX_NUMBER, Sheet, spell_rows
from maml_engine.tasks.roles import MAX_LEVELS, Roles


@dataclass(frozen=True)
class InputCode:
    """How one input column becomes numbers: standardised, after its logarithm where asked for; text as one column a level.

    name: of the column.
    kind: "number", "date" or "text".
    log: whether the logarithm is used.
    center: mean of numbers and dates, which is taken off so that 32-bit numbers do not blur them.
    unit: their standard deviation.
    levels: of text, commonest first; a category that is not among them is none of them.
    form: how its numbers or dates are written in the table, so that the rows of a new task are read alike; "" for any way.
    """

    name: str
    kind: str
    log: bool = False
    center: float = 0.0
    unit: float = 1.0
    levels: tuple[str, ...] = ()
    form: str = ""

    @property
    def width(self) -> int:
        """Numbers that the column becomes."""
        return len(self.levels) if self.kind == "text" else 1

    def encode(self, sheet: Sheet) -> np.ndarray:
        """`[rows, width]` float64.

        Raises:
          ValueError: a cell that cannot be read, with its row and column.
        """
        if self.kind == "text":
            cells = _as_levels(sheet.text(self.name), self.levels)
            return np.stack([cells == level for level in self.levels], axis=1).astype(np.float64)
        values = sheet.checked_numbers(self.name, log=self.log, dates=self.kind == "date")
        return (values[:, None] - self.center) / self.unit


@dataclass(frozen=True)
class Encoding:
    """A table's columns as numbers, in units in which they vary by about 1.

    inputs: one an input column.
    target: the column that is predicted.
    target_log: whether its logarithm is.
    center: mean of the target in the whole table (after the logarithm).
    unit: its standard deviation there, so that errors come out relative to its spread.
    classes: names of the target's classes, whose codes are their places here; () for a number.
    form: how the target's numbers are written in the table; "" for any way.
    """

    inputs: tuple[InputCode, ...]
    target: str
    target_log: bool = False
    center: float = 0.0
    unit: float = 1.0
    classes: tuple[str, ...] = ()
    form: str = ""

    @classmethod
    def of(cls, sheet: Sheet, roles: Roles) -> "Encoding":
        """From usable rows (`usable`)."""
        inputs = tuple(_input_code(sheet, name, name in roles.log) for name in roles.inputs)
        if roles.classes:
            return cls(inputs, roles.target, classes=tuple(sorted(set(sheet.text(roles.target)), key=_in_order)))
        log = roles.target in roles.log
        values = sheet.checked_numbers(roles.target, log=log)
        form = sheet.reading(roles.target).form
        return cls(inputs, roles.target, log, float(values.mean()), float(values.std()) or 1.0, form=form)

    @property
    def in_dim(self) -> int:
        """Numbers that a row's inputs become."""
        return sum(code.width for code in self.inputs)

    @property
    def out_dim(self) -> int:
        """Outputs of the network: one, or one a class."""
        return len(self.classes) or 1

    def encode_inputs(self, sheet: Sheet) -> np.ndarray:
        """`[rows, in_dim]` float64.

        Raises:
          ValueError: a column is missing, named, or a cell cannot be read.
        """
        sheet.check_columns([code.name for code in self.inputs])
        sheet = sheet.as_in({code.name: code.form for code in self.inputs})
        return np.concatenate([code.encode(sheet) for code in self.inputs], axis=1)

    def encode_target(self, sheet: Sheet) -> np.ndarray:
        """`[rows, 1]` float64: in units of the spread, or class codes.

        Raises:
          ValueError: as for inputs; or a class that training has not seen.
        """
        sheet.check_columns([self.target])
        sheet = sheet.as_in({self.target: self.form})
        if not self.classes:
            return (sheet.checked_numbers(self.target, log=self.target_log)[:, None] - self.center) / self.unit
        cells = sheet.text(self.target)
        codes = {name: code for code, name in enumerate(self.classes)}
        unknown = [place for place, cell in zip(sheet.places, cells, strict=True) if cell not in codes]
        if unknown:
            got = shown(cells[list(sheet.places).index(unknown[0])])
            raise ValueError(
                f"Column {shown(self.target)} must be one of {listed(self.classes)}, got {got} in {spell_rows(unknown)}."
            )
        return np.array([codes[cell] for cell in cells], np.float64)[:, None]

    def targets(self, y: np.ndarray) -> np.ndarray:
        """`[..., 1] -> [..., out_dim]`: what the fits predict; one column a class, 1 for the row's own."""
        return (y == np.arange(len(self.classes))).astype(np.float64) if self.classes else y

    def decode_target(self, values: np.ndarray) -> np.ndarray:
        """`[...]`, from units of the spread to the target's own; a logarithm is undone."""
        values = np.asarray(values, np.float64) * self.unit + self.center
        return np.exp(values) if self.target_log else values

    def to_values(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> "Encoding":
        """The inverse of `to_values`."""
        inputs = tuple(InputCode(**{**code, "levels": tuple(code["levels"])}) for code in values["inputs"])
        return cls(**{**values, "inputs": inputs, "classes": tuple(values["classes"])})


def bad_cells(sheet: Sheet, name: str, kind: str) -> np.ndarray:
    """`[rows]`, where a cell is written that is not what its column is."""
    if kind not in ("number", "date"):
        return np.zeros(len(sheet), bool)
    values = sheet.days(name) if kind == "date" else sheet.numbers(name)
    return ~sheet.missing(name) & ~(np.abs(values) <= MAX_NUMBER)


def usable(sheet: Sheet, roles: Roles) -> np.ndarray:
    """`[rows]`, where no cell that is needed is missing."""
    return ~np.any([sheet.missing(name) for name in roles.columns], axis=0)


def _input_code(sheet: Sheet, name: str, log: bool) -> InputCode:
    kind = sheet.kind(name)
    if kind == "text":
        common = Counter(sheet.text(name)).most_common(MAX_LEVELS)
        return InputCode(name, kind, levels=tuple(level for level, _ in common))
    values = sheet.checked_numbers(name, log=log, dates=kind == "date")
    return InputCode(name, kind, log, float(values.mean()), float(values.std()) or 1.0, form=sheet.reading(name).form)


def _as_levels(cells: np.ndarray, levels: tuple[str, ...]) -> np.ndarray:
    """`[rows]`: cells as the levels spell them, where these are a yes and a no that programs write in several ways."""
    own = {_truth(level): level for level in levels}
    if len(own) != len(levels) or not own.keys() <= {True, False}:
        return cells
    return np.array([own.get(_truth(cell), cell) for cell in cells], object)


def _truth(cell: str) -> bool | None:
    return {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}.get(cell.lower())


def _in_order(name: str) -> tuple[bool, float, str]:
    """Numbers by size before text by the alphabet."""
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name
