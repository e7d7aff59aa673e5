"""What colours and lines mean, the same on every page and readable on both themes; and the layout that all figures share."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from dashboard import escape
from dashboard.figures import plain
from dashboard.method_names import COLOURS

TRUTH = "#8a9099"
BEFORE = "#d98310"
AFTER = COLOURS["maml"]  # the method that a page shows before another is chosen

POINTS = "#d1495b"  # on which a learner adapts
WRONG = "#d1495b"  # what must not be, and where it begins

# A visitor's own learners beside the shipped ones, whose methods' colours are taken.
OWN_COLOURS = ("#0f9d76", "#d6498f", "#8d8f1f")

# Second order solid, first order dashed.
SECOND_ORDER, FIRST_ORDER = "solid", "dash"

# Inner steps go from before to after, past a colour that neither truth nor a method's start has.
BETWEEN = "#c25a86"
_STEP_COLOURS = (BEFORE, BETWEEN, AFTER)
GRID = "rgba(128, 134, 145, 0.22)"


def method_colour(name: str) -> str:
    """The colour of a method or baseline; one that has none yet gets truth's grey."""
    return COLOURS.get(name, TRUTH)


def faint(colour: str, opacity: float = 0.18) -> str:
    """`colour` ("#rrggbb") for bands and for what lies behind."""
    red, green, blue = _channels(colour)
    return f"rgba({red}, {green}, {blue}, {opacity})"


def step_colours(inner_steps: int) -> list[str]:
    """One colour for each of the steps 0 .. `inner_steps`: before, then from halfway to after."""
    return [BEFORE, *(_between(0.5 + 0.5 * (step - 1) / max(1, inner_steps - 1)) for step in range(1, inner_steps))] + (
        [AFTER] if inner_steps > 0 else []
    )


def base_figure(x_title: str, y_title: str, *, height: int = 320, log_y: bool = False) -> plain.Figure:
    """Empty axes in the house's layout: transparent, legend above, margins that leave room at 390 px.

    Args:
      x_title: with its unit where there is one.
      y_title: the same.
      height: in pixels.
      log_y: a logarithmic y axis.
    """
    axis = {"gridcolor": GRID, "zeroline": False, "automargin": True, "ticks": ""}
    figure = plain.Figure(
        {
            "height": height,
            "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "xanchor": "left", "x": 0},
            "hovermode": "closest",
            "uirevision": "keep",
            "modebar": {"bgcolor": "rgba(0,0,0,0)"},
            "xaxis": _title(x_title) | axis,
            "yaxis": _title(y_title) | axis | {"type": "log" if log_y else "linear"},
        }
    )
    if log_y:
        # One, two, five of each power of ten: labels of their own size, which Plotly would give to every digit otherwise.
        figure.update_yaxes(tickmode="array", minor={"showgrid": False}, **log_marks(-8, 8))
    return figure


def _title(text: str) -> dict[str, Any]:
    """An axis's title; an empty one would take room as well."""
    return {"title": {"text": text, "standoff": 8}} if text else {}


def named(figure: plain.Figure, words: str) -> plain.Figure:
    """The figure with what it is of at its foot, for a file that stands alone.

    Args:
      figure: changed in place.
      words: plain text.
    """
    place = {"x": 0, "xref": "container", "xanchor": "left", "y": 0, "yref": "container", "yanchor": "bottom"}
    look = {"pad": {"l": 8, "b": 8}, "font": {"size": 12}, "automargin": True}
    return figure.update_layout(title={"text": escape.drawn(words, 300), **place, **look})


def as_dates(days: Iterable[float]) -> list[str | None]:
    """Days since 1970 as Plotly takes dates; None, a gap, for NaN."""
    return [None if np.isnan(day) else str(np.datetime64(round(day * 86400), "s")) for day in days]


def log_marks(lowest: int, highest: int) -> dict[str, list]:
    """Places and labels of a logarithmic axis: 1, 2 and 5 times each power of ten from `lowest` to `highest`."""
    marks = [digit * 10.0**power for power in range(lowest, highest + 1) for digit in (1, 2, 5)]
    return {"tickvals": marks, "ticktext": [f"{mark:g}" for mark in marks]}


def _between(share: float) -> str:
    """The colour at `share` in [0, 1] of the way from before to after."""
    position = share * (len(_STEP_COLOURS) - 1)
    index = min(int(position), len(_STEP_COLOURS) - 2)
    start, end = _channels(_STEP_COLOURS[index]), _channels(_STEP_COLOURS[index + 1])
    mixed = (round(low + (high - low) * (position - index)) for low, high in zip(start, end, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _channels(colour: str) -> tuple[int, int, int]:
    return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))
