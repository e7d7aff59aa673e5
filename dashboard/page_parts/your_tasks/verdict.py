"""The verdict on a visitor's table: the sentence, then the numbers behind it."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard import escape
from dashboard.components.switch import Control, Picture, chosen, switch
from dashboard.figures import verdict as figures
from dashboard.page_parts.your_tasks import report
from dashboard.page_parts.your_tasks.run import TrainedVerdict
from dashboard.page_parts.your_tasks.table import UserTable
from dashboard.widgets import learners, page, run_words
from maml_engine.tables import Score, Settings, Verdict
from maml_engine.tables.scoring import SAVED

# Bound to the link, and spelt there as on the page.
IN_UNITS, RELATIVE = "In its own units", "Over its spread"
ERROR_IN = Control("error_in", "", {unit: unit for unit in (IN_UNITS, RELATIVE)}, IN_UNITS, help="Errors")
ICONS = {
    "worth it": ":green[:material/thumb_up:]",
    "no different": ":gray[:material/drag_handle:]",
    "worse": ":orange[:material/thumb_down:]",
}


def words_of(trained: TrainedVerdict) -> str:
    """What the pictures of a verdict are of: the learner's name, the table, and how the networks were trained on it."""
    words = run_of(trained.table, trained.settings)
    name = learners.run_name(trained.job_id)
    return f"{name}, on {words}" if name else words


def run_of(table: UserTable, settings: Settings) -> str:
    """The table, and how the networks are trained on it."""
    inner = ", ".join(run_words.spell(name, getattr(settings, name)) for name in ("inner_lr", "inner_steps", "seed"))
    networks = f"{settings.members} networks of {settings.num_iterations:,} meta-iterations"
    return f"{escape.short(table.name)}: {run_words.name_of_method(settings.method)}, {networks}, {inner}"


def say_what_it_is_of(trained: TrainedVerdict, table: UserTable, settings: Settings) -> None:
    """What a verdict was reached with, where something else is chosen by now."""
    if trained.table.roles != table.roles or trained.settings != settings:
        st.info(
            f"The verdict below was reached with {escape.markdown(report.facts(trained.table.roles, trained.verdict))}, by "
            f"{run_words.name_of_method(trained.settings.method)}. Train again to judge what is chosen above.",
            icon=":material/history:",
        )


def show(trained: TrainedVerdict, *, is_running: bool) -> None:
    """The sentence, then the numbers behind it.

    Args:
      trained: the verdict.
      is_running: whether another verdict is being reached.
    """
    verdict = trained.verdict
    if is_running:
        st.caption("The verdict that was here before, until the run above has ended.")
    with st.container(border=True, key="verdict"):
        st.markdown(f"### {ICONS[verdict.outcome]} {escape.markdown(verdict.sentence, 2000)}")
        st.markdown(escape.markdown(verdict.advice, 2000))
    with page.pictures_of(words_of(trained)):
        show_numbers(verdict)
        show_methods(verdict, trained.settings.method)
        if verdict.effects:
            show_effects(trained)
        show_tasks(trained)


def show_so_far(scores: Sequence[Score]) -> None:
    """A first verdict while networks are still in training: what would be saved now, and the ways that have been judged.

    Args:
      scores: of these, on tasks that they have not seen, as `Progress.so_far`.
    """
    first, ways = scores[0], [score for score in scores if score.name != SAVED]
    st.markdown(
        f"**So far**, of {len(ways)} ways, {escape.markdown(first.title, 300)} would be saved: it errs by {first.relative:.3f} "
        f"of the target's spread (95 % interval {first.low:.3f} to {first.high:.3f}). What follows sharpens that."
    )
    rows = [{"way": score.title, "error": score.relative, "from": score.low, "to": score.high} for score in ways]
    with st.expander("Every way so far", icon=":material/table_rows:"):
        st.dataframe(rows, hide_index=True)


def show_numbers(verdict: Verdict) -> None:
    """The few numbers that one looks for first."""
    own = next(score for score in verdict.scores if score.name == figures.META)
    other = figures.best_other(verdict)
    gaining = sum(task.gain > 0 for task in verdict.tasks)
    with st.container(horizontal=True, gap="medium"):
        numbers = "Over the target's spread; in its units {0.error:.3g}. 95 % interval {0.low:.3g} to {0.high:.3g}."
        if verdict.saved is not None:
            what = verdict.saved.title
            help = f"Over the target's spread: {escape.markdown(what, 300)}, by weights chosen on other tasks."
            st.metric("What is saved", f"{verdict.saved.relative:.3f}", width="content", help=help)
        st.metric("Meta-learner", f"{own.relative:.3f}", width="content", help=numbers.format(own))
        st.metric(other.title, f"{other.relative:.3f}", width="content", help=f"The best of the rest. {numbers.format(other)}")
        st.metric("Tasks that gain", f"{gaining} of {len(verdict.tasks)}", width="content")
        if np.isfinite(verdict.coverage):
            help = f"Share of the rows of unseen tasks that lay inside their {verdict.nominal:.0%} intervals."
            st.metric(f"In the {verdict.nominal:.0%} intervals", f"{verdict.coverage:.0%}", width="content", help=help)


