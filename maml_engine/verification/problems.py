"""Small problems that several checks share, and the distance of two gradients."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.flatten_util import ravel_pytree

from maml_engine.core.episode import Episode
from maml_engine.models import MLP
from maml_engine.tasks import Sinusoid

PyTree = Any


def small_network(dtype: type) -> MLP:
    """A smooth network of 8 units, so that central differences can judge its gradients."""
    model = MLP(8, num_layers=1, activation="tanh", rngs=nnx.Rngs(0))
    nnx.update(model, jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), nnx.state(model, nnx.Param)))
    return model


def small_waves(dtype: type) -> Episode:
    """Three sine waves with 5 support and 7 query points."""
    episode = Sinusoid(amplitude=(0.1, 1.0)).sample(jax.random.key(0), 3, 5, 7)
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), episode)


@jax.jit
def many_waves() -> Episode:
    """400 000 sine waves of the paper's, a point each."""
    return Sinusoid().sample(jax.random.key(0), 400_000, 1, 1)


def flat(tree: PyTree) -> np.ndarray:
    """All numbers of a tree as one vector `[numbers]`, in 64 bits."""
    return np.asarray(ravel_pytree(tree)[0], np.float64)


def relative_error(found: PyTree, expected: PyTree) -> float:
    """The distance of two gradients, relative to the norm of the one that is expected."""
    found, expected = flat(found), flat(expected)
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))
