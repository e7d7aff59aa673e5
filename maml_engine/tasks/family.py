"""Endless families of tasks: functions drawn from a distribution, seen through noisy points."""

import zlib
from abc import abstractmethod
from typing import Any, Self

import jax

from maml_engine.checks import check_choice, check_number, check_range
from maml_engine.core.arguments import checked_key
from maml_engine.core.episode import Batch, Episode
from maml_engine.pytrees import Replaceable, pytree, static_field

SPLITS = ("train", "validation", "test")
POOL_SEED = 20170309  # of the numbered tasks


@pytree
class FunctionFamily(Replaceable):
    """A distribution over functions of one input.

    x: inputs are uniform in this interval.
    noise: standard deviation of what is added to support targets, in units of y; queries are the truth.
    pool: how many training tasks there are, numbered from 1 and always the same; 0 draws endlessly new ones. Points are
      fresh in either case.
    stream: which split; an endless family has no finite pools, so its splits differ by key.
    """

    x: tuple[float, float] = (-5.0, 5.0)
    noise: float = 0.0
    pool: int = static_field(default=0)
    stream: str = static_field(default="train")

    def __post_init__(self):
        check_range("x", self.x)
        check_number("noise", self.noise, low=0)
        check_number("pool", self.pool, low=0, integer=True)

    @abstractmethod
    def draw(self, key: jax.Array, num_tasks: int) -> Any:
        """`num_tasks` functions as one callable: `[num_tasks, n, 1] -> [num_tasks, n, 1]`."""

    def split(self, name: str) -> Self:
        """The family whose keys are those of the split `name`."""
        check_choice("split", name, SPLITS)
        return self.replace(stream=name)

    def draw_split(self, key: jax.Array, num_tasks: int) -> Any:
        """The functions that `sample` shows for the same `key` `[]`, `[num_tasks]` of them as one callable."""
        key_functions, _ = self._keys(key)
        if not self.pool or self.stream != "train":
            return self.draw(key_functions, num_tasks)
        return self.numbered(jax.random.randint(key_functions, (num_tasks,), 0, self.pool))

    def numbered(self, numbers: jax.Array) -> Any:
        """The functions with these numbers, `[num_tasks]`; the same each time."""

        def one(number: jax.Array) -> Any:
            return jax.tree.map(lambda leaf: leaf[0], self.draw(jax.random.fold_in(jax.random.key(POOL_SEED), number), 1))

        return jax.vmap(one)(numbers)

    def sample(self, key: jax.Array, meta_batch_size: int, k_shot: int, k_query: int) -> Episode:
        """Fresh tasks with fresh points; support and query share none.

        Args:
          key: `[]`, draws functions, points and noise.
          meta_batch_size: tasks.
          k_shot: support points of each.
          k_query: query points of each.

        Returns:
          An episode with `x` and `y` of shape `[meta_batch_size, k_shot or k_query, 1]`; pure and traceable.
        """
        check_sizes(meta_batch_size, k_shot, k_query)
        key = checked_key(key)
        functions = self.draw_split(key, meta_batch_size)
        key_x, key_noise = jax.random.split(self._keys(key)[1])
        low, high = self.x
        x = jax.random.uniform(key_x, (meta_batch_size, k_shot + k_query, 1), minval=low, maxval=high)
        y = functions(x)
        disturbance = self.noise * jax.random.normal(key_noise, (meta_batch_size, k_shot, 1))
        support = Batch(x[:, :k_shot], y[:, :k_shot] + disturbance)
        return Episode(support, Batch(x[:, k_shot:], y[:, k_shot:]))

    def _keys(self, key: jax.Array) -> tuple[jax.Array, jax.Array]:
        key_functions, key_points = jax.random.split(jax.random.fold_in(key, zlib.crc32(self.stream.encode())))
        return key_functions, key_points


def check_sizes(meta_batch_size: int, k_shot: int, k_query: int) -> None:
    """Refuses numbers of tasks and examples that are not whole and at least 1."""
    for name, value in (("meta_batch_size", meta_batch_size), ("k_shot", k_shot), ("k_query", k_query)):
        check_number(name, value, low=1, integer=True)
