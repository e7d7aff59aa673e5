"""Paper: how a page is laid out when it is printed, and the colours of what is saved; one rule for all pages."""

from pathlib import Path

from dashboard.components.bundle import browser_module

HERE = Path(__file__).parent

# HTML, part of `every_page`.
PAPER = f"""<style>{(HERE / "paper.css").read_text(encoding="utf-8")}</style>
<script>(() => {{
{browser_module(HERE / "page.js")}}})();</script>"""
