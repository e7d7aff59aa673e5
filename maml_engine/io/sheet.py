"""A table as it was written: text cells by column, whatever file they came in, and one sentence for what is wrong with them.

Rows are counted as a spreadsheet does: the header is row 1.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from maml_engine.checks import shown
from maml_engine.io.decode import clean_name
from maml_engine.io.header import (
    MAX_COLUMNS,
    MAX_ROWS,
    check_columns,
    drop_empty,
    holds_numbers,
    named,
    other_header,
)
from maml_engine.io.read_csv import MAX_BYTES, Source, read_bytes, read_cells, spell_rows
from maml_engine.io.read_csv import MAX_COLUMNS as MOST_COLUMNS
from maml_engine.io.read_parquet import PARQUET, as_text, read_parquet
from maml_engine.io.readings.column import Hints, Read, hints_of, is_missing, read_as, read_column
from maml_engine.io.readings.dates import YEAR_FIRST
from maml_engine.io.readings.numbers import FORMS, POINT
from maml_engine.io.readings.reading import Reading
from maml_engine.io.write_csv import table_csv, unescape_cell

if TYPE_CHECKING:
    import pandas as pd

MAX_NUMBER = 1e18  # a square beyond this overflows 32-bit numbers


@dataclass(frozen=True, eq=False)
class Sheet:
    """Cells as text, stripped.

    frame: one column of text a name, each name its own; its index says which row of the file a row is.
    digest: SHA-256 of the file, in hexadecimal.
    decimal_comma: whether something else than commas stands between the columns, as where decimals have them.
    notes: one sentence for each thing that reading put right.
    other_names: what the columns would be called if rows below the header were (not) joined to it; () for no such rows.
    sure: columns that somebody has said are right as they are.
    forms: how columns are read, by name, where somebody has said so (or the table of a learner has); the rest is judged.
    """

    frame: "pd.DataFrame"
    digest: str
    decimal_comma: bool = False
    notes: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    sure: tuple[str, ...] = ()
    forms: Mapping[str, str] = field(default_factory=dict)
    _whole: "tuple[Sheet, np.ndarray] | None" = field(default=None, repr=False)  # of which these are some rows, and which
    _parsed: dict = field(default_factory=dict, repr=False)

    @classmethod
    def from_frame(cls, frame: "pd.DataFrame", fewest_columns: int = 3) -> "Sheet":
        """The sheet of a pandas frame (such as an edited one), whose cells are judged as the text they would be written as."""
        header = [str(name).strip() for name in frame.columns]
        notes: list[str] = []
        cells = named(as_text(frame), header, (), fewest_columns=fewest_columns, notes=notes)
        return cls(cells, _frame_digest(frame), notes=tuple(notes))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(self.frame.columns)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def places(self) -> np.ndarray:
        """`[rows]`, each row's number in the file."""
        return self.frame.index.to_numpy()

    def text(self, name: str) -> np.ndarray:
        """`[rows]` of str; "" where nothing is written."""
        return self.cells(name).to_numpy(object)

    def missing(self, name: str) -> np.ndarray:
        """`[rows]`, where a cell is empty or says that its value is missing.

        In a column of words, "none" or "NA" is a word like any, unless it stands for what is missing in a column of numbers.
        """
        return self._keep("missing", name, self._find_missing)

    def numbers(self, name: str) -> np.ndarray:
        """`[rows]` float64; NaN where a cell is missing or is no number. Infinite values stay, for whoever judges them."""
        return self._keep("numbers", name, self._find_numbers)

    def days(self, name: str) -> np.ndarray:
        """`[rows]` float64: dates as days since 1970; NaN where a cell is no date."""
        return self._keep("days", name, self._find_days)

    def reading(self, name: str) -> Reading:
        """How a column is read: one way for all its cells, judged by the whole table."""
        return self._whole[0].reading(name) if self._whole else self._read(name).reading

    def kind(self, name: str) -> str:
        """What most written cells of a column are: "number", "date", "text", or "empty"."""
        return self.reading(name).kind

    def values(self, name: str) -> np.ndarray:
        """`[rows]` float64 of a column of numbers or dates."""
        return self.days(name) if self.kind(name) == "date" else self.numbers(name)

    # What is refused.

    def check_columns(self, names: Sequence[str]) -> None:
        """Refuses a sheet that lacks one of the columns.

        Raises:
          ValueError: the columns that are missing, and those that are there.
        """
        check_columns(self.names, names)

    def checked_text(self, name: str) -> np.ndarray:
        """`[rows]` of str.

        Raises:
          ValueError: cells that are empty.
        """
        self._refuse(name, self.text(name) == "", "must not be empty")
        return self.text(name)

    def checked_numbers(self, name: str, *, log: bool = False, dates: bool = False) -> np.ndarray:
        """`[rows]` float64: finite numbers of a column, or their natural logarithms.

        Args:
          name: the column.
          log: whether to take logarithms.
          dates: whether the column holds dates, which count as days since 1970.

        Raises:
          ValueError: cells that are missing, no numbers, infinite, too large, or not above 0 where their logarithm is taken.
        """
        self._refuse(name, self.missing(name), "must not have missing values")
        values = self.days(name) if dates else self.numbers(name)
        if self.decimal_comma and not dates:
            commas, points = (self.cells(name).str.contains(mark, regex=False).to_numpy(bool) for mark in ",.")
            is_mixed = (points & commas.any() | commas & points.any()) & np.isnan(values)
            self._refuse(name, is_mixed, "must write decimals with commas throughout or with points throughout")
        self._refuse(name, np.isnan(values), f"must hold {'dates' if dates else 'numbers'}")
        self._refuse(name, np.isinf(values), "must hold finite numbers")
        self._refuse(name, np.abs(values) > MAX_NUMBER, f"must hold numbers between {-MAX_NUMBER:g} and {MAX_NUMBER:g}")
        if not log:
            return values
        self._refuse(name, values <= 0, "must hold numbers > 0 for its logarithm")
        return np.log(values)

    def matrix(self, names: Sequence[str], log: Sequence[str] = ()) -> np.ndarray:
        """`[rows, names]` float64, `checked_numbers` of several columns; those in `log` by their logarithm."""
        return np.stack([self.checked_numbers(name, log=name in log) for name in names], axis=1)

    def _refuse(self, name: str, is_wrong: np.ndarray, demand: str) -> None:
        if is_wrong.any():
            got = shown(self.text(name)[is_wrong][0])
            raise ValueError(f"Column {shown(name)} {demand}, got {got} in {spell_rows(self.places[is_wrong])}.")

    # Other sheets.

    def drop(self, places: Sequence[int]) -> "Sheet":
        """Without the rows of these numbers."""
        return self._some(np.flatnonzero(~np.isin(self.places, list(places))), self.notes)

    def take(self, rows: np.ndarray) -> "Sheet":
        """The rows of a mask `[rows]` or of indices `[n]`, in order; columns are read as those of the whole."""
        return self._some(rows if rows.dtype != bool else np.flatnonzero(rows), ())

    def read_as(self, forms: Mapping[str, str], *, sure: Sequence[str] = ()) -> "Sheet":
        """The same cells with some columns read as somebody says: by a form of numbers or dates, or as "text".

        Args:
          forms: by a column's name.
          sure: columns that are right as they are.
        """
        return self._changed(forms={**self.forms, **forms}, sure=(*self.sure, *sure))

    def without_word(self, name: str, word: str) -> "Sheet":
        """With nothing written in the cells of a column that hold a word."""
        return self._changed(frame=self.frame.assign(**{name: self.cells(name).mask(self.cells(name) == word, "")}))

    def renamed(self) -> "Sheet":
        """With the other names of its columns."""
        frame, back = self.frame.set_axis(list(self.other_names), axis=1), dict(zip(self.names, self.other_names, strict=True))
        forms = {back[name]: form for name, form in self.forms.items()}
        return self._changed(frame=frame, other_names=self.names, forms=forms, sure=tuple(back[name] for name in self.sure))

    def _changed(self, **changes: Any) -> "Sheet":
        return dataclasses.replace(self, **changes, _whole=None, _parsed={})

    def as_in(self, forms: Mapping[str, str]) -> "Sheet":
        """The rows of a new task, read as the table of a learner was: each column's form by its name.

        A form that does not fit gives way to one about which there is no doubt: plain numbers, dates whose year comes first.
        """
        kept = {}
        for name, form in forms.items():
            if form == "text":
                kept[name] = form
            elif form and name in self.names:
                there = self.cells(name).loc[~is_missing(self.cells(name))]
                fits = not np.isnan(read_as(there, form).values).any()
                own = read_column(there, lambda: Hints(has_other_separator=self.decimal_comma))
                is_sure = own.reading.form in (YEAR_FIRST, *FORMS) and not own.reading.others and not np.isnan(own.values).any()
                same_kind = (form in FORMS) == (own.reading.kind == "number")
                kept[name] = form if fits or not (is_sure and same_kind) else own.reading.form
        return self.read_as(kept) if kept else self

    def _some(self, rows: np.ndarray, notes: tuple[str, ...]) -> "Sheet":
        whole = (self._whole[0], self._whole[1][rows]) if self._whole else (self, rows)
        return dataclasses.replace(self, frame=self.frame.iloc[rows], notes=notes, _whole=whole, _parsed={})

    def to_csv(self) -> bytes:
        """The sheet as a UTF-8 CSV; text that a spreadsheet would take for a formula is escaped."""
        return table_csv({name: self.text(name) for name in self.names})

    def cells(self, name: str) -> "pd.Series":
        """A column's cells as text, `[rows]`, by the numbers of their rows."""
        return cast("pd.Series", self.frame[name])

    def _keep(self, what: str, name: str, find: Callable[[str], np.ndarray]) -> np.ndarray:
        if (what, name) not in self._parsed:
            whole = self._whole
            self._parsed[what, name] = (
                whole[0]._keep(what, name, getattr(whole[0], find.__name__))[whole[1]] if whole else find(name)
            )
        return self._parsed[what, name]

    def _read(self, name: str) -> Read:
        """How a column is read, and its values."""
        if ("read", name) not in self._parsed:
            cells = self.cells(name)
            read = read_as(cells, self.forms[name]) if name in self.forms else read_column(cells, self._hints)
            self._parsed["read", name] = read
        return self._parsed["read", name]

    def _hints(self) -> Hints:
        if "hints" not in self._parsed:
            self._parsed["hints"] = hints_of(self.frame, has_other_separator=self.decimal_comma)
        return self._parsed["hints"]

    def _find_missing(self, name: str) -> np.ndarray:
        cells = self.cells(name)
        missing = is_missing(cells)
        if self.kind(name) != "text":
            return missing
        words = set(cells.to_numpy(object)[missing]) - {""}
        means = {
            word
            for word in words
            if any(self.kind(other) == "number" and (self.cells(other) == word).any() for other in self.names)
        }
        return cells.isin([*means, ""]).to_numpy(bool)

    def _find_numbers(self, name: str) -> np.ndarray:
        read = self._read(name)
        return read.values if read.reading.kind == "number" else read_as(self.cells(name), POINT).values

    def _find_days(self, name: str) -> np.ndarray:
        read = self._read(name)
        if read.reading.kind == "date":
            return read.values
        own = read_as(self.cells(name), YEAR_FIRST).values
        return own


