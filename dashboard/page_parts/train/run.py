"""The run of the Train page: which one it is, how far it is, and what it has learned so far."""

from typing import Any

import streamlit as st

from dashboard import escape
from dashboard.engine_calls import held_out, resources
from dashboard.figures import plain
from dashboard.figures import training as figures
from dashboard.figures.style import method_colour
from dashboard.jobs import POOL, QUEUED, Snapshot
from dashboard.page_parts.train import held_out_pictures, held_out_tasks, picture_run, shipped
from dashboard.widgets import job_view, links, page, run_notes, run_words, session
from dashboard.widgets.job_view import Progress, spell_duration
from maml_engine import Experiment
from maml_engine.tasks import PICTURES

UNMEASURED = "The pictures come with the first measurement of what was learned."
ANOTHER_PROCESS = "Another process of this server trains it: the pictures come when it has ended."
GONE = "The run of this link is no longer on this server. Its settings are in the sidebar: press Train to run it again."


def start(experiment: Experiment, tasks: Any = None) -> None:
    """Puts the run into the queue and names it in the link; a method that does not fit the network says so before.

    Args:
      experiment: the run.
      tasks: a table's, where it is trained on one.
    """
    try:
        with st.spinner("Looking whether method, network and tasks go together ..."):
            POOL.call(held_out_tasks.refuse_what_does_not_fit, experiment, tasks)
        old = st.session_state.get(session.JOB)
        job_id = job_view.submit(experiment, tasks, instead_of=[old] if old else [])
    except ValueError as error:
        st.error(escape.sentence(error), icon=":material/error:")
        return
    st.session_state[session.JOB] = st.query_params[links.JOB_KEY] = job_id


def current() -> str | None:
    """The run of this session, or the one that the link names."""
    job_id = st.session_state.get(session.JOB) or st.query_params.get(links.JOB_KEY)
    if job_id is None or resources.jobs().snapshot(job_id) is not None:
        st.session_state[session.JOB] = job_id
        page.answer_link(links.JOB_KEY)
        return job_id
    st.session_state.pop(session.JOB, None)
    st.query_params.pop(links.JOB_KEY, None)
    page.answer_link(links.JOB_KEY, GONE)
    return None


def say_difference(job_id: str, now: Experiment) -> None:
    """Where the sidebar describes another run than the one that is shown.

    Args:
      job_id: of the run that is shown.
      now: what the sidebar describes.
    """
    run = resources.jobs().snapshot(job_id).experiment
    run_notes.say_difference(run, now, links.address("train", run.changes(), {links.JOB_KEY: job_id}), key="set_to_run")


def progress(snapshot: Snapshot) -> Progress:
    """How far the run is, how fast, and the time left."""
    share = snapshot.iteration / snapshot.experiment.num_iterations
    done = f"{snapshot.iteration:,} of {snapshot.experiment.num_iterations:,} iterations"
    if snapshot.iteration == 0:
        return Progress(share, "Compiling the training step ...")
    if snapshot.ended:
        return Progress(share, f"{done} in {spell_duration(snapshot.seconds)}")
    if snapshot.seconds_left is None:  # another process has begun it
        return Progress(share, f"{done}, compiling the training step to go on ...")
    return Progress(
        share, f"{done}, {snapshot.iterations_per_second:,.0f} a second, {spell_duration(snapshot.seconds_left)} left"
    )


def _until(snapshot: Snapshot) -> str:
    """What the shipped learner stands in for, where the run has nothing to show."""
    if snapshot.ended:
        return "Nothing was learned"
    return "Until it is its turn" if snapshot.status == QUEUED else "While the training step is compiled"


def show(snapshot: Snapshot) -> None:
    """What grows as it trains: numbers, meta-loss, the fan of held-out losses, and the functions of the latest snapshot."""
    if snapshot.warning:
        st.warning(escape.sentence(snapshot.warning), icon=":material/warning:")
    if not len(snapshot.history) or (snapshot.learner is None and snapshot.ended):
        shipped.show(_until(snapshot), of_pictures=snapshot.experiment.tasks in PICTURES)
        return
    is_over = snapshot.ended and snapshot.result is not None
    learner = snapshot.result if is_over else snapshot.measured
    iteration = learner.iteration if learner else int(snapshot.curve_iterations[-1])
    can_measure = learner is not None and held_out.are_at_hand(learner)
    _show_numbers(snapshot, iteration, is_over=is_over and can_measure)
    left, right = st.columns(2)
    with page.pictures_of(words(snapshot, snapshot.iteration)):
        with left:
            _show_meta_loss(snapshot)
        with right:
            _show_held_out(snapshot)
    st.markdown(f"**Held-out tasks after {iteration:,} meta-iterations**")
    if learner is None:
        st.caption(ANOTHER_PROCESS if snapshot.learner is None else UNMEASURED)
        return
    if not can_measure:
        st.caption("What it was trained on is not on this server: the numbers are those of its training, and nothing is drawn.")
        return
    with page.pictures_of(words(snapshot, iteration)):
        held_out_pictures.show(learner, "family")


