"""Dates and times of day as people write them, one order of day, month and year for a whole column."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from maml_engine.runtime.short_cache import cached_if_short

YEAR_FIRST, DAY_FIRST, MONTH_FIRST = "year-month-day", "day-month-year", "month-day-year"
MONTHS_ONLY, CLOCK = "year-month", "time of day"
ORDERS = (YEAR_FIRST, DAY_FIRST, MONTH_FIRST, MONTHS_ONLY, CLOCK)
LONGEST = 60  # characters of a date with its time
MANY_DAYS, FEW_YEARS = 10, 0.4  # different days in a column, from which years are told from them; how many of these there are
PIVOT = 69  # two-digit years from here on are of the last century, as POSIX has it
# The beginnings of month names in English, German, French, Spanish, Italian, Portuguese and Dutch.
_MONTHS = (
    "jan gen ene", "feb fev fév", "mar mär mrt mae mars maa", "apr abr avr", "may mai mag mei", "jun juin giu", "jul juil lug",
    "aug ago aoû aou", "sep set", "oct okt ott out", "nov", "dec dez dic déc dic",
)  # fmt: skip
_MONTH_OF = {start: month for month, starts in enumerate(_MONTHS, start=1) for start in starts.split()}
_PASSED_OVER = re.compile(
    r"\b(?:mon|tue|wed|thu|fri|sat|sun|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|mo|di|mi|do|fr|sa|so)"
    r"[a-z]*\.?,?\s+|(?<=\d)(?:st|nd|rd|th)\b|\bde\b|\bof\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d+)?))?\s*(?P<half>[ap]\.?m\.?)?"
    r"\s*(?P<zone>z|utc|gmt|[-+]\d{2}:?\d{2}|[-+]\d{2})?$",
    re.IGNORECASE,
)
_TOKENS = re.compile(r"\d+|[^\W\d_]+\.?")
_DATE = re.compile(r"(?:\d{1,4}|[^\W\d_]{3,}\.?)(?:\s*[-/., ]\s*(?:\d{1,4}|[^\W\d_]{3,}\.?)){1,2}")
_SOLID = re.compile(r"(?:1[89]|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
LIKE_DATE = re.compile(r"\d+\s*[-/.: ]\s*\d|\d{8}|\d[\s.-]*[^\W\d_]{3}|[^\W\d_]{3}\S*\s+\d")


class Parts(NamedTuple):
    """A cell taken apart.

    tokens: numbers of the date, 0 for a month's name.
    widths: how many digits each has.
    month: of a name; 0 where there is none.
    at: time of day as a share of the day, a time zone taken off; NaN where none is written.
    marks: what stands between the numbers.
    """

    tokens: tuple[int, ...]
    widths: tuple[int, ...]
    month: int
    at: float
    marks: str


@cached_if_short(maxsize=20_000)
def take_apart(cell: str) -> Parts | None:
    """A cell's parts; None where it is no date and no time."""
    if len(cell) > LONGEST:
        return None
    found = _TIME.search(cell)
    at = _time_of(found) if found else np.nan
    date = cell[: found.start()] if found else cell
    if found and np.isnan(at):
        return None
    date = _PASSED_OVER.sub(" ", date).strip(" T,\t") if date else ""
    if not date:
        return Parts((), (), 0, at, "") if found else None
    if _SOLID.fullmatch(date):
        return Parts((int(date[:4]), int(date[4:6]), int(date[6:])), (4, 2, 2), 0, at, "")
    if not _DATE.fullmatch(date := re.sub(r"\s+", " ", date)):
        return None
    tokens = _TOKENS.findall(date)
    names = [place for place, token in enumerate(tokens) if not token[0].isdigit()]
    month = _month(tokens[names[0]]) if len(names) == 1 else 0
    if len(names) > 1 or (names and not month):
        return None
    numbers = tuple(int(token) if token[0].isdigit() else 0 for token in tokens)
    return Parts(numbers, tuple(len(token) if token[0].isdigit() else 0 for token in tokens), month, at, _TOKENS.sub("", date))


def _month(word: str) -> int:
    word = word.lower().rstrip(".")
    return next((_MONTH_OF[word[:length]] for length in (4, 3) if word[:length] in _MONTH_OF), 0)


def _time_of(found: re.Match) -> float:
    hour, minute, second = int(found["hour"]), int(found["minute"]), float((found["second"] or "0").replace(",", "."))
    if half := found["half"]:
        if not 1 <= hour <= 12:
            return np.nan
        hour = hour % 12 + 12 * half.lower().startswith("p")
    if hour > 24 or minute > 59 or second >= 61:
        return np.nan
    zone = (found["zone"] or "").replace(":", "")
    shift = (int(zone[:3]) * 60 + int(zone[0] + (zone[3:] or "0"))) if zone[:1] in ("+", "-") else 0
    return (hour * 60 + minute - shift) / 1440 + second / 86400


