"""Your tasks: from a table of many small data sets to a verdict, and to a learner in use."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import bringing, downloads, page, plain, resources, table_report, your_tasks
from dashboard.comparing import NAMES
from dashboard.components.row_bench import Points, row_bench
from dashboard.figures import your_tasks as figures
from dashboard.jobs import QUEUED, STOPPED, Snapshot
from dashboard.your_tasks import FIRST_EXAMPLE, Brought, Judged, Told
from maml_engine.methods import METHODS
from maml_engine.tables import RECOMMENDED, Settings, Verdict

# What is bound to the link is spelt there as on the page.
IN_UNITS, RELATIVE = "In its own units", "Over its spread"
RECOMMENDED_EFFORT, QUICK_LOOK = "Recommended", "Quick look"
OWN = {
    "source": bringing.EXAMPLE,
    "example": FIRST_EXAMPLE,
    "known_rows": RECOMMENDED.k_shot,
    "way": RECOMMENDED.method,
    "effort": RECOMMENDED_EFFORT,
    "error_in": IN_UNITS,
    "trial": "",
}
TRIAL, KNOWN, TRIED, SEEN_END = "trial", "_known_rows_of", "_trial_refused", "_trial_seen_end"
SECONDS_BETWEEN_LOOKS = 0.5
MOST_KNOWN_ROWS = 10
# Enough to see whether a table is worth the rest: fewer networks, shorter runs, coarser intervals.
QUICK = {"members": 2, "folds": 3, "num_iterations": 400, "draws": 2}
PREDICTIONS = "predictions.csv"
COMMAND = "python -m maml_engine adapt learner known.csv --predict others.csv"
ICONS = {
    "worth it": ":green[:material/thumb_up:]",
    "no different": ":gray[:material/drag_handle:]",
    "worse": ":orange[:material/thumb_down:]",
}


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


def start(table: Brought, settings: Settings) -> None:
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


def train_controls(table: Brought, is_fit: bool) -> Settings:
    """How many rows of a new task will be known, by which method; and the way to begin."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        known = st.number_input(
            "Known rows",
            1,
            MOST_KNOWN_ROWS,
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
        st.error(plain.markdown(snapshot.message), icon=":material/error:")
    if snapshot.ended and st.session_state.get(SEEN_END) != job_id:
        st.session_state[SEEN_END] = job_id
        st.rerun()


def show_progress(snapshot: Snapshot, job_id: str) -> None:
    """How far it is and what it does, the time left, Stop, and how well it does so far."""
    told: Told | None = snapshot.told
    bar, button = st.columns([5, 1], vertical_alignment="center")
    if snapshot.status == QUEUED:
        said = f"{snapshot.position} before it in the queue" if snapshot.position else "Next in line"
        bar.progress(0.0, text=f"{said} ...")
    else:
        progress = told.progress if told else None
        left = progress.seconds_left if progress else None
        said = f"{plain.markdown(progress.doing)}" if progress else "Starting"
        after = "" if left is None else f", about {spell_seconds(left)} left"
        share = min(1.0, progress.share) if progress else 0.0
        bar.progress(share, text=f"{share:.0%}{after}. {said} ...")
    button.button("Stop", icon=":material/stop:", key="stop", on_click=resources.jobs().stop, args=(job_id,), width="stretch")
    if told and len(told.progress.validation) > 1:
        progress = told.progress
        figure = figures.validation_figure(progress.validation_iterations, progress.validation, told.settings.method)
        page.chart(figure, "validation", f"Error on validation tasks while training, now {progress.validation[-1]:.3g}.")


def judged_of(job_id: str | None, table: Brought) -> Judged | None:
    """The verdict on the table that is shown: of the run, or the one that comes with an example; None before there is one."""
    snapshot = resources.jobs().snapshot(job_id) if job_id else None
    told: Told | None = snapshot.told if snapshot else None
    if told is not None and told.done and told.table.id == table.id:
        return Judged(told.table, told.settings, told.progress.verdict, told.progress.learner)
    return your_tasks.shipped(table.example) if table.example else None


# The verdict.


