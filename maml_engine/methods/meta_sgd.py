"""Meta-SGD (Li, Zhou, Chen & Li, 2017): the step size of every parameter is learned, and may become negative."""

from typing import Any

import jax
import jax.numpy as jnp

from maml_engine.core.adapter import InnerStep, partition
from maml_engine.methods.base import Method
from maml_engine.pytrees import pytree

PyTree = Any


@pytree
class MetaSGD(Method):
    """theta' = theta - alpha * gradient, elementwise, alpha learned with theta (Li et al., 2017, eq. 4 and algorithm 1).

    The rule is alpha, shaped like the parameters that move. It starts at `inner_lr` everywhere; the paper draws it from
    [0.005, 0.1].
    """

    def init_rule(self, params: PyTree) -> PyTree:
        """The same step size everywhere, before training."""
        moving, _ = partition(self, params)
        return jax.tree.map(lambda leaf: jnp.full_like(leaf, self.inner_lr), moving)

    def descend(self, rule: PyTree, moving: PyTree, direction: PyTree, step: InnerStep) -> PyTree:
        """Each parameter by its own step size.

        Args:
          rule: the step sizes, shaped like `moving`.
          moving: the parameters that move, before the step.
          direction: what the inner optimiser made of the gradient, of the same shape.
          step: where the inner loop stands.
        """
        del step
        return jax.tree.map(lambda param, step_size, slope: param - step_size * slope, moving, rule, direction)
