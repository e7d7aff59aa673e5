"""CSV that is safe to open in a spreadsheet: text that would run as a formula is escaped, numbers keep their minus."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import IO, Any

import numpy as np

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")


def escape_cell(cell: Any) -> str:
    """A cell as text; an apostrophe comes before text that a spreadsheet would take for a formula (OWASP, CSV injection).

    Numbers, and text that spells one, are no formula and stay as they are.
    """
    if isinstance(cell, float | np.floating):
        return "" if np.isnan(cell) else f"{cell:.7g}"
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA) and not _spells_number(text) else text


def unescape_cell(text: str) -> str:
    """The inverse of `escape_cell` for text: what was written here is read as it was."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def row_writer(file: IO[str]) -> Any:
    """A `csv.writer` of lines that end as in Unix, which also quotes a cell with a carriage return in it.

    To readers that is the end of a line, and Python's does not quote it for lines that end otherwise: what stands behind it
    would begin a row.
    """
    return csv.writer(_Lines(file), lineterminator="\r\n")


class _Lines:
    """Takes a row at a time, as `csv.writer` hands it over."""

    def __init__(self, file: IO[str]):
        self._file = file

    def write(self, row: str) -> int:
        return self._file.write(row.removesuffix("\r\n") + "\n")


def table_csv(columns: Mapping[str, Sequence[Any] | np.ndarray]) -> bytes:
    """Columns by name, `[rows]` each, as a UTF-8 CSV with a header; text that would run as a formula is escaped."""
    file = io.StringIO(newline="")
    writer = row_writer(file)
    writer.writerow([escape_cell(name) for name in columns])
    for row in zip(*columns.values(), strict=True):
        writer.writerow([escape_cell(cell) for cell in row])
    return file.getvalue().encode()


def template_csv(columns: Sequence[str]) -> bytes:
    """A header alone, to be filled in."""
    return table_csv(dict.fromkeys(columns, ()))


def _spells_number(text: str) -> bool:
    try:
        float(text.replace(",", ".", 1))
    except ValueError:
        return False
    return text[:1] in "+-"
