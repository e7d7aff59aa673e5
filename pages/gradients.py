"""Gradients: what the first-order meta-gradient leaves out, on the real network, checked, priced and raced."""

import streamlit as st

from dashboard import escape
from dashboard.engine_calls import gradients, resources
from dashboard.engine_calls.gradients import Choice
from dashboard.method_names import PAPERS
from dashboard.page_parts.gradients import costs, pictures, race
from dashboard.widgets import controls, learners, page, session
from maml_engine import Experiment, Learner

OWN = {"gradient_lr": None, pictures.BENCH: ""} | race.OWN


def choose_step_size(learner: Learner) -> float:
    """The sidebar's step size; the learner's own until it is moved, or the one that the link or another page has set."""
    own = st.session_state[session.KEPT].get("inner_lr", learner.experiment.inner_lr)
    return st.sidebar.select_slider(
        "Inner step size α",
        sorted({*gradients.STEP_SIZES, own}),
        own,
        format_func="{:g}".format,
        key="gradient_lr",
        bind="query-params",
        help=f"Step size at which the gradients are taken. This learner was trained with {learner.experiment.inner_lr:g}.",
    )


def within_reach(experiment: Experiment) -> tuple[Choice, int]:
    """The tasks and the number of steps that the page looks at, no more than it can answer at once."""
    values = {name: min(getattr(experiment, name), most) for name, most in gradients.MAX.items()}
    if lowered := [name for name, value in values.items() if value < getattr(experiment, name)]:
        listed = ", ".join(f"`{name}` {gradients.MAX[name]}" for name in lowered)
        st.info(f"To answer at once, this page takes at most {listed}; training takes what you set.", icon=":material/info:")
    return Choice(values["meta_batch_size"], values["k_shot"], experiment.seed), values["inner_steps"]


page.opening(
    "First order against second order",
    "**Take the inner step size from 0.0001 up to 0.002**: the angle between the exact meta-gradient and the first-order one "
    "opens. Then take more inner steps.",
    name="gradients",
)
learner = learners.learner_control()
inner_lr = choose_step_size(learner)
experiment = controls.experiment_controls("inner_steps", "meta_batch_size", "k_shot", "seed")
choice, inner_steps = within_reach(experiment)
try:
    comparison = gradients.comparison(learner, choice, inner_lr, inner_steps)
except ValueError as error:
    st.error(escape.sentence(error), icon=":material/error:")
else:
    start = resources.shipped_learners()["random"] if learner.experiment.tasks == "sinusoid" else None  # which it is for, too
    of_start = start and gradients.comparison(start, choice, inner_lr, inner_steps)
    with page.pictures_of(pictures.words_of(learner, choice, inner_lr, inner_steps)):
        pictures.show_comparison(comparison, inner_lr, of_start)
    page.equation(
        r"\frac{\partial}{\partial \theta}\, L^{\text{query}}(\theta_K) \;=\; "
        r"\Bigl[\,\prod_{k=0}^{K-1} \bigl(I - \alpha H_k\bigr)\Bigr]\,"
        r"\nabla L^{\text{query}}(\theta_K), \qquad H_k = \nabla^2 L^{\text{support}}(\theta_k)",
        "The **exact** meta-gradient multiplies the query gradient at the adapted parameters by one Jacobian **I − αH** for "
        "each inner step, the last step's first; the **first-order** one takes each of them as the identity **I** "
        f"({PAPERS['maml'].link}, sec. 5.2). No Hessian is ever formed: each step back takes one Hessian-vector product, "
        "v ← v − αHv.",
    )
    with page.pictures_of(pictures.words_of(learner, choice, inner_lr, inner_steps)):
        if not pictures.overflow(comparison, inner_lr):
            pictures.show_steps(comparison)
        pictures.show_inner_loop(learner, choice, inner_lr, inner_steps)
        pictures.show_sweep(gradients.sweep(learner, choice), comparison, inner_lr)
        pictures.show_check(gradients.check(learner, choice, inner_lr, inner_steps))
costs.show(learner)
race.show(experiment)
page.finish(OWN | {"gradient_lr": resources.shipped_learners()["sinusoid_maml"].experiment.inner_lr})
