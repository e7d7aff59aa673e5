"""What the Characters page asks of the engine; no streamlit, since the engine's own processes import it."""

from functools import lru_cache
from typing import Any

import numpy as np

from dashboard.engine_calls.cache import cached
from dashboard.engine_calls.held_out import in_one_task
from dashboard.results import AccuracyCurve, PictureTask
from maml_engine import Learner
from maml_engine.core.closed_form import head_path
from maml_engine.core.keys import key_of
from maml_engine.evaluation import evaluate, sampled
from maml_engine.models.head import head_of, with_head
from maml_engine.tasks.images import Glyphs, Omniglot, omniglot_files

FEW, FEWER = 3, 1  # questions of each class in an episode that is played; where classes are many
MANY = 10  # classes, at the most, of which there are `FEW` questions each
STEPS = 10  # of a learner that steps, at the least, trained with as many or not
TASKS, KEY = 200, 2017  # on which accuracy is measured, always the same ones
CURVE_QUERIES = 5  # of each class
DRAWN_SHAPE = (28, 28, 1)  # of Glyphs and Omniglot


@cached
def picture_task(learner: Learner, source: str, *, ways: int, shots: int, seed: int) -> PictureTask:
    """`learner` on a task that it has never seen.

    Args:
      learner: adapts to it.
      source: one of `SOURCES`.
      ways: classes.
      shots: support pictures of each.
      seed: says which task.
    """
    queries = FEW if ways <= MANY else FEWER
    episode = sampled(tasks_of(source, ways).split("test"), key_of(seed), 1, k_shot=shots, k_query=queries)
    order = np.random.default_rng(seed).permutation(ways * queries)
    return in_one_task(for_ways(learner, ways), episode, steps_of(learner), order=order)


@cached
def accuracy_curve(learner: Learner, source: str, *, ways: int, shots: int) -> AccuracyCurve:
    """Mean accuracy after each step over `TASKS` test tasks, always the same ones, with 95 % intervals.

    Args:
      learner: adapts to them.
      source: one of `SOURCES`.
      ways: classes.
      shots: support pictures of each.
    """
    curves = evaluate(
        for_ways(learner, ways),
        key_of(KEY),
        TASKS,
        shots,
        CURVE_QUERIES,
        steps_of(learner),
        tasks=tasks_of(source, ways),
    )
    return AccuracyCurve(curves.metrics["accuracy"].mean(axis=0), *curves.interval(of="accuracy"))


def solves(learner: Learner) -> bool:
    """Whether its head comes out of the support at once, in what counts as one step."""
    return learner.method.support_gives == "solution"


def steps_of(learner: Learner) -> int:
    """How far a learner's path is followed here."""
    return 1 if solves(learner) else max(STEPS, learner.method.inner_steps)


def own_steps(learner: Learner) -> int:
    """How many steps a learner takes, as it was trained."""
    return 1 if solves(learner) else learner.method.inner_steps


def by_statistics(learner: Learner) -> dict[str, Learner]:
    """A learner that normalises over pictures in both ways, the one of its training first; another as it is, under "".

    "batch": all questions of a task are predicted together (transductive). "support": by the statistics of the support alone
    (inductive), so that an answer depends on no other question.
    """
    if not learner.can_be_transductive:
        return {"": learner}
    first, second = ("support", "batch") if learner.statistics == "support" else ("batch", "support")
    return {first: learner, second: learner.normalised_by(second)}


def why_not(learner: Learner, ways: int) -> str:
    """Why a learner cannot be asked about drawings of so many classes, in one sentence; "" where it can."""
    if learner.x_rows.shape != DRAWN_SHAPE:
        height, width, channels = learner.x_rows.shape
        look = f"{height} x {width}{' in colour' if channels == 3 else ''}"
        return f"This learner looks at pictures of {look}, not at drawings of 28 x 28."
    return "" if learner.out_dim == ways or fits_any(learner) else _bound_to(learner, ways)


def _bound_to(learner: Learner, ways: int) -> str:
    return f"This learner tells {learner.out_dim} classes apart, no more and no fewer; got {ways}."


def fits_any(learner: Learner) -> bool:
    """Whether its head is made from the support (or of nothing), so that it tells any number of classes apart."""
    return learner.method.support_gives != "nothing"


def for_ways(learner: Learner, ways: int) -> Learner:
    """`learner` for another number of classes than it was trained for.

    Raises:
      ValueError: its head is learned, so it has as many classes as in training.
    """
    if learner.out_dim == ways:
        return learner
    if not fits_any(learner):
        raise ValueError(_bound_to(learner, ways))
    path = head_path(learner.meta.init)
    features = head_of(learner.meta.init, path)[0].shape[0]
    head = np.zeros((features, ways), np.float32), np.zeros(ways, np.float32)
    init = with_head(learner.meta.init, path, *head)
    return learner.replace(meta=learner.meta._replace(init=init), out_dim=ways, tasks=None, y_kind=None)


@lru_cache(maxsize=8)
def tasks_of(source: str, ways: int) -> Any:
    """The tasks of one of `SOURCES`."""
    return SOURCES[source](ways)


SOURCES = {"glyphs": lambda ways: Glyphs(n_way=ways), "omniglot": lambda ways: Omniglot.read(n_way=ways)}


def sources() -> list[str]:
    """Those of `SOURCES` that are at hand: a page downloads nothing."""
    return ["glyphs", *(["omniglot"] if omniglot_files.are_at_hand() else [])]
