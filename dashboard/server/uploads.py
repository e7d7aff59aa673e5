"""The files that visitors have uploaded, which lie in the server's memory until their sessions end."""

import streamlit as st

MAX_MB = 100  # of all visitors together


def held_bytes() -> int:
    """What all of them take."""
    if not st.runtime.exists():
        return 0
    stats = st.runtime.get_instance().uploaded_file_mgr.get_stats()
    return sum(stat.byte_length for family in stats.values() for stat in family)


def are_full() -> bool:
    """Whether no other may come for now."""
    return held_bytes() > MAX_MB * 10**6
