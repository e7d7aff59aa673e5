"""Where the controls differ from the run that a page shows: one sentence, a link to what is shown, and the way back to it."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard import escape
from dashboard.widgets import controls, run_words, session
from maml_engine import Experiment


def say_difference(shown: Experiment, now: Experiment, link: str, *, key: str) -> None:
    """Of one run.

    Args:
      shown: the run that the page shows.
      now: the run that the sidebar describes.
      link: opens exactly what is shown.
      key: of the button that sets the sidebar to it.
    """
    say(run_words.run_difference(shown, now), link, key=key, set_back=controls.choose, args=(shown,))


def say(sentence: str, link: str, *, key: str, set_back: Callable[..., None], args: tuple[Any, ...]) -> None:
    """The sentence, if there is any.

    Args:
      sentence: of `run_words.difference`; "" where nothing differs.
      link: opens exactly what is shown.
      key: of the button.
      set_back: sets the controls to what is shown, as a callback may.
      args: of `set_back`.
    """
    if st.session_state.pop(session.SET_BACK, False):
        st.rerun()  # a part of the page has heard of it, and the sidebar is not in it
    if not sentence:
        return
    st.info(f"{escape.markdown(sentence, 1000)} [Open exactly what is shown]({link})", icon=":material/history:")
    st.button(
        "Set the controls to what is shown",
        icon=":material/input:",
        key=key,
        on_click=_set_back,
        args=(set_back, args),
    )


def _set_back(set_back: Callable[..., None], args: tuple[Any, ...]) -> None:
    """A callback."""
    set_back(*args)
    st.session_state[session.SET_BACK] = True
