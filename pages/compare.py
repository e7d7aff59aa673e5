"""Compare: methods trained side by side within one budget, judged on the same tasks."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from dashboard.engine_calls import resources
from dashboard.figures import compare as figures
from dashboard.jobs import Snapshot
from dashboard.method_names import NAMES, PRETRAINED
from dashboard.page_parts.compare import closer_look
from dashboard.page_parts.compare import contest as comparing
from dashboard.page_parts.compare.contest import AMOUNTS, DEFAULT_AMOUNT, ENTRANTS, Contest
from dashboard.results import Row, spell_loss
from dashboard.widgets import controls, page
from maml_engine import Experiment, Learner
from maml_engine.analysis.comparison import Budget, ContestReport

OWN = {
    "methods": ["maml", "reptile"],
    "budget": "iterations",
    **{f"amount_{kind}": amount for kind, amount in DEFAULT_AMOUNT.items()},
    "seeds": 1,
    "after": 1,
    "against": "iterations",
    "overlay": ["maml", PRETRAINED],
    "pin": "maml",
    "look": "reptile",
    "contest": "",
}
KIND_LABELS = {"iterations": "Meta-iterations", "gradients": "Gradients", "seconds": "Seconds"}
REFUSED, SEEN_END, STARTED = "_contest_refused", "_contest_seen_end", "_contest_started"
SECONDS_BETWEEN_LOOKS = 0.5
MAX_K_SHOT = 200


def spell_method(name: str) -> str:
    """A method for a list."""
    return NAMES[name]


def base_experiment() -> Experiment:
    """What all methods share, from the sidebar."""
    experiment = controls.experiment_controls("tasks", "k_shot", "meta_batch_size", "hidden_dim", "seed")
    if experiment.tasks == "table":
        st.info(
            "A table's rows are not compared here: this page shows sine waves instead. Train on your table on the Train page.",
            icon=":material/info:",
        )
    values = {name: getattr(experiment, name) for name in ("k_shot", "meta_batch_size", "hidden_dim", "seed")}
    if values["k_shot"] > MAX_K_SHOT:
        st.info(f"This page takes at most {MAX_K_SHOT} support points a task.", icon=":material/info:")
        values["k_shot"] = MAX_K_SHOT
    tasks = "sinusoid" if experiment.tasks == "table" else experiment.tasks
    return Experiment(tasks=tasks, **values)


def contest_controls(base: Experiment) -> Contest | None:
    """Which methods, how much, how often; None where nothing is chosen."""
    controls.by_name("methods", ENTRANTS, spell_method, several=True)
    controls.by_name("budget", KIND_LABELS, KIND_LABELS.get)
    methods = st.multiselect(
        "Methods",
        ENTRANTS,
        OWN["methods"],
        format_func=spell_method,
        key="methods",
        bind="query-params",
        help="Pretrained is the baseline of transfer learning: one network for all tasks, then fine-tuned.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            "Budget of each run",
            list(KIND_LABELS),
            format_func=KIND_LABELS.get,
            key="budget",
            bind="query-params",
            width=190,
            help="Gradients counts gradients and Hessian-vector products of a task's loss, so that a method that takes more of "
            "them in a meta-iteration gets fewer meta-iterations. Seconds leave compilation out.",
        )
        controls.by_name(f"amount_{kind}", AMOUNTS[kind], "{:,}".format)
        amount = st.select_slider(
            f"How much: {KIND_LABELS[kind].lower()}",
            AMOUNTS[kind],
            DEFAULT_AMOUNT[kind],
            format_func="{:,}".format,
            key=f"amount_{kind}",
            bind="query-params",
            width=260,
        )
        seeds = st.number_input(
            "Seeds",
            1,
            comparing.MAX_SEEDS,
            OWN["seeds"],
            key="seeds",
            bind="query-params",
            width=110,
            help="1 to 5 runs each.",
        )
        contest = Contest(tuple(methods), base, Budget(kind, amount), seeds) if methods else None
        st.button(
            "Compare",
            icon=":material/play_arrow:",
            type="primary",
            key="compare",
            on_click=start,
            args=(contest,),
            disabled=contest is None,
        )
    if contest is None:
        st.info("Choose at least one method.", icon=":material/info:")
        return None
    with st.expander("What each runs with", icon=":material/tune:"):
        st.dataframe(comparing.recipe_rows(contest), hide_index=True, width="stretch")
        st.caption(
            f"The same for all: {base.tasks} tasks, {base.k_shot} support and {base.k_query} query points, "
            f"{base.meta_batch_size} tasks in a meta-step, {base.hidden_dim} hidden units in two layers, meta step size "
            f"{base.meta_lr:g} under Adam where the table does not say otherwise. These settings suit each method roughly; "
            "none was tuned for this page."
        )
        if kind != "seconds":  # how many meta-iterations those buy is known at the end
            with st.container(horizontal=True, vertical_alignment="bottom"):
                name = st.selectbox("As code", methods, format_func=spell_method, key="as_code", width=190)
                page.code(contest.entrants()[name][0], "as_code")
    return contest


def start(contest: Contest) -> None:
    """A callback: one job for the whole comparison, named in the link; the one before it ends."""
    jobs = resources.jobs()
    if job_id := current():
        jobs.stop(job_id)
    try:
        if jobs.hosted:
            contest.check_hosted()
        job_id = jobs.submit_work(contest.checked(), contest.reports)
    except ValueError as error:
        st.session_state[REFUSED] = str(error)
        return
    st.session_state["contest"] = st.query_params["contest"] = job_id
    st.session_state["against"] = contest.budget.kind
    st.session_state[STARTED] = job_id
    st.session_state["pin"] = contest.methods[0]


def current() -> str | None:
    """The comparison of this session, or the one that the link names; None where this server does not know it."""
    job_id = st.session_state.get("contest") or st.query_params.get("contest", "")
    snapshot = resources.jobs().snapshot(job_id) if job_id else None
    if snapshot is None:
        return None
    st.session_state["contest"] = job_id
    return job_id


def show_progress(snapshot: Snapshot, job_id: str) -> None:
    """How far it is, Stop, and how it ended."""
    report: ContestReport | None = snapshot.report
    if not snapshot.ended:
        bar, button = st.columns([5, 1], vertical_alignment="center")
        doing = report.doing if report else f"{snapshot.position} before it in the queue" if snapshot.position else "Starting"
        for name, label in NAMES.items():
            doing = doing.removesuffix(f" {name}") + f" {label}" if doing.endswith(f" {name}") else doing
        share = report.share if report else 0.0
        bar.progress(share, text=f"{share:.0%}. {doing} ...")
        button.button(
            "Stop", icon=":material/stop:", key="stop", on_click=resources.jobs().stop, args=(job_id,), width="stretch"
        )
    if snapshot.message:
        icon = ":material/info:" if snapshot.status == "stopped" else ":material/error:"
        (st.info if snapshot.status == "stopped" else st.error)(snapshot.message, icon=icon)
    for name, standing in (report.standings if report else {}).items():
        if standing.message:
            st.warning(f"{NAMES[name]}: {standing.message}", icon=":material/trending_up:")


def known(snapshot: Snapshot | None, base: Experiment) -> tuple[dict[str, np.ndarray], Mapping]:
    """Losses `[tasks, steps + 1]` by name, and the standings behind them; the shipped learners' before anything is trained."""
    standings = snapshot.report.standings if snapshot and snapshot.report else {}
    standings = {name: standing for name, standing in standings.items() if len(standing.iterations)}
    losses = {name: standing.task_loss for name, standing in standings.items()}
    losses = losses or comparing.shipped(resources.shipped_learners(), base)
    return losses | comparing.references(base), standings


