"""A table of many tasks and the verdict on it: rows, ways beside each other, tasks before and after. Numbers in, figures out.

Names come from somebody's file: everything that Plotly would read as HTML goes through `plain.drawn`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.escape import drawn
from dashboard.figures import style
from dashboard.figures.adaptation import PANEL, POINTS, TITLE_ROOM, WALL_COLUMNS
from maml_engine.tables import Score, TaskPicture, TaskScore, Verdict

MAX_LINES = 80
META = "meta"


def colour(name: str, method: str) -> str:
    """A score's colour: the meta-learner has that of its method."""
    return style.method_colour(method if name == META else name)


def rows_figure(
    tasks: Mapping[str, tuple[np.ndarray, np.ndarray]],
    x_title: str,
    y_title: str,
    *,
    categories: Sequence[str] = (),
    classes: Sequence[str] = (),
) -> go.Figure:
    """Every task's rows as one thin line, the first one's stronger; no tasks give empty axes.

    Args:
      tasks: by name `x [rows]` and `y [rows]`, at most `MAX_LINES` are drawn. categories, classes: names of x and of y = 0, 1,
        ..; then, and where a task has an x twice, there are dots only.
    """
    figure = style.base_figure(drawn(x_title, 60), drawn(y_title, 60), height=330)
    shown = list(tasks.items())[:MAX_LINES]
    for place, (name, (x, y)) in reversed(list(enumerate(shown))):
        order = np.argsort(x, kind="stable")
        is_first = place == 0
        look = style.AFTER if is_first else style.faint(style.TRUTH, 0.55)
        figure.add_scatter(
            x=x[order],
            y=y[order],
            name=drawn(name),
            mode="markers" if len(categories) or len(classes) or len(np.unique(x)) < len(x) else "lines+markers",
            line={"color": look, "width": 2.5 if is_first else 1},
            marker={"color": look, "size": 7 if is_first else 3},
            text=[drawn(name)] * len(x),
            hovertemplate="%{text}: %{x}, %{y:.4~g}<extra></extra>",
            showlegend=False,
        )
    for names, axes in ((categories, figure.update_xaxes), (classes, figure.update_yaxes)):
        if len(names):
            axes(tickvals=list(range(len(names))), ticktext=[drawn(name) for name in names])
    return figure


def errors_figure(verdict: Verdict, method: str, *, in_units: bool) -> go.Figure:
    """Each way's error on tasks never seen with its 95 % interval over tasks, best on top; in its units or relative."""
    scale = verdict.spread if in_units else 1.0
    scores = ranked(verdict)[::-1]
    # In two lines: beside the names of the ways a phone leaves no room for one.
    title = error_title(verdict, in_units=in_units).replace(" (", "<br>(", 1)
    figure = style.base_figure(title, "", height=_height(scores))
    for score in scores:
        middle, low, high = score.relative * scale, score.low * scale, score.high * scale
        _dot(figure, score, method, middle, low, high, "%{x:.3g} (%{customdata[0]:.3g} to %{customdata[1]:.3g})")
    _rows(figure, scores)
    figure.update_xaxes(rangemode="tozero")
    return figure


def differences_figure(verdict: Verdict, method: str, *, in_units: bool) -> go.Figure:
    """The meta-learner's error minus each other's, paired over tasks, with its 95 % interval; left of 0 it is better."""
    scale = verdict.spread if in_units else 1.0
    scores = [score for score in ranked(verdict)[::-1] if score.difference is not None]
    figure = style.base_figure("meta-learner's error<br>− this one's", "", height=_height(scores))
    for score in scores:
        numbers = (score.difference * scale, score.difference_low * scale, score.difference_high * scale)
        _dot(figure, score, method, *numbers, "%{x:+.3g} (%{customdata[0]:+.3g} to %{customdata[1]:+.3g})")
    _rows(figure, scores)
    figure.add_vline(x=0, line={"color": style.method_colour(method), "width": 2, "dash": "dot"})
    return figure


def shots_figure(verdict: Verdict, method: str, *, in_units: bool) -> go.Figure:
    """Error against the number of support rows: the meta-learner and the best of the rest strong, all others thin."""
    scale = verdict.spread if in_units else 1.0
    figure = style.base_figure("support rows of a new task", error_title(verdict, in_units=in_units), height=420)
    strong = {META, best_other(verdict).name} if len(verdict.scores) > 1 else {META}
    for score in ranked(verdict):
        y = [None if value is None else value * scale for value in score.curve]
        is_strong = score.name in strong
        look = {"color": colour(score.name, method), "width": 3 if is_strong else 1.3}
        figure.add_scatter(
            x=list(verdict.shots),
            y=y,
            name=drawn(score.title, 40),
            mode="lines+markers" if is_strong else "lines",
            line=look | {"dash": "solid" if score.name == META else "dash" if is_strong else "dot"},
            opacity=1.0 if is_strong else 0.8,
            showlegend=is_strong,  # ten names would leave the picture no room; the others have their colours beside it
            hovertemplate="%{x} rows: %{y:.3g}",
        )
    figure.add_vline(x=verdict.k_shot, line={"color": style.TRUTH, "width": 1, "dash": "dot"})
    figure.update_xaxes(dtick=1)
    top = 1.15 * scale if not verdict.classes else None
    drawn_values = [value * scale for score in verdict.scores for value in score.curve if value is not None]
    # A fit on one row alone may be wrong by orders of magnitude: the axis ends a little above knowing nothing.
    if drawn_values and top and max(drawn_values) > 1.3 * top:
        figure.update_yaxes(range=[0, 1.3 * top])
    else:
        figure.update_yaxes(rangemode="tozero")
    return figure


