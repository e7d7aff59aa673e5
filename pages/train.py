"""Train: choose a run in the sidebar, watch it learn to adapt, take the learner along."""

import jax
import numpy as np
import streamlit as st

from dashboard.downloads import code
from dashboard.engine_calls import adaptation, resources
from dashboard.figures import training as figures
from dashboard.figures.style import method_colour
from dashboard.jobs import QUEUED, STOPPED, Snapshot
from dashboard.page_parts.train import held_out_tasks
from dashboard.page_parts.train.table_upload import table_controls
from dashboard.results import LossCurve, spell_loss
from dashboard.widgets import controls, links, page, session
from maml_engine import Experiment, Learner, evaluate
from maml_engine.experiment.presets import PRESETS

FIELDS = tuple(name for members in controls.GROUPS.values() for name in members if name != "loss")
OWN = {"card": ""}
SECONDS_BETWEEN_LOOKS = 0.4


@st.cache_data(max_entries=8, show_spinner=False)
def shipped_curve() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The shipped learner on 200 new tasks: mean loss after each step, and its interval."""
    curves = evaluate(resources.shipped_learners()["sinusoid_maml"], jax.random.key(1), num_tasks=200, k_query=50)
    return (curves.mean, *curves.interval())


def start(experiment: Experiment, tasks) -> None:
    """Puts the run into the queue and names it in the link; a method that does not fit the network says so before."""
    try:
        Learner.untrained(experiment, tasks=tasks)
        job_id = resources.jobs().submit(experiment, tasks)
    except ValueError as error:
        st.error(str(error), icon=":material/error:")
        return
    if old := st.session_state.get(session.JOB):
        resources.jobs().stop(old)
    st.session_state[session.JOB] = job_id
    st.query_params["job"] = job_id


def current_job() -> str | None:
    """The run of this session, or the one that the link names."""
    job_id = st.session_state.get(session.JOB) or st.query_params.get("job")
    if job_id is None or resources.jobs().snapshot(job_id) is not None:
        st.session_state[session.JOB] = job_id
        return job_id
    st.session_state.pop(session.JOB, None)
    st.info("The run of this link is no longer on this server. Its settings are in the sidebar: press Train to run it again.")
    return None


# The protocol card.


def choose_card() -> str:
    """The protocol card that is looked at; "" where none is."""
    controls.by_name("card", PRESETS, lambda name: PRESETS[name].title)
    with st.popover("Protocol card", icon=":material/description:"):
        name = st.selectbox(
            "Protocol card (`preset`)",
            ["", *PRESETS],
            format_func=lambda name: PRESETS[name].title if name else "None",
            key="card",
            bind="query-params",
            help="A paper's exact settings, and what it reports. On the command line: `maml train --preset NAME`.",
        )
        if name:
            card = PRESETS[name]
            st.markdown(f"**{card.title}**  \nFrom: {card.source}. `--preset {name}`")
            if card.remark:
                st.markdown(card.remark)
            printed = ", ".join(f"{loss:g} after {_steps(step)}" for step, loss in card.published.items())
            st.markdown(f"Published: {printed}." if printed else "Its source prints no number to compare with.")
            run = links.write(card.experiment.changes())
            st.caption(", ".join(f"`{field}` {value}" for field, value in run.items()) or "The tutorial's own values.")
            st.button(
                "Set the sidebar to it",
                icon=":material/input:",
                type="primary",
                key="use_card",
                on_click=controls.choose,
                args=(card.experiment,),
                width="stretch",
            )
    return name


@adaptation.cached
def card_curve(learner: Learner, name: str) -> LossCurve:
    """A learner by a card's own protocol."""
    with np.errstate(all="ignore"):  # some tasks may blow up
        curves = PRESETS[name].judge(learner)
        return LossCurve(curves.mean, *curves.interval())


def show_card(name: str, learner: Learner) -> None:
    """Our numbers by the card's protocol, beside the published ones."""
    card, curve = PRESETS[name], card_curve(learner, name)
    st.subheader(f"By the protocol card: {card.title}", anchor=False)
    rows = ["| after | here | 95 % interval | published |", "|---|---|---|---|"]
    for step in card.published or [card.judged["inner_steps"]]:
        interval = f"{spell_loss(curve.low[step])} to {spell_loss(curve.high[step])}"
        published = f"{card.published[step]:g}" if step in card.published else "none"
        rows.append(f"| {_steps(step)} | {spell_loss(curve.mean[step])} | {interval} | {published} |")
    st.markdown("\n".join(rows))
    points = card.judged["k_shot"]
    said = f"{card.source}. Here: {card.judged.get('num_tasks', 600)} test tasks with {points} support points each."
    if differs := card.differences(learner.experiment):
        said += f" This is not the card's own run, which has {', '.join(f'`{one}`' for one in differs)}."
    st.caption(f"{said} {card.remark}")


