"""Training pictures distorted a little, each in another way, so that a network learns classes and not these pictures."""

import jax
import jax.numpy as jnp

# At the most, with `amount` 1, about as Koch et al. (2015, sec. 3.2) distort Omniglot: radians, logarithms of the stretch along
# each axis, and shares of the side.
TURN, STRETCH, SHEAR, MOVE = 0.25, 0.18, 0.25, 0.09


def distorted(key: jax.Array, pictures: jax.Array, amount: float) -> jax.Array:
    """Each picture turned, stretched, sheared and moved by as much as it happens; what comes in from outside is 0.

    Args:
      key: `[]`, of how each is distorted.
      pictures: float `[tasks, ..., height, width, channels]`, 0 where nothing is.
      amount: by which all limits are multiplied; 1 is about what hands do.
    """
    by = amount * jax.random.uniform(key, (*pictures.shape[:-3], 6), minval=-1, maxval=1)
    # One task after the other, so that pictures are made before they are looked up: XLA would fuse the two, and make all of a
    # pixel's picture again for each of the four that a pixel is mixed of, which takes fifteen times as long.
    return jax.lax.map(lambda task: _looked_up(*task), (by, pictures))


def _looked_up(by: jax.Array, pictures: jax.Array) -> jax.Array:
    """Distorted pictures.

    Args:
      by: `[..., 6]`, how much of each limit.
      pictures: `[..., height, width, channels]`.
    """
    *lead, height, width, channels = pictures.shape
    down, across = _places(by, height, width)
    flat = pictures.reshape(*lead, height * width, channels)
    above, left, found = jnp.floor(down), jnp.floor(across), jnp.zeros_like(flat)
    for row, column in ((above + one, left + other) for one in (0, 1) for other in (0, 1)):  # linear between the four nearest
        weight = (1 - jnp.abs(down - row)) * (1 - jnp.abs(across - column))
        is_inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        place = (jnp.clip(row, 0, height - 1) * width + jnp.clip(column, 0, width - 1)).astype(jnp.int32)
        found += jnp.where(is_inside, weight, 0.0)[..., None] * jnp.take_along_axis(flat, place[..., None], axis=-2)
    return found.reshape(pictures.shape)


def _places(by: jax.Array, height: int, width: int) -> tuple[jax.Array, jax.Array]:
    """Where each pixel of a distorted picture lies in the picture itself, down and across: `[..., height * width]` both."""
    turn, down, across, shear, moved_down, moved_across = (by[..., number, None] for number in range(6))
    cos, sin = jnp.cos(TURN * turn), jnp.sin(TURN * turn)
    y, x = jnp.meshgrid(jnp.arange(height) - (height - 1) / 2, jnp.arange(width) - (width - 1) / 2, indexing="ij")
    y, x = jnp.exp(STRETCH * down) * y.ravel(), jnp.exp(STRETCH * across) * x.ravel()
    x += SHEAR * shear * y
    return (
        cos * y - sin * x + (MOVE * moved_down + 0.5) * height - 0.5,
        sin * y + cos * x + (MOVE * moved_across + 0.5) * width - 0.5,
    )
