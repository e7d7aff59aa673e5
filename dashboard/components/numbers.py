"""Numbers as links spell them and as browsers may forge them."""

import math
from typing import Any


def finite_number(value: Any) -> float | None:
    """A finite number, from a number or from text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def short_number(value: float) -> str:
    """A number in as few characters as tell it apart."""
    return f"{round(value, 6):.6f}".rstrip("0").rstrip(".")
