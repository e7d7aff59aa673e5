"""Numbers and sentences that hang on what a switch of the page has chosen: the browser has those of all choices."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.components.bundle import browser_module, style_sheet
from dashboard.components.switch import Control, spell

HERE = Path(__file__).parent


def switched_text(key: str, by: Sequence[Control], texts: Mapping[tuple[Any, ...], str | Sequence[Sequence[str]]]) -> None:
    """Shows a text that hangs on what is chosen.

    Args:
      key: one a page.
      by: the controls.
      texts: by their values, one after the other: a sentence, in which `**` may stand around what is strong, or numbers, each
        with what it is, how much, and what to say below.
    """
    spelled = {spell(values): text for values, text in texts.items()}
    _TEXT(key=key, data=[{"controls": [control.sent for control in by], "texts": spelled}])


_TEXT = st.components.v2.component(
    "switched_text",
    html='<div class="text"></div>',
    css=style_sheet(HERE / "text.css"),
    js=browser_module(HERE / "index.js"),
)