def base_of(snapshot: Snapshot | None, base: Experiment) -> Experiment:
    """What the comparison that is shown shares; the sidebar's own before there is one."""
    if snapshot is None or snapshot.report is None or not snapshot.report.standings:
        return base
    shared = next(iter(snapshot.report.standings.values())).experiments[0]
    names = ("tasks", "k_shot", "meta_batch_size", "hidden_dim", "seed")
    return Experiment(**{name: getattr(shared, name) for name in names})


def show_results(base: Experiment, job_id: str | None) -> None:
    """Everything that grows while it trains: curves, table, differences."""
    jobs = resources.jobs()
    snapshot = jobs.snapshot(job_id) if job_id else None
    if snapshot is not None:
        jobs.touch(job_id)
        show_progress(snapshot, job_id)
        base = base_of(snapshot, base)
    k = st.session_state.get("after", OWN["after"])
    losses, standings = known(snapshot, base)
    if standings:
        show_curves(standings, losses, k)
    show_losses(losses, standings, k)
    show_differences(losses, k)
    if snapshot is not None and snapshot.ended and st.session_state.get(SEEN_END) != job_id:
        st.session_state[SEEN_END] = job_id
        if st.session_state.get(STARTED) == job_id:
            st.session_state["overlay"] = list(standings)[:3]
        st.rerun()


