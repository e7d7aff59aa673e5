"""How a class has answered: a bar for each choice, or numbers as a histogram with their middle."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dashboard import escape
from dashboard.figures import plain, style

AIM, MAX_WHOLE = 12, 30  # bars of a histogram, about; whole numbers that lie so close have a bar each
LABEL = 22  # characters of a choice in a line


def choices_figure(counts: Mapping[float, int], choices: Sequence[str]) -> plain.Figure:
    """A bar for each choice, in their order from the top, with how many took it and their share.

    Args:
      counts: place of a choice, from 0 -> how many took it.
      choices: as the class reads them.
    """
    taken = np.array([counts.get(place, 0) for place in range(len(choices))])
    total = max(1, int(taken.sum()))
    figure = style.base_figure("answers", "", height=90 + 46 * len(choices))
    figure.add_bar(
        orientation="h",
        x=taken,
        y=np.arange(len(choices)),
        marker={"color": style.AFTER},
        text=[f"{count}  ({count / total:.0%})" if count else "0" for count in taken.tolist()],
        textposition="auto",
        hoverinfo="skip",
        width=0.7,
    )
    labels = ["<br>".join(escape.drawn(line) for line in textwrap.wrap(escape.short(choice), LABEL)) for choice in choices]
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(choices))), ticktext=labels, showgrid=False, range=[len(choices) - 0.4, -0.6]
    )
    figure.update_xaxes(**_count_axis(int(taken.max(initial=0))))
    return figure.update_layout(bargap=0.3)


def numbers_figure(
    counts: Mapping[float, int],
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    median: float = math.nan,
) -> plain.Figure:
    """A histogram of numbers, with a line at the middle one.

    Args:
      counts: number -> how many gave it.
      unit: of the numbers.
      low: the lowest that is taken, None for any: where both ends are given, all of the range is shown.
      high: the highest.
      median: where the line stands; NaN for none.
    """
    values = np.array(list(counts), dtype=float)
    edges = bins(values, low, high)
    heights, _ = np.histogram(values, edges, weights=list(counts.values()))
    figure = style.base_figure(f"answer ({escape.drawn(unit)})" if unit else "answer", "answers", height=320)
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=heights.astype(int),
        width=0.94 * np.diff(edges),
        marker={"color": style.AFTER},
        customdata=np.stack([edges[:-1], edges[1:]], axis=1),
        hovertemplate="from %{customdata[0]:.4g} to %{customdata[1]:.4g}: %{y}<extra></extra>",
    )
    if math.isfinite(median):
        figure.add_vline(median, line={"color": style.BEFORE, "width": 2, "dash": "dash"})
        label = {"text": f"median {median:.4g}", "font": {"color": style.BEFORE, "size": 14}, "showarrow": False}
        place = {"x": median, "xref": "x", "xanchor": "auto", "y": 1, "yref": "paper", "yanchor": "bottom"}
        figure.update_layout(annotations=[label | place], margin={"t": 28})
    figure.update_xaxes(range=[edges[0], edges[-1]], showgrid=False)
    figure.update_yaxes(**_count_axis(int(heights.max(initial=0))))
    return figure


def bins(values: np.ndarray, low: float | None = None, high: float | None = None) -> np.ndarray:
    """Edges of a histogram, `[bins + 1]`: round numbers apart, and whole numbers in the middle of theirs where they are few.

    Args:
      values: `[values]`, may be empty.
      low: lowest of the range that is taken, None for any.
      high: its highest.
    """
    every = values if low is None or high is None else np.append(values, [low, high])
    first, last = (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)
    if values.size and np.all(every == np.round(every)) and last - first <= MAX_WHOLE:
        return np.arange(first - 0.5, last + 1)
    span = (last - first) or max(1.0, abs(first))
    rough = span / AIM
    power = 10.0 ** math.floor(math.log10(rough))
    width = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= rough * (1 - 1e-9))
    begin, end = math.floor(first / width + 1e-9), math.ceil(last / width - 1e-9)
    edges = width * np.arange(begin, max(end, begin + 1) + 1)
    edges[0], edges[-1] = min(edges[0], first), max(edges[-1], last)  # else an answer on an end is lost by rounding
    return edges


def _count_axis(most: int) -> dict[str, Any]:
    """An axis of whole numbers that leaves room above the most."""
    return {"range": [0, max(4, most) * 1.15], "tickformat": "d", "dtick": None if most > 5 else 1}
