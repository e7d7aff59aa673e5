"""Where the inner loop breaks: loss after each step over a grid of inner step sizes, and the frontier of divergence."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np

from maml_engine.analysis.wrapped_method import WrappedMethod
from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter, InnerStep
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.inner_loop import inner_loop
from maml_engine.core.losses import mean_loss
from maml_engine.learner import Learner
from maml_engine.learner.adapted import path_in_units
from maml_engine.pytrees import pytree
from maml_engine.tasks import Scaling

PyTree = Any


@pytree
class Scaled(WrappedMethod):
    """A method each of whose steps is `scale` times as long; step sizes that were learned are all scaled alike.

    scale: `[]`.
    """

    scale: jax.Array | float

    def inner_update(
        self, rule: PyTree, moving: PyTree, gradient: PyTree, state: PyTree, step: InnerStep
    ) -> tuple[PyTree, PyTree]:  # positional: as `InnerRule` has it
        """Goes as far along the method's own step as `scale` says.

        Args:
          rule: what the inner loop has learned.
          moving: the parameters that move, before the step.
          gradient: the support loss's gradient there, of the same shape.
          state: what the step before gave.
          step: where the inner loop stands.

        Returns:
          The parameters after the step, and the state for the next.
        """
        moved, state = self.method.inner_update(rule, moving, gradient, state, step)
        return jax.tree.map(lambda old, new: old + self.scale * (new - old), moving, moved), state


@dataclass(frozen=True, eq=False)
class Frontier:
    """Losses of each task over step sizes and steps; step 0 is before adapting.

    inner_lrs: `[sizes]`, increasing.
    query_loss: `[sizes, tasks, inner_steps + 1]`, infinite where it is no number.
    support_loss: `[sizes, tasks, inner_steps + 1]`, likewise.
    """

    inner_lrs: np.ndarray
    query_loss: np.ndarray
    support_loss: np.ndarray

    def summary(self, quantile: float | None = None, *, of_support: bool = False) -> np.ndarray:
        """Summarises the tasks.

        Args:
          quantile: of the tasks' losses (0.5 is the median); None takes the mean.
          of_support: of the support losses instead of the query losses.

        Returns:
          `[sizes, inner_steps + 1]`.
        """
        loss = self.support_loss if of_support else self.query_loss
        if quantile is None:
            return loss.mean(axis=1)
        # The value at or above the quantile: between two tasks, one of them infinite, there is nothing to interpolate.
        return np.quantile(loss, quantile, axis=1, method="higher")

    def diverged(self, quantile: float | None = None) -> np.ndarray:
        """Whether adapting is worse than not adapting, by the same summary: `[sizes, inner_steps + 1]`, never at step 0."""
        summary = self.summary(quantile)
        return ~(summary <= summary[:, :1])

    def first_diverged(self, quantile: float | None = None) -> np.ndarray:
        """Index of the smallest step size that diverges, `[inner_steps + 1]`; where none does, how many sizes there are."""
        diverged = self.diverged(quantile)
        return np.where(diverged.any(axis=0), diverged.argmax(axis=0), len(self.inner_lrs))

    def share_worse(self) -> np.ndarray:
        """The share of tasks on which adapting is worse than not adapting, `[sizes, inner_steps + 1]`."""
        return (~(self.query_loss <= self.query_loss[:, :, :1])).mean(axis=1)


def find_frontier(learner: Learner, episode: Episode, inner_lrs: Sequence[float], inner_steps: int) -> Frontier:
    """Adapts to tasks with each of several step sizes, in one compiled program.

    Args:
      learner: adapts.
      episode: with a leading axis `[tasks]`, in the units of the data; rows of weight 0 are padding.
      inner_lrs: step sizes, increasing. Where step sizes were learned, all of them are scaled by `inner_lr` over that of the
        learner's experiment.
      inner_steps: how many steps it takes; another number compiles another program.

    Raises:
      ValueError: no step size, or one that is not > 0, or a number of steps below 0.
    """
    if not len(inner_lrs):
        raise ValueError("`inner_lrs` must hold at least one step size, got none.")
    for inner_lr in inner_lrs:
        check_number("inner_lr", inner_lr, above=0)
    check_number("inner_steps", inner_steps, low=0, integer=True)
    support, query = _weighted(episode.support), _weighted(episode.query)
    adapter, scales = _setting(learner, inner_lrs)
    query_loss, support_loss = _losses(adapter, scales, support, query, scaling=learner.scaling, inner_steps=inner_steps)
    return Frontier(np.asarray(inner_lrs, float), _finite_or_infinite(query_loss), _finite_or_infinite(support_loss))


def predictions_at(learner: Learner, support: Batch, query_x: np.ndarray, *, inner_lr: float, inner_steps: int) -> np.ndarray:
    """Predicts along the inner path as `Learner.path_predictions` does, with the step size of a row of the frontier.

    Args:
      learner: adapts and predicts.
      support: tasks on a leading axis `[tasks]`, in the units of the data.
      query_x: `[tasks, examples, in_dim]`, where to predict.
      inner_lr: the step size; another one compiles nothing.
      inner_steps: how many steps it takes.

    Returns:
      `[tasks, inner_steps + 1, examples, out_dim]`, in the units of the data.
    """
    adapter, scales = _setting(learner, [inner_lr])
    scaled = adapter.replace(method=Scaled(adapter.method, scales[0]))
    return np.asarray(path_in_units(scaled, learner.scaling, support, query_x, inner_steps=inner_steps))


def _setting(learner: Learner, inner_lrs: Sequence[float]) -> tuple[Adapter, np.ndarray]:
    """What adapts, and by how much each of `inner_lrs` makes its steps longer, `[sizes]`."""
    adapter = learner.adapter()
    if not jax.tree.leaves(adapter.meta.rule):  # inner_steps shapes nothing here, and learners that agree share one program
        adapter = adapter.replace(method=adapter.method.replace(inner_steps=1))
    scales = np.asarray(inner_lrs, np.float64) / learner.experiment.inner_lr
    return adapter, scales.astype(np.float32)


def _weighted(batch: Batch) -> Batch:
    """A batch that has weights, so that full and padded ones are one program."""
    x, y = np.asarray(batch.x), np.asarray(batch.y)
    weight = np.ones(x.shape[:2], x.dtype) if batch.weight is None else batch.weight
    return Batch(x, y, np.asarray(weight))


def _finite_or_infinite(loss: jax.Array) -> np.ndarray:
    """What is no number as infinity, so that it is the worst."""
    host = np.asarray(loss, np.float64)
    return np.where(np.isfinite(host), host, np.inf)


@partial(jax.jit, static_argnames="inner_steps")
def _losses(
    adapter: Adapter, scales: jax.Array, support: Batch, query: Batch, *, scaling: Scaling, inner_steps: int
) -> tuple[jax.Array, jax.Array]:
    """Query and support losses, `[sizes, tasks, inner_steps + 1]` each."""
    scaled = scaling.batch(support)

    def one_task(scale: jax.Array, support: Batch, scaled: Batch, query: Batch) -> tuple[jax.Array, jax.Array]:
        def losses(params: PyTree) -> tuple[jax.Array, jax.Array]:
            def loss(batch: Batch) -> jax.Array:
                prediction = scaling.outputs(adapter.network.predict(params, scaling.inputs(batch.x)))
                return mean_loss(adapter.loss_fn, prediction, batch)

            return loss(query), loss(support)

        resized = adapter.replace(method=Scaled(adapter.method, scale))
        return inner_loop(resized, scaled, inner_steps, along=losses)

    def one_size(scale: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jax.vmap(one_task, in_axes=(None, 0, 0, 0))(scale, support, scaled, query)

    # Sizes one after the other and losses at each step: what one size needs fits a core's cache, and no path is held. All sizes
    # at once, with their paths, took 3.5 times as long.
    return jax.lax.map(one_size, scales)
