"""A CSV's bytes as cells of text, or one sentence that says what is wrong with the file.

Rows are counted as a spreadsheet does: the header is row 1.
"""

import codecs
import contextlib
import csv
import io
import itertools
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from maml_engine.checks import shown
from maml_engine.io.write_csv import unescape_cell
from maml_engine.runtime.extras import brought_by

if TYPE_CHECKING:
    import pandas as pd

Source = str | os.PathLike | bytes | IO

MAX_BYTES = 50_000_000
MAX_LINES = 5_000_000
MAX_COLUMNS = 10_000

_SEPARATORS = (",", ";", "\t")
_MAGIC = {
    b"PK\x03\x04": "a ZIP archive or a spreadsheet",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
}


def read_cells(content: bytes, columns: Sequence[str] = ()) -> tuple["pd.DataFrame", str, str]:
    """Every cell of a CSV as text, its header in the first row.

    Separators are commas, semicolons or tabs; the encoding is UTF-8, with or without a byte-order mark, UTF-16 with one, or
    else Latin-1.

    Args:
      content: the file's bytes.
      columns: names that the header is expected to hold, where they are known: the separator is the one under which it does.

    Returns:
      A frame of text without blank rows, columns numbered from 0, whose index counts rows as a spreadsheet does; the
      separator; and the encoding.

    Raises:
      ValueError: one sentence with the row, or what the file is instead.
    """
    text, encoding = _decode(content)
    separator, width = _sniff(text, columns)
    if width > MAX_COLUMNS:
        raise ValueError(f"The file must have at most {MAX_COLUMNS:,} columns, got {width:,}.")
    cells = _tokenize(text, separator, width)
    is_written = (cells != "").any(axis=1)
    return (cells.loc[is_written] if is_written.any() else cells.iloc[:1]), separator, encoding


def read_bytes(source: Source, max_bytes: int = MAX_BYTES) -> bytes:
    """The file's content.

    Raises:
      ValueError: it is beyond `max_bytes`, missing or unreadable; what is too large is refused before it is held in memory.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        _check_size(memoryview(source).nbytes, max_bytes)
        return bytes(source)
    if not isinstance(source, str | os.PathLike):
        if hasattr(source, "read"):
            return _read_open(source, max_bytes)
        raise ValueError(f"The file must be a path that exists, bytes or an open file, got {shown(source)}.")
    if not os.path.exists(source):
        raise ValueError(f"The file must be a path that exists, bytes or an open file, got {shown(source)}.")
    try:
        with Path(source).open("rb") as file:
            return _read_open(file, max_bytes)
    except OSError as error:
        raise ValueError(f"The file {shown(source)} cannot be read ({error.strerror}).") from None


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


def _sniff(content: str, wanted: Sequence[str]) -> tuple[str, int]:
    """The separator under which the header names the columns, or else under which rows are alike; and the header's width."""

    def fit(separator: str) -> tuple[int, int, int]:
        records = _first_records(content, separator)
        width = len(records[0]) if records else 1
        header = {unescape_cell(name.strip()) for name in next(filter(any, records), ())}
        alike = sum(len(record) == width for record in records) if width > 1 else 0
        return sum(name in header for name in wanted), alike, width

    fits = {separator: fit(separator) for separator in _SEPARATORS}
    best = max(_SEPARATORS, key=fits.__getitem__)
    return best, fits[best][2]


def _first_records(content: str, separator: str) -> list[list[str]]:
    """The first records that are not blank lines. Unlike lines, and counts of separators, they mind what is quoted."""
    reader = csv.reader(io.StringIO(content[:1_000_000], newline=""), delimiter=separator)
    records = []
    with contextlib.suppress(csv.Error):  # such as a quote that is never closed; the parser says which
        records.extend(itertools.islice(filter(None, reader), 20))
    return records


def _tokenize(content: str, separator: str, width: int) -> "pd.DataFrame":
    """Every record as text, blank ones too, so that the index counts as a spreadsheet does; missing ends are empty."""
    with brought_by("tables"):
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
