"""The exact meta-gradient (solid) against the first-order one (dashed, hatched, hollow): how they differ, what they cost."""

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.figures import plain, style
from dashboard.results import spell_angle
from maml_engine.analysis import Cost, FiniteDifferenceCheck, GradientComparison, GradientSweep

EXACT, FIRST_ORDER = style.method_colour("maml"), style.method_colour("fomaml")
PASSES = {
    "exact, plain": (style.faint(EXACT, 0.55), style.SECOND_ORDER, "square"),
    "exact, mixed": (EXACT, style.SECOND_ORDER, "circle"),
    "exact, checkpointed": (style.faint(EXACT, 0.8), style.SECOND_ORDER, "triangle-up"),
    "first-order": (FIRST_ORDER, style.FIRST_ORDER, "diamond-open"),
}
LR_TITLE, ANGLE_TITLE = "inner step size α", "angle between the two (degrees)"
# Where the loss after adapting is so many times that of hardly adapting, the inner loop diverged and its angles mean nothing.
DIVERGED = 4.0


def norms_figure(comparison: GradientComparison) -> plain.Figure:
    """Norms of the two meta-gradients, layer by layer."""
    figure = style.base_figure("layer", "norm (loss per unit of weight)", height=300)
    names, by_layer, overall = [*comparison.layers, "all"], comparison.by_layer, comparison.overall
    exact, first_order = (
        np.append(by_layer.exact_norm, overall.exact_norm),
        np.append(by_layer.first_order_norm, overall.first_order_norm),
    )
    hatched = {
        "color": style.faint(FIRST_ORDER, 0.1),
        "line": {"color": FIRST_ORDER, "width": 1.5},
        "pattern": {"shape": "/", "fgcolor": FIRST_ORDER},
    }
    figure.add_bar(x=names, y=exact, name="exact", marker={"color": EXACT})
    figure.add_bar(x=names, y=first_order, name="first-order", marker=hatched)
    figure.update_traces(hovertemplate="%{x}: %{y:.3g}")
    figure.update_layout(bargap=0.3, bargroupgap=0.08)
    return figure


def angles_figure(comparison: GradientComparison) -> plain.Figure:
    """Angles between the two meta-gradients, layer by layer; past 90 degrees they point apart."""
    figure = style.base_figure("layer", ANGLE_TITLE, height=300)
    names = [*comparison.layers, "all"]
    angle = np.append(comparison.by_layer.angle, comparison.overall.angle)
    cosine = np.append(comparison.by_layer.cosine, comparison.overall.cosine)
    colours = [style.TRUTH] * len(comparison.layers) + [EXACT]
    figure.add_bar(
        x=names,
        y=angle,
        customdata=cosine,
        text=[spell_angle(degrees) for degrees in angle],
        textposition="outside",
        cliponaxis=False,
        marker={"color": colours},
        hovertemplate="%{x}: %{y:.1f}°, cosine %{customdata:.3f}<extra></extra>",
        showlegend=False,
    )
    _mark_right_angle(figure)
    highest = np.max(angle, initial=90.0, where=np.isfinite(angle))
    figure.update_yaxes(range=[0, 1.12 * highest], tick0=0, dtick=30)
    figure.update_layout(bargap=0.45)
    return figure


def corrections_figure(comparison: GradientComparison) -> plain.Figure:
    """The pass backwards, from the first-order gradient at the last step to the exact one at the first."""
    figure = style.base_figure("inner step k, backwards", "norm, mean over tasks", height=320)
    steps = np.arange(comparison.inner_steps + 1)
    correction = {"color": style.faint(style.TRUTH, 0.45), "line": {"width": 0}}
    if comparison.inner_steps:
        figure.add_bar(x=steps[:-1], y=comparison.correction_norm, name="correction α‖H v‖", marker=correction, width=0.55)
    start = np.full(len(steps), comparison.vector_norm[-1])
    _add_line(figure, steps, start, "first-order, v_K", colour=FIRST_ORDER, dash=style.FIRST_ORDER, mode="lines")
    _add_line(figure, steps, comparison.vector_norm, "‖v_k‖, exact at k = 0")
    _backwards(figure, comparison.inner_steps)
    figure.update_yaxes(rangemode="tozero")
    return figure


