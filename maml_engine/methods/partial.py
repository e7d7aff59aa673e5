"""Methods that adapt a part of the network: ANIL its head, BOIL its body."""

from typing import Any

from flax import nnx

from maml_engine.core.adapter import check_match
from maml_engine.methods.base import Method
from maml_engine.pytrees import pytree, static_field

PyTree = Any


def last_layer(params: PyTree) -> nnx.filterlib.Filter:
    """The filter of the last layer's parameters: the last in the order of the state, which is that of the names.

    Raises:
      ValueError: the network has one layer, so there is no body.
    """
    layers = list(dict.fromkeys(path[:-1] for path, _ in nnx.to_flat_state(params)))
    if len(layers) < 2:
        raise ValueError(
            f"ANIL and BOIL need a body and a head, at least 2 layers with parameters; this network has {len(layers)}."
        )
    head = layers[-1]
    return lambda path, _: path[: len(head)] == head


@pytree
class ANIL(Method):
    """Almost no inner loop (Raghu, Raghu, Bengio & Vinyals, 2020): only the head adapts, the body is shared features.

    head: an NNX filter of the parameters that move; None takes the last layer. The outer loop trains all.
    """

    head: nnx.filterlib.Filter | None = static_field(default=None)

    def moving(self, params: PyTree) -> nnx.filterlib.Filter:
        """The head."""
        return last_layer(params) if self.head is None else self.head


@pytree
class BOIL(Method):
    """Body only update in the inner loop (Oh, Yoo, Kim & Yun, 2021): the head stays, the features adapt.

    head: an NNX filter of the parameters that stay; None takes the last layer. The outer loop trains all.
    """

    head: nnx.filterlib.Filter | None = static_field(default=None)

    def moving(self, params: PyTree) -> nnx.filterlib.Filter:
        """All but the head.

        Raises:
          ValueError: `head` matches no parameter, so that all would move; those that there are, by path.
        """
        if self.head is None:
            return nnx.Not(last_layer(params))
        check_match("BOIL's `head`", nnx.filter_state(params, self.head), params)
        return nnx.Not(self.head)
