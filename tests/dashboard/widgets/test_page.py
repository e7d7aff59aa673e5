"""What a page says when a process of the engine's was lost, and what waits for its picture."""

import re
import threading

from streamlit.testing.v1 import AppTest

from dashboard.widgets import page
from tests.reading import as_read
from tests.test_packaging import ROOT


def lost():
    from dashboard.jobs import EngineLost
    from dashboard.widgets import page

    assert page.say_lost_process(EngineLost("The process ended."))
    assert not page.say_lost_process(RuntimeError("another"))


def test_a_lost_process_is_told_in_a_sentence_and_other_errors_are_not():
    app = AppTest.from_function(lost).run()
    assert not app.exception
    assert [as_read(error.value) for error in app.error] == ["The process ended."]


def test_what_waits_until_a_page_is_painted_does_not_begin_before(monkeypatch):
    begun = threading.Event()
    monkeypatch.setattr(page, "PAINTED_SECONDS", 0.2)
    page.once_painted(begun.set)
    assert not begun.is_set()
    assert begun.wait(10)


def test_there_is_one_word_for_going_back_to_how_something_began():
    """On buttons and in sentences, of pages and of components."""
    kinds = ("py", "js", "html")
    files = [file for folder in ("pages", "dashboard") for kind in kinds for file in (ROOT / folder).rglob(f"*.{kind}")]
    files = [file for file in files if "node_modules" not in file.parts]
    others = re.compile(r"start (?:over|again|afresh)|set it back", re.IGNORECASE)
    said = [f"{file.relative_to(ROOT)}: {found}" for file in files for found in others.findall(_spoken(file.read_text()))]
    assert said == []
    assert sum("Reset" in _spoken(file.read_text()) for file in files) >= 3


def _spoken(source: str) -> str:
    """What stands in quotes, and between tags: comments and names are nobody's words on a page."""
    return " ".join(re.findall(r'"[^"\n]*"|`[^`]*`|>[^<]*<', source))
