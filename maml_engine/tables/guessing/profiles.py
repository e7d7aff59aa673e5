"""What the cells of a column say of it, whatever its name: levels, whole numbers, row numbers, and how it runs in groups."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from maml_engine.io.sheet import Sheet
from maml_engine.tables.guessing.words import CODE, ROWS, says, words_of
from maml_engine.tables.shapes import shaped, target_shape_of

MAX_ROWS, BLOCKS = 5000, 10  # rows that stand together in the file, from all over it, are enough to see what a column is


@dataclass(frozen=True, eq=False)
class Profile:
    """A column.

    name: of the column.
    place: in the file, from 0.
    kind: as the sheet has it.
    codes: `[rows]` int, which of its levels a cell is; -1 where it is missing.
    values: `[rows]` float, numbers or days; the codes of text.
    counts: `[levels]`, rows of each level.
    row_name: why it names or numbers the rows of the whole table, in words; "" where it does not.
    """

    name: str
    place: int
    kind: str
    codes: np.ndarray
    values: np.ndarray
    counts: np.ndarray
    row_name: str = ""

    @property
    def levels(self) -> int:
        """Different values."""
        return len(self.counts)

    @cached_property
    def even(self) -> np.ndarray:
        """`[rows]`, the values less skewed: how columns hang together is no matter of a few large ones."""
        there = self.codes >= 0
        if self.kind == "text" or not there.any():
            return self.values
        even = self.values.copy()
        how = {"shape": "", "middle": 0.0, "width": 1.0} | target_shape_of(self.values[there])
        even[there] = shaped(self.values[there], **how)
        return even

    @property
    def is_whole(self) -> bool:
        """Whether all numbers are whole."""
        values = self.values[self.codes >= 0]
        return self.kind == "number" and bool(np.all(values == np.round(values)))

    @property
    def is_constant(self) -> bool:
        """Whether it says nothing."""
        return self.levels < 2


def some_rows(rows: int) -> np.ndarray:
    """Places of at most `MAX_ROWS` rows in blocks from all over a table, `[n]`."""
    if rows <= MAX_ROWS:
        return np.arange(rows)
    starts = np.linspace(0, rows - MAX_ROWS // BLOCKS, BLOCKS).astype(int)
    return (starts[:, None] + np.arange(MAX_ROWS // BLOCKS)).ravel()


def profiles_of(sheet: Sheet) -> dict[str, Profile]:
    """Columns by name."""
    rows = some_rows(len(sheet))
    return {name: _profile(sheet, name, place, rows) for place, name in enumerate(sheet.names)}


def _profile(sheet: Sheet, name: str, place: int, rows: np.ndarray) -> Profile:
    kind, missing = sheet.kind(name), sheet.missing(name)[rows]
    values = np.full(len(rows), np.nan)
    if kind in ("number", "date"):
        values = sheet.values(name)[rows]
        missing = missing | ~np.isfinite(values)
    codes = np.full(len(rows), -1)
    cells = sheet.text(name)[rows] if kind == "text" else values
    if not missing.all():
        _, codes[~missing] = np.unique(cells[~missing].astype(str) if kind == "text" else cells[~missing], return_inverse=True)
    if kind == "text":
        values = np.where(missing, np.nan, codes)
    counts = np.bincount(codes[codes >= 0])
    is_other_in_each = len(counts) == len(rows) >= 3 and sheet.frame[name].is_unique
    return Profile(name, place, kind, codes, values, counts, _why_row_name(sheet, name, place) if is_other_in_each else "")


def _why_row_name(sheet: Sheet, name: str, place: int) -> str:
    """Why a column that has another value in every row names or numbers the rows; "" where it may be a measure."""
    values = sheet.values(name) if sheet.kind(name) in ("number", "date") else np.zeros(0)
    is_whole = sheet.kind(name) == "number" and bool(np.all(values == np.round(values)))
    if is_whole and np.ptp(values) == len(values) - 1:
        return "it numbers the rows"
    is_unnamed = name == f"column {place + 1}" or words_of(name) in ((), ("x",))
    if place == 0 and (is_unnamed or says(name, ROWS)):
        return "it names the rows"
    if sheet.kind(name) == "text":
        return "it has another value in every row"
    ordered = bool(np.all(np.diff(values) > 0))
    return "it counts the rows up" if is_whole and ordered and (says(name, ROWS) or says(name, CODE)) else ""


def runs(column: Profile) -> int:
    """How often the value changes from row to row, plus one: as many as there are levels where groups stand together."""
    return 1 + int(np.sum(column.codes[1:] != column.codes[:-1]))


def levels_within(column: Profile, task: Profile) -> np.ndarray:
    """`[tasks]`, different values of a column in each task; 0 where none is written."""
    both = (column.codes >= 0) & (task.codes >= 0)
    pairs = np.unique(task.codes[both].astype(np.int64) * max(1, column.levels) + column.codes[both])
    return np.bincount(pairs // max(1, column.levels), minlength=task.levels)


def is_same_within(column: Profile, task: Profile, share: float = 1.0) -> bool:
    """Whether a column has one value in each task (or in this share of them)."""
    levels = levels_within(column, task)
    return bool(np.mean(levels[levels > 0] <= 1) >= share) if (levels > 0).any() else True


def rises_within(column: Profile, task: Profile) -> float:
    """The share of tasks in which a column goes up from row to row, as time does."""
    if column.kind == "text":
        return 0.0
    order = np.argsort(task.codes, kind="stable")
    order = order[(task.codes[order] >= 0) & (column.codes[order] >= 0)]
    codes, values = task.codes[order], column.values[order]
    together = codes[1:] == codes[:-1]
    if not together.any():
        return 0.0
    falls = np.bincount(codes[1:][together & (np.diff(values) <= 0)], minlength=task.levels)
    several = np.bincount(codes[1:][together], minlength=task.levels) > 0
    return float(np.mean(falls[several] == 0))


def is_design(column: Profile, task: Profile) -> float:
    """From 0 to 1, how far the same values come in every task, each equally often: chosen by a design, not measured."""
    both = (column.codes >= 0) & (task.codes >= 0)
    if not both.any() or column.is_constant:
        return 0.0
    width = column.levels
    pairs, times = np.unique(task.codes[both].astype(np.int64) * width + column.codes[both], return_counts=True)
    tasks, values = pairs // width, pairs % width
    own = np.bincount(tasks, minlength=task.levels)
    seen = own > 0
    most, fewest = np.zeros(task.levels), np.full(task.levels, np.inf)
    np.maximum.at(most, tasks, times)
    np.minimum.at(fewest, tasks, times)
    spread_evenly = np.mean(most[seen] - fewest[seen] <= (most[seen] > 2))
    # How many of the tasks share a row's value: near 1 on a grid, one over the number of tasks where it was measured.
    shared = np.bincount(values, minlength=width)[values] / seen.sum()
    return float(np.average(shared, weights=times) * spread_evenly)


def ranks_within(column: Profile, task: Profile) -> bool:
    """Whether a column numbers the rows of each task: 1 to n in each."""
    if not column.is_whole:
        return False
    values, codes = column.values, task.codes
    both = (column.codes >= 0) & (codes >= 0)
    counts, levels = np.bincount(codes[both], minlength=task.levels), levels_within(column, task)
    low, high = np.full(task.levels, np.inf), np.full(task.levels, -np.inf)
    np.minimum.at(low, codes[both], values[both])
    np.maximum.at(high, codes[both], values[both])
    some = counts > 1
    return bool(some.any()) and bool(np.all((levels == counts)[some]) and np.all((high - low + 1 == counts)[some]))


def without_levels(values: np.ndarray, codes: np.ndarray, levels: int) -> np.ndarray:
    """`[rows]`: a column less the mean of each task."""
    counts = np.maximum(1, np.bincount(codes, minlength=levels))
    return values - (np.bincount(codes, values, minlength=levels) / counts)[codes]
