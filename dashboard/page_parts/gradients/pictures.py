"""The Gradients page's pictures of the two meta-gradients: layer by layer, step by step, over step sizes, against slopes."""

from functools import partial

import numpy as np
import streamlit as st

from dashboard import escape
from dashboard.components.sine_bench import Scene, sine_bench
from dashboard.engine_calls import gradients
from dashboard.engine_calls import sine_bench as bench_engine
from dashboard.engine_calls.gradients import Choice
from dashboard.figures import gradients as figures
from dashboard.results import MAX_SHOTS, spell_angle, spell_loss, spell_norm
from dashboard.widgets import learners, page, run_words
from maml_engine import Learner
from maml_engine.analysis import FiniteDifferenceCheck, GradientComparison, GradientSweep
from maml_engine.analysis.finite_differences import TOLERANCE

BENCH = "gradients_bench"  # what the visitor has changed on the bench, in the link


def words_of(learner: Learner, choice: Choice, inner_lr: float, inner_steps: int) -> str:
    """What the pictures are of: the run that made the learner, and at which step size and on which tasks they are taken.

    Args:
      learner: chosen in the sidebar.
      choice: the tasks.
      inner_lr: at which the gradients are taken.
      inner_steps: that they go back through.
    """
    taken = [("inner_lr", inner_lr), ("inner_steps", inner_steps), ("k_shot", choice.k_shot), ("seed", choice.seed)]
    here = ", ".join(run_words.spell(*one) for one in taken)
    return f"{learners.learner_words(learner)}; gradients at {here}, {choice.num_tasks} tasks"


def overflow(comparison: GradientComparison, inner_lr: float) -> str:
    """Why there are no gradients to compare, and what to lower; empty where all is finite.

    Args:
      comparison: of the learner.
      inner_lr: the step size at which it was made.
    """
    overall, steps = comparison.overall, comparison.inner_steps
    if np.isfinite([comparison.meta_loss, overall.exact_norm, overall.first_order_norm]).all():
        return ""
    what = "gradient" if np.isfinite(comparison.meta_loss) else "loss"
    if steps == 0:
        return f"This learner's {what} is no finite number before any step. Choose another learner."
    after = "one inner step" if steps == 1 else f"{steps} inner steps"
    return (
        f"The inner loop overflowed: after {after} of α = {inner_lr:g} the {what} is no finite number, and there is nothing to "
        "compare. Lower the inner step size" + (" or the number of inner steps." if steps > 1 else ".")
    )


def show_comparison(comparison: GradientComparison, inner_lr: float, start: GradientComparison | None) -> None:
    """The two meta-gradients as numbers, then layer by layer.

    Args:
      comparison: of the learner.
      inner_lr: the step size of both.
      start: the same of a random start, on the same tasks; None where there is none to compare with.
    """
    overall = comparison.overall
    cells = st.columns(4)
    cells[0].metric("Angle between the two", spell_angle(overall.angle), help="0°: they agree. 90°: nothing in common.")
    cells[1].metric("Cosine", "–" if np.isnan(overall.cosine) else f"{overall.cosine:.3f}")
    norms = spell_norm(overall.exact_norm), spell_norm(overall.first_order_norm)
    cells[2].metric("Norm, exact / first-order", " / ".join(norms))
    cells[3].metric(
        "Meta-loss", spell_loss(comparison.meta_loss), help="Mean query loss after the inner steps, over these tasks."
    )
    if why := overflow(comparison, inner_lr):
        st.warning(escape.sentence(why), icon=":material/trending_up:")
        return
    if start is not None and comparison.inner_steps and np.isfinite(start.overall.angle):
        st.caption(
            f"The angle belongs to the network as much as to the step size: with the same α = {inner_lr:g}, "
            f"K = {comparison.inner_steps} and tasks it is {spell_angle(overall.angle)} for this learner, and "
            f"{spell_angle(start.overall.angle)} for a random start."
        )
    left, right = st.columns(2)
    with left:
        st.markdown("**How long: norms, layer by layer**")
        alt = "Norms of the meta-gradients by layer. Over all layers: exact {}, first-order {}.".format(*norms)
        page.chart(figures.norms_figure(comparison), "norms", alt)
    with right:
        st.markdown("**How far apart: angles, layer by layer**")
        angles = zip(comparison.layers, comparison.by_layer.angle, strict=True)
        alt = ", ".join(f"{layer} {spell_angle(angle)}" for layer, angle in angles)
        page.chart(
            figures.angles_figure(comparison),
            "angles",
            f"Angles between the meta-gradients: {alt}, all {spell_angle(overall.angle)}.",
        )


