"""What every page gets, as HTML takes it: one text, whose parts nothing inside of them ends."""

import re
from html.parser import HTMLParser

from dashboard.components import every_page


class Parts(HTMLParser):
    """The elements of a text, and what stands between them."""

    def __init__(self):
        super().__init__()
        self.found, self.strange = [], []

    def handle_starttag(self, tag, attrs):
        self.found.append([tag, ""])

    def handle_data(self, data):
        if self.lasttag and self.cdata_elem:
            self.found[-1][1] += data
        elif data.strip():
            self.strange.append(data)


def test_it_is_styles_and_scripts_and_nothing_else():
    parts = Parts()
    parts.feed(every_page.CONTENT)
    parts.close()
    assert [tag for tag, _ in parts.found] == ["style", "script", "style", "script"] and not parts.strange
    styles, scripts = ("".join(text for tag, text in parts.found if tag == kind) for kind in ("style", "script"))
    for mark in ("@page", ".st-key-_widget_pad", "stBaseButton-primary"):
        assert mark in styles
    for mark in ("beforeprint", "pushState", "plotly.react", "touchend"):
        assert mark in scripts
    assert not re.search(r"<[/\w!]", styles + scripts)  # which may end either, or begin a comment in it
    assert not re.search(r"^(import|export)\b", scripts, re.MULTILINE)  # it is no module
