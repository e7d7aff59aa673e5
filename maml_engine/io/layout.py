"""Where a table begins in a text, and what stands between its columns."""

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from maml_engine.io.readings.column import MISSING
from maml_engine.io.readings.dates import LIKE_DATE, LONGEST, take_apart
from maml_engine.io.readings.numbers import looks_like_number
from maml_engine.io.write_csv import unescape_cell

SEPARATORS = (",", ";", "\t", "|")
BLANKS, TABULATED = r"\s+", r" {2,}|\t"
HEAD = 1_000_000  # characters that are looked at
MAX_RECORDS = 300
MAX_HEADER_ROWS = 3
MAX_JUDGED = 50  # rows that say whether a column holds numbers
_RULE = re.compile(r"\s*(?::?-{2,}:?)?\s*")  # of a table in Markdown
_TORN = re.compile(r'[,;\t|]"')
COMMENT = ("#", "%", "//", "!")


class Record(NamedTuple):
    """A line of the table.

    fields: its cells.
    line: the number of the line that it begins on, from 1.
    """

    fields: list[str]
    line: int


class Layout(NamedTuple):
    """How a text holds its table.

    separator: between columns, a mark or a regular expression.
    width: fields of a row.
    header: the line with the names, from 1.
    more: lines below it that belong to the header: units, or a second row of names.
    skipped: lines that are no rows: words and comments.
    names_rows: whether rows have one field more than the header, as R writes the names of rows.
    """

    separator: str
    width: int
    header: int
    more: tuple[int, ...] = ()
    skipped: tuple[int, ...] = ()
    names_rows: bool = False


def layout_of(text: str, wanted: Sequence[str]) -> Layout:
    """The layout under which the header names the columns, or else under which most rows are alike.

    Args:
      text: of the file.
      wanted: names that the header is expected to hold, where they are known.
    """
    head, first = text[:HEAD], 1
    if len(text) > HEAD:
        head = head[: head.rfind("\n") + 1] or head
    separators: tuple[str, ...] = SEPARATORS
    if told := re.match(r"\ufeff?\s*\"?sep=(.)\"?[^\n]*\n", head, re.IGNORECASE):
        separators, head, first = (told[1],), head[told.end() :], 1 + told[0].count("\n")
    best = max((_under(separator, head, first, wanted) for separator in separators), key=lambda found: found[0])
    if best[1].width < 2 and not told:  # nothing but blanks between columns, if every row then has as many
        blank = max((_under(separator, head, first, wanted) for separator in (TABULATED, BLANKS)), key=lambda found: found[0])
        best = blank if blank[1].width > 1 and blank[0][1] > 2 and blank[0][2] else best
    layout = best[1]
    more, passed_over = _below(_records(head, layout.separator, first), layout)
    return layout._replace(more=more, skipped=(*range(1, first), *layout.skipped, *passed_over))


def _under(separator: str, head: str, first: int, wanted: Sequence[str]) -> tuple[tuple, Layout]:
    """How well a separator fits (more is better, item by item), and the layout under it."""
    records = _records(head, separator, first)
    if not records:
        width = len(split_line(head.split("\n", 1)[0], separator))
        return (0, 0, True, width), Layout(separator, max(1, width), first)
    width = _width(records)
    names_rows = _names_rows(records, width)
    header = _header(records, width - names_rows)
    names = {unescape_cell(name.strip()) for name in records[header].fields}
    body = records[header + 1 :]
    if (
        len(records[header].fields) < width
        and not names_rows
        and any("".join(record.fields[width - 1 :]).strip() for record in body)
    ):
        width = len(records[header].fields)  # rows that are too long are refused, each by its number
    fitting = [record for record in [records[header], *body] if len(record.fields) == width and not _is_torn(record)]
    # A header of one field less fits as well: rows begin with a name of their own, or end in a separator.
    fits = len(records[header].fields) == width - 1 and not _is_torn(records[header])
    alike = len(fitting) + fits if width > 1 else 0
    is_even = all(len(record.fields) == width for record in body)
    skipped = tuple(record.line for record in records[:header])
    layout = Layout(separator, width, records[header].line, skipped=skipped, names_rows=names_rows)
    return (sum(name in names for name in wanted), alike, is_even, width), layout


def split_line(line: str, separator: str) -> list[str]:
    """The fields of one line."""
    if len(separator) > 1:
        return re.split(separator, line.strip())
    return next(csv.reader([line], delimiter=separator), [])


def _records(head: str, separator: str, first: int) -> list[Record]:
    """The first records that are not blank. Unlike lines, and counts of separators, they mind what is quoted."""
    if len(separator) > 1:
        lines = enumerate(head.split("\n"), start=first)
        found = (Record(split_line(line, separator), place) for place, line in lines if line.strip())
        return list(itertools.islice(found, MAX_RECORDS))
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
    records: list[Record] = []
    with suppress(csv.Error):  # such as a field beyond all bounds; the parser says which
        line = first
        for fields in reader:
            if any(field.strip() for field in fields):
                records.append(Record(fields, line))
            line = first + reader.line_num
            if len(records) == MAX_RECORDS:
                break
    return records


