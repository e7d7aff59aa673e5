"""Two buttons that save a chart of the page as a picture, PNG or SVG, dark on white; the browser draws it, nothing is sent."""

from pathlib import Path

import streamlit as st

from dashboard.components.bundle import browser_module, style_sheet

HERE = Path(__file__).parent
SHARED = HERE.parent / "shared"


def save_picture(key: str, chart: str, filename: str, *, width: int, height: int, caption: str = "") -> None:
    """Shows the buttons.

    Args:
      key: one a chart.
      chart: the chart's own key, on the same page.
      filename: without its ending.
      width: of the picture, in pixels; a PNG has twice as many.
      height: the same.
      caption: what the picture is of, written below it; plain text.
    """
    data = {"chart": chart, "filename": filename, "width": width, "height": height, "caption": caption}
    _SAVE_PICTURE(key=key, data=[data])


_SAVE_PICTURE = st.components.v2.component(
    "save_picture",
    html=(HERE / "save.html").read_text(encoding="utf-8"),
    css=style_sheet(SHARED / "button.css", HERE / "save.css"),
    js=browser_module(HERE / "index.js"),
)
