"""How often the learners are right: accuracy over held-out tasks against the steps taken."""

from collections.abc import Mapping

import streamlit as st

from dashboard.figures import characters as figures
from dashboard.figures.characters import Look
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
    labels = choices.labels()
    asked: dict[str, tuple[Learner, Look]] = {}
    for name, learner in learners.items():
        if not engine_calls.why_not(learner, ways):
            for place, (statistics, one) in enumerate(engine_calls.by_statistics(learner).items()):
                words = f"{labels[name]}{f' ({run_words.STATISTICS[statistics]})' if statistics else ''}"
                asked[words] = one, choices.look(learner, is_second=place > 0)
    with st.spinner("Measuring"):
        curves = {words: engine_calls.accuracy_curve(one, source, ways=ways, shots=shots) for words, (one, _) in asked.items()}
    listed = ", ".join(
        f"{words} {100 * curve.mean[engine_calls.own_steps(asked[words][0])]:.1f} %" for words, curve in curves.items()
    )
    alt = f"Share of right answers against the inner step, 95 % intervals over tasks; after as many as in training: {listed}"
    runs = "; ".join(run_words.of_run(one.experiment, one.iteration, title=words) for words, (one, _) in asked.items())
    with page.pictures_of(f"{runs}; {choices.spell_task(task)} of {choices.TRAINED_ON[source]}"):
        looks = {words: look for words, (_, look) in asked.items()}
        page.chart(figures.accuracy_figure(curves, looks, 1 / ways), "picture_accuracy", alt)
    st.caption(
        f"{engine_calls.TASKS} test tasks (key {engine_calls.KEY}), {engine_calls.CURVE_QUERIES} questions of each class; the "
        "band is Student's 95 % interval of the mean over tasks, the dotted line is guessing. A method that solves for its "
        "head has one step; the others go on to step 10, however many they were trained with. Conv4’s figures compare "
        "*methods*: frozen large backbones do better (96 % and more on mini-ImageNet)."
    )
