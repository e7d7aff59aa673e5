"""The solver reports what it met."""

import jax.numpy as jnp
import numpy as np

from maml_engine.core.conjugate_gradients import conjugate_gradients


def test_conjugate_gradients_show_negative_curvature():
    matrix = jnp.diag(jnp.array([2.0, 1.0, -3.0]))
    _, _, least = conjugate_gradients(lambda v: matrix @ v, jnp.ones(3), 3)
    assert least < 0
    x, residual, least = conjugate_gradients(lambda v: jnp.abs(matrix) @ v, jnp.ones(3), 3)
    np.testing.assert_allclose(x, [0.5, 1.0, 1 / 3], rtol=1e-5)
    assert residual < 1e-5
    assert least > 0


def test_conjugate_gradients_of_nothing_are_nothing():
    x, residual, _ = conjugate_gradients(lambda v: v, jnp.zeros(3), 4)
    assert not jnp.any(x)
    assert residual == 0
