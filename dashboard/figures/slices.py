"""A plane through the real network's parameter space: losses as contours or as a surface, and what lies in it."""

from typing import NamedTuple

import numpy as np

from dashboard.figures import plain, style
from dashboard.results import AdaptationSlice, TrainingSlice
from maml_engine.analysis.loss_slices import Slice

X_TITLE, Y_TITLE = "along (units of the parameters)", "across (the same)"
HEIGHT = 560
# Low to high, readable on both themes.
_SHADES = [[0, "#eaf2fc"], [0.35, "#9cc3f3"], [0.7, style.AFTER], [1, "#1c4b91"]]


def losses(cut: Slice, what: str) -> np.ndarray:
    """`[rows, columns]`: "first", "second" task's loss before adapting, the mean of "both", or of both "after" adapting."""
    return {"first": cut.before[0], "second": cut.before[1], "both": cut.before.mean(0), "after": cut.after.mean(0)}[what]


def adapting_figure(adapting: AdaptationSlice, what: str, *, surface: bool) -> plain.Figure:
    """Theta, and the paths from it to both tasks' adapted parameters, over one of the losses."""
    ground = _ground(adapting.losses, what, surface=surface)
    for number, path in enumerate(adapting.paths, start=1):
        _add_path(ground, path, f"steps of task {number}", style.AFTER)
        _add_mark(ground, path[-1], f"θ′{_subscript(number)}", style.AFTER)
    _add_mark(ground, adapting.paths[0, 0], "θ", style.BEFORE)
    return ground.figure


def training_figure(training: TrainingSlice, what: str, *, surface: bool) -> plain.Figure:
    """Theta's path through training, over one of the losses; none of them moves with it, as the tasks are fixed."""
    ground = _ground(training.losses, what, surface=surface)
    _add_path(ground, training.path, "θ in training", style.BEFORE)
    _add_mark(ground, training.path[0], "random start", style.method_colour("random"))
    _add_mark(ground, training.path[-1], "θ, trained", style.method_colour("maml"))
    return ground.figure


class _Ground(NamedTuple):
    """One of the losses, drawn.

    figure: with the loss as contours or as a surface.
    cut: where it was computed.
    heights: the surface's, `[rows, columns]`; None for contours.
    """

    figure: plain.Figure
    cut: Slice
    heights: np.ndarray | None

    def under(self, points: np.ndarray) -> np.ndarray:
        """The surface's height at points `[n, 2]`, between grid points by straight lines, and a little above it: `[n]`."""
        cut, heights = self.cut, self.heights
        column, row = (np.interp(points[:, axis], each, np.arange(len(each))) for axis, each in enumerate((cut.x, cut.y)))
        left, below = np.minimum(column.astype(int), len(cut.x) - 2), np.minimum(row.astype(int), len(cut.y) - 2)
        right, up = column - left, row - below
        low = heights[below, left] * (1 - right) + heights[below, left + 1] * right
        high = heights[below + 1, left] * (1 - right) + heights[below + 1, left + 1] * right
        return low * (1 - up) + high * up + 0.01 * np.nanmax(np.ptp(heights))


def _ground(cut: Slice, what: str, *, surface: bool) -> _Ground:
    values = losses(cut, what)
    heights = _log(values)
    figure = style.base_figure(X_TITLE, Y_TITLE, height=HEIGHT)
    if surface:
        surface_trace = plain.trace(
            "surface", x=cut.x, y=cut.y, z=heights, customdata=values, colorscale=_SHADES, showscale=False,
            hovertemplate="loss %{customdata:.3g}<extra></extra>",
        )  # fmt: skip
        figure.add_trace(surface_trace)
        quiet = {"backgroundcolor": "rgba(0,0,0,0)", "gridcolor": style.faint(style.TRUTH, 0.4), "showspikes": False}
        figure.update_layout(
            scene={
                "xaxis": {"title": {"text": "along"}, **quiet},
                "yaxis": {"title": {"text": "across"}, **quiet},
                "zaxis": {"title": {"text": "loss"}, **quiet, **_log_ticks(heights)},
                "camera": {"eye": {"x": 1.2, "y": -1.4, "z": 1.0}},
                "aspectratio": {"x": 1, "y": 1, "z": 0.65},
            }
        )
        return _Ground(figure, cut, heights)
    below = {"orientation": "h", "y": -0.16, "yanchor": "top", "thickness": 10, "outlinewidth": 0}
    bar = {"title": {"text": "loss", "side": "bottom"}, **below, **_log_ticks(heights)}
    contours = plain.trace(
        "contour", x=cut.x, y=cut.y, z=heights, customdata=values, colorscale=_SHADES, opacity=0.75, ncontours=18, colorbar=bar,
        line={"color": style.faint(style.AFTER, 0.6), "width": 1}, hovertemplate="loss %{customdata:.3g}<extra></extra>",
    )  # fmt: skip
    figure.add_trace(contours)
    figure.update_yaxes(scaleanchor="x", constrain="domain", showgrid=False)
    figure.update_xaxes(constrain="domain", showgrid=False)
    return _Ground(figure, cut, None)


def _add_path(ground: _Ground, path: np.ndarray, name: str, colour: str) -> None:
    x, y = path.T
    shared = {"x": x, "y": y, "mode": "lines+markers", "name": name, "hoverinfo": "name", "showlegend": False}
    if ground.heights is not None:
        line, marker = {"color": colour, "width": 5}, {"color": colour, "size": 2.5}
        ground.figure.add_trace(plain.trace("scatter3d", **shared, z=ground.under(path), line=line, marker=marker))
    else:
        line, marker = {"color": colour, "width": 2.5}, {"color": colour, "size": 5}
        ground.figure.add_scatter(**shared, line=line, marker=marker)


def _add_mark(ground: _Ground, point: np.ndarray, name: str, colour: str) -> None:
    marker = {"color": colour, "line": {"color": "white", "width": 2}}
    shared = {
        **{"x": point[:1], "y": point[1:], "mode": "markers+text", "name": name, "hoverinfo": "name", "showlegend": False},
        **{"text": [name], "textposition": "top center", "textfont": {"size": 15}},
    }
    if ground.heights is not None:
        ground.figure.add_trace(plain.trace("scatter3d", **shared, z=ground.under(point[None]), marker={**marker, "size": 6}))
    else:
        ground.figure.add_scatter(**shared, marker={**marker, "size": 14})


def _log(values: np.ndarray) -> np.ndarray:
    """Powers of ten; NaN where a loss is no number."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(values), np.log10(np.maximum(values, 1e-6)), np.nan)


def _log_ticks(heights: np.ndarray) -> dict:
    low, high = np.nanmin(heights), np.nanmax(heights)
    shown = [mark for mark in style.log_marks(-6, 7)["tickvals"] if low - 0.05 <= np.log10(mark) <= high + 0.05]
    return {"tickvals": np.log10(shown), "ticktext": [f"{mark:g}" for mark in shown]}


def _subscript(number: int) -> str:
    return "₀₁₂₃₄₅₆₇₈₉"[number]
