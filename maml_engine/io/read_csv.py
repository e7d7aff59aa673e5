"""Columns of a CSV as arrays, or one sentence that says what to mend.

Rows are counted as a spreadsheet does: the header is row 1.
"""

import codecs
import contextlib
import csv
import io
import itertools
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np

from maml_engine.checks import check_choice

if TYPE_CHECKING:
    import pandas as pd

Source = str | os.PathLike | bytes | IO

MAX_BYTES = 50_000_000
MAX_LINES = 5_000_000
MAX_COLUMNS = 10_000
MAX_NUMBER = 1e18  # a square beyond this overflows 32-bit numbers

_SEPARATORS = (",", ";", "\t")
MISSING = ("", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "-", "?")
_MAGIC = {
    b"PK\x03\x04": "a ZIP archive or a spreadsheet",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
}


@dataclass(frozen=True)
class Columns:
    """Which column is what; `log` names those inputs (or the target) whose natural logarithm is used."""

    task: str
    inputs: tuple[str, ...]
    target: str
    log: tuple[str, ...] = ()

    def __post_init__(self):
        for name in ("inputs", "log"):
            value = getattr(self, name)
            if not isinstance(value, tuple | list) or not all(isinstance(column, str) for column in value):
                raise ValueError(f"`{name}` must be a tuple of column names, got {shown(value)}.")
            object.__setattr__(self, name, tuple(value))
        if not self.inputs:
            raise ValueError("`inputs` must name at least one column, got none.")
        for name, times in Counter((self.task, *self.numbers)).items():
            if times > 1:
                raise ValueError(f"`task`, `inputs` and `target` must be different columns, got {name!r} more than once.")
        for name in self.log:
            check_choice("log", name, self.numbers)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that hold numbers: the inputs, then the target."""
        return (*self.inputs, self.target)


def read_columns(
    source: Source,
    *,
    numbers: Sequence[str],
    text: Sequence[str] = (),
    log: Sequence[str] = (),
    max_bytes: int = MAX_BYTES,
) -> Mapping[str, np.ndarray]:
    """The named columns of a CSV.

    Separators are commas, semicolons (then with decimal points or commas) or tabs; the encoding is UTF-8, with or without a
    byte-order mark, UTF-16 with one, or else Latin-1. Blank rows are passed over.

    Args:
      source: a path, the file's bytes, or an open file.
      numbers: columns that hold numbers. text: columns taken as text, stripped.
      log: those of `numbers` to take the natural logarithm of.
      max_bytes: larger files are refused unread.

    Returns:
      For each name an array `[rows]`: float64, or strings (object) for `text`.

    Raises:
      ValueError: one sentence with the row, the column and the value.
    """
    table, decimal_comma = _parse(_decode(read_bytes(source, max_bytes))[0], (*text, *numbers))
    columns = {name: _text(table[name]) for name in text}
    for name in numbers:
        columns[name] = _numbers(table[name], decimal_comma=decimal_comma, log=name in log)
    return columns


class Cells(NamedTuple):
    """A CSV as it was written.

    table: text cells, header and all; columns are numbered from 0, the index counts rows as a spreadsheet does, and blank rows
    are left out. separator: between fields. encoding: how the bytes were read.
    """

    table: "pd.DataFrame"
    separator: str
    encoding: str


def read_cells(content: bytes) -> Cells:
    """Every cell of a CSV, whatever its header says; what is understood is said in `read_columns`.

    Raises:
      ValueError: one sentence with the row, or what the file is instead.
    """
    decoded, encoding = _decode(content)
    separator, width = _sniff(decoded, ())
    table = _tokenize(decoded, separator, _checked_width(width))
    return Cells(table[(table != "").any(axis=1)], separator, encoding)


def read_bytes(source: Source, max_bytes: int = MAX_BYTES) -> bytes:
    """The file's content; one beyond `max_bytes`, missing or unreadable is refused before it is held in memory."""
    if isinstance(source, bytes | bytearray | memoryview):
        _check_size(memoryview(source).nbytes, max_bytes)
        return bytes(source)
    if hasattr(source, "read"):
        return _read_open(source, max_bytes)
    if not isinstance(source, str | os.PathLike) or not os.path.exists(source):
        raise ValueError(f"The file must be a path that exists, bytes or an open file, got {shown(source)}.")
    try:
        with Path(source).open("rb") as file:
            return _read_open(file, max_bytes)
    except OSError as error:
        raise ValueError(f"The file {shown(source)} cannot be read ({error.strerror}).") from None


