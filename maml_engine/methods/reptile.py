"""Reptile (Nichol, Achiam & Schulman, 2018): walk to each task's solution, then part of the way there."""

import jax

from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.core.episode import Episode
from maml_engine.core.interpolation import interpolation_gradient
from maml_engine.methods.base import Method
from maml_engine.pytrees import pytree


@pytree
class Reptile(Method):
    """The outer direction is theta - theta_K; no gradient flows through the inner loop, and no query set is needed.

    With `meta_optimizer="sgd"` the meta step size is the paper's epsilon: 1 moves to the mean of the adapted parameters,
    0 stays. Under Adam the direction is a pseudo-gradient and the meta step size is no interpolation (sec. 2 names both).
    The inner optimiser starts afresh for each task; the authors' code shares Adam's second moments across tasks, which is
    another algorithm.
    """

    def meta_gradient(
        self, meta: MetaParams, episode: Episode, *, key: jax.Array | None = None, mode: str | None = None, **setting
    ) -> tuple[jax.Array, MetaParams]:
        """The meta-loss, and the direction away from the adapted parameters (Nichol et al., 2018, eq. 4).

        Args:
          meta: the meta-parameters.
          episode: tasks on a leading axis `[tasks]`.
          key: for methods that draw; one for all tasks, or one for each, `[tasks]`.
          mode: any of `core.exact.MODES`; makes no difference here.
          setting: `network`, `loss_fn` and `iteration`, as an `Adapter` has them.

        Returns:
          The meta-loss `[]`, and the gradient, shaped like `meta`.
        """
        del mode  # nothing flows back
        return interpolation_gradient(Adapter(self, meta, **setting), episode, key=key)
