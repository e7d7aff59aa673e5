"""What several figures draw alike: bands, dots with their intervals, and tasks side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dashboard.figures import plain, style

# A task's panel is 1 wide and 1 high, and its picture fills this much of it; the rest separates it from the next.
COLUMNS, PANEL, TITLE_ROOM = 3, 0.92, 0.2


def after_steps(steps: int) -> str:
    """What a curve is called that is drawn after so many inner steps."""
    return f"after {count_steps(steps)}"


def count_steps(steps: int) -> str:
    """A number of inner steps for reading."""
    return "1 step" if steps == 1 else f"{steps} steps"


# Bands and intervals.


def band(x: np.ndarray, low: np.ndarray, high: np.ndarray, *, fill: str, **look: Any) -> plain.Trace:
    """The area between two curves, as one closed line around it.

    Args:
      x: `[points]`.
      low: the lower curve, `[points]`.
      high: the upper one, `[points]`.
      fill: its colour.
      **look: further properties of the trace; a line of width 0 and no hovering unless they say otherwise.
    """
    around = {"x": np.concatenate([x, x[::-1]]), "y": np.concatenate([high, low[::-1]])}
    return plain.scatter(**around, **({"fill": "toself", "fillcolor": fill, "mode": "lines", **_QUIET} | look))


_QUIET = {"line": {"width": 0}, "hoverinfo": "skip"}


def dot_with_interval(
    label: str, middle: float, low: float, high: float, *, colour: str, marker: Mapping[str, Any], **look: Any
) -> plain.Trace:
    """One dot on the line of a `label_axis`, with a bar from `low` to `high`.

    Args:
      label: the line's.
      middle: where the dot lies.
      low: where its interval begins.
      high: where it ends.
      colour: of dot and bar.
      marker: size and, where it is no circle, symbol of the dot.
      **look: further properties of the trace.
    """
    bars = {"type": "data", "array": [high - middle], "arrayminus": [middle - low], "color": colour, "thickness": 2, "width": 5}
    dot = {"mode": "markers", "marker": {"color": colour, **marker}, "showlegend": False}
    return plain.scatter(x=[middle], y=[label], error_x=bars, **dot, **look)


def label_axis(figure: plain.Figure, labels: Sequence[str], **look: Any) -> None:
    """Makes the y axis one of labels, the first one lowest, each with a line of its own."""
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=labels,
        showgrid=False,
        range=[-0.6, len(labels) - 0.4],
        **look,
    )


# Tasks side by side on one pair of axes: each is shifted into its place, so that all draw as fast as one.


def num_rows(panels: int, columns: int = COLUMNS) -> int:
    """How many rows so many panels take."""
    return -(-panels // columns)


def place(across: np.ndarray, up: np.ndarray, panel: int, *, width: float = PANEL) -> tuple[np.ndarray, np.ndarray]:
    """Where points of a panel lie on the axes that all share.

    Args:
      across: shares of the panel's picture, from its left end, `[points]`.
      up: the same from its lower end, `[points]`.
      panel: its number, from 0.
      width: how much of the panel its picture fills.

    Returns:
      x and y, `[points]` each.
    """
    row, column = divmod(panel, COLUMNS)
    return column + (1 - width) / 2 + across * width, -row - PANEL - 0.02 + up * (PANEL - TITLE_ROOM)


def joined(curves: Sequence[tuple[np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    """Curves of x and y, `[points]` each, as the x and y of one trace with a gap after each."""
    return {name: np.concatenate([np.append(curve[axis], np.nan) for curve in curves]) for axis, name in enumerate(("x", "y"))}


def lay_out_panels(figure: plain.Figure, titles: Sequence[str], *, chosen: int | None = None, **layout: Any) -> plain.Figure:
    """Frames and titles of the panels, on axes without numbers.

    Args:
      figure: whose traces `place` has put into the panels.
      titles: one a panel.
      chosen: the panel with a stronger frame.
      **layout: further properties of the layout.
    """
    bare = {"showgrid": False, "showticklabels": False, "fixedrange": True}
    return figure.update_layout(
        dragmode=False,
        **layout,
        xaxis=bare | {"range": [0, COLUMNS]},
        yaxis=bare | {"range": [-num_rows(len(titles)), 0]},
        shapes=[_frame(panel, panel == chosen) for panel in range(len(titles))],
        annotations=[_title(panel, title) for panel, title in enumerate(titles)],
    )


def _frame(panel: int, is_chosen: bool) -> dict[str, Any]:
    row, column = divmod(panel, COLUMNS)
    edge = {"color": style.AFTER, "width": 2.5} if is_chosen else {"color": style.faint(style.TRUTH, 0.35), "width": 1}
    margin = (1 - PANEL) / 4
    corners = {"x0": column + margin, "x1": column + 1 - margin, "y0": -row - 1 + margin, "y1": -row - margin}
    return {"type": "rect", "line": edge, "layer": "below", **corners}


def _title(panel: int, title: str) -> dict[str, Any]:
    row, column = divmod(panel, COLUMNS)
    return {"x": column + 0.5, "y": -row - 0.03, "yanchor": "top", "showarrow": False, "text": title, "font": {"size": 10}}


# Tasks side by side on axes of their own, which are read off.


def small_multiples(
    panels: int,
    *,
    columns: int,
    row_height: int,
    room: int,
    spacing: float,
    y_limit: float,
    x_marks: Sequence[float] | None,
) -> plain.Figure:
    """Empty axes for each task, shared along rows and columns; a trace goes to `cell(panel, columns)`.

    Args:
      panels: how many; none give one row of empty axes.
      columns: side by side.
      row_height: in pixels.
      room: above and below all rows, in pixels.
      spacing: between rows, as a share of the height.
      y_limit: the y axes reach from minus to plus this.
      x_marks: where the x axes are marked; None leaves it to Plotly.
    """
    rows = num_rows(panels, columns) or 1
    figure = plain.grid(rows, columns, shared_x=True, shared_y=True, horizontal_spacing=0.02, vertical_spacing=spacing)
    figure.update_layout(style.base_figure("", "", height=row_height * rows + room).properties)
    axis = {"gridcolor": style.GRID, "zeroline": False, "automargin": True, "title": None}
    figure.update_xaxes(tickvals=x_marks, **axis)
    figure.update_yaxes(range=[-y_limit, y_limit], **axis)
    figure.update_xaxes(title={"text": "x"}, row=rows)
    figure.update_yaxes(title={"text": "y"}, col=1)
    return figure


def cell(panel: int, columns: int = COLUMNS) -> dict[str, int]:
    """Row and column of a panel among `small_multiples`, as Plotly counts them."""
    return {"row": panel // columns + 1, "col": panel % columns + 1}


def point_marker(size: float, *, colour: str = style.POINTS, edge: float = 1) -> dict[str, Any]:
    """A filled dot with a white edge, as support points are drawn."""
    return {"color": colour, "size": size, "line": {"color": "white", "width": edge}}
