"""A verdict on a table of many tasks: predictors beside each other, and tasks before and after. Numbers in, figures out.

Names come from somebody's file: everything that Plotly would read as HTML goes through `escape.drawn`.
"""

from collections.abc import Sequence

import numpy as np

from dashboard.escape import drawn
from dashboard.figures import parts, plain, style
from maml_engine.tables import Curves, Effect, Score, TaskPicture, TaskScore, Verdict
from maml_engine.tables.shapes import LOG, target_shape_of

META = "meta"


def colour(name: str, method: str) -> str:
    """A score's colour: the meta-learner has that of its method."""
    return style.method_colour(method if name == META else name)


def errors_figure(verdict: Verdict, method: str, *, in_units: bool) -> plain.Figure:
    """Each predictor's error on tasks never seen with its 95 % interval over tasks, best on top; in its units or relative."""
    scale = verdict.spread if in_units else 1.0
    # In two lines: beside the names of the predictors a phone leaves no room for one.
    title = error_title(verdict, in_units=in_units).replace(" (", "<br>(", 1)
    scores = ranked(verdict)[::-1]
    figure = _scores_figure(title, scores)
    for score in scores:
        numbers = (score.relative * scale, score.low * scale, score.high * scale)
        figure.add_trace(_dot(score, numbers, method, ".3g"))
    return figure.update_xaxes(rangemode="tozero", nticks=4)


def differences_figure(verdict: Verdict, method: str, *, in_units: bool) -> plain.Figure:
    """The meta-learner's error minus each other's, paired over tasks, with its 95 % interval; left of 0 it is better."""
    scale = verdict.spread if in_units else 1.0
    scores = [score for score in ranked(verdict)[::-1] if score.difference is not None]
    figure = _scores_figure("meta-learner's error<br>− this one's", scores)
    for score in scores:
        numbers = (score.difference * scale, score.difference_low * scale, score.difference_high * scale)
        figure.add_trace(_dot(score, numbers, method, "+.3g"))
    return figure.add_vline(x=0, line={"color": style.method_colour(method), "width": 2, "dash": "dot"})


def _scores_figure(title: str, scores: Sequence[Score]) -> plain.Figure:
    """Axes with a line for each score, the first one lowest; the meta-learner's name is bold."""
    figure = style.base_figure(title, "", height=110 + 32 * max(1, len(scores)))
    names = [drawn(score.title, 40) for score in scores]
    bold = [f"<b>{name}</b>" if score.name == META else name for name, score in zip(names, scores, strict=True)]
    parts.label_axis(figure, names, tickvals=names, ticktext=bold)
    return figure


def _dot(score: Score, numbers: tuple[float, float, float], method: str, spelling: str) -> plain.Trace:
    """A score's middle, low and high, spelt for the pointer by a format of d3's."""
    middle, low, high = numbers
    marker = {"size": 13, "symbol": "diamond"} if score.name == META else {"size": 9, "symbol": "circle"}
    number, ends = f"%{{x:{spelling}}}", (f"%{{customdata[{end}]:{spelling}}}" for end in (0, 1))
    return parts.dot_with_interval(
        drawn(score.title, 40),
        middle,
        low,
        high,
        colour=colour(score.name, method),
        marker=marker,
        customdata=[[low, high]],
        hovertemplate=f"{number} ({' to '.join(ends)})<extra></extra>",
    )


def shots_figure(verdict: Verdict, method: str, *, in_units: bool) -> plain.Figure:
    """Error against the number of known rows: the meta-learner and the best of the rest strong, all others thin."""
    scale = verdict.spread if in_units else 1.0
    figure = style.base_figure("known rows of a new task", error_title(verdict, in_units=in_units), height=420)
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


def gains_figure(verdict: Verdict) -> plain.Figure:
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


def tasks_figure(tasks: Sequence[TaskPicture], x_title: str, y_title: str, *, as_lines: bool = True) -> plain.Figure:
    """Single tasks before and after adapting, small multiples on one pair of axes; a panel says its error before → after.

    Args:
      tasks: one a panel; none give empty axes.
      x_title: the input along the panels.
      y_title: the target.
      as_lines: predictions as lines along x; False draws dots, where x alone does not say what is predicted.
    """
    every = np.concatenate([np.asarray(task.y, float) for task in tasks]) if tasks else np.ones(1)
    log_y = target_shape_of(every).get("shape") == LOG
    way = "logarithmic, " if log_y else ""
    titles = f"{drawn(x_title, 40)}, the same range in each panel", f"{drawn(y_title, 40)}, {way}the same range"
    figure = style.base_figure(*titles, height=80 + 165 * max(1, parts.num_rows(len(tasks))))
    if not tasks:
        return figure
    x_low, x_high = _range([task.x for task in tasks])
    y_low, y_high = _range([_up(task.y, log_y) for task in tasks], room=0.15)

    def placed(task: TaskPicture, field: str, panel: int, support: bool | None) -> tuple[np.ndarray, np.ndarray]:
        """One of a task's columns along x, all rows of it or those that are support or not; None where it leaves the panel."""
        order = np.argsort(task.x, kind="stable")
        if support is not None:
            order = order[np.asarray(task.support)[order] == support]
        x, y = np.asarray(task.x, float)[order], _up(getattr(task, field), log_y)[order]
        y = np.where((y >= y_low) & (y <= y_high), y, np.nan)
        return parts.place((x - x_low) / (x_high - x_low), (y - y_low) / (y_high - y_low), panel, width=parts.PANEL - 0.04)

    def trace(name: str, field: str, look: dict, *, support: bool | None = None) -> plain.Trace:
        curves = [placed(task, field, panel, support) for panel, task in enumerate(tasks)]
        return plain.scatter(name=name, hoverinfo="skip", **parts.joined(curves), **look)

    def prediction(colour_: str, width: float) -> dict:
        if as_lines:
            return {"mode": "lines", "line": {"color": colour_, "width": width}}
        return {"mode": "markers", "marker": {"color": colour_, "size": 4}}

    grey, red = {"color": style.TRUTH, "size": 6}, parts.point_marker(7, edge=1.2)
    figure.add_traces(
        [
            trace("rows to predict", "y", {"mode": "markers", "marker": grey}, support=False),
            trace("before", "before", prediction(style.BEFORE, 1.5)),
            trace("after", "after", prediction(style.AFTER, 2.2)),
            trace("known rows", "y", {"mode": "markers", "marker": red}, support=True),
        ]
    )
    return parts.lay_out_panels(figure, [_panel_title(task) for task in tasks])


