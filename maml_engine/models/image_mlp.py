"""The network without convolutions of the MAML paper's image tasks."""

import math

import jax
from flax import nnx

from maml_engine.checks import check_choice
from maml_engine.models.convolution import normalised
from maml_engine.models.normalisation import NORMS

WIDTHS = (256, 128, 64, 64)


class DenseBlock(nnx.Module):
    """Dense layer, normalisation, ReLU; `norm` is a name in `NORMS`."""

    def __init__(self, in_features: int, out_features: int, *, norm: str, rngs: nnx.Rngs):
        self.linear = nnx.Linear(in_features, out_features, use_bias=norm == "none", rngs=rngs)
        self.norm = NORMS[norm](out_features)

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[images, in_features] -> [images, out_features]`."""
        return nnx.relu(normalised(self.norm, self.linear(x)))


class ImageMLP(nnx.Module):
    """Dense layers of 256, 128, 64 and 64 units on the pixels, normalised, with ReLUs; a linear head (Finn et al., 2017, A.1).

    Args:
      out_dim: classes, one logit each.
      in_shape: of an image, `(height, width, channels)`.
      norm: a name in `normalisation.NORMS`; with "batch" queries are classified together, as `Conv4` says.
    """

    def __init__(self, out_dim: int = 5, *, in_shape: tuple[int, ...] = (28, 28, 1), norm: str = "batch", rngs: nnx.Rngs):
        check_choice("norm", norm, NORMS)
        widths = [math.prod(in_shape), *WIDTHS]
        self.blocks = nnx.List([DenseBlock(a, b, norm=norm, rngs=rngs) for a, b in zip(widths, widths[1:], strict=False)])
        self.head = nnx.Linear(widths[-1], out_dim, rngs=rngs)
        self.norm = norm

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[images, height, width, channels] -> [images, out_dim]`."""
        x = x.reshape(len(x), -1)
        for block in self.blocks:
            x = block(x)
        return self.head(x)
