"""Tasks of pictures: support and queries side by side, right and wrong answers, and accuracy against the steps taken."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from dashboard import escape
from dashboard.figures import parts, plain, style
from dashboard.results import AccuracyCurve, PictureTask

RIGHT, WRONG = style.AFTER, style.WRONG
INK = "#7d8794"  # grey that both themes show on their own paper
ROOM = 0.16  # between pictures, as a share of one


class Look(NamedTuple):
    """Of a curve.

    colour: "#rrggbb".
    dash: as Plotly names it.
    """

    colour: str
    dash: str = "solid"


def letters(ways: int) -> str:
    """What classes are called: A, B, .."""
    return "".join(chr(ord("A") + way) for way in range(ways))


def support_figure(task: PictureTask, asked: int | None = None, *, height: int = 300) -> plain.Figure:
    """The support, a column a class; below it the query that is asked, larger.

    Args:
      task: its answers are not shown.
      asked: a query, from 0; None leaves it out.
      height: in pixels.
    """
    ways, shots = task.support.shape[:2]
    placed = [(task.support[way, shot], way, shot, 1.0) for way in range(ways) for shot in range(shots)]
    rows = float(shots)
    if asked is not None:
        rows, size = shots + 2.5, 2.0
        placed.append((task.query[asked], (ways - size) / 2, shots + 0.4, size))
    figure = _pictures(placed, columns=ways, rows=rows, height=height)
    names = [_name(letter, way + 0.5 - ROOM / 2, -0.08) for way, letter in enumerate(letters(ways))]
    return figure.update_layout(annotations=names)


def answers_figure(task: PictureTask, step: int) -> plain.Figure:
    """A row a class: its support, then its queries, framed by whether the learner is right, with what it took them for.

    Args:
      task: with the learner's answers.
      step: after which the learner answers.
    """
    ways, shots = task.support.shape[:2]
    names = letters(ways)
    height = min(84 * ways, 420 + 20 * ways)  # less for each class where these are many
    placed, shapes, annotations = [], [], []
    gap = shots + 0.5
    columns = gap
    for way in range(ways):
        placed += [(task.support[way, shot], shot, way, 1.0) for shot in range(shots)]
        annotations.append(_name(names[way], -0.1, way + 0.42, xanchor="right", yanchor="middle"))
        for column, query in enumerate(np.flatnonzero(task.truth == way)):
            x, answer = gap + column, task.answers[step, query]
            placed.append((task.query[query], x, way, 1.0))
            shapes.append(_frame(x, way, RIGHT if answer == way else WRONG, dash="solid" if answer == way else "dash"))
            if answer != way:
                annotations.append(_name(names[answer], x + 0.98 - ROOM, way, xanchor="right", yanchor="top", color=WRONG))
            columns = max(columns, x + 1)
    figure = _pictures(placed, columns=columns, rows=ways, height=height, left=0.5)
    return figure.update_layout(shapes=shapes, annotations=annotations)


def classes_figure(pictures: Mapping[str, np.ndarray], *, row: int = 46) -> plain.Figure:
    """Pictures of a visitor's classes, a row a class, its name behind.

    Args:
      pictures: by class, uint8 `[pictures, size, size]` with ink 255.
      row: height of one, in pixels.
    """
    names = [escape.drawn(name, 24) for name in pictures]
    placed = [
        (picture, place, way, 1.0) for way, of_class in enumerate(pictures.values()) for place, picture in enumerate(of_class)
    ]
    most = max((len(of_class) for of_class in pictures.values()), default=1)
    figure = _pictures(
        placed, columns=most + 0.5 + 0.24 * max(map(len, names), default=0), rows=len(names), height=row * (len(names) + 1)
    )
    return figure.update_layout(
        annotations=[
            _name(name, len(of_class) + 0.05, way + 0.42, xanchor="left", yanchor="middle")
            for way, (name, of_class) in enumerate(zip(names, pictures.values(), strict=True))
        ]
    )


def confusion_figure(task: PictureTask, step: int, *, height: int = 320) -> plain.Figure:
    """How many queries of each class were taken for which, after a step."""
    counts, names = task.confusion(step), list(letters(task.shares.shape[-1]))
    figure = style.base_figure("taken for", "class", height=height)
    figure.add_heatmap(
        x=names,
        y=names,
        z=counts,
        colorscale=[[0, style.faint(RIGHT, 0.04)], [1, style.faint(RIGHT, 0.75)]],
        showscale=False,
        texttemplate="%{z}",
        hovertemplate="%{y} taken for %{x}: %{z}<extra></extra>",
        xgap=2,
        ygap=2,
    )
    return figure.update_layout(xaxis={"type": "category"}, yaxis={"type": "category", "autorange": "reversed"}, dragmode=False)


def accuracy_figure(
    curves: Mapping[str, AccuracyCurve], looks: Mapping[str, Look], chance: float, *, height: int = 360
) -> plain.Figure:
    """Accuracy over tasks against the inner step with its 95 % interval, one curve a learner; no curves give empty axes.

    Args:
      curves: by the learner's name.
      looks: by the same names.
      chance: accuracy of whoever guesses, marked by a line.
      height: in pixels.
    """
    figure = style.base_figure("inner step", "right answers (%)", height=height)
    for name, curve in curves.items():
        step, (colour, dash) = np.arange(len(curve.mean)), looks[name]
        group = {"name": name, "legendgroup": name}
        mean, low, high = (100 * np.asarray(part) for part in (curve.mean, curve.low, curve.high))
        hover = "step %{x}: %{y:.1f} % (95 % from %{customdata[0]:.1f} to %{customdata[1]:.1f})"
        look = {"line": {"color": colour, "width": 2.5, "dash": dash}, "marker": {"size": 6}, "mode": "lines+markers"}
        figure.add_traces(
            [
                parts.band(step, low, high, fill=style.faint(colour), showlegend=False, **group),
                plain.scatter(x=step, y=mean, customdata=np.stack([low, high], 1), hovertemplate=hover, **look, **group),
            ]
        )
    edge = {"color": style.TRUTH, "width": 1, "dash": "dot"}
    line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 100 * chance, "y1": 100 * chance, "line": edge}
    return figure.update_layout(shapes=[line], xaxis={"rangemode": "tozero", "dtick": 1}, yaxis={"range": [0, 102]})


def _pictures(
    placed: Sequence[tuple[np.ndarray, float, float, float]], *, columns: float, rows: float, height: int, left: float = 0.0
) -> plain.Figure:
    """Pictures on axes without numbers, in units of one picture; (picture, x, y from the top, size) each."""
    figure = style.base_figure("", "", height=height)
    for picture, x, y, size in placed:
        side = len(picture)
        at = (np.arange(side) + 0.5) / side * (size - ROOM)
        figure.add_heatmap(
            x=x + at,
            y=y + at,
            z=picture,
            zmin=0,
            zmax=255,
            colorscale=[[0, style.faint(INK, 0.07)], [1, INK]],
            showscale=False,
            hoverinfo="skip",
        )
    bare = {"showgrid": False, "showticklabels": False, "fixedrange": True, "title": {"text": ""}}
    return figure.update_layout(
        dragmode=False,
        xaxis=bare | {"range": [-0.1 - left, columns], "constrain": "domain"},
        yaxis=bare | {"range": [rows, -0.4], "scaleanchor": "x", "constrain": "domain"},
    )


def _frame(x: float, y: float, colour: str, *, dash: str) -> dict:
    room = 0.03
    line = {"color": colour, "width": 2, "dash": dash}
    return {"type": "rect", "x0": x - room, "x1": x + 1 - ROOM + room, "y0": y - room, "y1": y + 1 - ROOM + room, "line": line}


def _name(text: str, x: float, y: float, **look) -> dict:
    font = {"size": 14} | ({"color": look.pop("color")} if "color" in look else {})
    place = {"xanchor": "center", "yanchor": "bottom"} | look
    return {"text": f"<b>{text}</b>", "x": x, "y": y, "showarrow": False, "font": font, **place}