def _up(values: Sequence[float], log_y: bool) -> np.ndarray:
    """`[points]`, how high they lie; NaN where a logarithm has no place for them."""
    up = np.asarray(values, float)
    return np.log(np.where(up > 0, up, np.nan)) if log_y else up


def curves_figure(curves: Curves, task: str, y_title: str) -> plain.Figure:
    """One task's curve over an input with its rows, among those of the other tasks, and the mean of all.

    Args:
      curves: of the tasks.
      task: the one that stands out; a name that none has leaves all alike.
      y_title: the target.
    """
    every = np.concatenate([one.rows_y for one in curves.tasks])
    log_y = target_shape_of(every).get("shape") == LOG and min(min(one.y) for one in curves.tasks) > 0
    figure = style.base_figure(drawn(curves.name, 60), drawn(y_title, 60), height=400, log_y=log_y)
    x = curve_axis(curves, curves.x)
    others = [one for one in curves.tasks if one.task != task]
    mode = "lines" if curves.kind != "text" else "lines+markers"
    if others:
        figure.add_scatter(
            x=[place for _ in others for place in (*x, None)],
            y=[y for one in others for y in (*one.y, None)],
            text=[drawn(one.task, 40) for one in others for _ in range(len(x) + 1)],
            name=f"{len(others)} other tasks",
            mode=mode,
            line={"color": style.faint(style.TRUTH, 0.55), "width": 1},
            marker={"color": style.faint(style.TRUTH, 0.55), "size": 4},
            hovertemplate="%{text}: %{y:.4~g}<extra></extra>",
        )
    mean = {"color": style.TRUTH, "width": 2.5, "dash": "dash"}
    figure.add_scatter(x=list(x), y=list(curves.mean), name="mean of all", mode="lines", line=mean, hovertemplate="%{y:.4~g}")
    for own in (one for one in curves.tasks if one.task == task):
        name = drawn(task, 40)
        look = {"color": style.AFTER, "width": 3}
        marker = {"color": style.AFTER, "size": 7}
        figure.add_scatter(x=list(x), y=list(own.y), name=name, mode=mode, line=look, marker=marker, hovertemplate="%{y:.4~g}")
        rows_x = list(curve_axis(curves, own.rows_x))
        rows = {"mode": "markers", "marker": parts.point_marker(8), "hovertemplate": "%{x}, %{y:.4~g}"}
        figure.add_scatter(x=rows_x, y=list(own.rows_y), name=f"rows of {name}", **rows)
    if curves.categories:
        figure.update_xaxes(tickvals=list(range(len(curves.categories))), ticktext=[drawn(c, 20) for c in curves.categories])
    return figure


def curve_axis(curves: Curves, x: Sequence[float]) -> Sequence[float | str]:
    """Places along the axis as Plotly takes them: days as dates."""
    return style.as_dates(x) if curves.kind == "date" else x


def _panel_title(task: TaskPicture) -> str:
    before, after = (_spelt(task_error(task, field)) for field in ("before", "after"))
    return f"<b>{drawn(task.task, 16)}</b>  {before} → {after}"


def _range(values: Sequence[Sequence[float]], room: float = 0.0) -> tuple[float, float]:
    every = np.concatenate([np.asarray(some, float) for some in values])
    low, high = float(np.nanmin(every)), float(np.nanmax(every))
    margin = room * (high - low) or (0.0 if high > low else 0.5)
    return low - margin, high + margin


# Numbers of a verdict that its figures and its words share.


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


def task_error(task: TaskPicture, field: str) -> float:
    """Root mean squared error "before" or "after" adapting, over a task's rows that were no support."""
    query = ~np.asarray(task.support)
    return float(np.sqrt(np.mean((np.asarray(getattr(task, field), float) - np.asarray(task.y, float))[query] ** 2)))


def effect_table(effects: Sequence[Effect]) -> list[dict[str, str | float]]:
    """The inputs as rows of a table, those that move the target most first."""
    return [
        {
            "input": effect.name + (" (of the task)" if effect.between else ""),
            "from → to": f"{effect.low} → {effect.high}",
            "moves by": _short(effect.effect),
            "± by task": _short(effect.spread),
        }
        for effect in sorted(effects, key=lambda effect: -float(np.hypot(effect.effect, effect.spread)))
    ]


def _spelt(value: float) -> str:
    """Two figures, and no power of ten where the number can be written."""
    return f"{float(f'{value:.2g}'):,.6g}" if np.isfinite(value) else "-"


def _short(value: float) -> float:
    return float(f"{value:.3g}")


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
            "saved": task.saved,
        }
        for task in sorted(tasks, key=lambda task: -task.gain)
    ]
