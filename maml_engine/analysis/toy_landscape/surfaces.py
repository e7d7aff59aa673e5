"""Families of tasks whose losses have formulas in two parameters."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from maml_engine.core.episode import Array

# What the valleys and rivers are made of: curvatures across and along, height and frequency of a river's bends.
STEEP, FLAT = 2.0, 0.15
BANK, BED, BEND, WINDING = 1.0, 0.1, 1.0, 1.0

Task = tuple[float, float, float]  # x and y of the optimum, and the turn of the surface in radians


def bowl(theta: jax.Array, task: Array) -> jax.Array:
    """`|theta - optimum|^2 / 2`: of a sine wave `p sin x + q cos x`, the squared error over a whole period.

    Args:
      theta: `[2]`, the weights p and q.
      task: `[3]`, its own weights; its turn changes nothing.

    Returns:
      `[]`.
    """
    return jnp.sum((theta - task[:2]) ** 2) / 2


def valley(theta: jax.Array, task: Array) -> jax.Array:
    """A quadratic that is steep across and flat along.

    Args:
      theta: `[2]`.
      task: `[3]`, the optimum and the angle between the steep direction and the x axis, in radians.

    Returns:
      `[]`.
    """
    across, along = _own_axes(theta, task)
    return (STEEP * across**2 + FLAT * along**2) / 2


def river(theta: jax.Array, task: Array) -> jax.Array:
    """A valley that winds: its bed is a sine wave, so that its curvature changes from place to place and may be negative.

    Args:
      theta: `[2]`.
      task: `[3]`, the optimum and the angle between the river and the x axis, in radians.

    Returns:
      `[]`.
    """
    along, across = _own_axes(theta, task)
    return (BED * along**2 + BANK * (across - BEND * jnp.sin(WINDING * along)) ** 2) / 2


def wave(theta: jax.Array, task: Array) -> jax.Array:
    """Half the squared error between sine waves over a whole period.

    The functions are the bowl's; the coordinates are not, and they alone make the curvature.

    Args:
      theta: `[2]`, phase in radians and amplitude.
      task: `[3]`, its own phase and amplitude; its turn changes nothing.

    Returns:
      `[]`.
    """
    (phase, amplitude), (true_phase, true_amplitude, _) = theta, task
    return (amplitude**2 + true_amplitude**2 - 2 * amplitude * true_amplitude * jnp.cos(phase - true_phase)) / 2


def of_form(theta: jax.Array, task: Array, form: Array) -> jax.Array:
    """Any of these losses by its numbers, so that one compiled program serves them all.

    Args:
      theta: `[2]`.
      task: `[3]`.
      form: `[4]`, a surface's.

    Returns:
      `[]`.
    """
    first, second, bend, is_polar = form
    x, y = jnp.where(is_polar > 0, _between_waves(theta, task), _own_axes(theta, task))
    return (first * x**2 + second * (y - bend * jnp.sin(WINDING * x)) ** 2) / 2


def _between_waves(theta: jax.Array, task: Array) -> jax.Array:
    """The difference of two waves given by phase and amplitude, in weights of sine and cosine."""
    (phase, amplitude), (true_phase, true_amplitude, _) = theta, task
    own = amplitude * jnp.array([jnp.cos(phase), jnp.sin(phase)])
    return own - true_amplitude * jnp.array([jnp.cos(true_phase), jnp.sin(true_phase)])


def _own_axes(theta: jax.Array, task: Array) -> jax.Array:
    """`theta` as the task sees it: from its optimum, along its own axes."""
    cos, sin = jnp.cos(task[2]), jnp.sin(task[2])
    return jnp.array([[cos, sin], [-sin, cos]]) @ (theta - task[:2])


class Surface(NamedTuple):
    """A family of tasks in the plane.

    loss: `(theta [2], task [3]) -> []`.
    window: low and high end of x, then of y; a square, so that angles look as they are.
    axes: what the two parameters are.
    form: the loss as `of_form` takes it: curvature along a task's own first axis and its second, how far the valley along the
      first one winds, and 1 where theta is phase and amplitude.
    """

    loss: Callable[[jax.Array, jax.Array], jax.Array]
    window: tuple[tuple[float, float], tuple[float, float]]
    axes: tuple[str, str]
    form: tuple[float, float, float, float]


_SQUARE = ((-5.0, 5.0), (-5.0, 5.0))
SURFACES = {
    "bowls": Surface(bowl, _SQUARE, ("weight of sin x", "weight of cos x"), (1.0, 1.0, 0.0, 0.0)),
    "valleys": Surface(valley, _SQUARE, ("first parameter", "second parameter"), (STEEP, FLAT, 0.0, 0.0)),
    "rivers": Surface(river, _SQUARE, ("first parameter", "second parameter"), (BED, BANK, BEND, 0.0)),
    "waves": Surface(wave, ((-1.9, 5.1), (-0.75, 6.25)), ("phase (radians)", "amplitude"), (1.0, 1.0, 0.0, 1.0)),
}
