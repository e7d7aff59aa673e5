"""What a visitor has changed in a component, as the page's link spells it: session and address kept in step.

The page's own key holds the changes as the link spells them; the functions' other keys are beside it.
"""

from collections.abc import Mapping

import streamlit as st

WRITTEN, FRESH = "_address_", "_fresh_"  # what was last written into the address; the visitor has just let go
# The page that is shown, how many pages were gone to, and in which of these visits a key's `WRITTEN` was written.
PAGE, VISIT, IN_VISIT = "_page", "_visit", "_visit_"
ARRIVES = "_arrives"  # whether this is a visit's first run
FIXED = "_fixed"  # key -> what a lesson says of it in place of the visitor, for all that a class may not change
VERSION_KEY = "v"  # in the addresses of links, and of pages that were left: what they do not hold is at its default


def arrive(page: str) -> None:
    """Before a page runs: whether it is another one than before. Coming back to one is another visit."""
    st.session_state[ARRIVES] = st.session_state.get(PAGE) != page
    if st.session_state[ARRIVES]:
        st.session_state[PAGE] = page
        st.session_state[VISIT] = st.session_state.get(VISIT, 0) + 1


def let_go(key: str) -> None:
    """For a callback: the address about to come with this run has not heard yet of what the visitor does."""
    st.session_state[FRESH + key] = True


def says_all() -> bool:
    """Whether the visitor has just come to an address that says the page as a whole, a link's or that of a page left before."""
    return st.session_state.get(ARRIVES, False) and VERSION_KEY in st.query_params


def from_link(key: str) -> str | None:
    """What a link, or back and forward, hold; None where the address is as the session left it. Ask once a run.

    Who comes back by the navigation comes with an empty address, which says nothing: the session's changes stand. Who goes back
    comes to the page as it was left, which its address says (`says_all`).
    """
    state = st.session_state
    is_fresh = state.pop(FRESH + key, False)
    if is_fixed(key):
        return fixed()[key]
    there = st.query_params.get(key, "")
    if is_fresh or there == state.get(WRITTEN + key, ""):
        return None
    if not there and state.get(IN_VISIT + key) != state.get(VISIT) and not says_all():
        return None
    return there


def page(otherwise: str = "") -> str:
    """The address of the page that is shown, without a query string; what is given where a page runs by itself."""
    return st.session_state.get(PAGE, otherwise)


def visit() -> int | None:
    """Which visit this is: coming back to a page is another."""
    return st.session_state.get(VISIT)


def fix(spelled: Mapping[str, str]) -> None:
    """A lesson says of these keys what their controls show, as a link spells it; of no others."""
    st.session_state[FIXED] = dict(spelled)


def fixed() -> Mapping[str, str]:
    """What `fix` has said."""
    return st.session_state.get(FIXED, {})


def settles() -> bool:
    """Whether a lesson has settled anything."""
    return bool(fixed())


def is_fixed(key: str) -> bool:
    """Whether a lesson has settled what a visitor else may change."""
    return key in fixed()


def clear(key: str) -> None:
    """For a callback: the changes are dropped, and what the address still holds of them is no news."""
    if is_fixed(key):
        return
    st.session_state[key] = ""
    st.session_state[WRITTEN + key] = st.query_params.get(key, "")


def write(key: str, changes: str) -> None:
    """Session and address both hold `changes`; none leave the address."""
    st.session_state[key] = st.session_state[WRITTEN + key] = changes
    st.session_state[IN_VISIT + key] = st.session_state.get(VISIT)
    if changes == st.query_params.get(key, ""):
        return
    if changes:
        st.query_params[key] = changes
    else:
        del st.query_params[key]
