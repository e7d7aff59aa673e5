"""As many tasks side by side as a bounded memory holds, and on a CPU its cache; the others after them."""

import math
from typing import Any

import jax
import jax.numpy as jnp

from maml_engine.core.adapter import Adapter, MetaParams, partition
from maml_engine.core.episode import Episode
from maml_engine.core.meta_loss import Flow, meta_loss, task_keys
from maml_engine.runtime.matmul_rewriting import fast_products

PyTree = Any

# What one meta-gradient may take for its own work. Up to there all tasks are computed side by side, beyond it chunk by chunk.
MAX_BYTES = 2**30
# The same on a CPU, where more does not fit into a core's share of the cache and each operation waits for memory: chunks take
# 0.3 to 0.8 of the time for wide networks and pictures (docs/benchmarks.md).
CACHE_BYTES = 2**23


def value_and_grad(
    adapter: Adapter, episode: Episode, *, flow: Flow, kept: int, key: jax.Array | None = None
) -> tuple[jax.Array, MetaParams]:
    """The meta-loss and its gradient, as many tasks side by side as fit: the same up to rounding.

    Args:
      adapter: the method and the meta-parameters to start from.
      episode: tasks on a leading axis `[tasks]`.
      flow: how the gradient flows back.
      kept: inner steps whose parameters `flow` stores.
      key: one for all tasks, or one for each, `[tasks]`.

    Returns:
      The meta-loss `[]`, and the gradient, shaped like `adapter.meta`.
    """

    @fast_products
    def of_tasks(episode: Episode, key: jax.Array | None) -> tuple[jax.Array, MetaParams]:
        def loss_at(meta: MetaParams) -> jax.Array:
            return meta_loss(adapter.replace(meta=meta), episode, key=key, flow=flow)

        return jax.value_and_grad(loss_at)(adapter.meta)

    tasks, keys = episode.support.x.shape[0], task_keys(key, episode)
    room = min(MAX_BYTES, CACHE_BYTES) if jax.default_backend() == "cpu" else MAX_BYTES
    chunks = -(-tasks * task_bytes(adapter, episode, kept) // room)
    at_once = -(-tasks // chunks)
    if at_once >= tasks:
        return of_tasks(episode, keys)

    def add(total: PyTree, chunk: tuple[Episode, jax.Array | None]) -> tuple[PyTree, None]:
        share = chunk[0].support.x.shape[0] / tasks
        return jax.tree.map(lambda so_far, mean: so_far + share * mean, total, of_tasks(*chunk)), None

    whole = tasks - tasks % at_once
    first, rest = (
        jax.tree.map(lambda leaf, part=part: leaf[part], (episode, keys)) for part in (slice(whole), slice(whole, None))
    )
    total = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(of_tasks, episode, keys))
    total, _ = jax.lax.scan(add, total, jax.tree.map(lambda leaf: leaf.reshape(-1, at_once, *leaf.shape[1:]), first))
    return add(total, rest)[0] if whole < tasks else total


def one_task_fits(adapter: Adapter, episode: Episode, kept: int) -> bool:
    """Whether `MAX_BYTES` holds one task with the parameters of `kept` inner steps."""
    return task_bytes(adapter, episode, kept) <= MAX_BYTES


def task_bytes(adapter: Adapter, episode: Episode, kept: int) -> int:
    """About how many bytes one task takes, by its shapes: parameters of `kept` steps and the results of a pass."""
    loss, (moving, fixed) = adapter.task_loss(), partition(adapter.method, adapter.meta.init)
    parameters = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(moving))
    batches = (jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), batch) for batch in episode)
    passes = sum(_intermediate_bytes(jax.make_jaxpr(loss)(moving, fixed, batch).jaxpr) for batch in batches)
    # Adapted parameters and their cotangent, and of the rest what the compiler did not fuse. Against the compiled program's own
    # figure: 1.1 to 1.8 times for networks 40 and 512 wide at 1 and 5 steps; Conv4, where much is fused, 2.8, first order 5.5.
    return (kept + 2) * parameters + passes


def _intermediate_bytes(jaxpr) -> int:
    """Of all values that are computed in a program, those of the programs that it calls instead of their results."""
    total = 0
    for equation in jaxpr.eqns:
        inner = [program for value in equation.params.values() if (program := getattr(value, "jaxpr", None)) is not None]
        total += sum(map(_intermediate_bytes, inner)) or sum(
            math.prod(variable.aval.shape) * variable.aval.dtype.itemsize for variable in equation.outvars
        )
    return total