def gains_figure(verdict: Verdict) -> go.Figure:
    """What each task gains over the best of the rest, sorted; blue gains, the other's colour loses. No tasks: empty axes."""
    figure = style.base_figure(
        f"{len(verdict.tasks)} tasks, sorted", f"gain ({drawn(verdict.target, 40)})" if verdict.target else "gain", height=320
    )
    tasks = sorted(verdict.tasks, key=lambda task: -task.gain)
    if not tasks:
        return figure
    loser = style.method_colour(best_other(verdict).name)
    figure.add_bar(
        x=list(range(len(tasks))),
        y=[task.gain for task in tasks],
        marker={"color": [style.AFTER if task.gain > 0 else loser for task in tasks], "line": {"width": 0}},
        customdata=[[drawn(task.task, 40), task.error, task.best] for task in tasks],
        hovertemplate="%{customdata[0]}: %{customdata[1]:.3g} against %{customdata[2]:.3g}<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(bargap=0.25)
    few = len(tasks) <= 30
    figure.update_xaxes(
        showgrid=False,
        tickvals=list(range(len(tasks))) if few else [],
        ticktext=[drawn(task.task, 14) for task in tasks] if few else [],
        tickangle=-60,
        tickfont={"size": 10},
    )
    figure.add_hline(y=0, line={"color": style.TRUTH, "width": 1})
    return figure


def wall_figure(walls: Sequence[TaskPicture], x_title: str, y_title: str, *, as_lines: bool = True) -> go.Figure:
    """Single tasks before and after adapting, small multiples on one pair of axes; a panel says its error before → after.

    Args:
      as_lines: predictions as lines along x; False draws dots, where x alone does not say what is predicted.
    """
    rows = -(-len(walls) // WALL_COLUMNS)
    titles = f"{drawn(x_title, 40)}, the same range in each panel", f"{drawn(y_title, 40)}, the same range"
    figure = style.base_figure(*titles, height=80 + 165 * max(1, rows))
    if not walls:
        return figure
    x_low, x_high = _range([wall.x for wall in walls])
    y_low, y_high = _range([wall.y for wall in walls], room=0.15)

    def placed(x: Sequence[float], y: Sequence[float], panel: int) -> tuple[np.ndarray, np.ndarray]:
        row, column = divmod(panel, WALL_COLUMNS)
        x, y = np.asarray(x, float), np.asarray(y, float)
        y = np.where((y >= y_low) & (y <= y_high), y, np.nan)
        across, up = (x - x_low) / (x_high - x_low), (y - y_low) / (y_high - y_low)
        inner = PANEL - 0.04
        return column + (1 - inner) / 2 + across * inner, -row - PANEL - 0.02 + up * (PANEL - TITLE_ROOM)

    def trace(name: str, field: str, look: dict, *, only: bool | None = None) -> go.Scatter:
        parts = []
        for panel, wall in enumerate(walls):
            order = np.argsort(wall.x, kind="stable")
            if only is not None:
                order = order[np.asarray(wall.support)[order] == only]
            x, y = placed(np.asarray(wall.x)[order], np.asarray(getattr(wall, field), float)[order], panel)
            parts.append((np.append(x, np.nan), np.append(y, np.nan)))
        x, y = (np.concatenate([part[axis] for part in parts]) for axis in (0, 1))
        return go.Scatter(x=x, y=y, name=name, hoverinfo="skip", **look)

    def prediction(colour_: str, width: float) -> dict:
        if as_lines:
            return {"mode": "lines", "line": {"color": colour_, "width": width}}
        return {"mode": "markers", "marker": {"color": colour_, "size": 4}}

    figure.add_traces(
        [
            trace("rows to predict", "y", {"mode": "markers", "marker": {"color": style.TRUTH, "size": 6}}, only=False),
            trace("before", "before", prediction(style.BEFORE, 1.5)),
            trace("after", "after", prediction(style.AFTER, 2.2)),
            trace("support rows", "y", {"mode": "markers", "marker": _points(7)}, only=True),
        ]
    )
    bare = {"showgrid": False, "showticklabels": False, "fixedrange": True}
    return figure.update_layout(
        dragmode=False,
        xaxis=bare | {"range": [0, WALL_COLUMNS]},
        yaxis=bare | {"range": [-rows, 0]},
        shapes=[_frame(panel) for panel in range(len(walls))],
        annotations=[_panel_title(panel, wall) for panel, wall in enumerate(walls)],
    )


def validation_figure(iterations: Sequence[int], error: Sequence[float], method: str) -> go.Figure:
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
    titles: tuple[str, str],
    nominal: float,
    *,
    classes: Sequence[str] = (),
) -> go.Figure:
    """A new task: its known rows, what is predicted for the others, and how sure that is.

    Args:
      support: x and y of the known rows. rows: x, mean, low, high of the rows to predict. curve: the same along a grid of x,
        where there is one input. titles: of x and y. nominal: the share of rows that the interval is to hold. classes: names of
        y = 0, 1, ..; they have no interval.
    """
    figure = style.base_figure(*(drawn(title, 60) for title in titles), height=400)
    share = f"{nominal:.0%} interval"
    if curve is not None:
        x, mean, low, high = curve
        band = {
            "x": np.concatenate([x, x[::-1]]),
            "y": np.concatenate([high, low[::-1]]),
            "line": {"width": 0},
            "mode": "lines",
        }
        figure.add_scatter(**band, fill="toself", fillcolor=style.faint(style.AFTER), name=share, hoverinfo="skip")
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
    figure.add_scatter(x=support[0], y=support[1], name="known rows", mode="markers", marker=_points(10))
    if classes:
        figure.update_yaxes(tickvals=list(range(len(classes))), ticktext=[drawn(name) for name in classes])
    return figure


# Shared parts.


def ranked(verdict: Verdict) -> list[Score]:
    """Scores with a number, best first."""
    return sorted((score for score in verdict.scores if np.isfinite(score.relative)), key=lambda score: score.relative)


def best_other(verdict: Verdict) -> Score:
    """The best of what is not the meta-learner."""
    return next(score for score in ranked(verdict) if score.name != META)


def error_title(verdict: Verdict, *, in_units: bool) -> str:
    """The axis of an error."""
    if verdict.classes:
        return "share of wrong predictions" if in_units else "wrong predictions over those of the commonest class"
    return f"error (RMSE, {drawn(verdict.target, 40)})" if in_units else "error (RMSE over the target's spread)"


def wall_error(wall: TaskPicture, field: str) -> float:
    """Root mean squared error of a task's rows that were no support."""
    query = ~np.asarray(wall.support)
    return float(np.sqrt(np.mean((np.asarray(getattr(wall, field), float) - np.asarray(wall.y, float))[query] ** 2)))


def task_table(tasks: Sequence[TaskScore]) -> list[dict[str, str | float | int]]:
    """The tasks as rows of a table, those that gain most first."""
    return [
        {
            "task": task.task,
            "rows": task.rows,
            "before": task.before,
            "after": task.error,
            "best other": task.best,
            "gain": task.gain,
        }
        for task in sorted(tasks, key=lambda task: -task.gain)
    ]


def _height(scores: Sequence[Score]) -> int:
    return 110 + 32 * max(1, len(scores))


def _dot(figure: go.Figure, score: Score, method: str, middle: float, low: float, high: float, hover: str) -> None:
    look = colour(score.name, method)
    is_meta = score.name == META
    bars = {"type": "data", "array": [high - middle], "arrayminus": [middle - low], "color": look, "thickness": 2, "width": 5}
    figure.add_scatter(
        x=[middle],
        y=[drawn(score.title, 40)],
        mode="markers",
        marker={"size": 13 if is_meta else 9, "color": look, "symbol": "diamond" if is_meta else "circle"},
        error_x=bars,
        customdata=[[low, high]],
        hovertemplate=f"{hover}<extra></extra>",
        showlegend=False,
    )


def _rows(figure: go.Figure, scores: Sequence[Score]) -> None:
    names = [drawn(score.title, 40) for score in scores]
    bold = [f"<b>{name}</b>" if score.name == META else name for name, score in zip(names, scores, strict=True)]
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=names,
        tickvals=names,
        ticktext=bold,
        showgrid=False,
        range=[-0.6, len(scores) - 0.4],
    )