def show_curves(standings: Mapping, losses: Mapping[str, np.ndarray], k: int) -> None:
    """Loss against budget."""
    against = st.session_state.get("against", "iterations")
    bands = {name: comparing.band(standing, against, k) for name, standing in standings.items()}
    references = {name: float(loss[:, k].mean()) for name, loss in losses.items() if name not in standings}
    said = ", ".join(f"{NAMES[name]} {spell_loss(band.mean[-1])}" for name, band in bands.items())
    seeds = max(standing.curves.shape[1] for standing in standings.values())
    figure = figures.budget_figure(bands, references, against, k)
    page.chart(figure, "curves", f"Held-out loss after {k} steps against {figures.AXES[against]}; now {said}.")
    band_words = f"Bands: the range of {seeds} seeds. " if seeds > 1 else ""
    st.caption(
        f"{band_words}{comparing.JUDGED_TASKS} held-out tasks, the same for all; lines across are what trains for nothing."
    )


def show_losses(losses: Mapping[str, np.ndarray], standings: Mapping, k: int) -> None:
    """The table and its picture."""
    rows = comparing.table(losses, standings, k)
    st.subheader("On the same tasks", anchor=False)
    said = ", ".join(f"{NAMES[row.name]} {spell_loss(row.mean)}" for row in rows)
    page.chart(figures.losses_figure(rows, k), "losses", f"Mean loss after {k} steps with 95 % intervals: {said}.")
    if not standings:
        st.caption(
            "Before you train anything: MAML and the pretrained network that come with the app (both trained on sine waves), "
            "a random start, the best guess without seeing a point (zero-shot) and a predictor that knows the family (oracle)."
        )
    columns = list(_columns(k)) if standings else ["method", "loss", "interval"]  # what was not trained here took nothing here
    alt = f"The same numbers: {said}."
    st.dataframe(
        _cells(rows),
        hide_index=True,
        width="stretch",
        column_config=_columns(k),
        column_order=columns,
        placeholder="",
        alt=alt,
    )
    st.caption(
        f"Intervals: 95 %, Student, over {comparing.JUDGED_TASKS} held-out tasks, a task's loss averaged over the seeds. "
        "Memory: what one compiled meta-gradient asks for besides its arguments. Time: one meta-iteration of one run, seeds "
        "trained side by side."
    )


def _cells(rows: list[Row]) -> list[dict]:
    return [
        {
            "method": NAMES[row.name],
            "loss": row.mean if np.isfinite(row.mean) else None,
            "interval": f"{spell_loss(row.low)} to {spell_loss(row.high)}" if np.isfinite(row.mean) else "diverged",
            "adapted": row.adapted,
            "memory": row.kilobytes,
            "time": row.microseconds,
            "iterations": row.iterations,
        }
        for row in rows
    ]


def _columns(k: int) -> dict:
    column = st.column_config
    return {
        "method": column.TextColumn("Method", pinned=True),
        "loss": column.NumberColumn(f"Loss after {k}", format="%.4f"),
        "interval": column.TextColumn("95 % interval"),
        "adapted": column.NumberColumn("Parameters adapted", format="localized"),
        "memory": column.NumberColumn("Memory (kB)", format="%.0f"),
        "time": column.NumberColumn("Time (µs)", format="%.0f", help="Of one meta-iteration"),
        "iterations": column.NumberColumn("Meta-iterations", format="localized"),
    }


def show_differences(losses: Mapping[str, np.ndarray], k: int) -> None:
    """Paired differences to the pinned one."""
    pinned = st.session_state.get("pin", OWN["pin"])
    pinned = pinned if pinned in losses else next(iter(losses))
    rows = [row for row in comparing.differences(losses, pinned, k) if np.isfinite(row.mean)]
    st.markdown(f"**Against {NAMES[pinned]}, task by task**")
    said = ", ".join(f"{NAMES[row.name]} {row.mean:+.3g} ({row.verdict})" for row in rows)
    page.chart(figures.differences_figure(rows, pinned, k), "differences", f"Paired differences to {NAMES[pinned]}: {said}.")
    if rows:
        first = max(rows, key=lambda row: row.unpaired / max(row.half, 1e-9))
        st.caption(
            f"Left of the line is better. {NAMES[first.name]} − {NAMES[pinned]}: {first.mean:+.3g} ± {first.half:.2g}, "
            f"{first.verdict}. With tasks of its own for each, the same difference would be known to ± {first.unpaired:.2g}."
        )


