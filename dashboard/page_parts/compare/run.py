"""The comparison as a background job: started, watched, and what its report says of it."""

from typing import Any

import streamlit as st

from dashboard.engine_calls import resources
from dashboard.jobs import Snapshot
from dashboard.method_names import NAMES
from dashboard.page_parts.compare import contest as comparing
from dashboard.page_parts.compare import words
from dashboard.page_parts.compare.contest import Contest
from dashboard.page_parts.compare.shown import Shown
from dashboard.widgets import controls, job_view, links, run_notes, session
from dashboard.widgets.job_view import LinkedJobs, Progress

RUN = LinkedJobs(session.CONTEST, belongs=lambda snapshot: isinstance(snapshot.report, comparing.Progress | None))
GONE = "The comparison of this link is no longer on this server. Its settings are here: press Compare to run it again."


def start(contest: Contest) -> None:
    """A callback: one job for the whole comparison, named in the link; the one before it ends."""
    if job_ids := RUN.start(lambda: _submit(contest)):
        st.session_state[session.AGAINST] = contest.budget.kind
        (st.session_state[session.STARTED],) = job_ids
        st.session_state[session.PIN] = contest.methods[0]


def lay_over_what_was_trained(now: Shown) -> None:
    """Chooses the first three methods for the twelve tasks, when a comparison of this session has just ended."""
    if st.session_state.get(session.STARTED) in RUN.ids() and now.rankings:
        del st.session_state[session.STARTED]
        st.session_state[session.OVERLAY] = list(now.rankings)[:3]


def say_difference(now: Contest | None) -> None:
    """Where the controls describe another comparison than the one that is shown.

    Args:
      now: what they describe; None where no method is chosen.
    """
    ids = RUN.ids()
    snapshot = resources.jobs().snapshot(ids[0]) if ids else None
    if now is not None and snapshot and snapshot.report and (snapshot.report.is_trained or snapshot.ended):
        shown = snapshot.report.contest
        link = links.address("compare", shown.base.changes(), {session.CONTEST: ids[0], **_own(shown)})
        run_notes.say(words.difference(shown, now), link, key="set_to_contest", set_back=_set_back, args=(shown,))


def _own(contest: Contest) -> dict[str, Any]:
    """The page's own controls as a comparison has them, as links spell them."""
    kind, amount = contest.budget.kind, contest.budget.amount
    own = {session.METHODS: list(contest.methods), session.BUDGET: kind, session.SEEDS: str(contest.seeds)}
    return own | {session.AMOUNT + kind: str(amount)}


def _set_back(contest: Contest) -> None:
    """A callback: sidebar and controls as the comparison that is shown has them."""
    controls.choose(contest.base)
    kind, amount = contest.budget.kind, contest.budget.amount
    own = {session.METHODS: list(contest.methods), session.BUDGET: kind, session.SEEDS: contest.seeds}
    for key, value in (own | {session.AMOUNT + kind: amount}).items():
        st.session_state[key] = value


def _submit(contest: Contest) -> str:
    if resources.jobs().hosted:
        contest.check_hosted()
    return job_view.submit_work(contest.checked(), contest.reports, keep_as="comparison", summary=comparing.summary)


def progress(snapshot: Snapshot) -> Progress:
    """How far the comparison is, and what it is doing."""
    report = snapshot.report
    if report is None:
        return Progress(0.0, "0%. Starting ...")
    doing, _, name = report.doing.rpartition(" ")
    doing = f"{doing} {NAMES[name]}" if name in NAMES else report.doing
    return Progress(report.share, f"{report.share:.0%}. {doing} ...")


def show_divergence(snapshot: Snapshot) -> None:
    """Why a method's runs ended before the others'."""
    for name, ranking in (snapshot.report.rankings if snapshot.report else {}).items():
        if ranking.message:
            st.warning(f"{NAMES[name]}: {ranking.message}", icon=":material/trending_up:")
