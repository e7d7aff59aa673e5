"""What training looks like: meta-loss, held-out loss after each inner step, functions before and after adapting."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures.style import AFTER, BEFORE, TRUTH, base_figure, faint, step_colours

LOSS_TITLE = "query loss (MSE)"


def smoothed(values: np.ndarray, span: int) -> np.ndarray:
    """Exponential moving average whose weight falls to 1/e after about `span` values; early ones are not pulled to zero."""
    keep = 1.0 - 1.0 / max(1, span)
    result, average, weight = np.empty(len(values)), 0.0, 0.0
    for index, value in enumerate(values):
        average, weight = keep * average + (1 - keep) * value, keep * weight + (1 - keep)
        result[index] = average / weight
    return result


def meta_loss_figure(history: np.ndarray, colour: str = AFTER, *, num_iterations: int | None = None) -> go.Figure:
    """Meta-loss over iterations, smoothed over raw.

    Args:
      history: `[n, 3]`: iteration, its meta-loss, the mean since the row before. No rows give empty axes.
      num_iterations: how far the axis reaches, so that it does not move as training goes on.
    """
    figure = base_figure("meta-iteration", "meta-loss (MSE)", height=300, log_y=True)
    if len(history):
        iterations, raw, means = history.T
        figure.add_scatter(
            x=iterations,
            y=raw,
            name="one meta-step",
            mode="lines",
            line={"color": faint(colour, 0.35), "width": 1},
            hoverinfo="skip",
        )
        line = {"color": colour, "width": 2.5}
        average = smoothed(means, max(1, len(means) // 40))
        figure.add_scatter(
            x=iterations, y=average, name="smoothed", mode="lines", line=line, hovertemplate="%{y:.3f} at %{x:,}"
        )
    _reach(figure, num_iterations)
    return figure


def fan_figure(
    iterations: np.ndarray, curves: np.ndarray, *, num_iterations: int | None = None, trained_steps: int = 1
) -> go.Figure:
    """Held-out loss over iterations, one line for each number of inner steps: they fan apart as the start becomes adaptable.

    Args:
      iterations: `[m]`. curves: `[m, inner_steps + 1]`. No measurements give empty axes.
      trained_steps: the line that training works on, drawn thicker.
    """
    figure = base_figure("meta-iteration", "held-out loss (MSE)", height=300, log_y=True)
    inner_steps = curves.shape[1] - 1 if len(curves) else -1
    colours = step_colours(max(inner_steps, 0))
    named = {0, trained_steps, inner_steps}
    for step in range(inner_steps + 1):
        figure.add_scatter(
            x=iterations,
            y=curves[:, step],
            name=_steps_name(step),
            mode="lines+markers" if len(iterations) == 1 else "lines",
            line={"color": colours[step], "width": 2.75 if step in (0, trained_steps) else 1.25},
            showlegend=step in named,
            hovertemplate=f"{_steps_name(step)}: %{{y:.3f}} at %{{x:,}}<extra></extra>",
        )
    _reach(figure, num_iterations)
    return figure


def curve_figure(mean: np.ndarray, low: np.ndarray, high: np.ndarray, *, name: str = "MAML", colour: str = AFTER) -> go.Figure:
    """Held-out loss against inner step with its 95 % interval; no steps give empty axes."""
    figure = base_figure("inner step", LOSS_TITLE, height=300, log_y=True)
    steps = np.arange(len(mean))
    if len(mean):
        figure.add_scatter(x=steps, y=high, mode="lines", line={"width": 0}, showlegend=False, hoverinfo="skip")
        band = {"fill": "tonexty", "fillcolor": faint(colour), "line": {"width": 0}}
        figure.add_scatter(x=steps, y=low, mode="lines", name="95 % interval", hoverinfo="skip", **band)
        line = {"color": colour, "width": 2.5}
        figure.add_scatter(
            x=steps, y=mean, name=name, mode="lines+markers", line=line, hovertemplate="%{y:.3f} after %{x} steps"
        )
    return figure


def family_figure(
    x: np.ndarray,
    truth: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    support_x: np.ndarray,
    support_y: np.ndarray,
    *,
    inner_steps: int,
    y_limit: float = 5.5,
) -> go.Figure:
    """A few tasks side by side: the truth, what the network says before adapting and after.

    Args:
      x: `[n]`. truth, before, after: `[tasks, n]`. support_x, support_y: `[tasks, k_shot]`.
      y_limit: the y axis reaches from minus to plus this, whatever is drawn, so that nothing jumps.
    """
    columns = min(3, len(truth)) or 1
    rows = -(-len(truth) // columns) or 1
    figure = make_subplots(rows, columns, shared_xaxes=True, shared_yaxes=True, horizontal_spacing=0.02, vertical_spacing=0.05)
    figure.update_layout(base_figure("", "", height=150 * rows + 60).layout)
    lines = (
        ("truth", truth, {"color": TRUTH, "width": 3}),
        ("before", before, {"color": BEFORE, "width": 1.75}),
        (f"after {_steps(inner_steps)}", after, {"color": AFTER, "width": 2.25}),
    )
    for task in range(len(truth)):
        place = {"row": task // columns + 1, "col": task % columns + 1}
        for name, values, line in lines:
            shown = {"name": name, "legendgroup": name, "showlegend": task == 0, "hoverinfo": "skip"}
            figure.add_scatter(x=x, y=values[task], mode="lines", line=line, **shown, **place)
        points = {"size": 7, "color": AFTER, "line": {"color": "white", "width": 1}}
        figure.add_scatter(
            x=support_x[task],
            y=support_y[task],
            mode="markers",
            marker=points,
            name="support points",
            legendgroup="support",
            showlegend=task == 0,
            hovertemplate="x %{x:.2f}, y %{y:.2f}<extra></extra>",
            **place,
        )
    axis = {"gridcolor": figure.layout.xaxis.gridcolor, "zeroline": False, "automargin": True, "title": None}
    marks = (
        [round(0.9 * x[0] + 0.1 * x[-1], 1), round((x[0] + x[-1]) / 2, 1), round(0.1 * x[0] + 0.9 * x[-1], 1)]
        if len(x)
        else None
    )
    figure.update_xaxes(tickvals=marks, **axis)
    figure.update_yaxes(range=[-y_limit, y_limit], **axis)
    figure.update_xaxes(title_text="x", row=rows)
    figure.update_yaxes(title_text="y", col=1)
    return figure


def prediction_figure(true: np.ndarray, before: np.ndarray, after: np.ndarray, *, target: str, inner_steps: int) -> go.Figure:
    """Predicted against true targets of held-out tasks, before and after adapting; on the line, they agree."""
    figure = base_figure(f"true {target}", f"predicted {target}", height=360)
    if len(true):
        ends = [float(true.min()), float(true.max())]
        figure.add_scatter(x=ends, y=ends, mode="lines", name="truth", line={"color": TRUTH, "width": 2})
    for name, values, colour in (("before", before, BEFORE), (f"after {_steps(inner_steps)}", after, AFTER)):
        figure.add_scatter(x=true, y=values, mode="markers", name=name, marker={"size": 5, "color": colour, "opacity": 0.6})
    return figure


def run_figure(
    history: np.ndarray, iterations: np.ndarray, curves: np.ndarray, *, colour: str, trained_steps: int
) -> go.Figure:
    """Meta-loss and held-out loss one above the other, to be kept as one picture."""
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.06)
    figure.update_layout(base_figure("", "", height=720).layout)
    parts: Sequence[go.Figure] = (
        meta_loss_figure(history, colour),
        fan_figure(iterations, curves, trained_steps=trained_steps),
    )
    for row, part in enumerate(parts, start=1):
        figure.add_traces(part.data, rows=row, cols=1)
        figure.update_yaxes(type="log", title_text=part.layout.yaxis.title.text, row=row)
    figure.update_xaxes(title_text=None, row=1)
    figure.update_xaxes(title_text="meta-iteration", row=2)
    return figure


def _reach(figure: go.Figure, num_iterations: int | None) -> None:
    if num_iterations:
        figure.update_xaxes(range=[0, num_iterations])


def _steps(inner_steps: int) -> str:
    return "1 step" if inner_steps == 1 else f"{inner_steps} steps"


def _steps_name(step: int) -> str:
    return "before" if step == 0 else f"after {_steps(step)}"
