"""Implicit MAML (Rajeswaran, Finn, Kakade & Levine, 2019): the outer gradient depends on where the inner loop ends, not how."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter, InnerStep, MetaParams
from maml_engine.core.episode import Episode
from maml_engine.core.implicit import Solved, implicit_gradient
from maml_engine.methods.base import Method
from maml_engine.pytrees import pytree, static_field

PyTree = Any

# Of the linear system, relative to its right side; beyond it `diagnose` warns.
MAX_RESIDUAL = 0.5


class Proximal(NamedTuple):
    """The inner loop's state.

    start: theta, where it began; shaped like the parameters that move.
    arrived: `[]`, whether the proximal gradient has become small enough.
    optimizer: the inner optimiser's own state.
    """

    start: PyTree
    arrived: jax.Array
    optimizer: PyTree


@pytree
class IMAML(Method):
    """Solves min_phi L(phi) + lambda/2 |phi - theta|^2 and differentiates the solution (Rajeswaran et al., 2019, eq. 3-6).

    proximal: lambda, the strength of the pull towards theta; must exceed the largest negative curvature of L.
    inner_tolerance: the inner loop stands still once the proximal gradient's norm is at most this; `inner_steps` is the
      most it takes.
    cg_steps: the most conjugate-gradient iterations for (I + H/lambda) g = query gradient. No damping is added (the authors'
      code adds some by accident, which solves another system).
    """

    proximal: float = 2.0
    inner_tolerance: float = 1e-6
    cg_steps: int = static_field(default=5)

    def __post_init__(self):
        super().__post_init__()
        check_number("proximal", self.proximal, above=0)
        check_number("inner_tolerance", self.inner_tolerance, low=0)
        check_number("cg_steps", self.cg_steps, low=1, integer=True)

    def init_inner(self, rule: PyTree, moving: PyTree) -> Proximal:
        """It begins at theta."""
        return Proximal(moving, jnp.array(False), super().init_inner(rule, moving))

    def inner_update(
        self, rule: PyTree, moving: PyTree, gradient: PyTree, state: Proximal, step: InnerStep
    ) -> tuple[PyTree, Proximal]:  # positional: as in `Method`
        """A step on the proximal objective, until its gradient is small enough.

        Args:
          rule: empty; nothing is learned here.
          moving: the parameters that move, before the step.
          gradient: the support loss's gradient there, of the same shape.
          state: where the inner loop began, and whether it has arrived.
          step: where the inner loop stands.

        Returns:
          The parameters after the step, and the state for the next.
        """
        pull = jax.tree.map(lambda slope, param, start: slope + self.proximal * (param - start), gradient, moving, state.start)
        arrived = state.arrived | (optax.tree.norm(pull) <= self.inner_tolerance)
        moved, optimizer = super().inner_update(rule, moving, pull, state.optimizer, step)
        stay = jax.tree.map(lambda before, after: jnp.where(arrived, before, after), moving, moved)
        return stay, Proximal(state.start, arrived, optimizer)

    def meta_gradient(
        self, meta: MetaParams, episode: Episode, *, key: jax.Array | None = None, mode: str | None = None, **setting
    ) -> tuple[jax.Array, MetaParams]:
        """The meta-loss and its gradient through the solution's equation (Rajeswaran et al., 2019, eq. 6).

        Args:
          meta: the meta-parameters.
          episode: tasks on a leading axis `[tasks]`.
          key: for methods that draw; one for all tasks, or one for each, `[tasks]`.
          mode: any of `core.exact.MODES`; makes no difference here.
          setting: `network`, `loss_fn` and `iteration`, as an `Adapter` has them.

        Returns:
          The meta-loss `[]`, and the gradient, shaped like `meta`.
        """
        del mode  # nothing flows back through the inner loop
        loss, gradient, _ = self.solve(meta, episode, key=key, **setting)
        return loss, gradient

    def solve(
        self, meta: MetaParams, episode: Episode, *, key: jax.Array | None = None, **setting
    ) -> tuple[jax.Array, MetaParams, Solved]:
        """As `meta_gradient`, and how well both problems were solved, `[tasks]` each.

        Args:
          meta: the meta-parameters.
          episode: tasks on a leading axis `[tasks]`.
          key: for methods that draw.
          setting: `network`, `loss_fn` and `iteration`, as an `Adapter` has them.
        """
        return implicit_gradient(Adapter(self, meta, **setting), episode, key=key)

    def diagnose(self, meta: MetaParams, episode: Episode, **setting) -> str:
        """Whether conjugate gradients met negative curvature, or were far from done."""
        solved = _solved(Adapter(self, meta, **setting), episode)
        least, residual = float(jnp.min(solved.least_curvature)), float(jnp.max(solved.cg_residual))
        if least <= 0:
            return (
                f"Conjugate gradients met negative curvature ({least:.2g}), where the implicit gradient is not to be trusted: "
                f"raise `proximal` (now {self.proximal:g})."
            )
        if residual > MAX_RESIDUAL:
            return (
                f"Conjugate gradients left a relative residual of {residual:.2g}: raise `cg_steps` (now {self.cg_steps}) or "
                f"`proximal` (now {self.proximal:g})."
            )
        return ""


@jax.jit
def _solved(adapter: Adapter, episode: Episode) -> Solved:
    return implicit_gradient(adapter, episode)[2]
