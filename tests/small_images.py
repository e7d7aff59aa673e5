"""Tiny few-shot pictures for tests: a class is a random pattern, an example the pattern with noise."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine import Batch, Episode, Experiment
from maml_engine.tasks.family import SPLITS

SMALL = Experiment(
    model="conv4", filters=4, loss="softmax_cross_entropy", num_iterations=2, meta_batch_size=4, k_shot=1, k_query=2,
    inner_lr=0.4, inner_steps=2, meta_lr=0.01,
)  # fmt: skip


@dataclass(frozen=True)
class Patterns:
    """Tasks of `n_way` classes out of `classes` in each split; `k_shot` and `k_query` are per class."""

    n_way: int = 3
    shape: tuple[int, ...] = (8, 8, 1)
    noise: float = 0.3
    classes: int = 40
    split_number: int = 0

    def split(self, name):
        return Patterns(self.n_way, self.shape, self.noise, self.classes, SPLITS.index(name))

    def sample(self, key, meta_batch_size, k_shot, k_query):
        patterns = jax.random.normal(jax.random.key(self.split_number), (self.classes, *self.shape))
        key_class, key_noise = jax.random.split(key)
        choose = jax.vmap(lambda key: jax.random.permutation(key, self.classes)[: self.n_way])
        chosen = choose(jax.random.split(key_class, meta_batch_size))
        shots = k_shot + k_query
        x = patterns[chosen][:, None] + self.noise * jax.random.normal(
            key_noise, (meta_batch_size, shots, self.n_way, *self.shape)
        )
        y = jnp.broadcast_to(jnp.eye(self.n_way), (meta_batch_size, shots, self.n_way, self.n_way))

        def rows(first, end):
            return Batch(*(part[:, first:end].reshape(meta_batch_size, -1, *part.shape[3:]) for part in (x, y)))

        return Episode(rows(0, k_shot), rows(k_shot, shots))


def task_of(tasks, seed=0, k_shot=1, k_query=4):
    """One task's support and query, on the host."""
    episode = tasks.sample(jax.random.key(seed), 1, k_shot, k_query)
    return jax.tree.map(lambda leaf: np.asarray(leaf[0]), episode)
