"""A CSV's bytes as cells of text, or one sentence that says what is wrong with the file.

Rows are counted as a spreadsheet does: the header is row 1.
"""

import io
import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np

from maml_engine.checks import listed, shown
from maml_engine.io.decode import decode
from maml_engine.io.layout import TABULATED, Layout, layout_of
from maml_engine.runtime.extras import brought_by

if TYPE_CHECKING:
    import pandas as pd

Source = str | os.PathLike | bytes | IO

UTF = ("UTF-8", "UTF-16", "UTF-32")
MAX_BYTES = 50_000_000
MAX_COLUMNS = 10_000


class Cells(NamedTuple):
    """What a file holds.

    table: text without blank rows, the header in the first; its index counts rows as a spreadsheet does.
    more: rows of units or of further names below the header, a list of cells each.
    has_commas: whether commas stand between the columns.
    notes: one sentence for each thing that was put right.
    """

    table: "pd.DataFrame"
    more: list[list[str]]
    has_commas: bool
    notes: list[str]


def read_cells(content: bytes, columns: Sequence[str] = (), max_columns: int = MAX_COLUMNS) -> Cells:
    """Every cell of a CSV as text.

    What is understood of its spelling is said in `read_sheet`.

    Args:
      content: the file's bytes.
      columns: names that the header is expected to hold, where they are known: the separator is the one under which it does.
      max_columns: what is wider is refused before it is taken apart.

    Raises:
      ValueError: one sentence with the row, or what the file is instead.
    """
    text, encoding = decode(content)
    layout = layout_of(text, columns)
    if layout.width > max_columns:
        hint = "" if columns else ": keep the task, the target, and the inputs that matter"
        raise ValueError(f"The file must have at most {max_columns:,} columns, got {layout.width:,}{hint}.")
    notes = [] if encoding in UTF else [f"The file is not UTF-8 and was read as {encoding}."]
    if layout.skipped:
        rows = [*dict.fromkeys(layout.skipped)]
        notes.append(f"What is no row of the table was passed over: {spell_rows(rows)}.")
    table = _tokenize(_without(text, layout), layout, notes)
    more = [[cell.strip() for cell in table.loc[line]] for line in layout.more if line in table.index]
    table = table.drop(index=[line for line in layout.more if line in table.index])
    is_written = np.zeros(len(table), bool)
    for name in table:
        is_written |= (table[name] != "").to_numpy(bool)
    return Cells(table.loc[is_written] if is_written.any() else table.iloc[:1], more, layout.separator == ",", notes)


def _without(text: str, layout: Layout) -> str:
    """The text with blank lines for those that are no rows, so that rows keep their numbers; and tabs where blanks stood."""
    if layout.skipped:
        lines = text.split("\n", max(layout.skipped))
        for line in layout.skipped:
            lines[line - 1] = ""
        text = "\n".join(lines)
    if layout.separator == TABULATED:
        text = "\n".join(re.sub(TABULATED, "\t", line.strip()) for line in text.split("\n"))
    return text


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


def _tokenize(content: str, layout: Layout, notes: list[str]) -> "pd.DataFrame":
    """Every record as text, blank ones too, so that the index counts as a spreadsheet does; missing ends are empty."""
    with brought_by("tables"):
        import pandas as pd

    separator = "\t" if layout.separator == TABULATED else layout.separator

    def parse(width: int) -> "pd.DataFrame":
        # `names` with `index_col=False` makes a record that is too long an error; by default pandas would shift the columns.
        options = {"header": None, "names": range(width), "index_col": False, "skip_blank_lines": False}
        with warnings.catch_warnings():  # where every row is too long, pandas warns and cuts
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(io.StringIO(content), sep=separator, dtype=str, na_filter=False, **options)

    try:
        table = parse(layout.width)
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        refusal = _parser_refusal(str(error))
        try:  # one separator too many at the end of rows is no harm
            table = parse(layout.width + 1)
        except (pd.errors.ParserError, pd.errors.ParserWarning):
            raise ValueError(refusal) from None
        if bool(np.any(table[layout.width].to_numpy(object) != "")):
            raise ValueError(refusal) from None
        table = table.drop(columns=layout.width)
        notes.append("Rows end in a separator; the empty field after it was left out.")
    table.index += 1
    if layout.names_rows:
        table.loc[layout.header] = ["", *table.loc[layout.header].tolist()[:-1]]
        notes.append(
            "The header has one name less than the rows have fields: the first column, which names the rows, has none."
        )
    return table


def spell_rows(places: Sequence[int] | np.ndarray) -> str:
    """Names rows by their numbers, `[n]`: "row 3", or "4 rows (3, 5, 6, 9)"."""
    return f"row {places[0]}" if len(places) == 1 else f"{len(places):,} rows ({listed(list(places), most=5)})"


def _parser_refusal(message: str) -> str:
    if found := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message):
        return f"Row {found[2]} must have as many fields as the header ({found[1]}), got {found[3]}."
    if message.startswith("Length of header"):
        return "Rows must have as many fields as the header, got more."
    if found := re.search(r"EOF inside string starting at row (\d+)", message):
        return f"Row {int(found[1]) + 1} opens a quote that no later row closes."
    return f"The file cannot be read as CSV ({message.strip().splitlines()[-1].rstrip('.')})."
