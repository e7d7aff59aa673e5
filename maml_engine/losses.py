"""Losses: one number an example, and their mean over the examples that count."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from maml_engine.episode import Batch

LossFn = Callable[[jax.Array, jax.Array], jax.Array]


def mean_squared_error(prediction: jax.Array, y: jax.Array) -> jax.Array:
    """Squared error, averaged over the outputs of each example.

    Args:
      prediction, y: `[..., examples, out_dim]`, of one shape.

    Returns:
      `[..., examples]`, in squared units of `y`.

    Raises:
      ValueError: the shapes differ; broadcasting `[n, 1]` against `[n]` would give a wrong loss without a word.
    """
    if prediction.shape != y.shape:
        raise ValueError(f"`prediction` and `y` must have one shape, got {prediction.shape} and {y.shape}.")
    return jnp.mean(jnp.square(prediction - y), axis=-1)


def mean_loss(loss_fn: LossFn, prediction: jax.Array, batch: Batch) -> jax.Array:
    """Mean of `loss_fn` over one task's examples, padded ones left out.

    Args:
      loss_fn: gives one number an example; a scalar is taken as it is where nothing is padded.
      prediction: `[examples, out_dim]`.
      batch: the task's examples; with all weights 0 the loss is 0.

    Returns:
      `[]`.

    Raises:
      ValueError: a scalar loss meets a padded batch, or the losses are not one an example.
    """
    losses = loss_fn(prediction, batch.y)
    if batch.weight is None and losses.ndim == 0:
        return losses
    if losses.shape != batch.x.shape[:1]:
        raise ValueError(f"`loss_fn` must give one number an example, shape {batch.x.shape[:1]}, got {losses.shape}.")
    if batch.weight is None:
        return jnp.mean(losses)
    total = jnp.sum(batch.weight)
    return jnp.sum(losses * batch.weight) / jnp.where(total > 0, total, 1.0)


LOSSES: dict[str, LossFn] = {"mean_squared_error": mean_squared_error}
