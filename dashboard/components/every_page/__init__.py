"""What every page has in the browser beside its widgets: rules of style, and scripts; one text for all pages.

It comes at the end of Streamlit's document (`dashboard/server/document.py`).
"""

from pathlib import Path

from dashboard.components import paper
from dashboard.components.bundle import inline

HERE = Path(__file__).parent

CONTENT = inline(HERE / "every_page.css", HERE / "visits.js", HERE / "charts.js", HERE / "taps.js") + paper.PAPER
