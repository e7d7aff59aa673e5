"""What is brushed on a chart of parallel axes: Plotly keeps it in the browser, where Streamlit's selections do not look."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.components.bundle import browser_module

HERE = Path(__file__).parent
MAX_RANGES = 20  # on one axis

Ranges = dict[str, list[tuple[float, float]]]


def axis_brush(key: str, chart: str, names: Mapping[str, str]) -> Ranges:
    """Listens to a chart, and gives the ranges that are brushed there by the name of their axis; a change runs the page.

    Args:
      key: one a chart; another one forgets what was brushed.
      chart: the chart's own key, on the same page, before it.
      names: label of an axis -> its name.
    """
    found = _AXIS_BRUSH(key=key, data=[{"chart": chart, "names": dict(names)}], on_brushed_change=lambda: None)
    return checked(found.get("brushed"), names.values())


def checked(said: Any, names: Any) -> Ranges:
    """What a browser says, as far as it can be: anybody can forge it."""
    known = set(names)
    if not isinstance(said, Mapping):
        return {}
    return {name: ranges for name, each in said.items() if name in known and (ranges := _ranges(each))}


def _ranges(said: Any) -> list[tuple[float, float]]:
    pairs = said[:MAX_RANGES] if isinstance(said, list) else []
    return [(float(pair[0]), float(pair[1])) for pair in pairs if isinstance(pair, list) and _is_range(pair)]


def _is_range(pair: list[Any]) -> bool:
    numbers = [end for end in pair if isinstance(end, int | float) and not isinstance(end, bool) and math.isfinite(end)]
    return len(pair) == len(numbers) == 2 and pair[0] <= pair[1]


_AXIS_BRUSH = st.components.v2.component(
    "axis_brush",
    html='<div class="axis-brush" hidden></div>\n',
    js=browser_module(HERE / "index.js"),
)
