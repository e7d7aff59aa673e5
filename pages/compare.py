"""Compare: methods trained side by side within one budget, judged on the same tasks."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from dashboard.engine_calls import resources
from dashboard.jobs import Snapshot
from dashboard.page_parts.compare import choices, closer_look, pictures, run, shown
from dashboard.page_parts.compare.contest import Contest
from dashboard.page_parts.compare.shown import Shown
from dashboard.widgets import job_view, page, session
from maml_engine import Experiment, Learner

OWN = choices.OWN | {"look": "reptile", session.CONTEST: ""}


@st.fragment
def show_contest(base: Experiment, before: str) -> None:
    """Which methods, how much, how often; and the button that trains them.

    Args:
      base: what all share.
      before: the comparison that the page shows, as the link names it; once it is another, the whole page runs.
    """
    if st.session_state.get(session.CONTEST, "") != before:
        st.rerun()
    methods = choices.choose_methods()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        budget, seeds = choices.choose_budget(), choices.choose_seeds()
        contest = Contest(tuple(methods), base, budget, seeds) if methods else None
        st.button(
            "Compare",
            icon=":material/play_arrow:",
            type="primary",
            key="compare",
            on_click=run.start,
            args=(contest,),
            disabled=contest is None,
        )
    if contest is None:
        st.info("Choose at least one method.", icon=":material/info:")
    else:
        choices.show_recipes(contest)
    run.RUN.show_refusal()
    run.say_difference(contest)


def show_results(now: Shown) -> None:
    """Curves where something was trained here, the table, the differences."""
    k = st.session_state.get(session.AFTER, OWN[session.AFTER])
    with page.pictures_of(now.words):
        if now.rankings:
            pictures.show_curves(now, st.session_state.get(session.AGAINST, OWN[session.AGAINST]), k)
        pictures.show_losses(now, k)
    pictures.show_differences(now, k)


def show_growing(base: Experiment, snapshot: Snapshot) -> None:
    """The results of a comparison as far as it has come."""
    run.show_divergence(snapshot)
    show_results(shown.of(snapshot, base))


@st.fragment
def show_view(now: Shown, learners: Mapping[str, Learner]) -> None:
    """All that hangs on the number of steps; differences, twelve tasks and the closer look are parts of their own."""
    choices.choose_view()
    with st.container(key="results"):
        show_results(now)
    show_learners(now, learners)


def show_learners(now: Shown, learners: Mapping[str, Learner]) -> None:
    """What each learner makes of the same tasks, and a closer look at each."""
    k = st.session_state[session.AFTER]
    st.subheader("The same twelve tasks", anchor=False)
    show_twelve(now, learners, k)
    st.fragment(closer_look.show)(learners, now, k)


@st.fragment
def show_twelve(now: Shown, learners: Mapping[str, Learner], k: int) -> None:
    """The twelve tasks under the chosen methods, after `k` steps."""
    if chosen := choices.choose_overlay(learners):
        with page.pictures_of(now.words):
            pictures.show_twelve(learners, chosen, now.base, k)
    else:
        st.info("Choose at least one method to draw.", icon=":material/info:")


page.opening(
    "Compare",
    "**Press Compare** and watch MAML and Reptile train side by side; then pin one and see by how much, task by task, the "
    "others beat it.",
)
base = choices.base_experiment()
job_ids = run.RUN.ids(run.GONE)
show_contest(base, st.session_state.get(session.CONTEST, ""))
snapshot = resources.jobs().snapshot(job_ids[0]) if job_ids else None
now = shown.of(snapshot, base)
if snapshot and not snapshot.ended:
    choices.choose_view()
    with st.container(key="results"):
        if job_view.watch(job_ids, run.progress, partial(show_growing, base), key="stop"):
            st.rerun()  # it has ended in this moment
    st.caption("Until the training ends, what follows is of the learners that come with the app.")
    show_learners(shown.of(None, base), shown.learners_of(None, base))
else:
    if snapshot:
        job_view.watch(job_ids, run.progress, run.show_divergence, key="stop")
    run.lay_over_what_was_trained(now)
    show_view(now, shown.learners_of(snapshot, now.base))
page.equation(
    r"\bar d = \frac{1}{N} \sum_{i=1}^{N} \Bigl( \mathcal{L}_i^{\text{query}}\bigl(\phi_i^{A}\bigr) - "
    r"\mathcal{L}_i^{\text{query}}\bigl(\phi_i^{B}\bigr) \Bigr), \qquad \bar d \pm t_{0.975,\,N-1}\, \frac{s_d}{\sqrt N}",
    "Methods **A** and **B** adapt to the same N tasks from the same points, so their losses are subtracted **task by task** "
    "before anything is averaged. What makes a task hard for both drops out, and the interval of the difference is narrower "
    "than those of the two losses. φ is what a method makes of a task's support points in k inner steps.",
)
page.finish(OWN)
