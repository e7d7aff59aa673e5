"""What a visitor can do with a run that ended: use its learner, download it, save it."""

import streamlit as st

from dashboard.downloads import files
from dashboard.engine_calls import resources
from dashboard.figures import training as figures
from dashboard.figures.style import method_colour, named
from dashboard.jobs import Snapshot
from dashboard.page_parts.train import run
from dashboard.widgets import learners, page, run_words, session
from maml_engine import Learner


def show(snapshot: Snapshot, job_id: str) -> None:
    """Buttons for the learner, the curves, the figure and the code of a run."""
    experiment, learner = snapshot.experiment, snapshot.result
    stem = run_words.file_stem(snapshot.name, experiment.digest)
    st.subheader("Take it along", anchor=False)
    learners.name_field(job_id)
    with st.container(horizontal=True):
        if experiment.tasks != "table":
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
    if saved := st.session_state.pop(session.SAVED, None):
        st.info(saved)


def _save(learner: Learner, stem: str) -> None:
    """A callback."""
    try:
        st.session_state[session.SAVED] = f"Saved. Open it with `python -m maml_engine evaluate {files.save(learner, stem)}`."
    except ValueError as error:
        st.session_state[session.SAVED] = str(error)


def _figure(snapshot: Snapshot) -> str:
    colour, steps = method_colour(snapshot.experiment.method), max(1, snapshot.experiment.inner_steps)
    figure = figures.run_figure(
        snapshot.history, snapshot.curve_iterations, snapshot.curves, colour=colour, trained_steps=steps
    )
    return files.figure_html(named(figure, run.words(snapshot, snapshot.iteration)))
