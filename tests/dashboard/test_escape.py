"""A stranger's words stay words."""

import ast
import re
from pathlib import Path

import pytest

from dashboard import escape
from tests.reading import as_read
from tests.small_verdict import EVIL
from tests.test_packaging import ROOT


def test_markdown_leaves_no_mark_that_is_not_escaped():
    escaped = escape.markdown(EVIL)
    assert not re.search(r"(?<!\\)[*_`\[\]<>$~#|]", escaped)
    assert not re.search(r":[a-z]", escaped)
    assert re.sub(r"\\(.)", r"\1", escaped).replace("\u2060", "") == EVIL


# As GitHub's Markdown, which browsers read here, finds addresses in text whose backslashes are gone.
ADDRESSES = r"(https?://|www(?=\.))([-.\w]+)|([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)"


@pytest.mark.parametrize("address", ["http://evil.org", "HTTPS://evil.org/a", "www.evil.org", "WWW.evil.org", "me@evil.org"])
def test_an_address_is_no_link(address):
    assert re.search(ADDRESSES, address, re.IGNORECASE)
    for escaped in (escape.markdown(f"see {address}."), escape.sentence(f"see {address}.")):
        assert not re.search(ADDRESSES, escaped.replace("\\", ""), re.IGNORECASE)
        assert as_read(escaped) == f"see {address}."


def test_a_sentence_keeps_its_names_as_code_and_nothing_else():
    spelled = escape.sentence(f"`inner_lr` must be a number, got {EVIL!r}.")
    assert spelled.startswith("`inner_lr` must be a number, got ")
    assert not re.search(r"(?<!\\)[*_`\[\]<>$~#|]", spelled.replace("`inner_lr`", "").replace("`tick`", ""))
    assert not re.search(r":[a-z]", spelled)
    assert escape.sentence("a `b c` and `*d*`") == r"a \`b c\` and \`\*d\*\`"


def test_errors_are_shown_as_the_sentences_that_they_are():
    assert [found for path in _pages_and_what_they_show() for found in _unescaped(path)] == []


def test_what_looks_for_unescaped_errors_finds_them(tmp_path):
    page = tmp_path / "page.py"
    page.write_text(
        "try:\n    f()\nexcept ValueError as error:\n    st.error(str(error))\n    st.caption(f'{error} Stopped.')\n"
        "    st.error(escape.sentence(error))\n    st.error(f'**{3} are wrong**')\n    st.warning(kept)\n"
    )
    assert _unescaped(page) == [f"{page}:{line}" for line in (4, 5, 8)]


def _pages_and_what_they_show() -> list[Path]:
    return sorted([*(ROOT / "pages").glob("*.py"), *(ROOT / "dashboard").rglob("*.py")])


def _unescaped(path: Path) -> list[str]:
    """Where a page shows an error that `escape` has not seen.

    One that was just caught goes through it, whatever shows it; `st.error` and `st.warning` take the page's own words, written
    there, or what it gives back.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    caught = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)}
    found = []
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and (shown_by := ast.unparse(call.func)).startswith("st.") and call.args):
            continue
        bare = list(_outside_of_escape(call.args[0]))
        is_handed_on = bare and not isinstance(bare[0], ast.Constant | ast.JoinedStr)
        if (is_handed_on and shown_by in ("st.error", "st.warning")) or any(
            isinstance(node, ast.Name) and node.id in caught for node in bare
        ):
            found.append(f"{path}:{call.lineno}")
    return found


def _outside_of_escape(node: ast.AST):
    if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("escape."):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _outside_of_escape(child)


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
