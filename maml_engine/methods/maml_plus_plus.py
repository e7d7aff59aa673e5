"""MAML++ (Antoniou, Edwards & Storkey, 2019): six fixes for MAML's training, each a switch."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter, InnerStep, MetaParams, partition
from maml_engine.core.episode import Episode
from maml_engine.core.first_order import first_order_gradient
from maml_engine.methods.base import Method
from maml_engine.pytrees import pytree, static_field

PyTree = Any

# The authors' code keeps this share of a step's weight, divided by the number of steps, when all has been annealed.
MIN_STEP_WEIGHT = 0.03


class PlusPlusRule(NamedTuple):
    """What the inner loop learns.

    step_sizes: `[inner_steps]` for each parameter array that moves; empty where they are not learned.
    norms: the normalisation layers' scales and biases, `[inner_steps + 1, ...]` each; empty where they are shared by all steps.
    """

    step_sizes: PyTree
    norms: PyTree


@pytree
class MAMLPlusPlus(Method):
    """MAML with any of these (Antoniou et al., 2019, sec. 4); all off is MAML.

    multi_step_iterations: meta-iterations over which the loss moves from all steps alike to the last step (multi-step loss,
      eq. 4; the authors' annealing); 0 counts the last step alone.
    first_order_iterations: meta-iterations with the first-order gradient, before the exact one (derivative-order annealing).
    learn_step_sizes: a learned step size for each parameter array and step (LSLR). At more steps than were trained, the last
      step's sizes are used again.
    inner_lr_decay: each step's size is this times the one before (the tutorial's "annealed inner step size"); 1 keeps it.
    per_step_norms: normalisation layers have a scale and a bias for each step, trained by the outer loop alone (BNWB).
      Statistics are those of the batch at hand, so they are each step's own anyway (BNRS).
    The sixth fix, a cosine meta step size, is the experiment's `meta_schedule`.
    """

    multi_step_iterations: int = static_field(default=0)
    first_order_iterations: int = static_field(default=0)
    inner_lr_decay: float = 1.0
    learn_step_sizes: bool = static_field(default=True)
    per_step_norms: bool = static_field(default=False)

    def __post_init__(self):
        super().__post_init__()
        check_number("multi_step_iterations", self.multi_step_iterations, low=0, integer=True)
        check_number("first_order_iterations", self.first_order_iterations, low=0, integer=True)
        check_number("inner_lr_decay", self.inner_lr_decay, above=0, high=1)

    def moving(self, params: PyTree) -> nnx.filterlib.Filter:
        """All, or all but the normalisation layers.

        Raises:
          ValueError: normalisation for each step is asked of a network that has none.
        """
        if not self.per_step_norms:
            return ...
        layers = norm_layers(params)
        if not layers:
            raise ValueError(
                "`per_step_norms` needs a network with normalisation layers (`layer_norm`, or `norm`); this one has none."
            )
        return lambda path, _: path[:-1] not in layers

    def init_rule(self, params: PyTree) -> PlusPlusRule:
        """Every step alike."""
        moving, norms = partition(self, params)
        sizes = self.inner_lr * self.inner_lr_decay ** jnp.arange(self.inner_steps)
        step_sizes = jax.tree.map(lambda leaf: sizes.astype(leaf.dtype), moving) if self.learn_step_sizes else ()
        return PlusPlusRule(step_sizes, jax.tree.map(lambda leaf: jnp.stack([leaf] * (self.inner_steps + 1)), norms))

    def fixed_at(self, rule: PlusPlusRule, fixed: PyTree, index: jax.Array | int) -> PyTree:
        """The normalisation layers of inner step `index` `[]`; beyond the last one trained, the last again."""
        return jax.tree.map(lambda leaf: leaf[jnp.minimum(index, self.inner_steps)], rule.norms) if fixed else fixed

    def descend(self, rule: PlusPlusRule, moving: PyTree, direction: PyTree, step: InnerStep) -> PyTree:
        """Each array by its step size of that step; beyond the last one trained, the last again.

        Args:
          rule: the learned step sizes.
          moving: the parameters that move, before the step.
          direction: what the inner optimiser made of the gradient, of the same shape.
          step: where the inner loop stands.
        """
        if not self.learn_step_sizes:
            size = self.inner_lr * self.inner_lr_decay**step.index
            return jax.tree.map(lambda param, slope: param - size * slope, moving, direction)
        last = jnp.minimum(step.index, self.inner_steps - 1)
        return jax.tree.map(lambda param, sizes, slope: param - sizes[last] * slope, moving, rule.step_sizes, direction)

    def step_weights(self, iteration: jax.Array | int) -> jax.Array | None:
        """Weights `[inner_steps + 1]`: from all steps alike to the last step, linearly over `multi_step_iterations`.

        The weights sum to 1, and the initial parameters never count. In the end the last step has 1 - (K - 1) * 0.03 / K and
        the others 0.03 / K, as in the authors' code; after that the last step alone counts.
        """
        steps = self.inner_steps
        if steps < 2 or self.multi_step_iterations == 0:
            return None
        progress = iteration / self.multi_step_iterations
        early = jnp.maximum((1 - progress) / steps, MIN_STEP_WEIGHT / steps)
        annealed = jnp.full(steps + 1, early).at[0].set(0.0).at[-1].set(1 - (steps - 1) * early)
        return jnp.where(progress < 1, annealed, jnp.zeros(steps + 1).at[-1].set(1.0))

    def meta_gradient(
        self, meta: MetaParams, episode: Episode, *, key: jax.Array | None = None, mode: str | None = None, **setting
    ) -> tuple[jax.Array, MetaParams]:
        """The meta-loss and its gradient: first-order for the first iterations, then exact.

        Args:
          meta: the meta-parameters.
          episode: tasks on a leading axis `[tasks]`.
          key: for methods that draw; one for all tasks, or one for each, `[tasks]`.
          mode: how the exact gradient is computed, a name in `core.exact.MODES`; None lets the engine choose.
          setting: `network`, `loss_fn` and `iteration`, as an `Adapter` has them.

        Returns:
          The meta-loss `[]`, and the gradient, shaped like `meta`.
        """
        adapter = Adapter(self, meta, **setting)

        def exact() -> tuple[jax.Array, MetaParams]:
            return super(MAMLPlusPlus, self).meta_gradient(meta, episode, key=key, mode=mode, **setting)

        def first_order() -> tuple[jax.Array, MetaParams]:
            return first_order_gradient(adapter, episode, key=key)

        if self.first_order_iterations == 0:
            return exact()
        return jax.lax.cond(adapter.iteration < self.first_order_iterations, first_order, exact)


def norm_layers(params: PyTree) -> set[tuple]:
    """Paths of the layers that have a `scale`: normalisation layers, as NNX names it."""
    return {path[:-1] for path, _ in nnx.to_flat_state(params) if path[-1] == "scale"}
