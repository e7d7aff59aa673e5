"""Plotly's figures as plain data: dictionaries, which Plotly's Python side checks in the tests and not while a page waits.

`Figure` has those of Plotly's methods that our figures use, under their names. A trace is a dictionary of Plotly's properties;
properties that are None count as not given. Properties are written out: `xaxis={"range": ..}`, not `xaxis_range=..`.
"""

import base64
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.figures import room

if TYPE_CHECKING:
    import plotly.graph_objects as go

Trace = dict[str, Any]

# What Plotly's own encoder calls an array's type; one that it has no name for is sent as a list.
_DTYPES = {
    "int8": "i1",
    "uint8": "u1",
    "int16": "i2",
    "uint16": "u2",
    "int32": "i4",
    "uint32": "u4",
    "float32": "f4",
    "float64": "f8",
}
_AS_LISTS = frozenset({"range"})


def trace(kind: str, **properties: Any) -> Trace:
    """One trace of a kind: "scatter", "bar", "heatmap", .."""
    return {"type": kind, **properties}


def scatter(**properties: Any) -> Trace:
    """A trace of lines or markers."""
    return trace("scatter", **properties)


class Figure:
    """Traces and a layout, and where there are several panels, which axes each of them has."""

    def __init__(self, layout: Mapping[str, Any], panels: Sequence[Sequence[str]] = ()) -> None:
        """Starts without traces.

        Args:
          layout: Plotly's properties of it.
          panels: the number that Plotly gives to a panel's axes ("", "2", ..), by row and column.
        """
        self.traces: list[Trace] = []
        self.properties: dict[str, Any] = {}
        self._panels = panels
        self.update_layout(layout)

    def add_traces(self, traces: Iterable[Trace], *, row: int | None = None, col: int | None = None) -> "Figure":
        """Adds traces, in a panel where row and column are given, counted from 1."""
        axes = {} if row is None or col is None else self._axes(row, col)
        self.traces.extend(each | axes for each in traces)
        return self

    def add_trace(self, one: Trace, **place: int) -> "Figure":
        """Adds one trace."""
        return self.add_traces([one], **place)

    def add_scatter(self, *, row: int | None = None, col: int | None = None, **properties: Any) -> "Figure":
        """Adds lines or markers."""
        return self.add_traces([scatter(**properties)], row=row, col=col)

    def add_bar(self, **properties: Any) -> "Figure":
        """Adds bars."""
        return self.add_traces([trace("bar", **properties)])

    def add_heatmap(self, *, row: int | None = None, col: int | None = None, **properties: Any) -> "Figure":
        """Adds a map of colours."""
        return self.add_traces([trace("heatmap", **properties)], row=row, col=col)

    def update_traces(self, *, selector: Mapping[str, Any] | None = None, **properties: Any) -> "Figure":
        """Changes all traces that have the properties of `selector`."""
        for each in self.traces:
            if all(each.get(name) == value for name, value in (selector or {}).items()):
                _merge(each, properties)
        return self

    def update_layout(self, layout: Mapping[str, Any] | None = None, **properties: Any) -> "Figure":
        """Changes the layout; dictionaries are merged, all else is replaced."""
        _merge(self.properties, {**(layout or {}), **properties})
        return self

    def update_xaxes(self, *, row: int | None = None, col: int | None = None, **properties: Any) -> "Figure":
        """Changes all x axes, or those of a row or column of panels."""
        return self._update_axes("xaxis", row, col, properties)

    def update_yaxes(self, *, row: int | None = None, col: int | None = None, **properties: Any) -> "Figure":
        """Changes all y axes, or those of a row or column of panels."""
        return self._update_axes("yaxis", row, col, properties)

    def add_vline(self, x: float, **properties: Any) -> "Figure":
        """A line from bottom to top of a figure with one panel."""
        return self._add_line({"x0": x, "x1": x, "y0": 0, "y1": 1, "xref": "x", "yref": "y domain"}, properties)

    def add_hline(self, y: float, **properties: Any) -> "Figure":
        """A line from left to right of a figure with one panel."""
        return self._add_line({"x0": 0, "x1": 1, "y0": y, "y1": y, "xref": "x domain", "yref": "y"}, properties)

    @property
    def height(self) -> int | None:
        """In pixels, where the layout has one."""
        return self.properties.get("height")

    # Plotly's own objects, where something is saved and in the tests: copies, so that changing them changes nothing.

    def checked(self) -> "go.Figure":
        """The figure as Plotly's own.

        Raises:
          ValueError: some property is none of Plotly's, or has a value that it does not take.
        """
        import plotly.graph_objects as go

        return go.Figure(data=self.traces, layout=self._with_room())

    @property
    def data(self) -> tuple[Any, ...]:
        """The traces as Plotly's own."""
        return self.checked().data

    @property
    def layout(self) -> Any:
        """The layout as Plotly's own."""
        return self.checked().layout

    def to_plotly_json(self) -> dict[str, Any]:
        """What Plotly would send to the browser, as a dictionary."""
        return self.checked().to_plotly_json()

    def to_html(self, **options: Any) -> str:
        """A page with the figure, or a part of one; options are those of Plotly's method."""
        return self.checked().to_html(**options)

    def to_json(self) -> str:
        """What is sent to the browser."""
        import plotly.io

        return plotly.io.to_json(self.as_sent().to_dict(), validate=False)

    def as_sent(self) -> Any:
        """What `st.plotly_chart` takes without making and checking a figure of Plotly's, with the template in force."""
        import plotly.io

        layout = _plain(self._with_room()) | {"template": _template(plotly.io.templates.default)}
        return _ready_class()({"data": _plain(self.traces), "layout": layout})

    def _with_room(self) -> dict[str, Any]:
        """The layout with margins that its labels fit in."""
        margins = room.margins(self.properties, self.traces)
        return {**self.properties, "margin": margins} if margins else self.properties

    def _axes(self, row: int, col: int) -> dict[str, str]:
        number = self._panels[row - 1][col - 1]
        return {"xaxis": f"x{number}", "yaxis": f"y{number}"}

    def _update_axes(self, kind: str, row: int | None, col: int | None, properties: Mapping[str, Any]) -> "Figure":
        for r, numbers in enumerate(self._panels or [[""]], start=1):
            for c, number in enumerate(numbers, start=1):
                if row in (None, r) and col in (None, c):
                    _merge(self.properties, {kind + number: properties})
        return self

    def _add_line(self, ends: Mapping[str, Any], properties: Mapping[str, Any]) -> "Figure":
        shapes = self.properties.get("shapes", [])
        self.properties["shapes"] = [*shapes, {"type": "line", **ends, **properties}]
        return self