def opening_figure(comparison: GradientComparison) -> plain.Figure:
    """How far the pass backwards has turned away from where it began."""
    figure = style.base_figure("inner step k, backwards", "angle from v_K (degrees)", height=320)
    _add_line(figure, np.arange(comparison.inner_steps + 1), comparison.vector_angle, "angle")
    _mark_right_angle(figure)
    _backwards(figure, comparison.inner_steps)
    figure.update_layout(showlegend=False)
    figure.update_yaxes(
        range=[0, max(95.0, 1.1 * np.max(comparison.vector_angle, initial=0, where=np.isfinite(comparison.vector_angle)))]
    )
    return figure


def sweep_figure(sweep: GradientSweep | None, what: str, *, inner_steps: int, now: tuple[float, float]) -> plain.Figure:
    """How the gradients part: one line for each number of steps, as far as the inner loop converges; None gives empty axes.

    Args:
      sweep: over step sizes and numbers of steps.
      what: "angle" or "ratio".
      inner_steps: whose line stands out.
      now: step size and value of the present setting, marked.
    """
    titles = {"angle": ANGLE_TITLE, "ratio": "norm, exact / first-order"}
    figure = style.base_figure(LR_TITLE, titles[what], height=340)
    figure.update_xaxes(type="log", tickvals=[1e-4, 1e-3, 1e-2, 1e-1], tickformat="~g")
    if sweep is None:
        return figure
    figure.update_xaxes(range=[np.log10(sweep.inner_lr[0]) - 0.05, np.log10(sweep.inner_lr[-1]) + 0.1])
    values, colours = sound(sweep, what), style.step_colours(len(sweep.inner_steps))[1:]
    for steps, row, colour in zip(sweep.inner_steps, values, colours, strict=True):
        is_now = steps == inner_steps
        label = f"K = {steps}"
        _add_line(figure, sweep.inner_lr, row, label, colour=colour, width=4 if is_now else 1.75, mode="lines")
    mark = {"color": EXACT, "size": 13, "line": {"color": "white", "width": 2}}
    figure.add_scatter(x=[now[0]], y=[now[1]], name="now", mode="markers", marker=mark)
    figure.update_traces(hovertemplate="α = %{x:g}: %{y:.3g}")
    if what == "angle":
        _mark_right_angle(figure)
        figure.update_yaxes(range=[0, 180], tick0=0, dtick=30)
    else:
        figure.add_hline(y=1, line={"color": style.TRUTH, "width": 1, "dash": "dot"})
        _log_axis(figure, values)
    return figure


def sound(sweep: GradientSweep, what: str) -> np.ndarray:
    """`[steps, sizes]`: "angle" or "ratio", NaN from where on the inner loop diverges."""
    before = np.nanmax(np.where(np.isfinite(sweep.meta_loss[:, 0]), sweep.meta_loss[:, 0], np.nan))
    with np.errstate(invalid="ignore"):
        converges = np.logical_and.accumulate(sweep.meta_loss <= DIVERGED * before, axis=1)
    return np.where(converges, getattr(sweep, what), np.nan)


def check_figure(check: FiniteDifferenceCheck) -> plain.Figure:
    """Slopes of the meta-loss along random directions: computed against measured. What is right lies on the diagonal."""
    figure = style.base_figure("slope, measured by differences", "slope, computed from the gradient", height=320)
    everything = np.concatenate([check.measured, check.exact, check.first_order])
    reach = 1.1 * np.max(np.abs(everything), initial=1e-12, where=np.isfinite(everything))
    figure.add_scatter(
        x=[-reach, reach],
        y=[-reach, reach],
        mode="lines",
        name="equal",
        line={"color": style.TRUTH, "width": 2},
        hoverinfo="skip",
    )
    hollow = {"color": FIRST_ORDER, "size": 10, "symbol": "diamond-open", "line": {"width": 2}}
    figure.add_scatter(x=check.measured, y=check.first_order, name="first-order", mode="markers", marker=hollow)
    figure.add_scatter(x=check.measured, y=check.exact, name="exact", mode="markers", marker={"color": EXACT, "size": 10})
    figure.update_traces(hovertemplate="measured %{x:.3g}, computed %{y:.3g}", selector={"mode": "markers"})
    return figure


