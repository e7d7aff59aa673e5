"""A table of many tasks and a learner in use on it: rows, validation errors, predictions. Numbers in, figures out.

Names come from somebody's file: everything that Plotly would read as HTML goes through `escape.drawn`.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.escape import drawn
from dashboard.figures import parts, plain, style

MAX_LINES = 80


def rows_figure(
    tasks: Mapping[str, tuple[np.ndarray, np.ndarray]],
    x_title: str,
    y_title: str,
    *,
    categories: Sequence[str] = (),
    classes: Sequence[str] = (),
    log_y: bool = False,
    are_days: bool = False,
    are_apart: bool = False,
) -> plain.Figure:
    """Every task's rows as one thin line, the first one's stronger; no tasks give empty axes.

    Where x or y are names, and where a task has an x twice, there are dots only.

    Args:
      tasks: by name x and y, `[rows]` each; at most `MAX_LINES` are drawn.
      x_title: of the input along the axis.
      y_title: of the target.
      categories: names of x = 0, 1, ..
      classes: names of y = 0, 1, ..
      log_y: a logarithmic y axis.
      are_days: whether x is days since 1970.
      are_apart: whether each task is a trace of its own, as in a file of numbers; a browser takes a while for eighty of them.
    """
    figure = style.base_figure(drawn(x_title, 60), drawn(y_title, 60), height=330, log_y=log_y)
    curves: dict[tuple[object, ...], list[tuple[str, np.ndarray, np.ndarray]]] = {}
    for place, (name, (x, y)) in reversed(list(enumerate(list(tasks.items())[:MAX_LINES]))):
        order = np.argsort(x, kind="stable")
        has_line = not (len(categories) or len(classes) or len(np.unique(x)) < len(x))
        trace = (place == 0, has_line, name if are_apart else "")
        curves.setdefault(trace, []).append((drawn(name), x[order], y[order]))
    for (is_first, has_line, _), of_tasks in sorted(curves.items(), key=lambda each: each[0][0]):
        look = style.AFTER if is_first else style.faint(style.TRUTH, 0.55)
        names = [name for name, _, _ in of_tasks]
        joined = parts.joined([(x, y) for _, x, y in of_tasks])
        if are_days:
            joined["x"] = style.as_dates(joined["x"])
        figure.add_scatter(
            **joined,
            name=names[0] if len(names) == 1 else "the other tasks",
            mode="lines+markers" if has_line else "markers",
            line={"color": look, "width": 2.5 if is_first else 1},
            marker={"color": look, "size": 7 if is_first else 3},
            text=[name for name, x, _ in of_tasks for _ in range(len(x) + 1)],
            hovertemplate="%{text}: %{x}, %{y:.4~g}<extra></extra>",
            showlegend=False,
        )
    for names, axes in ((categories, figure.update_xaxes), (classes, figure.update_yaxes)):
        if len(names):
            axes(tickvals=list(range(len(names))), ticktext=[drawn(name) for name in names])
    return figure


def validation_figure(iterations: Sequence[int], error: Sequence[float], method: str) -> plain.Figure:
    """Error on validation tasks while training, over the target's spread."""
    figure = style.base_figure("meta-iteration", "error over spread", height=230)
    look = {"color": style.method_colour(method), "width": 2.5}
    figure.add_scatter(x=list(iterations), y=list(error), mode="lines+markers", line=look, marker={"size": 5}, showlegend=False)
    figure.update_yaxes(rangemode="tozero")
    return figure


def prediction_figure(
    support: tuple[np.ndarray, np.ndarray],
    rows: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    curve: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None,
    *,
    titles: tuple[str, str],
    nominal: float,
    classes: Sequence[str] = (),
) -> plain.Figure:
    """A new task: its known rows, what is predicted for the others, and how sure that is.

    Args:
      support: x and y of the known rows, `[known]` each.
      rows: x, mean, low and high of the rows to predict, `[asked]` each.
      curve: the same along a grid of x, where there is one input, `[grid]` each.
      titles: of x and y.
      nominal: the share of rows that the interval is to hold.
      classes: names of y = 0, 1, ..; they have no interval.
    """
    figure = style.base_figure(*(drawn(title, 60) for title in titles), height=400)
    share = f"{nominal:.0%} interval"
    if curve is not None:
        x, mean, low, high = curve
        figure.add_trace(parts.band(x, low, high, fill=style.faint(style.AFTER), name=share))
        figure.add_scatter(
            x=x, y=mean, name="after adapting", mode="lines", line={"color": style.AFTER, "width": 3}, hovertemplate="%{y:.4~g}"
        )
    x, mean, low, high = rows
    if len(x):
        bars = {
            "type": "data",
            "array": high - mean,
            "arrayminus": mean - low,
            "color": style.AFTER,
            "thickness": 1.5,
            "width": 4,
        }
        marker = {"color": style.AFTER, "size": 8, "symbol": "diamond"}
        figure.add_scatter(
            x=x,
            y=mean,
            name="predicted rows",
            mode="markers",
            marker=marker,
            error_y=None if classes else bars,
            customdata=np.stack([low, high], axis=1),
            hovertemplate="%{y}" if classes else "%{y:.4~g} (%{customdata[0]:.4~g} to %{customdata[1]:.4~g})",
        )
    figure.add_scatter(x=support[0], y=support[1], name="known rows", mode="markers", marker=parts.point_marker(10, edge=1.2))
    if classes:
        figure.update_yaxes(tickvals=list(range(len(classes))), ticktext=[drawn(name) for name in classes])
    return figure
