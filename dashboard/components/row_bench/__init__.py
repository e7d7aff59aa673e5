"""Known rows of a new task to drag, add and delete, in the data's units; Python predicts when the visitor lets go."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from dashboard import escape
from dashboard.components.bundle import browser_module
from dashboard.figures import style

HERE = Path(__file__).parent
MAX_POINTS = 100

Points = tuple[tuple[float, float], ...]


def row_bench(
    key: str,
    points: Points,
    curve: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    *,
    titles: tuple[str, str],
    on_points: Callable[[Points], None],
) -> None:
    """Shows the rows and the prediction.

    Args:
      key: one a page.
      points: (input, target) of each known row.
      curve: x, mean, low and high of the prediction, `[grid]` each.
      titles: of x and y.
      on_points: a callback with the points as the visitor left them, checked.
    """
    x, mean, low, high = (np.asarray(part, float) for part in curve)
    ys = np.concatenate([mean, low, high, [y for _, y in points]])
    ys = ys[np.isfinite(ys)]
    room = 0.1 * (np.ptp(ys) or 1.0)
    x_range = (float(x.min()), float(x.max()) if np.ptp(x) else float(x.min()) + 1.0)
    sent = {
        "points": [list(point) for point in points],
        "curve": [[float(v) if np.isfinite(v) else None for v in part] for part in (x, mean, low, high)],
        "x_range": list(x_range),
        "y_range": [float(ys.min() - room), float(ys.max() + room)],
        "titles": list(titles),
        "most": max(MAX_POINTS, len(points)),
        "colours": {"line": style.AFTER, "point": style.POINTS},
    }

    refused = f"{key}_refused"

    def take_in() -> None:
        try:
            on_points(checked(st.session_state[key].get("points")))
        except ValueError as error:
            st.session_state[refused] = str(error)

    _BENCH(key=key, data=sent, on_points_change=take_in)
    if sentence := st.session_state.pop(refused, None):
        st.warning(escape.sentence(sentence), icon=":material/warning:")


def checked(received: Any) -> Points:
    """Points as a browser sent them, which anybody can forge.

    Raises:
      ValueError: they are not 1 to `MAX_POINTS` pairs of numbers.
    """
    if not isinstance(received, list) or not 1 <= len(received) <= MAX_POINTS:
        found = f"{len(received)}" if isinstance(received, list) else "something else"
        raise ValueError(f"The picture must hold 1 to {MAX_POINTS} known rows, got {found}; the rows stay as they were.")
    for place, pair in enumerate(received, 1):
        if not isinstance(pair, list) or len(pair) != 2 or not all(map(_is_number, pair)):
            raise ValueError(f"Known row {place} of the picture must be two numbers below 1e12; the rows stay as they were.")
    return tuple((float(x), float(y)) for x, y in received)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and abs(value) < 1e12


_BENCH = st.components.v2.component(
    "row_bench",
    html='<div class="stage"><svg class="picture" aria-hidden="true"></svg></div><div class="below" inert>'
    '<button class="add">Add a row</button><span class="save" role="group" aria-label="Save the picture">'
    '<button data-save="svg">SVG</button><button data-save="png">PNG</button></span></div>',
    css=(HERE / "bench.css").read_text(encoding="utf-8"),
    js=browser_module(HERE / "index.js"),
)