def card_of(experiment: Experiment, chosen: str) -> str:
    """The card to judge a run by: the chosen one, else the one whose run it is; "" where there is none."""
    its_own = (name for name, card in PRESETS.items() if not card.differences(experiment))
    return "" if experiment.tasks == "table" else chosen or next(its_own, "")


def show_family(learner: Learner, key: str) -> None:
    """The same six held-out tasks for every learner, or a table's test rows."""
    inner_steps = max(1, learner.experiment.inner_steps)
    if learner.experiment.tasks == "table":
        rows = held_out_tasks.rows(learner, learner.default_tasks, inner_steps)
        figure = figures.prediction_figure(*rows, target=learner.experiment.target, inner_steps=inner_steps)
        page.chart(figure, key, "Predicted against true targets of held-out tasks, before and after adapting.")
        return
    family = held_out_tasks.family(learner, inner_steps)
    limit = 1.1 * max(learner.experiment.amplitude[1], 0.1)
    figure = figures.family_figure(**family._asdict(), inner_steps=inner_steps, y_limit=limit)
    error_before, error_after = (float(np.mean((part - family.truth) ** 2)) for part in (family.before, family.after))
    page.chart(
        figure,
        key,
        f"Six held-out tasks. Mean squared error over them: {error_before:.2f} before adapting, {error_after:.2f} after.",
    )


def show_shipped() -> None:
    """What the page shows before anything was trained here: the learner that comes with the app."""
    done = resources.shipped_learners()["sinusoid_maml"].iteration
    st.caption(f"Until you train: the learner that comes with the app, after {done:,} meta-iterations.")
    left, right = st.columns([5, 6])
    mean, low, high = shipped_curve()
    with left:
        st.markdown("**Loss on 200 new tasks, step by step**")
        figure = figures.curve_figure(mean, low, high)
        page.chart(figure, "shipped_curve", f"Held-out loss: {mean[0]:.2f} before adapting, {mean[1]:.2f} after one step.")
    with right:
        st.markdown("**Six new tasks, before and after one gradient step**")
        show_family(resources.shipped_learners()["sinusoid_maml"], "shipped_family")


def show_progress(snapshot: Snapshot, job_id: str) -> None:
    """How far the run is, how fast, and the way to end it."""
    experiment = snapshot.experiment
    share = snapshot.iteration / experiment.num_iterations
    if snapshot.status == QUEUED:
        text = "Waiting: next in line." if snapshot.position == 0 else f"Waiting: {snapshot.position} before this run."
    elif snapshot.iteration == 0:
        text = "Compiling the training step ..."
    elif snapshot.ended:
        text = f"{snapshot.iteration:,} of {experiment.num_iterations:,} iterations in {_duration(snapshot.seconds)}"
    else:
        text = (
            f"{snapshot.iteration:,} of {experiment.num_iterations:,} iterations, "
            f"{snapshot.iterations_per_second:,.0f} a second, {_duration(snapshot.seconds_left)} left"
        )
    bar, button = st.columns([6, 1], vertical_alignment="center")
    bar.progress(min(1.0, share), text=text)
    button.button(
        "Stop",
        icon=":material/stop:",
        key="stop",
        on_click=resources.jobs().stop,
        args=(job_id,),
        disabled=snapshot.ended,
        width="stretch",
    )


def show_message(snapshot: Snapshot) -> None:
    """How the run ended, where that needs saying."""
    if snapshot.message:
        show = st.info if snapshot.status == STOPPED else st.error
        show(snapshot.message, icon=":material/stop_circle:" if snapshot.status == STOPPED else ":material/error:")
    if snapshot.warning:
        st.warning(snapshot.warning, icon=":material/warning:")


