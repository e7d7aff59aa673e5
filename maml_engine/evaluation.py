"""How well a learner adapts to tasks that it has never seen: loss after each step, with intervals over tasks."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.checks import check_number, shown
from maml_engine.core.arguments import checked_key
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.labels import check_labels, takes_labels
from maml_engine.core.losses import METRICS, LossFn, mean_loss
from maml_engine.runtime.parallel import parallel_map
from maml_engine.tasks.contract import check_draws, check_tasks
from maml_engine.tasks.traceable import as_argument

# Of the tasks that a run's number is measured on: on a page, in an exported script and by `maml evaluate`.
PROTOCOL_SEED = 0
# Queries, steps and outputs of this many tasks are held at once; with more, a processor's cache no longer holds them.
TASKS_AT_ONCE = 50


class Adapting(Protocol):
    """What `evaluate` asks of a learner; a baseline can stand in for it."""

    @property
    def loss_fn(self) -> LossFn:
        """What is measured, in the units of the data."""
        ...

    @property
    def default_tasks(self) -> Any:
        """The tasks that are drawn where none are given."""
        ...

    def path_predictions(self, support: Batch, query_x: jax.Array, inner_steps: int) -> jax.Array:
        """In the units of the data: `[tasks, inner_steps + 1, k_query, out_dim]`."""
        ...


@dataclass(frozen=True)
class AdaptationCurves:
    """Query loss of each task after each inner step.

    loss: `[tasks, inner_steps + 1]`; step 0 is before adaptation.
    metrics: further measures by name, of the same shape; "accuracy" (the share of queries, in [0, 1]) where the loss is the
      softmax cross-entropy.
    """

    loss: np.ndarray
    metrics: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def mean(self) -> np.ndarray:
        """`[inner_steps + 1]`, over tasks."""
        return self.loss.mean(axis=0)

    def interval(self, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Student-t interval of the mean over tasks: low and high, each `[inner_steps + 1]`; NaN where there is one task."""
        from scipy.special import stdtrit  # the quantile alone; scipy.stats takes a second to import

        num_tasks = len(self.loss)
        if num_tasks < 2:
            return np.full_like(self.mean, np.nan), np.full_like(self.mean, np.nan)
        half = stdtrit(num_tasks - 1, (1 + confidence) / 2) * self.loss.std(axis=0, ddof=1) / np.sqrt(num_tasks)
        return self.mean - half, self.mean + half

    def rows(self) -> list[dict[str, float | None]]:
        """One row a step: `step`, `mean`, `low`, `high` and any metric's mean; None where not finite, as JSON wants it."""
        low, high = self.interval()
        columns = {"mean": self.mean, "low": low, "high": high}
        columns |= {name: values.mean(axis=0) for name, values in self.metrics.items()}
        rows = zip(*columns.values(), strict=True)
        return [
            {"step": step} | {name: _finite(value) for name, value in zip(columns, row, strict=True)}
            for step, row in enumerate(rows)
        ]


def evaluate(  # positional: a public signature
    learner: Adapting,
    key: jax.Array,
    num_tasks: int = 600,
    k_shot: int = 10,
    k_query: int = 100,
    inner_steps: int = 10,
    *,
    tasks: Any = None,
    split: str = "test",
) -> AdaptationCurves:
    """Adapts to tasks of one split and judges the predictions on their queries.

    Args:
      learner: adapts and predicts; a `Learner` or a baseline.
      key: `[]`, draws tasks and their rows.
      num_tasks: tasks to draw. A finite set is taken once a task instead, with all its other rows as queries: its interval is
        over distinct tasks, which drawing them again would not narrow.
      k_shot: support rows of a task.
      k_query: query rows of a task.
      inner_steps: gradient steps; the loss is measured before the first and after each.
      tasks: the task distribution; None takes the learner's own.
      split: "train", "validation" or "test".

    Returns:
      Losses `[tasks, inner_steps + 1]` in squared units of the data (for the squared error).

    Raises:
      ValueError: no learner, key or tasks, a number out of range, or an unknown split.
    """
    _check_learner(learner)
    key = checked_key(key)
    for name, value in (("num_tasks", num_tasks), ("k_shot", k_shot), ("k_query", k_query)):
        check_number(name, value, low=1, integer=True)
    check_number("inner_steps", inner_steps, low=0, integer=True)
    if tasks is not None:
        check_tasks(tasks)
    tasks = (learner.default_tasks if tasks is None else tasks).split(split)
    if not hasattr(tasks, "every"):  # a finite set is taken whole, and nothing of it is drawn by `sample`
        check_draws(tasks, k_shot=k_shot)
    episode = draw(tasks, key, num_tasks, k_shot=k_shot, k_query=k_query)
    return evaluate_episode(learner, episode, inner_steps)


