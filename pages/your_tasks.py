"""Your tasks: from a table of many small data sets to a verdict, and to a learner in use."""

import streamlit as st

from dashboard import escape
from dashboard.engine_calls import resources
from dashboard.figures import your_tasks as figures
from dashboard.jobs import QUEUED, STOPPED, Snapshot
from dashboard.method_names import NAMES
from dashboard.page_parts.your_tasks import table as your_tasks
from dashboard.page_parts.your_tasks import upload, use, verdict
from dashboard.page_parts.your_tasks.table import FIRST_EXAMPLE, Told, TrainedVerdict, UserTable
from dashboard.widgets import page
from maml_engine.methods import METHODS
from maml_engine.tables import RECOMMENDED, Settings

# What is bound to the link is spelt there as on the page.
RECOMMENDED_EFFORT, QUICK_LOOK = "Recommended", "Quick look"
OWN = {
    "source": upload.EXAMPLE,
    "example": FIRST_EXAMPLE,
    "known_rows": RECOMMENDED.k_shot,
    "way": RECOMMENDED.method,
    "effort": RECOMMENDED_EFFORT,
    "error_in": verdict.IN_UNITS,
    "trial": "",
}
TRIAL, TRIED, SEEN_END = "trial", "_trial_refused", "_trial_seen_end"
SECONDS_BETWEEN_LOOKS = 0.5
MAX_KNOWN_ROWS = 10
# Enough to see whether a table is worth the rest: fewer networks, shorter runs, coarser intervals.
QUICK = {"members": 2, "folds": 3, "num_iterations": 400, "draws": 2}


# The run.


def current_trial() -> str | None:
    """The run of this session, or the one that the link names; None where this server does not know it."""
    job_id = st.session_state.get(TRIAL) or st.query_params.get(TRIAL, "")
    if not job_id:
        return None
    if resources.jobs().snapshot(job_id) is None:
        st.session_state[TRIAL] = ""
        st.query_params.pop(TRIAL, None)
        st.info("The run of this link is no longer on this server: bring its table again.", icon=":material/link:")
        return None
    st.session_state[TRIAL] = job_id
    return job_id


def start(table: UserTable, settings: Settings) -> None:
    """A callback: the whole work as one job, named in the link; the one before it ends."""
    jobs = resources.jobs()
    if old := st.session_state.get(TRIAL):
        jobs.stop(old)
    try:
        experiment = settings.experiment(table.sheet, table.roles)
        job_id = jobs.submit_work([experiment], lambda: your_tasks.work(table, settings))
    except ValueError as error:
        st.session_state[TRIED] = str(error)
        return
    st.session_state.pop(TRIED, None)
    st.session_state[TRIAL] = st.query_params[TRIAL] = job_id


