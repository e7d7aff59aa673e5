"""The few held-out tasks that the Train page watches: the same for every snapshot of a run, so that pictures compare."""

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine import Batch, Experiment, Learner

NUM_TASKS, NUM_POINTS = 6, 101
KEY = 20


class Family(NamedTuple):
    """Functions of one input and what a learner makes of them: `x [n]`, the others `[tasks, n]`, support `[tasks, k_shot]`."""

    x: np.ndarray
    truth: np.ndarray
    before: np.ndarray
    after: np.ndarray
    support_x: np.ndarray
    support_y: np.ndarray


class Rows(NamedTuple):
    """Query rows of a table's test tasks, `[n]`, in the units of the data."""

    true: np.ndarray
    before: np.ndarray
    after: np.ndarray


def family(learner: Learner, inner_steps: int) -> Family:
    """A few test tasks of the learner's own family, before and after adapting."""
    x, truth, support_x, support_y = _tasks(learner.experiment)
    support = Batch(support_x[..., None], support_y[..., None])
    query_x = np.broadcast_to(x[None, :, None], (len(truth), len(x), 1))
    path = np.asarray(learner.path_predictions(support, query_x, inner_steps))
    return Family(x, truth, path[:, 0, :, 0], path[:, -1, :, 0], support_x, support_y)


def rows(learner: Learner, table: Any, inner_steps: int) -> Rows:
    """The query rows of a table's test tasks, before and after adapting."""
    episode = table.split("test").every(jax.random.key(KEY), learner.experiment.k_shot)
    path = np.asarray(learner.path_predictions(episode.support, episode.query.x, inner_steps))
    real = np.asarray(episode.query.weight) > 0
    return Rows(np.asarray(episode.query.y)[..., 0][real], path[:, 0, :, 0][real], path[:, -1, :, 0][real])


@lru_cache(maxsize=64)
def _tasks(experiment: Experiment) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    tasks, key = experiment.build_tasks().split("test"), jax.random.key(KEY)
    support = tasks.sample(key, NUM_TASKS, experiment.k_shot, 1).support
    x = np.linspace(*experiment.x_range, NUM_POINTS, dtype=np.float32)
    grid = jnp.broadcast_to(x[None, :, None], (NUM_TASKS, NUM_POINTS, 1))
    truth = tasks.draw_split(key, NUM_TASKS)(grid)
    return x, np.asarray(truth)[..., 0], np.asarray(support.x)[..., 0], np.asarray(support.y)[..., 0]
