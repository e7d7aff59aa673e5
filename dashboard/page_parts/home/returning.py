"""What a visitor who comes back has made here: a sentence and the way to it, once the picture stands.

Light: the library is opened after that alone, and who has nothing there sees no difference.
"""

from typing import Any

import streamlit as st

from dashboard import escape
from dashboard.widgets import run_words


def greet() -> None:
    """Says how many runs are kept, and which one is the last; nothing where there are none, or the library is away."""
    from dashboard.runs import LibraryAway, library  # a first picture need not wait for them
    from dashboard.widgets.visitor import owner

    try:
        newest = library().list(owner(), limit=1)
        total = library().count(owner()) if newest else 0
    except LibraryAway:
        return
    if newest:
        with st.container(horizontal=True, vertical_alignment="center", key="returning"):
            st.caption(_words(newest[0], total), width="content")
            st.page_link("pages/runs.py", label="Your runs", icon=":material/history:")


def _words(last: Any, total: int) -> str:
    """One sentence, as Markdown."""
    named = last.name
    if last.experiment is not None:
        title = run_words.title(last.experiment, last.name)
        named = run_words.of_run(last.experiment, last.iteration, title=title) if last.kind == "train" else last.name
    how_many = "1 run" if total == 1 else f"{total:,} runs"
    which = f": {escape.markdown(named)}" if total == 1 else f", the last one {escape.markdown(named)}"
    return f"What you have trained here is kept, {how_many}{which if named else ''}."