def shown(value: object, longest: int = 60) -> str:
    """A value as an error shows it: quoted, on one line, cut where it is long."""
    written = repr(value)
    return written if len(written) <= longest else f"{written[: longest - 4]}...{written[-1]}"


def listed(values: Sequence[object], most: int = 8) -> str:
    """The first few values, and how many more there are."""
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(str(value) for value in values[:most]) + more


def _read_open(file: IO, max_bytes: int) -> bytes:
    if file.seekable():
        here = file.tell()
        size = file.seek(0, os.SEEK_END) - here
        file.seek(here)
        _check_size(size, max_bytes)
    content = file.read(max_bytes + 1)  # a stream says its size only by being read
    if isinstance(content, str):
        content = content.encode(errors="replace")
    _check_size(len(content), max_bytes, "more")
    return content


def _check_size(size: int, max_bytes: int, got: str = "") -> None:
    if size > max_bytes:
        got = got or f"{size / 1e6:,.6g} MB"
        raise ValueError(f"The file must be at most {max_bytes / 1e6:,.6g} MB, got {got}.")


def _decode(content: bytes) -> tuple[str, str]:
    """The text, and how its bytes were read."""
    for magic, kind in _MAGIC.items():
        if content.startswith(magic):
            raise ValueError(f"The file must be a text CSV, got {kind}: export its table as CSV first.")
    encoding = "UTF-8"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content, encoding = content.decode("utf-16", errors="replace").encode(errors="replace"), "UTF-16"
    if b"\0" in content:
        raise ValueError(f"The file must be a text CSV, got binary data (a zero byte at position {content.index(0)}).")
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        decoded, encoding = content.decode("latin-1"), "Latin-1"
    if not decoded.strip():
        raise ValueError("The file must hold a header and rows, got an empty file.")
    lines = decoded.count("\n") + decoded.count("\r") - decoded.count("\r\n")
    if lines > MAX_LINES:
        raise ValueError(f"The file must have at most {MAX_LINES:,} lines, got {lines:,}.")
    return decoded, encoding


def _parse(content: str, wanted: Sequence[str]) -> tuple["pd.DataFrame", bool]:
    """The wanted columns as text, their index the spreadsheet's rows; and whether decimals may be written with commas."""
    separator, width = _sniff(content, wanted)
    table = _tokenize(content, separator, _checked_width(width))
    written = (table != "").any(axis=1)
    header_row = written.idxmax()
    table.columns = [name.strip() for name in table.loc[header_row]]
    _check_header(list(table.columns), wanted)
    if not written.loc[header_row + 1 :].any():
        raise ValueError(f"The file must hold rows below its header, got only the header {listed(list(table.columns))}.")
    return table.loc[header_row + 1 :, list(wanted)][written.loc[header_row + 1 :]], separator == ";"


def _checked_width(width: int) -> int:
    if width > MAX_COLUMNS:
        raise ValueError(f"The file must have at most {MAX_COLUMNS:,} columns, got {width:,}.")
    return width


def _sniff(content: str, wanted: Sequence[str]) -> tuple[str, int]:
    """The separator under which the header names the columns, or else under which rows are alike; and the header's width."""

    def judge(separator: str) -> tuple[int, int, int]:
        records = _first_records(content, separator)
        width = len(records[0]) if records else 1
        header = {name.strip() for name in next(filter(any, records), ())}
        alike = sum(len(record) == width for record in records) if width > 1 else 0
        return sum(name in header for name in wanted), alike, width

    judged = {separator: judge(separator) for separator in _SEPARATORS}
    best = max(_SEPARATORS, key=judged.__getitem__)
    return best, judged[best][2]


