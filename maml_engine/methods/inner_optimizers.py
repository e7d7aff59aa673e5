"""What turns an inner gradient into a direction to descend, and what a transformation of a caller's own would do wrong."""

from functools import lru_cache
from typing import cast

import jax
import jax.numpy as jnp
import optax

# `eps_root` keeps the square root's derivative finite where a gradient is exactly zero (google-deepmind/optax#882).
INNER_OPTIMIZERS: dict[str, optax.GradientTransformation] = {
    "sgd": optax.identity(),
    "momentum": optax.trace(decay=0.9),
    "adam": optax.scale_by_adam(eps_root=1e-8),
    "rmsprop": optax.scale_by_rms(eps=1e-8, eps_in_sqrt=True),
}


def check_descends(transformation: optax.GradientTransformation) -> None:
    """Refuses an optimiser that would ascend: Optax's own are added to the parameters, a direction is subtracted.

    Raises:
      ValueError: from a gradient of 1, its first step points the other way.
    """
    if _first_direction(transformation) < 0:
        raise ValueError(
            "`inner_optimizer` must give the direction that is subtracted, `inner_lr` times; one step from a gradient of 1 "
            "gave one that climbs, as those of Optax do that bring a step size of their own: hand over optax.scale_by_adam("
            "eps_root=1e-8), not optax.adam(...), or chain optax.scale(-1.0) behind it."
        )


def check_differentiable(transformation: optax.GradientTransformation) -> None:
    """Refuses an optimiser through which no exact outer gradient can flow where an inner gradient is 0.

    Raises:
      ValueError: the direction's derivative there is not finite.
    """
    if not _is_differentiable(transformation):
        raise ValueError(
            "`inner_optimizer` has no finite derivative where a gradient is exactly 0 (a dead ReLU's), so the outer gradient "
            "would be NaN: give it `eps_root`, as in optax.scale_by_adam(eps_root=1e-8), or use a first-order method."
        )


@lru_cache(maxsize=128)
def _first_direction(transformation: optax.GradientTransformation) -> float:
    """What the first step makes of a gradient of 1 for a parameter at 0; 0 where it cannot be tried on a parameter alone."""
    with jax.ensure_compile_time_eval():
        try:
            return float(_direction(transformation, jnp.ones(())))
        except Exception:  # it asks for more than a gradient (the loss, a tree of labels): nothing can be said here
            return 0.0


@lru_cache(maxsize=128)
def _is_differentiable(transformation: optax.GradientTransformation) -> bool:
    with jax.ensure_compile_time_eval():
        try:
            return bool(jnp.isfinite(jax.grad(lambda slope: _direction(transformation, slope))(jnp.zeros(()))))
        except Exception:  # as above
            return True


def _direction(transformation: optax.GradientTransformation, gradient: jax.Array) -> jax.Array:
    param = jnp.zeros(())
    return cast(jax.Array, transformation.update(gradient, transformation.init(param), param)[0])
