"""Which learner a page shows: the shipped one, or one of this session's runs under the name that its owner gave it."""

import streamlit as st

from dashboard.engine_calls import resources
from dashboard.widgets import job_view, links, page, run_words, visitor
from dashboard.widgets.session import (
    LEARNER_CHOICE,
    LEARNER_NAME,
    LEARNER_WRITTEN,
    PICTURE_LEARNER,
    PICTURE_RUNS,
    RUNS,
    settle,
)
from maml_engine import Learner
from maml_engine.tasks import PICTURES

SHIPPED = "MAML (shipped)"
GONE = "The learner of this link is no longer on this server: this is the shipped MAML."
OF_PICTURES = "The learner of this link tells pictures apart, which the Characters page shows: this is the shipped MAML."
PICTURES_GONE = "A run of this link is no longer on this server, or is none of pictures."
MAX_PICTURE_RUNS = 5  # that are offered on Characters; each is measured there


def learner_control(label: str = "Learner") -> Learner:
    """The sidebar's choice among the shipped learner and those that this session has trained."""
    settle()
    # The link names the run; the widget is not bound, since a bound one would write there what its options are shown as.
    job_id = _linked_learner()
    job_ids = session_runs()
    shown = run_words.unlike({"": SHIPPED, **{each: run_title(each) for each in job_ids}})
    st.session_state[LEARNER_CHOICE] = job_id
    st.sidebar.selectbox(
        label,
        ["", *job_ids],
        format_func=lambda each: shown.get(each, each),
        key=LEARNER_CHOICE,
        on_change=_choose_learner,
        help="The learner that this page shows: the one that comes with the app, or one that you trained on the Train page.",
    )
    return resources.jobs().learner(job_id) if job_id else resources.shipped_learners()["sinusoid_maml"]


def _linked_learner() -> str:
    """The run whose learner this session shows, or the one that a link names; "" for the shipped learner. Kept in the link."""
    held, linked = st.session_state.get(links.LEARNER_KEY, ""), st.query_params.get(links.LEARNER_KEY, "")
    if linked and linked != st.session_state.get(LEARNER_WRITTEN):
        held = linked
    job_id = "" if held == SHIPPED else held.removeprefix("run ")
    found = resources.jobs().learner(job_id) if job_id else None
    is_gone = bool(job_id) and found is None
    is_elsewhere = found is not None and found.experiment.tasks in PICTURES
    page.answer_link(links.LEARNER_KEY, GONE if is_gone else OF_PICTURES if is_elsewhere else "")
    if is_gone or is_elsewhere:
        job_id = ""
    _show_learner(job_id)
    if not job_id:
        st.query_params.pop(links.LEARNER_KEY, None)
    elif linked != st.session_state[links.LEARNER_KEY]:
        st.query_params[links.LEARNER_KEY] = st.session_state[links.LEARNER_KEY]
    return job_id


def _show_learner(job_id: str) -> None:
    """The session shows a run's learner; "" for the shipped one."""
    if job_id:
        st.session_state[RUNS] = [*dict.fromkeys([*st.session_state.get(RUNS, ()), job_id])]
    st.session_state[links.LEARNER_KEY] = st.session_state[LEARNER_WRITTEN] = f"run {job_id}" if job_id else ""


def _choose_learner() -> None:
    """A callback."""
    offer_run(st.session_state[LEARNER_CHOICE])


def session_runs() -> list[str]:
    """Job ids of the runs that are offered on every page: this session's, and the one that its link named."""
    return [job_id for job_id in st.session_state.get(RUNS, ()) if resources.jobs().learner(job_id) is not None]


def offer_run(job_id: str) -> None:
    """A callback: offers a run's learner on every page of this session, and chooses it; "" chooses the shipped one."""
    _show_learner(job_id)
    st.session_state[LEARNER_WRITTEN] = st.query_params.get(links.LEARNER_KEY, "")  # what still stands there is no news


# Of pictures, for the Characters page.


