"""A network with dropout: a mask for each task and step of training, none in use."""

import jax
import numpy as np
from flax import nnx

from maml_engine import Experiment, Learner, train


class Dropped(nnx.Module):
    """Two layers of 40 units, some of which are left out in training; `[rows, 1] -> [rows, 1]`."""

    def __init__(self, rate: float, *, rngs: nnx.Rngs):
        self.first, self.second = nnx.Linear(1, 40, rngs=rngs), nnx.Linear(40, 40, rngs=rngs)
        self.last = nnx.Linear(40, 1, rngs=rngs)
        self.dropout = nnx.Dropout(rate, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        hidden = jax.nn.relu(self.first(x))
        return self.last(self.dropout(jax.nn.relu(self.second(hidden))))


# Waves that are drawn anew for ever leave nothing to overfit to, and a network as small as this misses what is left out.
experiment = Experiment(num_iterations=2000)
for rate in (0.0, 0.1):
    *_, report = train(experiment, model=Dropped(rate, rngs=nnx.Rngs(0)))
    loss = report.curve.mean  # on held-out waves
    print(f"rate {rate}: held-out error {loss[0]:.2f} before, {loss[1]:.2f} after one step, {loss[10]:.2f} after ten")

x = np.linspace(-4, 4, 10)  # ten points of a wave that it has never seen
adapted = report.learner.adapt(x, 3 * np.sin(x + 1), inner_steps=10)
print("twice the same prediction:", bool((adapted(x) == adapted(x)).all()))

report.learner.save("dropped")
again = Learner.load("dropped", model=Dropped(0.1, rngs=nnx.Rngs(1)))
print("opened again, the same:", bool((again.adapt(x, 3 * np.sin(x + 1), inner_steps=10)(x) == adapted(x)).all()))
