"""What every page has in the browser beside its widgets: rules of style, and scripts; one text for all pages.

It comes at the end of Streamlit's document (`dashboard/server/document.py`).
"""

from pathlib import Path

from dashboard.components import paper
from dashboard.components.bundle import browser_module, style_sheet

HERE = Path(__file__).parent


def _scripts(*names: str) -> str:
    return "".join(f"(() => {{\n{browser_module(HERE / name)}}})();\n" for name in names)


CONTENT = f"""<style>{style_sheet(HERE / "every_page.css")}</style>
<script>{_scripts("visits.js", "charts.js", "taps.js")}</script>
{paper.PAPER}"""
