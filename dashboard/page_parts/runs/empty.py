"""What a visitor sees who has no runs yet: what will be here, and the way to it."""

import streamlit as st


def show() -> None:
    """A few sentences and a button."""
    with st.container(border=True, key="no_runs"):
        st.markdown(
            "**Nothing has been trained here yet.** Every run that ends, or that you stop, will be kept on this page with its "
            "curves and its learner, and be here tomorrow:"
        )
        st.markdown(
            "- a **table** of runs with their held-out loss as it fell; filter it, or show only what differs;\n"
            "- their **curves** one over the other, beside a baseline that you pin;\n"
            "- **parallel axes** of what you set against what came of it;\n"
            "- each run again in Train, its **learner on every page**, and as one file to take along."
        )
        st.page_link("pages/train.py", label="Train your first: a few seconds", icon=":material/model_training:")
