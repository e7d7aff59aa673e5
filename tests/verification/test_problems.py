"""What the checks share."""

import jax.numpy as jnp

from maml_engine.core.adapter import MetaParams
from maml_engine.verification import problems
from tests.quadratics import relative_error


def test_the_distance_of_two_gradients_is_relative():
    got, expected = MetaParams(jnp.array([1.0, 2.0]), ()), MetaParams(jnp.array([1.0, 0.0]), ())
    assert problems.relative_error(got, expected) == relative_error(got, expected) == 2.0
