"""Tasks of your own: anything with `sample` and `split`."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from maml_engine import Batch, Episode, Experiment, Learner, evaluate, train


@dataclass(frozen=True)
class Swings:
    """Damped oscillations, y = exp(-damping t) cos(frequency t), seen at random times between 0 and 5 seconds.

    split_number: 0, 1 or 2 for training, validation and test; each draws tasks of its own.
    """

    split_number: int = 0

    def split(self, name: str) -> "Swings":
        return Swings(("train", "validation", "test").index(name))

    def sample(self, key: jax.Array, meta_batch_size: int, k_shot: int, k_query: int) -> Episode:
        """Pure JAX: it runs inside the compiled training loop. `x` and `y` are `[tasks, examples, 1]`."""
        keys = jax.random.split(jax.random.fold_in(key, self.split_number), 3)
        damping = jax.random.uniform(keys[0], (meta_batch_size, 1, 1), minval=0.0, maxval=1.0)
        frequency = jax.random.uniform(keys[1], (meta_batch_size, 1, 1), minval=1.0, maxval=3.0)
        t = jax.random.uniform(keys[2], (meta_batch_size, k_shot + k_query, 1), maxval=5.0)
        y = jnp.exp(-damping * t) * jnp.cos(frequency * t)
        return Episode(Batch(t[:, :k_shot], y[:, :k_shot]), Batch(t[:, k_shot:], y[:, k_shot:]))


experiment = Experiment(inner_lr=0.05, inner_steps=5, num_iterations=2000, model="mlp", activation="tanh")
*_, report = train(experiment, tasks=Swings())
untrained = Learner.untrained(experiment, tasks=Swings())
for name, learner in {"untrained": untrained, "trained": report.learner}.items():
    curves = evaluate(learner, jax.random.key(0), inner_steps=5)  # 600 swings of the test split, ten known points each
    low, high = curves.interval()
    print(f"{name:9} error before {curves.mean[0]:.3f}, after 5 steps {curves.mean[5]:.3f} ({low[5]:.3f} to {high[5]:.3f})")