def cost_figure(costs: Sequence[Cost], against: str, what: str) -> plain.Figure:
    """What a meta-gradient costs, on logarithmic axes: a line of slope 1 is linear. No costs give empty axes.

    Args:
      costs: those to draw, of one number of what they are not drawn against.
      against: "inner_steps" or "num_tasks".
      what: "seconds" or "temp_bytes".
    """
    x_title = {"inner_steps": "inner steps K", "num_tasks": "tasks T"}[against]
    y_title, unit = {"seconds": ("time (milliseconds)", 1e3), "temp_bytes": ("working memory (MB)", 1e-6)}[what]
    figure = style.base_figure(x_title, y_title, height=300)
    figure.update_xaxes(type="log", tickvals=sorted({getattr(cost, against) for cost in costs}))
    _log_axis(figure, np.array([unit * getattr(cost, what) for cost in costs]))
    for name, (colour, dash, symbol) in PASSES.items():
        rows = sorted((getattr(cost, against), unit * getattr(cost, what)) for cost in costs if cost.way == name)
        if rows:
            x, y = zip(*rows, strict=True)
            figure.add_scatter(
                x=x,
                y=y,
                name=name,
                mode="lines+markers",
                line={"color": colour, "dash": dash, "width": 2.5},
                marker={"symbol": symbol, "size": 8},
                hovertemplate="%{x}: %{y:.3g}",
            )
    return figure


def race_figure(races: Mapping[str, tuple[np.ndarray, np.ndarray]], against: str, *, y_title: str) -> plain.Figure:
    """Held-out loss while training.

    Args:
      races: by method, "maml" or "fomaml": `x [n]` and `loss [n]`; none give empty axes.
      against: what x is: "meta-iterations" or "seconds of training".
      y_title: which loss, and after how many steps.
    """
    figure = style.base_figure(against, y_title, height=320)
    _log_axis(figure, np.concatenate([np.zeros(0), *(loss for _, loss in races.values())]))
    names = {"maml": ("exact (MAML)", style.SECOND_ORDER), "fomaml": ("first-order (FOMAML)", style.FIRST_ORDER)}
    for method, (x, loss) in races.items():
        name, dash = names[method]
        _add_line(figure, x, loss, name, colour=style.method_colour(method), dash=dash, mode="lines")
    return figure


def _add_line(
    figure: plain.Figure,
    x: np.ndarray,
    y: np.ndarray,
    name: str,
    *,
    colour: str = EXACT,
    dash: str = style.SECOND_ORDER,
    width: float = 2.5,
    mode: str = "lines+markers",
) -> None:
    line = {"color": colour, "dash": dash, "width": width}
    figure.add_scatter(x=x, y=y, name=name, mode=mode, line=line, marker={"size": 7}, hovertemplate="%{x:g}: %{y:.3g}")


def _backwards(figure: plain.Figure, inner_steps: int) -> None:
    figure.update_xaxes(range=[inner_steps + 0.5, -0.5], dtick=1, tick0=0, showgrid=False)


def _log_axis(figure: plain.Figure, values: np.ndarray) -> None:
    """A logarithmic y axis over `values`, marked at 1, 2, 5 and their multiples by ten, at least two of them in sight."""
    figure.update_yaxes(type="log", tickvals=style.log_marks(-7, 7)["tickvals"], tickformat="~g")
    values = values[np.isfinite(values) & (values > 0)]
    if values.size:
        low, high = np.log10(values.min()), np.log10(values.max())
        room = max(0.08 * (high - low), (0.5 - (high - low)) / 2)
        figure.update_yaxes(range=[low - room, high + room])


def _mark_right_angle(figure: plain.Figure) -> None:
    figure.add_hline(y=90, line={"color": style.TRUTH, "width": 1, "dash": "dot"})
