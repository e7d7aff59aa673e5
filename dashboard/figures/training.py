"""What training looks like: meta-loss, held-out loss after each inner step, functions before and after adapting."""

import numpy as np

from dashboard.figures import parts, plain
from dashboard.figures.style import AFTER, BEFORE, TRUTH, base_figure, faint, step_colours

LOSS_TITLE = "query loss (MSE)"


def smoothed(values: np.ndarray, span: int) -> np.ndarray:
    """Exponential moving average of `[n]`, as many: its weight falls to 1/e after about `span` values.

    Early ones are not pulled to zero.
    """
    keep = 1.0 - 1.0 / max(1, span)
    result, average, weight = np.empty(len(values)), 0.0, 0.0
    for index, value in enumerate(values):
        average, weight = keep * average + (1 - keep) * value, keep * weight + (1 - keep)
        result[index] = average / weight
    return result


def meta_loss_figure(
    history: np.ndarray, colour: str = AFTER, *, num_iterations: int | None = None, measure: str = "MSE"
) -> plain.Figure:
    """Meta-loss over iterations, smoothed over raw.

    Args:
      history: `[n, 3]`: iteration, its meta-loss, the mean since the row before. No rows give empty axes.
      colour: of the line; the raw losses are a fainter one.
      num_iterations: how far the axis reaches, so that it does not move as training goes on.
      measure: what the loss is.
    """
    figure = base_figure("meta-iteration", f"meta-loss ({measure})", height=300, log_y=True)
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
) -> plain.Figure:
    """Held-out loss over iterations, one line for each number of inner steps: they fan apart as the start becomes adaptable.

    Args:
      iterations: when the losses were measured, `[m]`; no measurements give empty axes.
      curves: the losses, `[m, inner_steps + 1]`.
      num_iterations: how far the axis reaches, so that it does not move as training goes on.
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


def accuracy_fan_figure(
    iterations: np.ndarray,
    accuracies: np.ndarray,
    *,
    colour: str = AFTER,
    chance: float,
    trained_steps: int = 1,
    num_iterations: int | None = None,
) -> plain.Figure:
    """Share of right answers on held-out tasks over iterations: before adapting, and after it with its 95 % interval.

    Args:
      iterations: when it was measured, `[m]`; no measurements give empty axes.
      accuracies: the share with the ends of its interval, `[m, inner_steps + 1, 3]`.
      colour: of the line that training works on, and of its interval.
      chance: the share of whoever guesses, marked by a line.
      trained_steps: which line that is.
      num_iterations: how far the axis reaches, so that it does not move as training goes on.
    """
    figure = base_figure("meta-iteration", "right answers (%)", height=300)
    inner_steps = accuracies.shape[1] - 1 if len(accuracies) else -1
    mode = "lines+markers" if len(iterations) == 1 else "lines"
    for step in sorted({0, trained_steps, inner_steps} & set(range(inner_steps + 1))):
        mean, low, high = 100 * accuracies[:, step].T
        is_trained = step == trained_steps
        line = {"color": colour if step else BEFORE, "width": 2.75 if is_trained else 1.25}
        if step and not is_trained:
            line["dash"] = "dash"
        if is_trained:
            figure.add_traces([parts.band(iterations, low, high, fill=faint(colour), name="95 % interval")])
        figure.add_scatter(
            x=iterations,
            y=mean,
            name=_steps_name(step),
            mode=mode,
            line=line,
            customdata=np.stack([low, high], 1),
            hovertemplate="%{y:.1f} % at %{x:,} (95 % from %{customdata[0]:.1f} to %{customdata[1]:.1f})<extra></extra>",
        )
    place = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 100 * chance, "y1": 100 * chance}
    figure.update_layout(shapes=[place | {"line": {"color": TRUTH, "width": 1, "dash": "dot"}}], yaxis={"range": [0, 102]})
    _reach(figure, num_iterations)
    return figure


def curve_figure(
    mean: np.ndarray, low: np.ndarray, high: np.ndarray, *, name: str = "MAML", colour: str = AFTER
) -> plain.Figure:
    """Held-out loss against inner step with its 95 % interval.

    Args:
      mean: over tasks, `[steps + 1]`; no steps give empty axes.
      low: lower end of its interval, `[steps + 1]`.
      high: upper end, `[steps + 1]`.
      name: of the learner.
      colour: its colour.
    """
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
    *,
    support_x: np.ndarray,
    support_y: np.ndarray,
    inner_steps: int,
    y_limit: float = 5.5,
) -> plain.Figure:
    """A few tasks side by side: the truth, what the network says before adapting and after.

    Args:
      x: along all curves, `[n]`.
      truth: each task's function there, `[tasks, n]`.
      before: predictions before adapting, `[tasks, n]`.
      after: predictions after it, `[tasks, n]`.
      support_x: of the support points, `[tasks, k_shot]`.
      support_y: of the support points, `[tasks, k_shot]`.
      inner_steps: how many adapting took.
      y_limit: the y axis reaches from minus to plus this, whatever is drawn, so that nothing jumps.
    """
    columns = min(parts.COLUMNS, len(truth)) or 1
    marks = [round(float(x[0] + share * (x[-1] - x[0])), 1) for share in (0.1, 0.5, 0.9)] if len(x) else None
    look = {"row_height": 150, "room": 60, "spacing": 0.05, "y_limit": y_limit, "x_marks": marks}
    figure = parts.small_multiples(len(truth), columns=columns, **look)
    lines = (
        ("truth", truth, {"color": TRUTH, "width": 3}),
        ("before", before, {"color": BEFORE, "width": 1.75}),
        (parts.after_steps(inner_steps), after, {"color": AFTER, "width": 2.25}),
    )
    for task in range(len(truth)):
        place = parts.cell(task, columns)
        for name, values, line in lines:
            shown = {"name": name, "legendgroup": name, "showlegend": task == 0, "hoverinfo": "skip"}
            figure.add_scatter(x=x, y=values[task], mode="lines", line=line, **shown, **place)
        figure.add_scatter(
            x=support_x[task],
            y=support_y[task],
            mode="markers",
            marker=parts.point_marker(7, colour=AFTER),
            name="support points",
            legendgroup="support",
            showlegend=task == 0,
            hovertemplate="x %{x:.2f}, y %{y:.2f}<extra></extra>",
            **place,
        )
    return figure


def prediction_figure(
    true: np.ndarray, before: np.ndarray, after: np.ndarray, *, target: str, inner_steps: int
) -> plain.Figure:
    """Predicted against true targets of held-out tasks, before and after adapting; on the line, they agree.

    Args:
      true: `[rows]`; none give empty axes.
      before: predictions before adapting, `[rows]`.
      after: predictions after it, `[rows]`.
      target: what is predicted.
      inner_steps: how many adapting took.
    """
    figure = base_figure(f"true {target}", f"predicted {target}", height=360)
    if len(true):
        ends = [float(true.min()), float(true.max())]
        figure.add_scatter(x=ends, y=ends, mode="lines", name="truth", line={"color": TRUTH, "width": 2})
    for name, values, colour in (("before", before, BEFORE), (parts.after_steps(inner_steps), after, AFTER)):
        figure.add_scatter(x=true, y=values, mode="markers", name=name, marker={"size": 5, "color": colour, "opacity": 0.6})
    return figure


def run_figure(meta_loss: plain.Figure, held_out: plain.Figure) -> plain.Figure:
    """Two figures one above the other, to be kept as one picture.

    Args:
      meta_loss: of `meta_loss_figure`.
      held_out: of `fan_figure` or `accuracy_fan_figure`, over the same iterations.
    """
    figure = plain.grid(2, 1, shared_x=True, vertical_spacing=0.06)
    figure.update_layout(base_figure("", "", height=720).properties)
    for row, part in enumerate((meta_loss, held_out), start=1):
        figure.add_traces(part.traces, row=row, col=1)
        axis = {name: part.properties["yaxis"][name] for name in ("type", "range") if name in part.properties["yaxis"]}
        figure.update_yaxes(**axis, title={"text": part.properties["yaxis"]["title"]["text"]}, row=row)
    figure.update_xaxes(title=None, row=1)
    figure.update_xaxes(title={"text": "meta-iteration"}, row=2)
    return figure


def _reach(figure: plain.Figure, num_iterations: int | None) -> None:
    if num_iterations:
        figure.update_xaxes(range=[0, num_iterations])


def _steps_name(step: int) -> str:
    return "before" if step == 0 else parts.after_steps(step)
