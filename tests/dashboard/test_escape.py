"""A stranger's words stay words."""

import re

import pytest

from dashboard import escape
from tests.small_verdict import EVIL


def test_markdown_leaves_no_mark_that_is_not_escaped():
    escaped = escape.markdown(EVIL)
    assert not re.search(r"(?<!\\)[*_`\[\]<>$~#|]", escaped)
    assert not re.search(r":[a-z]", escaped)
    assert re.sub(r"\\(.)", r"\1", escaped).replace("\u2060", "") == EVIL


@pytest.mark.parametrize("text", ["plain words, and 3 numbers", "Größe µm"])
def test_words_stay_as_they_are(text):
    assert escape.markdown(text) == text
    assert escape.drawn(text) == text
    assert escape.code(text) == f"`{text}`"


def test_lines_and_length_are_bounded():
    assert escape.short("a\nb\tc\0d") == "a b c d"
    assert len(escape.short("x" * 1000)) == escape.MAX_LENGTH
    assert escape.markdown("- item\n# heading") == r"\- item \# heading"


@pytest.mark.parametrize("name", ["a`b", "``", "`", "", "x``y`z"])
def test_code_is_not_ended_by_the_name(name):
    spelled = escape.code(name)
    fence = re.match(r"`+", spelled)[0]
    inside = spelled[len(fence) : -len(fence)]
    assert spelled.endswith(fence)
    assert fence not in re.findall(r"`+", inside)
    assert inside.strip() == name


def test_a_figure_draws_tags_as_characters():
    assert escape.drawn("<b>x</b> & y") == "&lt;b&gt;x&lt;/b&gt; &amp; y"
