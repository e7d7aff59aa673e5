"""The room that a figure's labels will take, said beforehand.

Plotly draws a figure, measures its labels and legend, and draws it again where the margins were too small for them
(`automargin`), which doubles the time of nearly every figure. Where the margins are large enough from the start it draws once,
and what was guessed too small still grows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Pixels, in Plotly's default font: next to the border, a line of text.
EDGE, LINE = 10, 19
STANDOFF = 22  # of a title from the labels, where nothing else is said
FONT = 12
CHARACTER = 0.63  # the width of one over the font's size, at the most nearly always
NUMBER = 25  # the width of most labels that Plotly chooses
LEGEND = {1: 52, 2: 70}  # by rows
SAMPLE, NARROW = 40, 420  # beside a name in the legend, and the width of a figure that shares its place with another


def margins(layout: Mapping[str, Any], traces: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The layout's margins, at least as large as what will stand in them.

    Args:
      layout: Plotly's properties of it.
      traces: the figure's.
    """
    given = layout.get("margin", {})
    needed = {
        "b": max((_title(axis) + EDGE + LINE * _has_labels(axis) for axis in _labelled(layout, "xaxis")), default=0),
        "l": max((_title(axis) + _width(axis, traces) for axis in _labelled(layout, "yaxis")), default=0),
        "t": LEGEND[_legend_rows(traces)] if _has_legend_above(layout, traces) else 0,
    }
    return {**given, **{side: max(given.get(side, EDGE), room) for side, room in needed.items() if room}}


def _labelled(layout: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    """The axes of a kind for which Plotly makes room."""
    for name, axis in layout.items():
        if name.startswith(kind) and axis.get("automargin") and axis.get("visible", True):
            yield axis


def _has_labels(axis: Mapping[str, Any]) -> bool:
    return axis.get("showticklabels", True)


def _title(axis: Mapping[str, Any]) -> int:
    title = axis.get("title") or {}
    text = title.get("text")
    return title.get("standoff", STANDOFF) + (LINE - 1) * (1 + text.count("<br>")) if text else 0


def _width(axis: Mapping[str, Any], traces: Sequence[Mapping[str, Any]]) -> int:
    """Of the labels of a y axis: of its own texts, of the names that traces put on it, or of numbers."""
    texts = [] if axis.get("type") == "log" else axis.get("ticktext") or _names(traces)  # of a log axis few are in sight
    lines = [line for text in texts for line in text.split("<br>")]
    if not _has_labels(axis):
        return EDGE
    letter = CHARACTER * axis.get("tickfont", {}).get("size", FONT)
    return EDGE + max((round(letter * len(line)) for line in lines), default=NUMBER)


def _names(traces: Sequence[Mapping[str, Any]]) -> list[str]:
    """What traces have in place of numbers on the y axis; a trace has the one or the other, as its first value tells."""
    given = [trace.get("y", ()) for trace in traces]
    named = [values for values in given if not isinstance(values, Mapping) and isinstance(next(iter(values), None), str)]
    return [value for values in named for value in values if isinstance(value, str)]


def _legend_rows(traces: Sequence[Mapping[str, Any]]) -> int:
    return 2 if sum(SAMPLE + FONT * CHARACTER * len(name) for name in _in_legend(traces)) > NARROW else 1


def _has_legend_above(layout: Mapping[str, Any], traces: Sequence[Mapping[str, Any]]) -> bool:
    shown = layout.get("showlegend", len(_in_legend(traces)) > 1 or any(trace.get("showlegend") for trace in traces))
    return shown and layout.get("legend", {}).get("y", 0) >= 1


def _in_legend(traces: Sequence[Mapping[str, Any]]) -> list[str]:
    return [trace["name"] for trace in traces if trace.get("name") and trace.get("showlegend", True)]
