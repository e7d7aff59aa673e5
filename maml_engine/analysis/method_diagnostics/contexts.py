"""Where CAVIA's tasks lie: the contexts that they adapt to, on a map."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from maml_engine.analysis.compiled_steps import MAX_STEPS
from maml_engine.analysis.layers import named_arrays
from maml_engine.core.adapter import Adapter
from maml_engine.core.episode import Batch
from maml_engine.core.inner_loop import adapted_path
from maml_engine.learner import Learner


@dataclass(frozen=True, eq=False)
class ContextMap:
    """Adapted contexts in a plane.

    points: `[tasks, 2]`, on the two axes along which the contexts vary most.
    kept: the share of their variance that is seen there.
    """

    points: np.ndarray
    kept: float


def context_map(learner: Learner, support: Batch, inner_steps: int) -> ContextMap:
    """Maps the contexts that tasks end with (Zintgraf et al., 2019).

    Args:
      learner: with a network that has a context.
      support: tasks on a leading axis `[tasks]`, in the units of the data.
      inner_steps: how many steps the context takes; up to `MAX_STEPS`, all numbers share one compiled program.

    Raises:
      ValueError: the network has no context.
    """
    adapter = learner.adapter()
    if not any(name == "context" for _, name, _ in named_arrays(adapter.meta.init)):
        raise ValueError(f"`learner` must have a network with a context, got {learner.experiment.model!r}.")
    contexts = _contexts(adapter, learner.scaling.batch(support), inner_steps=max(MAX_STEPS, inner_steps))
    return principal_map(np.asarray(contexts)[:, inner_steps].astype(np.float64))


def principal_map(vectors: np.ndarray) -> ContextMap:
    """Maps vectors `[n, dim]` on the two axes along which they vary most; one dimension is drawn on a line."""
    centred = vectors - vectors.mean(axis=0)
    left, spread, _ = np.linalg.svd(centred, full_matrices=False)
    points = (left * spread)[:, :2]
    points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
    total = np.sum(spread**2)
    return ContextMap(points, float(np.sum(spread[:2] ** 2) / total) if total > 0 else 1.0)


@partial(jax.jit, static_argnames="inner_steps")
def _contexts(adapter: Adapter, support: Batch, *, inner_steps: int) -> jax.Array:
    """Before the first step and after each, `[tasks, inner_steps + 1, context_dim]`."""

    def one_task(support: Batch) -> jax.Array:
        path = adapted_path(adapter, support, inner_steps)
        (contexts,) = (leaf[...] for place, leaf in nnx.to_flat_state(path) if place[-1] == "context")
        return jnp.reshape(contexts, (inner_steps + 1, -1))

    return jax.vmap(one_task)(support)
