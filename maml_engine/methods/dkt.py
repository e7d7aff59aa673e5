"""Deep kernel transfer (Patacchiola, Turner, Crowley, O'Boyle & Storkey, 2020): a Gaussian process on learned features."""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter
from maml_engine.core.closed_form import HeadRows, Solved, to_be_learned, with_ones
from maml_engine.core.episode import Batch
from maml_engine.core.gaussian import inverse_factor, log_likelihood, masked, solve, squared_distances
from maml_engine.methods.solved_head import LOGIT_SCALE, LikelyHead, from_log
from maml_engine.pytrees import Replaceable, pytree, static_field

PyTree = Any

# Ends of the learned logarithms, and the least noise as a share of the process's variance: the likelihood of targets that are
# all the same has no maximum short of no variance and no noise at all.
MAX_LOG, LEAST_NOISE = 10.0, 1e-5


class KernelRule(NamedTuple):
    """What is learned beside the features and the mean, all logarithms.

    log_size: `[]`, of the process's standard deviation, in the network's units.
    log_length: `[]`, of the kernel's length scale, in root mean squares of the features' differences.
    log_noise: `[]`, of the noise's standard deviation, in the network's units.
    log_scale: `[]`, of what one-hot rows are multiplied by, where the loss is of classes.
    """

    log_size: jax.Array
    log_length: jax.Array
    log_noise: jax.Array
    log_scale: jax.Array


class Kernel(NamedTuple):
    """A squared-exponential kernel with noise.

    variance: `[]`, of the process.
    length: `[]`, the length scale.
    noise: `[]`, variance of the noise.
    """

    variance: jax.Array
    length: jax.Array
    noise: jax.Array

    @classmethod
    def of(cls, rule: KernelRule) -> "Kernel":
        """From the learned logarithms."""
        size, length, noise = (from_log(log, MAX_LOG) for log in rule[:3])
        return cls(size**2, length, noise**2 + LEAST_NOISE * size**2)

    def __call__(self, a: jax.Array, b: jax.Array) -> jax.Array:
        """Covariances without noise, `[n, features], [m, features] -> [n, m]`."""
        return self.variance * jnp.exp(-0.5 * squared_distances(a, b) / (self.length**2 * a.shape[1]))

    def inverse_factor(self, features: jax.Array, weight: jax.Array) -> jax.Array:
        """The inverse Cholesky factor `[n, n]` of the covariance of targets at `features` `[n, features]`, padding left out."""
        covariance = self(features, features) + self.noise * jnp.eye(len(features), dtype=features.dtype)
        return inverse_factor(masked(covariance, weight))


@pytree
class Posterior(Replaceable):
    """A head that predicts as a Gaussian process given the support.

    kernel: with its numbers.
    mean: `[features, out_dim]`, of the prior mean, linear in the features.
    features: `[k_shot, features]`, the support's.
    weight: `[k_shot]`, 0 where a row is padding.
    inverse: `[k_shot, k_shot]`, the inverse factor of their covariance.
    pull: `[k_shot, out_dim]`, the covariance's inverse times what the prior mean leaves of the targets.
    has_bias: whether the last row of `mean` is a bias; static.
    """

    kernel: Kernel
    mean: jax.Array
    features: jax.Array
    weight: jax.Array
    inverse: jax.Array
    pull: jax.Array
    has_bias: bool = static_field()

    def __call__(self, features: jax.Array) -> jax.Array:
        """The mean, `[rows, features] -> [rows, out_dim]`."""
        return with_ones(features, self.has_bias) @ self.mean + self._across(features) @ self.pull

    def spread(self, features: jax.Array) -> jax.Array:
        """Standard deviations of targets, the noise included, `[rows, features] -> [rows, out_dim]`."""
        explained = jnp.sum(jnp.square(self.inverse @ self._across(features).T), axis=0)
        variance = jnp.maximum(self.kernel.variance - explained, 0.0) + self.kernel.noise
        return jnp.broadcast_to(jnp.sqrt(variance)[:, None], (len(features), self.mean.shape[1]))

    def _across(self, features: jax.Array) -> jax.Array:
        return self.kernel(features, self.features) * self.weight


