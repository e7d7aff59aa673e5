"""The network without convolutions: its widths, and what its layers make of pixels."""

import jax
import numpy as np
from flax import nnx

from maml_engine.models import ImageMLP


def test_it_is_the_papers():
    model, x = ImageMLP(5, rngs=nnx.Rngs(0)), jax.random.normal(jax.random.key(0), (7, 28, 28, 1))
    values = x.reshape(7, -1)
    assert [block.linear.kernel.shape for block in model.blocks] == [(784, 256), (256, 128), (128, 64), (64, 64)]
    for block in model.blocks:
        values = values @ block.linear.kernel[...]
        values = nnx.relu((values - values.mean(0)) / np.sqrt(values.var(0) + 1e-5))
    np.testing.assert_allclose(model(x), values @ model.head.kernel[...], rtol=1e-3, atol=1e-4)
