"""Adapt: before and after on tasks that the learner has never seen, with the statistics over two hundred."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from dashboard import escape
from dashboard.components import address
from dashboard.components.sine_bench import Scene, sine_bench
from dashboard.components.switch import chosen
from dashboard.engine_calls import adaptation as adapting
from dashboard.engine_calls import resources
from dashboard.engine_calls import sine_bench as bench_engine
from dashboard.page_parts.adapt import pictures
from dashboard.page_parts.adapt.contenders import BASELINES, Contender, contenders_of, label_of, trained_with, words_of
from dashboard.results import MAX_SHOTS, ZERO_SHOT
from dashboard.widgets import controls, learners, page, session
from maml_engine import Learner, Sinusoid

RANGES = {"trained": "As in training", "amplitude": "Larger amplitudes", "phase": "Other phases"}
OWN = {
    "adapt_bench": "",
    "adapt_shots": 5,
    "adapt_lr": None,
    session.TASK_SEED: 0,
    "task_range": "trained",
    "shown": "learner",
    pictures.STEPS.key: pictures.STEPS.default,
    session.CHOSEN_TASK: 1,
}


def suitable(learner: Learner) -> Learner:
    """`learner`, or the shipped one where it has nothing to do with sine waves."""
    if bench_engine.can_show(learner):
        return learner
    st.info(
        f"The chosen learner was trained on another kind of task ({learner.experiment.tasks}), and this page samples sine "
        "waves: it shows the shipped MAML instead.",
        icon=":material/info:",
    )
    return resources.shipped_learners()["sinusoid_maml"]


def choose_adapting(own_lr: float) -> tuple[int, float, int]:
    """The sidebar: support points, the step size of the chosen learner, and which tasks."""
    shots = st.sidebar.slider("Support points", 1, MAX_SHOTS, OWN["adapt_shots"], key="adapt_shots", bind="query-params")
    inner_lr = st.sidebar.number_input(
        "Inner step size α",
        min_value=0.0001,
        max_value=1.0,
        value=None,
        step=0.001,
        format="%.4g",
        placeholder=f"{own_lr:g}, as in training",
        key="adapt_lr",
        bind="query-params",
        help="Of the chosen learner; empty is the one it was trained with. The baselines take what suits them best.",
    )
    seed = st.sidebar.number_input(
        "Seed of the tasks", 0, 9999, OWN[session.TASK_SEED], key=session.TASK_SEED, bind="query-params"
    )
    return shots, inner_lr or own_lr, seed


def another_twelve() -> None:
    """A callback."""
    st.session_state[session.TASK_SEED] = (st.session_state[session.TASK_SEED] + 1) % 10_000


def choose_tasks() -> str:
    """Which tasks, one of `RANGES`; or another twelve of them."""
    controls.by_name("task_range", RANGES, RANGES.get)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        task_range = st.segmented_control(
            "Tasks",
            list(RANGES),
            default=OWN["task_range"],
            format_func=RANGES.get,
            key="task_range",
            required=True,
            wrap=True,
            bind="query-params",
        )
        st.button("Another twelve", icon=":material/casino:", type="primary", key="another_twelve", on_click=another_twelve)
    return task_range


def choose_task() -> int:
    """Which task is shown large, from 1."""
    return st.pills(
        "Task shown large",
        range(1, adapting.NUM_TASKS + 1),
        default=OWN[session.CHOSEN_TASK],
        required=True,
        wrap=True,
        key=session.CHOSEN_TASK,
        bind="query-params",
        help="Or click on one of its points.",
    )


def describe(tasks: Sinusoid, trained_on: Sinusoid) -> str:
    """Which waves are sampled, and whether training saw such."""
    (low, high), (first, last) = tasks.amplitude, tasks.phase
    where = "as in training" if tasks == trained_on else "outside of what the learner was trained on"
    return f"Amplitudes from {low:g} to {high:g}, phases from {first:.3g} to {last:.3g} radians: {where}."


def show_chosen(number: int, scene: Scene, contenders: Mapping[str, Contender], tasks: Sinusoid) -> None:
    """One task on the bench: the same wave and points as on its picture, until the visitor moves them.

    Args:
      number: of the task, from 1.
      scene: its wave and points.
      contenders: who adapts; the baselines with step sizes of their own, the learner with the bench's.
      tasks: whose range of inputs is shown.
    """
    st.markdown(f"**Task {number}{'' if address.is_fixed('adapt_bench') else ', to change as you like'}**")
    own = {name: contenders[name].inner_lr for name in BASELINES}
    entrants = [
        bench_engine.entrant(name, one.label, one.learner, colour=one.colour, inner_lr=own.get(name))
        for name, one in contenders.items()
    ]
    learners = {name: one.learner for name, one in contenders.items()}
    answer = partial(bench_engine.answers, learners=learners, step_sizes=own, x_range=tasks.x)
    follows = {"shown_steps": "steps", "shown": "focus"}
    sine_bench("adapt_bench", scene, entrants, answer=answer, x_range=tasks.x, follows=follows)


@st.fragment
def show_tasks(
    fits: Mapping[str, pictures.Fits], contenders: Mapping[str, Contender], tasks: Sinusoid, *, seed: int, words: str
) -> None:
    """All twelve, small, and one of them on the bench; which one is a matter of this part alone.

    Args:
      fits: of the twelve, by learner.
      contenders: who adapts.
      tasks: what they are drawn from.
      seed: says which twelve.
      words: what the pictures are of.
    """
    labels = {name: one.label for name, one in contenders.items()}
    left, right = st.columns([2, 3], gap="medium")
    wall = left.container()
    with left:
        number = choose_task()
    with wall, page.pictures_of(f"{words}, tasks of seed {seed}"):
        pictures.show_twelve(fits, labels, number)
    with right:
        wave, task = adapting.drawn_waves(tasks, seed)[number - 1], fits["learner"][number - 1]
        steps, focus = chosen(pictures.STEPS), chosen(pictures.learner_shown(labels))
        inner_lr = contenders["learner"].inner_lr
        scene = Scene.of_points(*wave, task.support_x, task.support_y, steps=steps, inner_lr=inner_lr, focus=focus)
        show_chosen(number, scene, contenders, tasks)


page.opening(
    "Before and after",
    "**Press “Another twelve”**, again and again: the learner has seen none of these waves. Then take waves from outside the "
    "training range, and see where adapting ends.",
    name="adapt",
)
learner = suitable(learners.learner_control())
shots, inner_lr, seed = choose_adapting(learner.experiment.inner_lr)
labels = {"learner": label_of(learner)} | {name: label for name, (label, _) in BASELINES.items()}
task_range = choose_tasks()
trained_on = learner.default_tasks
tasks = trained_on if task_range == "trained" else adapting.beyond(trained_on, task_range)
contenders = contenders_of(learner, inner_lr, tasks, shots)
fits = {
    name: adapting.fits(one.learner, tasks, shots=shots, inner_lr=one.inner_lr, seed=seed) for name, one in contenders.items()
}
words = words_of(contenders, shots)
pictures.show_switch(fits, labels)
st.caption(f"{describe(tasks, trained_on)} A panel's numbers are its mean squared error before → after.")
show_tasks(fits, contenders, tasks, seed=seed, words=words)
with page.pictures_of(words):
    pictures.show_curves(
        {one.label: adapting.held_out_curve(one.learner, tasks, shots, one.inner_lr) for one in contenders.values()},
        {one.label: one.colour for one in contenders.values()},
    )
st.caption(
    f"{escape.markdown(labels['learner'])} takes steps of {inner_lr:g}{trained_with(learner, inner_lr)}. "
    "Each baseline takes the step size that suits it best on other tasks, "
    f"out of {', '.join(f'{size:g}' for size in adapting.BASELINE_STEP_SIZES)}: {contenders['pretrained'].inner_lr:g} for the "
    f"pretrained network, {contenders['random'].inner_lr:g} for the random one."
    + (f" Before the first step none can have less than {ZERO_SHOT} on average over such tasks." if tasks == Sinusoid() else "")
)
page.equation(
    r"\theta^{(k+1)}_i = \theta^{(k)}_i - \alpha\, \nabla_\theta L_i^{\text{support}}\bigl(\theta^{(k)}_i\bigr), \quad"
    r"\theta^{(0)}_i = \theta, \qquad "
    r"\text{drawn:}\quad \frac{1}{200} \sum_{i=1}^{200} L_i^{\text{query}}\bigl(\theta_i^{(k)}\bigr)",
    "Each task **i** starts from the same **θ** and takes **k** gradient steps of size **α** on its own support points; the "
    "error is measured on other points of the same wave. The band is Student's 95 % interval of the mean over the 200 tasks.",
)
page.finish(OWN)
