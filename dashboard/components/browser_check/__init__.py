"""Asks the visitor's own browser: the sine bench's mathematics on one task, and how long a frame of it takes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.components.bundle import browser_module

HERE = Path(__file__).parent
SHARED = HERE.parent / "shared"
FRAMES = 200


def browser_check(
    key: str, weights: Mapping[str, Any], points: Sequence[Sequence[float]], xs: Sequence[float], **task: float
) -> Any:
    """A button; once it was pressed, what the browser answers: `{"predictions": [...], "milliseconds": ...}`, unjudged.

    Args:
      key: one a page.
      weights: of the learner, as the bench sends them.
      points: support points, as x and y.
      xs: where to predict.
      task: `steps` and `inner_lr`.
    """
    data = {"weights": dict(weights), "points": list(points), "xs": list(xs), "frames": FRAMES, **task}
    return _BROWSER_CHECK(key=key, data=data, default={"answer": None}, on_answer_change=lambda: None).answer


# Its script imports the bench's own mathematics, not a copy.
_BROWSER_CHECK = st.components.v2.component(
    "browser_check",
    html=(HERE / "check.html").read_text(encoding="utf-8"),
    css=(SHARED / "button.css").read_text(encoding="utf-8"),
    js=browser_module(HERE / "index.js"),
)