def view_controls(names: list[str]) -> None:
    """What the pictures show."""
    if st.session_state.get("pin", OWN["pin"]) not in names:
        st.session_state["pin"] = names[0]
    controls.by_name("pin", names, spell_method)
    controls.by_name("against", KIND_LABELS, KIND_LABELS.get)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.select_slider(
            "Inner steps k",
            list(range(comparing.JUDGED_STEPS + 1)),
            OWN["after"],
            key="after",
            bind="query-params",
            width=260,
            help="Everything below shows the loss after so many gradient steps, however many a method was trained with.",
        )
        st.selectbox("Pinned baseline", names, format_func=spell_method, key="pin", bind="query-params", width=190)
        st.selectbox(
            "Curves against", list(figures.AXES), format_func=KIND_LABELS.get, key="against", bind="query-params", width=190
        )


def show_tasks(learners: Mapping[str, Learner], base: Experiment, k: int) -> None:
    """The same twelve tasks under each method chosen."""
    st.subheader("The same twelve tasks", anchor=False)
    chosen_before = st.session_state.get("overlay", [])
    if unknown := set(chosen_before) - set(learners):  # of another comparison
        st.session_state["overlay"] = [name for name in chosen_before if name not in unknown] or list(learners)[:2]
    controls.by_name("overlay", learners, spell_method, several=True)
    chosen = st.multiselect(
        "Methods to lay over each other",
        list(learners),
        list(learners)[:2],
        format_func=spell_method,
        key="overlay",
        bind="query-params",
    )
    if not chosen:
        st.info("Choose at least one method to draw.", icon=":material/info:")
        return
    fits = {name: comparing.twelve(learners[name], base) for name in chosen}
    losses = {name: np.mean([fit.loss[k] for fit in some]) for name, some in fits.items()}
    said = ", ".join(f"{NAMES[name]} {spell_loss(loss)}" for name, loss in losses.items())
    page.chart(figures.tasks_figure(fits, k), "twelve", f"Twelve held-out tasks after {k} steps. Mean loss on them: {said}.")
    st.caption(f"Mean loss on these twelve: {said}.")


def learners_of(snapshot: Snapshot | None, base: Experiment) -> dict[str, Learner]:
    """A learner for each name that can be drawn: the first seed's, or the shipped ones."""
    standings = snapshot.report.standings if snapshot and snapshot.report else {}
    trained = {name: standing.learners[0] for name, standing in standings.items() if standing.learners}
    if trained:
        return trained
    shipped = resources.shipped_learners()
    return {"maml": shipped["sinusoid_maml"], PRETRAINED: comparing.fine_tuned(shipped["sinusoid_joint"], base)}


page.opening(
    "Compare",
    "**Press Compare** and watch MAML and Reptile train side by side; then pin one and see by how much, task by task, the "
    "others beat it.",
)
base = base_experiment()
contest_controls(base)
if refused := st.session_state.pop(REFUSED, None):
    st.error(refused, icon=":material/error:")
job_id = current()
snapshot = resources.jobs().snapshot(job_id) if job_id else None
shown_base = base_of(snapshot, base)
view_controls(list(known(snapshot, shown_base)[0]))
with st.container(key="results"):
    is_over = snapshot is None or snapshot.ended
    st.fragment(show_results, run_every=None if is_over else SECONDS_BETWEEN_LOOKS)(base, job_id)
if is_over:
    learners = learners_of(snapshot, shown_base)
    show_tasks(learners, shown_base, st.session_state["after"])
    closer_look.show(learners, shown_base, st.session_state["after"])
else:
    st.caption("Twelve tasks under each method and a closer look at each come when the training ends.")
page.equation(
    r"\bar d = \frac{1}{N} \sum_{i=1}^{N} \Bigl( \mathcal{L}_i^{\text{query}}\bigl(\phi_i^{A}\bigr) - "
    r"\mathcal{L}_i^{\text{query}}\bigl(\phi_i^{B}\bigr) \Bigr), \qquad \bar d \pm t_{0.975,\,N-1}\, \frac{s_d}{\sqrt N}",
    "Methods **A** and **B** adapt to the same N tasks from the same points, so their losses are subtracted **task by task** "
    "before anything is averaged. What makes a task hard for both drops out, and the interval of the difference is narrower "
    "than those of the two losses. φ is what a method makes of a task's support points in k inner steps.",
)
page.finish(OWN)