def train_controls(table: UserTable, is_fit: bool) -> Settings:
    """How many rows of a new task will be known, by which method; and the way to begin."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        known = st.number_input(
            "Known rows",
            1,
            MAX_KNOWN_ROWS,
            OWN["known_rows"],
            key="known_rows",
            bind="query-params",
            width=140,
            help="As in use: how many rows of a new machine, patient or shop there will be before it is predicted (`k_shot`).",
        )
        way = st.selectbox(
            "Method",
            list(METHODS),
            index=list(METHODS).index(OWN["way"]),
            key="way",
            bind="query-params",
            width=170,
            help=f"{NAMES[RECOMMENDED.method]} (`{RECOMMENDED.method}`) is recommended; the others are the rest of the family.",
        )
        effort = st.segmented_control(
            "Effort",
            [RECOMMENDED_EFFORT, QUICK_LOOK],
            default=OWN["effort"],
            key="effort",
            bind="query-params",
            required=True,
            help="A quick look trains fewer and shorter: for a first impression, not for use.",
        )
        settings = Settings(method=way, k_shot=int(known), **(QUICK if effort == QUICK_LOOK else {}))
        st.button(
            "Train and judge",
            icon=":material/play_arrow:",
            type="primary",
            key="judge",
            on_click=start,
            args=(table, settings),
            disabled=not is_fit,
        )
    return settings


def show_run(job_id: str) -> None:
    """One look at the run; while it goes on, again and again."""
    jobs = resources.jobs()
    snapshot = jobs.snapshot(job_id)
    jobs.touch(job_id)
    if snapshot is None:
        st.rerun()
    if not snapshot.ended:
        show_progress(snapshot, job_id)
    elif snapshot.status == STOPPED:
        st.info("Stopped before there was a verdict.", icon=":material/stop_circle:")
    elif snapshot.message:
        st.error(escape.markdown(snapshot.message), icon=":material/error:")
    if snapshot.ended and st.session_state.get(SEEN_END) != job_id:
        st.session_state[SEEN_END] = job_id
        st.rerun()


def show_progress(snapshot: Snapshot, job_id: str) -> None:
    """How far it is and what it does, the time left, Stop, and how well it does so far."""
    told: Told | None = snapshot.report
    bar, button = st.columns([5, 1], vertical_alignment="center")
    if snapshot.status == QUEUED:
        said = f"{snapshot.position} before it in the queue" if snapshot.position else "Next in line"
        bar.progress(0.0, text=f"{said} ...")
    else:
        progress = told.progress if told else None
        left = progress.seconds_left if progress else None
        said = f"{escape.markdown(progress.doing)}" if progress else "Starting"
        after = "" if left is None else f", about {spell_seconds(left)} left"
        share = min(1.0, progress.share) if progress else 0.0
        bar.progress(share, text=f"{share:.0%}{after}. {said} ...")
    button.button("Stop", icon=":material/stop:", key="stop", on_click=resources.jobs().stop, args=(job_id,), width="stretch")
    if told and len(told.progress.validation) > 1:
        progress = told.progress
        figure = figures.validation_figure(progress.validation_iterations, progress.validation, told.settings.method)
        page.chart(figure, "validation", f"Error on validation tasks while training, now {progress.validation[-1]:.3g}.")


def spell_seconds(seconds: float) -> str:
    """A duration for reading."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def judged_of(job_id: str | None, table: UserTable) -> TrainedVerdict | None:
    """The verdict on the table that is shown: of the run, or the one that comes with an example; None before there is one."""
    snapshot = resources.jobs().snapshot(job_id) if job_id else None
    told: Told | None = snapshot.report if snapshot else None
    if told is not None and told.done and told.table.id == table.id:
        return TrainedVerdict(told.table, told.settings, told.progress.verdict, told.progress.learner)
    return your_tasks.shipped(table.example) if table.example else None


page.opening(
    "Your tasks",
    "**Bring a table of many small data sets**: machines, patients, shops, a few rows each. Train, and read whether "
    "meta-learning is worth it there, and than what. The example below is judged already: scroll down.",
)
job_id = current_trial()
snapshot = resources.jobs().snapshot(job_id) if job_id else None

st.subheader("1 · Bring", anchor=False)
left, right = st.columns([5, 6], gap="medium")
with left:
    upload.source_controls()
    table = upload.current(snapshot.report.table if snapshot and snapshot.report else None)
    table = upload.role_controls(table)
with right:
    upload.show_rows(table)
found = your_tasks.findings(table, int(st.session_state.get("known_rows", OWN["known_rows"])))
upload.show_findings(table, found)
upload.cell_editor(table)

st.subheader("2 · Train", anchor=False)
settings = train_controls(table, is_fit=not any(finding.severity == "error" for finding in found))
if said := st.session_state.get(TRIED):
    st.error(escape.markdown(said), icon=":material/error:")
if job_id:
    with st.container(key="run"):
        st.fragment(show_run, run_every=None if snapshot.ended else SECONDS_BETWEEN_LOOKS)(job_id)

st.subheader("3 · Verdict", anchor=False)
judged = judged_of(job_id, table)
if judged is None:
    st.caption("Here the verdict comes: one sentence, and every number behind it.")
else:
    verdict.show(judged, table, settings, is_running=bool(snapshot and not snapshot.ended))
    st.subheader("4 · Use", anchor=False)
    st.fragment(use.show)(judged)

page.equation(
    r"\hat y = \frac{1}{M} \sum_{m=1}^{M} f\bigl(x;\, \theta_m - \alpha_m \odot \nabla L^{\text{known}}(\theta_m) - \dots"
    r"\bigr), \qquad d_i = e_i^{\text{meta}} - e_i^{\text{other}}, \quad \bar d \pm t\, \frac{s_d}{\sqrt{n}}",
    "An ensemble of **M** networks, each meta-trained on other tasks and stopped on validation tasks of its own, takes a few "
    "gradient steps on the **known** rows of a new task. Every way is judged on the same rows of the same unseen tasks, so the "
    "difference **d** is taken task by task: its interval is narrower than that of either error.",
)
page.finish(OWN)
