"""A run whose theta is kept at every report, in the background: what the second tab of the parameter-space page trains."""

import streamlit as st

from dashboard.engine_calls import resources
from dashboard.jobs import Snapshot
from dashboard.page_parts.parameter_space.network_slices import first_run
from maml_engine.analysis.loss_slices import Walk, walk

OWN = {"walk": "", "walk_seed": 0}  # the job's id; the seed of the run
REFUSED = "_walk_refused"
SECONDS_BETWEEN_LOOKS = 0.5


def controls() -> None:
    """The seed, and the button that begins."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input("Seed of the run", 0, 9999, OWN["walk_seed"], key="walk_seed", bind="query-params", width=180)
        st.button("Train one and draw its way", icon=":material/play_arrow:", type="primary", key="walk_start", on_click=_start)
    if refused := st.session_state.pop(REFUSED, None):
        st.error(refused, icon=":material/error:")


def current() -> Snapshot | None:
    """The run of this visitor, or the one that the link names."""
    job_id = st.session_state.get("walk") or st.query_params.get("walk", "")
    snapshot = resources.jobs().snapshot(job_id) if job_id else None
    return snapshot if snapshot is not None and (snapshot.report is None or isinstance(snapshot.report, Walk)) else None


def show_progress(snapshot: Snapshot) -> None:
    """How far it is; looks again until it has ended."""
    if not snapshot.ended:
        st.fragment(_look, run_every=SECONDS_BETWEEN_LOOKS)()
    elif snapshot.message:
        st.info(snapshot.message, icon=":material/info:")


def _start() -> None:
    """A callback."""
    experiment = first_run(st.session_state["walk_seed"])
    try:
        job_id = resources.jobs().submit_work([experiment], lambda: walk(experiment))
    except ValueError as error:
        st.session_state[REFUSED] = str(error)
        return
    st.session_state["walk"] = st.query_params["walk"] = job_id


def _look() -> None:
    snapshot = current()
    if snapshot is None:
        return
    resources.jobs().touch(st.session_state.get("walk") or st.query_params.get("walk", ""))
    done, total = snapshot.iteration, snapshot.experiment.num_iterations
    st.progress(min(1.0, done / total), text=f"{done:,} of {total:,} meta-iterations")
    if snapshot.ended:
        st.rerun()
