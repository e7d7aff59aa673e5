"""Learners adapting to tasks: one task large, many side by side, and the loss against the steps taken."""

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard import escape
from dashboard.figures import parts, plain, style
from dashboard.figures.changes import Changes
from dashboard.results import Fit, LossCurve, spell_loss

X_TITLE, Y_TITLE = "x", "y = A sin(x + phase)"


def fit_figure(
    fit: Fit | None, steps: int, *, y_limit: float | None = None, height: int = 420, legend: bool = True
) -> plain.Figure:
    """One task: truth, support points, before, every step between (fading in), and after `steps` steps.

    Args:
      fit: None gives empty axes.
      steps: how many of its steps are taken.
      y_limit: the y axis goes from minus this to this; None takes it from the truth and the points, so that a fit that
        blew up leaves the picture.
      height: in pixels.
      legend: small figures beside a large one do without.
    """
    figure = style.base_figure(X_TITLE, Y_TITLE, height=height)
    if fit is None:
        return figure
    limit = y_limit or y_range([fit])
    axes = {"xaxis": {"range": [float(fit.x[0]), float(fit.x[-1])]}, "yaxis": {"range": [-limit, limit]}}
    path = _on_screen(fit.path[: steps + 1], limit)
    hover = "x %{x:.2f}, y %{y:.2f}"

    def line(name: str, y: np.ndarray, colour: str, width: float) -> plain.Trace:
        return plain.scatter(x=fit.x, y=y, name=name, mode="lines", line={"color": colour, "width": width}, hovertemplate=hover)

    def between(step: int) -> plain.Trace:
        colour = style.faint(style.step_colours(steps)[step], 0.45 + 0.35 * step / steps)
        group = {"legendgroup": "steps", "legendrank": 1001, "showlegend": step == 1}
        look = {"mode": "lines", "line": {"color": colour, "width": 1.25}, "hoverinfo": "skip"}
        return plain.scatter(x=fit.x, y=path[step], name="each step", **look, **group)

    traces = [
        line("truth", fit.truth, style.TRUTH, 5),
        *map(between, range(1, steps)),
        line("before", path[0], style.BEFORE, 2.5),
    ]
    if steps:
        traces += [line(parts.after_steps(steps), path[steps], style.AFTER, 3) | {"legendrank": 1002}]
    dots = {"mode": "markers", "marker": parts.point_marker(10, edge=1.5), "hovertemplate": hover, "legendrank": 1003}
    traces += [plain.scatter(x=fit.support_x, y=fit.support_y, name="support points", **dots)]
    return figure.add_traces(traces).update_layout(showlegend=legend, **axes)


def tasks_figure(fits: Sequence[Fit], steps: int, *, chosen: int | None = None, height: int = 520) -> plain.Figure:
    """Small multiples in three columns; each panel says its loss before and after.

    A support point's `customdata` is the number of its task, from 0.

    Args:
      fits: one a task; none give empty axes.
      steps: how many of their steps are taken.
      chosen: the task that is framed, from 0.
      height: in pixels.
    """
    figure = style.base_figure("x, the same range in each panel", "y, the same range in each panel", height=height)
    if not fits:
        return figure
    limit = y_range(fits)

    def line(name: str, curves: list[np.ndarray], colour: str, width: float) -> plain.Trace:
        look = {"mode": "lines", "line": {"color": colour, "width": width}, "hoverinfo": "skip"}
        return plain.scatter(name=name, **_in_panels(fits, curves, limit), **look)

    dots = [_placed(fit, fit.support_x, fit.support_y, panel, limit=limit) for panel, fit in enumerate(fits)]
    task = np.concatenate([np.full(len(fit.support_x), panel) for panel, fit in enumerate(fits)])
    points = plain.scatter(
        x=np.concatenate([dot[0] for dot in dots]),
        y=np.concatenate([dot[1] for dot in dots]),
        customdata=task,
        text=[str(panel + 1) for panel in task],
        name="support points",
        mode="markers",
        marker=parts.point_marker(6),
        hovertemplate="task %{text}<extra></extra>",
    )
    figure.add_traces(
        [
            line("truth", [fit.truth for fit in fits], style.TRUTH, 3.5),
            line("before", [fit.path[0] for fit in fits], style.BEFORE, 1.5),
            line(parts.after_steps(steps), [fit.path[steps] for fit in fits], style.AFTER, 2),
            points,
        ]
    )
    return parts.lay_out_panels(figure, _titles(fits, steps), chosen=chosen, clickmode="event+select")


