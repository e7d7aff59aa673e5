import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine.analysis.angles import degrees_between


@pytest.mark.parametrize(
    ("a", "b", "degrees"),
    [
        ((1.0, 0.0), (0.0, 2.0), 90.0),
        ((3.0, 3.0), (-1.0, -1.0), 180.0),
        ((1.0, 0.0), (1.0, 1e-7), np.degrees(1e-7)),  # the arc cosine of a cosine that rounds to 1 would say 0
        ((0.0, 0.0), (1.0, 0.0), np.nan),
        ((1.0, 0.0), (0.0, 0.0), np.nan),
        ((np.inf, 0.0), (1.0, 0.0), np.nan),
        ((np.nan, 0.0), (1.0, 0.0), np.nan),
    ],
)
def test_angles_and_what_has_none(a, b, degrees):
    np.testing.assert_allclose(degrees_between(np.array(a), np.array(b)), degrees, rtol=1e-9)


def test_many_at_once_traced(x64):
    a, b = jnp.array([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]), jnp.array([1.0, 0.0])
    found = jax.jit(lambda a, b: degrees_between(a, b, jnp))(a, b)
    np.testing.assert_allclose(found, [0.0, np.nan, 45.0], atol=1e-12)
