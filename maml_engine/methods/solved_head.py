"""What methods that solve for the last layer share."""

from typing import Any, ClassVar, Literal

from flax import nnx

from maml_engine.core.closed_form import head_path
from maml_engine.methods.base import Method
from maml_engine.pytrees import pytree

PyTree = Any

# Of logarithms that are learned: beyond it 32 bits hold no sensible number.
MAX_LOG = 14.0
# One-hot rows are regressed as this much, so that a softmax of what is regressed can be sure; learned from there.
LOGIT_SCALE = 8.0


@pytree
class SolvedHead(Method):
    """Adapts by solving for the last layer, on features that the outer loop learns; a method's own file says how."""

    support_gives: ClassVar[Literal["nothing", "start", "solution"]] = "solution"

    def moving(self, params: PyTree) -> nnx.filterlib.Filter:
        """The last layer, by the order of the names; no step is made, so this only says what a task has of its own."""
        head = head_path(params)
        return lambda path, _: tuple(path[:-1]) == head
