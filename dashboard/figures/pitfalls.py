"""Where the inner loop breaks, as a map; and what goes wrong in a pitfall, as curves."""

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.figures import parts, plain, style
from dashboard.method_names import NAMES
from dashboard.results import LossCurve

STEPS_TITLE, LOSS_TITLE = "inner steps", "query loss (units of y²)"
# Ten to the power of this, as a ratio to the loss before adapting, has the full colour.
FULL_COLOUR = 1.5
HIGHEST = 1e4
MIDDLE = "#c9cdd3"


def map_figure(
    inner_lrs: Sequence[float],
    loss: np.ndarray,
    first_diverged: np.ndarray,
    *,
    chosen: tuple[int, int] | None = None,
    trained: tuple[float, int] | None = None,
    height: int = 470,
) -> plain.Figure:
    """Loss over step size and steps: blue is better than not adapting, amber worse; the red line is the frontier.

    A cell's `customdata` is its number: index of the size times how many steps there are, plus the step.

    Args:
      inner_lrs: the step sizes; none give empty axes.
      loss: `[sizes, steps + 1]`.
      first_diverged: index of the first size that diverges, after each step, `[steps + 1]`.
      chosen: index of the size and steps, framed.
      trained: step size and steps, marked by a star.
      height: in pixels.
    """
    figure = style.base_figure(STEPS_TITLE, "inner step size α", height=height)
    if not len(inner_lrs):
        return figure
    sizes, steps = loss.shape
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log10(np.where(np.isfinite(loss), loss, np.inf) / loss[:, :1])
    colour = np.clip(np.nan_to_num(ratio, nan=FULL_COLOUR, posinf=FULL_COLOUR), -FULL_COLOUR, FULL_COLOUR)
    marks = (-1, 0, 1)
    bar = {
        "title": {"text": "times the loss before adapting", "side": "top"},
        "tickvals": marks,
        "ticktext": ["0.1", "1", "10"],
        "tickangle": 0,
        "orientation": "h",
        "yanchor": "bottom",
        "y": 1.0,
        "x": 0.5,
        "thickness": 10,
        "len": 0.7,
    }
    rows, columns = np.divmod(np.arange(sizes * steps), steps)
    cells = list(zip(rows.tolist(), columns.tolist(), strict=True))
    shades = plain.trace(
        "heatmap",
        z=colour,
        text=[[spell_cell(value) for value in row] for row in loss],
        texttemplate="%{text}",
        textfont={"size": 10},
        colorscale=[(0.0, style.AFTER), (0.5, MIDDLE), (1.0, style.BEFORE)],
        zmin=-FULL_COLOUR,
        zmax=FULL_COLOUR,
        colorbar=bar,
        hoverinfo="skip",
        xgap=1,
        ygap=1,
    )
    # Plotly selects points, not cells: an invisible point in the middle of each.
    points = plain.scatter(
        x=columns,
        y=rows,
        customdata=list(range(sizes * steps)),  # plain: of an array's rows the browser gives back no lists
        text=[f"α = {inner_lrs[row]:g}, {parts.count_steps(column)}: {spell_cell(loss[row, column])}" for row, column in cells],
        mode="markers",
        marker={"size": 6, "color": "rgba(0,0,0,0)"},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    edge = np.repeat(first_diverged[1:] - 0.5, 2)
    along = np.repeat(np.arange(steps) + 0.5, 2)[1:-1]
    line = {"color": style.WRONG, "width": 4}
    frontier = plain.scatter(x=along, y=edge, mode="lines", line=line, name="frontier of divergence", hoverinfo="skip")
    traces = [shades, frontier]
    if trained is not None:
        place = np.interp(np.log(trained[0]), np.log(inner_lrs), np.arange(sizes))
        star = {"symbol": "star", "size": 9, "color": "white", "line": {"color": "black", "width": 1}}
        traces.append(
            plain.scatter(
                x=[trained[1] + 0.32], y=[place + 0.28], mode="markers", marker=star, name="as trained", hoverinfo="skip"
            )
        )
    figure.add_traces([*traces, points])
    return figure.update_layout(
        dragmode=False,
        clickmode="event+select",
        hoverdistance=60,
        showlegend=False,
        margin={"t": 104, "b": 48},  # the colour bar is above
        shapes=[_frame(chosen)] if chosen else [],
        xaxis={
            "showgrid": False,
            "range": [-0.5, steps - 0.5],
            "fixedrange": True,
            "dtick": 1,
            # Beside a lying colour bar, Plotly leaves the labels out of account.
            "title": {"text": STEPS_TITLE, "standoff": 32},
        },
        yaxis={
            "showgrid": False,
            "range": [-0.5, sizes - 0.5],
            "fixedrange": True,
            "tickvals": list(range(sizes)),
            "ticktext": [f"{size:g}" for size in inner_lrs],
        },
    )


def sizes_figure(
    inner_lrs: Sequence[float], loss: np.ndarray, steps: Sequence[int], *, claimed: tuple[float, float] | None = None
) -> plain.Figure:
    """Loss against the step size, one line for each number of steps.

    Args:
      inner_lrs: the step sizes; none give empty axes.
      loss: `[sizes, steps + 1]`. Values beyond drawing leave the picture.
      steps: whose losses are drawn.
      claimed: ends of the range that the tutorial calls good.
    """
    figure = style.base_figure("inner step size α", LOSS_TITLE, log_y=True)
    if not len(inner_lrs):
        return figure.update_xaxes(type="log")
    before = float(loss[0, 0])
    colours = style.step_colours(max(steps))
    for step in steps:
        figure.add_scatter(
            x=inner_lrs,
            y=_drawable(loss[:, step]),
            name=parts.after_steps(step),
            mode="lines+markers",
            line={"color": colours[step], "width": 2.5},
            hovertemplate=f"{parts.count_steps(step)}, α = %{{x:g}}: %{{y:.3g}}<extra></extra>",
        )
    ends = [inner_lrs[0], inner_lrs[-1]]
    line = {"color": style.BEFORE, "width": 2, "dash": "dot"}
    figure.add_scatter(x=ends, y=[before, before], mode="lines", name="not adapting", line=line, hoverinfo="skip")
    shade = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "line": {"width": 0}, "fillcolor": style.faint(style.TRUTH)}
    shapes = [{"x0": claimed[0], "x1": claimed[1], "layer": "below", **shade}] if claimed else []
    low = np.log10(max(1e-4, min(float(loss.min()), before) / 2))
    return figure.update_layout(
        shapes=shapes,
        xaxis={"type": "log", "tickvals": list(inner_lrs[::3]), "ticktext": [f"{size:g}" for size in inner_lrs[::3]]},
        yaxis={"range": [low, np.log10(before * 30)]},
    )


