"""Convolution and pooling as products and elementwise maxima: fast where each task has a kernel of its own."""

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine.checks import check_choice
from maml_engine.models.normalisation import NORMS, BatchStatisticsNorm

KERNEL_SIZE = 3
# How a block halves height and width: by its convolution's stride (Finn et al., 2017, on Omniglot), or by maxima of 2 x 2
# after one of stride 1 (the same on mini-ImageNet; Antoniou et al., 2019).
DOWNSAMPLING = {"stride": 2, "max_pool": 1}


class PatchConv(nnx.Module):
    """A 3 x 3 convolution padded as "SAME", written as one product of patches and kernel.

    Under `vmap` over tasks each has a kernel of its own, and a convolution becomes a grouped one, which XLA's CPU backend
    computes several times slower than this batched product, backwards most of all. Values and gradients are those of
    `jax.lax.conv_general_dilated`.

    Args:
      in_features, out_features: channels of what goes in and comes out.
      stride: of its rows and columns.
      use_bias: the normalisation that mostly follows would take a bias off again.
    """

    def __init__(self, in_features: int, out_features: int, *, stride: int = 2, use_bias: bool = False, rngs: nnx.Rngs):
        shape = (KERNEL_SIZE, KERNEL_SIZE, in_features, out_features)
        self.kernel = nnx.Param(nnx.initializers.lecun_normal()(rngs.params(), shape))
        self.bias = nnx.Param(jnp.zeros(out_features)) if use_bias else None
        self.stride = stride

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[images, height, width, in_features] -> [images, height / stride, width / stride, out_features]`, rounded up."""
        result = self.patches(x) @ self.matrix
        return result if self.bias is None else result + self.bias[...]

    def patches(self, x: jax.Array) -> jax.Array:
        """What each position sees, `[images, height, width, in_features] -> [images, ..., 9 * in_features]`."""
        # Rows first, then columns: six copies instead of the nine that all neighbours at once would take, and half the time
        # backwards, where each copy is a pad.
        return _neighbours(_neighbours(x, 1, self.stride), 2, self.stride)

    @property
    def matrix(self) -> jax.Array:
        """The kernel in the order of the patches' features, `[9 * in_features, out_features]`."""
        by_column = self.kernel[...].swapaxes(0, 1)
        return by_column.reshape(-1, by_column.shape[-1])


def _neighbours(x: jax.Array, axis: int, stride: int) -> jax.Array:
    """What a kernel's rows (axis 1) or columns (axis 2) meet at every `stride`-th position, side by side as features."""
    length = x.shape[axis]
    size = -(-length // stride)
    span = stride * (size - 1) + 1
    missing = max(span + KERNEL_SIZE - 1 - length, 0)
    pads = [(0, 0)] * x.ndim
    pads[axis] = (missing // 2, missing - missing // 2)  # "SAME" puts the smaller half first
    padded = jnp.pad(x, pads)
    places = [jax.lax.slice_in_dim(padded, first, first + span, stride, axis) for first in range(KERNEL_SIZE)]
    return jnp.concatenate(places, axis=-1)


def max_pool(x: jax.Array) -> jax.Array:
    """Maxima of 2 x 2; an odd row or column at the end is left out, and an axis of length 1 stays.

    `[images, height, width, features] -> [images, height // 2, width // 2, features]`. Of equals the first has the gradient.
    """
    for axis in (1, 2):
        half = x.shape[axis] // 2
        if half:
            pairs = jax.lax.slice_in_dim(x, 0, 2 * half, axis=axis)
            pairs = pairs.reshape(*x.shape[:axis], half, 2, *x.shape[axis + 1 :])
            first, second = (jax.lax.index_in_dim(pairs, place, axis + 1, keepdims=False) for place in range(2))
            # Not `jnp.max`, whose derivative asks which entry equals the maximum: compiled, both may be computed twice and
            # differ in the last bit, none is equal, and the gradient is 0 / 0.
            x = jnp.where(first >= second, first, second)
    return x


def pooled_size(length: int, downsampling: str, times: int) -> int:
    """What is left of a height or width after so many blocks."""
    for _ in range(times):
        length = -(-length // 2) if downsampling == "stride" else max(length // 2, 1)
    return length


class Block(nnx.Module):
    """Convolution, normalisation, ReLU; halves height and width.

    Args:
      in_features, out_features: channels of what goes in and comes out.
      downsampling: a name in `DOWNSAMPLING`.
      norm: a name in `NORMS`.
    """

    def __init__(
        self, in_features: int, out_features: int, *, downsampling: str = "stride", norm: str = "batch", rngs: nnx.Rngs
    ):
        check_choice("downsampling", downsampling, DOWNSAMPLING)
        check_choice("norm", norm, NORMS)
        stride = DOWNSAMPLING[downsampling]
        self.conv = PatchConv(in_features, out_features, stride=stride, use_bias=norm == "none", rngs=rngs)
        self.norm = NORMS[norm](out_features)
        self.downsampling = downsampling

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[images, height, width, in_features] -> [images, height / 2, width / 2, out_features]`."""
        x = convolved(self.conv, self.norm, x)
        # The ReLU of maxima is the maximum of ReLUs, on a quarter of the numbers.
        return nnx.relu(max_pool(x) if self.downsampling == "max_pool" else x)


def convolved(conv: PatchConv, norm: nnx.Module | None, x: jax.Array) -> jax.Array:
    """`x` `[images, height, width, in_features]` through a convolution and the normalisation behind it, where there is one."""
    matrix = conv.matrix
    if isinstance(norm, BatchStatisticsNorm) and matrix.shape[0] < matrix.shape[1]:
        return norm.of_product(conv.patches(x), matrix)
    return normalised(norm, conv(x))


def normalised(norm: nnx.Module | None, x: jax.Array) -> jax.Array:
    """`x` `[images, ..., features]` through a normalisation layer, where there is one."""
    return x if norm is None else norm(x)  # pyright: ignore[reportCallIssue]
