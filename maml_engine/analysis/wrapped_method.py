"""A method looked at through another: it answers as the method does, but for what its steps become."""

from typing import Any

import jax
from flax import nnx

from maml_engine.core.adapter import Adapter
from maml_engine.core.episode import Batch
from maml_engine.methods import Method
from maml_engine.pytrees import pytree

PyTree = Any


@pytree
class WrappedMethod:
    """Answers the inner loop's questions as `method` does; a subclass says what `inner_update` makes of its steps.

    method: makes the steps.
    """

    method: Method

    @property
    def inner_steps(self) -> int:
        """As many as the method's, which is how many are compiled."""
        return self.method.inner_steps

    @property
    def support_gives(self) -> str:
        """As in the method."""
        return self.method.support_gives

    def from_support(self, adapter: Adapter, support: Batch) -> PyTree:
        """As in the method, which is asked as itself."""
        return self.method.from_support(adapter.replace(method=self.method), support)

    def moving(self, params: PyTree) -> nnx.filterlib.Filter:
        """As in the method."""
        return self.method.moving(params)

    def fixed_at(self, rule: PyTree, fixed: PyTree, index: jax.Array | int) -> PyTree:
        """As in the method, at inner step `index` `[]`."""
        return self.method.fixed_at(rule, fixed, index)

    def init_inner(self, rule: PyTree, moving: PyTree) -> PyTree:
        """As in the method."""
        return self.method.init_inner(rule, moving)
