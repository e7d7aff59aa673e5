"""A small residual network for images."""

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine.checks import check_choice
from maml_engine.models.convolution import DOWNSAMPLING, PatchConv, convolved, max_pool, normalised
from maml_engine.models.normalisation import NORMS


class ResidualBlock(nnx.Module):
    """Two 3 x 3 convolutions beside a linear map of each pixel, added; halves height and width (He et al., 2016).

    Args:
      in_features, out_features: channels of what goes in and comes out.
      downsampling: by the stride of the first convolution and of the linear map, or by maxima at the end.
      norm: a name in `NORMS`.
    """

    def __init__(self, in_features: int, out_features: int, *, downsampling: str, norm: str, rngs: nnx.Rngs):
        stride, use_bias = DOWNSAMPLING[downsampling], norm == "none"
        self.first = PatchConv(in_features, out_features, stride=stride, use_bias=use_bias, rngs=rngs)
        self.second = PatchConv(out_features, out_features, stride=1, use_bias=use_bias, rngs=rngs)
        self.beside = nnx.Linear(in_features, out_features, use_bias=use_bias, rngs=rngs)
        self.norms = nnx.List([NORMS[norm](out_features) for _ in range(3)])
        self.stride = stride

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[images, height, width, in_features] -> [images, height / 2, width / 2, out_features]`."""
        through = nnx.relu(convolved(self.first, self.norms[0], x))
        through = normalised(self.norms[1], self.second(through))
        beside = normalised(self.norms[2], self.beside(x[:, :: self.stride, :: self.stride]))
        added = through + beside
        return nnx.relu(max_pool(added) if self.stride == 1 else added)


class ResNet(nnx.Module):
    """Four residual blocks of two convolutions each, mean over space, and a linear head: `Conv4`'s size, twice as deep.

    The residual networks of the few-shot papers (ResNet-12: 64 to 512 features, three convolutions a block) take some fifty
    times as many multiplications.

    Args:
      out_dim: classes, one logit each.
      in_channels: of an image; 1 is grey.
      features: of each convolution.
      downsampling: a name in `convolution.DOWNSAMPLING`.
      norm: a name in `normalisation.NORMS`; with "batch" queries are classified together, as `Conv4` says.
    """

    def __init__(
        self,
        out_dim: int = 5,
        *,
        in_channels: int = 1,
        features: int = 64,
        downsampling: str = "stride",
        norm: str = "batch",
        rngs: nnx.Rngs,
    ):
        check_choice("downsampling", downsampling, DOWNSAMPLING)
        check_choice("norm", norm, NORMS)
        widths = [in_channels] + [features] * 4
        options = {"downsampling": downsampling, "norm": norm, "rngs": rngs}
        self.blocks = nnx.List([ResidualBlock(a, b, **options) for a, b in zip(widths, widths[1:], strict=False)])
        self.head = nnx.Linear(features, out_dim, rngs=rngs)
        self.norm = norm

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[images, height, width, in_channels] -> [images, out_dim]`."""
        for block in self.blocks:
            x = block(x)
        return self.head(jnp.mean(x, axis=(1, 2)))
