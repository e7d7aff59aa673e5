"""An outside opinion on the meta-gradient: the slope of the meta-loss itself, from two values of it, in 64 bits."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from maml_engine.analysis.compiled_steps import with_room_for
from maml_engine.analysis.wrapped_method import WrappedMethod
from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter, InnerStep, MetaParams
from maml_engine.core.episode import Episode
from maml_engine.core.exact import MODES, exact_gradient
from maml_engine.core.first_order import first_order_gradient
from maml_engine.core.meta_loss import meta_loss
from maml_engine.pytrees import pytree

PyTree = Any

# Central differences err by the third derivative times `STEP ** 2` and by rounding, 1e-16 / STEP; this balances them for losses
# near 1, and is short enough that few paths step over a kink of a ReLU.
STEP = 1e-6
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class FiniteDifferenceCheck:
    """Slopes of the meta-loss along random directions, measured and computed.

    measured: `[directions]`, central differences of the meta-loss.
    exact: `[directions]`, the slopes by the exact gradient.
    first_order: `[directions]`, the slopes by the first-order gradient.
    """

    measured: np.ndarray
    exact: np.ndarray
    first_order: np.ndarray

    @property
    def error(self) -> float:
        """Of the exact gradient, relative to the slopes."""
        return _relative_error(self.exact, self.measured)

    @property
    def first_order_error(self) -> float:
        """Of the first-order gradient, relative to the slopes: what it leaves out."""
        return _relative_error(self.first_order, self.measured)

    @property
    def passed(self) -> bool:
        """Whether the exact gradient is the slope; a meta-loss that overflowed fails."""
        return self.error <= TOLERANCE


def finite_difference_check(
    adapter: Adapter, episode: Episode, inner_steps: int | None = None, *, directions: int = 6, seed: int = 0
) -> FiniteDifferenceCheck:
    """Checks the engine's meta-gradient against central differences of its meta-loss, both in 64 bits.

    A ReLU network's loss has kinks, and a difference taken across one is no derivative: over steps of 1e-6 that is rare, and
    shows as an error far above rounding.

    Args:
      adapter: the method and the meta-parameters to start from.
      episode: tasks on a leading axis `[tasks]`.
      inner_steps: None takes the method's own.
      directions: random unit vectors in parameter space.
      seed: of the directions.

    Raises:
      ValueError: a number out of range, or a method whose inner loop carries a state.
    """
    steps = int(adapter.method.inner_steps) if inner_steps is None else inner_steps
    check_number("directions", directions, low=1, integer=True)
    adapter = with_room_for(adapter, steps)
    size = sum(np.size(leaf) for leaf in jax.tree.leaves(adapter.meta.init))
    vectors = np.random.default_rng(seed).normal(size=(directions, size))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    with jax.enable_x64(True):
        adapter = adapter.replace(method=FirstSteps(adapter.method, steps), meta=_in_64_bits(adapter.meta))
        slopes = _slopes(adapter, _in_64_bits(episode), vectors)
        return FiniteDifferenceCheck(*(np.asarray(slope) for slope in slopes))


@pytree
class FirstSteps(WrappedMethod):
    """A method that stands still after `steps` steps, a traced number: one compiled program for any of them.

    The query loss after the last step counts alone, whatever weights the method gives to earlier ones.

    steps: `[]`, how many are made; the method's own `inner_steps` is how many are compiled.
    """

    steps: jax.Array | int

    def fixed_at(self, rule: PyTree, fixed: PyTree, index: jax.Array | int) -> PyTree:
        """As in the method, at inner step `index` `[]` or at the last one that was made."""
        return super().fixed_at(rule, fixed, jnp.minimum(index, self.steps))

    def inner_update(
        self, rule: PyTree, moving: PyTree, gradient: PyTree, state: PyTree, step: InnerStep
    ) -> tuple[PyTree, PyTree]:  # positional: as `InnerRule` has it
        """Makes the method's step, or none.

        Args:
          rule: what the inner loop has learned.
          moving: the parameters that move, before the step.
          gradient: the support loss's gradient there, of the same shape.
          state: what the step before gave.
          step: where the inner loop stands.

        Returns:
          The parameters after the step, and the state for the next.
        """
        moved = self.method.inner_update(rule, moving, gradient, state, step)
        return jax.tree.map(partial(jnp.where, step.index < self.steps), moved, (moving, state))

    def step_weights(self, iteration: jax.Array | int) -> None:
        """None: the last step counts alone, at any meta-iteration `[]`."""
        del iteration


@jax.jit
def _slopes(adapter: Adapter, episode: Episode, vectors: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Slopes `[directions]` along `vectors` `[directions, params]`: measured, exact and first-order."""
    start, unravel = ravel_pytree(adapter.meta.init)

    def loss_at(vector: jax.Array) -> jax.Array:
        meta = MetaParams(unravel(vector), adapter.meta.rule)
        return meta_loss(adapter.replace(meta=meta), episode, flow=MODES["plain"])

    ahead, behind = jax.vmap(jax.vmap(loss_at))(start + STEP * jnp.stack([vectors, -vectors]))
    _, exact = exact_gradient(adapter, episode)
    _, first_order = first_order_gradient(adapter, episode)
    by_exact, by_first_order = (vectors @ ravel_pytree(gradient.init)[0] for gradient in (exact, first_order))
    return (ahead - behind) / (2 * STEP), by_exact, by_first_order


def _in_64_bits(tree: PyTree) -> PyTree:
    def widened(leaf: Any) -> np.ndarray:
        leaf = np.asarray(leaf)
        return leaf.astype(np.float64) if np.issubdtype(leaf.dtype, np.floating) else leaf

    return jax.tree.map(widened, tree)


def _relative_error(computed: np.ndarray, measured: np.ndarray) -> float:
    return float(np.linalg.norm(computed - measured) / np.linalg.norm(measured))
