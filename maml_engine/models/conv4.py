"""The convolutional network of few-shot classification."""

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine.models.convolution import Block, PatchConv, pooled_size
from maml_engine.models.normalisation import BatchStatisticsNorm

__all__ = ["BatchStatisticsNorm", "Block", "Conv4", "PatchConv"]


class Conv4(nnx.Module):
    """Four blocks of 3 x 3 convolution, normalisation and ReLU, each of which halves height and width; then a linear head.

    With `downsampling="stride"` the network of Finn et al. (2017, sec. 5.2) on Omniglot: strides in place of pooling, and the
    head sees each feature's mean over space. With "max_pool" that of Vinyals et al. (2016), as Finn et al. have it on
    mini-ImageNet and Antoniou et al. (2019) everywhere: 2 x 2 maxima, and the head sees what is left of the image, flattened
    (28 x 28 leaves 1 x 1, 84 x 84 leaves 5 x 5).

    By default a batch is normalised by its own statistics, so a prediction depends on the images that are predicted with it:
    queries are classified together (transductively), as in both papers, and results must not be compared with those of methods
    that take one query at a time. Rows of weight 0 would count in the statistics: do not pad.

    Args:
      out_dim: classes, one logit each.
      in_channels: of an image; 1 is grey.
      features: of each convolution.
      image_size: height and width; they matter where the head sees flattened images.
      downsampling: a name in `convolution.DOWNSAMPLING`.
      norm: a name in `normalisation.NORMS`.
    """

    def __init__(
        self,
        out_dim: int = 5,
        *,
        in_channels: int = 1,
        features: int = 64,
        image_size: tuple[int, int] = (28, 28),
        downsampling: str = "stride",
        norm: str = "batch",
        rngs: nnx.Rngs,
    ):
        widths = [in_channels] + [features] * 4
        self.blocks = nnx.List(
            [Block(a, b, downsampling=downsampling, norm=norm, rngs=rngs) for a, b in zip(widths, widths[1:], strict=False)]
        )
        height, width = (pooled_size(length, downsampling, times=4) for length in image_size)
        self.head = nnx.Linear(features if downsampling == "stride" else height * width * features, out_dim, rngs=rngs)
        self.downsampling, self.norm = downsampling, norm

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[images, height, width, in_channels] -> [images, out_dim]`."""
        for block in self.blocks:
            x = block(x)
        return self.head(jnp.mean(x, axis=(1, 2)) if self.downsampling == "stride" else x.reshape(len(x), -1))
