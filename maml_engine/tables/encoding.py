"""From a table's cells to the numbers that a learner sees, and back to the target's own units."""

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from maml_engine.checks import listed, shown
from maml_engine.io.sheet import MAX_NUMBER, Sheet, spell_rows
from maml_engine.tasks.roles import MAX_LEVELS, Roles

# Numbers are skewed where one is so many standard deviations from their mean, or where their skewness is as a lognormal's with
# a standard deviation of about 0.55; of few different ones each says something of its own.
MAX_DEVIATION, SKEWED, MIN_SHAPED_VALUES = 5.0, 2.0, 12


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
    shape: what is done to skewed numbers before they are standardised, so that no polynomial runs away on their tail: "log",
      "asinh" (a logarithm on both sides of the middle), or "".
    middle: of "asinh"; of "log" the least number whose logarithm is taken, smaller ones being as that one.
    width: of "asinh".
    may_miss: whether cells were missing in training; another column says then where they are.
    own_rows: for a missing cell, the mean over n rows of its task counts n / (n + own_rows), the mean of all tasks the rest.
    """

    name: str
    kind: str
    log: bool = False
    center: float = 0.0
    unit: float = 1.0
    levels: tuple[str, ...] = ()
    form: str = ""
    shape: str = ""
    middle: float = 0.0
    width: float = 1.0
    may_miss: bool = False
    own_rows: float = 1.0

    @property
    def size(self) -> int:
        """Numbers that the column becomes."""
        return (len(self.levels) if self.kind == "text" else 1) + self.may_miss

    def encode(self, sheet: Sheet) -> np.ndarray:
        """`[rows, size]` float64, NaN where a number is missing; a text that is missing is none of its levels.

        Raises:
          ValueError: a cell that cannot be read, with its row and column.
        """
        missing = sheet.missing(self.name)
        if self.kind == "text":
            cells = _as_levels(sheet.text(self.name), self.levels)
            columns = [(cells == level) & ~missing for level in self.levels]
        else:
            values = np.full(len(sheet), np.nan)
            if (there := ~missing).any():
                written = sheet.take(there).checked_numbers(self.name, log=self.log, dates=self.kind == "date")
                values[there] = (self._shaped(written) - self.center) / self.unit
            columns = [values]
        return np.stack([*columns, *([missing] if self.may_miss else [])], axis=1).astype(np.float64)

    def decode(self, values: np.ndarray) -> np.ndarray:
        """`[...]`, numbers and dates in the column's own units, from what `encode` made of them."""
        values = values * self.unit + self.center
        if self.shape == "asinh":
            values = np.sinh(values) * self.width + self.middle
        elif self.shape == "log":
            values = np.exp(values)
        return np.exp(values) if self.log else values

    def _shaped(self, values: np.ndarray) -> np.ndarray:
        if self.shape == "asinh":
            return np.arcsinh((values - self.middle) / self.width)
        return np.log(np.maximum(values, self.middle)) if self.shape == "log" else values


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
    def of(cls, sheet: Sheet, roles: Roles, ids: np.ndarray | None = None) -> "Encoding":
        """From usable rows (`usable`) and each one's task, `[rows]`, where cells may be missing."""
        inputs = tuple(_input_code(sheet, name, name in roles.log, ids) for name in roles.inputs)
        if roles.classes:
            return cls(inputs, roles.target, classes=tuple(sorted(set(sheet.text(roles.target)), key=_in_order)))
        log = roles.target in roles.log
        values = sheet.checked_numbers(roles.target, log=log)
        form = sheet.reading(roles.target).form
        return cls(inputs, roles.target, log, float(values.mean()), float(values.std()) or 1.0, form=form)

    @property
    def in_dim(self) -> int:
        """Numbers that a row's inputs become."""
        return sum(code.size for code in self.inputs)

    @property
    def out_dim(self) -> int:
        """Outputs of the network: one, or one a class."""
        return len(self.classes) or 1

    def encode_inputs(self, sheet: Sheet) -> np.ndarray:
        """`[rows, in_dim]` float64; NaN where a number is missing, which is `filled`'s to mend.

        Raises:
          ValueError: a column is missing, named, or a cell cannot be read.
        """
        sheet.check_columns([code.name for code in self.inputs])
        sheet = (
            sheet.as_in({code.name: "text" if code.kind == "text" else code.form for code in self.inputs})
            if len(sheet)
            else sheet
        )
        return np.concatenate([code.encode(sheet) for code in self.inputs], axis=1)

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
    """`[rows]`, where task, target and time are written; an input that is missing is filled."""
    return ~np.any([sheet.missing(name) for name in roles.columns if name not in roles.inputs or name == roles.time], axis=0)


def complete(sheet: Sheet, roles: Roles) -> np.ndarray:
    """`[rows]`, where no cell that is needed is missing."""
    return ~np.any([sheet.missing(name) for name in roles.columns], axis=0)


def _input_code(sheet: Sheet, name: str, log: bool, ids: np.ndarray | None) -> InputCode:
    kind, missing = sheet.kind(name), sheet.missing(name)
    may_miss = bool(missing.any())
    if kind == "text":
        common = Counter(sheet.text(name)[~missing]).most_common(MAX_LEVELS)
        return InputCode(name, kind, levels=tuple(level for level, _ in common), may_miss=may_miss)
    values = sheet.take(~missing).checked_numbers(name, log=log, dates=kind == "date")
    code = InputCode(name, kind, log, may_miss=may_miss, form=sheet.reading(name).form, **_shape(values))
    values = code._shaped(values)
    code = dataclasses.replace(code, center=float(values.mean()), unit=float(values.std()) or 1.0)
    return code if ids is None else dataclasses.replace(code, own_rows=_own_rows(values, ids[~missing]))


def _shape(values: np.ndarray) -> dict[str, Any]:
    """What makes skewed numbers less so, as fields of `InputCode`; {} where they are not."""
    spread = float(values.std())
    if len(np.unique(values)) < MIN_SHAPED_VALUES or spread == 0:
        return {}
    if np.abs(values - values.mean()).max() <= MAX_DEVIATION * spread and abs(skewness(values)) <= SKEWED:
        return {}
    least = float(values.min())
    if least > 0 and abs(skewness(np.log(values))) < abs(skewness(values)) / 2:
        return {"shape": "log", "middle": least / 2}
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    width = float(high - low) / 1.35 or float(np.mean(np.abs(values - middle))) or 1.0
    return {"shape": "asinh", "middle": float(middle), "width": width}


def skewness(values: np.ndarray) -> float:
    """Of values `[n]`; 0 where they are all the same."""
    centred = values - values.mean()
    return float(np.mean(centred**3) / np.maximum(values.std() ** 3, 1e-300))


def _own_rows(values: np.ndarray, ids: np.ndarray) -> float:
    """Variance within tasks over that between them: after so many rows a task's own mean counts as much as that of all."""
    codes = np.unique(ids, return_inverse=True)[1]
    counts = np.bincount(codes)
    means = np.bincount(codes, values) / counts
    within, between = float(np.var(values - means[codes])), float(np.var(means))
    return float(np.clip(within / max(between - within / counts.mean(), 1e-9 + 0.01 * within), 1e-3, 100.0))


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
