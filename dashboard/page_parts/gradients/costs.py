"""What a meta-gradient costs: as it was measured before, and on this machine where the visitor asks."""

from collections.abc import Sequence

import streamlit as st

from dashboard.engine_calls import gradients
from dashboard.figures import gradients as figures
from dashboard.method_names import TUTORIAL
from dashboard.widgets import page, session
from maml_engine import Learner
from maml_engine.analysis import Cost, default_sizes, growth
from maml_engine.analysis.cost import STEPS_AT_TASKS, TASKS_AT_STEPS

NETWORK = "The network of the runs here, 1-40-40-1"


@st.fragment
def show(learner: Learner) -> None:
    """Seconds and bytes: as measured before, and on this machine where the visitor asks."""
    st.subheader("What it costs", anchor=False)
    st.markdown(
        f"In {TUTORIAL} the exact gradient costs O(TK²) for T tasks and K inner steps. What one meta-gradient takes, measured:"
    )
    if turn := st.session_state.get(session.COSTS_MEASURED):
        _measure(learner, turn)
        return
    if shipped := gradients.shipped_costs():
        with page.pictures_of(f"{NETWORK}, measured on {shipped.machine}"):
            _show_growth(shipped.costs)
        st.caption("It can be measured on this machine, too.")
    st.button("Measure here", icon=":material/timer:", key="measure", on_click=_ask)


def _ask() -> None:
    """A callback."""
    st.session_state[session.COSTS_MEASURED] = st.session_state.get(session.COSTS_MEASURED, 0) + 1


def _measure(learner: Learner, turn: int) -> None:
    """Every size in turn, then the pictures; what was measured in the same turn is at hand."""
    sizes, costs = default_sizes(), []
    progress = st.empty()
    pictures = st.container()
    for done, (steps, tasks) in enumerate(sizes):
        progress.progress(done / len(sizes), text=f"Compiling and measuring {steps} inner steps, {tasks} tasks ...")
        costs += gradients.costs(learner, steps, tasks, turn)
    progress.empty()
    with pictures, page.pictures_of(f"{NETWORK}, measured on this machine"):
        _show_growth(costs)
    st.button("Measure again", icon=":material/timer:", key="measure_again", on_click=_ask)


def _show_growth(costs: Sequence[Cost]) -> None:
    """Four lines of measurements, and in words how they grow."""
    over_steps = [cost for cost in costs if cost.num_tasks == STEPS_AT_TASKS]
    over_tasks = [cost for cost in costs if cost.inner_steps == TASKS_AT_STEPS]
    for what, name in (("seconds", "Time"), ("temp_bytes", "Memory")):
        for column, some, against in zip(st.columns(2), (over_steps, over_tasks), ("inner_steps", "num_tasks"), strict=True):
            exponents = {kind: growth(*_columns(some, kind, against, what)) for kind in figures.PASSES}
            label = "inner steps, 25 tasks" if against == "inner_steps" else "tasks, 5 inner steps"
            grown = ", ".join(f"{kind} {exponent:.2f}" for kind, exponent in exponents.items())
            with column:
                st.markdown(f"**{name} against {label}**")
                page.chart(
                    figures.cost_figure(some, against, what),
                    f"cost_{what}_{against}",
                    f"{name} against {label}. Exponents: {grown}.",
                )
                st.caption(f"Grows with the power: {grown}.")
    exact, first = (
        {cost.inner_steps: cost.seconds for cost in over_steps if cost.way == kind} for kind in ("exact, mixed", "first-order")
    )
    ratios = ", ".join(f"{exact[steps] / first[steps]:.1f} at K = {steps}" for steps in (1, 5, 10))
    memory = {cost.inner_steps: cost.temp_bytes / 1e6 for cost in over_steps if cost.way == "first-order"}
    kept = ", ".join(f"{memory[steps]:.2g} MB at K = {steps}" for steps in (5, 10, max(memory)))
    steepest = max(growth(*_columns(over_steps, kind, "inner_steps", "seconds")) for kind in figures.PASSES)
    verdict = (
        "Linear, not quadratic" if steepest < 1.5 else "Steeper than a line here: other work got in between, so measure again"
    )
    st.markdown(
        f"**{verdict}**: a power of 1 is a straight line through the origin, K² would be 2. The exact gradient takes this "
        f"many times as long as the first-order one: {ratios}. “Plain” keeps every step's activations for the way back, "
        "“mixed” the parameters alone, “checkpointed” those of about 2√K steps for one more pass. The "
        f"first-order gradient keeps none of them: {kept}."
    )


def _columns(costs: Sequence[Cost], kind: str, against: str, what: str) -> tuple[list[float], list[float]]:
    rows = [cost for cost in costs if cost.way == kind]
    return [getattr(cost, against) for cost in rows], [getattr(cost, what) for cost in rows]
