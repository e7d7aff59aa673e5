"""A method of your own: answer what it does differently, register it, and everything else works with it."""

from typing import Any

import jax
import jax.numpy as jnp

from maml_engine import Experiment, Method, pytree, register, train

PyTree = Any


@pytree
class StepSizes(Method):
    """Meta-SGD with one learned step size for each inner step, instead of one for each parameter."""

    def init_rule(self, params: PyTree) -> jax.Array:
        """`[inner_steps]`, all alike before training; the outer loop learns them with the initialisation."""
        return jnp.full(self.inner_steps, self.inner_lr)

    def descend(self, rule: jax.Array, moving: PyTree, direction: PyTree, step: Any) -> PyTree:
        """One inner step; beyond the last one trained, the last size again."""
        size = rule[jnp.minimum(step.index, self.inner_steps - 1)]
        return jax.tree.map(lambda param, slope: param - size * slope, moving, direction)


register("method", "step_sizes", StepSizes)

*_, report = train(Experiment(method="step_sizes", inner_steps=3, num_iterations=3000))
print("held-out error after 0 to 3 steps:", report.curve.mean[:4].round(2))
print("step sizes, 0.01 each at the start:", report.learner.meta.rule.round(4))
