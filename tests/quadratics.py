"""Tasks with quadratic losses, whose meta-gradients are known in closed form (Finn et al., 2017, and relatives).

Support loss (theta - a)' H (theta - a) / 2, query loss (theta - c)' Q (theta - c) / 2, K steps of size alpha,
A = I - alpha H. Then theta_K = a + A^K (theta - a), and the query gradient there is Q (theta_K - c).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.flatten_util import ravel_pytree

from maml_engine import Batch, Episode

TASKS, DIM, ALPHA = 3, 6, 0.2


@pytest.fixture
def x64():
    with jax.enable_x64(True):
        yield


def flat(tree):
    return np.asarray(ravel_pytree(tree)[0])


def relative_error(got, expected):
    return np.linalg.norm(flat(got) - flat(expected)) / np.linalg.norm(flat(expected))


def cast(tree, dtype):
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), tree)


# Quadratic tasks, as linear models: `x @ theta` with rows x such that the mean squared error has the Hessian wanted.


class Linear(nnx.Module):
    """Predicts `x @ theta`."""

    def __init__(self, theta):
        self.theta = nnx.Param(theta)

    def __call__(self, x):
        return x @ self.theta[...][:, None]


class Quadratics(NamedTuple):
    """Where the descent starts, and for each task the Hessians `[tasks, dim, dim]` and optima `[tasks, dim]`."""

    theta: np.ndarray
    support_hessian: np.ndarray
    support_optimum: np.ndarray
    query_hessian: np.ndarray
    query_optimum: np.ndarray

    def episode(self, dtype):
        """The same tasks as data."""
        support = _rows(self.support_hessian, self.support_optimum)
        query = _rows(self.query_hessian, self.query_optimum)
        return cast(Episode(support, query), dtype)

    def model(self, dtype):
        return Linear(jnp.asarray(self.theta, dtype))

    def path(self, inner_steps):
        """Each task's theta_0 .. theta_K by the closed form, `[inner_steps + 1, tasks, dim]`, and A `[tasks, dim, dim]`."""
        step = np.eye(DIM) - ALPHA * self.support_hessian
        powers = [np.linalg.matrix_power(step, k) for k in range(inner_steps + 1)]
        offset = self.theta - self.support_optimum
        return np.stack([self.support_optimum + np.einsum("tij,tj->ti", power, offset) for power in powers]), step

    def query_gradient(self, adapted):
        """Each task's query gradient at its own parameters, `[tasks, dim]`."""
        return np.einsum("tij,tj->ti", self.query_hessian, adapted - self.query_optimum)

    def query_loss(self, adapted):
        """Each task's query loss at its own parameters, `[tasks]`."""
        return np.sum((adapted - self.query_optimum) * self.query_gradient(adapted), axis=-1) / 2


def _rows(hessian, optimum):
    x = np.sqrt(DIM / 2) * np.linalg.cholesky(hessian).swapaxes(1, 2)  # x' x * 2 / DIM is the Hessian
    return Batch(x, np.einsum("tij,tj->ti", x, optimum)[..., None])


@pytest.fixture(scope="module")
def quadratics():
    rng = np.random.default_rng(0)

    def hessians():
        rotation, _ = np.linalg.qr(rng.normal(size=(TASKS, DIM, DIM)))
        return (rotation * rng.uniform(0.2, 3.0, (TASKS, 1, DIM))) @ rotation.swapaxes(1, 2)

    def optima():
        return rng.normal(size=(TASKS, DIM))

    quadratics = Quadratics(rng.normal(size=DIM), hessians(), optima(), hessians(), optima())
    commutator = quadratics.support_hessian @ quadratics.query_hessian - quadratics.query_hessian @ quadratics.support_hessian
    assert np.abs(commutator).max() > 0.1  # else the order of the factors in A^K Q would not be tested
    return quadratics
