"""Model-agnostic meta-learning (Finn, Abbeel & Levine, 2017), exact and first-order."""

import jax

from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.core.episode import Episode
from maml_engine.core.first_order import first_order_gradient
from maml_engine.methods.base import Method
from maml_engine.pytrees import pytree


@pytree
class MAML(Method):
    """Gradient descent inside, the exact gradient through it outside (Finn et al., 2017, algorithm 1)."""


@pytree
class FOMAML(Method):
    """MAML whose outer gradient takes the inner gradient as a constant (Finn et al., 2017, sec. 5.2)."""

    def meta_gradient(
        self, meta: MetaParams, episode: Episode, *, key: jax.Array | None = None, mode: str | None = None, **setting
    ) -> tuple[jax.Array, MetaParams]:
        """The meta-loss and its first-order gradient: that of the query loss at the adapted parameters.

        Args:
          meta: the meta-parameters.
          episode: tasks on a leading axis `[tasks]`.
          key: for methods that draw; one for all tasks, or one for each, `[tasks]`.
          mode: any of `core.exact.MODES`; makes no difference here.
          setting: `network`, `loss_fn` and `iteration`, as an `Adapter` has them.

        Returns:
          The meta-loss `[]`, and the gradient, shaped like `meta`.
        """
        del mode  # nothing flows back through the inner gradient, so there is nothing to choose
        return first_order_gradient(Adapter(self, meta, **setting), episode, key=key)
