"""Conditional neural processes (Garnelo et al., 2018): an encoder reads the support, and no step is made."""

from typing import Any, ClassVar

import jax.numpy as jnp
from flax import nnx

from maml_engine.core.adapter import Adapter
from maml_engine.core.closed_form import real_targets
from maml_engine.core.episode import Batch, blanked
from maml_engine.methods.base import Method
from maml_engine.pytrees import pytree

PyTree = Any


@pytree
class CNP(Method):
    """Adapts by reading: the context is the mean of what an encoder makes of each support row (Garnelo et al., 2018, eq. 1-3).

    The network must have a parameter named `context` and a method `encode(x, y) -> [rows, context]` (`NeuralProcess` has both);
    the outer loop trains all of it by the query loss. The paper's second output, a standard deviation, is left out, so that it
    is trained by the same loss as its rivals.
    """

    support_gives: ClassVar = "solution"

    def moving(self, params: PyTree) -> nnx.filterlib.Filter:
        """The context.

        Raises:
          ValueError: the network has none.
        """
        if not any(path[-1] == "context" for path, _ in nnx.to_flat_state(params)):
            raise ValueError(f"{NEEDED}; this one has no `context`.")
        return lambda path, _: path[-1] == "context"

    def from_support(self, adapter: Adapter, support: Batch) -> PyTree:
        """The parameters with the support's context; a mean over rows, so their order and number may be any; 0 for none.

        Args:
          adapter: this method with its meta-parameters, the network and the loss.
          support: one task's examples, `x` `[k_shot, ...]`.

        Raises:
          ValueError: the network has no `context`, or no `encode`.
        """
        params = adapter.meta.init
        self.moving(params)
        model: Any = adapter.network.merge(params)
        if not hasattr(model, "encode"):
            raise ValueError(f"{NEEDED}; {type(model).__name__} has no `encode`.")
        x = blanked(support.x, support.weight)
        one = jnp.zeros((1, *x.shape[1:]), x.dtype)
        outputs = model(one).shape[-1]
        y = blanked(real_targets(adapter.loss_fn, jnp.asarray(support.y), outputs), support.weight)
        codes = blanked(model.encode(x, y), support.weight)
        rows = len(x) if support.weight is None else jnp.maximum(jnp.sum(support.weight), 1.0)
        context = jnp.sum(codes, axis=0) / rows

        def kept(path: tuple, leaf: Any) -> Any:
            return leaf.replace(context.astype(leaf.get_value().dtype)) if path[-1] == "context" else leaf

        return nnx.from_flat_state([(path, kept(path, leaf)) for path, leaf in nnx.to_flat_state(params)])


NEEDED = "CNP needs a network with a parameter named `context` and a method `encode(x, y)`, such as NeuralProcess"