def grid(
    rows: int,
    columns: int,
    *,
    horizontal_spacing: float = 0.0,
    vertical_spacing: float = 0.0,
    shared_x: bool = False,
    shared_y: bool = False,
    column_widths: Sequence[float] = (),
    titles: Sequence[str] = (),
) -> Figure:
    """Empty panels, as Plotly's `make_subplots` lays them out.

    Args:
      rows: of panels, the first one on top.
      columns: of panels.
      horizontal_spacing: between columns, as a share of the width.
      vertical_spacing: between rows, as a share of the height.
      shared_x: x axes of a column move together, and the lowest is labelled.
      shared_y: y axes of a row move together, and the leftmost is labelled.
      column_widths: the columns' shares; none make them equal.
      titles: above each panel, row by row.
    """
    shares = list(column_widths) or [1.0] * columns
    widths = [(1 - horizontal_spacing * (columns - 1)) * share / sum(shares) for share in shares]
    height = (1 - vertical_spacing * (rows - 1)) / rows
    panels = [[_number(row * columns + column) for column in range(columns)] for row in range(rows)]
    layout, annotations = {}, []
    for row in range(rows):
        low = (rows - 1 - row) * (height + vertical_spacing)
        for column in range(columns):
            number, left = panels[row][column], sum(widths[:column]) + column * horizontal_spacing
            x, y = [left, min(1.0, left + widths[column])], [low, min(1.0, low + height)]
            layout[f"xaxis{number}"] = {"anchor": f"y{number}", "domain": x}
            layout[f"yaxis{number}"] = {"anchor": f"x{number}", "domain": y}
            if shared_x and row < rows - 1:
                layout[f"xaxis{number}"] |= {"matches": f"x{panels[-1][column]}", "showticklabels": False}
            if shared_y and column:
                layout[f"yaxis{number}"] |= {"matches": f"y{panels[row][0]}", "showticklabels": False}
            if titles:
                annotations.append(_panel_title(titles[row * columns + column], sum(x) / 2, y[1]))
    return Figure(layout | ({"annotations": annotations} if annotations else {}), panels)


