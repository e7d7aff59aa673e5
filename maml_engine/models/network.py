"""NNX at the edge: a module is taken apart once on the way in, and a copy put together on the way out."""

from typing import Any

import jax
import numpy as np
from flax import nnx

from maml_engine.pytrees import pytree, static_field

PyTree = Any


@pytree
class Network:
    """A module without its parameters: what turns parameters and inputs into predictions.

    graphdef: the module's structure; static.
    rest: whatever else the module holds (statistics, random streams); handed along, never differentiated.
    """

    graphdef: nnx.GraphDef = static_field()
    rest: PyTree

    @classmethod
    def split(cls, model: nnx.Module) -> tuple["Network", PyTree]:
        """Takes `model` apart; the parameters are shaped like `nnx.state(model, nnx.Param)`. `model` stays as it is."""
        graphdef, params, rest = nnx.split(model, nnx.Param, ...)
        return cls(graphdef, rest), params

    def merge(self, params: PyTree) -> nnx.Module:
        """A new module with these parameters, sharing no variable with any other."""
        return nnx.merge(self.graphdef, params, self.rest, copy=True)

    def predict(self, params: PyTree, x: jax.Array | np.ndarray) -> jax.Array:
        """`[examples, in_dim] -> [examples, out_dim]`: a pure function, safe inside any JAX transformation."""
        return self.merge(params)(x)
