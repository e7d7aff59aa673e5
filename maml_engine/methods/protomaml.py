"""ProtoMAML (Triantafillou et al., 2020, sec. 3.3): MAML whose head starts from the class means."""

from typing import Any, ClassVar

from maml_engine.core.adapter import Adapter
from maml_engine.core.episode import Batch
from maml_engine.methods.base import Method
from maml_engine.methods.protonet import with_prototypes
from maml_engine.pytrees import pytree

PyTree = Any


@pytree
class ProtoMAML(Method):
    """Gradient descent from ProtoNet's head; the exact gradient flows through the steps and through the class means.

    So it works for any order of the classes and, with another network for each number of classes, for any of them. The last
    layer's own numbers play no part.
    """

    support_gives: ClassVar = "start"
    needs_classes: ClassVar[bool] = True

    def from_support(self, adapter: Adapter, support: Batch) -> PyTree:
        """The parameters with the class means as their last layer, where the steps begin.

        Args:
          adapter: this method with its meta-parameters, the network and the loss.
          support: one task's examples, `x` `[k_shot, ...]`.

        Raises:
          ValueError: the loss is not of classes, or the last layer has no bias.
        """
        return with_prototypes(type(self).__name__, adapter, support)
