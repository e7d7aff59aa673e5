"""The few held-out tasks that the Train page watches: the same for every snapshot of a run, so that pictures compare."""

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dashboard.engine_calls.cache import cached
from dashboard.figures import training as figures
from dashboard.results import LossCurve
from dashboard.widgets import page
from maml_engine import Batch, Experiment, Learner
from maml_engine.evaluation import evaluate_as_agreed

NUM_TASKS, NUM_POINTS = 6, 101
KEY = 20


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


def show(learner: Learner, key: str) -> None:
    """The same six held-out tasks for every learner, or a table's test rows."""
    inner_steps = max(1, learner.experiment.inner_steps)
    if learner.experiment.tasks == "table":
        found = rows(learner, learner.default_tasks, inner_steps)
        figure = figures.prediction_figure(**found._asdict(), target=learner.experiment.target, inner_steps=inner_steps)
        page.chart(figure, key, "Predicted against true targets of held-out tasks, before and after adapting.")
        return
    found = family(learner, inner_steps)
    limit = 1.1 * max(learner.experiment.amplitude[1], 0.1)
    figure = figures.family_figure(**found._asdict(), inner_steps=inner_steps, y_limit=limit)
    before, after = found.errors
    alt = f"Six held-out tasks. Mean squared error over them: {before:.2f} before adapting, {after:.2f} after."
    page.chart(figure, key, alt)


@cached
def curve(learner: Learner) -> LossCurve:
    """A learner on new tasks of its own kind, by the protocol of `maml evaluate` and of exported scripts."""
    with np.errstate(all="ignore"):  # some tasks may blow up
        curves = evaluate_as_agreed(learner, max(10, learner.experiment.inner_steps))
        return LossCurve(curves.mean, *curves.interval())


@cached
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
