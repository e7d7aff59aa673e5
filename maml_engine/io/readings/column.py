"""How one column is read, from all its cells and from what the rest of its file says."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from maml_engine.io.readings import dates, numbers
from maml_engine.io.readings.reading import Reading

if TYPE_CHECKING:
    import pandas as pd

# A column is what this share of its written cells is; the rest are for the person at the screen to fix.
SHARE = 0.8
SAMPLE = 300
MISSING = (
    *("", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "none", "-", "?", ".", "--", "---"),
    *("n.a.", "n. a.", "k.a.", "k. a.", "n.d.", "#nv", "#value!", "#div/0!", "#ref!", "#num!", "#wert!", "#bezug!", "(null)"),
)


class Hints(NamedTuple):
    """What a file says of all its columns.

    decimal: the mark of decimals in columns where it is plain; "" where there is none, or both.
    date_order: of its dates where it is plain; "" where there is none, or several.
    has_other_separator: whether something else than commas stands between the columns.
    """

    decimal: str = ""
    date_order: str = ""
    has_other_separator: bool = False


class Read(NamedTuple):
    """A column that was read.

    reading: how.
    values: `[rows]` float64 numbers or days; NaN where a cell is missing, or is not what its column is.
    """

    reading: Reading
    values: np.ndarray


def is_missing(cells: "pd.Series") -> np.ndarray:
    """`[rows]`, where a cell is empty or is a word that says so."""
    return cells.str.lower().isin(MISSING).to_numpy(bool)


def read_column(cells: "pd.Series", hints: Callable[[], Hints]) -> Read:
    """Judges what a column is, by all its cells.

    Args:
      cells: as they are written, stripped.
      hints: from the rest of the file; asked only where the cells are not plain.
    """
    written = ~is_missing(cells)
    values = np.full(len(cells), np.nan)
    if not written.any():
        return Read(Reading("empty"), values)
    there = cells.loc[written]
    if (as_number := _as_number(there, hints)) is not None:
        values[written] = as_number.values
        return Read(as_number.reading, values)
    if (as_date := _as_date(there, hints)) is not None:
        values[written] = as_date.values
        return Read(as_date.reading, values)
    return Read(Reading("text"), values)


def read_as(cells: "pd.Series", form: str) -> Read:
    """A column under a form that is known: of numbers, of dates, or "text"."""
    written = ~is_missing(cells)
    values = np.full(len(cells), np.nan)
    if form in dates.ORDERS:
        values[written] = dates.parse(cells.to_numpy(object)[written], form)
        return Read(Reading("date", form), values)
    if form in numbers.FORMS:
        bare, unit = _bare(cells.loc[written])
        values[written] = numbers.parse(bare, form)
        return Read(Reading("number", form, unit=unit), values)
    return Read(Reading("text"), values)


def _sample(cells: "pd.Series") -> "pd.Series":
    return cells.iloc[:: -(-len(cells) // SAMPLE)]


def _bare(cells: "pd.Series") -> tuple["pd.Series", str]:
    """Cells without their units; each different cell is looked at once."""
    import pandas as pd

    if not np.isnan(numbers.parse(cells, numbers.POINT)).any():
        return cells, ""
    places, values = pd.factorize(cells)
    bare, unit = numbers.plain(pd.Series(values, dtype=object))
    return bare.iloc[places].set_axis(cells.index).astype(str), unit


def _as_number(there: "pd.Series", hints: Callable[[], Hints]) -> Read | None:
    """As numbers; None where most cells are none, or where they spell dates."""
    fits, some = numbers.parse(there, numbers.POINT), _sample(there)
    share = np.mean(~np.isnan(fits))
    bare, unit = there, ""
    if share < 1.0:
        bare, unit = _bare(some)
        best = max(np.mean(~np.isnan(numbers.parse(bare, form, strictly=True))) for form in numbers.FORMS)
        if best < SHARE / 2:
            return None
        bare, unit = _bare(there)
    elif _spell_days(some) and _spell_days(there):
        return None
    elif np.isfinite(fits).all() and not numbers.may_be_grouped(there):
        return Read(Reading("number", numbers.POINT), fits)  # what programs write, and most columns are
    told = hints()
    decimal = told.decimal or ("." if unit in ("$", "£", "USD", "GBP") else "")
    form, others, values = numbers.judge(bare, decimal, separator_hint=told.has_other_separator)
    return Read(Reading("number", form, others, unit), values) if np.mean(~np.isnan(values)) >= SHARE else None


def _spell_days(cells: "pd.Series") -> bool:
    """Whether numbers are dates without marks, such as 20240131."""
    return bool(cells.str.fullmatch(r"(?:19|20)\d{6}").all()) and bool(
        np.isfinite(dates.parse(cells.to_numpy(object), dates.YEAR_FIRST)).all()
    )


def _is_date(cell: str) -> bool:
    return len(cell) <= dates.LONGEST and bool(dates.LIKE_DATE.search(cell)) and dates.take_apart(cell) is not None


def _as_date(there: "pd.Series", hints: Callable[[], Hints]) -> Read | None:
    """As dates; None where most cells are none."""
    some = _sample(there).to_numpy(object)
    if np.mean([_is_date(cell) for cell in some]) < SHARE / 2:
        return None
    order, others, values = dates.judge(there.to_numpy(object), hints().date_order)
    return Read(Reading("date", order, others), values) if np.mean(~np.isnan(values)) >= SHARE else None


def hints_of(frame: "pd.DataFrame", *, has_other_separator: bool) -> Hints:
    """What is plain in some columns, for those in which it is not."""
    marks, orders = set(), set()
    blank = Hints(has_other_separator=has_other_separator)
    for place in range(min(frame.shape[1], 200)):
        cells = frame.iloc[:2000, place]
        read = read_column(cells, lambda: blank)
        form, others = read.reading.form, read.reading.others
        if others or not form:
            continue
        if read.reading.kind == "number" and cells.str.contains("[.,]").any():
            marks.add(numbers.decimal_of(form))
        elif form in (dates.DAY_FIRST, dates.MONTH_FIRST):
            orders.add(form)
    return Hints(marks.pop() if len(marks) == 1 else "", orders.pop() if len(orders) == 1 else "", has_other_separator)
