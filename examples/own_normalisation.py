"""A network with batch normalisation: by the support's rows in training and in use, or by running statistics that it brings."""

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine import Experiment, Learner, train


class Normalised(nnx.Module):
    """Two normalised layers, `[rows, 1] -> [rows, 1]`."""

    def __init__(self, *, use_running_average: bool = False, rngs: nnx.Rngs):
        self.first, self.second = nnx.Linear(1, 40, rngs=rngs), nnx.Linear(40, 40, rngs=rngs)
        self.norms = nnx.List(
            [nnx.BatchNorm(40, use_running_average=use_running_average, momentum=0.9, rngs=rngs) for _ in range(2)]
        )
        self.last = nnx.Linear(40, 1, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        hidden = jax.nn.relu(self.norms[0](self.first(x)))
        return self.last(jax.nn.relu(self.norms[1](self.second(hidden))))


# Running statistics are the caller's own: here those of a first look at inputs like the tasks'. Training leaves them alone.
running = Normalised(rngs=nnx.Rngs(0))
for _ in range(50):
    running(jnp.linspace(-5, 5, 100)[:, None])
running.set_attributes(nnx.BatchNorm, use_running_average=True)

networks = {"the support's": Normalised(rngs=nnx.Rngs(0)), "running": running}
x = jnp.linspace(-4, 4, 10)  # ten points of a wave that neither has seen
for name, network in networks.items():
    *_, report = train(Experiment(num_iterations=2000), model=network)
    loss, adapted = report.curve.mean, report.learner.adapt(x, 3 * jnp.sin(x + 1))
    apart = jnp.abs(adapted([1.0]) - adapted([1.0, 2.0, 3.0])[:1]).max()  # a row alone, and beside two others
    print(f"{name:13} statistics ({adapted.statistics}): {loss[0]:.2f} before, {loss[1]:.2f} after one step; apart {apart:.2f}")

report.learner.save("normalised")  # with the running statistics
again = Learner.load("normalised", model=Normalised(use_running_average=True, rngs=nnx.Rngs(1)))
print("opened again, the same predictions:", bool((again.adapt(x, 3 * jnp.sin(x + 1))(x) == adapted(x)).all()))