def show_verdict(judged: Judged, table: Brought, settings: Settings, is_running: bool) -> None:
    """The sentence, then the numbers behind it."""
    verdict = judged.verdict
    if is_running:
        st.caption("The verdict that was here before, until the run above has ended.")
    elif judged.table.roles != table.roles or judged.settings != settings:
        st.info(
            f"Reached with {plain.markdown(table_report.facts(judged.table.roles, verdict))}, by "
            f"{NAMES[judged.settings.method]}. Train again to judge what is chosen above.",
            icon=":material/history:",
        )
    with st.container(border=True, key="verdict"):
        st.markdown(f"### {ICONS[verdict.outcome]} {plain.markdown(verdict.sentence, 2000)}")
        st.markdown(plain.markdown(verdict.advice, 2000))
    show_numbers(verdict)
    unit = st.segmented_control(
        "Error",
        [IN_UNITS, RELATIVE],
        default=OWN["error_in"],
        key="error_in",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    show_methods(verdict, judged.settings.method, in_units=unit == IN_UNITS)
    show_tasks(judged)


def show_numbers(verdict: Verdict) -> None:
    """The few numbers that one looks for first."""
    own = next(score for score in verdict.scores if score.name == figures.META)
    other = figures.best_other(verdict)
    gaining = sum(task.gain > 0 for task in verdict.tasks)
    with st.container(horizontal=True, gap="medium"):
        said = "Over the target's spread; in its units {0.error:.3g}. 95 % interval {0.low:.3g} to {0.high:.3g}."
        st.metric("Meta-learner", f"{own.relative:.3f}", width="content", help=said.format(own))
        st.metric(other.title, f"{other.relative:.3f}", width="content", help=f"The best of the rest. {said.format(other)}")
        st.metric("Tasks that gain", f"{gaining} of {len(verdict.tasks)}", width="content")
        if np.isfinite(verdict.coverage):
            help = f"Share of the rows of unseen tasks that lay inside their {verdict.nominal:.0%} intervals."
            st.metric(f"In the {verdict.nominal:.0%} intervals", f"{verdict.coverage:.0%}", width="content", help=help)


def show_methods(verdict: Verdict, method: str, *, in_units: bool) -> None:
    """Every way beside the others: errors, paired differences, and how both depend on the known rows."""
    own, other = next(s for s in verdict.scores if s.name == figures.META), figures.best_other(verdict)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Error on tasks never seen**")
        alt = f"Error of {len(verdict.scores)} ways with 95 % intervals; the meta-learner {own.relative:.3f}, "
        alt += f"{other.title} {other.relative:.3f} of the target's spread."
        page.chart(figures.errors_figure(verdict, method, in_units=in_units), "errors", alt)
    with right:
        st.markdown("**Against the meta-learner, task by task**")
        alt = f"Paired differences with 95 % intervals; to {other.title} {other.difference:+.3f} of the target's spread."
        page.chart(figures.differences_figure(verdict, method, in_units=in_units), "differences", alt)
        st.caption("Left of the line the meta-learner is better; where the interval crosses it, no difference is seen.")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**With more known rows, or fewer**")
        alt = f"Error against 1 to {verdict.shots[-1]} support rows for every way."
        page.chart(figures.shots_figure(verdict, method, in_units=in_units), "shots", alt)
    with right:
        st.markdown("**Which tasks gain, and which lose**")
        gaining = sum(task.gain > 0 for task in verdict.tasks)
        alt = f"{gaining} of {len(verdict.tasks)} tasks gain over {other.title}."
        page.chart(figures.gains_figure(verdict), "gains", alt)
        st.caption(f"Error of the best of the rest ({other.title.lower()}) minus the meta-learner's: above 0 the task gains.")


def show_tasks(judged: Judged) -> None:
    """Single tasks before and after, all tasks as a table, and how it was done."""
    verdict, roles = judged.verdict, judged.table.roles
    if verdict.walls:
        st.markdown("**Single tasks, before → after adapting to the red rows**")
        figure = figures.wall_figure(verdict.walls, verdict.x_name, roles.target, as_lines=len(roles.inputs) == 1)
        page.chart(figure, "wall", f"{len(verdict.walls)} tasks that were not trained on, before and after adapting.")
    with st.expander("Task by task", icon=":material/table_rows:"):
        st.dataframe(figures.task_table(verdict.tasks), hide_index=True, height=300)
    with st.expander("How it was done", icon=":material/info:"):
        st.markdown(plain.markdown(table_report.protocol(judged.settings, verdict), 2000))


# Use.


def rows_at_hand(judged: Judged) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """The known rows and those to predict that the editors begin with, and where they are from."""
    held = st.session_state.get(KNOWN)
    if held and held[0] == judged.table.id and held[1] in your_tasks.frames():
        return your_tasks.frames()[held[1]]
    name, known, asked = your_tasks.first_rows(judged.table, judged.settings.k_shot)
    return known, asked, f"Filled in with rows of {plain.code(name)}, which training has seen: type, paste or bring your own."


def take_rows(judged: Judged, which: str) -> None:
    """A callback: the known rows, or those to predict, from a file."""
    uploaded = st.session_state[f"_{which}_file"]
    if uploaded is None:
        return
    known, asked, _ = rows_at_hand(judged)
    roles = judged.table.roles
    names = [*roles.inputs, roles.target] if which == "known" else roles.inputs
    with bringing.refusing("use"):
        frame = your_tasks.read_rows(uploaded.getvalue(), names)
        both = (frame, asked) if which == "known" else (known, frame)
        said = f"From {plain.code(uploaded.name)}."
        st.session_state[KNOWN] = (judged.table.id, your_tasks.put_frames((*both, said)))
        st.session_state.pop(bringing.REFUSED, None)


def show_use(judged: Judged) -> None:
    """A new task: a few known rows, and what the learner makes of the others."""
    known, asked, said = rows_at_hand(judged)
    key = st.session_state.get(KNOWN, ("", ""))[1] or judged.table.id
    left, right = st.columns([5, 6], gap="medium")
    with left:
        st.markdown("**Known rows**")
        known = st.data_editor(known, num_rows="dynamic", hide_index=True, key=f"known_{key}")
        st.markdown("**Rows to predict**")
        asked = st.data_editor(asked, num_rows="dynamic", hide_index=True, key=f"asked_{key}")
        st.caption(said)
        with st.popover("Rows from a file", icon=":material/upload_file:"):
            for which, label in (("known", "Known rows"), ("asked", "Rows to predict")):
                st.file_uploader(
                    f"{label} (CSV or Parquet)",
                    type=bringing.TYPES,
                    max_upload_size=bringing.MOST_MEGABYTES,
                    key=f"_{which}_file",
                    on_change=take_rows,
                    args=(judged, which),
                )
        bringing.show_refusal("use")
    with right:
        try:
            predicted = your_tasks.predicted(judged, known, asked)
        except ValueError as error:
            st.error(plain.markdown(str(error)), icon=":material/error:")
            take_along(judged, {})
            return
        if predicted.curve:
            show_bench(judged, known, asked, predicted)
        show_prediction(judged, known, asked, predicted)
        take_along(judged, your_tasks.files(judged, known, asked, predicted))


def show_bench(judged: Judged, known: pd.DataFrame, asked: pd.DataFrame, predicted: your_tasks.Predicted) -> None:
    """The known rows of a table of one input, to drag; what is left there fills the table of known rows."""
    names = [*judged.table.roles.inputs, judged.table.roles.target]
    points = tuple(map(tuple, known.dropna(how="all")[names].astype(float).to_numpy().tolist()))

    def take_points(left: Points) -> None:
        frame = pd.DataFrame(left, columns=names)
        st.session_state[KNOWN] = (judged.table.id, your_tasks.put_frames((frame, asked, "As left on the picture.")))

    row_bench("_row_bench", points, predicted.curve, (names[0], names[1]), take_points)
    st.caption("Drag the known rows, double-click to add one, Delete removes the chosen. Python predicts when you let go.")


def show_prediction(judged: Judged, known: pd.DataFrame, asked: pd.DataFrame, predicted: your_tasks.Predicted) -> None:
    """The picture of a new task, and the numbers."""
    roles, verdict = judged.table.roles, judged.verdict
    x_name = verdict.x_name
    asked = asked.dropna(how="all")
    known = known.dropna(how="all")
    values = [predicted.mean, predicted.low, predicted.high, known[roles.target].to_numpy()]
    if verdict.classes:
        values = [your_tasks.places(some, verdict.classes) for some in values]
    support = (your_tasks.along(judged.table, known, x_name), values.pop())
    rows = (your_tasks.along(judged.table, asked, x_name), *values)
    titles = (x_name, roles.target)
    figure = figures.prediction_figure(support, rows, predicted.curve, titles, verdict.nominal, classes=verdict.classes)
    page.chart(figure, "predictions", f"{len(known)} known rows of a new task and predictions for {len(asked)} others.")
    st.dataframe(your_tasks.prediction_columns(judged, asked, predicted), hide_index=True)


def take_along(judged: Judged, files: dict[str, bytes]) -> None:
    """What a visitor takes home.

    Args:
      files: by name, the rows and their predictions; empty where there are none.
    """
    rows = {name: content for name, content in files.items() if name != PREDICTIONS}
    table, settings, verdict, learner = judged
    found = your_tasks.findings(table, settings.k_shot)
    with st.container(horizontal=True):
        st.download_button(
            "Learner (zip)",
            lambda: downloads.learner_zip(learner, rows),
            "learner.zip",
            "application/zip",
            icon=":material/download:",
            type="primary",
            key="take_learner",
            on_click="ignore",
        )
        if files:
            st.download_button(
                "Predictions (CSV)",
                files[PREDICTIONS],
                PREDICTIONS,
                "text/csv",
                icon=":material/download:",
                key="take_predictions",
                on_click="ignore",
            )
        st.download_button(
            "Report (HTML)",
            lambda: table_report.report(table.name, table.roles, settings, verdict, found),
            "report.html",
            "text/html",
            icon=":material/description:",
            key="take_report",
            on_click="ignore",
        )
        st.download_button(
            "Python script",
            your_tasks.script(judged),
            "your_tasks.py",
            "text/x-python",
            icon=":material/code:",
            key="take_script",
            on_click="ignore",
        )
    st.caption("The zip holds the learner and these rows; unpacked, this prints the same numbers:")
    st.code(COMMAND, language="bash", wrap_lines=True)


def spell_seconds(seconds: float) -> str:
    """A duration for reading."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


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
    bringing.source_controls()
    table = bringing.current(snapshot.told.table if snapshot and snapshot.told else None)
    table = bringing.role_controls(table)
with right:
    bringing.show_rows(table)
found = your_tasks.findings(table, int(st.session_state.get("known_rows", OWN["known_rows"])))
bringing.show_findings(table, found)
bringing.cell_editor(table)

st.subheader("2 · Train", anchor=False)
settings = train_controls(table, is_fit=not any(finding.severity == "error" for finding in found))
if said := st.session_state.get(TRIED):
    st.error(plain.markdown(said), icon=":material/error:")
if job_id:
    with st.container(key="run"):
        st.fragment(show_run, run_every=None if snapshot.ended else SECONDS_BETWEEN_LOOKS)(job_id)

st.subheader("3 · Verdict", anchor=False)
judged = judged_of(job_id, table)
if judged is None:
    st.caption("Here the verdict comes: one sentence, and every number behind it.")
else:
    show_verdict(judged, table, settings, is_running=bool(snapshot and not snapshot.ended))
    st.subheader("4 · Use", anchor=False)
    st.fragment(show_use)(judged)

page.equation(
    r"\hat y = \frac{1}{M} \sum_{m=1}^{M} f\bigl(x;\, \theta_m - \alpha_m \odot \nabla L^{\text{known}}(\theta_m) - \dots"
    r"\bigr), \qquad d_i = e_i^{\text{meta}} - e_i^{\text{other}}, \quad \bar d \pm t\, \frac{s_d}{\sqrt{n}}",
    "An ensemble of **M** networks, each meta-trained on other tasks and stopped on validation tasks of its own, takes a few "
    "gradient steps on the **known** rows of a new task. Every way is judged on the same rows of the same unseen tasks, so the "
    "difference **d** is taken task by task: its interval is narrower than that of either error.",
)
page.finish(OWN)