def show_steps(comparison: GradientComparison) -> None:
    """The correction, inner step by inner step, of a comparison that has not overflowed."""
    st.subheader("The correction, step by step", anchor=False)
    steps = comparison.inner_steps
    if steps == 0:
        st.markdown(
            "Without inner steps there is nothing to correct: the two gradients are the same. Take at least one inner step."
        )
        return
    st.markdown(
        "Read from the left: the first-order gradient stops at the last parameters, $v_K$. The exact one goes on, back through "
        "every inner step, and each takes off its correction $\\alpha H v$."
    )
    left, right = st.columns(2)
    ends = f"from {spell_norm(comparison.vector_norm[-1])} at step {steps} to {spell_norm(comparison.vector_norm[0])} at step 0"
    with left:
        page.chart(
            figures.corrections_figure(comparison), "corrections", f"Norm of v, backwards through the inner steps: {ends}."
        )
    with right:
        turned = spell_angle(comparison.vector_angle[0])
        page.chart(
            figures.opening_figure(comparison),
            "opening",
            f"Angle between v at each step and v at the last: {turned} at step 0.",
        )
    st.caption(
        f"Norms and angles of single tasks, averaged: a task's own gradients part by {turned}, their mean over the tasks by "
        f"{spell_angle(comparison.overall.angle)}."
    )


def show_inner_loop(learner: Learner, choice: Choice, inner_lr: float, inner_steps: int) -> None:
    """The inner loop of the first task, on the bench; only for learners of sine waves.

    Args:
      learner: chosen in the sidebar.
      choice: the tasks that the gradients are taken over.
      inner_lr: step size, until the visitor takes another on the bench.
      inner_steps: steps, likewise.
    """
    if not bench_engine.can_show(learner):
        return
    st.subheader("The inner loop itself, on the first of these tasks", anchor=False)
    (amplitude, phase), x, y = gradients.first_task(learner, choice)
    scene = Scene.of_points(amplitude, phase, x[:MAX_SHOTS], y[:MAX_SHOTS], steps=inner_steps, inner_lr=inner_lr)
    tasks = learner.default_tasks
    label = learners.given_name(learner) or run_words.name_of_method(learner.experiment.method)
    entrant = bench_engine.entrant("learner", label, learner)
    answer = partial(bench_engine.answers, learners={"learner": learner}, x_range=tasks.x)
    sine_bench(BENCH, scene, [entrant], answer=answer, x_range=tasks.x)
    st.caption(
        f"{escape.markdown(learners.learner_words(learner))}. "
        "These are the steps that the exact gradient goes back through. Where one more step turns a curve over, **I − αH** is "
        "far from the identity. What you change here stays here: the gradients above are those of the sidebar."
        + (f" Only the first {MAX_SHOTS} points are shown." if len(x) > MAX_SHOTS else "")
        + ("" if scene.inner_lr == inner_lr else f" The bench goes to α = {scene.inner_lr:g} and no further.")
        + ("" if scene.steps == inner_steps else f" It goes to {scene.steps} steps and no further.")
    )


def show_sweep(sweep: GradientSweep, comparison: GradientComparison, inner_lr: float) -> None:
    """Angle and ratio over step sizes and steps, and where the present comparison at `inner_lr` lies."""
    st.subheader("When it matters", anchor=False)
    overall = comparison.overall
    left, right = st.columns(2)
    for column, what, now in (
        (left, "angle", overall.angle),
        (right, "ratio", overall.exact_norm / overall.first_order_norm if overall.first_order_norm else np.nan),
    ):
        figure = figures.sweep_figure(sweep, what, inner_steps=comparison.inner_steps, now=(inner_lr, now))
        counts = ", ".join(map(str, sweep.inner_steps))
        here = f"now {now:.3g}" if np.isfinite(now) else "none at the step size that is set"
        alt = f"{what.capitalize()} against the inner step size, by inner steps {counts}; {here}."
        with column:
            page.chart(figure, f"sweep_{what}", alt)
    smallest = np.format_float_positional(sweep.inner_lr[0])
    least = spell_angle(sweep.angle[list(sweep.inner_steps).index(1), 0])
    st.caption(
        f"A line ends where the inner loop diverges (a loss over {figures.DIVERGED:g} times that before adapting). With one "
        f"step of α = {smallest} the two part by {least}. Where a step is long against the curvature, "
        "I − αH shrinks or flips directions, and the first-order gradient does not know."
    )


def show_check(check: FiniteDifferenceCheck) -> None:
    """The gradients against differences of the meta-loss."""
    st.subheader("Is the exact one exact?", anchor=False)
    left, right = st.columns([2, 3], vertical_alignment="center")
    with left:
        if check.passed:
            st.success(f"Yes: relative error {check.error:.1e}, allowed {TOLERANCE:.0e}.", icon=":material/check_circle:")
        elif np.isfinite(check.error):
            st.warning(
                f"Relative error {check.error:.1e}, allowed {TOLERANCE:.0e}: a difference stepped over a kink of a ReLU, or "
                "the loss is too steep here for differences. Take another seed.",
                icon=":material/error:",
            )
        else:
            st.warning(
                "The meta-loss overflowed, and there is no slope to measure. Lower the inner step size or the number of inner "
                "steps.",
                icon=":material/error:",
            )
            return
        st.metric(
            "Error of the first-order gradient",
            f"{check.first_order_error:.1e}" if check.first_order_error < 0.01 else f"{check.first_order_error:.0%}",
        )
        st.caption(
            f"Central differences of the meta-loss along {len(check.measured)} random directions, over "
            f"{gradients.CHECKED_TASKS} tasks, in 64 bits, against the engine's own gradients."
        )
    with right:
        errors = f"exact {check.error:.1e}, first-order {check.first_order_error:.2g}"
        alt = f"Computed against measured slopes. Relative errors: {errors}."
        page.chart(figures.check_figure(check), "check", alt)
