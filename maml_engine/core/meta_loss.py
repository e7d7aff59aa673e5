"""The meta-loss: mean query loss after adapting, and how a gradient of it is to flow back."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from maml_engine.core.adapter import Adapter, TaskLoss, partition
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.inner_loop import inner_loop

PyTree = Any


class Flow(NamedTuple):
    """How the outer gradient flows back through the inner loop. The meta-loss itself is the same for all.

    inner_gradient: makes of a task's loss its gradient, with the derivative that this one is to have.
    first_gradients: the same for all tasks together, at the first step, where they share their parameters.
    scan: runs the later inner steps, as `jax.lax.scan` does.
    """

    inner_gradient: Callable[[TaskLoss], TaskLoss]
    first_gradients: Callable[[TaskLoss], TaskLoss]
    scan: Callable = jax.lax.scan


def shared_gradients(inner_gradient: Callable[[TaskLoss], TaskLoss]) -> Callable[[TaskLoss], TaskLoss]:
    """Makes of an inner gradient that of many tasks at one point: leaves `[tasks, ...]`, from batches `[tasks, ...]`."""
    return lambda loss: jax.vmap(inner_gradient(loss), in_axes=(None, None, 0))


def meta_loss(adapter: Adapter, episode: Episode, *, flow: Flow, key: jax.Array | None = None) -> jax.Array:
    """Mean over tasks of the query loss after adaptation, `[]`.

    Args:
      adapter: the method and the meta-parameters to start from.
      episode: tasks on a leading axis `[tasks]`.
      flow: how the gradient is to flow back.
      key: one for all, or one for each, `[tasks]`.
    """
    method = adapter.method
    step_weights = method.step_weights(adapter.iteration)
    first = None
    draws = adapter.network.is_random and key is not None  # each task for itself
    if method.inner_steps and not draws and method.support_gives == "nothing":  # else each task starts from its own
        moving, fixed = partition(method, adapter.meta.init)
        first = flow.first_gradients(adapter.task_loss())(moving, method.fixed_at(adapter.meta.rule, fixed, 0), episode.support)

    def one_task(support: Batch, query: Batch, key: jax.Array | None, first: PyTree) -> jax.Array:
        options = {"gradient": flow.inner_gradient, "first": first, "scan": flow.scan, "key": key}
        adapt_to = partial(inner_loop, adapter, support, method.inner_steps, **options)
        last = None if key is None else jax.random.fold_in(key, method.inner_steps)
        if step_weights is None:
            return adapter.query_loss(adapt_to(), support, query, last)
        losses = jax.vmap(lambda params: adapter.query_loss(params, support, query, last))(adapt_to(along=lambda at: at))
        return jnp.sum(step_weights * losses)

    keys = task_keys(key, episode)
    return jnp.mean(jax.vmap(one_task)(episode.support, episode.query, keys, first))


def task_keys(key: jax.Array | None, episode: Episode) -> jax.Array | None:
    """A key for each task, `[tasks]`: `key` split, or `key` itself where it holds them already (a share of a larger batch)."""
    if key is None or (jnp.issubdtype(key.dtype, jax.dtypes.prng_key) and key.ndim == 1):
        return key
    return jax.random.split(key, episode.support.x.shape[0])
