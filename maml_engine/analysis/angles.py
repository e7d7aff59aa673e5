"""Angles between vectors. A vector that is zero, or that has overflowed, has none: NaN."""

from typing import Any

import numpy as np

# A mean of many tasks' vectors that is so much smaller than they are is what rounding leaves of 0.
CANCELLED = 1e-3


def degrees_between(a: Any, b: Any, xp: Any = np) -> Any:
    """The angle between vectors on the last axis, accurate also where they almost agree (the arc cosine is not).

    Args:
      a: `[..., size]`.
      b: `[..., size]`, of the same shape but for axes that are broadcast.
      xp: `numpy`, or `jax.numpy` where it is traced.

    Returns:
      `[...]`, in degrees from 0 to 180; NaN where one of the two is zero or not finite, and so points nowhere.
    """
    a, b = _unit(a, xp), _unit(b, xp)
    return xp.degrees(2 * xp.arctan2(xp.linalg.norm(a - b, axis=-1), xp.linalg.norm(a + b, axis=-1)))


def _unit(vector: Any, xp: Any) -> Any:
    """`[..., size]`, each of length 1, or NaN."""
    norm = xp.linalg.norm(vector, axis=-1, keepdims=True)
    has_direction = (norm > 0) & (norm < xp.inf)
    return xp.where(has_direction, vector / xp.where(has_direction, norm, 1), xp.nan)
