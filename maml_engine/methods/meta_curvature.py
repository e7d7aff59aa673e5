"""Meta-Curvature (Park & Oliva, 2019): a learned linear map of each layer's gradient."""

from typing import Any

import jax
import jax.numpy as jnp

from maml_engine.core.adapter import InnerStep, partition
from maml_engine.methods.base import Method
from maml_engine.pytrees import pytree

PyTree = Any


@pytree
class MetaCurvature(Method):
    """Each axis of a gradient is multiplied by a learned matrix: M_in G M_out for a dense kernel (Park & Oliva, 2019, eq. 7).

    The rule holds, for every parameter that moves, one square matrix an axis (a convolution's two spatial axes count as one, as
    M_f in the paper). All start as the identity, where the method is MAML.
    """

    def init_rule(self, params: PyTree) -> PyTree:
        """Identities."""
        moving, _ = partition(self, params)
        return [tuple(jnp.eye(size, dtype=leaf.dtype) for size in _axes(leaf)) for leaf in jax.tree.leaves(moving)]

    def descend(self, rule: PyTree, moving: PyTree, direction: PyTree, step: InnerStep) -> PyTree:
        """Along the transformed gradient.

        Args:
          rule: a square matrix for each axis of each parameter array.
          moving: the parameters that move, before the step.
          direction: what the inner optimiser made of the gradient, of the same shape.
          step: where the inner loop stands.
        """
        leaves, shape = jax.tree.flatten(direction)
        transformed = jax.tree.unflatten(shape, [_transform(leaf, maps) for leaf, maps in zip(leaves, rule, strict=True)])
        return super().descend((), moving, transformed, step)


def _axes(leaf: jax.Array) -> tuple[int, ...]:
    """Sizes of the axes that get a matrix: `[h, w, in, out]` becomes `[h * w, in, out]`."""
    return leaf.shape if leaf.ndim < 4 else (leaf.shape[0] * leaf.shape[1], *leaf.shape[2:])


def _transform(gradient: jax.Array, maps: tuple[jax.Array, ...]) -> jax.Array:
    result = gradient.reshape(_axes(gradient))
    for axis, matrix in enumerate(maps):
        result = jnp.moveaxis(jnp.tensordot(result, matrix, axes=(axis, 0)), -1, axis)
    return result.reshape(gradient.shape)
