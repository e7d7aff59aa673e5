"""Who adapts: a shipped learner, or the one that the visitor brought."""

import streamlit as st

from dashboard import escape
from dashboard.page_parts.characters import choices, learner_upload
from dashboard.widgets import controls, session
from dashboard.widgets import learners as run_learners
from maml_engine import Learner


def choose() -> Learner:
    """The choice, and the way to bring a learner; above the pad, where a phone shows it too."""
    learners, labels = choices.learners(), choices.labels()
    if st.session_state.get(session.PICTURE_LEARNER) not in (None, *learners):  # the one that was brought is forgotten
        del st.session_state[session.PICTURE_LEARNER]
    controls.by_name(session.PICTURE_LEARNER, labels, labels.__getitem__)
    with st.container(horizontal=True, vertical_alignment="bottom", key="who_adapts"):
        name = st.selectbox(
            "Learner",
            list(labels),
            format_func=labels.__getitem__,
            key=session.PICTURE_LEARNER,
            bind="query-params",
            width=380,
            help="Networks that come with the app, and yours. None of those has seen your symbols, nor these characters. Train "
            "one of your own on the Train page, with the tasks `glyphs`.",
        )
        with st.popover("Bring a learner", icon=":material/upload:", key="bring_learner"):
            st.file_uploader(
                "A learner of pictures, as a zip",
                type=["zip"],
                max_upload_size=learner_upload.LIMITS.archive_bytes // 10**6,
                key=session.LEARNER_FILE,
                on_change=_bring,
                help="The folder that `maml train --tasks glyphs` (or omniglot, or images) writes, zipped; or what “Take "
                "along” gave. Only numbers are read from it: nothing in it is executed, and it stays in this session.",
            )
            if choices.BROUGHT in learners and not st.session_state.get(session.LEARNER_FILE):
                st.button("Forget mine", icon=":material/delete:", key="forget_learner", on_click=take, args=(None,))
    for job_id, one in run_learners.picture_runs().items():
        if why := learner_upload.why_too_large(one):
            st.info(escape.markdown(f"{run_learners.run_title(job_id)}: {why}"), icon=":material/info:")
    if sentence := st.session_state.get(session.LEARNER_REFUSED):
        st.error(escape.sentence(sentence), icon=":material/error:")
    return learners[name if name in learners else choices.DEFAULT]


def _bring() -> None:
    """A callback: the learner in what was uploaded is chosen; taken away, it is forgotten."""
    file = st.session_state[session.LEARNER_FILE]
    st.session_state[session.LEARNER_REFUSED] = ""
    if file is None:
        take(None)
        return
    try:
        take(learner_upload.learner_in(file.getvalue()))
    except ValueError as error:
        st.session_state[session.LEARNER_REFUSED] = str(error)


def take(learner: Learner | None) -> None:
    """In a callback: the session's own learner is this one, and chosen; None forgets it."""
    if learner is None:
        st.session_state.pop(session.OWN_PICTURE_LEARNER, None)
        if st.session_state.get(session.PICTURE_LEARNER) == choices.BROUGHT:
            st.session_state[session.PICTURE_LEARNER] = choices.DEFAULT
    else:
        st.session_state[session.OWN_PICTURE_LEARNER] = learner
        st.session_state[session.PICTURE_LEARNER] = choices.BROUGHT
