"""How well a learner adapts to tasks that it has never seen: loss after each step, with intervals over tasks."""

import dataclasses
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import jax
import numpy as np

from maml_engine.checks import check_number, shown
from maml_engine.core.arguments import checked_key
from maml_engine.core.episode import Array, Batch, Episode
from maml_engine.core.keys import key_of
from maml_engine.core.labels import check_labels, takes_labels
from maml_engine.core.losses import METRICS, LossFn, mean_loss
from maml_engine.runtime.parallel import parallel_map
from maml_engine.tasks.contract import check_draws, check_tasks
from maml_engine.tasks.traceable import as_argument

# Of the tasks that a run's number is measured on: on a page, in an exported script and by `maml evaluate`.
PROTOCOL_SEED = 0
# Queries of a task where none are asked for; of pictures, of each class.
QUERIES, QUERIES_OF_A_CLASS = 100, 15
# Queries, steps and outputs of this many tasks are held at once; with more, a processor's cache no longer holds them. Fewer,
# where their rows are pictures: so many numbers.
TASKS_AT_ONCE, NUMBERS_AT_ONCE = 50, 500_000

# Beside a number, what normalisation layers go by.
NORMALISED = {
    "support": ", normalised by the support's statistics (inductive)",
    "running": ", normalised by running statistics",
    "rows predicted together": ", all queries of a task predicted together (transductive)",
}


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

    def path_predictions(self, support: Batch, query_x: Any, inner_steps: int) -> Array:
        """In the units of the data: `[tasks, inner_steps + 1, k_query, out_dim]`."""
        ...


@dataclass(frozen=True)
class AdaptationCurves:
    """Query loss of each task after each inner step.

    loss: `[tasks, inner_steps + 1]`; step 0 is before adaptation.
    metrics: further measures by name, of the same shape; "accuracy" (the share of queries, in [0, 1]) where the loss is the
      softmax cross-entropy.
    statistics: what predictions depend on beside a row and the adapted parameters, as `Learner.statistics` says.
    """

    loss: np.ndarray
    metrics: dict[str, np.ndarray] = field(default_factory=dict)
    statistics: str = ""

    @property
    def mean(self) -> np.ndarray:
        """`[inner_steps + 1]`, over tasks."""
        return self.loss.mean(axis=0)

    def interval(self, confidence: float = 0.95, *, of: str = "loss") -> tuple[np.ndarray, np.ndarray]:
        """Student-t interval of the mean over tasks: low and high, each `[inner_steps + 1]`; NaN where there is one task.

        Args:
          confidence: the share of such intervals that hold the mean over all tasks there are.
          of: "loss", or one of `metrics`.
        """
        from scipy.special import stdtrit  # the quantile alone; scipy.stats takes a second to import

        values = self.loss if of == "loss" else self.metrics[of]
        num_tasks, mean = len(values), values.mean(axis=0)
        if num_tasks < 2:
            return np.full_like(mean, np.nan), np.full_like(mean, np.nan)
        half = stdtrit(num_tasks - 1, (1 + confidence) / 2) * values.std(axis=0, ddof=1) / np.sqrt(num_tasks)
        return mean - half, mean + half

    def rows(self) -> list[dict[str, float | None]]:
        """One row a step: `step`, `mean`, `low`, `high`, and a metric's mean, `_low` and `_high`; None where not finite."""
        low, high = self.interval()
        columns = {"mean": self.mean, "low": low, "high": high}
        for name, values in self.metrics.items():
            low, high = self.interval(of=name)
            columns |= {name: values.mean(axis=0), f"{name}_low": low, f"{name}_high": high}
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
    k_query: int | None = None,
    inner_steps: int = 10,
    *,
    tasks: Any = None,
    split: str = "test",
    transductive: bool | None = None,
) -> AdaptationCurves:
    """Adapts to tasks of one split and judges the predictions on their queries.

    Args:
      learner: adapts and predicts; a `Learner` or a baseline.
      key: `[]`, draws tasks and their rows.
      num_tasks: tasks to draw. A finite set is taken once a task instead, with all its other rows as queries: its interval is
        over distinct tasks, which drawing them again would not narrow.
      k_shot: support rows of a task; of pictures, of each class.
      k_query: query rows, likewise; None takes 100, of pictures 15 of each class, or what a class has left.
      inner_steps: gradient steps; the loss is measured before the first and after each.
      tasks: the task distribution; None takes the learner's own.
      split: "train", "validation" or "test".
      transductive: True normalises each task's queries by their own statistics, all together, as many papers do; False by the
        support's, so that a query's prediction does not depend on the others. None is as in training. No difference where
        there is no normalisation over rows.

    Returns:
      Losses `[tasks, inner_steps + 1]` in squared units of the data (for the squared error).

    Raises:
      ValueError: no learner, key or tasks, a number out of range, or an unknown split.
    """
    _check_learner(learner)
    key = checked_key(key)
    for name, value in (("num_tasks", num_tasks), ("k_shot", k_shot), ("k_query", k_query)):
        if name != "k_query" or value is not None:
            check_number(name, value, low=1, integer=True)
    check_number("inner_steps", inner_steps, low=0, integer=True)
    if tasks is not None:
        check_tasks(tasks)
    tasks = (learner.default_tasks if tasks is None else tasks).split(split)
    if transductive is not None and (told := getattr(learner, "normalised_by", None)):
        learner = told("batch" if transductive else "support")
    if not hasattr(tasks, "every"):  # a finite set is taken whole, and nothing of it is drawn by `sample`
        check_draws(tasks, k_shot=k_shot)
    k_query = queries(tasks, k_shot) if k_query is None else k_query
    if hasattr(tasks, "rows_of_a_class"):
        return _of_pictures(learner, tasks, key, num_tasks, k_shot=k_shot, k_query=k_query, inner_steps=inner_steps)
    episode = draw(tasks, key, num_tasks, k_shot=k_shot, k_query=k_query)
    return evaluate_episode(learner, episode, inner_steps)


