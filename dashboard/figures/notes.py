"""Figures of the Notes page: errors beside what is allowed, and printed numbers beside ours."""

import textwrap
from collections.abc import Sequence

import numpy as np

from dashboard.figures import plain
from dashboard.figures.style import AFTER, TRUTH, WRONG, base_figure

LABEL = 26  # characters on one line: a long one would take a phone's whole width
MIN_ERROR = 1e-17  # where an error of 0 is drawn; 64 bits have no relative error between


def board_figure(labels: Sequence[str], errors: Sequence[float], tolerances: Sequence[float]) -> plain.Figure:
    """Each check's error as a dot and what is allowed as a bar, on one logarithmic axis; none gives empty axes."""
    figure = base_figure("error (0 is drawn at 1e-17)", "", height=90 + 24 * len(labels))
    shown = np.clip(np.nan_to_num(np.asarray(errors, float), nan=np.inf), MIN_ERROR, 1.0)
    allowed = np.clip(np.asarray(tolerances, float), MIN_ERROR, None)
    is_good = [error <= tolerance for error, tolerance in zip(errors, tolerances, strict=True)]
    for error, tolerance, label in zip(shown, allowed, labels, strict=True):
        figure.add_scatter(
            x=[error, tolerance], y=[label, label], mode="lines", line={"color": TRUTH, "width": 1}, showlegend=False,
            hoverinfo="skip", name=label,
        )  # fmt: skip
    figure.add_scatter(
        x=allowed,
        y=list(labels),
        mode="markers",
        name="allowed",
        marker={"symbol": "line-ns-open", "size": 14, "color": TRUTH, "line": {"width": 3}},
        hovertemplate="%{y}: allowed %{x:.0e}<extra></extra>",
    )
    figure.add_scatter(
        x=shown,
        y=list(labels),
        mode="markers",
        name="measured",
        marker={"size": 10, "color": [AFTER if good else WRONG for good in is_good]},
        customdata=list(errors),
        hovertemplate="%{y}: measured %{customdata:.1e}<extra></extra>",
    )
    figure.update_xaxes(type="log", exponentformat="e", dtick=8, tickangle=0)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return figure


def published_figure(
    labels: Sequence[str],
    published: Sequence[float],
    margins: Sequence[float | None],
    ours: Sequence[tuple[float, float, float]],
) -> plain.Figure:
    """Printed losses, open diamonds with 95 % intervals, and ours, dots from the lowest to the highest seed; lower is better.

    Args:
      labels: one a line.
      published: the printed losses.
      margins: half-widths of the printed 95 % intervals, None where none is printed.
      ours: mean, lowest and highest of each.
    """
    figure = base_figure("query loss<br>(MSE)", "", height=90 + 26 * len(labels))
    mean, low, high = np.array(ours, float).reshape(-1, 3).T
    figure.add_scatter(
        x=list(published),
        y=list(labels),
        mode="markers",
        name="printed",
        marker={"symbol": "diamond-open", "size": 11, "color": TRUTH, "line": {"width": 2}},
        error_x={"type": "data", "array": [margin or 0 for margin in margins], "color": TRUTH, "thickness": 1.5},
    )
    figure.add_scatter(
        x=mean,
        y=list(labels),
        mode="markers",
        name="ours",
        marker={"size": 10, "color": AFTER},
        error_x={"type": "data", "array": high - mean, "arrayminus": mean - low, "color": AFTER, "thickness": 2},
    )
    figure.update_xaxes(rangemode="tozero")
    broken = ["<br>".join(textwrap.wrap(label, LABEL)) for label in labels]
    figure.update_yaxes(
        type="category", autorange="reversed", showgrid=False, tickmode="array", tickvals=list(labels), ticktext=broken
    )
    return figure
