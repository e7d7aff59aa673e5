"""A table as it was written: text cells by column, whatever file they came in, and one sentence for what is wrong with them.

Rows are counted as a spreadsheet does: the header is row 1.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from maml_engine.checks import listed, shown
from maml_engine.io.header import MAX_COLUMNS, MAX_ROWS, check_columns, holds_numbers, named
from maml_engine.io.read_csv import MAX_BYTES, Source, read_bytes, read_cells
from maml_engine.io.read_parquet import PARQUET, as_text, read_parquet
from maml_engine.io.write_csv import table_csv, unescape_cell

if TYPE_CHECKING:
    import pandas as pd

# A column is what this share of its written cells is; the rest are for the person at the screen to fix.
SHARE = 0.8
DATE_FORMATS = ("ISO8601", "%d.%m.%Y", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y")
MISSING = ("", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "-", "?")
MAX_NUMBER = 1e18  # a square beyond this overflows 32-bit numbers


@dataclass(frozen=True, eq=False)
class Sheet:
    """Cells as text, stripped.

    frame: one column of text a name, each name its own; its index says which row of the file a row is.
    digest: SHA-256 of the file, in hexadecimal.
    decimal_comma: whether numbers may be written with a comma.
    notes: one sentence for each thing that reading put right.
    """

    frame: "pd.DataFrame"
    digest: str
    decimal_comma: bool = False
    notes: tuple[str, ...] = ()
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
        return self.frame[name].to_numpy(object)

    def missing(self, name: str) -> np.ndarray:
        """`[rows]`, where a cell is empty or says that its value is missing."""
        return self._keep(("missing", name), lambda: self.frame[name].str.lower().isin(MISSING).to_numpy(bool))

    def numbers(self, name: str) -> np.ndarray:
        """`[rows]` float64; NaN where a cell is missing or is no number. Infinite values stay, for whoever judges them."""
        return self._keep(("numbers", name), lambda: self._parse_numbers(name))

    def days(self, name: str) -> np.ndarray:
        """`[rows]` float64: dates as days since 1970; NaN where a cell is no date."""
        return self._keep(("days", name), lambda: self._parse_days(name))

    def kind(self, name: str) -> str:
        """What most written cells of a column are: "number", "date", "text", or "empty"."""
        return self._keep(("kind", name), lambda: self._judge_kind(name))

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
            commas, points = self._decimal_marks(name)
            is_mixed = points & commas.any()
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
        return Sheet(self.frame.drop(index=list(places)), self.digest, self.decimal_comma, self.notes)

    def take(self, rows: np.ndarray) -> "Sheet":
        """The rows of a mask `[rows]` or of indices `[n]`, in order."""
        return Sheet(self.frame.iloc[rows if rows.dtype != bool else np.flatnonzero(rows)], self.digest, self.decimal_comma)

    def to_csv(self) -> bytes:
        """The sheet as a UTF-8 CSV; text that a spreadsheet would take for a formula is escaped."""
        return table_csv({name: self.text(name) for name in self.names})

    def _keep(self, what: tuple[str, str], parse):
        if what not in self._parsed:
            self._parsed[what] = parse()
        return self._parsed[what]

    def _parse_numbers(self, name: str) -> np.ndarray:
        import pandas as pd

        column = self.frame[name].mask(self.missing(name), "")
        commas, points = self._decimal_marks(name)
        if self.decimal_comma and commas.any() and not points.any():
            column = column.str.replace(",", ".", regex=False)
        return np.asarray(pd.to_numeric(column, errors="coerce"), np.float64)

    def _decimal_marks(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """`[rows]` each: whether a cell holds a comma, and whether it holds a point."""
        column = self.frame[name].mask(self.missing(name), "")
        commas, points = (column.str.contains(mark, regex=False).to_numpy(bool) for mark in ",.")
        return commas, points

    def _parse_days(self, name: str) -> np.ndarray:
        import pandas as pd

        written = self.frame[name].mask(self.missing(name), "")
        best = np.full(len(written), np.nan)
        for form in DATE_FORMATS:
            dates = pd.to_datetime(written, format=form, errors="coerce", utc=True)
            days = (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
            if days.notna().sum() > np.isfinite(best).sum():
                best = days.to_numpy(np.float64)
            if np.isfinite(best).all():
                break
        return best

    def _judge_kind(self, name: str) -> str:
        written = ~self.missing(name)
        if not written.any():
            return "empty"
        if np.mean(~np.isnan(self.numbers(name)[written])) >= SHARE:
            return "number"
        sample = self.frame[name].loc[written].iloc[:50]
        looks = sample.str.contains(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}").mean() >= SHARE
        return "date" if looks and np.mean(np.isfinite(self.days(name)[written])) >= SHARE else "text"


def read_sheet(source: Source, max_bytes: int = MAX_BYTES, *, columns: Sequence[str] = (), fewest_columns: int = 3) -> Sheet:
    """Reads a CSV (commas, semicolons or tabs; decimal points or commas; UTF-8, UTF-16 or Latin-1) or a Parquet file.

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
        table = read_parquet(content, max_bytes, MAX_ROWS, MAX_COLUMNS)
        header = [str(name).strip() for name in table.columns]
        return Sheet(named(table, header, columns, fewest_columns=fewest_columns, notes=notes), digest, notes=tuple(notes))
    table, separator, encoding = read_cells(content, columns)
    header = [unescape_cell(cell.strip()) for cell in table.iloc[0]]
    if encoding == "Latin-1":
        notes.append("The file is not UTF-8 and was read as Latin-1.")
    if not columns and holds_numbers(header):
        notes.append("The first row holds numbers, so it was read as data, and the columns are named by their place.")
        header = [f"column {place}" for place in range(1, len(header) + 1)]
    else:
        table = table.iloc[1:]
    table = named(table, header, columns, fewest_columns=fewest_columns, notes=notes)
    table = table.map(lambda cell: unescape_cell(cell.strip()))
    return Sheet(table, digest, separator != ",", tuple(notes))


def spell_rows(places: Sequence[int] | np.ndarray) -> str:
    """Names rows by their numbers, `[n]`: "row 3", or "4 rows (3, 5, 6, 9)"."""
    return f"row {places[0]}" if len(places) == 1 else f"{len(places)} rows ({listed(list(places), most=5)})"


def _frame_digest(frame: "pd.DataFrame") -> str:
    return hashlib.sha256(frame.to_csv(index=False, lineterminator="\n").encode()).hexdigest()
