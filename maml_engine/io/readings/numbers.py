"""Numbers as people write them: decimal points or commas, thousands apart, percent, money, units."""

import re
from typing import TYPE_CHECKING

import numpy as np

from maml_engine.runtime.short_cache import cached_if_short

if TYPE_CHECKING:
    import pandas as pd

# How a number may be written, each spelt by an example. The first is what programs write.
POINT, COMMA = "1234.5", "1234,5"
POINT_GROUPED, COMMA_GROUPED = "1,234.5", "1.234,5"
FORMS = {
    POINT: ("", "."),
    COMMA: ("", ","),
    POINT_GROUPED: (",", "."),
    COMMA_GROUPED: (".", ","),
    "1 234.5": (" ", "."),
    "1 234,5": (" ", ","),
    "1'234.5": ("'", "."),
    "1'234,5": ("'", ","),
}
FEW = 0.2
LONGEST = 40  # characters of a number with its unit
_MONEY = r"[$€£¥₹₽₩₺]|(?:US|CA|AU|NZ)\$|R\$|USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|BRL|kr\.?|zł|Fr\."
_DECORATED = re.compile(
    rf"(?P<paren>\()?\s*(?P<sign>[-+−]?)\s*(?P<before>{_MONEY})?\s*(?P<sign2>[-+−]?)"
    r"(?P<number>\d[\d.,'’ \u00a0\u202f]*|[.,]\d+)(?P<exponent>[eE][-+]?\d+)?"
    rf"\s*(?P<after>{_MONEY}|%|‰|[^\W\d_]{{1,8}}(?:/[^\W\d_]{{1,8}})?[²³]?|°[CFK]?|µ\w{{1,3}})?\s*(?P<end>\))?"
)
_SPACES = re.compile(r"[\u00a0\u202f\u2009 ]")


def plain(cells: "pd.Series") -> tuple["pd.Series", str]:
    """Cells without the sign of money, percent or unit that they share, and that sign; as they are where they share none."""
    parts = cells.map(_undecorate)
    written = parts[parts.notna() & (cells != "")]
    units = {unit for _, unit in written if unit}
    if len(units) != 1:
        parts = parts.map(lambda part: part if isinstance(part, tuple) and not part[1] else None)
    unit = units.pop() if len(units) == 1 else ""
    bare = parts.map(lambda part: part[0] if isinstance(part, tuple) else None)
    return bare.where(bare.notna(), cells), unit


def _undecorate(cell: str) -> tuple[str, str] | None:
    """A number's digits and marks, and what stands around them; None where a cell is no such thing."""
    found = _DECORATED.fullmatch(cell) if len(cell) <= LONGEST else None
    if found is None or bool(found["paren"]) != bool(found["end"]) or (found["before"] and found["after"]):
        return None
    minus = (found["sign"] in ("-", "−")) + (found["sign2"] in ("-", "−")) + bool(found["paren"])
    digits = _SPACES.sub(" ", found["number"].rstrip("\u00a0\u202f ")).replace("’", "'")
    return "-" * (minus == 1) + digits + (found["exponent"] or ""), found["before"] or found["after"] or ""


def parse(cells: "pd.Series", form: str, *, strictly: bool = False) -> np.ndarray:
    """`[rows]` float64 of bare cells under a form; NaN where it does not fit.

    Args:
      cells: `plain` ones.
      form: one of `FORMS`.
      strictly: whether thousands must stand apart wherever there are any, where the form has them.
    """
    import pandas as pd

    group, mark = FORMS[form]
    if not group and mark == ".":
        return np.asarray(pd.to_numeric(cells, errors="coerce"), np.float64)
    if not group:
        fits = cells.str.count(",").le(1) & ~cells.str.contains(".", regex=False)
        return np.asarray(pd.to_numeric(cells.where(fits, "").str.replace(",", ".", regex=False), errors="coerce"), np.float64)
    # Groups of three, or of two before the last three, as in India.
    grouped = rf"[-+]?\d{{1,3}}(?:{re.escape(group)}\d{{2,3}})*{re.escape(group)}\d{{3}}|[-+]?\d{'{1,3}' if strictly else '+'}"
    fits = cells.str.fullmatch(rf"(?:{grouped})(?:{re.escape(mark)}\d*)?(?:[eE][-+]?\d+)?|[-+]?{re.escape(mark)}\d+")
    fits &= ~cells.str.match(rf"[-+]?0\d*{re.escape(group)}")  # 0,205 is no thousand
    bare = cells.where(fits, "").str.replace(group, "", regex=False).str.replace(mark, ".", regex=False)
    return np.asarray(pd.to_numeric(bare, errors="coerce"), np.float64)