def _width(records: Sequence[Record]) -> int:
    """Fields that most records have; a header that is wider than what follows counts."""
    counts = Counter(len(record.fields) for record in records)
    most = max(counts.values())
    return max(width for width, times in counts.items() if times == most)


def _names_rows(records: Sequence[Record], width: int) -> bool:
    """Whether the header is one field shorter than all rows, whose first field is another in each."""
    place = next((place for place, record in enumerate(records) if len(record.fields) in (width, width - 1)), 0)
    header, body = records[place], records[place + 1 :]
    if len(header.fields) != width - 1 or len(body) < 3 or any(len(record.fields) != width for record in body):
        return False
    last, first = [record.fields[-1].strip() for record in body], [record.fields[0] for record in body]
    return bool(any(last)) and len(set(first)) == len(first)


def _header(records: Sequence[Record], width: int) -> int:
    """The place of the record that names the columns: the last words before the numbers, as wide as these."""
    marked = sum(map(_is_comment, records)) * 2 < len(records)  # where most rows begin so, it is no mark
    fits = [place for place, record in enumerate(records) if len(record.fields) in (width, width - 1)]
    if marked and (others := [place for place in fits if not _is_comment(records[place])]) and _has_names(records, others):
        fits = others
    body = next((place for place in fits if len(records[place].fields) >= width and _holds_data(records[place])), None)
    if body is None or body == 0:
        return next((place for place in fits if len(records[place].fields) == width), fits[0] if fits else 0)
    cells = [
        {record.fields[place].strip() for record in records[body:] if place < len(record.fields)} for place in range(width)
    ]
    top, lowest = body, None  # rows of names; between them and the numbers there may be rows with holes
    for place in range(body - 1, -1, -1):
        fields = records[place].fields
        if len(fields) not in (width, width - 1) or _holds_data(records[place]):
            break
        written = [field.strip() in below for field, below in zip(fields, cells, strict=False) if field.strip()]
        if 2 * sum(written) > len(written):
            continue  # words that come again in their columns are no names, but for one by chance
        if lowest is not None and place <= lowest - MAX_HEADER_ROWS:
            break
        if _may_name(records[place], width):
            top, lowest = place, place if lowest is None else lowest
    return top if top < body else (body if len(records[body].fields) == width else fits[0])


def _has_names(records: Sequence[Record], places: Sequence[int]) -> bool:
    """Whether names stand above the numbers among these records."""
    return not _holds_data(records[places[0]]) and any(_holds_data(records[place]) for place in places[1:])


def _is_torn(record: Record) -> bool:
    """Whether a cell goes on behind its quotes with another quoted cell: then another mark stands between the columns."""
    return any(_TORN.search(field) for field in record.fields)


def _is_comment(record: Record) -> bool:
    return record.fields[0].lstrip().startswith(COMMENT)


def _may_name(record: Record, width: int) -> bool:
    written = sum(bool(field.strip()) for field in record.fields)
    return written >= (0.6 * width if width > 2 else width)


def _holds_data(record: Record) -> bool:
    """Whether a record holds a number, a date or a missing value: then it is a row."""
    cells = [field.strip() for field in record.fields]
    return any(cell and (cell.lower() in MISSING or looks_like_number(cell) or _is_date(cell)) for cell in cells)


def _is_date(cell: str) -> bool:
    return len(cell) <= LONGEST and bool(LIKE_DATE.search(cell)) and take_apart(cell) is not None


def _below(records: Sequence[Record], layout: Layout) -> tuple[tuple[int, ...], list[int]]:
    """Lines below the header that are names or units as well; and lines that are comments or rules."""
    body, width = [record for record in records if record.line > layout.header], layout.width
    skipped = [
        record.line
        for record in body
        if all(_RULE.fullmatch(field) for field in record.fields) or (_is_comment(record) and len(record.fields) != width)
    ]
    columns = [[record.fields[place] for record in body[:MAX_JUDGED] if len(record.fields) > place] for place in range(width)]
    numeric = [place for place, cells in enumerate(columns) if _mostly_numbers(cells)]
    more: list[int] = []
    for record in body[: MAX_HEADER_ROWS - 1]:
        if record.line in skipped:
            continue
        words = [place for place in numeric if place < len(record.fields) and record.fields[place].strip()]
        if not numeric or 2 * len(words) < len(numeric) or len(record.fields) > width or _holds_data(record):
            break
        more.append(record.line)
    return tuple(more), skipped


def _mostly_numbers(cells: Sequence[str]) -> bool:
    written = [cell.strip() for cell in cells if cell.strip().lower() not in MISSING]
    return len(written) > 2 and sum(looks_like_number(cell) for cell in written) >= 0.7 * len(written)
