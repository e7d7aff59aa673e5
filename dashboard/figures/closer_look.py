"""One picture of its own for each method. Numbers in, figures out."""

from collections.abc import Mapping

import numpy as np

from dashboard.figures import plain, style
from dashboard.method_names import NAMES
from maml_engine.analysis.method_diagnostics import (
    ContextMap,
    ImplicitError,
    LayerChange,
    PathAgainstChord,
    PlusPlusSchedule,
    StepField,
)

# Below zero amber, above zero blue, grey between them.
_HALVES = ((0.0, "#b56f06"), (0.5, "#9aa0a8"), (1.0, "#2476e0"))

# Plotly's Viridis, written out: by that name, the browser has one of other colours.
_VIRIDIS = ("#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725")
_TENTHS = [[place / 9, colour] for place, colour in enumerate(_VIRIDIS)]


def step_field_figure(field: StepField) -> plain.Figure:
    """Learned step sizes, one heat map a layer: blue descends, amber climbs, on one scale that is symmetric about 0."""
    layers = len(field.layers)
    # A layer with one row or column would be a hair's breadth: each gets its share, and no less than an eighth.
    widths = [max(sizes.shape[1], sizes.shape[0] / 3, 8) for sizes in field.sizes]
    figure = plain.grid(1, max(1, layers), column_widths=widths, titles=field.layers, horizontal_spacing=0.1)
    figure.update_layout(style.base_figure("", "", height=360).properties)
    reach = max((float(np.abs(sizes).max()) for sizes in field.sizes), default=1.0) or 1.0
    for place, (layer, sizes) in enumerate(zip(field.layers, field.sizes, strict=True), start=1):
        figure.add_heatmap(
            z=sizes,
            zmin=-reach,
            zmax=reach,
            colorscale=_HALVES,
            showscale=place == layers,
            colorbar={"title": {"text": "α"}, "thickness": 12},
            hovertemplate=f"{layer}, input %{{y}}, unit %{{x}}: %{{z:.4f}}<extra></extra>",
            row=1,
            col=place,
        )
        figure.update_xaxes(title={"text": "unit"}, showgrid=False, nticks=4, row=1, col=place)
        figure.update_yaxes(autorange="reversed", showgrid=False, nticks=6, row=1, col=place)
    figure.update_yaxes(title={"text": "input (bias last)"}, row=1, col=1)
    figure.update_layout(margin={"t": 34})
    return figure


def paths_figure(paths: PathAgainstChord | None) -> plain.Figure:
    """Inner paths against their chords; on the dashed line, both are the same. None gives empty axes."""
    figure = style.base_figure("along the chord (share of its length)", "across it (share of its length)", height=340)
    if paths is None:
        return figure
    figure.add_scatter(
        x=[0, 1], y=[0, 0], mode="lines+markers", name="chord θ → θ_K", line={"color": style.TRUTH, "width": 3, "dash": "dash"}
    )
    colour = style.method_colour("reptile")
    for task, (along, across) in enumerate(zip(paths.along, paths.across, strict=True)):
        figure.add_scatter(
            x=along,
            y=across,
            mode="lines+markers",
            name="inner paths",
            legendgroup="paths",
            showlegend=task == 0,
            line={"color": style.faint(colour, 0.8), "width": 1.75},
            marker={"size": 5, "color": colour},
            hovertemplate=f"task {task + 1}: detour {paths.detour[task]:.3f}<extra></extra>",
        )
    return figure


def weights_figure(look: PlusPlusSchedule) -> plain.Figure:
    """What each step's loss counts for as MAML++ trains."""
    figure = style.base_figure("meta-iteration", "weight of the step's query loss", height=320)
    steps = look.weights.shape[1] - 1
    for step, tint in enumerate(style.step_colours(steps)):
        if step:
            line = {"color": tint, "width": 3 if step == steps else 1.75}
            figure.add_scatter(x=look.iterations, y=look.weights[:, step], name=f"step {step}", mode="lines", line=line)
    figure.update_yaxes(range=[-0.02, 1.05])
    return figure


