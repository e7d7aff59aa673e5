"""The implicit outer gradient: of where the inner loop ends, whatever way it took (iMAML)."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from maml_engine.core.adapter import Adapter, MetaParams, merge, partition
from maml_engine.core.conjugate_gradients import conjugate_gradients
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.inner_loop import inner_loop
from maml_engine.core.meta_loss import task_keys

PyTree = Any


class Solved(NamedTuple):
    """How well an implicit gradient's two problems were solved, for each task.

    inner_residual: `[tasks]`, norm of the proximal objective's gradient where the inner loop ended.
    cg_residual: `[tasks]`, norm of (I + H/lambda) g - query gradient, relative to the query gradient's.
    least_curvature: `[tasks]`, smallest p'Ap / p'p met by conjugate gradients; at most 0 means that lambda is too small for the
      loss's negative curvature, and the direction is not to be trusted.
    """

    inner_residual: jax.Array
    cg_residual: jax.Array
    least_curvature: jax.Array


def implicit_gradient(
    adapter: Adapter, episode: Episode, *, key: jax.Array | None = None
) -> tuple[jax.Array, MetaParams, Solved]:
    """The gradient of the query loss at the solution of the proximal problem (Rajeswaran et al., 2019, eq. 6 and algorithm 2).

    g = (I + H/lambda)^-1 q, with H the support loss's Hessian and q the query gradient at the solution. Memory does not
    depend on the inner steps. Parameters that do not move get the query gradient's own part alone.

    Returns:
      The mean query loss `[]`, the gradient, shaped like `adapter.meta`, and how well each task was solved, `[tasks]` each.
    """
    method, meta, loss = adapter.method, adapter.meta, adapter.task_loss()

    def one_task(support: Batch, query: Batch, key: jax.Array | None):
        solution = inner_loop(adapter, support, method.inner_steps, key=key)
        moving, fixed = partition(method, solution)
        start, _ = partition(method, meta.init)
        last = None if key is None else jax.random.fold_in(key, method.inner_steps)
        loss_at = partial(adapter.query_loss, support=support, query=query, key=last)
        query_loss, by_params = jax.value_and_grad(loss_at)(solution)
        query_gradient, fixed_gradient = partition(method, by_params)

        def support_gradient(at: PyTree) -> PyTree:
            return jax.grad(loss)(at, fixed, support)

        def system(direction: PyTree) -> PyTree:
            _, product = jax.jvp(support_gradient, (moving,), (direction,))
            return jax.tree.map(lambda v, hv: v + hv / method.proximal, direction, product)

        gradient, cg_residual, curvature = conjugate_gradients(system, query_gradient, method.cg_steps)
        pull = jax.tree.map(lambda g, a, b: g + method.proximal * (a - b), support_gradient(moving), moving, start)
        return query_loss, merge(gradient, fixed_gradient), Solved(optax.tree.norm(pull), cg_residual, curvature)

    keys = task_keys(key, episode)
    outcome = jax.vmap(one_task, in_axes=(0, 0, None if keys is None else 0))(episode.support, episode.query, keys)
    query_loss, gradient, solved = outcome
    mean = jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), gradient)
    return jnp.mean(query_loss), MetaParams(mean, jax.tree.map(jnp.zeros_like, meta.rule)), solved