def show_numbers(snapshot: Snapshot) -> None:
    """The run's numbers at its latest measurement."""
    steps = snapshot.experiment.inner_steps
    curve = snapshot.curves[-1]
    with st.container(horizontal=True, gap="large"):
        meta_loss = figures.smoothed(snapshot.history[:, 2], len(snapshot.history) // 40)[-1]
        st.metric("Meta-loss", f"{meta_loss:.3f}", width="content")
        st.metric("Held out, before", f"{curve[0]:.3f}", width="content")
        st.metric("After 1 step" if steps <= 1 else f"After {steps} steps", f"{curve[max(1, steps)]:.3f}", width="content")
        if steps < len(curve) - 1:
            st.metric(f"After {len(curve) - 1} steps", f"{curve[-1]:.3f}", width="content")


def show_curves(snapshot: Snapshot) -> None:
    """Meta-loss, the fan of held-out losses, and the functions of the latest snapshot."""
    experiment, reach = snapshot.experiment, snapshot.experiment.num_iterations
    show_numbers(snapshot)
    left, right = st.columns(2)
    with left:
        st.markdown("**Meta-loss**")
        figure = figures.meta_loss_figure(snapshot.history, method_colour(experiment.method), num_iterations=reach)
        page.chart(figure, "meta_loss", f"Meta-loss over {snapshot.iteration:,} meta-iterations.")
    with right:
        st.markdown(f"**Held-out loss after 0, 1, ... {snapshot.curves.shape[1] - 1} steps**")
        figure = figures.fan_figure(
            snapshot.curve_iterations, snapshot.curves, num_iterations=reach, trained_steps=max(1, experiment.inner_steps)
        )
        page.chart(
            figure,
            "fan",
            f"Held-out loss by inner step; now {snapshot.curves[-1][0]:.2f} before, {snapshot.curves[-1][1]:.2f} after one.",
        )
    st.markdown("**Held-out tasks under the latest snapshot**")
    show_family(snapshot.learner, "family")


def show_run(job_id: str) -> None:
    """One look at the run; while it goes on, again and again."""
    snapshot = resources.jobs().snapshot(job_id)
    resources.jobs().touch(job_id)
    if snapshot is None:
        st.rerun()
    show_progress(snapshot, job_id)
    show_message(snapshot)
    if snapshot.learner is not None and len(snapshot.history):
        show_curves(snapshot)
    if snapshot.ended and st.session_state.get(session.SEEN_END) != job_id:
        st.session_state[session.SEEN_END] = job_id
        st.rerun()


def take_along(snapshot: Snapshot, job_id: str) -> None:
    """What a visitor can do with a run that ended."""
    experiment, learner = snapshot.experiment, snapshot.result
    name = f"maml-lab-{experiment.digest[:8]}"
    st.subheader("Take it along", anchor=False)
    with st.container(horizontal=True):
        if experiment.tasks != "table":
            st.button(
                "Use this learner on every page",
                icon=":material/check:",
                type="primary",
                key="offer",
                on_click=controls.offer_run,
                args=(job_id,),
            )
        st.download_button(
            "Learner",
            lambda: code.learner_zip(learner),
            f"{name}.zip",
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Curves (CSV)",
            lambda: code.curves_csv(snapshot),
            f"{name}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Figure (HTML)",
            lambda: _figure(snapshot),
            f"{name}.html",
            "text/html",
            icon=":material/download:",
            on_click="ignore",
        )
        page.code(experiment, "take")
        if not resources.jobs().hosted:
            st.button("Save on this machine", icon=":material/save:", key="save", on_click=_save, args=(learner, name))
    if job_id in st.session_state.get(session.RUNS, ()):
        st.caption("The other pages show this learner now; their sidebar has the choice.")
    if said := st.session_state.pop(session.SAVED, None):
        st.info(said)


def _save(learner: Learner, name: str) -> None:
    try:
        st.session_state[session.SAVED] = f"Saved. Open it with `python -m maml_engine evaluate {code.save(learner, name)}`."
    except ValueError as error:
        st.session_state[session.SAVED] = str(error)


def _figure(snapshot: Snapshot) -> str:
    colour, steps = method_colour(snapshot.experiment.method), max(1, snapshot.experiment.inner_steps)
    return code.figure_html(
        figures.run_figure(snapshot.history, snapshot.curve_iterations, snapshot.curves, colour=colour, trained_steps=steps)
    )


def _steps(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


page.opening(
    "Train",
    "Press **Train** and watch the held-out curves fan apart: the start itself hardly improves, but one step from it does. "
    "Then raise the inner step size α until training breaks.",
)
wants_table = controls.current("tasks") == "table"
chosen = table_controls() if wants_table else None
experiment = controls.experiment_controls(*FIELDS, **(chosen.fields if chosen else {}))
with st.container(horizontal=True):
    wants_run = st.button(
        "Train", type="primary", icon=":material/play_arrow:", key="train", disabled=wants_table and chosen is None
    )
    card = choose_card()
if wants_run:
    start(experiment, chosen.table if chosen else None)

job_id = current_job()
if job_id is None:
    show_shipped()
    if experiment.tasks != "table":
        resources.jobs().warm_up(experiment)
else:
    has_ended = resources.jobs().snapshot(job_id).ended
    with st.container(key="run"):
        st.fragment(show_run, run_every=None if has_ended else SECONDS_BETWEEN_LOOKS)(job_id)
    if has_ended and resources.jobs().learner(job_id) is not None:
        snapshot = resources.jobs().snapshot(job_id)
        if name := card_of(snapshot.experiment, card):
            show_card(name, snapshot.result)
        take_along(snapshot, job_id)

page.equation(
    r"\theta \;\leftarrow\; \theta - \beta\, \nabla_\theta\, \frac{1}{N} \sum_{i=1}^{N} "
    r"\mathcal{L}_i^{\text{query}}\!\left(\theta - \alpha\, \nabla_\theta\, \mathcal{L}_i^{\text{support}}(\theta)\right)",
    "The outer loop moves the start θ so that **one inner step from it** does well on points that the step has not seen. "
    "N tasks make a meta-step; α is the inner step size, β the outer one. The gradient flows through the inner step: MAML "
    "keeps that term, first-order MAML (`fomaml`) leaves it out. (Finn et al., 2017, eq. 1 and algorithm 2.)",
)
page.finish(OWN)
