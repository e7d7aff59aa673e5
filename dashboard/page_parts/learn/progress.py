"""Which questions a visitor has answered, and which the page has answered instead; session and link say the same.

A question counts as answered where it was seen unanswered and then became answered by the visitor's hand. What a link brings
solved, and what "Do it for me" solves, does not count until it has been reset.
"""

from typing import Literal

import streamlit as st

from dashboard.page_parts.learn.lessons import LESSONS
from dashboard.widgets import session

Standing = Literal["open", "answered", "done for you", "found"]
NUMBERS = range(1, len(LESSONS) + 1)
MAX_READ = 100  # characters of a link


def answered() -> set[int]:
    """The steps that the visitor has answered."""
    return _listed(session.ANSWERED)


def done_for_me() -> set[int]:
    """The steps that the page has answered, and the visitor has not."""
    return _listed(session.DONE_FOR_ME) - answered()


def judge(number: int, is_solved: bool) -> Standing:
    """Keeps in session and link what a step's picture shows now, and says how the step stands."""
    by_hand: set[int] = st.session_state.setdefault(session.BY_HAND, set())
    if not is_solved:
        by_hand.add(number)
        return "open"
    if number in by_hand:
        _list(session.ANSWERED, answered() | {number})
        _list(session.DONE_FOR_ME, done_for_me())
    if number in answered():
        return "answered"
    return "done for you" if number in done_for_me() else "found"


def do_for_me(number: int) -> None:
    """For a callback that puts an answer into the picture: it does not count."""
    st.session_state.setdefault(session.BY_HAND, set()).discard(number)
    _list(session.DONE_FOR_ME, done_for_me() | {number} - answered())


def spell() -> str:
    """How far the visitor has come."""
    done = len(done_for_me())
    return f"{len(answered())} of {len(NUMBERS)} answered" + (f", {done} done for you" if done else "")


def _listed(key: str) -> set[int]:
    if not st.session_state.get(key):
        st.session_state[key] = st.query_params.get(key, "")
    return {int(part) for part in st.session_state[key][:MAX_READ].split(".") if part.isdecimal()} & set(NUMBERS)


def _list(key: str, numbers: set[int]) -> None:
    st.session_state[key] = ".".join(map(str, sorted(numbers)))
    if numbers:
        st.query_params[key] = st.session_state[key]
    else:
        st.query_params.pop(key, None)
