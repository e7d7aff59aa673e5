"""Where the inner loop breaks: loss after each step over a grid of inner step sizes, and the frontier of divergence."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from flax import nnx

from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter, InnerStep
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.inner_loop import adapted_path, path_predictions
from maml_engine.core.losses import mean_loss
from maml_engine.learner import Learner
from maml_engine.methods import Method
from maml_engine.pytrees import pytree

PyTree = Any


@pytree
class Scaled:
    """A method each of whose steps is `scale` times as long; step sizes that were learned are all scaled alike."""

    method: Method
    scale: jax.Array | float

    @property
    def inner_steps(self) -> int:
        """The method's own."""
        return self.method.inner_steps

    def moving(self, params: PyTree) -> nnx.filterlib.Filter:
        """The method's own."""
        return self.method.moving(params)

    def fixed_at(self, rule: PyTree, fixed: PyTree, index: jax.Array | int) -> PyTree:
        """The method's own."""
        return self.method.fixed_at(rule, fixed, index)

    def init_inner(self, rule: PyTree, moving: PyTree) -> PyTree:
        """The method's own."""
        return self.method.init_inner(rule, moving)

    def inner_update(
        self, rule: PyTree, moving: PyTree, gradient: PyTree, state: PyTree, step: InnerStep
    ) -> tuple[PyTree, PyTree]:
        """As far along the method's own step as `scale` says."""
        moved, state = self.method.inner_update(rule, moving, gradient, state, step)
        return jax.tree.map(lambda old, new: old + self.scale * (new - old), moving, moved), state


@dataclass(frozen=True, eq=False)
class Frontier:
    """Losses of each task over step sizes and steps; step 0 is before adapting.

    inner_lrs: `[sizes]`. query_loss, support_loss: `[sizes, tasks, inner_steps + 1]`, infinite where they are no number.
    """

    inner_lrs: np.ndarray
    query_loss: np.ndarray
    support_loss: np.ndarray

    def summary(self, quantile: float | None = None, *, of_support: bool = False) -> np.ndarray:
        """Over the tasks, `[sizes, inner_steps + 1]`: the mean, or a quantile of the tasks (0.5 is the median)."""
        loss = self.support_loss if of_support else self.query_loss
        if quantile is None:
            return loss.mean(axis=1)
        # The value at or above the quantile: between two tasks, one of them infinite, there is nothing to interpolate.
        return np.quantile(loss, quantile, axis=1, method="higher")

    def diverged(self, quantile: float | None = None) -> np.ndarray:
        """`[sizes, inner_steps + 1]`: whether adapting is worse than not adapting, by the same summary; never at step 0."""
        summary = self.summary(quantile)
        return ~(summary <= summary[:, :1])

    def first_diverged(self, quantile: float | None = None) -> np.ndarray:
        """`[inner_steps + 1]`: index of the smallest step size that diverges, or how many sizes there are where none does."""
        diverged = self.diverged(quantile)
        return np.where(diverged.any(axis=0), diverged.argmax(axis=0), len(self.inner_lrs))

    def share_worse(self) -> np.ndarray:
        """`[sizes, inner_steps + 1]`: the share of tasks on which adapting is worse than not adapting."""
        return (~(self.query_loss <= self.query_loss[:, :, :1])).mean(axis=1)


def find_frontier(learner: Learner, episode: Episode, inner_lrs: Sequence[float], inner_steps: int) -> Frontier:
    """Adapts `learner` to the tasks of `episode` with each of `inner_lrs`, in one compiled program.

    Args:
      episode: with a leading axis `[tasks]`, in the units of the data; rows of weight 0 are padding.
      inner_lrs: step sizes, increasing. Where step sizes were learned, all of them are scaled by `inner_lr` over that of the
        learner's experiment.

    Raises:
      ValueError: no step size, or one that is not > 0, or a number of steps below 0.
    """
    if not len(inner_lrs):
        raise ValueError("`inner_lrs` must hold at least one step size, got none.")
    for inner_lr in inner_lrs:
        check_number("inner_lr", inner_lr, above=0)
    check_number("inner_steps", inner_steps, low=0, integer=True)
    support, query = _weighted(episode.support), _weighted(episode.query)
    query_loss, support_loss = _losses(*_setting(learner, inner_lrs), support, query, learner.scaling, inner_steps=inner_steps)
    return Frontier(np.asarray(inner_lrs, float), _whole(query_loss), _whole(support_loss))


def predictions_at(learner: Learner, inner_lr: float, support: Batch, query_x: np.ndarray, inner_steps: int) -> np.ndarray:
    """As `Learner.path_predictions`, with the step size of a row of the frontier; another size compiles nothing."""
    adapter, scales = _setting(learner, [inner_lr])
    scaled = adapter.replace(method=Scaled(adapter.method, scales[0]))
    task = learner.scaling.batch(support), learner.scaling.inputs(query_x)
    path = path_predictions(scaled, *task, inner_steps=inner_steps)
    return np.asarray(learner.scaling.outputs(path))


def _setting(learner: Learner, inner_lrs: Sequence[float]) -> tuple[Adapter, np.ndarray]:
    adapter = learner.adapter()
    if not jax.tree.leaves(adapter.meta.rule):  # inner_steps shapes nothing here, and learners that agree share one program
        adapter = adapter.replace(method=adapter.method.replace(inner_steps=1))
    scales = np.asarray(inner_lrs, np.float64) / learner.experiment.inner_lr
    return adapter, scales.astype(np.float32)


def _weighted(batch: Batch) -> Batch:
    """Host arrays with weights, so that full and padded batches are one program."""
    x, y = np.asarray(batch.x), np.asarray(batch.y)
    weight = np.ones(x.shape[:2], x.dtype) if batch.weight is None else np.asarray(batch.weight)
    return Batch(x, y, weight)


def _whole(loss: jax.Array) -> np.ndarray:
    loss = np.asarray(loss, np.float64)
    return np.where(np.isfinite(loss), loss, np.inf)


@partial(jax.jit, static_argnames="inner_steps")
def _losses(
    adapter: Adapter, scales: jax.Array, support: Batch, query: Batch, scaling: Any, *, inner_steps: int
) -> tuple[jax.Array, jax.Array]:
    """Query and support losses, `[sizes, tasks, inner_steps + 1]` each."""
    scaled = scaling.batch(support)

    def along_path(scale: jax.Array, support: Batch, scaled: Batch, query: Batch) -> tuple[jax.Array, jax.Array]:
        path = adapted_path(adapter.replace(method=Scaled(adapter.method, scale)), scaled, inner_steps)

        def at_step(params: PyTree) -> tuple[jax.Array, jax.Array]:
            def loss(batch: Batch) -> jax.Array:
                prediction = scaling.outputs(adapter.network.predict(params, scaling.inputs(batch.x)))
                return mean_loss(adapter.loss_fn, prediction, batch)

            return loss(query), loss(support)

        return jax.vmap(at_step)(path)

    over_tasks = jax.vmap(along_path, in_axes=(None, 0, 0, 0))
    return jax.vmap(over_tasks, in_axes=(0, None, None, None))(scales, support, scaled, query)
