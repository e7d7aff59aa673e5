"""Methods side by side: loss against budget, paired differences, the same tasks under each. Numbers in, figures out."""

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.figures import parts, plain, style
from dashboard.method_names import NAMES, ORACLE, PRETRAINED, RANDOM, ZERO_SHOT
from dashboard.results import Band, Difference, Fit, Row

AXES = {
    "iterations": "meta-iterations",
    "gradients": "gradients of a task's loss",
    "seconds": "seconds of training, a run",
}
# Losses that a curve's axis makes room for.
MIN_DRAWN, MAX_DRAWN = 1e-3, 1e3
# What is no method: a line across, in its own dash.
REFERENCES = {RANDOM: "dashdot", ZERO_SHOT: "dot", ORACLE: "dash", PRETRAINED: "dashdot"}
_DASHES = {"fomaml": style.FIRST_ORDER}


def colour(name: str) -> str:
    """A name's colour, the same on every page; what only marks a bound is grey."""
    return style.method_colour(name)


def loss_title(k: int) -> str:
    """The axis of a loss after `k` steps."""
    return f"loss after {k} step{'' if k == 1 else 's'} (MSE, units of y²)"


def budget_figure(
    bands: Mapping[str, Band], references: Mapping[str, float], against: str, k: int, *, reach: float | None = None
) -> plain.Figure:
    """Loss after `k` steps while training, one line a method with the range of its seeds; references lie across.

    Args:
      bands: by the method's name.
      references: a loss by name.
      against: what x is, one of `AXES`.
      k: inner steps.
      reach: how far the axis goes, so that it does not move as training goes on.
    """
    figure = style.base_figure(AXES[against], loss_title(k), height=420, log_y=True)
    furthest = max([reach or 0.0, *(band.x[-1] for band in bands.values() if len(band.x))])
    for name, loss in references.items():
        line = {"color": colour(name), "width": 1.5, "dash": REFERENCES.get(name, "dot")}
        figure.add_scatter(
            x=[0, furthest or 1], y=[loss, loss], name=NAMES[name], mode="lines", line=line, hovertemplate="%{y:.3g}"
        )
    for name, band in bands.items():
        seen = np.isfinite(band.mean) & (band.mean > 0)
        x, low, high = band.x[seen], band.low[seen], band.high[seen]
        if np.any(high > low):
            group = {"name": NAMES[name], "legendgroup": name, "showlegend": False}
            figure.add_trace(parts.band(x, low, high, fill=style.faint(colour(name), 0.15), **group))
        figure.add_scatter(
            x=x,
            y=band.mean[seen],
            name=NAMES[name],
            legendgroup=name,
            mode="lines+markers" if seen.sum() == 1 else "lines",
            line={"color": colour(name), "width": 2.5, "dash": _DASHES.get(name, style.SECOND_ORDER)},
            hovertemplate="%{y:.3g} at %{x:,.4~g}",
        )
    if furthest:
        figure.update_xaxes(range=[-0.01 * furthest, 1.02 * furthest])
    # An oracle without noise is right to the last digit: on one axis with it, the methods would be one line.
    drawn = np.concatenate([list(references.values()), *(np.r_[band.low, band.high] for band in bands.values())])
    drawn = drawn[np.isfinite(drawn) & (drawn > MIN_DRAWN) & (drawn < MAX_DRAWN)]
    if drawn.size:
        figure.update_yaxes(range=[np.log10(drawn.min()) - 0.1, np.log10(drawn.max()) + 0.1])
    return figure


def losses_figure(rows: Sequence[Row], k: int) -> plain.Figure:
    """Mean loss after `k` steps with its 95 % interval, one row a name, best on top; no rows give empty axes."""
    figure = style.base_figure(loss_title(k), "", height=110 + 34 * max(1, len(rows)))
    rows = [row for row in rows if np.isfinite(row.mean)][::-1]
    _dots(figure, rows, "%{y}: %{x:.3g}")
    if highs := [row.high for row in rows if np.isfinite(row.high)]:
        figure.update_xaxes(range=[-0.02 * max(highs), 1.05 * max(highs)])  # from 0, whose dot is seen whole
    return figure


def differences_figure(rows: Sequence[Difference], pinned: str, k: int) -> plain.Figure:
    """Paired differences to `pinned` with their 95 % intervals; left of the line is better than it. No rows: empty axes."""
    title = f"loss after {k}, minus {NAMES[pinned]}'s (MSE)"
    figure = style.base_figure(title, "", height=110 + 34 * max(1, len(rows)))
    rows = [row for row in rows if np.isfinite(row.mean)][::-1]
    _dots(figure, rows, "%{y}: %{x:+.3g}")
    figure.add_vline(x=0, line={"color": colour(pinned), "width": 2, "dash": "dot"})
    return figure


def label_of(row: Row | Difference) -> str:
    """A name, and whether it was ranked before it had learned."""
    return NAMES[row.name] if getattr(row, "is_converged", True) else f"{NAMES[row.name]}<br>not converged"


def _dots(figure: plain.Figure, rows: Sequence[Row | Difference], hover: str) -> None:
    parts.label_axis(figure, [label_of(row) for row in rows])
    for row in rows:
        look = {"colour": colour(row.name), "marker": {"size": 10}, "hovertemplate": hover + "<extra></extra>"}
        label = label_of(row)
        figure.add_trace(parts.dot_with_interval(label, row.mean, row.low, row.high, name=label, **look))


def tasks_figure(fits: Mapping[str, Sequence[Fit]], k: int) -> plain.Figure:
    """The same tasks as small multiples: the truth in grey, its points, and each method after `k` steps in its colour."""
    tasks = max((len(some) for some in fits.values()), default=0)
    truths = next(iter(fits.values()), ())
    limit = max([1.0, *(1.25 * float(np.abs(fit.truth).max()) for fit in truths)])
    look = {"row_height": 140, "room": 70, "spacing": 0.03, "y_limit": limit, "x_marks": (-4, 0, 4)}
    figure = parts.small_multiples(tasks, columns=parts.COLUMNS, **look)
    for task, one in enumerate(truths):
        place = parts.cell(task)
        shown = {"legendgroup": "truth", "showlegend": task == 0, "hoverinfo": "skip"}
        figure.add_scatter(
            x=one.x, y=one.truth, mode="lines", name="truth", line={"color": style.TRUTH, "width": 3.5}, **shown, **place
        )
        for name, some in fits.items():
            fit = some[task]
            figure.add_scatter(
                x=fit.x,
                y=fit.path[k],
                mode="lines",
                name=NAMES[name],
                legendgroup=name,
                showlegend=task == 0,
                line={"color": colour(name), "width": 2, "dash": _DASHES.get(name, style.SECOND_ORDER)},
                hovertemplate=f"{NAMES[name]}, loss {fit.loss[k]:.3g}<extra></extra>",
                **place,
            )
        points = parts.point_marker(6, colour=style.TRUTH)
        figure.add_scatter(
            x=one.support_x,
            y=one.support_y,
            mode="markers",
            name="support points",
            marker=points,
            legendgroup="support",
            showlegend=task == 0,
            hoverinfo="skip",
            **place,
        )
    return figure
