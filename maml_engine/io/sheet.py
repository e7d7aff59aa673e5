"""A table as it was written: text cells by column, whatever file they came in.

Rows are counted as a spreadsheet does: the header is row 1.
"""

import hashlib
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from maml_engine.io.read_csv import MAX_BYTES, MISSING, Source, listed, read_bytes, read_cells, shown
from maml_engine.io.write_csv import table_csv, unescape_cell

if TYPE_CHECKING:
    import pandas as pd

MAX_COLUMNS = 1000
MAX_ROWS = 1_000_000
# A column is what this share of its written cells is; the rest are for the person at the screen to fix.
SHARE = 0.8
DATE_FORMATS = ("ISO8601", "%d.%m.%Y", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y")
_PARQUET = b"PAR1"


@dataclass(frozen=True, eq=False)
class Sheet:
    """Cells as text, stripped.

    frame: one column of text a name, each name its own; its index says which row of the file a row is.
    digest: SHA-256 of the file. decimal_comma: whether numbers may be written with a comma.
    notes: one sentence for each thing that reading mended.
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
        return _named_sheet(_as_text(frame), header, _frame_digest(frame), False, [], fewest_columns)

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

    def drop(self, places: Sequence[int]) -> "Sheet":
        """Without the rows of these numbers."""
        return Sheet(self.frame.drop(index=list(places)), self.digest, self.decimal_comma, self.notes)

    def take(self, rows: np.ndarray) -> "Sheet":
        """The rows of a mask or of indices, in order."""
        return Sheet(self.frame.iloc[rows if rows.dtype != bool else np.flatnonzero(rows)], self.digest, self.decimal_comma)

    def replace_text(self, name: str, cells: np.ndarray) -> "Sheet":
        """With other text in one column."""
        return Sheet(self.frame.assign(**{name: cells}), self.digest, self.decimal_comma, self.notes)

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
        commas, points = (column.str.contains(mark, regex=False) for mark in ",.")
        if self.decimal_comma and commas.any() and not points.any():
            column = column.str.replace(",", ".", regex=False)
        return pd.to_numeric(column, errors="coerce").to_numpy(np.float64)

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
        sample = self.frame[name][written].iloc[:50]
        looks = sample.str.contains(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}").mean() >= SHARE
        return "date" if looks and np.mean(np.isfinite(self.days(name)[written])) >= SHARE else "text"


def read_sheet(source: Source, max_bytes: int = MAX_BYTES, *, fewest_columns: int = 3) -> Sheet:
    """Reads a CSV (commas, semicolons or tabs; decimal points or commas; UTF-8, UTF-16 or Latin-1) or a Parquet file.

    A header that is missing is replaced by "column 1", "column 2", ..; names that are empty or come twice are made their own.

    Args:
      source: a path, the file's bytes, or an open file.
      max_bytes: larger files are refused unread.
      fewest_columns: what is narrower is refused; the rows of one task need no column for it.

    Raises:
      ValueError: one sentence with the row or the column, and what to do.
    """
    content = read_bytes(source, max_bytes)
    digest = hashlib.sha256(content).hexdigest()
    if content.startswith(_PARQUET):
        table = _read_parquet(content, max_bytes)
        return _named_sheet(table, [str(name).strip() for name in table.columns], digest, False, [], fewest_columns)
    table, separator, encoding = read_cells(content)
    table = table.apply(lambda column: column.str.strip().map(unescape_cell))
    notes = [f"The file is not UTF-8 and was read as {encoding}."] if encoding == "Latin-1" else []
    header = table.iloc[0].tolist()
    if _is_data(header):
        notes.append("The first row holds numbers, so it was read as data, and the columns are named by their place.")
        header = [f"column {place}" for place in range(1, len(header) + 1)]
    else:
        table = table.iloc[1:]
    return _named_sheet(table, header, digest, separator != ",", notes, fewest_columns)


def _named_sheet(
    table: "pd.DataFrame", header: list[str], digest: str, decimal_comma: bool, notes: list[str], fewest_columns: int
) -> Sheet:
    """The sheet, its names made unique; refused where there is too little or too much."""
    if len(header) == 1 < fewest_columns:
        raise ValueError(
            f"The table must have at least three columns (a task, an input, a target), separated by commas, semicolons or "
            f"tabs, got the one column {shown(header[0])}."
        )
    if len(header) < fewest_columns:
        raise ValueError(f"The table must have at least three columns (a task, an input, a target), got {listed(header)}.")
    if len(header) > MAX_COLUMNS:
        raise ValueError(
            f"The table must have at most {MAX_COLUMNS:,} columns, got {len(header):,}: keep the task, the target, and the "
            "inputs that matter."
        )
    if not len(table):
        raise ValueError(f"The table must hold rows below its header, got only the header {listed([*map(shown, header)])}.")
    if len(table) > MAX_ROWS:
        raise ValueError(f"The table must have at most {MAX_ROWS:,} rows, got {len(table):,}.")
    table = table.set_axis(_unique(header, notes), axis=1)
    return Sheet(table, digest, decimal_comma, tuple(notes))


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


def _is_data(first: list[str]) -> bool:
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


def _read_parquet(content: bytes, max_bytes: int) -> "pd.DataFrame":
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        facts = file.metadata
        # Judged before it is unpacked: a small file may hold a huge table.
        size = sum(facts.row_group(group).total_byte_size for group in range(facts.num_row_groups))
        cells = facts.num_rows * facts.num_columns
        if facts.num_rows > MAX_ROWS or facts.num_columns > MAX_COLUMNS or size > 8 * max_bytes or cells > max_bytes:
            raise ValueError(
                f"The Parquet file must hold at most {MAX_ROWS:,} rows, {MAX_COLUMNS:,} columns and {max_bytes:,} cells, "
                f"got {facts.num_rows:,} rows and {facts.num_columns:,} columns ({size / 1e6:,.6g} MB unpacked)."
            )
        frame = file.read().to_pandas(ignore_metadata=True)
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"The file begins like Parquet but cannot be read ({str(error).splitlines()[0][:80]}).") from None
    return _as_text(frame)


def _as_text(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Every cell as a CSV would write it, "" where it is missing; rows are counted from 2."""
    import pandas as pd

    def text(place: int) -> "pd.Series":
        column = frame.iloc[:, place]
        missing = column.isna()
        if pd.api.types.is_bool_dtype(column):
            column = column.map({True: "true", False: "false"})
        elif pd.api.types.is_float_dtype(column):
            column = column.map(lambda value: repr(float(value)).removesuffix(".0"))
        return column.astype(str).str.strip().mask(missing, "")

    table = pd.concat([text(place) for place in range(frame.shape[1])], axis=1)
    return table.set_axis(range(2, len(table) + 2), axis=0)


def _frame_digest(frame: "pd.DataFrame") -> str:
    return hashlib.sha256(frame.to_csv(index=False, lineterminator="\n").encode()).hexdigest()
