"""From a table's cells to the numbers that a learner sees, and back to the target's own units."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from maml_engine.checks import listed, shown
from maml_engine.io.sheet import MAX_NUMBER, Sheet, spell_rows
from maml_engine.tables.input_code import InputCode, input_code, said_of
from maml_engine.tables.shapes import LOG, shaped, target_shape_of, unshaped
from maml_engine.tasks.roles import Roles


@dataclass(frozen=True)
class Encoding:
    """A table's columns as numbers, in units in which they vary by about 1.

    inputs: one an input column.
    target: the column that is predicted.
    target_log: whether its logarithm is.
    center: mean of the target in the whole table (after the logarithm, or `shape`).
    unit: its standard deviation there, so that errors come out relative to its spread.
    classes: names of the target's classes, whose codes are their places here; () for a number.
    form: how the target's numbers are written in the table; "" for any way.
    shape: what is done to a skewed target before it is standardised, as `target_shape_of` has it; unlike under `target_log`,
      errors stay in the target's own units.
    middle: of that.
    width: likewise.
    """

    inputs: tuple[InputCode, ...]
    target: str
    target_log: bool = False
    center: float = 0.0
    unit: float = 1.0
    classes: tuple[str, ...] = ()
    form: str = ""
    shape: str = ""
    middle: float = 0.0
    width: float = 1.0

    @classmethod
    def of(cls, sheet: Sheet, roles: Roles, ids: np.ndarray | None = None, *, as_it_is: bool = False) -> "Encoding":
        """From usable rows (`usable`).

        Args:
          sheet: the rows.
          roles: which column is what.
          ids: `[rows]`, each one's task, where cells may be missing.
          as_it_is: whether a skewed target stays so, as one does that somebody has said is right (`Sheet.sure`).
        """
        target = cls._of_target(sheet, roles, as_it_is=as_it_is or roles.target in sheet.sure)
        y = target.targets(target.encode_target(sheet))
        return dataclasses.replace(
            target, inputs=tuple(input_code(sheet, name, log=name in roles.log, ids=ids, y=y) for name in roles.inputs)
        )

    @classmethod
    def _of_target(cls, sheet: Sheet, roles: Roles, *, as_it_is: bool) -> "Encoding":
        if roles.classes:
            return cls((), roles.target, classes=tuple(sorted(set(sheet.text(roles.target)), key=_in_order)))
        log = roles.target in roles.log
        values = sheet.checked_numbers(roles.target, log=log)
        shape = {} if log or as_it_is else target_shape_of(values)
        target = cls((), roles.target, log, form=sheet.reading(roles.target).form, **shape)
        values = target._shaped(values)
        return dataclasses.replace(target, center=float(values.mean()), unit=float(values.std()) or 1.0)

    @property
    def in_dim(self) -> int:
        """Numbers that a row's inputs become."""
        return sum(code.size for code in self.inputs)

    @property
    def out_dim(self) -> int:
        """Outputs of the network: one, or one a class."""
        return len(self.classes) or 1

    @property
    def room(self) -> float:
        """How far beyond what targets have been anything is predicted, in encoded units: of what is shaped, twice as much."""
        return float(np.log(2) / self.unit) if self.shape else float("inf")

    def said(self, off: np.ndarray) -> str:
        """What was done to a skewed target, in words; "" for nothing.

        Args:
          off: `[rows]`, by how much predictions are off, in encoded units.
        """
        if not self.shape:
            return ""
        what = "its logarithm is" if self.shape == LOG else "its tails are drawn in as by a logarithm (asinh) while it is"
        half = f", half of which are below {np.expm1(np.median(off) * self.unit):.0%} of the value" if self.shape == LOG else ""
        return f"{shown(self.target)} is skewed: {what} predicted, and errors are in its own units{half}."

    def encode_inputs(self, sheet: Sheet) -> np.ndarray:
        """`[rows, in_dim]` float64; NaN where a number is missing, which is `filled`'s to mend.

        Raises:
          ValueError: a column is missing, named, or a cell cannot be read.
        """
        sheet.check_columns([code.name for code in self.inputs])
        sheet = self._read(sheet) if len(sheet) else sheet
        return np.concatenate([code.encode(sheet) for code in self.inputs], axis=1)

    def encode_training(self, sheet: Sheet, y: np.ndarray, ids: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """`encode_inputs` of the rows of training: what a level does to the target is told by other groups of tasks alone.

        Args:
          sheet: the rows, as `of` has had them.
          y: `[rows, out_dim]`, their targets.
          ids: `[rows]` int, each one's task.
          groups: `[rows]` int, the group of each one's task.

        Returns:
          `[rows, in_dim]` float64.
        """
        return np.concatenate([code.told_by_others(sheet, y, ids, groups) for code in self.inputs], axis=1)

    def reach(self, sheet: Sheet) -> np.ndarray:
        """`[rows]`, how far each lies beyond what the table holds, in units of its range: there the interval opens."""
        sheet = self._read(sheet)
        return np.max([code.reach(sheet) for code in self.inputs], axis=0)

    def beyond(self, sheet: Sheet) -> list[str]:
        """One sentence for each column in which rows lie beyond the table: numbers outside its range, words it never had."""
        sheet = self._read(sheet)
        return [said for code in self.inputs if (said := said_of(code, sheet))]

    def _read(self, sheet: Sheet) -> Sheet:
        return sheet.as_in({code.name: "text" if code.kind == "text" else code.form for code in self.inputs})

    def filled(self, x: np.ndarray, ids: np.ndarray | None = None) -> np.ndarray:
        """Missing numbers by the other rows of their task, as far as these tell, and the mean of all tasks.

        Args:
          x: `[rows, in_dim]`, NaN where a number is missing.
          ids: `[rows]`, each row's task; None where all are of one.

        Returns:
          `[rows, in_dim]` without NaN.
        """
        if not np.isnan(x).any():
            return x
        x = x.copy()
        codes = np.zeros(len(x), int) if ids is None else np.unique(ids, return_inverse=True)[1]
        place = 0
        for code in self.inputs:
            column = x[:, place]
            if code.kind != "text" and np.isnan(column).any():
                there = ~np.isnan(column)
                counts = np.bincount(codes, there)
                sums = np.bincount(codes, np.where(there, column, 0.0))
                column[~there] = (sums / np.maximum(counts + code.own_rows, 1e-9))[codes[~there]]
            place += code.size
        return x

    def encode_target(self, sheet: Sheet) -> np.ndarray:
        """`[rows, 1]` float64: in units of the spread, or class codes.

        Raises:
          ValueError: as for inputs; or a class that training has not seen.
        """
        sheet.check_columns([self.target])
        sheet = sheet.as_in({self.target: self.form}) if len(sheet) else sheet
        if not self.classes:
            values = self._shaped(sheet.checked_numbers(self.target, log=self.target_log))
            return (values[:, None] - self.center) / self.unit
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
        values = unshaped(np.asarray(values, np.float64) * self.unit + self.center, self.shape, self.middle, self.width)
        return np.exp(values) if self.target_log else values

    def _shaped(self, values: np.ndarray) -> np.ndarray:
        return shaped(values, self.shape, self.middle, self.width)

    def to_values(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> "Encoding":
        """The inverse of `to_values`."""
        inputs = tuple(InputCode(**{**code, **_pairs(code, "levels", "shares", "effects")}) for code in values["inputs"])
        return cls(**{**values, "inputs": inputs, "classes": tuple(values["classes"])})


def bad_cells(sheet: Sheet, name: str, kind: str) -> np.ndarray:
    """`[rows]`, where a cell is written that is not what its column is."""
    if kind not in ("number", "date"):
        return np.zeros(len(sheet), bool)
    values = sheet.days(name) if kind == "date" else sheet.numbers(name)
    return ~sheet.missing(name) & ~(np.abs(values) <= MAX_NUMBER)


def usable(sheet: Sheet, roles: Roles) -> np.ndarray:
    """`[rows]`, where task, target and time are written; an input that is missing is filled."""
    return ~np.any([sheet.missing(name) for name in roles.columns if name not in roles.inputs or name == roles.time], axis=0)


def complete(sheet: Sheet, roles: Roles) -> np.ndarray:
    """`[rows]`, where no cell that is needed is missing."""
    return ~np.any([sheet.missing(name) for name in roles.columns], axis=0)


def _pairs(code: dict[str, Any], *names: str) -> dict[str, tuple]:
    """Lists of JSON as tuples, those in them as well; () where files of before have none."""
    return {name: tuple(tuple(one) if isinstance(one, list) else one for one in code.get(name, ())) for name in names}


def _in_order(name: str) -> tuple[bool, float, str]:
    """Numbers by size before text by the alphabet."""
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name
