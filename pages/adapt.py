"""Adapt: before and after on tasks that the learner has never seen, with the statistics over two hundred."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import streamlit as st

from dashboard.components.sine_bench import Scene, sine_bench
from dashboard.engine_calls import adaptation as adapting
from dashboard.engine_calls import resources
from dashboard.engine_calls import sine_bench as bench_engine
from dashboard.figures import adaptation as figures
from dashboard.figures.style import method_colour
from dashboard.results import MAX_SHOTS, Fit, LossCurve, spell_loss
from dashboard.widgets import controls, page, session
from maml_engine import Learner, Sinusoid

RANGES = {"trained": "As in training", "amplitude": "Larger amplitudes", "phase": "Other phases"}
BASELINES = {"pretrained": ("Pretrained on all tasks", "sinusoid_joint"), "random": ("Random initialisation", "random")}
OWN = {
    "adapt_bench": "",
    "adapt_shots": 5,
    "adapt_lr": None,
    session.TASK_SEED: 0,
    "task_range": "trained",
    "shown": "learner",
    "shown_steps": 10,
    session.CHOSEN_TASK: 1,
}


class Contender(NamedTuple):
    """One of the three that adapt.

    label: for the reader.
    colour: in every picture.
    learner: what adapts.
    inner_lr: its step size.
    """

    label: str
    colour: str
    learner: Learner
    inner_lr: float


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


def contenders_of(learner: Learner, inner_lr: float, tasks: Sinusoid, shots: int) -> dict[str, Contender]:
    """The chosen learner, and the baselines with the step size that suits each best.

    Args:
      learner: the chosen one.
      inner_lr: its step size.
      tasks: on which all adapt.
      shots: support points of each.
    """
    method, shipped = learner.experiment.method, resources.shipped_learners()
    found = {"learner": Contender(method.upper(), method_colour(method), learner, inner_lr)}
    for name, (label, shipped_name) in BASELINES.items():
        baseline = shipped[shipped_name]
        best = adapting.best_inner_lr(baseline, tasks, shots)
        found[name] = Contender(label, method_colour(name), baseline, best)
    return found


def another_twelve() -> None:
    """A callback."""
    st.session_state[session.TASK_SEED] = (st.session_state[session.TASK_SEED] + 1) % 10_000


def choose_on_the_picture() -> None:
    """A callback: a click on a support point chooses its task."""
    points = st.session_state[session.PICTURES]["selection"]["points"]
    if points and "customdata" in points[0]:
        number = points[0]["customdata"]
        st.session_state[session.CHOSEN_TASK] = int(number[0] if isinstance(number, list) else number) + 1


def choose_view(labels: Mapping[str, str]) -> tuple[str, str, int]:
    """Which tasks, whose fits (one of `labels`), and after how many steps."""
    controls.by_name("task_range", RANGES, RANGES.get)
    controls.by_name("shown", labels, labels.get)
    steady = {"required": True, "wrap": True, "bind": "query-params"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        task_range = st.segmented_control(
            "Tasks", list(RANGES), default=OWN["task_range"], format_func=RANGES.get, key="task_range", **steady
        )
        shown = st.segmented_control(
            "Learner shown", list(labels), default=OWN["shown"], format_func=labels.get, key="shown", **steady
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        steps = st.slider("Gradient steps", 0, adapting.CURVE_STEPS, OWN["shown_steps"], key="shown_steps", bind="query-params")
        st.button("Another twelve", icon=":material/casino:", type="primary", on_click=another_twelve)
    return task_range, shown, steps


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


def show_twelve(fits: Sequence[Fit], label: str, steps: int, number: int) -> None:
    """All twelve tasks, small; a click chooses.

    Args:
      fits: one a task.
      label: of who adapted.
      steps: gradient steps after which the fits are drawn.
      number: of the chosen task, from 1.
    """
    page.chart(
        figures.tasks_figure(fits, steps, chosen=number - 1),
        session.PICTURES,
        on_select=choose_on_the_picture,
        selection_mode="points",
        alt=f"Twelve sampled tasks in small panels, {label} before and after {steps} steps. Errors after, task by task: "
        + ", ".join(spell_loss(fit.loss[steps]) for fit in fits),
    )


def show_chosen(number: int, scene: Scene, contenders: Mapping[str, Contender], tasks: Sinusoid) -> None:
    """One task on the bench: the same wave and points as on its picture, until the visitor moves them.

    Args:
      number: of the task, from 1.
      scene: its wave and points.
      contenders: who adapts; the baselines with step sizes of their own, the learner with the bench's.
      tasks: whose range of inputs is shown.
    """
    st.markdown(f"**Task {number}, to change as you like**")
    own = {name: contenders[name].inner_lr for name in BASELINES}
    entrants = [
        bench_engine.entrant(name, one.label, one.learner, colour=one.colour, inner_lr=own.get(name))
        for name, one in contenders.items()
    ]
    learners = {name: one.learner for name, one in contenders.items()}
    answer = partial(bench_engine.answers, learners=learners, step_sizes=own, x_range=tasks.x)
    sine_bench("adapt_bench", scene, entrants, answer=answer, x_range=tasks.x)


def show_curves(curves: Mapping[str, LossCurve], colours: Mapping[str, str], steps: int) -> None:
    """The loss against the step over the held-out tasks, by label: numbers after `steps`, then the picture."""
    st.subheader(f"Over {adapting.CURVE_TASKS} held-out tasks", anchor=False)
    help = f"Mean squared error before and after {steps} steps, over {adapting.CURVE_TASKS} tasks that are always the same."
    for column, (label, curve) in zip(st.columns(len(curves)), curves.items(), strict=True):
        before, after = spell_loss(curve.mean[0]), spell_loss(curve.mean[steps])
        interval = f"95 % interval {spell_loss(curve.low[steps])} to {spell_loss(curve.high[steps])}"
        below = interval if after != "diverged" else "on some tasks"
        column.metric(label, f"{before} → {after}", below, delta_color="off", delta_arrow="off", help=help)
    listed = ", ".join(f"{label} {spell_loss(curve.mean[-1])}" for label, curve in curves.items())
    alt = f"Mean loss over {adapting.CURVE_TASKS} tasks against the inner step, 95 % intervals; after ten steps: {listed}"
    page.chart(figures.curves_figure(curves, colours, steps), "curves", alt)


page.opening(
    "Before and after",
    "**Press “Another twelve”**, again and again: the learner has seen none of these waves. Then take waves from outside the "
    "training range, and see where adapting ends.",
    name="adapt",
)
learner = suitable(controls.learner_control())
shots, inner_lr, seed = choose_adapting(learner.experiment.inner_lr)
labels = {"learner": learner.experiment.method.upper()} | {name: label for name, (label, _) in BASELINES.items()}
task_range, shown, steps = choose_view(labels)
trained_on = learner.default_tasks
tasks = trained_on if task_range == "trained" else adapting.beyond(trained_on, task_range)
contenders = contenders_of(learner, inner_lr, tasks, shots)
fits = adapting.fits(contenders[shown].learner, tasks, shots=shots, inner_lr=contenders[shown].inner_lr, seed=seed)

st.caption(f"{describe(tasks, trained_on)} A panel's numbers are its mean squared error before → after.")
left, right = st.columns([2, 3], gap="medium")
pictures = left.container()
with left:
    number = choose_task()
with pictures:
    show_twelve(fits, labels[shown], steps, number)
with right:
    wave, chosen = adapting.drawn_waves(tasks, seed)[number - 1], fits[number - 1]
    scene = Scene.of_points(*wave, chosen.support_x, chosen.support_y, steps=steps, inner_lr=inner_lr, focus=shown)
    show_chosen(number, scene, contenders, tasks)
show_curves(
    {one.label: adapting.held_out_curve(one.learner, tasks, shots, one.inner_lr) for one in contenders.values()},
    {one.label: one.colour for one in contenders.values()},
    steps,
)
st.caption(
    f"{labels['learner']} takes steps of {inner_lr:g}. Each baseline takes the step size that suits it best on other tasks, "
    f"out of {', '.join(f'{size:g}' for size in adapting.BASELINE_STEP_SIZES)}: {contenders['pretrained'].inner_lr:g} for the "
    f"pretrained network, {contenders['random'].inner_lr:g} for the random one."
    + (" Before the first step nothing can be better than 3.01 on average over such tasks." if tasks == Sinusoid() else "")
)
page.equation(
    r"\theta^{(k+1)}_i = \theta^{(k)}_i - \alpha\, \nabla_\theta L_i^{\text{support}}\bigl(\theta^{(k)}_i\bigr), \quad"
    r"\theta^{(0)}_i = \theta, \qquad "
    r"\text{drawn:}\quad \frac{1}{200} \sum_{i=1}^{200} L_i^{\text{query}}\bigl(\theta_i^{(k)}\bigr)",
    "Each task **i** starts from the same **θ** and takes **k** gradient steps of size **α** on its own support points; the "
    "error is measured on other points of the same wave. The band is Student's 95 % interval of the mean over the 200 tasks.",
)
page.finish(OWN)
