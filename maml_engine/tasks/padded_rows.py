"""Tasks of differing numbers of rows as arrays, and what an episode shows of them."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from maml_engine.core.episode import Batch, Episode


class PaddedRows(NamedTuple):
    """Rows of tasks, zeros after them.

    x: `[tasks, max_rows, in_dim]`.
    y: `[tasks, max_rows, 1]`.
    rows: `[tasks]`, how many count.
    """

    x: jax.Array
    y: jax.Array
    rows: jax.Array


@partial(jax.jit, static_argnames="k_shot")
def show(whole: PaddedRows, tasks: jax.Array, key: jax.Array, k_shot: int) -> Episode:
    """Episodes of some tasks: random rows of each as support, all its others as queries.

    Args:
      whole: the rows of all tasks.
      tasks: `[n]`, places of those that are shown.
      key: of the rows.
      k_shot: support rows; static.

    Returns:
      `support` of `[n, k_shot, ...]`, `query` of `[n, max_rows - k_shot, ...]` with `weight` 0 on padding.
    """
    x, y, rows = (part[tasks] for part in whole)
    order = _shuffle_to_front(key, rows, k_shot, x.shape[1])[..., None]
    x, y = (jnp.take_along_axis(part, order, axis=1) for part in (x, y))
    weight = (jnp.arange(k_shot, x.shape[1]) < rows[:, None]).astype(jnp.float32)
    return Episode(Batch(x[:, :k_shot], y[:, :k_shot]), Batch(x[:, k_shot:], y[:, k_shot:], weight))


@partial(jax.jit, static_argnames=("num_tasks", "count"))
def draw_tasks(key: jax.Array, num_tasks: int, count: int) -> jax.Array:
    """`[count]` tasks in random order; all come once before any comes again."""
    rounds = -(-count // num_tasks)
    orders = jax.vmap(lambda key: jax.random.permutation(key, num_tasks))(jax.random.split(key, rounds))
    return orders.reshape(-1)[:count]


def _shuffle_to_front(key: jax.Array, rows: jax.Array, count: int, max_rows: int) -> jax.Array:
    """`[tasks, max_rows]`: for each task its rows with `count` random ones first; padding keeps its place at the end.

    The first steps of a Fisher-Yates shuffle: sorting random numbers takes ten times as long on a CPU.
    """

    def swap(order: jax.Array, places: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        first, chosen = places  # [], [tasks]
        value = jnp.take_along_axis(order, chosen[:, None], axis=1)
        here = jnp.arange(max_rows)
        order = jnp.where(here == chosen[:, None], order[:, first][:, None], order)
        return jnp.where(here == first, value, order), None

    firsts = jnp.arange(count)
    chosen = jax.random.randint(key, (len(rows), count), firsts, rows[:, None])
    order = jnp.broadcast_to(jnp.arange(max_rows), (len(rows), max_rows))
    return jax.lax.scan(swap, order, (firsts, chosen.T))[0]
