"""The data that a meta-learner sees: batches of examples, and episodes of a support and a query batch."""

from typing import NamedTuple

import jax
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
