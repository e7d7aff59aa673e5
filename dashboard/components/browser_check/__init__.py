"""Asks the visitor's own browser: the sine bench's mathematics on one task, and how long a frame of it takes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent
BENCH = HERE.parent / "sine_bench"
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


# The bench's own mathematics, not a copy, and after it what runs and times it.
_BROWSER_CHECK = st.components.v2.component(
    "browser_check",
    html=(HERE / "check.html").read_text(encoding="utf-8"),
    css=(HERE / "check.css").read_text(encoding="utf-8"),
    js="\n".join(path.read_text(encoding="utf-8") for path in (BENCH / "network.js", HERE / "check.js")),
)
