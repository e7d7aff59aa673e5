"""Adapt: before and after on tasks that the learner has never seen, with the statistics over two hundred."""

from functools import partial

import streamlit as st

from dashboard import results
from dashboard.components.sine_bench import Scene, sine_bench
from dashboard.engine_calls import adaptation as adapting
from dashboard.engine_calls import resources
from dashboard.engine_calls import sine_bench as bench_engine
from dashboard.figures import adaptation, style
from dashboard.results import MAX_SHOTS, Fit, LossCurve
from dashboard.widgets import controls, page
from maml_engine import Learner, Sinusoid

RANGES = {"trained": "As in training", "amplitude": "Larger amplitudes", "phase": "Other phases"}
BASELINES = {"pretrained": "Pretrained on all tasks", "random": "Random initialisation"}
OWN = {
    "adapt_bench": "",
    "shots": 5,
    "adapt_lr": None,
    "task_seed": 0,
    "task_range": "trained",
    "shown": "learner",
    "shown_steps": 10,
    "chosen_task": 1,
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


def adapting_controls(own_lr: float) -> tuple[int, float, int]:
    """The sidebar: support points, the step size of the chosen learner, and which tasks."""
    shots = st.sidebar.slider("Support points", 1, MAX_SHOTS, OWN["shots"], key="shots", bind="query-params")
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
    seed = st.sidebar.number_input("Seed of the tasks", 0, 9999, OWN["task_seed"], key="task_seed", bind="query-params")
    return shots, inner_lr or own_lr, seed


def another_twelve() -> None:
    """A callback."""
    st.session_state["task_seed"] = (st.session_state["task_seed"] + 1) % 10_000


def choose_on_the_wall() -> None:
    """A callback: a click on a support point chooses its task."""
    points = st.session_state["wall"]["selection"]["points"]
    if points and "customdata" in points[0]:
        number = points[0]["customdata"]
        st.session_state["chosen_task"] = int(number[0] if isinstance(number, list) else number) + 1


def wall_controls(names: dict[str, str]) -> tuple[str, str, int]:
    """Which tasks, whose fits, and after how many steps."""
    controls.by_name("task_range", RANGES, RANGES.get)
    controls.by_name("shown", names, names.get)
    steady = {"required": True, "wrap": True, "bind": "query-params"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        task_range = st.segmented_control(
            "Tasks", list(RANGES), default="trained", format_func=RANGES.get, key="task_range", **steady
        )
        shown = st.segmented_control(
            "Learner shown", list(names), default="learner", format_func=names.get, key="shown", **steady
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        steps = st.slider("Gradient steps", 0, adapting.CURVE_STEPS, OWN["shown_steps"], key="shown_steps", bind="query-params")
        st.button("Another twelve", icon=":material/casino:", type="primary", on_click=another_twelve)
    return task_range, shown, steps


def describe(tasks: Sinusoid, trained_on: Sinusoid) -> str:
    """Which waves are sampled, and whether training saw such."""
    (low, high), (first, last) = tasks.amplitude, tasks.phase
    where = "as in training" if tasks == trained_on else "outside of what the learner was trained on"
    return f"Amplitudes from {low:g} to {high:g}, phases from {first:.3g} to {last:.3g} radians: {where}."


def choose_task() -> int:
    """Which task is shown large, from 1."""
    return st.pills(
        "Task shown large",
        range(1, adapting.WALL_TASKS + 1),
        default=OWN["chosen_task"],
        required=True,
        wrap=True,
        key="chosen_task",
        bind="query-params",
        help="Or click on one of its points.",
    )


def show_wall(wall: tuple[Fit, ...], name: str, steps: int, number: int) -> None:
    """All twelve, small; a click chooses."""
    page.chart(
        adaptation.tasks_figure(wall, steps, chosen=number - 1),
        "wall",
        on_select=choose_on_the_wall,
        selection_mode="points",
        alt=f"Twelve sampled tasks in small panels, {name} before and after {steps} steps. Errors after, task by task: "
        + ", ".join(results.spell_loss(fit.loss[steps]) for fit in wall),
    )


def show_chosen(number: int, scene: Scene, learners: dict[str, Learner], step_sizes: dict[str, float], tasks: Sinusoid) -> None:
    """One task on the bench: the same wave and points as on the wall, until the visitor moves them."""
    st.markdown(f"**Task {number}, to change as you like**")
    own = {name: step_sizes[name] for name in BASELINES}
    entrants = [
        bench_engine.entrant(name, names[name], each, colour=colours[name], inner_lr=own.get(name))
        for name, each in learners.items()
    ]
    answer = partial(bench_engine.answers, learners=learners, step_sizes=own, x_range=tasks.x)
    sine_bench("adapt_bench", scene, entrants, answer=answer, x_range=tasks.x)


def show_curves(curves: dict[str, LossCurve], names: dict[str, str], colours: dict[str, str], steps: int) -> None:
    """The loss against the step over the held-out tasks: numbers, then the picture."""
    st.subheader(f"Over {adapting.CURVE_TASKS} held-out tasks", anchor=False)
    help = f"Mean squared error before and after {steps} steps, over {adapting.CURVE_TASKS} tasks that are always the same."
    for column, (which, curve) in zip(st.columns(len(curves)), curves.items(), strict=True):
        before, after = results.spell_loss(curve.mean[0]), results.spell_loss(curve.mean[steps])
        interval = f"95 % interval {results.spell_loss(curve.low[steps])} to {results.spell_loss(curve.high[steps])}"
        shown = interval if after != "diverged" else "on some tasks"
        column.metric(names[which], f"{before} → {after}", shown, delta_color="off", delta_arrow="off", help=help)
    sentences = [f"{names[which]} {results.spell_loss(curve.mean[-1])}" for which, curve in curves.items()]
    page.chart(
        adaptation.curves_figure(
            {names[w]: curve for w, curve in curves.items()}, {names[w]: colours[w] for w in curves}, steps
        ),
        key="curves",
        alt=f"Mean loss over {adapting.CURVE_TASKS} tasks against the inner step, 95 % intervals; after ten steps: "
        + ", ".join(sentences),
    )


page.opening(
    "Before and after",
    "**Press “Another twelve”**, again and again: the learner has seen none of these waves. Then take waves from outside the "
    "training range, and see where adapting ends.",
)
learner = suitable(controls.learner_control())
shots, inner_lr, seed = adapting_controls(learner.experiment.inner_lr)
names = {"learner": learner.experiment.method.upper(), **BASELINES}
colours = {"learner": style.method_colour(learner.experiment.method)} | {name: style.method_colour(name) for name in BASELINES}
task_range, shown, steps = wall_controls(names)
trained_on = learner.default_tasks
tasks = trained_on if task_range == "trained" else adapting.beyond(trained_on, task_range)
shipped = resources.shipped_learners()
learners = {"learner": learner, "pretrained": shipped["sinusoid_joint"], "random": shipped["random"]}
step_sizes = {"learner": inner_lr} | {name: adapting.best_inner_lr(learners[name], tasks, shots) for name in BASELINES}
wall = adapting.wall(learners[shown], tasks, shots, step_sizes[shown], seed)

st.caption(f"{describe(tasks, trained_on)} A panel's numbers are its mean squared error before → after.")
left, right = st.columns([2, 3], gap="medium")
picture = left.container()
with left:
    number = choose_task()
with picture:
    show_wall(wall, names[shown], steps, number)
with right:
    wave, chosen = adapting.wall_waves(tasks, seed)[number - 1], wall[number - 1]
    scene = Scene.of_points(*wave, chosen.support_x, chosen.support_y, steps=steps, inner_lr=inner_lr, focus=shown)
    show_chosen(number, scene, learners, step_sizes, tasks)
curves = {name: adapting.held_out_curve(learners[name], tasks, shots, step_sizes[name]) for name in learners}
show_curves(curves, names, colours, steps)
st.caption(
    f"{names['learner']} takes steps of {inner_lr:g}. Each baseline takes the step size that suits it best on other tasks, "
    f"out of {', '.join(f'{size:g}' for size in adapting.BASELINE_STEP_SIZES)}: {step_sizes['pretrained']:g} for the "
    f"pretrained network, {step_sizes['random']:g} for the random one."
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