def path_figure(curves: Mapping[str, np.ndarray], *, trained_steps: int | None = None) -> plain.Figure:
    """Losses against the inner step, one line a name: "support" dashed grey, the others from after to before.

    Args:
      curves: `[steps + 1]` each; none give empty axes.
      trained_steps: marked by a dotted line; None marks nothing.
    """
    figure = style.base_figure("inner step", "loss (units of y²)", log_y=True)
    colours = iter((style.AFTER, style.BETWEEN, style.BEFORE))
    for name, loss in curves.items():
        is_support = name.startswith("support")
        look = {"color": style.TRUTH, "dash": "dash"} if is_support else {"color": next(colours)}
        figure.add_scatter(
            x=np.arange(len(loss)),
            y=_drawable(loss),
            name=name,
            mode="lines",
            line={"width": 2.75, **look},
            hovertemplate=f"{name}: %{{y:.3g}} after %{{x}} steps<extra></extra>",
        )
    if trained_steps is not None and curves:
        figure.add_vline(x=trained_steps, line={"color": style.TRUTH, "dash": "dot", "width": 1.5})
    drawn = [value for loss in curves.values() for value in _drawable(loss) if value == value]
    if drawn:
        before = max(float(loss[0]) for loss in curves.values())
        figure.update_yaxes(range=[np.log10(max(min(drawn) / 1.5, 1e-4)), np.log10(min(max(drawn) * 1.3, before * 30))])
    return figure


