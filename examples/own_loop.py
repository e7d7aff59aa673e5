"""A training loop of your own: `meta_value_and_grad` gives loss and gradient, an Optax optimiser does the rest."""

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from maml_engine import MAML, Batch, MAMLRegressor, Sinusoid, adapt, meta_value_and_grad

method, tasks = MAML(inner_lr=0.01, inner_steps=1), Sinusoid()
draw = jax.jit(lambda key: tasks.sample(key, 25, 10, 10))  # 25 tasks, 10 points to adapt on and 10 to judge by
model = MAMLRegressor(rngs=nnx.Rngs(0))
optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
for iteration in range(1001):
    loss, gradient = meta_value_and_grad(method, model, draw(jax.random.key(iteration)))
    optimizer.update(model, gradient.init)
    if iteration % 250 == 0:
        print(f"iteration {iteration:4}: meta-loss {loss:.2f}")

x = jnp.linspace(-4, 4, 10)[:, None]  # ten points of a wave that it has never seen
adapted = adapt(method, model, Batch(x, 3 * jnp.sin(x + 1)), inner_steps=5)
for name, network in {"before": model, "after 5 steps": adapted}.items():
    print(f"{name}: error {jnp.mean((network(x + 0.4) - 3 * jnp.sin(x + 1.4)) ** 2):.2f} between the points")
