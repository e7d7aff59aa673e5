"""Newton's method in the plane."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

NEWTON_STEPS, HALVINGS, LAST_STEP = 30, 12, 1e-5

Carry = tuple[Any, jax.Array, Any]  # steps made, the point, whether it has moved

gradient = jax.jacfwd  # of what has two parameters


def newton(objective: Callable[[jax.Array], jax.Array], start: jax.Array) -> jax.Array:
    """Minimises by Newton's method that only goes downhill: curvature is lifted above 0, and a step is halved until it pays.

    Args:
      objective: `[2] -> []`, twice differentiable.
      start: `[2]`.

    Returns:
      `[2]`, a local minimum downhill from `start`, or where `NEWTON_STEPS` steps end.
    """
    lengths = jnp.append(0.5 ** jnp.arange(HALVINGS), 0.0)

    def whole_step(point: jax.Array) -> jax.Array:
        hessian = gradient(gradient(objective))(point)
        smaller, larger = _eigenvalues(hessian)
        floor = 1e-3 * jnp.maximum(jnp.abs(smaller), jnp.abs(larger)) + 1e-30
        lifted = hessian + jnp.maximum(0.0, floor - smaller) * jnp.eye(2)
        return solve(lifted, gradient(objective)(point))

    def step(carry: Carry) -> Carry:
        count, point, _ = carry
        candidates = point - lengths[:, None] * whole_step(point)
        values = jax.vmap(objective)(candidates)
        best = candidates[jnp.argmin(jnp.where(jnp.isfinite(values), values, jnp.inf))]
        return count + 1, best, jnp.any(best != point)

    def goes_on(carry: Carry) -> jax.Array:
        count, _, has_moved = carry
        return has_moved & (count < NEWTON_STEPS)

    _, point, _ = jax.lax.while_loop(goes_on, step, (0, start, True))
    # Values of the objective cannot tell points closer than 1e-8 apart; its gradient can.
    last = whole_step(point)
    return jnp.where(jnp.linalg.norm(last) < LAST_STEP, point - last, point)


def solve(matrix: jax.Array, right: jax.Array) -> jax.Array:
    """The `[2]` that a `[2, 2]` matrix takes to `right` `[2]`; written out, it is no call to LAPACK for two numbers."""
    (a, b), (c, d) = matrix
    x, y = right
    return jnp.stack([d * x - b * y, a * y - c * x]) / (a * d - b * c)


def _eigenvalues(matrix: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The smaller and the larger one of a symmetric `[2, 2]`."""
    middle = (matrix[0, 0] + matrix[1, 1]) / 2
    radius = jnp.hypot((matrix[0, 0] - matrix[1, 1]) / 2, matrix[0, 1])
    return middle - radius, middle + radius
