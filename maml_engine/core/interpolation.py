"""No outer gradient at all: part of the way to where each task's inner loop ends (Reptile)."""

from typing import Any

import jax
import jax.numpy as jnp

from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.exact import MODES
from maml_engine.core.inner_loop import inner_loop
from maml_engine.core.meta_loss import meta_loss, task_keys

PyTree = Any


def interpolation_gradient(adapter: Adapter, episode: Episode, *, key: jax.Array | None = None) -> tuple[jax.Array, MetaParams]:
    """Reptile's direction, theta - theta_K averaged over tasks (Nichol et al., 2018, eq. 4 and algorithm 2).

    Nothing is divided by the inner step size: under plain SGD with step size epsilon the outer step is the paper's
    theta + epsilon (theta_K - theta). The query loss `[]` is reported, not used. A learned rule gets a zero gradient.
    """
    loss = meta_loss(adapter, episode, key=key, flow=MODES["plain"])
    init, rule = adapter.meta
    adapted = adapted_tasks(adapter, episode, key=key)
    chord = jax.tree.map(lambda start, end: jnp.mean(start - end, axis=0), init, adapted)
    return loss, MetaParams(chord, jax.tree.map(jnp.zeros_like, rule))


def adapted_tasks(adapter: Adapter, episode: Episode, *, key: jax.Array | None = None) -> PyTree:
    """Each task's adapted parameters, shaped like `adapter.meta.init` with a leading axis `[tasks]`."""

    def one_task(support: Batch, key: jax.Array | None) -> PyTree:
        return inner_loop(adapter, support, adapter.method.inner_steps, key=key)

    keys = task_keys(key, episode)
    return jax.vmap(one_task, in_axes=(0, None if keys is None else 0))(episode.support, keys)
