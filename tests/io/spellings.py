"""One table, written in the ways in which people save tables; and files that are hardly tables at all."""

import datetime
import random
from dataclasses import dataclass

from hypothesis import strategies as st

NAMES = ("Kürzel", "Straße", "maße", "élève", "café", "plain")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac_roman", "cp850")
DATES = (
    *("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%y", "%y-%m-%d", "%m/%d/%y"),
    *("%d %b %Y", "%B %d, %Y", "%Y%m%d", "%Y-%m-%dT%H:%M:%S"),
)
PREAMBLES = ("", "# made by a logger\n# two lines, of words\n", "Report of the lab\n\n", "\n\n", "sep={separator}\n")


@dataclass(frozen=True)
class Spelling:
    """How a table is written.

    separator, decimal, thousands: between columns, before decimals, between thousands.
    dates: as `strftime` has it.
    encoding, line_end: of the file.
    preamble: before the header.
    order: of the columns.
    quoted: whether every cell stands in quotes.
    trailing: whether rows end in a separator.
    unit: what follows (or precedes) each price.
    units_row: whether a row of units stands below the names.
    names_rows: whether rows begin with a number of their own that the header does not name.
    """

    separator: str = ","
    decimal: str = "."
    thousands: str = ""
    dates: str = "%Y-%m-%d"
    encoding: str = "utf-8"
    line_end: str = "\n"
    preamble: str = ""
    order: tuple[int, ...] = (0, 1, 2, 3, 4)
    quoted: bool = False
    trailing: bool = False
    unit: str = ""
    units_row: bool = False
    names_rows: bool = False


@dataclass(frozen=True)
class Rows:
    """The table: a task, a word, a day, a price of two decimals, a share of up to four; `[rows]` each."""

    tasks: tuple[str, ...]
    words: tuple[str, ...]
    days: tuple[datetime.date, ...]
    prices: tuple[float, ...]
    shares: tuple[float, ...]


COLUMNS = ("gerät", "wort", "tag", "preis", "anteil")


def rows_from(seed: int, count: int = 24) -> Rows:
    """Rows that leave no doubt about how they are read: days after the twelfth, prices above a thousand."""
    rng = random.Random(seed)
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=rng.randrange(700)) for _ in range(count)]
    days[0], days[1] = datetime.date(2024, 3, 27), datetime.date(2024, 11, 4)
    prices = [round(rng.uniform(-5, 5000), 2) for _ in range(count)]
    prices[0], prices[1] = 2308.57, 12.5
    shares = [round(rng.uniform(0, 1), 4) for _ in range(count)]
    shares[0] = 0.2127
    tasks = [f"{rng.choice(NAMES)}{place // 6}" for place in range(count)]
    return Rows(tuple(tasks), tuple(rng.choice(NAMES) for _ in range(count)), tuple(days), tuple(prices), tuple(shares))


@st.composite
def spellings(draw):
    """A `Spelling` in which what is written can be told apart."""
    separator = draw(st.sampled_from([",", ";", "\t", "|"]))
    decimal = draw(st.sampled_from([".", ","]))
    thousands = draw(st.sampled_from(["", "," if decimal == "." else ".", " ", "'"]))
    plain = {"preamble": draw(st.sampled_from(PREAMBLES)).format(separator=separator), "trailing": draw(st.booleans())}
    names_rows = draw(st.booleans()) and not plain["trailing"]
    return Spelling(
        separator,
        decimal,
        thousands,
        draw(st.sampled_from(DATES)),
        draw(st.sampled_from(ENCODINGS)),
        draw(st.sampled_from(["\n", "\r\n", "\r"])),
        order=tuple(draw(st.permutations(range(5)))),
        quoted=draw(st.booleans()),
        unit=draw(st.sampled_from(["", " €", "$", "%", " kg"])),
        units_row=draw(st.booleans()) and not names_rows,
        names_rows=names_rows,
        **plain,
    )


def write(rows: Rows, how: Spelling) -> bytes:
    """The file."""
    columns = [
        list(rows.tasks),
        list(rows.words),
        [day.strftime(how.dates) for day in rows.days],
        [_money(price, how) for price in rows.prices],
        [f"{share:.4f}".rstrip("0").replace(".", how.decimal) for share in rows.shares],
    ]
    table = [list(COLUMNS), *([["", "", "", "EUR", "von 1"]] if how.units_row else []), *map(list, zip(*columns, strict=True))]
    lines = []
    for place, cells in enumerate(table):
        cells = [_cell(cells[column], how) for column in how.order]
        if how.names_rows and place:
            cells = [str(place), *cells]
        lines.append(how.separator.join([*cells, *([""] if how.trailing and place else [])]))
    text = how.preamble + "\n".join(lines) + "\n"
    text = text.replace("\n", how.line_end)
    content = text.encode("utf-8" if how.encoding in ("cp1252", "mac_roman", "cp850") and "€" in text else how.encoding)
    return content