def words(snapshot: Snapshot, iteration: int) -> str:
    """The run at one moment, under its learner's name if it has one."""
    run = snapshot.experiment
    return run_words.of_run(run, iteration, title=run_words.with_task(run_words.title(run, snapshot.name), run))


def _show_numbers(snapshot: Snapshot, iteration: int, *, is_over: bool) -> None:
    """The run's numbers at its latest measurement; at its end those that `maml evaluate` and the exported code print.

    Args:
      snapshot: the run.
      iteration: what the numbers are of, as the pictures below are.
      is_over: whether the run has ended and left something behind.
    """
    until = snapshot.history[snapshot.history[:, 0] <= max(iteration, snapshot.history[0, 0])]
    meta_loss = figures.smoothed(until[:, 2], len(until) // 40)[-1]
    if snapshot.experiment.tasks in PICTURES and len(snapshot.accuracies):
        picture_run.show_numbers(snapshot, iteration, meta_loss, is_over=is_over)
        return
    steps = snapshot.experiment.inner_steps
    curve = held_out_tasks.curve(snapshot.result).mean if is_over else snapshot.curves[-1]
    with st.container(horizontal=True, gap="large"):
        st.metric("Meta-loss", f"{meta_loss:.3f}", width="content")
        st.metric("Held out, before", f"{curve[0]:.3f}", width="content")
        st.metric("After 1 step" if steps <= 1 else f"After {steps} steps", f"{curve[max(1, steps)]:.3f}", width="content")
        if steps < len(curve) - 1:
            st.metric(f"After {len(curve) - 1} steps", f"{curve[-1]:.3f}", width="content")
    shots, after = snapshot.experiment.k_shot, f"After {iteration:,} meta-iterations."
    if is_over:
        tasks = "each test task once" if snapshot.experiment.tasks == "table" else "600 test tasks (seed 0)"
        st.caption(f"{after} Held out: {tasks}, {shots} support points each, as `maml evaluate` and the code below print it.")
    else:
        st.caption(f"{after} Held out, as it trains: 100 validation tasks, {shots} support points each.")


def _show_meta_loss(snapshot: Snapshot) -> None:
    st.markdown("**Meta-loss**")
    reach = snapshot.experiment.num_iterations
    figure = figure_of_meta_loss(snapshot, num_iterations=reach)
    page.chart(figure, "meta_loss", f"Meta-loss over {snapshot.iteration:,} meta-iterations.")


def figure_of_meta_loss(snapshot: Snapshot, *, num_iterations: int | None = None) -> plain.Figure:
    """The run's meta-loss; `num_iterations` as for `meta_loss_figure`."""
    if snapshot.experiment.tasks in PICTURES:
        return picture_run.meta_loss_figure(snapshot, num_iterations=num_iterations)
    return figures.meta_loss_figure(snapshot.history, method_colour(snapshot.experiment.method), num_iterations=num_iterations)


def figure_of_both(snapshot: Snapshot) -> plain.Figure:
    """Meta-loss and what was measured on held-out tasks, one above the other, to be kept."""
    if snapshot.experiment.tasks in PICTURES:
        measured = picture_run.accuracy_figure(snapshot)
    else:
        steps = max(1, snapshot.experiment.inner_steps)
        measured = figures.fan_figure(snapshot.curve_iterations, snapshot.curves, trained_steps=steps)
    return figures.run_figure(figure_of_meta_loss(snapshot), measured)


def _show_held_out(snapshot: Snapshot) -> None:
    if snapshot.experiment.tasks in PICTURES:
        picture_run.show_accuracy(snapshot)
        return
    experiment, latest = snapshot.experiment, snapshot.curves[-1]
    st.markdown(f"**Held-out loss after 0, 1, ... {len(latest) - 1} steps**")
    figure = figures.fan_figure(
        snapshot.curve_iterations,
        snapshot.curves,
        num_iterations=experiment.num_iterations,
        trained_steps=max(1, experiment.inner_steps),
    )
    alt = f"Held-out loss by inner step; now {latest[0]:.2f} before, {latest[1]:.2f} after one."
    page.chart(figure, "fan", alt)
