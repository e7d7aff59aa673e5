"""Classes from whole numbers: an embedding of words, labels from 0 on, and the softmax cross-entropy."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine import Batch, Episode, Experiment, Learner, train

WORDS, LENGTH, CLASSES = 30, 4, 3


class Reader(nnx.Module):
    """The mean of its words' vectors, `[rows, LENGTH]` whole numbers `-> [rows, CLASSES]`."""

    def __init__(self, *, rngs: nnx.Rngs):
        self.embed = nnx.Embed(WORDS, 16, rngs=rngs)
        self.first, self.last = nnx.Linear(16, 32, rngs=rngs), nnx.Linear(32, CLASSES, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.last(jnp.tanh(self.first(jnp.mean(self.embed(x), axis=-2))))


@dataclass(frozen=True)
class Shelves:
    """A task is a librarian: words are of three topics, and which topic goes to which shelf is the librarian's own choice."""

    def split(self, name: str) -> "Shelves":
        return self  # tasks are drawn anew each time

    def sample(self, key: jax.Array, meta_batch_size: int, k_shot: int, k_query: int) -> Episode:
        """`x` is `[tasks, rows, LENGTH]`, `y` labels `[tasks, rows]`: integers both."""
        keys = jax.random.split(key, 3)
        rows = (meta_batch_size, k_shot + k_query)
        topic = jax.random.randint(keys[0], rows, 0, CLASSES)
        x = topic[..., None] + CLASSES * jax.random.randint(keys[1], (*rows, LENGTH), 0, WORDS // CLASSES)
        shelf_of = jax.vmap(lambda key: jax.random.permutation(key, CLASSES))(jax.random.split(keys[2], meta_batch_size))
        y = jnp.take_along_axis(shelf_of, topic, axis=1)
        return Episode(Batch(x[:, :k_shot], y[:, :k_shot]), Batch(x[:, k_shot:], y[:, k_shot:]))


experiment = Experiment(loss="softmax_cross_entropy", inner_lr=0.2, inner_steps=3, k_shot=6, num_iterations=150)
*_, report = train(experiment, model=Reader(rngs=nnx.Rngs(0)), tasks=Shelves())
accuracy = report.curve.metrics["accuracy"].mean(axis=0)
print(f"right on shelves never seen: {accuracy[0]:.0%} before, {accuracy[1]:.0%} after one step, {accuracy[3]:.0%} after three")

known, others = jax.tree.map(lambda leaf: leaf[0], Shelves().sample(jax.random.key(2), 1, 6, 5))  # one more librarian
adapted = report.learner.adapt(known.x, known.y)
print("shelves predicted:", adapted(others.x).argmax(axis=-1), "true:", others.y)

report.learner.save("shelves")
again = Learner.load("shelves", model=Reader(rngs=nnx.Rngs(1)))
print("opened again, the same:", bool((again.adapt(known.x, known.y)(others.x) == adapted(others.x)).all()))