def show_methods(verdict: Verdict, method: str) -> None:
    """Every predictor beside the others: errors, paired differences, and how both depend on the known rows."""
    drawn = {"errors": figures.errors_figure, "differences": figures.differences_figure, "shots": figures.shots_figure}
    pictures = {
        key: {unit: draw(verdict, method, in_units=unit == IN_UNITS) for unit in ERROR_IN.choices}
        for key, draw in drawn.items()
    }
    switch("_error_in", [ERROR_IN], [Picture.of(key, ERROR_IN, by_unit) for key, by_unit in pictures.items()])
    now = {key: by_unit[chosen(ERROR_IN)] for key, by_unit in pictures.items()}
    own, other = next(s for s in verdict.scores if s.name == figures.META), figures.best_other(verdict)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Error on tasks never seen**")
        alt = f"Error of {len(verdict.scores)} ways with 95 % intervals; the meta-learner {own.relative:.3f}, "
        alt += f"{other.title} {other.relative:.3f} of the target's spread."
        page.chart(now["errors"], "errors", alt, shown=lambda: pictures["errors"])
    with right:
        st.markdown("**Against the meta-learner, task by task**")
        alt = f"Paired differences with 95 % intervals; to {other.title} {other.difference:+.3f} of the target's spread."
        page.chart(now["differences"], "differences", alt, shown=lambda: pictures["differences"])
        st.caption("Left of the line the meta-learner is better; where the interval crosses it, no difference is seen.")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**With more known rows, or fewer**")
        alt = f"Error against 1 to {verdict.shots[-1]} known rows for every way."
        page.chart(now["shots"], "shots", alt, shown=lambda: pictures["shots"])
    with right:
        st.markdown("**Which tasks gain, and which lose**")
        gaining = sum(task.gain > 0 for task in verdict.tasks)
        alt = f"{gaining} of {len(verdict.tasks)} tasks gain over {other.title}."
        page.chart(figures.gains_figure(verdict), "gains", alt)
        st.caption(f"Error of the best of the rest ({other.title.lower()}) minus the meta-learner's: above 0 the task gains.")


def show_effects(trained: TrainedVerdict) -> None:
    """What the inputs do: the curve of each task over the one that matters most, and by input the mean and the differences."""
    verdict = trained.verdict
    left, right = st.columns([5, 6], gap="medium") if verdict.curves else (None, st.container())
    if left is not None:
        with left:
            st.fragment(show_curves)(trained)
    with right:
        st.markdown("**What the inputs do, and how much tasks differ**")
        st.dataframe(figures.effect_table(verdict.effects), hide_index=True)
        st.caption(
            "By how much the target moves when one input goes from low to high (a tenth of the rows lies below, a tenth "
            "above): the mean over tasks, and the standard deviation of that between tasks."
        )


def show_curves(trained: TrainedVerdict) -> None:
    """One task's curve among those of the others."""
    curves, target = trained.verdict.curves, trained.table.roles.target
    assert curves is not None  # whoever shows them has looked
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Each task's {escape.markdown(target)} over {escape.markdown(curves.name)}**")
        names = [one.task for one in curves.tasks]
        task = st.selectbox(
            "Task in blue", names, key=f"curve_{trained.table.id}_{trained.job_id}", width=180, label_visibility="collapsed"
        )
    alt = f"{target} over {curves.name}: the curve of {task} among those of {len(names)} tasks, and the mean of all."
    with page.pictures_of(words_of(trained)):
        page.chart(figures.curves_figure(curves, task, target), "curves", alt)
    some = f"{len(names)} of {curves.num_tasks} tasks. " if len(names) < curves.num_tasks else ""
    others = " The other inputs are at each task's average." if len(trained.table.roles.inputs) > 1 else ""
    st.caption(f"{some}As each task's rows tell its curve to a process that is fitted on all tasks.{others}")


def show_tasks(trained: TrainedVerdict) -> None:
    """Single tasks before and after, all tasks as a table, and how it was done."""
    verdict, roles = trained.verdict, trained.table.roles
    if verdict.task_pictures:
        st.markdown("**Single tasks, before → after adapting to the red rows**")
        figure = figures.tasks_figure(verdict.task_pictures, verdict.x_name, roles.target, as_lines=len(roles.inputs) == 1)
        page.chart(figure, "wall", f"{len(verdict.task_pictures)} tasks that were not trained on, before and after adapting.")
    with st.expander("Task by task", icon=":material/table_rows:"):
        st.dataframe(figures.task_table(verdict.tasks), hide_index=True, height=300)
    with st.expander("How it was done", icon=":material/info:"):
        st.markdown(escape.markdown(report.protocol(trained.settings, verdict), 2000))
