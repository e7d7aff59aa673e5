"""The data that a meta-learner sees: batches of examples, and episodes of a support and a query batch."""

from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np

# What lies on the host goes in as it is; inside a compiled program all are `jax.Array`.
Array = jax.Array | np.ndarray


class Batch(NamedTuple):
    """Examples of one task, or of many tasks stacked along a leading axis.

    x: `[..., examples, in_dim]` inputs.
    y: `[..., examples, out_dim]` targets.
    weight: `[..., examples]`, 0 where a row is padding; None means that every row counts.
    """

    x: Array
    y: Array
    weight: Array | None = None


class Episode(NamedTuple):
    """What one task shows, or many tasks stacked along a leading axis `[tasks]`.

    support: the examples to adapt on.
    query: the examples to be judged on.
    """

    support: Batch
    query: Batch


def blanked(rows: Array, weight: Array | None) -> jax.Array:
    """Rows `[examples, ...]` with zeros where `weight` `[examples]` is 0, so that nothing there, not even NaN, has influence.

    Multiplying by 0 would not do: 0 * NaN is NaN, in a loss and in its gradient.
    """
    if weight is None:
        return cast(jax.Array, rows)
    return jnp.where(jnp.reshape(weight > 0, (-1, *[1] * (rows.ndim - 1))), rows, 0)


def unknown(support: Batch) -> Batch:
    """The support with all its rows as padding: nothing is known of the task yet."""
    return support._replace(weight=jnp.zeros(support.x.shape[:1]))


def float_type() -> np.dtype:
    """Of real numbers here: 32 bits, or 64 where JAX computes in 64 (`JAX_ENABLE_X64`)."""
    return np.dtype(jax.dtypes.canonicalize_dtype(float))
