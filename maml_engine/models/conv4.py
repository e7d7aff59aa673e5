"""The convolutional network of few-shot classification."""

import jax
import jax.numpy as jnp
from flax import nnx

KERNEL_SIZE, STRIDE = 3, 2


class PatchConv(nnx.Module):
    """A 3 x 3 convolution of stride 2, padded as "SAME" and without bias, written as one product of patches and kernel.

    Under `vmap` over tasks each has a kernel of its own, and a convolution becomes a grouped one, which XLA's CPU backend
    computes several times slower than this batched product, backwards most of all. Values and gradients are those of
    `jax.lax.conv_general_dilated`. The normalisation that follows would take a bias off again.
    """

    def __init__(self, in_features: int, out_features: int, *, rngs: nnx.Rngs):
        shape = (KERNEL_SIZE, KERNEL_SIZE, in_features, out_features)
        self.kernel = nnx.Param(nnx.initializers.lecun_normal()(rngs.params(), shape))

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[images, height, width, in_features] -> [images, ceil(height / 2), ceil(width / 2), out_features]`."""
        by_column = self.kernel[...].swapaxes(0, 1)  # in the order of the patches' features
        # Rows first, then columns: six copies instead of the nine that all neighbours at once would take, and half the time
        # backwards, where each copy is a pad.
        patches = _neighbours(_neighbours(x, axis=1), axis=2)
        return patches @ by_column.reshape(-1, by_column.shape[-1])


def _neighbours(x: jax.Array, axis: int) -> jax.Array:
    """What a kernel's rows (axis 1) or columns (axis 2) meet at every second position, side by side as features."""
    length = x.shape[axis]
    size = -(-length // STRIDE)
    span = STRIDE * (size - 1) + 1
    missing = max(span + KERNEL_SIZE - 1 - length, 0)
    pads = [(0, 0)] * x.ndim
    pads[axis] = (missing // 2, missing - missing // 2)  # "SAME" puts the smaller half first
    padded = jnp.pad(x, pads)
    places = [jax.lax.slice_in_dim(padded, first, first + span, STRIDE, axis) for first in range(KERNEL_SIZE)]
    return jnp.concatenate(places, axis=-1)


class BatchStatisticsNorm(nnx.Module):
    """Normalises each feature by the mean and variance of the images at hand, in training and afterwards.

    There are no running statistics, so nothing is carried from one task to the next.
    """

    def __init__(self, features: int, *, epsilon: float = 1e-5):
        self.scale = nnx.Param(jnp.ones(features))
        self.bias = nnx.Param(jnp.zeros(features))
        self.epsilon = epsilon

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[images, height, width, features]`, to itself."""
        rows = x.reshape(-1, x.shape[-1])
        # Sums over rows, and the sums that differentiating makes of broadcasts, as products with a column of ones: XLA's CPU
        # backend sums over leading axes many times slower. It would turn the product back into a sum if it saw the ones.
        ones = jax.lax.stop_gradient(rows[:, :1]) * 0 + 1
        centred = rows - ones @ (ones.T @ rows / len(rows))
        variance = ones.T @ jnp.square(centred) / len(rows)
        factor = jax.lax.rsqrt(variance + self.epsilon) * self.scale[...]
        return (centred * (ones @ factor) + ones @ self.bias[...][None]).reshape(x.shape)


class Conv4(nnx.Module):
    """Four blocks of convolution (3 x 3, stride 2), batch normalisation and ReLU; mean over space; a linear head.

    The network of Vinyals et al. (2016) as Finn et al. (2017, sec. 5.2) use it on Omniglot, strides in place of pooling.

    A batch is normalised by its own statistics, so a prediction depends on the images that are predicted with it: queries are
    classified together (transductively), as in Finn et al., and results must not be compared with those of methods that take
    one query at a time. Rows of weight 0 would count in the statistics: do not pad.

    Args:
      out_dim: classes, one logit each.
      in_channels: of an image; 1 is grey.
      features: of each convolution.
    """

    def __init__(self, out_dim: int = 5, *, in_channels: int = 1, features: int = 64, rngs: nnx.Rngs):
        widths = [in_channels] + [features] * 4
        self.blocks = nnx.List([Block(a, b, rngs=rngs) for a, b in zip(widths, widths[1:], strict=False)])
        self.head = nnx.Linear(features, out_dim, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[images, height, width, in_channels] -> [images, out_dim]`."""
        for block in self.blocks:
            x = block(x)
        return self.head(jnp.mean(x, axis=(1, 2)))


class Block(nnx.Module):
    """Convolution, normalisation, ReLU; halves height and width."""

    def __init__(self, in_features: int, out_features: int, *, rngs: nnx.Rngs):
        self.conv = PatchConv(in_features, out_features, rngs=rngs)
        self.norm = BatchStatisticsNorm(out_features)

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[images, height, width, in_features] -> [images, ceil(height / 2), ceil(width / 2), out_features]`."""
        return nnx.relu(self.norm(self.conv(x)))
