"""What methods that solve for the last layer share."""

from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.core.closed_form import head_path, objective_gradient
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.labels import takes_labels
from maml_engine.methods.base import Method
from maml_engine.pytrees import pytree

PyTree = Any

# Of logarithms that are learned: beyond it 32 bits hold no sensible number.
MAX_LOG = 14.0
# One-hot rows are regressed as this much, so that a softmax of what is regressed can be sure; learned from there.
LOGIT_SCALE = 8.0


def from_log(log: jax.Array, most: float = MAX_LOG) -> jax.Array:
    """What a learned logarithm is of, `[...]`, however far it was learned."""
    return jnp.exp(jnp.clip(log, -most, most))


@pytree
class SolvedHead(Method):
    """Adapts by solving for the last layer, on features that the outer loop learns; a method's own file says how."""

    support_gives: ClassVar[Literal["nothing", "start", "solution"]] = "solution"

    def moving(self, params: PyTree) -> nnx.filterlib.Filter:
        """The last layer, by the order of the names; no step is made, so this only says what a task has of its own."""
        head = head_path(params)
        return lambda path, _: tuple(path[:-1]) == head


@pytree
class LikelyHead(SolvedHead):
    """A solved head that is a probability model: regression learns by its likelihood, classes by their loss."""

    def objective(self, adapter: Adapter, solved: PyTree, support: Batch, query: Batch) -> jax.Array:
        """What regression makes small for one task, `[]`: minus a log likelihood.

        Args:
          adapter: this method with its meta-parameters, the network and the loss.
          solved: what the support gave.
          support: one task's examples.
          query: the rows that are judged.
        """
        raise NotImplementedError

    def meta_gradient(
        self, meta: MetaParams, episode: Episode, *, key: jax.Array | None = None, mode: str | None = None, **setting
    ) -> tuple[jax.Array, MetaParams]:
        """The meta-loss, and the gradient of `objective`; of a loss of classes its own gradient.

        Args:
          meta: the meta-parameters.
          episode: tasks on a leading axis `[tasks]`.
          key: for networks that draw; one for all tasks, or one for each, `[tasks]`.
          mode: any of `core.exact.MODES`; makes no difference to a likelihood.
          setting: `network`, `loss_fn` and `iteration`, as an `Adapter` has them.

        Returns:
          The meta-loss `[]`, and the gradient, shaped like `meta`.
        """
        adapter = Adapter(self, meta, **setting)
        if takes_labels(adapter.loss_fn):
            return super().meta_gradient(meta, episode, key=key, mode=mode, **setting)
        return objective_gradient(adapter, episode, self.objective, key=key)
