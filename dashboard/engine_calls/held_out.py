"""What a learner is worth on held-out tasks, with intervals, by the protocol of `maml evaluate`; what a run is kept with."""

from typing import Any, NamedTuple

import jax
import numpy as np

from dashboard.engine_calls.cache import cached
from dashboard.jobs import POOL
from dashboard.results import AccuracyCurve, PictureTask
from maml_engine import Episode, Experiment, Learner
from maml_engine.evaluation import PROTOCOL_SEED, AdaptationCurves, evaluate_as_agreed, the_other_way
from maml_engine.tasks import PICTURES
from maml_engine.tasks.images import omniglot_files
from maml_engine.training.loop import PICTURE_STEPS

NUM_TASKS = 600
OTHER_WAY = {"batch": "support", "support": "batch"}


class RightAnswers(NamedTuple):
    """Of a learner of pictures.

    loss: mean over tasks, its interval's ends: three lists `[steps + 1]`.
    accuracy: share of right answers by what the network normalises by ("batch": all queries of a task together, transductive;
      "support": inductive; "": nothing beside a picture), as in training first.
    """

    loss: dict[str, np.ndarray]
    accuracy: dict[str, AccuracyCurve]


def are_at_hand(learner: Learner) -> bool:
    """Whether the tasks of a learner can be drawn here: a page downloads nothing, and asks nobody for a table again."""
    tasks = learner.experiment.tasks
    return learner.tasks is not None or (have_pictures(tasks) if tasks in PICTURES else tasks != "table")


def have_pictures(tasks: str) -> bool:
    """Whether these pictures can be drawn here without a download."""
    return tasks == "glyphs" or (tasks == "omniglot" and omniglot_files.are_at_hand())


def steps_of(experiment: Experiment) -> int:
    """How far a learner of pictures is followed: one that solves for its head has one step."""
    solves = experiment.build_method().support_gives == "solution"
    return 1 if solves else max(PICTURE_STEPS, experiment.inner_steps)


def trained_steps(experiment: Experiment) -> int:
    """After how many steps a learner's answers count: as in its training; who solves has one step."""
    return min(max(1, experiment.inner_steps), steps_of(experiment))


def in_one_task(learner: Learner, episode: Episode, steps: int, *, order: Any = slice(None)) -> PictureTask:
    """A learner's answers in a task of pictures.

    Args:
      learner: tells as many classes apart as the task has.
      episode: one task, `[1, rows, height, width, channels]`, its support class by class.
      steps: how far the learner is followed.
      order: in which the queries are asked, `[queries]`.
    """
    query = np.asarray(episode.query.x)[0][order]
    logits = np.asarray(learner.path_predictions(episode.support, query[None], steps))[0]
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    truth = np.asarray(episode.query.y)[0][order]
    support = _grey(np.asarray(episode.support.x)[0])
    return PictureTask(
        support.reshape(truth.shape[-1], -1, *support.shape[1:]),
        _grey(query),
        truth.argmax(-1).astype(np.int32),
        powers / powers.sum(axis=-1, keepdims=True),
    )


def _grey(pictures: np.ndarray) -> np.ndarray:
    return np.round(255 * pictures.mean(axis=-1)).astype(np.uint8)


@cached
def right_answers(learner: Learner) -> RightAnswers:
    """A learner of pictures on 600 new tasks of its own kind, normalised in both ways where it has the choice."""
    steps = steps_of(learner.experiment)
    with np.errstate(all="ignore"):  # some tasks may blow up
        curves = evaluate_as_agreed(learner, steps)
        options = {"num_tasks": NUM_TASKS, "k_shot": learner.experiment.k_shot, "inner_steps": steps}
        other = the_other_way(learner, jax.random.key(PROTOCOL_SEED), **options)
        own = "" if other is None else "support" if learner.statistics == "support" else "batch"
        accuracy = {own: _accuracy(curves)} | ({} if other is None else {OTHER_WAY[own]: _accuracy(other)})
        return RightAnswers(_row(curves), accuracy)


def measured(learner: Learner) -> dict[str, Any]:
    """As plain JSON: under `held_out`, the number of tasks, the mean loss after 0, 1, .. inner steps, and its 95 % interval.

    Of pictures also, under `accuracy`, the same of the share of right answers, and what is normalised by.
    """
    if learner.experiment.tasks not in PICTURES:
        return POOL.call(_measured, learner)
    found = right_answers(learner)
    statistics, curve = next(iter(found.accuracy.items()))
    rows = {name: _plain(getattr(curve, name)) for name in ("mean", "low", "high")}
    return {
        "held_out": {"tasks": NUM_TASKS} | {name: _plain(row) for name, row in found.loss.items()},
        "accuracy": {"tasks": NUM_TASKS, "statistics": statistics} | rows,
    }


def _measured(learner: Learner) -> dict[str, Any]:
    with np.errstate(all="ignore"):  # some tasks may blow up
        curves = evaluate_as_agreed(learner, max(10, learner.experiment.inner_steps))
        rows = _row(curves)
    return {"held_out": {"tasks": len(curves.loss)} | {name: _plain(row) for name, row in rows.items()}}


def _row(curves: AdaptationCurves) -> dict[str, np.ndarray]:
    low, high = curves.interval()
    return {"mean": curves.mean, "low": low, "high": high}


def _accuracy(curves: AdaptationCurves) -> AccuracyCurve:
    return AccuracyCurve(curves.metrics["accuracy"].mean(axis=0), *curves.interval(of="accuracy"))


def _plain(row: Any) -> list[float | None]:
    """Numbers as JSON knows them; of what is not finite nothing is said."""
    return [float(value) if np.isfinite(value) else None for value in np.asarray(row, float)]