def step_sizes_figure(look: PlusPlusSchedule) -> plain.Figure:
    """MAML++'s learned step sizes by array and step; none give empty axes."""
    figure = style.base_figure("inner step", "", height=320)
    if not look.step_sizes.size:
        return figure
    reach = float(np.abs(look.step_sizes).max()) or 1.0
    figure.add_heatmap(
        z=look.step_sizes,
        x=np.arange(1, look.step_sizes.shape[1] + 1),
        y=look.arrays,
        zmin=-reach,
        zmax=reach,
        colorscale=_HALVES,
        colorbar={"title": {"text": "α"}, "thickness": 12},
        hovertemplate="%{y}, step %{x}: %{z:.4f}<extra></extra>",
    )
    figure.update_xaxes(dtick=1, showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def change_figure(changes: Mapping[str, LayerChange]) -> plain.Figure:
    """How far each layer moves, by method: mean over tasks, with the middle half of the tasks. None give empty axes."""
    figure = style.base_figure("layer", "change / size before", height=340)
    for name, change in changes.items():
        mean = change.change.mean(axis=0)
        low, high = np.quantile(change.change, (0.25, 0.75), axis=0)
        reach = {"array": np.maximum(high - mean, 0), "arrayminus": np.maximum(mean - low, 0)}
        figure.add_bar(
            x=change.layers,
            y=mean,
            error_y={"type": "data", "thickness": 1.5, **reach},
            name=NAMES[name],
            marker={"color": style.method_colour(name)},
            hovertemplate=f"{NAMES[name]}, %{{x}}: %{{y:.3g}}<extra></extra>",
        )
    figure.update_layout(bargap=0.35, bargroupgap=0.08)
    return figure


def implicit_figure(error: ImplicitError | None) -> plain.Figure:
    """Errors over inner steps: the implicit gradient against the unrolled one."""
    figure = _error_axes("inner steps K")
    if error is not None:
        _error_line(figure, error.inner_steps, error.implicit, name="implicit", method="imaml")
        _error_line(figure, error.inner_steps, error.unrolled, name="unrolled", method="maml", dash=style.FIRST_ORDER)
    return figure


def cg_figure(error: ImplicitError | None) -> plain.Figure:
    """Error of the implicit gradient over conjugate-gradient steps."""
    figure = _error_axes("conjugate-gradient steps")
    if error is not None:
        _error_line(figure, error.cg_steps, error.by_cg, name="implicit", method="imaml")
    return figure


def _error_axes(x_title: str) -> plain.Figure:
    figure = style.base_figure(x_title, "relative error of the meta-gradient", height=320)
    figure.update_xaxes(type="log", tickvals=[1, 2, 4, 8, 16, 64, 256])
    figure.update_yaxes(type="log", exponentformat="power", dtick=1)
    return figure


def _error_line(
    figure: plain.Figure, x: np.ndarray, y: np.ndarray, *, name: str, method: str, dash: str = style.SECOND_ORDER
) -> None:
    line = {"color": style.method_colour(method), "width": 2.5, "dash": dash}
    y = np.where(y > 0, y, np.nan)
    figure.add_scatter(x=x, y=y, name=name, mode="lines+markers", line=line, hovertemplate="%{x}: %{y:.2e}")


def contexts_figure(contexts: ContextMap, values: np.ndarray | None, what: str, unit: str = "") -> plain.Figure:
    """Adapted contexts on their two main axes, coloured by what the learner has never been given.

    Args:
      contexts: one point a task.
      values: what colours them, `[tasks]`; None colours all alike.
      what: they are called.
      unit: theirs, where they have one.
    """
    figure = style.base_figure("first principal axis", "second principal axis", height=360)
    scale = {"thickness": 12, "title": {"text": f"{what}{f' ({unit})' if unit else ''}", "side": "right"}}
    marker = {"size": 7, "color": style.method_colour("cavia")}
    if values is not None:
        marker = {"size": 7, "color": values, "colorscale": _TENTHS, "colorbar": scale}
    figure.add_scatter(
        x=contexts.points[:, 0],
        y=contexts.points[:, 1],
        mode="markers",
        marker=marker,
        customdata=values,
        hovertemplate=f"{what} %{{marker.color:.2f}}<extra></extra>" if values is not None else None,
        showlegend=False,
    )
    return figure


def angles_figure(angles: np.ndarray) -> plain.Figure:
    """Angles between exact and first-order gradient in degrees, `[tasks]`; no finite ones give empty axes."""
    figure = style.base_figure("angle to the exact gradient (degrees)", "tasks", height=320)
    angles = angles[np.isfinite(angles)]
    if len(angles):
        colour = style.method_colour("fomaml")
        bins = {"start": 0, "end": 180, "size": 5}
        marker = {"color": style.faint(colour, 0.6), "line": {"color": colour, "width": 1}}
        hover = "%{x}°: %{y} tasks<extra></extra>"
        figure.add_trace(plain.trace("histogram", x=angles, xbins=bins, marker=marker, hovertemplate=hover, showlegend=False))
        figure.add_vline(x=float(np.median(angles)), line={"color": style.TRUTH, "width": 2, "dash": "dot"})
        figure.update_xaxes(range=[0, max(95.0, 1.1 * angles.max())], dtick=15)
    return figure


def solving_figure(
    x: np.ndarray,
    truth: np.ndarray,
    points: np.ndarray,
    *,
    before: np.ndarray,
    stepped: np.ndarray,
    solved: np.ndarray,
    k: int,
) -> plain.Figure:
    """One task under a method that steps and one that solves; no points give the curves alone.

    Args:
      x: `[n]`, in order.
      truth: `[n]`.
      points: `[2, shots]`, x and y of the support.
      before: `[n]`, before a step.
      stepped: `[n]`, after MAML's steps.
      solved: `[n]`, by R2-D2.
      k: how many steps those were.
    """
    figure = style.base_figure("x", "y", height=340)
    curves = (
        ("truth", truth, {"color": style.TRUTH, "width": 2}),
        ("MAML before", before, {"color": style.BEFORE, "width": 1.5, "dash": "dot"}),
        (f"MAML, {k} step{'' if k == 1 else 's'}", stepped, {"color": style.method_colour("maml"), "width": 2.5}),
        (f"{NAMES['r2d2']}, solved", solved, {"color": style.method_colour("r2d2"), "width": 2.5}),
    )
    for name, y, line in curves:
        figure.add_scatter(x=x, y=y, mode="lines", name=name, line=line)
    figure.add_scatter(
        x=points[0], y=points[1], mode="markers", name="support", marker={"color": style.POINTS, "size": 9, "symbol": "circle"}
    )
    if len(truth):  # curves that blew up do not hide the others
        low, high = float(truth.min()), float(truth.max())
        figure.update_yaxes(range=[low - 0.6 * (high - low), high + 0.6 * (high - low)])
    return figure
