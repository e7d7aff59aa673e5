"""Refusals: one sentence with the name, the value and what is allowed."""

import math
from collections.abc import Collection, Sequence
from numbers import Real


def check_number(
    name: str,
    value: object,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    integer: bool = False,
) -> None:
    """Refuses a Python number that is out of range; values that JAX traces pass unjudged.

    Args:
      name: what the refusal calls it, a field or an argument.
      value: what was given.
      low, high: inclusive bounds; None for none.
      above: an exclusive lower bound; None for none.
      integer: whether it must be whole.

    Raises:
      ValueError: `value` is not a number, not finite, not whole where it must be, or out of range.
    """
    if not isinstance(value, Real | str | bool | None):
        return  # a tracer or an array: judged where it was a Python number
    wanted = _describe(low, high, above, integer)
    if (
        not isinstance(value, Real)
        or isinstance(value, bool)
        or not _is_finite(value)
        or (integer and value != math.floor(value))
    ):
        raise ValueError(f"`{name}` must be {wanted}, got {value!r}.")
    if (low is not None and value < low) or (high is not None and not value <= high) or (above is not None and value <= above):
        raise ValueError(f"`{name}` must be {wanted}, got {value}.")


def _is_finite(value: Real) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond floats
        return False


def check_choice(name: str, value: object, choices: Collection[str]) -> None:
    """Refuses a name that is not registered."""
    if value not in choices:
        raise ValueError(f"`{name}` must be one of {', '.join(sorted(choices))}, got {value!r}.")


def check_range(name: str, value: object, *, low: float | None = None, high: float | None = None) -> None:
    """Refuses anything but a pair (low end, high end) of finite numbers in order.

    Args:
      name: what the refusal calls it.
      value: what was given.
      low, high: inclusive bounds for both ends; None for none.

    Raises:
      ValueError: no pair, an end that is no number or out of range, or ends in the wrong order.
    """
    if not isinstance(value, tuple) or len(value) != 2:
        raise ValueError(f"`{name}` must be two numbers, low and high, got {value!r}.")
    for end in value:
        check_number(name, end, low=low, high=high)
    if all(isinstance(end, Real) for end in value) and value[0] > value[1]:
        raise ValueError(f"`{name}` must go from low to high, got {value[0]} to {value[1]}.")


def _describe(low: float | None, high: float | None, above: float | None, integer: bool) -> str:
    kind = "a whole number" if integer else "a number"
    bounds = [f"> {above}"] if above is not None else []
    bounds += [f">= {low}"] if low is not None else []
    bounds += [f"<= {high}"] if high is not None else []
    return " ".join([kind, " and ".join(bounds)]).strip()


def shown(value: object, longest: int = 60) -> str:
    """A value as an error shows it: quoted, on one line, cut where it is long."""
    written = repr(value)
    return written if len(written) <= longest else f"{written[: longest - 4]}...{written[-1]}"


def listed(values: Sequence[object], most: int = 8) -> str:
    """The first few values, and how many more there are."""
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(str(value) for value in values[:most]) + more