def runs_figure(
    runs: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]], *, num_iterations: int, steps: int
) -> plain.Figure:
    """Two runs in training: the meta-loss dotted, the loss on their own held-out tasks solid.

    Args:
      runs: "broken" and "mended": `history [n, 2]` (iteration, smoothed meta-loss), `iterations [m]`, `loss [m]`.
      num_iterations: how far the axis reaches.
      steps: inner steps after which the held-out loss is taken.
    """
    figure = style.base_figure("meta-iteration", LOSS_TITLE, log_y=True)
    for name, (history, iterations, loss) in runs.items():
        colour = _COLOURS[name]
        if len(history):
            line = {"color": colour, "width": 1.5, "dash": "dot"}
            figure.add_scatter(
                x=history[:, 0], y=_drawable(history[:, 1]), mode="lines", line=line, name=f"{name}, in training"
            )
        if len(iterations):
            line = {"color": colour, "width": 2.75}
            shown = f"{name}, held out ({parts.after_steps(steps)})"
            mode = "lines+markers" if len(iterations) == 1 else "lines"
            figure.add_scatter(x=iterations, y=_drawable(loss), mode=mode, line=line, name=shown)
    return figure.update_xaxes(range=[0, num_iterations])


def new_tasks_figure(curves: Mapping[str, LossCurve], *, steps: int) -> plain.Figure:
    """The two learners on the same test tasks against the inner step, with 95 % intervals; `steps` is marked."""
    figure = style.base_figure("inner step", LOSS_TITLE, log_y=True)
    for name, curve in curves.items():
        colour, along = _COLOURS[name], np.arange(len(curve.mean))
        mean = _drawable(curve.mean)
        seen = np.isfinite(mean)
        low = np.maximum(curve.low, curve.mean / 10)[seen]  # on a log axis a band cannot reach 0
        high = np.minimum(curve.high[seen], HIGHEST)
        figure.add_trace(parts.band(along[seen], low, high, fill=style.faint(colour), mode=None, showlegend=False))
        figure.add_scatter(
            x=along, y=mean, name=name, mode="lines+markers", line={"color": colour, "width": 2.5},
            hovertemplate=f"{name}: %{{y:.3g}} after %{{x}} steps<extra></extra>",
        )  # fmt: skip
    if curves:
        figure.add_vline(x=steps, line={"color": style.TRUTH, "dash": "dot", "width": 1.5})
    return figure.update_xaxes(dtick=2)


def orders_figure(curves: Mapping[str, np.ndarray]) -> plain.Figure:
    """Accuracy under each task's worst to best order of its class labels, a line a method.

    Args:
      curves: by the method's name, `[orders]` in [0, 1]; none give empty axes.
    """
    figure = style.base_figure("order of the labels, from each task's worst to its best", "accuracy (%)")
    for method, curve in curves.items():
        figure.add_scatter(
            x=np.arange(1, len(curve) + 1),
            y=100 * curve,
            name=NAMES[method],
            mode="lines+markers",
            line={"color": style.method_colour(method), "width": 2.5},
            hovertemplate=f"{NAMES[method]}: %{{y:.1f}} %<extra></extra>",
        )
    return figure


def spell_cell(loss: float) -> str:
    """A loss in as few signs as a cell has room for; a cross is beyond anything."""
    if not np.isfinite(loss) or loss >= 1000:
        return "×"
    return f"{loss:.0f}" if loss >= 9.95 else f"{loss:.1f}" if loss >= 0.995 else f"{loss:.2f}"


_COLOURS = {"broken": style.BEFORE, "mended": style.AFTER}


def _frame(cell: tuple[int, int]) -> dict:
    row, column = cell
    corners = {"x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5}
    return {"type": "rect", "line": {"color": "black", "width": 3}, **corners}


def _drawable(loss: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.where((loss > 0) & (loss < HIGHEST), loss, np.nan)