def read_sheet(source: Source, max_bytes: int = MAX_BYTES, *, columns: Sequence[str] = (), fewest_columns: int = 3) -> Sheet:
    """Reads a CSV or a Parquet file, as people save them.

    Between columns stand commas, semicolons, tabs, bars or blanks; the encoding is told by likelihood; comments and words
    before the header are passed over; rows of units or further names below it are told apart from data. What was put right
    is in `notes`.

    Where the columns are known, the header must name them, and the sheet holds them alone. Else it is taken as it comes: one
    that is missing is replaced by "column 1", "column 2", ..; names that are empty or come twice are made their own.

    Args:
      source: a path, the file's bytes, or an open file.
      max_bytes: larger files are refused unread.
      columns: what the header must name, where that is known.
      fewest_columns: what is narrower is refused; the rows of one task need no column for it.

    Raises:
      ValueError: one sentence with the row or the column, and what to do.
    """
    content = read_bytes(source, max_bytes)
    digest = hashlib.sha256(content).hexdigest()
    notes: list[str] = []
    if content.startswith(PARQUET):
        table = read_parquet(content, max_bytes, max_rows=MAX_ROWS, max_columns=MAX_COLUMNS, notes=notes)
        header = [str(name).strip() for name in table.columns]
        return Sheet(named(table, header, columns, fewest_columns=fewest_columns, notes=notes), digest, notes=tuple(notes))
    table, more, has_commas, notes = read_cells(content, columns, MOST_COLUMNS if columns else MAX_COLUMNS)
    header = [unescape_cell(clean_name(cell)) for cell in table.iloc[0]]
    other = other_header(header, more, columns, notes)
    if not columns and holds_numbers(header):
        notes.append("The first row holds numbers, so it was read as data, and the columns are named by their place.")
        header = [f"column {place}" for place in range(1, len(header) + 1)]
    else:
        table = table.iloc[1:]
    table = named(drop_empty(table, header, columns), header, columns, fewest_columns=fewest_columns, notes=notes)
    for place in range(table.shape[1]):
        cells = table.iloc[:, place].str.strip()
        escaped = cells.str.startswith("'")
        table.isetitem(place, cells.where(~escaped, cells.map(unescape_cell)) if escaped.any() else cells)
    return Sheet(table, digest, not has_commas, tuple(notes), other_names=other if len(other) == table.shape[1] else ())


def _frame_digest(frame: "pd.DataFrame") -> str:
    return hashlib.sha256(frame.to_csv(index=False, lineterminator="\n").encode()).hexdigest()
