"""The drawing pad: symbols that a visitor draws, and a learner that adapts to them in the browser while the pen is down.

The learner's weights travel once (`weights.py`); the browser adapts and ranks (`adapting.js`, `conv4.js`). Drawings are kept in
the browser's storage; when the pen has rested, Python hears of them. Imports no engine, so that a page can show the pad before
the engine is loaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import escape
from dashboard.components.apart import Apart
from dashboard.components.bundle import browser_module
from dashboard.components.drawing_pad.strokes import Drawings, checked
from dashboard.figures import style

__all__ = ["Drawings", "Subject", "drawing_pad"]

HERE = Path(__file__).parent
WIDGET = "_widget_"  # beside the page's own key


@dataclass(frozen=True, eq=False)
class Subject:
    """The learner that adapts to the drawings.

    label: for the reader.
    weights: what the browser computes with (`weights.weights`); None where it cannot.
    why: one sentence that says why.
    """

    label: str
    weights: Mapping[str, Any] | None
    why: str = ""


def drawing_pad(key: str, subject: Subject, *, given: tuple[str, Drawings] | None = None) -> Drawings | None:
    """Shows the pad and gives back what is drawn on it.

    Args:
      key: one a page.
      subject: who adapts.
      given: drawings that the visitor has brought back, and a name that tells them from others: each is taken over once.

    Returns:
      The drawings as of when the pen last rested; None before the visitor has drawn any.
    """
    received = _received(key)
    number, held = received.get("number"), received.get("holds")
    weights = subject.weights
    sent = {
        "learner": {"digest": weights["digest"] if weights else None, "label": subject.label, "why": subject.why},
        "weights": None if weights is None or (isinstance(held, list) and weights["digest"] in held[:100]) else dict(weights),
        "seen": number if type(number) is int else 0,
        "given": given and {"id": given[0], "drawings": given[1].sent()},
        "colours": {"before": style.BEFORE, "after": style.AFTER, "right": style.AFTER, "wrong": style.WRONG},
    }
    _SCRIPT.send()
    _PAD(key=WIDGET + key, data=[sent], on_drawn_change=lambda: None)
    try:
        return checked(received["drawings"]) if "drawings" in received else None
    except ValueError as error:
        st.warning(escape.sentence(error), icon=":material/warning:")
        return None


def _received(key: str) -> dict[str, Any]:
    """What the browser sent last; anybody can forge it."""
    state = st.session_state.get(WIDGET + key) or {}
    drawn = state.get("drawn")
    return drawn if isinstance(drawn, dict) else {}


_SCRIPT = Apart("drawing_pad", browser_module(HERE / "index.js"))
_PAD = st.components.v2.component(
    "drawing_pad",
    html=(HERE / "pad.html").read_text(encoding="utf-8"),
    css=(HERE / "pad.css").read_text(encoding="utf-8"),
    js=_SCRIPT.caller,
)
