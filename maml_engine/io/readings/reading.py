"""How a column is read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """One way for all cells of a column.

    kind: "number", "date", "text" or "empty".
    form: how numbers or dates are written, such as "1.234,5" or "day-month-year"; "" for words.
    others: forms that fit as well and would give other values: somebody has to say which it is.
    unit: what was taken off every number, such as "%".
    """

    kind: str
    form: str = ""
    others: tuple[str, ...] = ()
    unit: str = ""
