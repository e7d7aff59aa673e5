"""How often the learners are right: accuracy over held-out tasks against the steps taken."""

from collections.abc import Mapping

import streamlit as st

from dashboard.figures import characters as figures
from dashboard.page_parts.characters import choices, engine_calls
from dashboard.widgets import page, run_words
from maml_engine import Learner


def show(learners: Mapping[str, Learner], source: str, task: str) -> None:
    """The picture, and what it is not.

    Args:
      learners: by name.
      source: which pictures.
      task: one of `choices.TASKS`.
    """
    st.subheader(f"Over {engine_calls.TASKS} tasks", anchor=False)
    ways, shots = choices.TASKS[task]
    shown = {name: one for name, one in learners.items() if one.out_dim == ways or engine_calls.fits_any(one)}
    curves = {choices.label(one): engine_calls.accuracy_curve(one, source, ways=ways, shots=shots) for one in shown.values()}
    colours = {choices.label(one): choices.colour(one) for one in shown.values()}
    listed = ", ".join(f"{name} {100 * curve.mean[-1]:.1f} %" for name, curve in curves.items())
    alt = f"Share of right answers against the inner step, 95 % intervals over tasks; after the last step: {listed}"
    runs = "; ".join(run_words.of_run(one.experiment, one.iteration, title=choices.label(one)) for one in shown.values())
    with page.pictures_of(f"{runs}; {choices.spell_task(task)} of {choices.TRAINED_ON[source]}"):
        page.chart(figures.accuracy_figure(curves, colours, 1 / ways), "picture_accuracy", alt)
    st.caption(
        f"{engine_calls.TASKS} test tasks (key {engine_calls.KEY}), {engine_calls.CURVE_QUERIES} questions of each class; the "
        "band is Student's 95 % interval of the mean over tasks, the dotted line is guessing. A method that solves for its "
        "head has one step. Conv4’s figures compare *methods*: frozen large backbones do better (96 % and more on "
        "mini-ImageNet)."
    )
