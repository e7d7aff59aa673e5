"""Learners adapting to tasks: one task large, a wall of tasks, and the loss against the steps taken."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import style
from dashboard.results import Fit, LossCurve, spell_loss

X_TITLE, Y_TITLE = "x", "y = A sin(x + phase)"
WALL_COLUMNS = 3
POINTS = "#d1495b"
# A wall's panel is 1 wide and 1 high, and its picture fills this much of it; the rest separates it from the next.
PANEL, TITLE_ROOM = 0.92, 0.2


def fit_figure(
    fit: Fit | None, steps: int, *, y_limit: float | None = None, height: int = 420, legend: bool = True
) -> go.Figure:
    """One task: truth, support points, before, every step between (fading in), and after `steps` steps.

    Args:
      fit: None gives empty axes.
      y_limit: the y axis goes from minus this to this; None takes it from the truth and the points, so that a fit that
        blew up leaves the picture.
      legend: small figures beside a large one do without.
    """
    figure = style.base_figure(X_TITLE, Y_TITLE, height=height)
    if fit is None:
        return figure
    limit = y_limit or y_range([fit])
    ranges = {"xaxis_range": [float(fit.x[0]), float(fit.x[-1])], "yaxis_range": [-limit, limit]}
    path = _on_screen(fit.path[: steps + 1], limit)
    hover = "x %{x:.2f}, y %{y:.2f}"

    def line(name: str, y: np.ndarray, colour: str, width: float) -> go.Scatter:
        return go.Scatter(x=fit.x, y=y, name=name, mode="lines", line={"color": colour, "width": width}, hovertemplate=hover)

    def between(step: int) -> go.Scatter:
        colour = style.faint(style.step_colours(steps)[step], 0.45 + 0.35 * step / steps)
        group = {"legendgroup": "steps", "legendrank": 1001, "showlegend": step == 1}
        look = {"mode": "lines", "line": {"color": colour, "width": 1.25}, "hoverinfo": "skip"}
        return go.Scatter(x=fit.x, y=path[step], name="each step", **look, **group)

    traces = [
        line("truth", fit.truth, style.TRUTH, 5),
        *map(between, range(1, steps)),
        line("before", path[0], style.BEFORE, 2.5),
    ]
    if steps:
        traces += [line(_after(steps), path[steps], style.AFTER, 3).update(legendrank=1002)]
    dots = {"mode": "markers", "marker": _dots(10), "hovertemplate": hover, "legendrank": 1003}
    traces += [go.Scatter(x=fit.support_x, y=fit.support_y, name="support points", **dots)]
    # All at once: each call on a Plotly figure costs milliseconds.
    return figure.add_traces(traces).update_layout(showlegend=legend, **ranges)


def wall_figure(wall: Sequence[Fit], steps: int, chosen: int | None = None, *, height: int = 520) -> go.Figure:
    """Small multiples in three columns, the chosen one framed; each panel says its loss before and after.

    All panels share one pair of axes and are shifted into their places: four traces draw as fast as one task.
    A support point's `customdata` is the number of its task, from 0.
    """
    figure = style.base_figure("x, the same range in each panel", "y, the same range in each panel", height=height)
    if not wall:
        return figure
    rows, limit = -(-len(wall) // WALL_COLUMNS), y_range(wall)

    def placed(x: np.ndarray, y: np.ndarray, panel: int) -> tuple[np.ndarray, np.ndarray]:
        """Where a panel's points lie on the wall; what leaves the panel is not drawn."""
        row, column = divmod(panel, WALL_COLUMNS)
        across = (x - wall[panel].x[0]) / (wall[panel].x[-1] - wall[panel].x[0])
        up = (_on_screen(y, limit) + limit) / (2 * limit)
        return column + (1 - PANEL) / 2 + across * PANEL, -row - PANEL - 0.02 + up * (PANEL - TITLE_ROOM)

    def line(name: str, curves: list[np.ndarray], colour: str, width: float) -> go.Scatter:
        # Every other point is as smooth in so small a panel.
        parts = [placed(fit.x[::2], curve[::2], panel) for panel, (fit, curve) in enumerate(zip(wall, curves, strict=True))]
        x, y = (np.concatenate([np.append(part[axis], np.nan) for part in parts]) for axis in (0, 1))
        return go.Scatter(x=x, y=y, name=name, mode="lines", line={"color": colour, "width": width}, hoverinfo="skip")

    dots = [placed(fit.support_x, fit.support_y, panel) for panel, fit in enumerate(wall)]
    task = np.concatenate([np.full(len(fit.support_x), panel) for panel, fit in enumerate(wall)])
    points = go.Scatter(
        x=np.concatenate([dot[0] for dot in dots]),
        y=np.concatenate([dot[1] for dot in dots]),
        customdata=task,
        text=[str(panel + 1) for panel in task],
        name="support points",
        mode="markers",
        marker=_dots(6),
        hovertemplate="task %{text}<extra></extra>",
    )
    figure.add_traces(
        [
            line("truth", [fit.truth for fit in wall], style.TRUTH, 3.5),
            line("before", [fit.path[0] for fit in wall], style.BEFORE, 1.5),
            line(_after(steps), [fit.path[steps] for fit in wall], style.AFTER, 2),
            points,
        ]
    )
    bare = {"showgrid": False, "showticklabels": False, "fixedrange": True}
    return figure.update_layout(
        dragmode=False,
        clickmode="event+select",
        xaxis=bare | {"range": [0, WALL_COLUMNS]},
        yaxis=bare | {"range": [-rows, 0]},
        shapes=[_frame(panel, panel == chosen) for panel in range(len(wall))],
        annotations=[_panel_title(panel, fit, steps) for panel, fit in enumerate(wall)],
    )


