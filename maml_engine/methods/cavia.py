"""CAVIA (Zintgraf et al., 2019): a task is a point in a small context space, and only the context adapts."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine.core.adapter import MetaParams, merge, partition
from maml_engine.core.episode import Episode
from maml_engine.methods.base import Method
from maml_engine.pytrees import pytree

PyTree = Any


@pytree
class CAVIA(Method):
    """Gradient descent on the network's `context` alone, which starts at zero for every task (Zintgraf et al., 2019, eq. 2-4).

    The network must have a parameter named `context` (`ContextMLP` has); the outer loop trains everything else. The paper's
    inner step size is 1.0.
    """

    def moving(self, params: PyTree) -> nnx.filterlib.Filter:
        """The context.

        Raises:
          ValueError: the network has none.
        """
        if not any(path[-1] == "context" for path, _ in nnx.to_flat_state(params)):
            raise ValueError("CAVIA needs a network with a parameter named `context`, such as ContextMLP; this one has none.")
        return lambda path, _: path[-1] == "context"

    def meta_gradient(self, meta: MetaParams, episode: Episode, **setting) -> tuple[jax.Array, MetaParams]:
        """The meta-loss `[]` and its exact gradient; none for the context, so that it keeps starting at zero."""
        loss, gradient = super().meta_gradient(meta, episode, **setting)
        context, others = partition(self, gradient.init)
        return loss, gradient._replace(init=merge(jax.tree.map(jnp.zeros_like, context), others))