def offer_pictures(job_id: str) -> None:
    """A callback: offers a run's learner on the Characters page of this session, and chooses it there."""
    _keep_picture_runs([each for each in _picture_run_ids() if each != job_id] + [job_id])
    st.session_state[PICTURE_LEARNER] = f"run {job_id}"


def is_on_characters(job_id: str) -> bool:
    """Whether a run's learner is offered there."""
    return job_id in _picture_run_ids()


def on_characters(job_id: str) -> str:
    """That it is, with a link, as Markdown."""
    link = links.address("characters", {}, {PICTURE_RUNS: job_id, PICTURE_LEARNER: f"run {job_id}"})
    return f"Characters has it among its learners now: [open Characters]({link}) and draw."


def picture_runs() -> dict[str, Learner]:
    """Learners by run that are offered on the Characters page: this session's, and those that its link named.

    The address names them at once: a link that is copied while the page measures opens what it shows.
    """
    asked = _picture_run_ids()
    learners = {job_id: resources.jobs().learner(job_id) for job_id in asked}
    found = {job_id: one for job_id, one in learners.items() if one is not None and one.experiment.tasks in PICTURES}
    if asked:
        _keep_picture_runs(list(found))
        if not found:
            st.query_params.pop(PICTURE_RUNS, None)
        elif st.query_params.get(PICTURE_RUNS) != st.session_state[PICTURE_RUNS]:
            st.query_params[PICTURE_RUNS] = st.session_state[PICTURE_RUNS]
    if len(found) < len(asked):
        page.answer_link(PICTURE_RUNS, PICTURES_GONE)
    return found


def _picture_run_ids() -> list[str]:
    spelled = st.session_state.get(PICTURE_RUNS) or st.query_params.get(PICTURE_RUNS, "")
    return [job_id for job_id in spelled.split(".") if job_id][-MAX_PICTURE_RUNS:]


def _keep_picture_runs(job_ids: list[str]) -> None:
    """In the session alone: a callback of another page says it, too."""
    st.session_state[PICTURE_RUNS] = ".".join(job_ids[-MAX_PICTURE_RUNS:])


def run_name(job_id: str) -> str:
    """The name that a run's learner was given; "" for none."""
    snapshot = resources.jobs().snapshot(job_id)
    return snapshot.name if snapshot else ""


def run_title(job_id: str) -> str:
    """What a run's learner is called: the name that its owner gave, else its method, length and seed."""
    snapshot = resources.jobs().snapshot(job_id)
    if snapshot is None:
        return f"run {job_id}"
    run = snapshot.experiment
    return snapshot.name or f"{run_words.method_of(run)}, {snapshot.iteration:,} meta-iterations, seed {run.seed}"


def name_field(job_id: str) -> None:
    """Where a run's learner gets its name, from whose run it is."""
    if not job_view.is_mine(job_id):
        st.caption(f"{job_view.ANOTHERS}, opened by its link: they alone can give it a name.")
        return
    key = LEARNER_NAME + job_id
    st.session_state[key] = run_name(job_id)
    st.text_input(
        "Its name",
        key=key,
        max_chars=run_words.MAX_NAME,
        placeholder=run_title(job_id),
        on_change=_rename,
        args=(job_id,),
        width=360,
        help="Stands wherever this learner is chosen and drawn, and in the names of its files; whoever has its link sees it.",
    )


def _rename(job_id: str) -> None:
    """A callback."""
    name = run_words.given_name(st.session_state[LEARNER_NAME + job_id])
    resources.jobs().rename(job_id, name, owner=visitor.owner())


def given_name(learner: Learner) -> str:
    """The name that a learner of this session was given; "" for none."""
    return next((run_name(job_id) for job_id in session_runs() if resources.jobs().learner(job_id) is learner), "")


def learner_words(learner: Learner) -> str:
    """Which learner a picture is of, and the run that made it."""
    run = learner.experiment
    is_shipped = learner is resources.shipped_learners()["sinusoid_maml"]
    title = SHIPPED if is_shipped else run_words.title(run, given_name(learner))
    return run_words.of_run(run, learner.iteration, title=title)
