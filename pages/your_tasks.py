"""Your tasks: from a table of many small data sets to a verdict, and to a learner in use."""

import streamlit as st

from dashboard import escape
from dashboard.engine_calls import resources
from dashboard.figures import your_tasks as figures
from dashboard.jobs import STOPPED, Snapshot
from dashboard.method_names import NAMES
from dashboard.page_parts.your_tasks import run, upload, use, verdict
from dashboard.page_parts.your_tasks import table as tables
from dashboard.page_parts.your_tasks.run import TrainedVerdict
from dashboard.page_parts.your_tasks.table import UserTable
from dashboard.widgets import job_view, page, session
from maml_engine.tables import RECOMMENDED, Progress, Settings, method_names

# What is bound to the link is spelt there as on the page.
RECOMMENDED_EFFORT, QUICK_LOOK = "Recommended", "Quick look"
OWN = {
    session.SOURCE: upload.EXAMPLE,
    session.EXAMPLE: tables.FIRST_EXAMPLE,
    session.KNOWN_ROWS: RECOMMENDED.k_shot,
    "way": RECOMMENDED.method,
    "effort": RECOMMENDED_EFFORT,
    "error_in": verdict.IN_UNITS,
    session.TRIAL: "",
}
TRIAL = job_view.LinkedJobs(session.TRIAL, belongs=lambda snapshot: isinstance(snapshot.report, Progress | None))
GONE = "The run of this link is no longer on this server: bring its table again."
MAX_KNOWN_ROWS = 10
# Enough to see whether a table is worth the rest: fewer networks, shorter runs, coarser intervals.
QUICK = {"members": 2, "folds": 3, "num_iterations": 400, "draws": 2}


def train_controls(table: UserTable, *, is_fit: bool) -> Settings:
    """How many rows of a new task will be known, by which method, and the button that begins."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        known = st.number_input(
            "Known rows",
            1,
            MAX_KNOWN_ROWS,
            OWN[session.KNOWN_ROWS],
            key=session.KNOWN_ROWS,
            bind="query-params",
            width=140,
            help="As in use: how many rows of a new machine, patient or shop there will be before it is predicted (`k_shot`).",
        )
        method = st.selectbox(
            "Method",
            method_names(),
            index=method_names().index(OWN["way"]),
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
        settings = Settings(method=method, k_shot=int(known), **(QUICK if effort == QUICK_LOOK else {}))
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


def state() -> tuple[object, ...]:
    """The tables of this session and its run: where one of them is another, the whole page is."""
    return tuple(st.session_state.get(session.TABLES, ())), st.session_state.get(session.TRIAL, "")


@st.fragment
def prepare(table: UserTable, trained: TrainedVerdict | None, before: tuple[object, ...]) -> None:
    """What its owner should know of the table, the controls of the training, and whether the verdict below is of these.

    Args:
      table: as the visitor has it.
      trained: the verdict that is shown; None where there is none, or another one is on its way.
      before: `state()` when the whole page has run.
    """
    if state() != before:
        st.rerun()
    found = tables.findings(table, int(st.session_state.get(session.KNOWN_ROWS, OWN[session.KNOWN_ROWS])))
    upload.show_findings(table, found)
    upload.cell_editor(table)
    st.subheader("2 · Train", anchor=False)
    is_fit = tables.question(table) is None and not tables.stops(table, found)
    settings = train_controls(table, is_fit=is_fit)
    if not is_fit:
        st.caption(":material/arrow_upward: First answer or mend what stands above.")
    TRIAL.show_refusal(stays=True)
    if trained is not None:
        verdict.say_what_it_is_of(trained, table, settings)


def start(table: UserTable, settings: Settings) -> None:
    """A callback: the whole work as one job."""

    def submit() -> str:
        experiment = settings.experiment(table.sheet, table.roles)
        return job_view.submit_work([experiment], run.work(table, settings), keep_as="verdict", summary=run.summary)

    TRIAL.start(submit)


def progress(snapshot: Snapshot) -> job_view.Progress:
    """How far the run is, the time left, and what it does."""
    report = snapshot.report
    if report is None:
        return job_view.Progress(0.0, "0%. Starting ...")
    left = report.seconds_left
    after = "" if left is None else f", about {job_view.spell_duration(left)} left"
    return job_view.Progress(report.share, f"{min(1.0, report.share):.0%}{after}. {escape.markdown(report.doing)} ...")


def message(snapshot: Snapshot) -> str:
    """How the run ended, where that needs saying."""
    return "Stopped before there was a verdict." if snapshot.status == STOPPED else snapshot.message


def show_validation(snapshot: Snapshot) -> None:
    """How well it does so far."""
    report = snapshot.report
    if not snapshot.ended and report and report.so_far:
        verdict.show_so_far(report.so_far)
    if not snapshot.ended and report and len(report.validation) > 1:
        figure = figures.validation_figure(report.validation_iterations, report.validation, report.settings.method)
        with page.pictures_of(verdict.run_of(report.table, report.settings)):
            page.chart(figure, "validation", f"Error on validation tasks while training, now {report.validation[-1]:.3g}.")


def trained_on(table: UserTable, snapshot: Snapshot | None) -> TrainedVerdict | None:
    """The verdict on the table that is shown: of the run, or the one that comes with an example; None before there is one."""
    report = snapshot.report if snapshot else None
    if report is not None and report.done and report.table.id == table.id:
        return TrainedVerdict.of(report, st.session_state[session.TRIAL])
    return run.shipped(table.example) if table.example else None


page.opening(
    "Your tasks",
    "**Bring a table of many small data sets**: machines, patients, shops, a few rows each. Train, and read whether "
    "meta-learning is worth it there, and than what. Each example is judged already.",
)
ids = TRIAL.ids(GONE)
snapshot = resources.jobs().snapshot(ids[0]) if ids else None

st.subheader("1 · Bring", anchor=False)
left, right = st.columns([5, 6], gap="medium")
with left:
    upload.source_controls()
    table = upload.current(snapshot.report.table if snapshot and snapshot.report else None)
    upload.say_whose(table)
    table = upload.role_controls(table)
    upload.show_guess(table)
with right:
    upload.show_rows(table)
is_running = bool(snapshot and not snapshot.ended)
prepare(table, None if is_running else trained_on(table, snapshot), state())
if ids:
    with st.container(key="run_view"):
        job_view.watch(ids, progress, show_validation, key="stop", message=message)
    snapshot = resources.jobs().snapshot(ids[0])  # what `watch` has seen, or later

st.subheader("3 · Verdict", anchor=False)
trained = trained_on(table, snapshot)
if trained is None:
    st.caption("Here the verdict comes: one sentence, and every number behind it.")
else:
    verdict.show(trained, is_running=bool(snapshot and not snapshot.ended))
    st.subheader("4 · Use", anchor=False)
    st.fragment(use.show)(trained)

page.equation(
    r"\hat y = \frac{1}{M} \sum_{m=1}^{M} f\bigl(x;\, \theta_m - \alpha_m \odot \nabla L^{\text{known}}(\theta_m) - \dots"
    r"\bigr), \qquad d_i = e_i^{\text{meta}} - e_i^{\text{other}}, \quad \bar d \pm t\, \frac{s_d}{\sqrt{n}}",
    "An ensemble of **M** networks, each meta-trained on other tasks and stopped on validation tasks of its own, takes a few "
    "gradient steps on the **known** rows of a new task. Every way is judged on the same rows of the same unseen tasks, so the "
    "difference **d** is taken task by task: its interval is narrower than that of either error.",
)
page.finish(OWN)
