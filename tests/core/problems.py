"""What the tests of the core share: a smooth network, sines, padding, and two small methods.

A tanh network is smooth, so finite differences in 64 bits can judge: across a kink of a ReLU they are no derivative.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from maml_engine import MAML, MLP, Batch, Sinusoid
from maml_engine.pytrees import pytree
from tests.quadratics import TASKS, cast


def tanh_model(dtype=np.float64, hidden_dim=8):
    model = MLP(hidden_dim, num_layers=1, activation="tanh", rngs=nnx.Rngs(0))
    nnx.update(model, cast(nnx.state(model, nnx.Param), dtype))
    return model


def sines(tasks=TASKS, k_shot=5, k_query=7, dtype=np.float64):
    return cast(Sinusoid(amplitude=(0.1, 1.0)).sample(jax.random.key(0), tasks, k_shot, k_query), dtype)


def task_of(episode, task):
    return jax.tree.map(lambda leaf: leaf[task], episode)


def padded(batch, rows):
    """`rows` more rows a task, of weight 0 and full of nonsense."""
    tasks, examples = batch.y.shape[:2]
    weight = jnp.concatenate([jnp.ones((tasks, examples)), jnp.zeros((tasks, rows))], axis=1)
    return Batch(*(jnp.pad(leaf, ((0, 0), (0, rows), (0, 0)), constant_values=1e3) for leaf in (batch.x, batch.y)), weight)


@pytree
class MultiStep(MAML):
    """Counts every step's query loss: the gradient is the mean of sum_k w_k A^k Q (theta_k - c)."""

    def step_weights(self, iteration):
        return jnp.array([0.1, 0.2, 0.3, 0.4])


@pytree
class LastLayerMoves(MAML):
    """Adapts the last layer alone (in spirit ANIL, Raghu et al., 2020)."""

    def moving(self, params):
        return nnx.PathContains(1)
