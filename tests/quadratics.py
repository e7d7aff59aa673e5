"""What tests of gradients share: 64 bits, quadratic tasks with closed forms, and how far two gradients are apart."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from maml_engine.verification.closed_forms import DIM, TASKS, Linear, Quadratics
from maml_engine.verification.closed_forms import INNER_LR as ALPHA

__all__ = ["ALPHA", "DIM", "TASKS", "Linear", "Quadratics", "cast", "flat", "quadratics", "relative_error", "x64"]


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


@pytest.fixture(scope="module")
def quadratics():
    quadratics = Quadratics.draw()
    commutator = quadratics.support_hessian @ quadratics.query_hessian - quadratics.query_hessian @ quadratics.support_hessian
    assert np.abs(commutator).max() > 0.1  # else the order of the factors in A^K Q would not be tested
    return quadratics
