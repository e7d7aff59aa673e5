"""The report is one file that loads nothing, and holds a stranger's names as text."""

import re
from html.parser import HTMLParser

import pytest

from dashboard.page_parts.your_tasks.report import report
from maml_engine.tables import Finding, Roles, Settings
from tests.small_verdict import EVIL, small_verdict

ROLES = Roles("task", (EVIL,), "y", log=("y",), time="when")


class Seen(HTMLParser):
    """Tags with their attributes, and the text outside of scripts and styles."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.text, self.inside = [], [], ""
        self.feed(content)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside not in ("script", "style"):
            self.text.append(data)


@pytest.fixture(scope="module")
def page():
    findings = [Finding("warning", "constant", f"Column {EVIL!r} is constant.")]
    return report(EVIL, ROLES, Settings(k_shot=2), small_verdict(), findings=findings)


def test_it_loads_nothing(page):
    tags = Seen(page).tags
    assert not [tag for tag, attributes in tags if {"src", "href", "data", "action"} & attributes.keys()]
    policy = next(attributes["content"] for _, attributes in tags if attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_names_from_the_table_are_text(page):
    seen = Seen(page)
    assert not {"b", "i", "a", "img", "iframe"} & {tag for tag, _ in seen.tags}
    assert EVIL in seen.text  # a cell of the table, as it stands
    assert "<b>bold" not in page


def test_it_says_what_was_found(page):
    text = " ".join(Seen(page).text)
    assert "Worth it: 40 % less error" in text
    assert "logarithm of y" in text
    assert "in the order of when" in text
    assert "88% lay inside their 90% intervals" in text
    assert "-0.300 (-0.400 to -0.200)" in text
    assert "is constant" in text
    assert len(re.findall(r"Plotly\.newPlot", page)) >= 5
