"""Who answered: the visitor, by acting, or the page instead."""

import pytest

from dashboard.page_parts.learn import progress
from dashboard.widgets import session


@pytest.fixture
def kept(monkeypatch):
    """Session and address, as plain dictionaries."""
    monkeypatch.setattr(progress.st, "session_state", state := {})
    monkeypatch.setattr(progress.st, "query_params", there := {})
    return state, there


def test_what_was_unanswered_and_is_answered_was_answered_by_the_visitor(kept):
    _, there = kept
    assert progress.judge(3, False) == "open"
    assert progress.judge(3, True) == "answered"
    assert there == {session.ANSWERED: "3"}
    assert progress.judge(3, False) == "open"
    assert progress.answered() == {3}
    assert progress.spell() == "1 of 8 answered"


def test_what_the_page_does_does_not_count_until_it_is_set_back_and_done_again(kept):
    _, there = kept
    progress.judge(3, False)
    progress.do_for_me(3)
    assert progress.judge(3, True) == "done for you"
    assert progress.judge(3, True) == "done for you"  # moved a little, and still the page's
    assert there == {session.DONE_FOR_ME: "3"}
    assert progress.spell() == "0 of 8 answered, 1 done for you"
    progress.judge(3, False)
    assert progress.judge(3, True) == "answered"
    assert there == {session.ANSWERED: "3"}
    assert progress.spell() == "1 of 8 answered"


def test_what_the_page_does_takes_nothing_away(kept):
    progress.judge(3, False)
    progress.judge(3, True)
    progress.do_for_me(3)
    assert progress.judge(3, True) == "answered"
    assert not progress.done_for_me()


def test_a_link_that_brings_an_answer_does_not_count(kept):
    assert progress.judge(5, True) == "found"
    assert not progress.answered()


def test_a_reload_forgets_nothing_and_what_is_no_step_is_left_aside(kept):
    _, there = kept
    there.update({session.ANSWERED: "1.3.77.x", session.DONE_FOR_ME: "3.4."})
    assert progress.answered() == {1, 3}
    assert progress.done_for_me() == {4}
    assert progress.judge(4, True) == "done for you"
