"""Normalisation of image networks: whose statistics a picture is normalised by is a choice, by name."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

# The variance of a few support rows may be 0 where a query's is not: by less, four layers of that overflow in 32 bits.
MIN_INDUCTIVE_EPSILON = 1e-3
MAX_GROUPS, MIN_FEATURES_OF_A_GROUP = 8, 4


class BatchStatisticsNorm(nnx.Module):
    """Normalises each feature by the mean and variance of the images at hand, in training and afterwards.

    There are no running statistics, so nothing is carried from one task to the next.

    Args:
      features: of an image, the last axis.
      epsilon: added to the variance.
      transductive: queries go by their own batch's statistics, as in Finn et al. (2017); else by those of the support, which
        `Network.settled` puts in, and support and query are normalised alike.
    """

    def __init__(self, features: int, *, epsilon: float = 1e-5, transductive: bool = True):
        self.scale = nnx.Param(jnp.ones(features))
        self.bias = nnx.Param(jnp.zeros(features))
        self.own_epsilon = self.epsilon = epsilon
        # What `Network` asks of normalisation layers, as of Flax's own.
        self.transductive, self.use_running_average, self.momentum = True, False, 0.0
        self.go_by(transductive=transductive)

    def go_by(self, *, transductive: bool) -> None:
        """Says by whose statistics queries go; where it is the support's, there are arrays to note them in."""
        if transductive < self.transductive:
            self.mean = nnx.BatchStat(jnp.zeros_like(self.scale[...]))
            self.var = nnx.BatchStat(jnp.ones_like(self.scale[...]))
        elif transductive > self.transductive:
            del self.mean, self.var
        self.transductive = transductive
        self.epsilon = self.own_epsilon if transductive else max(self.own_epsilon, MIN_INDUCTIVE_EPSILON)

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[images, ..., features]`, to itself."""
        rows = x.reshape(-1, x.shape[-1])
        # Sums over rows, and the sums that differentiating makes of broadcasts, as products with a column of ones: XLA's CPU
        # backend sums over leading axes many times slower. It would turn the product back into a sum if it saw the ones.
        ones = jax.lax.stop_gradient(rows[:, :1]) * 0 + 1
        mean = self.mean[...][None] if self.use_running_average else ones.T @ rows / len(rows)
        centred = rows - ones @ mean
        variance = self.var[...][None] if self.use_running_average else ones.T @ jnp.square(centred) / len(rows)
        self._note(mean[0], variance[0])
        factor = jax.lax.rsqrt(variance + self.epsilon) * self.scale[...]
        return (centred * (ones @ factor) + ones @ self.bias[...][None]).reshape(x.shape)

    def of_product(self, x: jax.Array, kernel: jax.Array) -> jax.Array:
        """`self(x @ kernel)`, several times faster where `x` has few features and the product many.

        Mean and variance of a product follow from the mean and the covariance of `x`, and scale and bias go into the kernel: so
        nothing passes over the product, which is larger than all else there is.

        Args:
          x: `[images, ..., inner]`.
          kernel: `[inner, features]`.

        Returns:
          `[images, ..., features]`.
        """
        rows = x.reshape(-1, x.shape[-1])
        if self.use_running_average:
            mean, variance = self.mean[...], self.var[...]
        else:
            mean_row = jnp.mean(rows, axis=0)
            centred = rows - mean_row
            mean, variance = mean_row @ kernel, jnp.sum(kernel * (centred.T @ centred / len(rows) @ kernel), axis=0)
            self._note(mean, variance)
        factor = jax.lax.rsqrt(variance + self.epsilon) * self.scale[...]
        joint = jnp.concatenate([kernel * factor, (self.bias[...] - mean * factor)[None]])
        return jnp.concatenate([x, jnp.ones_like(x[..., :1])], axis=-1) @ joint

    def _note(self, mean: jax.Array, variance: jax.Array) -> None:
        """Keeps the statistics of the rows at hand, `[features]` each, where it may have to go by them."""
        if not (self.transductive or self.use_running_average):
            self.mean.set_value(mean)
            self.var.set_value(variance)


class PictureNorm(nnx.Module):
    """Normalises each picture by itself, over space and groups of features (Wu & He, 2018); scale and bias by feature.

    Args:
      features: of an image, the last axis.
      groups: of features; 1 is layer normalisation (Ba et al., 2016).
      epsilon: added to the variance.
    """

    def __init__(self, features: int, groups: int = 1, *, epsilon: float = 1e-5):
        self.scale = nnx.Param(jnp.ones(features))
        self.bias = nnx.Param(jnp.zeros(features))
        self.groups, self.epsilon = groups, epsilon

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[images, ..., features]`, to itself."""
        pixels = x.reshape(len(x), -1, x.shape[-1])
        centred = pixels - self._group_means(pixels)
        factor = jax.lax.rsqrt(self._group_means(jnp.square(centred)) + self.epsilon) * self.scale[...]
        return (centred * factor + self.bias[...]).reshape(x.shape)

    def _group_means(self, pixels: jax.Array) -> jax.Array:
        """`[images, pixels, features] -> [images, 1, features]`, the same for all features of a group."""
        by_feature = jnp.mean(pixels, axis=1)
        by_group = jnp.mean(by_feature.reshape(len(by_feature), self.groups, -1), axis=-1)
        return jnp.repeat(by_group, by_feature.shape[-1] // self.groups, axis=-1)[:, None]


def _groups(features: int) -> int:
    """Up to eight, of several features each: where nothing is left of space, one feature alone would be normalised to 0."""
    return math.gcd(math.gcd(features, MAX_GROUPS), max(features // MIN_FEATURES_OF_A_GROUP, 1))


# By the name that an experiment gives them; each makes a layer for so many features. A convolution or dense layer before
# "none" has a bias, which the others would take off again.
NORMS: dict[str, Callable[[int], Any]] = {
    "batch": BatchStatisticsNorm,
    "support": lambda features: BatchStatisticsNorm(features, transductive=False),
    "per_step": BatchStatisticsNorm,  # its scales and biases for each inner step are MAML++'s (`per_step_norms`)
    "layer": PictureNorm,
    "group": lambda features: PictureNorm(features, _groups(features)),
    "none": lambda features: None,
}
# Those under which a picture's prediction does not depend on the pictures beside it, whatever is done.
OF_ONE_PICTURE = ("layer", "group", "none")
