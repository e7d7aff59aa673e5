"""The kinds of field that an experiment has: how each is declared, judged, and spelt in a link or behind a flag."""

import csv
import dataclasses
import io
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from maml_engine.checks import check_choice, check_number, check_range, shown

# Fields that hold a name, where `train` takes the thing itself; by the name of its argument.
HANDED_OVER = {
    "method": "method",
    "model": "model",
    "tasks": "tasks",
    "loss": "loss_fn",
    "meta_optimizer": "meta_optimizer",
}


def number(default: float, help: str, **bounds) -> Any:
    """A field that holds one number; `bounds` as in `check_number`."""
    return field(default=default, metadata={"kind": "number", "help": help, "bounds": bounds})


def whole(default: int, help: str, **bounds) -> Any:
    """A field that holds one whole number."""
    return field(default=default, metadata={"kind": "number", "help": help, "bounds": {"integer": True, **bounds}})


def choice(default: str, help: str, choices: Mapping[str, Any]) -> Any:
    """A field that holds a registered name; the registry itself is kept, so that late registrations count."""
    return field(default=default, metadata={"kind": "choice", "help": help, "choices": choices})


def switch(default: bool, help: str) -> Any:
    """A field that is on or off."""
    return field(default=default, metadata={"kind": "switch", "help": help})


def interval(default: tuple[float, float], help: str, **bounds) -> Any:
    """A field that holds a pair, low end and high end."""
    return field(default=default, metadata={"kind": "interval", "help": help, "bounds": bounds})


def text(help: str) -> Any:
    """A field that holds a name, empty where it does not apply."""
    return field(default="", metadata={"kind": "text", "help": help})


def names(help: str) -> Any:
    """A field that holds several names."""
    return field(default=(), metadata={"kind": "names", "help": help})


def parse_value(spec: dataclasses.Field, content: str) -> Any:
    """The value that `content` spells for a field, judged by the field alone.

    Numbers as usual; an interval as "0.1,5"; a switch as "true" or "false"; several names as "year,month", quoted where a name
    holds a comma.
    """
    kind = spec.metadata["kind"]
    if kind == "number":
        return checked(spec, parse_number(content))
    if kind == "interval":
        return checked(spec, tuple(parse_number(part) for part in content.split(",")))
    if kind == "switch":
        return checked(spec, {"true": True, "false": False}.get(content.lower(), content))
    if kind == "names":
        return parse_names(spec.name, content)
    return checked(spec, content)


def spell(value: Any) -> str:
    """The inverse of `parse_value`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        file = io.StringIO(newline="")
        csv.writer(file, lineterminator="\r\n").writerow([spell(part) for part in value])  # quotes a name with a comma
        return file.getvalue().removesuffix("\r\n")
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def parse_number(content: str | int) -> float | int | str:
    """The number that `content` spells, or `content` itself: whoever takes it refuses it, with its name."""
    for kind in (int, float):
        try:
            return kind(content)
        except ValueError:
            continue
    return content


def parse_names(name: str, content: str) -> tuple[str, ...]:
    """Names with commas between, as a row of a CSV file; one that holds a comma stands in quotes."""
    try:
        return tuple(part for part in next(csv.reader(io.StringIO(content, newline=""), strict=True), []) if part)
    except csv.Error as error:
        raise ValueError(f"`{name}` must be names with commas between, got {content[:40]!r}: {error}.") from None


def _plain(value: Any) -> Any:
    """What `check_number` judges: a Python number, also for a scalar array; an array as text, which is refused."""
    value = value.item() if getattr(value, "ndim", None) == 0 else value
    return str(value) if hasattr(value, "ndim") else value


def checked(spec: dataclasses.Field, value: Any) -> Any:
    """`value` in the field's own type, or a refusal."""
    kind, bounds = spec.metadata["kind"], spec.metadata.get("bounds", {})
    if kind == "number":
        value = _plain(value)
        check_number(spec.name, value, **bounds)
        return int(value) if bounds.get("integer") else float(value)
    if kind == "interval":
        value = tuple(_plain(end) for end in value) if isinstance(value, list | tuple) else value
        check_range(spec.name, value, **bounds)
        return tuple(float(end) for end in value)
    if kind == "choice":
        if not isinstance(value, str) and spec.name in HANDED_OVER:
            raise ValueError(
                f"`{spec.name}` must be one of {', '.join(sorted(spec.metadata['choices']))}, got {shown(value)}: "
                f"one of your own goes into `train(experiment, {HANDED_OVER[spec.name]}=...)`."
            )
        check_choice(spec.name, value, spec.metadata["choices"])
        return value
    if kind == "switch":
        if not isinstance(value, bool):
            raise ValueError(f"`{spec.name}` must be true or false, got {shown(value)}.")
        return value
    if kind == "names":
        if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
            raise ValueError(f"`{spec.name}` must be a list of names, got {shown(value)}.")
        return tuple(value)
    if not isinstance(value, str):
        raise ValueError(f"`{spec.name}` must be a name, got {shown(value)}.")
    return value