def days_of(parts: Parts | None, order: str) -> float:
    """Days since 1970 of a cell under an order (of a time of day, its share of the day); NaN where it does not fit."""
    if parts is None:
        return np.nan
    if order == CLOCK:
        return parts.at if not parts.tokens else np.nan
    tokens, widths, name = parts.tokens, parts.widths, parts.month
    if order == MONTHS_ONLY:
        if len(tokens) != 2 or 4 not in widths:
            return np.nan
        year = tokens[widths.index(4)]
        return _days(year, name or tokens[1 - widths.index(4)], 1) if np.isnan(parts.at) else np.nan
    if len(tokens) != 3:
        return np.nan
    if name:
        return _of_name(tokens, widths, name, order) + _share(parts)
    places = {YEAR_FIRST: (0, 1, 2), DAY_FIRST: (2, 1, 0), MONTH_FIRST: (2, 0, 1)}[order]
    year, month, day = (tokens[place] for place in places)
    if widths[places[0]] not in (2, 4) or max(widths[place] for place in places[1:]) > 2:
        return np.nan
    return _days(_whole_year(year, widths[places[0]]), month, day) + _share(parts)


def _of_name(tokens: tuple[int, ...], widths: tuple[int, ...], month: int, order: str) -> float:
    """A date whose month is a name: its order is plain, and only what it would be written as counts."""
    numbers = [(token, width) for token, width in zip(tokens, widths, strict=True) if width]
    is_year_first = numbers[0][1] == 4
    written = YEAR_FIRST if is_year_first else MONTH_FIRST if widths[0] == 0 else DAY_FIRST
    if order != written or len(numbers) != 2:
        return np.nan
    (year, width), (day, _) = numbers if is_year_first else numbers[::-1]
    return _days(_whole_year(year, width), month, day) if width in (2, 4) else np.nan


def _whole_year(year: int, width: int) -> int:
    return year if width == 4 else year + (1900 if year >= PIVOT else 2000)


def _share(parts: Parts) -> float:
    return 0.0 if np.isnan(parts.at) else parts.at


def _days(year: int, month: int, day: int) -> float:
    if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31):
        return np.nan
    first = np.datetime64(f"{year:04d}-{month:02d}", "M")
    days = first.astype("datetime64[D]").astype(int) + day - 1
    return float(days) if days < (first + 1).astype("datetime64[D]").astype(int) else np.nan


def _is_year_first(parts: Sequence[Parts | None]) -> bool | None:
    """Whether dates begin with the year; of two digits it takes few values where days take many. None where it may be so."""
    short = [part for part in parts if part is not None and len(part.tokens) == 3 and 4 not in part.widths]
    if not short:
        return True
    first, last = ({part.tokens[place] for part in short} for place in (0, 2))
    if len(first) > FEW_YEARS * len(last) or max(first) - min(first) > len(first):
        return False
    return True if len(last) >= MANY_DAYS else None


def parse(cells: Sequence[str] | np.ndarray, order: str) -> np.ndarray:
    """`[rows]` float64 days of cells under an order, NaN where it does not fit; each different cell is read once."""
    values, places = np.unique(np.asarray(cells, str), return_inverse=True)
    return np.array([days_of(take_apart(cell), order) for cell in values.tolist()], float)[places]


def judge(cells: Sequence[str] | np.ndarray, preferred: str = "") -> tuple[str, tuple[str, ...], np.ndarray]:
    """The order of a column's written cells, others that fit as well, and the days.

    Args:
      cells: none missing.
      preferred: the order of the file's other dates; "" where there is none.

    Returns:
      The order; those that would have to be asked about; `[rows]` float64, NaN where a cell does not fit.
    """
    values, places = np.unique(np.asarray(cells, str), return_inverse=True)
    parts = [take_apart(cell) for cell in values.tolist()]
    counts = np.bincount(places)
    days = {order: np.array([days_of(part, order) for part in parts], float) for order in ORDERS}
    fits = {order: int(counts[~np.isnan(found)].sum()) for order, found in days.items()}
    most = max(fits.values())
    best = [order for order in ORDERS if fits[order] == most]
    if len(best) > 1 and YEAR_FIRST in best:
        rest = [order for order in best if order != YEAR_FIRST]
        best = {True: [YEAR_FIRST], False: rest, None: [*rest, YEAR_FIRST]}[_is_year_first(parts)]
    first = preferred if preferred in best else best[0]
    others = [order for order in best if order != first and np.any(days[order] != days[first], where=~np.isnan(days[first]))]
    if preferred or (first == DAY_FIRST and {part.marks for part in parts if part is not None} == {".."}):
        others = []  # with points between them, the day comes first
    return first, tuple(others), days[first][places]
