"""What the columns of a table are called: by a header that is known, or by one that is put right."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from maml_engine.checks import listed, shown

if TYPE_CHECKING:
    import pandas as pd

MAX_COLUMNS = 1000
MAX_ROWS = 1_000_000


def named(
    table: "pd.DataFrame", header: list[str], columns: Sequence[str], *, fewest_columns: int, notes: list[str]
) -> "pd.DataFrame":
    """The cells under names of their own.

    Args:
      table: cells, without the header.
      header: as it is written, stripped.
      columns: what the header must name, where that is known: these columns alone are given back. Else all of them, those
        without a name or of the same name renamed.
      fewest_columns: what is narrower is refused, where the columns are not known.
      notes: takes one sentence for each thing that was put right.

    Raises:
      ValueError: one sentence: columns that are missing or come twice, no rows, too few columns or too many.
    """
    if columns:
        _check_header(header, columns)
        names = list(dict.fromkeys(columns))
        table = table.iloc[:, [header.index(name) for name in names]]
    else:
        _check_size(len(table), header, fewest_columns)
        names = _unique(header, notes)
    if not len(table):
        raise ValueError(f"The file must hold rows below its header, got only the header {listed(header)}.")
    return table.set_axis(names, axis=1)


def _check_header(header: list[str], wanted: Sequence[str]) -> None:
    if len(header) == 1 and len(wanted) > 1:
        raise ValueError(
            f"The file must have the columns {listed(wanted)}, separated by commas, semicolons or tabs, "
            f"got the one column {shown(header[0])}."
        )
    if repeated := [name for name, times in Counter(header).items() if name and times > 1]:
        places = [place for place, name in enumerate(header, start=1) if name == repeated[0]]
        raise ValueError(f"Column names must differ, got {shown(repeated[0])} as columns {listed(places)}.")
    check_columns(header, wanted)


def _check_size(rows: int, header: list[str], fewest_columns: int) -> None:
    """Refuses a table of too few or too many columns, or too many rows."""
    if len(header) == 1 < fewest_columns:
        raise ValueError(
            f"The table must have at least three columns (a task, an input, a target), separated by commas, "
            f"semicolons or tabs, got the one column {shown(header[0])}."
        )
    if len(header) < fewest_columns:
        raise ValueError(f"The table must have at least three columns (a task, an input, a target), got {listed(header)}.")
    if len(header) > MAX_COLUMNS:
        raise ValueError(
            f"The table must have at most {MAX_COLUMNS:,} columns, got {len(header):,}: keep the task, the target, and the "
            "inputs that matter."
        )
    if rows > MAX_ROWS:
        raise ValueError(f"The table must have at most {MAX_ROWS:,} rows, got {rows:,}.")


def _unique(header: list[str], notes: list[str]) -> list[str]:
    named = [name or f"column {place}" for place, name in enumerate(header, start=1)]
    if empty := [place for place, name in enumerate(header, start=1) if not name]:
        notes.append(f"Columns without a name were named by their place: {listed(empty)}.")
    times, unique, taken = Counter(named), [], set(named)
    counts: Counter[str] = Counter()
    for name in named:
        counts[name] += 1
        own, again = name, counts[name]
        while again > 1 and own in taken:
            own, again = f"{name} ({again})", again + 1
        taken.add(own)
        unique.append(own)
    if repeated := [name for name, count in times.items() if count > 1]:
        notes.append(f"Column names that came more than once were numbered: {listed([*map(shown, repeated)])}.")
    return unique


def with_second_rows(header: list[str], more: Sequence[list[str]]) -> list[str]:
    """Names joined with those of the rows below; a name that stands over several columns is written over the first alone."""
    names, last = [], ""
    for place, name in enumerate(header):
        below = [row[place] for row in more if place < len(row) and row[place] and row[place] != name]
        last = name or (last if below else "")
        names.append(" ".join([*filter(None, [last]), *below]))
    return names


def other_header(header: list[str], more: list[list[str]], columns: Sequence[str], notes: list[str]) -> tuple[str, ...]:
    """Joins names and the rows below them where that tells columns apart (in place); gives back the other way.

    Args:
      header: the names.
      more: cells of the rows below.
      columns: what must be among the names, where that is known.
      notes: takes a sentence that says which way was taken.
    """
    if not more:
        return ()
    joined, plain = with_second_rows(header, more), list(header)
    written = [name for name in header if name]
    is_needed = len(set(written)) < len(written) or any(
        not name and below for name, below in zip(header[1:], joined[1:], strict=True)
    )
    if columns:
        is_needed = not set(columns) <= set(plain)
    words = listed([cell for cell in more[0] if cell], most=5)
    one = len(more) == 1
    rows = "row" if one else f"{len(more)} rows"
    if is_needed:
        verbs = "belongs to them and was" if one else "belong to them and were"
        notes.append(f"The {rows} below the names ({words}) {verbs} joined to them.")
        header[:] = joined
    else:
        verbs = "seems to hold units and was" if one else "seem to hold units and were"
        notes.append(f"The {rows} below the names ({words}) {verbs} left out.")
    return tuple(_unique(plain if is_needed else joined, []))


def drop_empty(table: "pd.DataFrame", header: list[str], columns: Sequence[str]) -> "pd.DataFrame":
    """Without columns that have neither a name nor a cell, such as those outside the bars of a table in Markdown (in place)."""
    if columns:
        return table
    empty = [place for place, name in enumerate(header) if not name and not (table.iloc[:, place].str.strip() != "").any()]
    if not empty or len(empty) == len(header):
        return table
    header[:] = [name for place, name in enumerate(header) if place not in empty]
    return table.drop(columns=table.columns[empty])


def holds_numbers(first: list[str]) -> bool:
    """Whether a first row is no header: at least half of it numbers, and not merely years, which head wide tables."""
    numbers = [cell for cell in first if _is_number(cell)]
    if 2 * len(numbers) < len(first) or not numbers:
        return False
    years = all(re.fullmatch(r"1[89]\d\d|20\d\d", cell) for cell in numbers)
    return not (years and len(set(numbers)) == len(numbers) > 1)


def _is_number(cell: str) -> bool:
    try:
        return np.isfinite(float(cell.replace(",", ".")))
    except ValueError:
        return False


def check_columns(header: Sequence[str], names: Sequence[str]) -> None:
    """Refuses a header that lacks one of the names, as `Sheet.check_columns`."""
    there = [shown(name) for name in dict.fromkeys(header) if name]
    missing = [shown(name) for name in names if name not in header]
    if not missing:
        return
    if not there:  # then the first says it all
        raise ValueError(f"Column {missing[0]} must be one of the file's columns: none has a name.")
    columns, must = ("Column", "be one of") if len(missing) == 1 else ("Columns", "be among")
    raise ValueError(f"{columns} {listed(missing)} must {must} the file's columns: {listed(there, most=12)}.")
