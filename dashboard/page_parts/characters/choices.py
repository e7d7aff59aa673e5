"""Which learner, which pictures, which task: the page's choices, by the names that links have for them."""

from collections.abc import Mapping
from typing import NamedTuple

from dashboard.components.drawing_pad import Subject
from dashboard.components.drawing_pad.weights import weights
from dashboard.engine_calls import resources
from dashboard.method_names import COLOURS, NAMES
from maml_engine import Learner

TRAINED_ON = {"glyphs": "Glyphs", "omniglot": "Omniglot"}
DEFAULT = "glyphs_protonet"


class Task(NamedTuple):
    """A kind of task.

    ways: classes.
    shots: support pictures of each.
    """

    ways: int
    shots: int


TASKS = {"5.1": Task(5, 1), "5.5": Task(5, 5), "10.1": Task(10, 1)}


def spell_task(name: str) -> str:
    """As the field says it."""
    return f"{TASKS[name].ways}-way {TASKS[name].shots}-shot"


def learners() -> Mapping[str, Learner]:
    """The shipped learners of pictures, the page's first one first."""
    found = {name: one for name, one in resources.shipped_learners().items() if one.experiment.tasks in TRAINED_ON}
    return dict(sorted(found.items(), key=lambda item: item[0] != DEFAULT))


def label(learner: Learner) -> str:
    """What a learner is called: its method, and what it was trained on."""
    run = learner.experiment
    return f"{NAMES[run.method]}, trained on {TRAINED_ON[run.tasks]}"


def colour(learner: Learner) -> str:
    """Its method's."""
    return COLOURS[learner.experiment.method]


def subject(learner: Learner) -> Subject:
    """A learner for the pad."""
    try:
        return Subject(label(learner), weights(learner))
    except ValueError as error:
        return Subject(label(learner), None, f"The pad cannot show {label(learner)}: {error}")
