"""UNICORN-MAML (Ye & Chao, 2022): one class vector for all classes, so that their order changes nothing."""

from typing import Any, ClassVar

import jax.numpy as jnp

from maml_engine.core.adapter import Adapter
from maml_engine.core.closed_form import HeadRows
from maml_engine.core.episode import Batch
from maml_engine.core.labels import takes_labels
from maml_engine.methods.base import Method
from maml_engine.pytrees import pytree

PyTree = Any


@pytree
class UNICORN(Method):
    """MAML whose last layer starts with the same vector for every class (Ye & Chao, 2022, sec. 5).

    MAML learns a vector for each output, though which class gets which output is drawn anew for each task; so its answer
    depends on that draw. Here the first output's vector is copied to all. Under a softmax no prediction depends on which vector
    that is (each class's logit has the same f'w), so its gradient is 0 and the method is a head that starts at zero: the first
    step moves the head alone.
    """

    support_gives: ClassVar = "start"
    needs_classes: ClassVar[bool] = True

    def from_support(self, adapter: Adapter, support: Batch) -> PyTree:
        """The parameters with one vector in all outputs of the last layer; of the support only the shapes matter.

        Args:
          adapter: this method with its meta-parameters, the network and the loss.
          support: one task's examples, `x` `[k_shot, ...]`.

        Raises:
          ValueError: the loss is not of classes.
        """
        if not takes_labels(adapter.loss_fn):
            raise ValueError(
                "UNICORN needs classes: labels or one-hot rows as targets, and a loss of classes (softmax_cross_entropy)."
            )
        rows = HeadRows.of(adapter, support)
        return rows.params(adapter.meta.init, jnp.broadcast_to(rows.kernel[:, :1], rows.kernel.shape))
