"""Paper: how a page is laid out when it is printed, and the colours of what is saved; one rule for all pages."""

from pathlib import Path

from dashboard.components.bundle import inline

HERE = Path(__file__).parent

# HTML, part of `every_page`.
PAPER = inline(HERE / "paper.css", HERE / "page.js")
