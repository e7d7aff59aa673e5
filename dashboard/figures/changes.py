"""What a figure shows differently for each choice of a switch, as a browser changes it by itself."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from dashboard.figures import plain


class Changes(NamedTuple):
    """What is to be set for one choice, all of it by whatever was set before.

    traces: Plotly's properties by the trace's number; those of a property by their path, as in "line.width".
    layout: Plotly's properties by their path, as in "annotations[2].text".
    alt: what somebody who does not see the figure should know; empty where that stays.
    """

    traces: Mapping[int, Mapping[str, Any]]
    layout: Mapping[str, Any]
    alt: str = ""


def between(figures: Sequence[plain.Figure], alts: Sequence[str] = ()) -> list[Changes]:
    """Changes that lead from any of the figures to each: all that is not the same in all of them.

    Args:
      figures: with the same number of traces.
      alts: what to say of each.

    Raises:
      ValueError: the numbers of traces differ.
    """
    if len(sizes := {len(figure.traces) for figure in figures}) > 1:
        raise ValueError(f"figures must have the same number of traces, got {sorted(sizes)}.")
    traces = [_differing(trace) for trace in zip(*(figure.traces for figure in figures), strict=True)]
    layouts = _differing([figure.properties for figure in figures])
    return [
        Changes(
            {number: found[place] for number, found in enumerate(traces) if found[place]},
            layouts[place],
            alts[place] if alts else "",
        )
        for place in range(len(figures))
    ]


def _differing(values: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of each mapping what the others have otherwise or not at all, by path; None for what it has not."""
    found: list[dict[str, Any]] = [{} for _ in values]
    _compare(values, "", found)
    return found


def _compare(values: Sequence[Any], path: str, found: list[dict[str, Any]]) -> None:
    if all(value is values[0] for value in values):
        return
    if all(isinstance(value, Mapping) for value in values):
        for name in dict.fromkeys(name for value in values for name in value):
            _compare([value.get(name) for value in values], f"{path}.{name}" if path else name, found)
    elif path and all(_is_items(value) and len(value) == len(values[0]) for value in values):
        for place, parts in enumerate(zip(*values, strict=True)):
            _compare(parts, f"{path}[{place}]", found)
    elif not all(_same(value, values[0]) for value in values):
        for one, value in zip(found, values, strict=True):
            one[path] = value


def _is_items(value: Any) -> bool:
    """A list of Plotly's objects, as shapes and annotations are."""
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(each, Mapping) for each in value)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        one, other = np.asarray(one), np.asarray(other)
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return type(one) is type(other) and one == other
