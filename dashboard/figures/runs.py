"""Runs beside each other: their curves one over the other, and what was set beside what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dashboard import escape
from dashboard.figures import parts, plain, style
from dashboard.method_names import COLOURS, RANDOM

# Neighbours in the table are told apart; after these, colours come again.
RUN_COLOURS = (*(COLOURS[name] for name in ("maml", "mamlplusplus", "reptile", "metasgd", "imaml", "boil", "cavia", RANDOM)),)
BASELINE_LINE = {"width": 4, "dash": "dot"}
MAX_TICKS = 7  # on an axis of few values, each of which is marked


class Line(NamedTuple):
    """One run's curve.

    name: for the legend.
    iterations: `[n]`, where it was measured.
    losses: `[n]`, there.
    colour: the run's.
    is_baseline: whether the others are held against it.
    """

    name: str
    iterations: np.ndarray
    losses: np.ndarray
    colour: str
    is_baseline: bool = False


def overlay_figure(lines: Sequence[Line], y_title: str = "held-out loss after adapting") -> plain.Figure:
    """Held-out loss against meta-iterations, one line a run; no lines give empty axes.

    Args:
      lines: the runs.
      y_title: of the losses.
    """
    # A legend of long names has one of them, or two, in a row.
    figure = style.base_figure("meta-iteration", y_title, height=300 + 12 * len(lines), log_y=True)
    for line in lines:
        name = escape.drawn(line.name, 34)
        figure.add_scatter(
            x=line.iterations,
            y=line.losses,
            name=f"{name} (baseline)" if line.is_baseline else name,
            mode="lines" if len(line.losses) > 1 else "markers",
            line={"color": line.colour, "width": 2} | (BASELINE_LINE if line.is_baseline else {}),
            marker={"color": line.colour, "size": 8},
            hovertemplate=f"{name}: %{{y:.3g}} at %{{x:,}}<extra></extra>",
        )
    return figure


@dataclass(frozen=True, eq=False)
class Axis:
    """One of parallel axes.

    name: what a brush on it is told by.
    label: for the reader.
    values: `[runs]`; those of words are the places of `words`, and NaN where a run has none.
    words: by place, bottom up; none where the axis is of numbers.
    is_log: whether the places are of logarithms, because the numbers lie apart by more than a factor of ten.
    """

    name: str
    label: str
    values: np.ndarray
    words: Sequence[str] = ()
    is_log: bool = False

    @property
    def places(self) -> np.ndarray:
        """Where the runs lie on the axis, `[runs]`."""
        return np.log10(self.values) if self.is_log else self.values

    @property
    def drawn_places(self) -> np.ndarray:
        """The same for the picture, where what is not known lies below all else, `[runs]`."""
        places = self.places
        known = places[np.isfinite(places)]
        low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
        return np.where(np.isfinite(places), places, low - 0.1 * ((high - low) or 1.0))


def parallel_figure(axes: Sequence[Axis]) -> plain.Figure:
    """Parallel axes with one line a run, coloured by the last axis: low as after adapting, high as before it.

    Args:
      axes: of the same runs, at least two.
    """
    last = axes[-1].drawn_places
    colours = {"colorscale": [[0, style.AFTER], [0.5, style.BETWEEN], [1, style.BEFORE]], "showscale": False}
    trace = plain.trace(
        "parcoords",
        line={"color": last, "cmin": float(last.min()), "cmax": float(last.max()) or 1.0, **colours},
        dimensions=[_dimension(axis) for axis in axes],
        customdata=[list(row) for row in zip(*(_cells(axis) for axis in axes), strict=True)],  # for who saves the numbers
        unselected={"line": {"color": style.TRUTH, "opacity": 0.08}},
        labelfont={"size": 12},
        tickfont={"size": 12},
        rangefont={"size": 1, "color": "rgba(0,0,0,0)"},  # the ticks say it
    )
    layout = {
        "height": 270,
        "margin": {"l": _room_left(axes[0]), "r": 40, "t": 44, "b": 22},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "uirevision": "keep",
        "modebar": {"bgcolor": "rgba(0,0,0,0)"},
    }
    return plain.Figure(layout).add_trace(trace)


def _room_left(first: Axis) -> int:
    """Pixels for the words of the first axis, which stand to its left."""
    return max(44, 18 + 7 * max((min(16, len(word)) for word in first.words), default=0))


def _cells(axis: Axis) -> list:
    """What the runs have on an axis, as it is written: words or numbers; None for what is not known."""
    known = np.isfinite(axis.values)
    cells = [
        axis.words[int(value)] if axis.words and is_known else value
        for value, is_known in zip(axis.values.tolist(), known, strict=True)
    ]
    return [cell if is_known else None for cell, is_known in zip(cells, known, strict=True)]


def _dimension(axis: Axis) -> dict:
    places = axis.drawn_places
    low, high = float(places.min()), float(places.max())
    room = 0.5 if axis.words else 0.04 * (high - low) or 0.5
    marks, texts = _ticks(axis)
    missing = not np.isfinite(axis.places).all()
    if missing:
        marks, texts = [low, *marks], ["none", *texts]
    return {
        "label": axis.label,
        "values": places,
        "range": [low - room, high + room],
        "tickvals": marks,
        "ticktext": texts,
    }


def _ticks(axis: Axis) -> tuple[list[float], list[str]]:
    """Every value where there are few, else round numbers."""
    if axis.words:
        return list(range(len(axis.words))), [escape.drawn(word, 16) for word in axis.words]
    known = np.unique(axis.values[np.isfinite(axis.values)])
    if len(known) > MAX_TICKS:
        known = _round_numbers(known[0], known[-1], is_log=axis.is_log)
    places = np.log10(known) if axis.is_log else known
    return [float(place) for place in places], [_spelled(value) for value in known]


def _spelled(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:.3g}"


def _round_numbers(low: float, high: float, *, is_log: bool) -> np.ndarray:
    if is_log:
        digits = (1, 2, 5) if high / low < 300 else (1,)
        powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        marks = np.array([digit * 10.0**power for power in powers for digit in digits])
    else:
        power = 10.0 ** np.floor(np.log10((high - low) / 4))
        step = next(digit * power for digit in (1, 2, 5, 10) if (high - low) / (digit * power) <= 6)
        marks = step * np.arange(np.ceil(low / step), np.floor(high / step) + 1)
    return marks[(marks >= low * (1 - 1e-9)) & (marks <= high * (1 + 1e-9))]


def describe_axes(axes: Sequence[Axis]) -> str:
    """What somebody who does not see the parallel axes should know."""
    return ", ".join(f"{axis.label} ({', '.join(axis.words)})" if axis.words else _from_to(axis) for axis in axes)


def _from_to(axis: Axis) -> str:
    known = axis.values[np.isfinite(axis.values)]
    return f"{axis.label} ({known.min():g} to {known.max():g})" if len(known) else axis.label


def steps_title(steps: Sequence[int]) -> str:
    """The title of an axis of held-out losses, by the inner steps of each run."""
    found = set(steps)
    return f"held-out loss {parts.after_steps(found.pop())}" if len(found) == 1 else "held-out loss after adapting"
