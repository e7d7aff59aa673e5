"""How one input column becomes numbers, and what of new rows lies beyond it."""

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from maml_engine.checks import listed, shown
from maml_engine.io.sheet import Sheet, spell_rows
from maml_engine.tasks.roles import MAX_LEVELS

# Numbers are skewed where one is so many standard deviations from their mean, or where their skewness is as a lognormal's with
# a standard deviation of about 0.55; of few different ones each says something of its own.
MAX_DEVIATION, SKEWED, MIN_SHAPED_VALUES = 5.0, 2.0, 12

EDGE = 0.1  # of a column's range, beyond which its numbers count as those at the edge
NEW_LEVEL = 0.15  # of a range, that a category is beyond the table which it never had


@dataclass(frozen=True)
class InputCode:
    """How one input column becomes numbers: standardised, after its logarithm where asked for; text as one column a level.

    name: of the column.
    kind: "number", "date" or "text".
    log: whether the logarithm is used.
    center: mean of numbers and dates, which is taken off so that 32-bit numbers do not blur them.
    unit: their standard deviation.
    levels: of text, commonest first; a category that is not among them is none of them.
    low: the least number or day of the table; 0, as `high`, where that is not known.
    high: the greatest.
    shares: of text, how often each level comes, where the levels are all there are; else ().
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
    low: float = 0.0
    high: float = 0.0
    shares: tuple[float, ...] = ()
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
            if self.shares:  # a level that the table never had is as likely to be like each of its own
                unseen = ~missing & ~np.any(columns, axis=0)
                columns = [np.where(unseen, share, column) for share, column in zip(self.shares, columns, strict=True)]
        else:
            values = np.full(len(sheet), np.nan)
            if (there := ~missing).any():
                written = self._within(sheet.take(there).checked_numbers(self.name, log=self.log, dates=self.kind == "date"))
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

    def _within(self, values: np.ndarray) -> np.ndarray:
        """Numbers far beyond the table's as those at its edge (after the logarithm): no curve is known out there."""
        if self.high <= self.low:
            return values
        low, high = (np.log(edge) if self.log else edge for edge in (self.low, self.high))
        return np.clip(values, low - EDGE * (high - low), high + EDGE * (high - low))

    def reach(self, sheet: Sheet) -> np.ndarray:
        """`[rows]`, how far each lies beyond what the table holds, in units of its range; a new category by `NEW_LEVEL`."""
        missing = sheet.missing(self.name)
        if self.kind == "text":
            known = np.isin(_as_levels(sheet.text(self.name), self.levels).astype(str), self.levels)
            return np.where(known | missing, 0.0, NEW_LEVEL) if self.shares else np.zeros(len(sheet))
        if self.high <= self.low:
            return np.zeros(len(sheet))
        values, low, high = sheet.days(self.name) if self.kind == "date" else sheet.numbers(self.name), self.low, self.high
        if self.log:
            values, low, high = np.log(np.maximum(values, 1e-300)), np.log(low), np.log(high)
        return np.nan_to_num(np.maximum(0.0, np.maximum(low - values, values - high)) / (high - low))

    def _shaped(self, values: np.ndarray) -> np.ndarray:
        if self.shape == "asinh":
            return np.arcsinh((values - self.middle) / self.width)
        return np.log(np.maximum(values, self.middle)) if self.shape == "log" else values


def input_code(sheet: Sheet, name: str, log: bool, ids: np.ndarray | None) -> InputCode:
    """How a column of a table becomes numbers.

    Args:
      sheet: its usable rows.
      name: of the column.
      log: whether its logarithm is taken.
      ids: `[rows]`, each one's task, where cells may be missing; None for none.
    """
    kind, missing = sheet.kind(name), sheet.missing(name)
    may_miss = bool(missing.any())
    if kind == "text":
        common = Counter(sheet.text(name)[~missing]).most_common(MAX_LEVELS)
        total = sum(times for _, times in common)
        shares = tuple(times / total for _, times in common) if len(common) < MAX_LEVELS else ()
        return InputCode(name, kind, levels=tuple(level for level, _ in common), may_miss=may_miss, shares=shares)
    values = sheet.take(~missing).checked_numbers(name, log=log, dates=kind == "date")
    low, high = (float(np.exp(end) if log else end) for end in (values.min(), values.max()))
    form = sheet.reading(name).form
    code = InputCode(name, kind, log, may_miss=may_miss, form=form, low=low, high=high, **_shape(values))
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


def said_of(code: InputCode, sheet: Sheet) -> str:
    """What of a column lies beyond the table, in words; "" for nothing."""
    far = code.reach(sheet) > 0
    if not far.any():
        return ""
    got = f"{shown(sheet.text(code.name)[far][0])} in {spell_rows(sheet.places[far].tolist())}"
    if code.kind != "text":
        low, high = code.low, code.high
        ends = [str(np.datetime64(int(day), "D")) if code.kind == "date" else f"{day:.6g}" for day in (low, high)]
        return (
            f"Column {shown(code.name)} goes from {ends[0]} to {ends[1]} in the table, got {got}: nothing is known out there."
        )
    alike = {level.casefold(): level for level in code.levels}
    near = [level for cell in sheet.text(code.name)[far] if (level := alike.get(cell.casefold()))]
    hint = f" Is {shown(near[0])} meant?" if near else ""
    return f"Column {shown(code.name)} is one of {listed(code.levels)} in the table, got {got}: taken for any of them.{hint}"


def _as_levels(cells: np.ndarray, levels: tuple[str, ...]) -> np.ndarray:
    """`[rows]`: cells as the levels spell them, where these are a yes and a no that programs write in several ways."""
    own = {_truth(level): level for level in levels}
    if len(own) != len(levels) or not own.keys() <= {True, False}:
        return cells
    return np.array([own.get(_truth(cell), cell) for cell in cells], object)


def _truth(cell: str) -> bool | None:
    return {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}.get(cell.lower())
