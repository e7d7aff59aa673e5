"""The lesson on the real network's gradients: when first order is enough."""

import numpy as np
import streamlit as st

from dashboard.engine_calls import gradients, resources
from dashboard.engine_calls.gradients import STEP_SIZES, Choice
from dashboard.figures import gradients as figures
from dashboard.figures import style
from dashboard.figures.gradients import spell_angle
from dashboard.page_parts.learn.lesson import AFTER, OTHER, Equation, Lesson, Outcome, Term, number
from dashboard.widgets import page, session
from maml_engine import tutorial
from maml_engine.analysis import MAX_STEPS

ENOUGH, FIVE_STEPS = 15.0, 5
TASKS = Choice(num_tasks=25, k_shot=10, seed=0)
OWN = {session.LEARN_LR: 0.001, session.LEARN_STEPS: 5}


def _order() -> Outcome:
    learner = resources.shipped_learners()["sinusoid_maml"]
    left, right = st.columns(2)
    inner_lr = left.select_slider(
        "Inner step size α",
        STEP_SIZES,
        OWN[session.LEARN_LR],
        format_func="{:g}".format,
        key=session.LEARN_LR,
        bind="query-params",
    )
    steps = right.slider("Inner steps K", 1, MAX_STEPS, OWN[session.LEARN_STEPS], key=session.LEARN_STEPS, bind="query-params")
    comparison, sweep = gradients.comparison(learner, TASKS, inner_lr, steps), gradients.sweep(learner, TASKS)
    overall = comparison.overall
    figure = figures.sweep_figure(sweep, "angle", inner_steps=steps, now=(inner_lr, overall.angle))
    alt = f"Angle between the two meta-gradients against the inner step size; now it is {spell_angle(overall.angle)}."
    page.chart(figure, "learn_order", alt)
    equation = Equation(
        r"@0 = \Bigl[\prod_{k=0}^{@1}(I - @2 H_k)\Bigr]\, @3 \\[1ex] @4",
        (
            Term(
                "Exact gradient",
                r"g_{\text{exact}}",
                rf"\lVert g\rVert = {number(overall.exact_norm)}",
                "the exact meta-gradient",
                AFTER,
            ),
            Term("K − 1", "K - 1", str(steps - 1), "one Jacobian for each inner step"),
            Term("α", r"\alpha", number(inner_lr), "the inner step size"),
            Term(
                "First-order gradient",
                r"g_{\text{first order}}",
                rf"\lVert g\rVert = {number(overall.first_order_norm)}",
                "the gradient at the adapted parameters",
                style.method_colour("fomaml"),
            ),
            Term(
                "Angle",
                r"\angle",
                rf"{overall.angle:.1f}^\circ" if np.isfinite(overall.angle) else r"\infty",
                "the angle between the two, over 25 tasks",
                OTHER,
            ),
        ),
    )
    message = f"At α = {inner_lr:g} and K = {steps} the two are {spell_angle(overall.angle)} apart."
    return Outcome(overall.angle <= ENOUGH and steps >= FIVE_STEPS, message, equation)


def _short_steps() -> None:
    """A callback."""
    st.session_state[session.LEARN_LR], st.session_state[session.LEARN_STEPS] = STEP_SIZES[0], FIVE_STEPS


FIRST_ORDER = Lesson(
    title="When first order is enough",
    question="Now the real network, 1,761 parameters. The figure is the one of the Gradients page: the angle between the "
    "exact meta-gradient and the first-order one. **Find a step size with which the two are at most 15° apart, with five "
    "inner steps or more.**",
    explained="With short steps I − αH is nearly I, and so is the product of a few of them: the first-order gradient is "
    "then as good and cheaper. As αH grows, and as steps are added, the two part. Past 90° the first-order gradient leads "
    "uphill.\n\n"
    "So it is the *network at hand* that decides: α, K, and the curvature where θ is. MAML tends to make θ a place of high "
    "curvature, since from there short steps change much.",
    show=_order,
    do_it=_short_steps,
    code=(tutorial.maml_meta_loss,),
    own=OWN,
    mistaken="“Most use first order, it is only slightly worse”: on these waves, at the tutorial’s budget, it costs 0.69 "
    "against 0.50 after one step, the means over five seeds. And the exact gradient is not O(TK²): reverse mode is linear in "
    "K, in time and in memory, which the Gradients page measures on your machine.",
)