def _range(values: Sequence[Sequence[float]], room: float = 0.0) -> tuple[float, float]:
    every = np.concatenate([np.asarray(some, float) for some in values])
    low, high = float(np.nanmin(every)), float(np.nanmax(every))
    margin = room * (high - low) or (0.0 if high > low else 0.5)
    return low - margin, high + margin


def _points(size: int) -> dict:
    return {"color": POINTS, "size": size, "line": {"color": "white", "width": 1.2}}


def _frame(panel: int) -> dict:
    row, column = divmod(panel, WALL_COLUMNS)
    margin = (1 - PANEL) / 4
    corners = {"x0": column + margin, "x1": column + 1 - margin, "y0": -row - 1 + margin, "y1": -row - margin}
    return {"type": "rect", "line": {"color": style.faint(style.TRUTH, 0.35), "width": 1}, "layer": "below", **corners}


def _panel_title(panel: int, wall: TaskPicture) -> dict:
    row, column = divmod(panel, WALL_COLUMNS)
    before, after = (f"{wall_error(wall, field):.2g}" for field in ("before", "after"))
    said = f"<b>{drawn(wall.task, 16)}</b>  {before} → {after}"
    return {"x": column + 0.5, "y": -row - 0.03, "yanchor": "top", "showarrow": False, "text": said, "font": {"size": 11}}
