"""A network of your own: any NNX module goes where one of ours does."""

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine import MLP, Experiment, Learner, evaluate, train


class SineNetwork(nnx.Module):
    """A residual network with sine activations, `[..., 1] -> [..., 1]`."""

    def __init__(self, width: int = 40, *, rngs: nnx.Rngs):
        self.first = nnx.Linear(1, width, rngs=rngs)
        self.middle = nnx.Linear(width, width, rngs=rngs)
        self.last = nnx.Linear(width, 1, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        hidden = jnp.sin(self.first(x))
        return self.last(hidden + jnp.sin(self.middle(hidden)))


networks = {"MLP, ReLU": MLP(rngs=nnx.Rngs(0)), "your own": SineNetwork(rngs=nnx.Rngs(0))}
for name, network in networks.items():
    *_, report = train(Experiment(num_iterations=2000), model=network)
    loss = evaluate(report.learner, jax.random.key(1)).mean
    print(f"{name:10} error on 600 new waves: {loss[0]:.2f} before, {loss[1]:.2f} after one step, {loss[10]:.2f} after ten")

report.learner.save("my_network")  # a file holds parameters, never code: opening it takes the module again
again = Learner.load("my_network", model=SineNetwork(rngs=nnx.Rngs(0)))
print("opened again:", again.adapt([0.0, 1.0], [0.0, 0.8])([0.5]).shape)