def curves_figure(
    curves: Mapping[str, LossCurve], colours: Mapping[str, str], steps: int | None = None, *, height: int = 380
) -> go.Figure:
    """Mean loss over tasks against the inner step with its 95 % interval, one curve a learner; no curves give empty axes.

    Args:
      curves: by the learner's name. colours: by the same names.
      steps: marked by a line, where given.
    """
    figure = style.base_figure("inner step", "mean squared error (units of y²)", height=height, log_y=True)
    figure.add_traces([trace for name, curve in curves.items() for trace in _band_and_line(name, curve, colours[name])])
    layout = {"xaxis": {"dtick": 2, "rangemode": "tozero"}}
    if curves and steps is not None:
        edge = {"color": style.TRUTH, "width": 1, "dash": "dot"}
        layout["shapes"] = [{"type": "line", "x0": steps, "x1": steps, "yref": "paper", "y0": 0, "y1": 1, "line": edge}]
    drawn = [loss for curve in curves.values() for loss in curve.mean[_drawable(curve)]]
    if drawn and max(drawn) < 300 * min(drawn):
        # One label a decade would be too few.
        marks = [digit * 10.0**power for power in range(-4, 4) for digit in (1, 2, 5)]
        layout["yaxis"] = {"tickvals": marks, "ticktext": [f"{mark:g}" for mark in marks]}
    return figure.update_layout(layout)


def _drawable(curve: LossCurve) -> np.ndarray:
    return np.isfinite(curve.mean) & (curve.mean > 0) & (curve.mean < 1e6)


def _band_and_line(name: str, curve: LossCurve, colour: str) -> tuple[go.Scatter, go.Scatter]:
    step, seen = np.arange(len(curve.mean)), _drawable(curve)
    mean, high = (np.where(seen, values, np.nan) for values in (curve.mean, curve.high))
    # On a log axis a band cannot reach 0; where the interval does, it ends at a tenth of the mean.
    low = np.where(seen, np.maximum(curve.low, curve.mean / 10), np.nan)
    around = {
        "x": np.concatenate([step[seen], step[seen][::-1]]),
        "y": np.concatenate([high[seen], low[seen][::-1]]),
        "line": {"width": 0},
    }
    look = {"line": {"color": colour, "width": 2.5}, "marker": {"size": 6}, "mode": "lines+markers"}
    hover = "step %{x}: %{y:.3g} (95 % from %{customdata[0]:.3g} to %{customdata[1]:.3g})"
    fill = {"fill": "toself", "fillcolor": style.faint(colour), "mode": "lines", "hoverinfo": "skip", "showlegend": False}
    return (
        go.Scatter(name=name, legendgroup=name, **around, **fill),
        go.Scatter(
            x=step, y=mean, customdata=np.stack([low, high], 1), name=name, legendgroup=name, hovertemplate=hover, **look
        ),
    )


def y_range(fits: Sequence[Fit]) -> float:
    """Half the height of a y axis on which all truths and points have room."""
    return 1.25 * max(
        1.0, *(float(np.abs(values).max()) for fit in fits for values in (fit.truth, fit.support_y) if len(values))
    )


def _after(steps: int) -> str:
    return f"after {steps} step{'' if steps == 1 else 's'}"


def _on_screen(y: np.ndarray, limit: float) -> np.ndarray:
    """Values that the axis does not reach are left out."""
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(y) <= limit, y, np.nan)


def _dots(size: int) -> dict:
    return {"color": POINTS, "size": size, "line": {"color": "white", "width": 1.5 if size > 6 else 1}}


def _frame(panel: int, chosen: bool) -> dict:
    row, column = divmod(panel, WALL_COLUMNS)
    edge = {"color": style.AFTER, "width": 2.5} if chosen else {"color": style.faint(style.TRUTH, 0.35), "width": 1}
    margin = (1 - PANEL) / 2 / 2
    corners = {"x0": column + margin, "x1": column + 1 - margin, "y0": -row - 1 + margin, "y1": -row - margin}
    return {"type": "rect", "line": edge, "layer": "below", **corners}


def _panel_title(panel: int, fit: Fit, steps: int) -> dict:
    row, column = divmod(panel, WALL_COLUMNS)
    losses = f"<b>{panel + 1}</b>  {spell_loss(fit.loss[0])} → {spell_loss(fit.loss[steps])}"
    return {"x": column + 0.5, "y": -row - 0.03, "yanchor": "top", "showarrow": False, "text": losses, "font": {"size": 11}}