def evaluate_as_agreed(learner: Any, inner_steps: int = 10) -> AdaptationCurves:
    """By the one protocol of the pages, exported scripts and `maml evaluate`, so that one learner has one number.

    Args:
      learner: a `Learner`; support rows are as many as in its training.
      inner_steps: how far; what comes before does not depend on it.

    Returns:
      Losses on 600 test tasks drawn by seed 0 (each test task once, where there are finitely many), with 100 queries each.
    """
    key, shots = jax.random.key(PROTOCOL_SEED), learner.experiment.k_shot
    return evaluate(learner, key, k_shot=shots, inner_steps=inner_steps)


def protocol(curves: AdaptationCurves, k_shot: int, seed: int = PROTOCOL_SEED) -> str:
    """What stands beside a number: tasks, seed and support rows."""
    return f"{len(curves.loss)} test tasks (seed {seed}), {k_shot} support rows each"


def _check_learner(learner: Any) -> None:
    if hasattr(learner, "path_predictions"):
        return
    found = f"a {type(learner).__name__}: hand over its `learner`" if hasattr(learner, "learner") else shown(learner)
    raise ValueError(f"`learner` must adapt and predict, as a Learner or a baseline does, got {found}.")


def draw(tasks: Any, key: jax.Array, num_tasks: int, *, k_shot: int, k_query: int) -> Episode:
    """Tasks to evaluate on: each once where there are finitely many (`every`), fresh ones otherwise.

    Args:
      tasks: one split of a task distribution.
      key: `[]`, draws tasks and their rows.
      num_tasks: how many fresh ones.
      k_shot: support rows of a task.
      k_query: query rows of a fresh task; of finitely many, all other rows are queries.
    """
    if hasattr(tasks, "every"):
        return tasks.every(key, k_shot)
    return _drawn(as_argument(tasks), key, num_tasks, k_shot=k_shot, k_query=k_query)


@partial(jax.jit, static_argnames=("num_tasks", "k_shot", "k_query"))
def _drawn(tasks: Any, key: jax.Array, num_tasks: int, *, k_shot: int, k_query: int) -> Episode:
    return tasks.sample(key, num_tasks, k_shot, k_query)


def evaluate_episode(learner: Adapting, episode: Episode, inner_steps: int) -> AdaptationCurves:
    """The losses of `learner` on given tasks, `episode` having a leading axis `[tasks]`."""
    num_tasks = episode.support.x.shape[0]
    measures = {"loss": learner.loss_fn, **METRICS.get(learner.loss_fn, {})}

    def measured(start: int) -> dict[str, np.ndarray]:
        some = jax.tree.map(lambda leaf: leaf[start : start + TASKS_AT_ONCE], episode)
        predictions = learner.path_predictions(some.support, some.query.x, inner_steps)
        if takes_labels(learner.loss_fn):
            check_labels("query.y", some.query, predictions.shape[-1], axes=2)
        return {name: np.asarray(_path_losses(predictions, some.query, loss_fn=of)) for name, of in measures.items()}

    first, *others = range(0, num_tasks, TASKS_AT_ONCE)
    pieces = [measured(first), *parallel_map(measured, others)]  # the first alone, so that what is compiled is compiled once
    curves = {name: np.concatenate([piece[name] for piece in pieces]) for name in measures}
    return AdaptationCurves(curves.pop("loss"), curves)


@partial(jax.jit, static_argnames="loss_fn")
def _path_losses(predictions: jax.Array, query: Batch, *, loss_fn: LossFn) -> jax.Array:
    def one_task(along_path: jax.Array, query: Batch) -> jax.Array:
        return jax.vmap(lambda prediction: mean_loss(loss_fn, prediction, query))(along_path)

    return jax.vmap(one_task)(jnp.asarray(predictions), query)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
