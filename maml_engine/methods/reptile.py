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
        """Interpolation towards the adapted parameters."""
        del mode  # nothing flows back
        return interpolation_gradient(Adapter(self, meta, **setting), episode, key=key)