def _money(price: float, how: Spelling) -> str:
    whole, decimals = f"{abs(price):,.2f}".split(".")
    text = ("-" if price < 0 else "") + whole.replace(",", how.thousands) + how.decimal + decimals
    return f"{how.unit}{text}" if how.unit == "$" else f"{text}{how.unit}"


def _cell(cell: str, how: Spelling) -> str:
    is_needed = how.separator in cell or (how.separator == "," and "," in cell)
    return f'"{cell}"' if how.quoted or is_needed else cell


ODD_CELLS = (
    '', ' ', 'NA', 'none', '-', '?', 'nan', 'inf', '-inf', '1e400', '-1e-400', '0x1F', '1_000', '007', '7.0', '1,5',
    '1.372', '1,234.5', '1.234,5', '1 234', '$1,200', '(3)', '45%', '12 kg', '9999-12-31', '0000-00-00', '2024-02-30',
    '99999-01-01', '31/12/1999', '1/2/3', '12:30', '25:61', '24:00 PM', '20240131', '20241399', '2024-03', 'Mar 5, 2024',
    '5. März 24', '2024-01-01T00:00:00+99:99', 'true', 'FALSE', 'x', 'ä',
    'éééééééééééééééééééééééééééééééééééééééééééééééééé', '=1+1', "'=1", '#', '# x', '"', '""', 'a"b', 'a\nb', '\x00',
    '\x1f', '\u202e', '\ufeff', '😀', '٣', '½', ',', ';', '|', '\t', '--', '---', 'sep=;', '<b>', '{', '[1]', 'NaT', 'T',
    'Z', '+', '-1-2', '1e5', '1E+05', '.5', '5.', '+5', '−3', "9" * 400, "é" * 50, "a" * 3000,
)  # fmt: skip


def odd_file(seed: int) -> bytes:
    """A file that may be a table: odd cells, ragged rows, a separator and an encoding drawn, cut off or spoilt at times."""
    rng = random.Random(seed)
    separator = rng.choice([",", ",", ";", "\t", "|", " ", "  ", ":"])
    width, rows = rng.choice([1, 2, 3, 4, 4, 5, 8, 40]), rng.choice([0, 1, 2, 5, 20, 60, 200])
    kinds = [rng.choice(["number", "number", "task", "date", "odd", "odd", "few"]) for _ in range(width)]
    few = [rng.choice(ODD_CELLS) for _ in range(3)]

    def cell(kind: str, row: int) -> str:
        if rng.random() < 0.05:
            return rng.choice(ODD_CELLS)
        if kind == "number":
            return f"{rng.gauss(0, 1000):.{rng.randrange(4)}f}"
        if kind == "task":
            return f"t{row // 6}"
        if kind == "date":
            return f"{rng.randrange(1, 29):02d}{rng.choice('/-.')}{rng.randrange(1, 13):02d}/{rng.randrange(0, 2400)}"
        return rng.choice(few if kind == "few" else ODD_CELLS)

    lines = [separator.join(rng.choice(["", "x", "Größe", "y", "time", "id", "1952"]) for _ in range(width))]
    for row in range(rows):
        length = width if rng.random() < 0.97 else rng.randrange(width + 3)
        cells = [cell(kinds[place % width], row) for place in range(length)]
        quoted = rng.random() < 0.3
        lines.append(separator.join('"' + one.replace('"', '""') + '"' if quoted else one for one in cells))
    if rng.random() < 0.2:
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(["# comment", "words", "", "Total", "-----", '"open']))
    text = rng.choice(["\n", "\n", "\r\n", "\r"]).join(lines)
    content = text.encode(
        rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "cp1251", "cp932"]), "replace"
    )
    if rng.random() < 0.1:
        content = content[: rng.randrange(len(content) + 1)]
    if rng.random() < 0.05 and content:
        place = rng.randrange(len(content))
        content = content[:place] + bytes([rng.randrange(256)]) + content[place + 1 :]
    return content
