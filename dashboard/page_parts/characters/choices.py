"""Which learner, which pictures, which task: the page's choices, by the names that links have for them."""

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from dashboard.components.drawing_pad import Subject
from dashboard.components.drawing_pad.weights import weights
from dashboard.engine_calls import resources
from dashboard.figures.characters import Look
from dashboard.figures.style import method_colour
from dashboard.method_names import PICTURE_NAMES as TRAINED_ON
from dashboard.page_parts.characters import learner_upload
from dashboard.widgets import learners as run_learners
from dashboard.widgets import run_words, session
from maml_engine import Learner

# Whichever lies among the shipped learners and was trained on pictures is offered.
DEFAULT = "glyphs_protonet"
NORMALISED_BY = {"batch": "All questions together (transductive)", "support": "The examples (inductive)"}
DASHES = {"glyphs": "solid", "omniglot": "dash"}
RUN = "run "  # before a run's id
BROUGHT = "brought"  # the visitor's own, which no link opens elsewhere


class Task(NamedTuple):
    """A kind of task.

    ways: classes.
    shots: support pictures of each.
    """

    ways: int
    shots: int


TASKS = {"5.1": Task(5, 1), "5.5": Task(5, 5), "10.1": Task(10, 1), "20.1": Task(20, 1)}


def spell_task(name: str) -> str:
    """As the field says it."""
    return f"{TASKS[name].ways}-way {TASKS[name].shots}-shot"


def shipped() -> dict[str, Learner]:
    """The learners of pictures that come with the app, by their folders' names, the page's first one first."""
    return dict(sorted(resources.picture_learners().items(), key=lambda item: item[0] != DEFAULT))


def learners() -> Mapping[str, Learner]:
    """Those, the ones of runs that were taken here, and the one that this visitor brought."""
    brought = st.session_state.get(session.OWN_PICTURE_LEARNER)
    return shipped() | trained() | ({} if brought is None else {BROUGHT: brought})


def trained() -> dict[str, Learner]:
    """Learners of runs of the Train page, by "run" and the id; those that this page can adapt while a visitor waits."""
    return {RUN + job_id: one for job_id, one in run_learners.picture_runs().items() if not learner_upload.why_too_large(one)}


def labels() -> dict[str, str]:
    """What the learners are called, by name, no two alike: method, what it was trained on, and where need be its task."""
    all_of = learners()
    short = {name: _label(one) for name, one in all_of.items()}
    often = list(short.values())
    longer = {
        name: words if often.count(words) == 1 else f"{words}, {one.out_dim}-way {one.experiment.k_shot}-shot"
        for (name, words), one in zip(short.items(), all_of.values(), strict=True)
    }
    titles = {
        name: f"Trained here: {run_learners.run_title(name.removeprefix(RUN))}" for name in all_of if name.startswith(RUN)
    }
    return run_words.unlike(longer | titles | ({BROUGHT: f"Yours: {longer[BROUGHT]}"} if BROUGHT in longer else {}))


def _label(learner: Learner) -> str:
    run = learner.experiment
    return f"{run_words.name_of_method(run.method)}, trained on {TRAINED_ON.get(run.tasks, 'other pictures')}"


def label(learner: Learner) -> str:
    """What a learner is called."""
    names = {id(one): name for name, one in learners().items()}
    return labels()[names[id(learner)]] if id(learner) in names else _label(learner)


def look(learner: Learner, *, is_second: bool) -> Look:
    """How a learner's curve is drawn: in its method's colour, dashed by what it was trained on.

    Args:
      learner: shown.
      is_second: whether it is normalised otherwise than in training.
    """
    return Look(
        method_colour(learner.experiment.method), "dot" if is_second else DASHES.get(learner.experiment.tasks, "dashdot")
    )


def subject(learner: Learner) -> Subject:
    """A learner for the pad."""
    try:
        return Subject(label(learner), weights(learner))
    except ValueError as error:
        return Subject(label(learner), None, f"The pad cannot show {label(learner)}: {error}")
