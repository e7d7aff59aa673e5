"""A link is an Experiment in a query string, under the Experiment's own names. Pure functions over mappings; no streamlit."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from dashboard import escape
from dashboard.lessons import CLASS_KEY, TEACHER_KEY
from maml_engine.experiment import VERSION, Experiment

VERSION_KEY, JOB_KEY, LEARNER_KEY = "v", "job", "learner"
RESERVED = frozenset({VERSION_KEY, JOB_KEY, LEARNER_KEY, CLASS_KEY, TEACHER_KEY, "embed", "embed_options"})
FIELDS = {spec.name: spec for spec in dataclasses.fields(Experiment)}
TABLE_FIELDS = ("data", "task", "inputs", "target", "log")
MAX_VALUE_LENGTH = 4000  # characters; the longest that a page writes is a few hundred


class Link(NamedTuple):
    """What a link says.

    values: the fields that it sets, each by itself fit to be a value of its field.
    others: keys that are no field, as they came, where a widget can read them.
    notes: one sentence for each thing that could not be read.
    """

    values: dict[str, Any]
    others: dict[str, list[str]]
    notes: list[str]


def read(parameters: Mapping[str, str | list[str]]) -> Link:
    """Reads a query string's keys; a value that its field refuses gives way to the default, with a sentence."""
    parameters = {name: _as_list(value) for name, value in parameters.items()}
    notes = _version_notes(parameters.get(VERSION_KEY, []))
    values, others = {}, {}
    for name, spelled in parameters.items():
        if name not in FIELDS:
            if why := _unreadable(spelled):
                notes.append(f"The link's {escape.code(name)} {why}; that part was left aside.")
            else:
                others[name] = spelled
            continue
        try:
            values[name] = _parse(name, spelled)
        except ValueError as error:
            default = Experiment.spell(FIELDS[name].default) or "nothing"
            notes.append(f"The link's value was set aside: {escape.sentence(error)} The page uses the default, {default}.")
    return Link(values, others, notes)


def write(values: Mapping[str, Any]) -> dict[str, str]:
    """The query parameters of `values`, without those that are the default; the inverse of `read`."""
    return {name: Experiment.spell(value) for name, value in values.items() if value != FIELDS[name].default}


def address(page: str, values: Mapping[str, Any], own: Mapping[str, str | list[str]] | None = None) -> str:
    """A link that opens a page with a run described.

    Args:
      page: the page's address without a query string.
      values: fields of the Experiment.
      own: what else the page keeps in its link, as it is spelt there.
    """
    parameters = {VERSION_KEY: str(VERSION), **write(values), **(own or {})}
    return f"{page.split('?')[0].split('#')[0]}?{urlencode(parameters, doseq=True, safe=',')}"


def refused_note(name: str, spelled: list[str], used: Any) -> str:
    """One sentence about a page's own value that its widget did not take."""
    default = "" if used is None else f", {Experiment.spell(tuple(used) if isinstance(used, list) else used)}"
    return f"The link's `{name}` cannot be {escape.code(','.join(spelled))} on this page, which keeps to its default{default}."


def unknown_part_note(name: str, parts: Iterable[str]) -> str:
    """One sentence about what a link names beside other things, and what is not known here."""
    listed = ", ".join(map(escape.code, parts))
    return f"The link's `{name}` also names {listed}, which is not known here; that part was left aside."


def apart(spelled: list[str]) -> list[str]:
    """Several options as a link names them, one a key, or all under one with commas between, as by hand."""
    return [part for content in spelled for part in content.split(",")]


def same(spelled: list[str], value: Any) -> bool:
    """Whether a link's text means `value`, a widget's own."""
    parts = _as_list(value)
    spelled = apart(spelled) if isinstance(value, list) else spelled
    return len(parts) == len(spelled) and all(_same_part(*pair) for pair in zip(spelled, parts, strict=True))


def _same_part(spelled: str, value: Any) -> bool:
    if spelled == Experiment.spell(value) or not isinstance(value, int | float):
        return spelled == Experiment.spell(value)
    try:
        return float(spelled) == value
    except ValueError:
        return False


def unknown_note(names: Iterable[str]) -> str:
    """One sentence about keys that no page knows."""
    listed = ", ".join(map(escape.code, sorted(names)))
    return f"The link also holds {listed}, which MAML Lab does not know; that part was left aside."


def _parse(name: str, spelled: list[str]) -> Any:
    default = FIELDS[name].default
    content = ",".join(spelled) if FIELDS[name].metadata["kind"] in ("interval", "names") else spelled[-1]
    if content == Experiment.spell(default):
        return default  # pi has more digits than a link
    return Experiment.parse(name, content)


def _unreadable(spelled: list[str]) -> str:
    """Why no widget may see a value; empty where it may. Infinite numbers break those that hold whole ones."""
    if any(len(part) > MAX_VALUE_LENGTH for part in spelled):
        return f"is longer than {MAX_VALUE_LENGTH:,} characters"
    for part in spelled:
        try:
            if not math.isfinite(float(part)):
                return f"must be a finite number, got {escape.code(part)}"
        except ValueError:
            continue
    return ""


def _version_notes(spelled: list[str]) -> list[str]:
    if not spelled or spelled[-1] == str(VERSION):
        return []
    if spelled[-1].isdecimal() and int(spelled[-1]) < VERSION:
        return [f"The link is of version {int(spelled[-1])}, this is version {VERSION}: defaults may have changed since."]
    return [
        f"The link's version {escape.code(spelled[-1])} is not known here (this is {VERSION}): it was read as far as possible."
    ]


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
