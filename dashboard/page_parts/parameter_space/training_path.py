"""A run whose theta is kept at every report, in the background: what the second tab of the parameter-space page trains."""

from functools import partial

import streamlit as st

from dashboard.engine_calls import resources
from dashboard.widgets import job_view, run_words, session
from maml_engine import Experiment
from maml_engine.analysis.loss_slices import Walk, walk

RUN = job_view.LinkedJobs(session.WALK)
OWN = {session.WALK: "", session.WALK_SEED: 0}
GONE = "The run of this link is no longer on this server: press “Train one and draw its way” to run it again."


def first_run(seed: int) -> Experiment:
    """What the page trains to show a path: the tutorial's run, shorter."""
    return Experiment(num_iterations=3000, seed=seed)


def controls() -> None:
    """The seed, and the button that begins."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = OWN[session.WALK_SEED]
        st.number_input("Seed of the run", 0, 9999, seed, key=session.WALK_SEED, bind="query-params", width=180)
        st.button("Train one and draw its way", icon=":material/play_arrow:", type="primary", key="walk_start", on_click=_start)
    RUN.show_refusal()


def _start() -> None:
    """A callback."""
    experiment = first_run(st.session_state[session.WALK_SEED])
    RUN.start(lambda: job_view.submit_work([experiment], partial(walk, experiment)))


def words() -> str:
    """The run whose path is drawn."""
    snapshot = resources.jobs().snapshot(RUN.ids()[0])
    return run_words.of_run(snapshot.experiment, snapshot.iteration)


def watch() -> Walk | None:
    """The run as it goes on; what it leaves behind once it has ended, None before and where there is none."""
    if not (ids := RUN.ids(GONE)):
        return None
    report = resources.jobs().snapshot(ids[0]).report
    if report is not None and not isinstance(report, Walk):  # the link names a run of another kind
        return None
    is_over = job_view.watch(ids, job_view.iterations, key="walk_stop")
    return report if is_over else None
