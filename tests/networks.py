"""Networks that people bring, tasks for them, and the slow twin of adapting: one row after the other, no padding, no scan."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from maml_engine import Batch, Episode, Experiment

SHORT = Experiment(num_iterations=3, meta_batch_size=4, k_shot=5, k_query=6, inner_lr=0.05, inner_steps=2)


@dataclass(frozen=True)
class Rows:
    """Tasks whose rows have any shape: the target is a task's own multiple of the rows' mean.

    shape: of an input row. levels: for whole numbers from 0 on, how many there are; 0 for real numbers.
    """

    shape: tuple[int, ...]
    levels: int = 0

    def split(self, name):
        return self

    def sample(self, key, meta_batch_size, k_shot, k_query):
        keys = jax.random.split(key)
        shape = (meta_batch_size, k_shot + k_query, *self.shape)
        x = jax.random.randint(keys[0], shape, 0, self.levels) if self.levels else jax.random.normal(keys[0], shape)
        slope = jax.random.uniform(keys[1], (meta_batch_size, 1, 1), minval=0.5, maxval=1.5)
        y = slope * jnp.mean(x.reshape(meta_batch_size, k_shot + k_query, -1), axis=-1, keepdims=True)
        return Episode(Batch(x[:, :k_shot], y[:, :k_shot]), Batch(x[:, k_shot:], y[:, k_shot:]))


def rows_of(tasks, seed=0, k_shot=5, k_query=6):
    """One task's support and query, on the host."""
    episode = tasks.sample(jax.random.key(seed), 1, k_shot, k_query)
    return jax.tree.map(lambda leaf: np.asarray(leaf[0]), episode)


class Words(nnx.Module):
    """Indices `[rows, 3]`, embedded and averaged."""

    def __init__(self, rngs):
        self.embed = nnx.Embed(7, 6, rngs=rngs)
        self.head = nnx.Linear(6, 1, rngs=rngs)

    def __call__(self, x):
        return self.head(jnp.tanh(jnp.mean(self.embed(x), axis=-2)))


class Series(nnx.Module):
    """Series `[rows, time, features]`, their last state."""

    def __init__(self, rngs):
        self.rnn = nnx.RNN(nnx.GRUCell(2, 5, rngs=rngs))
        self.head = nnx.Linear(5, 1, rngs=rngs)

    def __call__(self, x):
        return self.head(self.rnn(x)[:, -1])


class Images(nnx.Module):
    """Images `[rows, height, width, channels]`."""

    def __init__(self, rngs):
        self.conv = nnx.Conv(1, 4, (3, 3), rngs=rngs)
        self.head = nnx.Linear(4, 1, rngs=rngs)

    def __call__(self, x):
        return self.head(jnp.mean(jnp.tanh(self.conv(x)), axis=(1, 2)))


class AcrossRows(nnx.Module):
    """Attention over the rows of a task."""

    def __init__(self, rngs):
        self.first = nnx.Linear(1, 4, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(2, 4, decode=False, rngs=rngs)
        self.head = nnx.Linear(4, 1, rngs=rngs)

    def __call__(self, x):
        hidden = jnp.tanh(self.first(x))
        return self.head(hidden + self.attention(hidden[None])[0])


class Normalised(nnx.Module):
    """Batch normalisation with running statistics."""

    def __init__(self, rngs, use_running_average=False):
        self.first = nnx.Linear(1, 6, rngs=rngs)
        self.norm = nnx.BatchNorm(6, use_running_average=use_running_average, rngs=rngs)
        self.head = nnx.Linear(6, 1, rngs=rngs)

    def __call__(self, x):
        return self.head(jnp.tanh(self.norm(self.first(x))))


class Dropped(nnx.Module):
    """Dropout on a hidden layer."""

    def __init__(self, rngs, rate=0.5):
        self.first = nnx.Linear(1, 16, rngs=rngs)
        self.drop = nnx.Dropout(rate, rngs=rngs)
        self.head = nnx.Linear(16, 1, rngs=rngs)

    def __call__(self, x):
        return self.head(self.drop(jnp.tanh(self.first(x))))


def descended(model, support, inner_lr, inner_steps):
    """`model` after plain gradient steps on the squared error, as NNX itself takes them."""
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)

    def loss(params):
        return jnp.mean((nnx.merge(graphdef, params, rest, copy=True)(jnp.asarray(support.x)) - support.y) ** 2)

    for _ in range(inner_steps):
        params = jax.tree.map(lambda leaf, slope: leaf - inner_lr * slope, params, jax.grad(loss)(params))
    return nnx.merge(graphdef, params, rest, copy=True)
