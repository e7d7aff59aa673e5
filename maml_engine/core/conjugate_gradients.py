"""A linear solver that reports how well it did."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

PyTree = Any


def conjugate_gradients(system: Callable[[PyTree], PyTree], target: PyTree, steps: int) -> tuple[PyTree, jax.Array, jax.Array]:
    """Solves `system(x) = target` for a symmetric positive definite `system`, from x = 0 (Hestenes & Stiefel, 1952).

    JAX's own solver reports neither its residual nor the curvature that it met, and an indefinite system gives
    garbage silently; so these few lines.

    Args:
      system: a linear map from a pytree to one of the same shape.
      target: the right side.
      steps: iterations; static.

    Returns:
      x, the relative residual `[]`, and the least curvature p'Ap / p'p met `[]`.
    """
    size = jnp.asarray(optax.tree.vdot(target, target))
    tiny = jnp.finfo(size.dtype).tiny

    def step(carry, _):
        x, residual, direction, squared, least = carry
        image = system(direction)
        curvature = optax.tree.vdot(direction, image)
        # Once solved, residual and direction vanish; nothing moves then.
        length = jnp.where(squared > 0, squared / jnp.where(curvature == 0, 1.0, curvature), 0.0)
        x = jax.tree.map(lambda a, b: a + length * b, x, direction)
        residual = jax.tree.map(lambda a, b: a - length * b, residual, image)
        new_squared = optax.tree.vdot(residual, residual)
        least = jnp.where(
            squared > tiny, jnp.minimum(least, curvature / jnp.maximum(optax.tree.vdot(direction, direction), tiny)), least
        )
        ratio = jnp.where(squared > 0, new_squared / jnp.where(squared == 0, 1.0, squared), 0.0)
        direction = jax.tree.map(lambda a, b: a + ratio * b, residual, direction)
        return (x, residual, direction, new_squared, least), None

    start = (jax.tree.map(jnp.zeros_like, target), target, target, size, jnp.full_like(size, jnp.inf))
    (x, _, _, squared, least), _ = jax.lax.scan(step, start, length=steps)
    return x, jnp.sqrt(squared / jnp.maximum(size, tiny)), least
