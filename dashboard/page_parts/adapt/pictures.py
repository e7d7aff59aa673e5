"""Adapt's two pictures, and the numbers beside them: switched in the browser between learners and numbers of steps."""

from collections.abc import Mapping
from functools import lru_cache

import streamlit as st

from dashboard.components.switch import Control, Picture, chosen, switch
from dashboard.components.switched_text import switched_text
from dashboard.engine_calls import adaptation as adapting
from dashboard.figures import adaptation as figures
from dashboard.figures.changes import Changes
from dashboard.results import Fit, LossCurve, spell_loss
from dashboard.widgets import page, session

Fits = tuple[Fit, ...]

CURVES = "curves"
STEPS = Control(
    "shown_steps",
    "Gradient steps",
    {steps: str(steps) for steps in range(adapting.CURVE_STEPS + 1)},
    10,
    slider=True,
)


def learner_shown(labels: Mapping[str, str]) -> Control:
    """Whose fits are drawn: one of `labels`."""
    return Control("shown", "Learner shown", labels, "learner")


def show_switch(fits: Mapping[str, Fits], labels: Mapping[str, str]) -> None:
    """Whose fits are drawn, and after how many steps.

    Args:
      fits: of the twelve tasks, by learner.
      labels: of the same learners.
    """
    learner = learner_shown(labels)
    before = {(name,): figures.before_changes(some) for name, some in fits.items()}
    after = {
        (name, steps): changes._replace(alt=_alt(some, labels[name], steps))
        for name, some in fits.items()
        for steps, changes in enumerate(_after(some))
    }
    mark = {(steps,): Changes({}, {"shapes[0].x0": steps, "shapes[0].x1": steps}) for steps in STEPS.choices}
    pictures = [
        Picture(session.PICTURES, [learner], before),
        Picture(session.PICTURES, [learner, STEPS], after),
        Picture(CURVES, [STEPS], mark),
    ]
    switch("_view", [learner, STEPS], pictures)


@lru_cache(maxsize=16)  # the cache of the engine's answers hands out the same fits, and knows them all by what they were asked
def _after(fits: Fits) -> tuple[Changes, ...]:
    return tuple(figures.after_changes(fits, steps) for steps in STEPS.choices)


def show_twelve(fits: Mapping[str, Fits], labels: Mapping[str, str], number: int) -> None:
    """All twelve tasks, small; a click chooses.

    Args:
      fits: of the tasks, by learner.
      labels: of the same learners.
      number: of the chosen task, from 1.
    """
    shown, steps = chosen(learner_shown(labels)), chosen(STEPS)
    page.chart(
        figures.tasks_figure(fits[shown], steps, chosen=number - 1),
        session.PICTURES,
        _alt(fits[shown], labels[shown], steps),
        shown=lambda: {
            f"{labels[name]}, {steps} steps": figures.tasks_figure(some, steps)
            for name, some in fits.items()
            for steps in STEPS.choices
        },
        on_select=_choose_on_the_picture,
        selection_mode="points",
    )


def _alt(fits: Fits, label: str, steps: int) -> str:
    listed = ", ".join(spell_loss(fit.loss[steps]) for fit in fits)
    return f"Twelve sampled tasks in small panels, {label} before and after {steps} steps. Errors after, task by task: {listed}"


def _choose_on_the_picture() -> None:
    """A callback: a click on a support point chooses its task."""
    points = st.session_state[session.PICTURES]["selection"]["points"]
    if points and "customdata" in points[0]:
        number = points[0]["customdata"]
        st.session_state[session.CHOSEN_TASK] = int(number[0] if isinstance(number, list) else number) + 1


def show_curves(curves: Mapping[str, LossCurve], colours: Mapping[str, str]) -> None:
    """The loss against the step over the held-out tasks, by label: numbers after the chosen steps, then the picture."""
    st.subheader(f"Over {adapting.CURVE_TASKS} held-out tasks", anchor=False)
    st.caption(
        f"Mean squared error before and after the steps, over {adapting.CURVE_TASKS} test tasks (key "
        f"{adapting.CURVE_KEY}) that are always the same, at {adapting.CURVE_QUERIES} other points of each."
    )
    texts = {(steps,): [[label, *_numbers(curve, steps)] for label, curve in curves.items()] for steps in STEPS.choices}
    switched_text("_over_tasks", [STEPS], texts)
    listed = ", ".join(f"{label} {spell_loss(curve.mean[-1])}" for label, curve in curves.items())
    alt = f"Mean loss over {adapting.CURVE_TASKS} tasks against the inner step, 95 % intervals; after ten steps: {listed}"
    page.chart(figures.curves_figure(curves, colours, chosen(STEPS)), CURVES, alt)


def _numbers(curve: LossCurve, steps: int) -> tuple[str, str]:
    """Before and after, and what to say below."""
    before, after = spell_loss(curve.mean[0]), spell_loss(curve.mean[steps])
    interval = f"95 % interval {spell_loss(curve.low[steps])} to {spell_loss(curve.high[steps])}"
    return f"{before} → {after}", interval if after != "diverged" else "on some tasks"
