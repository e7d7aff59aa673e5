"""A training loop of your own: `meta_value_and_grad` gives loss and gradient, an Optax optimiser does the rest."""

from functools import partial

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from maml_engine import MAML, Batch, MAMLRegressor, Sinusoid, adapt, meta_value_and_grad

method, tasks, optimizer = MAML(inner_lr=0.01, inner_steps=1), Sinusoid(), optax.adam(1e-3)
draw = jax.jit(lambda key: tasks.sample(key, 25, 10, 10))  # 25 tasks, 10 points to adapt on and 10 to judge by
model = MAMLRegressor(rngs=nnx.Rngs(0))
graphdef, params = nnx.split(model)
opt_state = optimizer.init(params)


@partial(jax.jit, donate_argnums=(0, 1))  # the old parameters' memory is taken for the new ones
def meta_step(params, opt_state, episode):
    loss, gradient = meta_value_and_grad(method, nnx.merge(graphdef, params), episode)
    updates, opt_state = optimizer.update(gradient.init, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


for iteration in range(1001):
    params, opt_state, loss = meta_step(params, opt_state, draw(jax.random.key(iteration)))
    if iteration % 250 == 0:
        print(f"iteration {iteration:4}: meta-loss {loss:.2f}")
nnx.update(model, params)

x = jnp.linspace(-4, 4, 10)[:, None]  # ten points of a wave that it has never seen
adapted = adapt(method, model, Batch(x, 3 * jnp.sin(x + 1)), inner_steps=5)
for name, network in {"before": model, "after 5 steps": adapted}.items():
    print(f"{name}: error {jnp.mean((network(x + 0.4) - 3 * jnp.sin(x + 1.4)) ** 2):.2f} between the points")
