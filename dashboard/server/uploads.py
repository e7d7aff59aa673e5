"""The files that visitors have uploaded, which lie in the server's memory until their sessions end."""

import streamlit as st
from starlette.types import Scope

from dashboard.hosting import is_hosted

MAX_MB = 100  # of all visitors together, on a hosted demo
# Of one session, anywhere: Streamlit takes in all of a folder, file by file, before a page can refuse any. Two uploads of
# pictures fit, each at the limit of `maml_engine.io.pictures.limits`, and some more.
MAX_SESSION_MB = 120
MAX_TABLE_MB = 10 if is_hosted() else 50  # one table; read, it takes some three times as much


def held_bytes() -> int:
    """What all of them take."""
    if not st.runtime.exists():
        return 0
    stats = st.runtime.get_instance().uploaded_file_mgr.get_stats()
    return sum(stat.byte_length for family in stats.values() for stat in family)


def are_full() -> bool:
    """Whether no other may come for now."""
    return held_bytes() > MAX_MB * 10**6


def too_much(scope: Scope) -> str:
    """Why a session may not send one file more, in one sentence; "" where it may.

    Args:
      scope: of the request, whose address is `.../_stcore/upload_file/SESSION/FILE`.
    """
    session_id, _, file_id = scope["path"].partition("/_stcore/upload_file/")[2].partition("/")
    files = getattr(st.runtime.get_instance().uploaded_file_mgr, "file_storage", {}).get(session_id, {})
    held = sum(len(file.data) for name, file in list(files.items()) if name != file_id)
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    if held + (int(said) if said.isdigit() else 0) <= MAX_SESSION_MB * 10**6:  # Streamlit bounds what says nothing as it reads
        return ""
    return f"Your files must be at most {MAX_SESSION_MB} MB together; {held / 1e6:.0f} MB are here already."
