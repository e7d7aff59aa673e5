"""The residual network against one written with JAX's own convolution."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine.models import ResNet
from tests.models.test_convolution import convolved, pooled


@pytest.mark.parametrize("downsampling", ["stride", "max_pool"])
def test_it_is_what_it_says(downsampling):
    model = ResNet(3, in_channels=2, features=4, downsampling=downsampling, norm="none", rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(0), (5, 9, 8, 2))
    stride, values = (2 if downsampling == "stride" else 1), x
    for block in model.blocks:
        block.second.bias[...] += 0.3
        through = nnx.relu(convolved(values, block.first.kernel[...], stride))
        through = convolved(through, block.second.kernel[...], 1) + 0.3
        beside = values[:, ::stride, ::stride] @ block.beside.kernel[...]
        values = nnx.relu(through + beside) if stride == 2 else nnx.relu(pooled(through + beside))
    expected = values.mean((1, 2)) @ model.head.kernel[...]
    np.testing.assert_allclose(model(x), expected, rtol=1e-4, atol=1e-5)
    assert jnp.abs(expected).max() > 0.1


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="`downsampling` must be one of"):
        ResNet(downsampling="pool", rngs=nnx.Rngs(0))
