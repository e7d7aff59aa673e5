"""Gradients: what the first-order meta-gradient leaves out, on the real network, checked, priced and raced."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from dashboard.components.sine_bench import Scene, sine_bench
from dashboard.engine_calls import gradients
from dashboard.engine_calls import sine_bench as bench_engine
from dashboard.engine_calls.gradients import Choice
from dashboard.figures import gradients as figures
from dashboard.figures.gradients import spell_angle
from dashboard.page_parts.gradients import race
from dashboard.results import MAX_SHOTS
from dashboard.widgets import controls, page, session
from maml_engine import Experiment, Learner
from maml_engine.analysis import Cost, GradientComparison, default_sizes, growth
from maml_engine.analysis.cost import STEPS_AT_TASKS, TASKS_AT_STEPS
from maml_engine.analysis.finite_differences import TOLERANCE

OWN = {"adapt_lr": None, "gradients_bench": ""}
MEASURED = "_costs_measured"


def step_size(learner: Learner) -> float:
    """The sidebar's step size; the learner's own until it is moved, or the one that the link or another page has set."""
    own = st.session_state[session.KEPT].get("inner_lr", learner.experiment.inner_lr)
    return st.sidebar.select_slider(
        "Inner step size α",
        sorted({*gradients.STEP_SIZES, own}),
        own,
        format_func="{:g}".format,
        key="adapt_lr",
        bind="query-params",
        help=f"Step size at which the gradients are taken. This learner was trained with {learner.experiment.inner_lr:g}.",
    )


def within_reach(experiment: Experiment) -> tuple[Choice, int]:
    """The tasks and the number of steps that the page looks at, no more than it can answer at once."""
    values = {name: min(getattr(experiment, name), most) for name, most in gradients.MAX.items()}
    if lowered := [name for name, value in values.items() if value < getattr(experiment, name)]:
        listed = ", ".join(f"`{name}` {gradients.MOST[name]}" for name in lowered)
        st.info(f"To answer at once, this page takes at most {listed}; training takes what you set.", icon=":material/info:")
    return Choice(values["meta_batch_size"], values["k_shot"], experiment.seed), values["inner_steps"]


def show_comparison(comparison: GradientComparison) -> None:
    """The two meta-gradients as numbers, then layer by layer."""
    overall = comparison.overall
    cells = st.columns(4)
    cells[0].metric("Angle between the two", spell_angle(overall.angle), help="0°: they agree. 90°: nothing in common.")
    cells[1].metric("Cosine", "–" if np.isnan(overall.cosine) else f"{overall.cosine:.3f}")
    cells[2].metric("Norm, exact / first-order", f"{overall.exact_norm:.3g} / {overall.first_order_norm:.3g}")
    cells[3].metric("Meta-loss", f"{comparison.meta_loss:.3g}", help="Mean query loss after the inner steps, over these tasks.")
    if not np.isfinite(overall.angle) and comparison.inner_steps:
        st.warning(
            "The inner loop overflowed: lower the inner step size or the number of steps.", icon=":material/trending_up:"
        )
    left, right = st.columns(2)
    with left:
        st.markdown("**How long: norms, layer by layer**")
        norms = f"exact {overall.exact_norm:.3g}, first-order {overall.first_order_norm:.3g}"
        page.chart(
            figures.norms_figure(comparison), "norms", f"Norms of the meta-gradients by layer. Over all layers: {norms}."
        )
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
    """The correction, inner step by inner step."""
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
    ends = f"from {comparison.vector_norm[-1]:.3g} at step {steps} to {comparison.vector_norm[0]:.3g} at step 0"
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
    """The inner loop of one of the tasks, on the bench; only for learners of sine waves."""
    if not bench_engine.can_show(learner):
        return
    st.subheader("The inner loop itself, on the first of these tasks", anchor=False)
    (amplitude, phase), x, y = gradients.first_task(learner, choice)
    others = {"steps": inner_steps, "inner_lr": inner_lr}
    scene = Scene.of_points(amplitude, phase, x[:MAX_SHOTS], y[:MAX_SHOTS], **others)
    tasks = learner.default_tasks
    entrant = bench_engine.entrant("learner", learner.experiment.method.upper(), learner)
    answer = partial(bench_engine.answers, learners={"learner": learner}, x_range=tasks.x)
    sine_bench("gradients_bench", scene, [entrant], answer=answer, x_range=tasks.x)
    st.caption(
        "These are the steps that the exact gradient goes back through. Where one more step turns a curve over, **I − αH** is "
        "far from the identity. What you change here stays here: the gradients above are those of the sidebar."
        + (f" Only the first {MAX_SHOTS} points are shown." if len(x) > MAX_SHOTS else "")
    )


def show_sweep(learner: Learner, choice: Choice, inner_lr: float, comparison: GradientComparison) -> None:
    """Angle and ratio over step sizes and steps."""
    st.subheader("When it matters", anchor=False)
    sweep = gradients.sweep(learner, choice)
    overall = comparison.overall
    left, right = st.columns(2)
    for column, what, now in (
        (left, "angle", overall.angle),
        (right, "ratio", overall.exact_norm / overall.first_order_norm if overall.first_order_norm else np.nan),
    ):
        figure = figures.sweep_figure(sweep, what, inner_steps=comparison.inner_steps, now=(inner_lr, now))
        alt = f"{what.capitalize()} against the inner step size, by inner steps {list(sweep.inner_steps)}; now {now:.3g}."
        with column:
            page.chart(figure, f"sweep_{what}", alt)
    st.caption(
        "A line ends where the inner loop diverges (a loss over four times that before adapting). Small steps: one is as good "
        "as the other. Where a step is long against the curvature, I − αH shrinks or flips directions, and the first-order "
        "gradient does not know."
    )


def show_check(learner: Learner, choice: Choice, inner_lr: float, inner_steps: int) -> None:
    """The gradients against differences of the meta-loss."""
    st.subheader("Is the exact one exact?", anchor=False)
    check = gradients.check(learner, choice, inner_lr, inner_steps)
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
            st.warning("The meta-loss overflowed, and there is no slope to measure.", icon=":material/error:")
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


def show_costs(learner: Learner) -> None:
    """Seconds and bytes: as measured before, and on this machine where the visitor asks."""
    st.subheader("What it costs", anchor=False)
    st.markdown(
        "Tutorials put the exact gradient at O(TK²) for T tasks and K inner steps. What one meta-gradient takes, measured:"
    )
    if not st.session_state.get(MEASURED):
        if shipped := gradients.shipped_costs():
            show_growth(shipped.costs)
            st.caption(f"Measured on {shipped.machine}: the tutorial's network. To measure here takes a minute.")
        st.button(
            "Measure here", icon=":material/timer:", key="measure", on_click=lambda: st.session_state.update({MEASURED: True})
        )
        return
    sizes, costs = default_sizes(), []
    progress = st.empty()
    pictures = st.container()
    for done, (steps, tasks) in enumerate(sizes):
        progress.progress(done / len(sizes), text=f"Compiling and measuring {steps} inner steps, {tasks} tasks ...")
        costs += gradients.costs(learner, steps, tasks)
    progress.empty()
    with pictures:
        show_growth(costs)
    st.button("Measure again", icon=":material/timer:", key="measure_again", on_click=gradients.costs.clear)


def show_growth(costs: Sequence[Cost]) -> None:
    """Four lines of measurements, and in words how they grow."""
    over_steps = [cost for cost in costs if cost.num_tasks == STEPS_AT_TASKS]
    over_tasks = [cost for cost in costs if cost.inner_steps == TASKS_AT_STEPS]
    for what, name in (("seconds", "Time"), ("temp_bytes", "Memory")):
        for column, some, against in zip(st.columns(2), (over_steps, over_tasks), ("inner_steps", "num_tasks"), strict=True):
            exponents = {way: growth(*_columns(some, way, against, what)) for way in figures.PASSES}
            label = "inner steps, 25 tasks" if against == "inner_steps" else "tasks, 5 inner steps"
            said = ", ".join(f"{way} {exponent:.2f}" for way, exponent in exponents.items())
            with column:
                st.markdown(f"**{name} against {label}**")
                page.chart(
                    figures.cost_figure(some, against, what),
                    f"cost_{what}_{against}",
                    f"{name} against {label}. Exponents: {said}.",
                )
                st.caption(f"Grows with the power: {said}.")
    exact, first = (
        {cost.inner_steps: cost.seconds for cost in over_steps if cost.way == way} for way in ("exact, mixed", "first-order")
    )
    ratios = ", ".join(f"{exact[steps] / first[steps]:.1f} at K = {steps}" for steps in (1, 5, 10))
    steepest = max(growth(*_columns(over_steps, way, "inner_steps", "seconds")) for way in figures.PASSES)
    verdict = (
        "Linear, not quadratic" if steepest < 1.5 else "Steeper than a line here: other work got in between, so measure again"
    )
    st.markdown(
        f"**{verdict}**: a power of 1 is a straight line through the origin, K² would be 2. The exact gradient takes this "
        f"many times as long as the first-order one: {ratios}. “Plain” keeps every step's activations for the way back, "
        "“mixed” the parameters alone, “checkpointed” those of about 2√K steps for one more pass; "
        "the first-order gradient keeps nothing, so its memory does not grow with the steps."
    )


def _columns(costs: Sequence[Cost], way: str, against: str, what: str) -> tuple[list[float], list[float]]:
    rows = [cost for cost in costs if cost.way == way]
    return [getattr(cost, against) for cost in rows], [getattr(cost, what) for cost in rows]


page.opening(
    "First order against second order",
    "**Raise the inner step size**: the angle between the exact meta-gradient and the first-order one opens. Then take more "
    "inner steps.",
)
learner = controls.learner_control()
inner_lr = step_size(learner)
experiment = controls.experiment_controls("inner_steps", "meta_batch_size", "k_shot", "seed")
choice, inner_steps = within_reach(experiment)
try:
    comparison = gradients.comparison(learner, choice, inner_lr, inner_steps)
except ValueError as error:
    st.error(str(error), icon=":material/error:")
else:
    show_comparison(comparison)
    page.equation(
        r"\frac{\partial}{\partial \theta}\, L^{\text{query}}(\theta_K) \;=\; "
        r"\Bigl[\,\prod_{k=0}^{K-1} \bigl(I - \alpha H_k\bigr)\Bigr]\,"
        r"\nabla L^{\text{query}}(\theta_K), \qquad H_k = \nabla^2 L^{\text{support}}(\theta_k)",
        "The **exact** meta-gradient multiplies the query gradient at the adapted parameters by one Jacobian **I − αH** for "
        "each inner step, the last step's first; the **first-order** one takes each of them as the identity **I** (Finn et "
        "al., 2017, sec. 5.2). No Hessian is ever formed: each step back takes one Hessian-vector product, v ← v − αHv.",
    )
    show_steps(comparison)
    show_inner_loop(learner, choice, inner_lr, inner_steps)
    show_sweep(learner, choice, inner_lr, comparison)
    show_check(learner, choice, inner_lr, inner_steps)
show_costs(learner)
race.controls(experiment)
race.show()
page.finish(OWN | race.OWN)
