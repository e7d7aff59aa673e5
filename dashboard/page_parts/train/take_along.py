"""What a visitor can do with a run that ended: use its learner, download it, save it."""

import streamlit as st

from dashboard import escape
from dashboard.downloads import files
from dashboard.engine_calls import resources
from dashboard.figures.style import named
from dashboard.jobs import Snapshot
from dashboard.page_parts.train import run
from dashboard.widgets import learners, page, run_words, session
from maml_engine import Learner
from maml_engine.tasks import PICTURES


def show(snapshot: Snapshot, job_id: str) -> None:
    """Buttons for the learner, the curves, the figure and the code of a run."""
    experiment, learner = snapshot.experiment, snapshot.result
    stem = run_words.file_stem(snapshot.name, experiment.digest)
    st.subheader("Take it along", anchor=False)
    learners.name_field(job_id)
    with st.container(horizontal=True):
        if experiment.tasks in PICTURES:
            st.button(
                "Use it on Characters",
                icon=":material/draw:",
                type="primary",
                key="use_on_characters",
                on_click=learners.offer_pictures,
                args=(job_id,),
                help="Draw symbols of your own there, and this network tells them apart.",
            )
        elif experiment.tasks != "table":
            st.button(
                "Use this learner on every page",
                icon=":material/check:",
                type="primary",
                key="offer",
                on_click=learners.offer_run,
                args=(job_id,),
            )
        for label, content, filename, kind in (
            ("Learner", lambda: files.learner_zip(learner), f"{stem}.zip", "application/zip"),
            ("Curves (CSV)", lambda: files.curves_csv(snapshot), f"{stem}.csv", "text/csv"),
            ("Figure (HTML)", lambda: _figure(snapshot), f"{stem}.html", "text/html"),
        ):
            st.download_button(label, content, filename, kind, icon=":material/download:", on_click="ignore")
        page.code(experiment, "take")
        if not resources.jobs().hosted:
            st.button("Save on this machine", icon=":material/save:", key="save", on_click=_save, args=(learner, stem))
    if job_id in st.session_state.get(session.RUNS, ()):
        st.caption("The other pages show this learner now; their sidebar has the choice.")
    if learners.is_on_characters(job_id):
        st.markdown(learners.on_characters(job_id))
    if saved := st.session_state.pop(session.SAVED, None):
        st.info(saved)


def _save(learner: Learner, stem: str) -> None:
    """A callback."""
    try:
        st.session_state[session.SAVED] = f"Saved. Open it with `python -m maml_engine evaluate {files.save(learner, stem)}`."
    except ValueError as error:
        st.session_state[session.SAVED] = escape.sentence(error)


def _figure(snapshot: Snapshot) -> str:
    return files.figure_html(named(run.figure_of_both(snapshot), run.words(snapshot, snapshot.iteration)))