def queries(tasks: Any, k_shot: int, *, rows: int = QUERIES, of_a_class: int = QUERIES_OF_A_CLASS) -> int:
    """How many queries a task is judged by: `rows`; of pictures `of_a_class` of each class, or what the smallest has left.

    Args:
      tasks: one split.
      k_shot: support rows of a task; of pictures, of each class.
      rows: of a task that is a function.
      of_a_class: of each class of pictures.
    """
    if not hasattr(tasks, "rows_of_a_class"):
        return rows
    room = tasks.rows_of_a_class
    return of_a_class if room is None else max(1, min(of_a_class, room - k_shot))


def the_other_way(learner: Any, key: jax.Array, **options: Any) -> AdaptationCurves | None:
    """What `evaluate` finds where queries are normalised by other statistics than in training: to stand beside that.

    Args:
      learner: as for `evaluate`.
      key: `[]`, likewise: the same tasks.
      options: of `evaluate`.

    Returns:
      The curves, which name their statistics: inductive for a learner trained transductively, and the other way round; None
      where nothing is normalised over rows.
    """
    if not getattr(learner, "can_be_transductive", False):
        return None
    return evaluate(learner, key, **options, transductive=learner.statistics == "support")


def evaluate_as_agreed(learner: Any, inner_steps: int = 10) -> AdaptationCurves:
    """By the one protocol of the pages, exported scripts and `maml evaluate`, so that one learner has one number.

    Args:
      learner: a `Learner`; support rows are as many as in its training.
      inner_steps: how far; what comes before does not depend on it.

    Returns:
      Losses on 600 test tasks drawn by seed 0 (each test task once, where there are finitely many), with 100 queries each; of
      pictures, 15 of each class.
    """
    return evaluate(learner, key_of(PROTOCOL_SEED), k_shot=learner.experiment.k_shot, inner_steps=inner_steps)


def protocol(curves: AdaptationCurves, k_shot: int, seed: int = PROTOCOL_SEED) -> str:
    """What stands beside a number: tasks, seed and support rows."""
    return f"{len(curves.loss)} test tasks (seed {seed}), {k_shot} support rows each{NORMALISED.get(curves.statistics, '')}"


def _check_learner(learner: Any) -> None:
    if isinstance(learner, type):
        found = f"the class {learner.__name__}: hand over what training left behind, report.learner"
    elif hasattr(learner, "path_predictions"):
        return
    else:
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
    return sampled(tasks, key, num_tasks, k_shot=k_shot, k_query=k_query)


