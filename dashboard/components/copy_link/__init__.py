"""A button that copies the page's address, which holds all that the page needs to come back."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from dashboard.components.bundle import browser_module, style_sheet

HERE = Path(__file__).parent
SHARED = HERE.parent / "shared"


def copy_link(key: str, always: Mapping[str, str], without: Sequence[str]) -> None:
    """Shows the button.

    Args:
      key: one a page.
      always: what a link holds beside all else, as its version.
      without: names in the address that are none of the app's.
    """
    _COPY_LINK(key=key, data=[{"always": dict(always), "without": list(without)}], width="content")


_COPY_LINK = st.components.v2.component(
    "copy_link",
    html=(HERE / "copy.html").read_text(encoding="utf-8"),
    css=style_sheet(SHARED / "button.css", HERE / "copy.css"),
    js=browser_module(HERE / "index.js"),
)
