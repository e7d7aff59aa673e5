"""A run on pictures: right answers with their intervals, as it trains and at its end."""

import numpy as np
import streamlit as st

from dashboard.engine_calls import held_out
from dashboard.figures import plain
from dashboard.figures import training as figures
from dashboard.figures.style import method_colour
from dashboard.jobs import Snapshot
from dashboard.widgets import page, run_words
from maml_engine.training.loop import HELD_OUT_TASKS, PICTURE_QUERIES


def show_numbers(snapshot: Snapshot, iteration: int, meta_loss: float, *, is_over: bool) -> None:
    """Right answers at the latest measurement; at the run's end those of `maml evaluate`, normalised in both ways.

    Args:
      snapshot: the run.
      iteration: what the numbers are of.
      meta_loss: as it was there, smoothed.
      is_over: whether the run has ended, and its own tasks are at hand.
    """
    run = snapshot.experiment
    step = held_out.trained_steps(run)
    with st.container(horizontal=True, gap="large"):
        st.metric("Meta-loss (cross-entropy)", f"{meta_loss:.3f}", width="content")
        if is_over:
            with st.spinner(f"Measuring on {held_out.NUM_TASKS} test tasks ..."):
                curves = held_out.right_answers(snapshot.result).accuracy
            rows = {name: np.stack([curve.mean, curve.low, curve.high], 1) for name, curve in curves.items()}
        else:
            rows = {"": snapshot.accuracies[-1]}
        for statistics, row in rows.items():
            st.metric(
                f"Right answers{f' ({run_words.STATISTICS[statistics]})' if statistics else ''}",
                f"{100 * row[step, 0]:.1f} %",
                delta=f"95 %: {100 * row[step, 1]:.1f} to {100 * row[step, 2]:.1f}",
                delta_color="off",
                delta_arrow="off",
                width="content",
            )
        st.metric("Guessing", f"{100 / run.n_way:.1f} %", width="content")
    tasks = f"{held_out.NUM_TASKS} test tasks (seed 0)" if is_over else f"{HELD_OUT_TASKS} validation tasks"
    queries = "as `maml evaluate` and the code below print it" if is_over else f"{PICTURE_QUERIES} queries of each class"
    st.caption(
        f"After {iteration:,} meta-iterations. Held out{'' if is_over else ', as it trains'}: {tasks}, "
        f"{run_words.task_of(run)}, {queries}; normalised: {run_words.statistics_of(run)}"
        f"{' and, beside it, the other way' if is_over and len(rows) > 1 else ''}."
    )


def meta_loss_figure(snapshot: Snapshot, *, num_iterations: int | None = None) -> plain.Figure:
    """The run's meta-loss."""
    colour = method_colour(snapshot.experiment.method)
    return figures.meta_loss_figure(snapshot.history, colour, num_iterations=num_iterations, measure="cross-entropy")


def accuracy_figure(snapshot: Snapshot, *, num_iterations: int | None = None) -> plain.Figure:
    """The run's right answers on validation tasks."""
    run = snapshot.experiment
    return figures.accuracy_fan_figure(
        snapshot.curve_iterations,
        snapshot.accuracies[:, : held_out.steps_of(run) + 1],
        colour=method_colour(run.method),
        chance=1 / run.n_way,
        trained_steps=held_out.trained_steps(run),
        num_iterations=num_iterations,
    )


def show_accuracy(snapshot: Snapshot) -> None:
    """Right answers over meta-iterations."""
    st.markdown("**Right answers on held-out tasks**")
    if not len(snapshot.accuracies):
        st.caption("Nothing was measured as it trained.")
        return
    mean, low, high = 100 * snapshot.accuracies[-1, held_out.trained_steps(snapshot.experiment)]
    alt = f"Right answers on validation tasks over meta-iterations; now {mean:.1f} % (95 % from {low:.1f} to {high:.1f})"
    page.chart(accuracy_figure(snapshot, num_iterations=snapshot.experiment.num_iterations), "fan", alt)