def sampled(tasks: Any, key: jax.Array, num_tasks: int, *, k_shot: int, k_query: int) -> Episode:
    """`tasks.sample` as one compiled program.

    Args:
      tasks: one split of a task distribution.
      key: `[]`, draws tasks and their rows.
      num_tasks: how many.
      k_shot: support rows of a task; of pictures, of each class.
      k_query: query rows, likewise.

    Returns:
      An episode of `[num_tasks, k_shot or k_query, ...]`.
    """
    return _drawn(as_argument(tasks), key, num_tasks, k_shot=k_shot, k_query=k_query)


@partial(jax.jit, static_argnames=("num_tasks", "k_shot", "k_query"))
def _drawn(tasks: Any, key: jax.Array, num_tasks: int, *, k_shot: int, k_query: int, fold: int | None = None) -> Episode:
    return tasks.sample(key if fold is None else jax.random.fold_in(key, fold), num_tasks, k_shot, k_query)


def _of_pictures(
    learner: Adapting, tasks: Any, key: jax.Array, num_tasks: int, *, k_shot: int, k_query: int, inner_steps: int
) -> AdaptationCurves:
    """As `evaluate`, whose arguments these are: a few tasks drawn at a time, since pictures of all would fill the memory."""
    argument = as_argument(tasks)
    at_once = tasks_at_once(jax.eval_shape(lambda key: argument.sample(key, 1, k_shot, k_query), key))

    def drawn(start: int) -> Episode:
        return _drawn(argument, key, min(at_once, num_tasks), k_shot=k_shot, k_query=k_query, fold=start)

    curves = _measured(learner, drawn, range(0, num_tasks, at_once), inner_steps)
    metrics = {name: values[:num_tasks] for name, values in curves.metrics.items()}
    return dataclasses.replace(curves, loss=curves.loss[:num_tasks], metrics=metrics)


def evaluate_episode(learner: Adapting, episode: Episode, inner_steps: int) -> AdaptationCurves:
    """The losses of `learner` on given tasks, `episode` having a leading axis `[tasks]`."""
    at_once, on_host = tasks_at_once(episode), jax.tree.map(np.asarray, episode)  # where a slice compiles nothing

    def some(start: int) -> Episode:
        return jax.tree.map(lambda leaf: leaf[start : start + at_once], on_host)

    return _measured(learner, some, range(0, episode.support.x.shape[0], at_once), inner_steps)


def tasks_at_once(episode: Episode) -> int:
    """How many tasks to hold at once, by the shapes of `episode`, a leading axis `[tasks]` on each."""
    numbers = sum(math.prod(batch.x.shape[1:]) for batch in episode)
    return max(1, min(TASKS_AT_ONCE, NUMBERS_AT_ONCE // numbers))


def _measured(
    learner: Adapting, tasks_from: Callable[[int], Episode], starts: Iterable[int], inner_steps: int
) -> AdaptationCurves:
    """The losses on tasks that come in pieces, `tasks_from(start)` of `[tasks]`."""
    measures = ("loss", learner.loss_fn), *METRICS.get(learner.loss_fn, {}).items()

    def measured(start: int) -> dict[str, np.ndarray]:
        some: Any = tasks_from(start)
        predictions = learner.path_predictions(some.support, some.query.x, inner_steps)
        if takes_labels(learner.loss_fn):
            check_labels("query.y", some.query, predictions.shape[-1], axes=2)
        return jax.tree.map(np.asarray, _along_path(predictions, some.query, measures=measures))

    first, *others = starts
    pieces = [measured(first), *parallel_map(measured, others)]  # the first alone, so that what is compiled is compiled once
    curves = {name: np.concatenate([piece[name] for piece in pieces]) for name, _ in measures}
    return AdaptationCurves(curves.pop("loss"), curves, getattr(learner, "statistics", ""))


@partial(jax.jit, static_argnames="measures")
def _along_path(predictions: Array, query: Batch, *, measures: tuple[tuple[str, LossFn], ...]) -> dict[str, jax.Array]:
    """By name, each task's mean after each step, `[tasks, inner_steps + 1]`."""

    def one_task(along_path: Any, query: Batch) -> dict[str, jax.Array]:
        return jax.vmap(lambda prediction: {name: mean_loss(of, prediction, query) for name, of in measures})(along_path)

    return jax.vmap(one_task)(predictions, query)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
