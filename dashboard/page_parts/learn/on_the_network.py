"""The lesson on the real network's gradients: when first order is enough."""

import numpy as np
import streamlit as st

from dashboard.engine_calls import gradients, resources
from dashboard.engine_calls.gradients import STEP_SIZES, Choice
from dashboard.figures import gradients as figures
from dashboard.figures import style
from dashboard.method_names import PAPERS, TUTORIAL
from dashboard.page_parts.learn.lesson import AFTER, OTHER, Asked, Equation, Lesson, Outcome, Term, number
from dashboard.results import spell_angle
from dashboard.widgets import page, session
from maml_engine import tutorial
from maml_engine.analysis import MAX_STEPS

ENOUGH, FIVE_STEPS = 15.0, 5
TASKS = Choice(num_tasks=25, k_shot=10, seed=0)
OWN = {session.LEARN_LR: 0.001, session.LEARN_STEPS: 5}


def asked_of_order(angle: float, steps: int) -> tuple[Asked, ...]:
    """What the sixth question asks for; `angle` is in degrees, NaN where a gradient is not finite."""
    spelled = f"The angle is {angle:.1f}°" if np.isfinite(angle) else "There is no angle, since a gradient is not finite"
    return (
        Asked(steps >= FIVE_STEPS, f"K is {steps}, and {FIVE_STEPS} or more are asked."),
        Asked(angle <= ENOUGH, f"{spelled}, and at most {ENOUGH:g}° is asked."),
    )


def _order() -> Outcome:
    learner = resources.shipped_learners()["sinusoid_maml"]
    picture = st.container()
    session.hand_back(*OWN)
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
    session.hold(*OWN)
    with picture:
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
    message = f"At α = {inner_lr:g} and K = {steps} the two are **{spell_angle(overall.angle)}** apart."
    return Outcome(message, asked_of_order(overall.angle, steps), equation)


def _short_steps() -> None:
    """A callback."""
    st.session_state[session.LEARN_LR], st.session_state[session.LEARN_STEPS] = STEP_SIZES[0], FIVE_STEPS


FIRST_ORDER = Lesson(
    title="When first order is enough",
    question="Now the real network, 1,761 parameters: the angle between its exact meta-gradient and the first-order "
    f"one. **Find a step size with which the two are at most {ENOUGH:g}° apart, with five inner steps or "
    "more.**",
    explained="With short steps I − αH is nearly I, and so is the product of a few of them: the first-order gradient "
    f"({PAPERS['fomaml'].link}, section 5.2) is then as good and cheaper. As αH grows, the two part; more "
    "steps add to it while they are short. Past 90° the first-order gradient leads uphill.\n\n"
    "So it is the *network at hand* that decides: α, K, and the curvature where θ is. MAML tends to make θ a place of high "
    "curvature, since from there short steps change much.",
    show=_order,
    do_it=_short_steps,
    code=(tutorial.maml_meta_loss,),
    own=OWN,
    mistaken=f"“Most use first order, it is only slightly worse”, as {TUTORIAL} has it: on these waves, at its budget, it "
    "costs 0.69 against 0.50 after one step, the means over five seeds. And the exact gradient is not O(TK²), as it also "
    "says: reverse mode is linear in K, in time and in memory, which the Gradients page measures on your machine.",
)