@pytree
class DKT(LikelyHead):
    """Adapts by solving: the posterior of a Gaussian process whose kernel sees the network's features.

    The kernel is squared-exponential with learned variance, length scale and noise (Patacchiola et al., 2020, sec. 3.2), the
    prior mean a constant, the last layer's bias. The outer loop maximises the marginal likelihood of all of a task's rows,
    support and query together (eq. 4); where the loss is of classes, it minimises the cross-entropy of the mean as logits.
    Predictions have intervals of their own: those of the model, not checked on any task.

    start_noise: the noise's standard deviation where its learning begins, in the network's units; > 0.
    `inner_lr` plays no part; with `inner_steps` 0 nothing is solved, and the prediction is the prior's.
    """

    start_noise: float = 0.1

    def __post_init__(self):
        super().__post_init__()
        check_number("start_noise", self.start_noise, above=0)

    def init_rule(self, params: PyTree) -> KernelRule:
        """Where their learning begins: a process of variance 1 and length scale 1."""
        start = (0.0, 0.0, math.log(self.start_noise), math.log(LOGIT_SCALE))
        return KernelRule(*(to_be_learned(log, params) for log in start))

    def prior_mean(self, rows: HeadRows) -> jax.Array:
        """The process's mean as a last layer, `[features, out_dim]`: its bias alone."""
        return jnp.zeros_like(rows.kernel).at[-1].set(rows.kernel[-1]) if rows.has_bias else jnp.zeros_like(rows.kernel)

    def from_support(self, adapter: Adapter, support: Batch) -> Solved:
        """The process given the support.

        Args:
          adapter: this method with its meta-parameters, the network and the loss.
          support: one task's examples, `x` `[k_shot, ...]`.
        """
        rows, kernel, mean = self._seen(adapter, support)
        values = _values(rows)
        inverse = kernel.inverse_factor(values, rows.weight)
        pull = solve(inverse, rows.targets - rows.features @ mean)
        return Solved(adapter.meta.init, Posterior(kernel, mean, values, rows.weight, inverse, pull, rows.has_bias))

    def objective(self, adapter: Adapter, solved: PyTree, support: Batch, query: Batch) -> jax.Array:
        """Minus the log marginal likelihood of all rows of a task, over their number, `[]`.

        Args:
          adapter: this method with its meta-parameters, the network and the loss.
          solved: plays no part, since the likelihood is of the support, too.
          support: one task's examples.
          query: its other rows.
        """
        del solved
        rows, kernel, mean = self._seen(adapter, _together(support, query))
        inverse = kernel.inverse_factor(_values(rows), rows.weight)
        density = log_likelihood(inverse, rows.targets - rows.features @ mean, rows.weight)
        return -density / jnp.maximum(rows.targets.shape[1] * jnp.sum(rows.weight > 0), 1.0)

    def _seen(self, adapter: Adapter, batch: Batch) -> tuple[HeadRows, Kernel, jax.Array]:
        rule = adapter.meta.rule
        rows = HeadRows.of(adapter, batch, from_log(rule.log_scale, MAX_LOG))
        return rows, Kernel.of(rule), self.prior_mean(rows)


def _values(rows: HeadRows) -> jax.Array:
    """The features without the column of ones, `[rows, features]`."""
    return rows.features[:, :-1] if rows.has_bias else rows.features


def _together(support: Batch, query: Batch) -> Batch:
    """All rows of a task."""
    weights = [jnp.ones(len(batch.x)) if batch.weight is None else batch.weight for batch in (support, query)]
    x, y = (jnp.concatenate([jnp.asarray(getattr(batch, part)) for batch in (support, query)]) for part in ("x", "y"))
    return Batch(x, y, jnp.concatenate(weights))