def _panel_title(text: str, x: float, y: float) -> dict[str, Any]:
    place = {"x": x, "xanchor": "center", "xref": "paper", "y": y, "yanchor": "bottom", "yref": "paper"}
    return {"text": text, "showarrow": False, "font": {"size": 16}, **place}


def _number(panel: int) -> str:
    """How Plotly numbers a panel's axes: the first one's have none."""
    return str(panel + 1) if panel else ""


def _merge(old: dict[str, Any], new: Mapping[str, Any]) -> None:
    """Puts `new` into `old`, dictionary by dictionary; nothing of `new` is shared with it but arrays and lists."""
    for name, value in new.items():
        if isinstance(value, Mapping):
            inner = old.get(name)
            # A new one: the dictionary that is there may be the caller's, or another trace's too.
            old[name] = dict(inner) if isinstance(inner, Mapping) else {}
            _merge(old[name], value)
        else:
            old[name] = value


def encoded(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties by name or path as the browser takes them; None, which resets one, stays."""
    return {name: None if value is None else _plain(value, name.rpartition(".")[2]) for name, value in properties.items()}


def _plain(value: Any, name: str = "") -> Any:
    """`value` as JSON takes it: what is None is left out of dictionaries, and arrays are packed as Plotly packs them."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(each, key) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    array = np.asarray(value)
    return array.tolist() if array.ndim == 0 or name in _AS_LISTS else _packed(array)


def _packed(array: np.ndarray) -> Any:
    if array.size and array.dtype in (np.int64, np.uint64):
        kinds = ("int8", "int16", "int32") if array.dtype == np.int64 else ("uint8", "uint16", "uint32")
        low, high = array.min(), array.max()
        fitting = (kind for kind in kinds if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
        array = array.astype(next(fitting, array.dtype))
    if not array.size or (kind := _DTYPES.get(str(array.dtype))) is None:
        return array.tolist()
    packed = {"dtype": kind, "bdata": base64.b64encode(np.ascontiguousarray(array)).decode("ascii")}
    return packed | ({"shape": str(array.shape)[1:-1]} if array.ndim > 1 else {})


@functools.lru_cache(maxsize=4)
def _template(name: str) -> Any:
    """One of Plotly's templates, encoded once: it is nine tenths of a small figure."""
    import orjson
    import plotly.io

    return orjson.Fragment(plotly.io.json.to_json_plotly(plotly.io.templates[name]))


@functools.lru_cache(maxsize=1)
def _ready_class() -> type:
    """A class, made where Plotly is wanted: importing it takes longer than drawing all that a page shows first."""
    from plotly.basedatatypes import BaseFigure

    class Ready(BaseFigure):
        """A figure that is plain data already. Streamlit asks for nothing but its dictionary."""

        def __init__(self, content: dict[str, Any]) -> None:
            self._content = content

        def to_dict(self) -> dict[str, Any]:
            return self._content

    return Ready
