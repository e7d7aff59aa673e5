"""Series as rows: a recurrent network over `[rows, time, features]`, and tasks that draw them."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine import Batch, Episode, Experiment, Learner, train


class Reader(nnx.Module):
    """Reads a series to its end, `[rows, time, 1] -> [rows, 1]`."""

    def __init__(self, *, rngs: nnx.Rngs):
        self.rnn = nnx.RNN(nnx.GRUCell(1, 16, rngs=rngs))
        self.last = nnx.Linear(16, 1, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.last(self.rnn(x)[:, -1])


@dataclass(frozen=True)
class Sensors:
    """A task is a sensor: what it stands for is its signal's weighted mean, with a gain and a memory of the sensor's own."""

    def split(self, name: str) -> "Sensors":
        return self  # tasks are drawn anew each time, and never twice

    def sample(self, key: jax.Array, meta_batch_size: int, k_shot: int, k_query: int) -> Episode:
        """`x` is `[tasks, rows, 8, 1]`, `y` `[tasks, rows, 1]`."""
        keys = jax.random.split(key, 3)
        x = jax.random.normal(keys[0], (meta_batch_size, k_shot + k_query, 8, 1))
        gain = jax.random.uniform(keys[1], (meta_batch_size, 1, 1), minval=-2.0, maxval=2.0)
        memory = jax.random.uniform(keys[2], (meta_batch_size, 1, 1), minval=0.2, maxval=0.9)
        y = gain * jnp.sum(x[..., 0] * memory ** jnp.arange(7, -1, -1), axis=-1, keepdims=True)
        return Episode(Batch(x[:, :k_shot], y[:, :k_shot]), Batch(x[:, k_shot:], y[:, k_shot:]))


experiment = Experiment(method="metasgd", inner_lr=0.05, inner_steps=3, num_iterations=500)
*_, report = train(experiment, model=Reader(rngs=nnx.Rngs(0)), tasks=Sensors())
loss = report.curve.mean
print(f"error on sensors never seen: {loss[0]:.2f} before, {loss[1]:.2f} after one step, {loss[3]:.2f} after three")

known, others = jax.tree.map(lambda leaf: leaf[0], Sensors().sample(jax.random.key(2), 1, 10, 3))  # one more sensor
adapted = report.learner.adapt(known.x, known.y)
print("predicted:", adapted(others.x).ravel().round(1), "true:", others.y.ravel().round(1))

report.learner.save("sensors")
again = Learner.load("sensors", model=Reader(rngs=nnx.Rngs(1)))
print("opened again, the same:", bool((again.adapt(known.x, known.y)(others.x) == adapted(others.x)).all()))
