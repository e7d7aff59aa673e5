"""ALPaCA (Harrison, Sharma & Pavone, 2018): Bayesian linear regression on learned features, with a learned prior."""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter
from maml_engine.core.closed_form import (
    HeadRows,
    Solved,
    head_size,
    negative_log_density,
    to_be_learned,
    with_ones,
)
from maml_engine.core.episode import Batch
from maml_engine.core.gaussian import inverse_factor
from maml_engine.methods.solved_head import LOGIT_SCALE, LikelyHead, from_log
from maml_engine.pytrees import Replaceable, pytree, static_field

PyTree = Any


class LinearRule(NamedTuple):
    """What is learned beside the features and the prior mean, which is the network's last layer.

    prior_factor: `[features, features]`, below its diagonal L, on it the logarithms of L's, where L L' is the prior covariance
      of an output's weights over the noise's variance; a bias is the last feature.
    log_noise: `[out_dim]`, logarithm of the noise's standard deviation, in the network's units.
    log_scale: `[]`, logarithm of what one-hot rows are multiplied by, where the loss is of classes.
    """

    prior_factor: jax.Array
    log_noise: jax.Array
    log_scale: jax.Array


@pytree
class LinearPosterior(Replaceable):
    """A head whose weights are Gaussian: what the support leaves open of the prior.

    kernel: `[features, out_dim]`, their mean.
    prior: `[features, features]`, L.
    explained: `[k_shot, features]`, what the support takes away: the posterior covariance is L (I - E'E) L'.
    noise: `[out_dim]`, standard deviation.
    has_bias: whether the last feature is a one; static.
    """

    kernel: jax.Array
    prior: jax.Array
    explained: jax.Array
    noise: jax.Array
    has_bias: bool = static_field()

    def __call__(self, features: jax.Array) -> jax.Array:
        """The mean, `[rows, features] -> [rows, out_dim]`."""
        return with_ones(features, self.has_bias) @ self.kernel

    def spread(self, features: jax.Array) -> jax.Array:
        """Standard deviations of targets, `[rows, features] -> [rows, out_dim]` (Harrison et al., 2018, eq. 8)."""
        whitened = with_ones(features, self.has_bias) @ self.prior
        left = jnp.sum(jnp.square(whitened), axis=1) - jnp.sum(jnp.square(whitened @ self.explained.T), axis=1)
        return jnp.sqrt(1 + jnp.maximum(left, 0.0))[:, None] * self.noise


@pytree
class ALPaCA(LikelyHead):
    """Adapts by solving: the posterior of a Gaussian head given the support (Harrison et al., 2018, algorithm 1).

    The outer loop maximises the density of the queries under it, with respect to the features, the prior's mean and covariance
    and the noise; where the loss is of classes, it minimises the cross-entropy of the mean as logits. Predictions have
    intervals of their own: those of the model, not checked on any task.

    start_noise: the noise's standard deviation where its learning begins, in the network's units; > 0.
    `inner_lr` plays no part; with `inner_steps` 0 nothing is solved, and the prediction is the prior's.
    """

    start_noise: float = 0.3

    def __post_init__(self):
        super().__post_init__()
        check_number("start_noise", self.start_noise, above=0)

    def init_rule(self, params: PyTree) -> LinearRule:
        """A prior covariance of the noise's variance times the identity."""
        features, outputs = head_size(params)
        log_noise = to_be_learned(math.log(self.start_noise), params)
        prior = jnp.zeros((features, features), log_noise.dtype)
        return LinearRule(prior, jnp.full(outputs, log_noise), to_be_learned(math.log(LOGIT_SCALE), params))

    def from_support(self, adapter: Adapter, support: Batch) -> Solved:
        """The posterior of the head (Harrison et al., 2018, eq. 5), by a system of the size of the support.

        Args:
          adapter: this method with its meta-parameters, the network and the loss.
          support: one task's examples, `x` `[k_shot, ...]`.

        Raises:
          ValueError: the layer that is last by its name is another than the one that gives the prediction.
        """
        init, rule = adapter.meta
        rows = HeadRows.of(adapter, support, from_log(rule.log_scale))
        if rows.kernel.shape != (len(rule.prior_factor), len(rule.log_noise)):
            raise ValueError(
                f"ALPaCA needs the layer that gives the prediction to be the last by its name; here it is "
                f"{'/'.join(map(str, rows.path))}, and another comes after it: rename one of them."
            )
        prior = jnp.tril(rule.prior_factor, -1) + jnp.diag(from_log(jnp.diagonal(rule.prior_factor)))
        whitened = rows.features @ prior  # rows of padding stay 0
        inverse = inverse_factor(whitened @ whitened.T + jnp.eye(len(whitened), dtype=whitened.dtype))
        explained = inverse @ whitened
        surprise = inverse @ (rows.targets - rows.features @ rows.kernel)
        kernel = rows.kernel + prior @ (explained.T @ surprise)
        noise = from_log(rule.log_noise)
        return Solved(rows.params(init, kernel), LinearPosterior(kernel, prior, explained, noise, rows.has_bias))

    def objective(self, adapter: Adapter, solved: Solved, support: Batch, query: Batch) -> jax.Array:
        """Minus the log density of the queries under the posterior, `[]`.

        Args:
          adapter: this method with its meta-parameters, the network and the loss.
          solved: the posterior.
          support: one task's examples.
          query: the rows that are judged.
        """
        return negative_log_density(adapter, solved, support, query)
