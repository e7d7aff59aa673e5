"""What the Train page asks of the engine: the same few held-out tasks for every snapshot of a run, so that pictures compare."""

import dataclasses
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dashboard.engine_calls.cache import cached
from dashboard.engine_calls.held_out import in_one_task, trained_steps
from dashboard.results import LossCurve, PictureTask
from maml_engine import Batch, Experiment, Learner
from maml_engine.core.keys import key_of
from maml_engine.evaluation import evaluate_as_agreed, sampled
from maml_engine.experiment.presets import PRESETS
from maml_engine.tasks import FunctionFamily

NUM_TASKS, NUM_POINTS = 6, 101
KEY = 20
# Of a task of pictures: questions of each class, and fewer where classes are many; examples that are shown.
QUERIES, MANY_CLASSES, SHOWN_SHOTS = 3, 10, 5


class Family(NamedTuple):
    """Functions of one input and what a learner makes of them, in the units of the data.

    x: `[points]`.
    truth: `[tasks, points]`.
    before: `[tasks, points]`, predictions without adapting.
    after: `[tasks, points]`, predictions of the adapted learner.
    support_x: `[tasks, k_shot]`.
    support_y: `[tasks, k_shot]`.
    """

    x: np.ndarray
    truth: np.ndarray
    before: np.ndarray
    after: np.ndarray
    support_x: np.ndarray
    support_y: np.ndarray

    @property
    def errors(self) -> tuple[float, float]:
        """Mean squared error before and after adapting."""
        return tuple(float(np.mean((predictions - self.truth) ** 2)) for predictions in (self.before, self.after))


class Rows(NamedTuple):
    """Query rows of a table's test tasks, in the units of the data.

    true: `[rows]`, their targets.
    before: `[rows]`, predictions without adapting.
    after: `[rows]`, predictions of the adapted learner.
    """

    true: np.ndarray
    before: np.ndarray
    after: np.ndarray


def refuse_what_does_not_fit(experiment: Experiment, tasks: Any) -> None:
    """Makes the learner that a run begins with.

    Raises:
      ValueError: the method, the network and the tasks do not go together.
    """
    Learner.untrained(experiment, tasks=tasks)


@cached
def curve(learner: Learner) -> LossCurve:
    """A learner on new tasks of its own kind, by the protocol of `maml evaluate` and of exported scripts."""
    with np.errstate(all="ignore"):  # some tasks may blow up
        curves = evaluate_as_agreed(learner, max(10, learner.experiment.inner_steps))
        return LossCurve(curves.mean, *curves.interval())


@cached
def by_protocol(learner: Learner, name: str) -> LossCurve:
    """A learner by a card's own protocol."""
    with np.errstate(all="ignore"):  # some tasks may blow up
        curves = PRESETS[name].judge(learner)
        return LossCurve(curves.mean, *curves.interval())


@cached
def family(learner: Learner, inner_steps: int) -> Family:
    """A few test tasks of the learner's own family, before and after adapting."""
    x, truth, support_x, support_y = _tasks(learner.experiment)
    support = Batch(support_x[..., None], support_y[..., None])
    query_x = np.broadcast_to(x[None, :, None], (len(truth), len(x), 1))
    path = np.asarray(learner.path_predictions(support, query_x, inner_steps))
    return Family(x, truth, path[:, 0, :, 0], path[:, -1, :, 0], support_x, support_y)


@cached
def rows(learner: Learner, inner_steps: int) -> Rows:
    """The query rows of a table's test tasks, before and after adapting."""
    episode = learner.default_tasks.split("test").every(key_of(KEY), learner.experiment.k_shot)
    path = np.asarray(learner.path_predictions(episode.support, episode.query.x, inner_steps))
    real = np.asarray(episode.query.weight) > 0
    return Rows(np.asarray(episode.query.y)[..., 0][real], path[:, 0, :, 0][real], path[:, -1, :, 0][real])


@cached
def answers(learner: Learner) -> PictureTask:
    """One test task of pictures before adapting, and after as many steps as in training."""
    run = learner.experiment
    queries = QUERIES if run.n_way <= MANY_CLASSES else 1
    episode = sampled(learner.default_tasks.split("test"), key_of(KEY), 1, k_shot=run.k_shot, k_query=queries)
    task = in_one_task(learner, episode, trained_steps(run))
    return dataclasses.replace(task, support=task.support[:, :SHOWN_SHOTS])


@lru_cache(maxsize=64)
def _tasks(experiment: Experiment) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    x = np.linspace(*experiment.x_range, NUM_POINTS, dtype=np.float32)
    support, truth = _drawn(experiment.build_tasks().split("test"), key_of(KEY), x, k_shot=experiment.k_shot)
    return x, np.asarray(truth)[..., 0], np.asarray(support.x)[..., 0], np.asarray(support.y)[..., 0]


@partial(jax.jit, static_argnames="k_shot")
def _drawn(tasks: FunctionFamily, key: jax.Array, x: jax.Array, *, k_shot: int) -> tuple[Batch, jax.Array]:
    """Support points of a few tasks, and their functions at `x` `[points]`: `[tasks, points, 1]`."""
    grid = jnp.broadcast_to(x[None, :, None], (NUM_TASKS, len(x), 1))
    return tasks.sample(key, NUM_TASKS, k_shot, 1).support, tasks.draw_split(key, NUM_TASKS)(grid)
