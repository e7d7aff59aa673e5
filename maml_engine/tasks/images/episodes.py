"""What all tasks of pictures share: drawing without replacement, and classes of pictures as an episode."""

import jax
import jax.numpy as jnp

from maml_engine.core.episode import Batch, Episode


def distinct(key: jax.Array, high: jax.Array | int, take: int, shape: tuple[int, ...]) -> jax.Array:
    """Different whole numbers below `high`, any of them as likely as any other, in random order.

    It costs `take` squared numbers whatever `high` is (Floyd's algorithm), where a permutation would cost all of them.

    Args:
      key: `[]`, of the numbers and of their order.
      high: `[*shape]`, or one number for all; at least `take`.
      take: how many of each; static.
      shape: how many draws, each by itself.

    Returns:
      int32 `[*shape, take]`.
    """
    key_values, key_order = jax.random.split(key)
    lasts = jnp.broadcast_to(jnp.asarray(high, jnp.int32), shape)[..., None] - take + jnp.arange(take)
    values = jax.random.randint(key_values, lasts.shape, 0, lasts + 1)

    def choose(place: jax.Array, chosen: jax.Array) -> jax.Array:
        value, last = (jax.lax.dynamic_index_in_dim(part, place, -1) for part in (values, lasts))
        is_taken = jnp.any(chosen == value, axis=-1, keepdims=True)
        return jax.lax.dynamic_update_index_in_dim(chosen, jnp.where(is_taken, last, value), place, -1)

    chosen = jax.lax.fori_loop(0, take, choose, jnp.full(lasts.shape, -1, jnp.int32))
    # Floyd's set is drawn fairly, its order is not.
    return jnp.take_along_axis(chosen, jnp.argsort(jax.random.uniform(key_order, lasts.shape)), axis=-1)


def episode_of(pictures: jax.Array, k_shot: int) -> Episode:
    """Tasks whose classes are numbered as they come.

    Args:
      pictures: `[tasks, n_way, k_shot + k_query, height, width, channels]`.
      k_shot: of each class, the first so many are support.

    Returns:
      `x` `[tasks, n_way * k, height, width, channels]` and one-hot `y` `[tasks, n_way * k, n_way]`, class by class.
    """
    tasks, n_way = pictures.shape[:2]

    def batch(part: jax.Array) -> Batch:
        y = jnp.repeat(jnp.eye(n_way, dtype=pictures.dtype), part.shape[2], axis=0)
        return Batch(part.reshape(tasks, -1, *part.shape[3:]), jnp.broadcast_to(y, (tasks, *y.shape)))

    return Episode(batch(pictures[:, :, :k_shot]), batch(pictures[:, :, k_shot:]))
