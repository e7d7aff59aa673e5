"""The three that adapt on the Adapt page: the chosen learner, and two baselines with the step sizes that suit them."""

from collections.abc import Mapping
from typing import NamedTuple

from dashboard.engine_calls import adaptation as adapting
from dashboard.engine_calls import resources
from dashboard.figures.style import method_colour
from dashboard.widgets import learners, run_words
from maml_engine import Learner, Sinusoid

BASELINES = {"pretrained": ("Pretrained on all tasks", "sinusoid_joint"), "random": ("Random initialisation", "random")}


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


def contenders_of(learner: Learner, inner_lr: float, tasks: Sinusoid, shots: int) -> dict[str, Contender]:
    """The chosen learner, and the baselines with the step size that suits each best.

    Args:
      learner: the chosen one.
      inner_lr: its step size.
      tasks: on which all adapt.
      shots: support points of each.
    """
    shipped = resources.shipped_learners()
    found = {"learner": Contender(label_of(learner), method_colour(learner.experiment.method), learner, inner_lr)}
    for name, (label, shipped_name) in BASELINES.items():
        baseline = shipped[shipped_name]
        best = adapting.best_inner_lr(baseline, tasks, shots)
        found[name] = Contender(label, method_colour(name), baseline, best)
    return found


def label_of(learner: Learner) -> str:
    """What the chosen learner is called in pictures: the name that it was given, else its method's."""
    name = learners.given_name(learner) or run_words.name_of_method(learner.experiment.method)
    return f"{name} (yours)" if name in (label for label, _ in BASELINES.values()) else name


def words_of(contenders: Mapping[str, Contender], shots: int) -> str:
    """What the pictures are of: who adapts, the run that made each, and the step size that each takes here."""
    runs = {
        "learner": learners.learner_words(contenders["learner"].learner),
        "pretrained": run_words.of_run(contenders["pretrained"].learner.experiment),
        "random": run_words.of_run(contenders["random"].learner.experiment, 0, title=contenders["random"].label),
    }
    listed = "; ".join(f"{words}, here α = {contenders[name].inner_lr:g}" for name, words in runs.items())
    return f"{listed}. {run_words.spell('k_shot', shots).capitalize()}"


def trained_with(learner: Learner, inner_lr: float) -> str:
    """Where the sidebar says another step size than the learner's run."""
    own = learner.experiment.inner_lr
    return "" if inner_lr == own else f", as the sidebar says; it was trained with steps of {own:g}"
