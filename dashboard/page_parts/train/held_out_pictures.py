"""The few held-out tasks that the Train page watches, drawn."""

import streamlit as st

from dashboard.figures import characters
from dashboard.figures import training as figures
from dashboard.page_parts.train.held_out_tasks import answers, family, rows
from dashboard.widgets import page
from maml_engine import Learner
from maml_engine.tasks import PICTURES


def show(learner: Learner, key: str) -> None:
    """The same six held-out tasks for every learner, or a table's test rows, or one task of pictures with its answers."""
    inner_steps = max(1, learner.experiment.inner_steps)
    if learner.experiment.tasks in PICTURES:
        _show_answers(learner, key)
        return
    if learner.experiment.tasks == "table":
        found = rows(learner, inner_steps)
        figure = figures.prediction_figure(**found._asdict(), target=learner.experiment.target, inner_steps=inner_steps)
        page.chart(figure, key, "Predicted against true targets of held-out tasks, before and after adapting.")
        return
    found = family(learner, inner_steps)
    limit = 1.1 * max(learner.experiment.amplitude[1], 0.1)
    figure = figures.family_figure(**found._asdict(), inner_steps=inner_steps, y_limit=limit)
    before, after = found.errors
    alt = f"Six held-out tasks. Mean squared error over them: {before:.2f} before adapting, {after:.2f} after."
    page.chart(figure, key, alt)


def _show_answers(learner: Learner, key: str) -> None:
    task = answers(learner)
    right, asked = int((task.answers[-1] == task.truth).sum()), len(task.truth)
    with st.container(width=560):
        alt = f"A task of new characters: examples of {learner.out_dim} classes and {asked} questions, {right} of them right."
        page.chart(characters.answers_figure(task, len(task.shares) - 1), key, alt)
    st.caption(
        f"One new task, the same for every learner. Left the examples, then the questions: {right} of {asked} are right; a "
        "dashed frame is wrong, with what it was taken for."
    )