def looks_grouped(cells: "pd.Series", mark: str) -> np.ndarray:
    """`[rows]`, where a mark stands as one between thousands does, and might be a decimal's: 1.372."""
    return cells.str.fullmatch(rf"[-+]?[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}").to_numpy(bool)


def judge(cells: "pd.Series", decimal: str, *, separator_hint: bool) -> tuple[str, tuple[str, ...], np.ndarray]:
    """The form of a column's written cells, the others that fit as well, and the numbers.

    Args:
      cells: bare (`plain`), none missing.
      decimal: the mark that other columns of the file use; "" where they say nothing.
      separator_hint: whether the file separates columns by something else than commas, as where decimals are commas.

    Returns:
      The form; the rest of those between which the cells do not decide; `[rows]` float64, NaN where a cell does not fit.
    """
    has_commas = cells.str.contains(",", regex=False).to_numpy(bool)
    forms = [form for form in FORMS if not decimal or decimal_of(form) == decimal]
    if not (decimal or separator_hint) and np.mean(has_commas) < FEW:
        forms.remove(COMMA)  # where commas stand between columns, a few of them are a slip
    values = {form: parse(cells, form, strictly=True) for form in forms}
    fits = {form: int(np.sum(~np.isnan(numbers))) for form, numbers in values.items()}
    most = max(fits.values())
    best = [form for form in forms if fits[form] == most]
    form, others = _decide(cells, best, decimal or ("," if separator_hint and has_commas.any() else ""), known=bool(decimal))
    return form, others, values[form]


def _decide(cells: "pd.Series", best: list[str], decimal: str, *, known: bool) -> tuple[str, tuple[str, ...]]:
    """One of the forms that fit best; and those that would have to be asked about."""
    pairs = ((POINT, COMMA_GROUPED, "."), (COMMA, POINT_GROUPED, ","))
    for with_decimals, with_groups, mark in pairs:
        if with_decimals not in best or with_groups not in best:
            continue
        grouped = looks_grouped(cells, mark)
        has_mark = cells.str.contains(mark, regex=False).to_numpy(bool)
        if not has_mark.any() or not grouped[has_mark].all():
            return with_decimals, ()
        if decimal:  # the rest of the file says which mark is the decimals'
            chosen = with_decimals if decimal == mark else with_groups
            return chosen, ((with_groups,) if not known and not grouped.all() else ())
        if mark == "." and grouped.all():
            return with_decimals, ()  # three decimals each, as programs write them
        first, second = (with_groups, with_decimals) if mark == "," else (with_decimals, with_groups)
        return first, (second,)
    return next((form for form in best if decimal_of(form) == decimal), best[0]), ()


def may_be_grouped(cells: "pd.Series") -> bool:
    """Whether every point may be one between thousands."""
    for some in (cells.iloc[:: -(-len(cells) // 200)], cells):
        points = some.str.contains(".", regex=False).to_numpy(bool)
        if not points.any() or not looks_grouped(some.loc[points], ".").all():
            return False
    return True


def decimal_of(form: str) -> str:
    """The mark of the decimals."""
    return FORMS[form][1]


@cached_if_short(maxsize=20_000)
def looks_like_number(cell: str) -> bool:
    """Whether a cell is a number in some form, with its unit or without."""
    if cell.lstrip("+-").lower() in ("inf", "infinity"):
        return True
    part = _undecorate(cell)
    if part is None:
        return False
    bare = part[0].replace(" ", "").replace("'", "").replace(",", ".")
    return bare.count(".") < 2 or bool(re.fullmatch(r"-?\d{1,3}(\.\d{2,3})+(\.\d+)?", bare))
