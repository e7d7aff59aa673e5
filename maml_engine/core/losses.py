"""Losses: one number an example, and their mean over the examples that count."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from maml_engine.core.episode import Batch, blanked
from maml_engine.runtime.registry import Registry

LossFn = Callable[[jax.Array, jax.Array], jax.Array]


def mean_squared_error(prediction: jax.Array, y: jax.Array) -> jax.Array:
    """Squared error, averaged over the outputs of each example.

    Args:
      prediction, y: `[..., examples, out_dim]`, of one shape.

    Returns:
      `[..., examples]`, in squared units of `y`.

    Raises:
      ValueError: the shapes differ; broadcasting `[n, 1]` against `[n]` would silently give a wrong loss.
    """
    if prediction.shape != y.shape:
        raise ValueError(f"`prediction` and `y` must have one shape, got {prediction.shape} and {y.shape}.")
    return jnp.mean(jnp.square(prediction - y), axis=-1)


def softmax_cross_entropy(prediction: jax.Array, y: jax.Array) -> jax.Array:
    """Cross-entropy of the classes' softmax, in nats.

    Args:
      prediction: `[..., examples, classes]`, logits.
      y: integer labels `[..., examples]` in `[0, classes)`, or one-hot rows (or probabilities) `[..., examples, classes]`. A
        label that is no class gives NaN, not the loss of another class.

    Returns:
      `[..., examples]`.

    Raises:
      ValueError: `y` is neither; broadcasting would silently give a wrong loss.
    """
    log_probability = jax.nn.log_softmax(prediction)
    if _are_labels(prediction, y):
        classes = prediction.shape[-1]
        chosen = jnp.take_along_axis(log_probability, jnp.clip(y, 0, classes - 1)[..., None], axis=-1)[..., 0]
        return -jnp.where((y >= 0) & (y < classes), chosen, jnp.nan)
    return -jnp.sum(y * log_probability, axis=-1)


def accuracy(prediction: jax.Array, y: jax.Array) -> jax.Array:
    """1 where the largest logit is the class that `y` says, else 0; `[..., examples]`. Arguments as for the cross-entropy."""
    label = y if _are_labels(prediction, y) else jnp.argmax(y, axis=-1)
    return (jnp.argmax(prediction, axis=-1) == label).astype(prediction.dtype)


def _are_labels(prediction: jax.Array, y: jax.Array) -> bool:
    """Whether `y` holds integer labels (True) or a row for each example (False)."""
    if y.shape == prediction.shape:
        return False
    if y.shape == prediction.shape[:-1] and jnp.issubdtype(y.dtype, jnp.integer):
        return True
    raise ValueError(
        f"`y` must hold integer labels of shape {prediction.shape[:-1]} or one-hot rows of shape {prediction.shape}, "
        f"got {y.dtype} of shape {y.shape}."
    )


def mean_loss(loss_fn: LossFn, prediction: jax.Array, batch: Batch) -> jax.Array:
    """Mean of `loss_fn` over one task's examples; those of weight 0 have no influence, whatever they hold.

    Args:
      loss_fn: gives one number an example; a scalar is taken as it is where nothing is padded.
      prediction: `[examples, out_dim]`.
      batch: the task's examples; with all weights 0 the loss is 0.

    Returns:
      `[]`.

    Raises:
      ValueError: a scalar loss meets a padded batch, or the losses are not one an example.
    """
    losses = loss_fn(prediction, blanked(jnp.asarray(batch.y), batch.weight))
    if batch.weight is None and losses.ndim == 0:
        return losses
    if losses.shape != batch.x.shape[:1]:
        raise ValueError(f"`loss_fn` must give one number an example, shape {batch.x.shape[:1]}, got {losses.shape}.")
    if batch.weight is None:
        return jnp.mean(losses)
    total = jnp.sum(batch.weight)
    return jnp.sum(blanked(losses, batch.weight) * batch.weight) / jnp.where(total > 0, total, 1.0)


# By the name that an experiment gives them. The second is of classes: tasks with labels, one-hot rows, or a table of labels.
LOSSES: Registry[LossFn] = Registry(
    "loss", {"mean_squared_error": mean_squared_error, "softmax_cross_entropy": softmax_cross_entropy}
)

# What `evaluate` measures besides the loss, each like a loss one number an example.
METRICS: dict[LossFn, dict[str, LossFn]] = {softmax_cross_entropy: {"accuracy": accuracy}}
