"""Prototypical networks (Snell, Swersky & Zemel, 2017): an example is of the class whose mean is nearest."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from maml_engine.core.adapter import Adapter
from maml_engine.core.closed_form import HeadRows
from maml_engine.core.episode import Batch
from maml_engine.core.labels import takes_labels
from maml_engine.methods.solved_head import SolvedHead
from maml_engine.pytrees import pytree

PyTree = Any


@pytree
class ProtoNet(SolvedHead):
    """Adapts by solving: logits are minus the features' squared distances to each class's mean (Snell et al., 2017, eq. 2).

    As a last layer that is 2 c'f - |c|^2, which differs by |f|^2, the same for all classes (sec. 2.4). The last layer's own
    numbers play no part; a class without an example stands at the mean of all.
    """

    needs_classes: ClassVar[bool] = True

    def from_support(self, adapter: Adapter, support: Batch) -> PyTree:
        """The parameters with the class means as their last layer.

        Args:
          adapter: this method with its meta-parameters, the network and the loss.
          support: one task's examples, `x` `[k_shot, ...]`.

        Raises:
          ValueError: the loss is not of classes, or the last layer has no bias.
        """
        return with_prototypes(type(self).__name__, adapter, support)


def with_prototypes(name: str, adapter: Adapter, support: Batch) -> PyTree:
    """The network's parameters with class means as their last layer: weights 2 c, biases -|c|^2.

    Args:
      name: of the method, in refusals.
      adapter: the network, its parameters and the loss.
      support: one task's examples, `x` `[k_shot, ...]`.

    Raises:
      ValueError: the loss is not of classes, or the last layer has no bias.
    """
    if not takes_labels(adapter.loss_fn):
        raise ValueError(
            f"{name} needs classes: labels or one-hot rows as targets, and a loss of classes (softmax_cross_entropy)."
        )
    rows = HeadRows.of(adapter, support)
    if not rows.has_bias:
        raise ValueError(f"{name} needs a last layer with a bias, an nnx.Linear with `use_bias=True`.")
    means = prototypes(rows.features[:, :-1], rows.targets, rows.weight)
    return rows.params(adapter.meta.init, jnp.concatenate([2 * means, -jnp.sum(means**2, axis=1, keepdims=True)], axis=1).T)


def prototypes(features: jax.Array, one_hot: jax.Array, weight: jax.Array) -> jax.Array:
    """The mean features of each class (Snell et al., 2017, eq. 1).

    Args:
      features: `[k_shot, features]`; 0 in rows of padding.
      one_hot: `[k_shot, classes]`; likewise.
      weight: `[k_shot]`, 0 where a row is padding.

    Returns:
      `[classes, features]`; a class without an example has the mean of all rows, and where there are none, 0.
    """
    shares = one_hot * weight[:, None]
    counts = jnp.sum(shares, axis=0)[:, None]
    of_all = weight @ features / jnp.maximum(jnp.sum(weight), 1.0)
    return jnp.where(counts > 0, shares.T @ features / jnp.where(counts > 0, counts, 1.0), of_all)