def before_changes(fits: Sequence[Fit]) -> Changes:
    """What `tasks_figure` shows of another learner's fits of the same tasks before it adapts."""
    return Changes({1: {"y": _in_panels(fits, [fit.path[0] for fit in fits], y_range(fits))["y"]}}, {})


def after_changes(fits: Sequence[Fit], steps: int) -> Changes:
    """What `tasks_figure` shows of them after another number of steps."""
    after = _in_panels(fits, [fit.path[steps] for fit in fits], y_range(fits))["y"]
    titles = {f"annotations[{panel}].text": title for panel, title in enumerate(_titles(fits, steps))}
    return Changes({2: {"y": after, "name": parts.after_steps(steps)}}, titles)


def _in_panels(fits: Sequence[Fit], curves: Sequence[np.ndarray], limit: float) -> dict[str, np.ndarray]:
    """A curve of each task in its panel, as the x and y of one trace."""
    # Every fifth point is as smooth in so small a panel.
    placed = [
        _placed(fit, fit.x[::5], curve[::5], panel, limit=limit)
        for panel, (fit, curve) in enumerate(zip(fits, curves, strict=True))
    ]
    return {name: values.astype(np.float32) for name, values in parts.joined(placed).items()}


def _placed(fit: Fit, x: np.ndarray, y: np.ndarray, panel: int, *, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """Where points of a task lie in its panel."""
    first, last = fit.x[0], fit.x[-1]
    return parts.place((x - first) / (last - first), (_on_screen(y, limit) + limit) / (2 * limit), panel)


def _titles(fits: Sequence[Fit], steps: int) -> list[str]:
    return [
        f"<b>{panel}</b> {spell_loss(fit.loss[0])} → {spell_loss(fit.loss[steps])}" for panel, fit in enumerate(fits, start=1)
    ]


def curves_figure(
    curves: Mapping[str, LossCurve], colours: Mapping[str, str], steps: int | None = None, *, height: int = 380
) -> plain.Figure:
    """Mean loss over tasks against the inner step with its 95 % interval, one curve a learner; no curves give empty axes.

    Args:
      curves: by the learner's name.
      colours: by the same names.
      steps: marked by a line, where given.
      height: in pixels.
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
        layout["yaxis"] = style.log_marks(-4, 3)
    return figure.update_layout(layout)


def _drawable(curve: LossCurve) -> np.ndarray:
    return np.isfinite(curve.mean) & (curve.mean > 0) & (curve.mean < 1e6)


def _band_and_line(name: str, curve: LossCurve, colour: str) -> tuple[plain.Trace, plain.Trace]:
    step, seen = np.arange(len(curve.mean)), _drawable(curve)
    mean, high = (np.where(seen, values, np.nan) for values in (curve.mean, curve.high))
    # On a log axis a band cannot reach 0; where the interval does, it ends at a tenth of the mean.
    low = np.where(seen, np.maximum(curve.low, curve.mean / 10), np.nan)
    look = {"line": {"color": colour, "width": 2.5}, "marker": {"size": 6}, "mode": "lines+markers"}
    hover = "step %{x}: %{y:.3g} (95 % from %{customdata[0]:.3g} to %{customdata[1]:.3g})"
    name = escape.drawn(name)  # a learner's may be a visitor's own words
    group = {"name": name, "legendgroup": name, "showlegend": False}
    return (
        parts.band(step[seen], low[seen], high[seen], fill=style.faint(colour), **group),
        plain.scatter(
            x=step, y=mean, customdata=np.stack([low, high], 1), name=name, legendgroup=name, hovertemplate=hover, **look
        ),
    )


def y_range(fits: Sequence[Fit]) -> float:
    """Half the height of a y axis on which all truths and points have room."""
    return 1.25 * max(
        1.0, *(float(np.abs(values).max()) for fit in fits for values in (fit.truth, fit.support_y) if len(values))
    )


def _on_screen(y: np.ndarray, limit: float) -> np.ndarray:
    """Values that the axis does not reach are left out."""
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(y) <= limit, y, np.nan)
