"""Numbers as links spell them and as browsers may forge them."""

import math
from collections.abc import Mapping
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


def taken(loose: Mapping[str, Any], bounds: Mapping[str, tuple[float, float]], whole: str) -> tuple[dict[str, Any], list[str]]:
    """Numbers that came, each the nearest that is allowed, and a sentence for each that was not.

    Args:
      loose: field -> anything, as it came from a link or a browser; fields without bounds are passed over.
      bounds: field -> the lowest and the highest.
      whole: the field that is a whole number.
    """
    edits: dict[str, Any] = {}
    notes: list[str] = []
    for name, (low, high) in bounds.items():
        if name not in loose:
            continue
        value = finite_number(loose[name])
        if value is None:
            notes.append(f"`{name}` must be a number from {low:g} to {high:g}; the one that came was left aside.")
            continue
        edits[name] = min(max(value, low), high)
        if edits[name] != value:
            notes.append(f"`{name}` must be from {low:g} to {high:g}, got {value:g}; {edits[name]:g} was taken.")
        edits[name] = round(edits[name]) if name == whole else edits[name]
    return edits, notes
