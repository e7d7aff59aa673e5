"""Refusals: one sentence with the name, the value and what is allowed."""

import dataclasses
import difflib
import inspect
import math
from collections.abc import Collection, Iterable, Sequence
from numbers import Real
from typing import Any


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
    if not isinstance(value, Real | str | bool | list | tuple | dict | set | None) and not callable(value):
        return  # a tracer or an array: judged where it was a Python number
    wanted = _describe(low, high, above, integer)
    if (
        not isinstance(value, Real)
        or isinstance(value, bool)
        or not _is_finite(value)
        or (integer and value != math.floor(value))
    ):
        raise ValueError(f"`{name}` must be {wanted}, got {shown(value)}.")
    if (low is not None and value < low) or (high is not None and not value <= high) or (above is not None and value <= above):
        raise ValueError(f"`{name}` must be {wanted}, got {value}.")


def _is_finite(value: Real) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond floats
        return False


def check_choice(name: str, value: object, choices: Collection[str]) -> None:
    """Refuses a name that is not registered, with the one that it is near to."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"`{name}` must be one of {', '.join(sorted(choices))}, got {shown(value)}{near(value, choices)}.")


def check_kind(name: str, value: object, kind: type, example: str) -> None:
    """Refuses what is no `kind`.

    Args:
      name: of the argument.
      value: what was given.
      kind: the class that it must be of.
      example: what to hand over instead.
    """
    if not isinstance(value, kind):
        raise ValueError(f"`{name}` must be {example}, of class {kind.__name__}, got {shown(value)}.")


def near(value: object, choices: Iterable[str]) -> str:
    """The name that a misspelt one is near to, as the end of a sentence; empty where there is none."""
    plain = {choice.lower().replace("_", "").replace("-", ""): choice for choice in choices}
    spelt = str(value).lower().replace("_", "").replace("-", "")
    found = difflib.get_close_matches(spelt, plain, n=1, cutoff=0.7)
    return f" (did you mean {plain[found[0]]!r}?)" if found else ""


class _Signature:
    """A dataclass's, for `help` and editors, which would else show that of `NamedFields.__new__`."""

    def __get__(self, instance: object, owner: type) -> inspect.Signature:
        whole = inspect.signature(owner.__init__)
        return whole.replace(parameters=list(whole.parameters.values())[1:])


class NamedFields:
    """Of a dataclass: a keyword that is no field is refused with the field that it is near to."""

    __signature__ = _Signature()

    def __new__(cls, *values: Any, **named: Any):
        """A value yet without its fields, which `__init__` sets."""
        del values
        fields = [spec.name for spec in dataclasses.fields(cls) if spec.init]  # pyright: ignore[reportArgumentType]
        for name in named:
            if name not in fields:
                raise TypeError(f"{cls.__name__} has no field {name!r}{near(name, fields)}; it has {', '.join(fields)}.")
        return super().__new__(cls)


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
        raise ValueError(f"`{name}` must be a pair of two numbers, (low, high), got {shown(value)}.")
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
    """A value as an error shows it: quoted, on one line, cut where it is long; an array, a class or a function by its kind."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value) and hasattr(value, "__qualname__"):
        return f"the function {value.__qualname__}"
    if getattr(value, "shape", ()) and hasattr(value, "dtype"):
        return f"an array of shape {list(value.shape)}"  # pyright: ignore[reportAttributeAccessIssue]
    written = " ".join(repr(value).splitlines())
    return written if len(written) <= longest else f"{written[: longest - 4]}...{written[-1]}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with what it counts: 1 picture, 1,200 pictures; a `plural` where it is not the noun and an s."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listed(values: Sequence[object], most: int = 8) -> str:
    """The first few values, each on one line and cut where it is long, and how many more there are."""
    more = f" and {len(values) - most:,} more" if len(values) > most else ""
    return ", ".join(_brief(str(value)) for value in values[:most]) + more


def _brief(text: str, longest: int = 80) -> str:
    return " ".join((text if len(text) <= longest else f"{text[: longest - 3]}...").splitlines())
