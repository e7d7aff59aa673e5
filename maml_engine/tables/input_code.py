"""How one input column becomes numbers, and what of new rows lies beyond it."""

import dataclasses
from collections import Counter
from dataclasses import dataclass

import numpy as np

from maml_engine.checks import listed, shown
from maml_engine.io.readings.dates import CLOCK
from maml_engine.io.sheet import Sheet, spell_rows
from maml_engine.tables.level_effects import cross_fitted, level_effects
from maml_engine.tables.shapes import shape_of, shaped, unshaped
from maml_engine.tasks.roles import MAX_LEVELS

EDGE = 0.1  # of a column's range, beyond which its numbers count as those at the edge
NEW_LEVEL = 0.15  # of a range, that a category is beyond the table which it never had


@dataclass(frozen=True)
class InputCode:
    """How one input column becomes numbers: standardised, after its logarithm where asked for; text as one column a level.

    Text of many levels is one column instead, what each level does to the target.

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
    effects: of text of more than `MAX_LEVELS` levels, what each does to the target (`level_effects`), outputs each; else ().
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
    effects: tuple[tuple[float, ...], ...] = ()

    @property
    def size(self) -> int:
        """Numbers that the column becomes."""
        own = len(self.effects[0]) if self.effects else len(self.levels) if self.kind == "text" else 1
        return own + self.may_miss

    def encode(self, sheet: Sheet) -> np.ndarray:
        """`[rows, size]` float64, NaN where a number is missing; a text that is missing is none of its levels.

        Raises:
          ValueError: a cell that cannot be read, with its row and column.
        """
        missing = sheet.missing(self.name)
        if self.effects:
            effects = np.array([*self.effects, np.zeros(len(self.effects[0]))])
            columns = effects[self.places(sheet)].T  # of a level that is not known, the mean of all
        elif self.kind == "text":
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
        values = unshaped(values * self.unit + self.center, self.shape, self.middle, self.width)
        return np.exp(values) if self.log else values

    def places(self, sheet: Sheet) -> np.ndarray:
        """`[rows]` int, which of the levels a cell is; -1 where it is none of them or missing."""
        cells = _as_levels(sheet.text(self.name), self.levels)
        place_of = {level: place for place, level in enumerate(self.levels)}
        found = np.array([place_of.get(cell, -1) for cell in cells], int)
        return np.where(sheet.missing(self.name), -1, found)

    def told_by_others(self, sheet: Sheet, y: np.ndarray, ids: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """`encode` for training, where each row's effect is the one that tasks of other groups tell.

        Args:
          sheet: the rows.
          y: `[rows, outputs]` targets.
          ids: `[rows]` int, each one's task.
          groups: `[rows]` int, the group of each one's task.

        Returns:
          `[rows, size]` float64.
        """
        values = self.encode(sheet)
        if self.effects:
            found = cross_fitted(self.places(sheet), _outcomes(y), ids, groups=groups, levels=len(self.levels))
            values[:, : found.shape[1]] = found
        return values

    def spell(self, value: float, *, digits: int = 4) -> str:
        """A number in the column's own units as it is read: a day, a time of day, or so many digits."""
        if self.form == CLOCK:
            return f"{int(value * 24) % 24:02d}:{round(value * 1440) % 60:02d}"
        return str(np.datetime64(int(value), "D")) if self.kind == "date" else f"{value:.{digits}g}"

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
            return np.where(known | missing, 0.0, NEW_LEVEL) if self.shares or self.effects else np.zeros(len(sheet))
        if self.high <= self.low:
            return np.zeros(len(sheet))
        values, low, high = sheet.days(self.name) if self.kind == "date" else sheet.numbers(self.name), self.low, self.high
        if self.log:
            values, low, high = np.log(np.maximum(values, 1e-300)), np.log(low), np.log(high)
        return np.nan_to_num(np.maximum(0.0, np.maximum(low - values, values - high)) / (high - low))

    def _shaped(self, values: np.ndarray) -> np.ndarray:
        return shaped(values, self.shape, self.middle, self.width)


def input_code(sheet: Sheet, name: str, *, log: bool, ids: np.ndarray | None, y: np.ndarray) -> InputCode:
    """How a column of a table becomes numbers.

    Args:
      sheet: its usable rows.
      name: of the column.
      log: whether its logarithm is taken.
      ids: `[rows]`, each one's task, where cells may be missing; None for none.
      y: `[rows, outputs]` targets, which tell what each of many levels does.
    """
    kind, missing = sheet.kind(name), sheet.missing(name)
    may_miss = bool(missing.any())
    if kind == "text":
        common = Counter(sheet.text(name)[~missing]).most_common()
        levels = tuple(level for level, _ in common)
        if len(levels) > MAX_LEVELS:
            code = InputCode(name, kind, levels=levels, may_miss=may_miss)
            tasks = np.zeros(len(sheet), int) if ids is None else np.unique(ids, return_inverse=True)[1]
            effects = level_effects(code.places(sheet), _outcomes(y), tasks, len(levels))
            return dataclasses.replace(code, effects=tuple(map(tuple, effects.tolist())))
        total = sum(times for _, times in common)
        return InputCode(name, kind, levels=levels, may_miss=may_miss, shares=tuple(times / total for _, times in common))
    values = sheet.take(~missing).checked_numbers(name, log=log, dates=kind == "date")
    low, high = (float(np.exp(end) if log else end) for end in (values.min(), values.max()))
    form = sheet.reading(name).form
    code = InputCode(name, kind, log, may_miss=may_miss, form=form, low=low, high=high, **shape_of(values))
    values = code._shaped(values)
    code = dataclasses.replace(code, center=float(values.mean()), unit=float(values.std()) or 1.0)
    return code if ids is None else dataclasses.replace(code, own_rows=_own_rows(values, ids[~missing]))


def _outcomes(y: np.ndarray) -> np.ndarray:
    """`[rows, outputs]`: what effects are on; of two classes one says it all."""
    return y[:, :1] if y.shape[1] == 2 else y


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
        ends = [code.spell(end, digits=6) for end in (low, high)]
        return (
            f"Column {shown(code.name)} goes from {ends[0]} to {ends[1]} in the table, got {got}: nothing is known out there."
        )
    alike = {level.casefold(): level for level in code.levels}
    near = [level for cell in sheet.text(code.name)[far] if (level := alike.get(cell.casefold()))]
    hint = f" Is {shown(near[0])} meant?" if near else ""
    taken = "as the mean of them" if code.effects else "for any of them"
    return f"Column {shown(code.name)} is one of {listed(code.levels)} in the table, got {got}: taken {taken}.{hint}"


def _as_levels(cells: np.ndarray, levels: tuple[str, ...]) -> np.ndarray:
    """`[rows]`: cells as the levels spell them, where these are a yes and a no that programs write in several ways."""
    own = {_truth(level): level for level in levels}
    if len(own) != len(levels) or not own.keys() <= {True, False}:
        return cells
    return np.array([own.get(_truth(cell), cell) for cell in cells], object)


def _truth(cell: str) -> bool | None:
    return {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}.get(cell.lower())