def _first_records(content: str, separator: str) -> list[list[str]]:
    """The first records that are not blank lines. Unlike lines, and counts of separators, they mind what is quoted."""
    reader = csv.reader(io.StringIO(content[:1_000_000], newline=""), delimiter=separator)
    records = []
    with contextlib.suppress(csv.Error):  # such as a quote that is never closed; the parser says which
        records.extend(itertools.islice(filter(None, reader), 20))
    return records


def _tokenize(content: str, separator: str, width: int) -> "pd.DataFrame":
    """Every record as text, blank ones too, so that the index counts as a spreadsheet does; missing ends are empty."""
    import pandas as pd

    # `names` with `index_col=False` makes a record that is too long an error; by default pandas would shift the columns.
    options = {"header": None, "names": range(width), "index_col": False, "skip_blank_lines": False}
    try:
        table = pd.read_csv(io.BytesIO(content.encode()), sep=separator, dtype=str, na_filter=False, **options)
    except pd.errors.ParserError as error:
        raise ValueError(_parser_refusal(str(error))) from None
    table.index += 1
    return table


def _parser_refusal(message: str) -> str:
    if found := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message):
        return f"Row {found[2]} must have as many fields as the header ({found[1]}), got {found[3]}."
    if found := re.search(r"EOF inside string starting at row (\d+)", message):
        return f"Row {int(found[1]) + 1} opens a quote that no later row closes."
    return f"The file cannot be read as CSV ({message.strip().splitlines()[-1].rstrip('.')})."


def _check_header(header: list[str], wanted: Sequence[str]) -> None:
    if len(header) == 1 and len(wanted) > 1:
        raise ValueError(
            f"The file must have the columns {listed(wanted)}, separated by commas, semicolons or tabs, "
            f"got the one column {shown(header[0])}."
        )
    repeated = [name for name, times in Counter(header).items() if name and times > 1]
    if repeated:
        places = [place for place, name in enumerate(header, start=1) if name == repeated[0]]
        raise ValueError(f"Column names must differ, got {shown(repeated[0])} as columns {listed(places)}.")
    named = {name: shown(name) for name in header if name}
    for name in wanted:
        if name not in named:
            there = listed(list(named.values()), most=12) or "none has a name"
            raise ValueError(f"Column {shown(name)} must be one of the file's columns: {there}.")


def _text(column: "pd.Series") -> np.ndarray:
    column = column.str.strip()
    _refuse(column, column == "", "must not be empty")
    return column.to_numpy(object)


def _numbers(column: "pd.Series", *, decimal_comma: bool, log: bool) -> np.ndarray:
    """Finite float64 numbers of a column of text."""
    import pandas as pd

    column = column.str.strip()
    missing = column.str.lower().isin(MISSING)
    _refuse(column, missing, "must not have missing values")
    written = _with_decimal_points(column) if decimal_comma else column
    values = pd.to_numeric(written, errors="coerce").to_numpy(np.float64)
    _refuse(column, np.isnan(values), "must hold numbers")
    _refuse(column, np.isinf(values), "must hold finite numbers")
    _refuse(column, np.abs(values) > MAX_NUMBER, f"must hold numbers between {-MAX_NUMBER:g} and {MAX_NUMBER:g}")
    if not log:
        return values
    _refuse(column, values <= 0, "must hold numbers > 0 for its logarithm")
    return np.log(values)


def _with_decimal_points(column: "pd.Series") -> "pd.Series":
    commas, points = (column.str.contains(mark, regex=False) for mark in ",.")
    if commas.any():
        _refuse(column, points, "must write decimals with commas throughout or with points throughout")
        column = column.str.replace(",", ".", regex=False)
    return column


def _refuse(column: "pd.Series", wrong: "pd.Series | np.ndarray", demand: str) -> None:
    rows = column.index[np.asarray(wrong)]
    if len(rows):
        where = f"row {rows[0]}" if len(rows) == 1 else f"{len(rows)} rows ({listed(rows, most=5)})"
        got = shown(column[rows[0]])
        raise ValueError(f"Column {shown(column.name)} {demand}, got {got} in {where}.")
