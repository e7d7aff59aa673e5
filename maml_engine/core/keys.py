"""Random keys, made without compiling anything."""

from typing import Any

import jax
import numpy as np

_MAX_SEED = 2**32


def key_of(seed: int) -> jax.Array:
    """The key `jax.random.key(seed)`, `[]`, which would compile two small programs in every process that asks for one."""
    # JAX gives its settings these names when it is imported, which no type checker sees.
    kind = jax.config.jax_default_prng_impl  # pyright: ignore[reportAttributeAccessIssue]
    if kind != "threefry2x32" or not 0 <= seed < _MAX_SEED:
        return jax.random.key(seed)
    data: Any = np.array([0, seed], np.uint32)
    return jax.random.wrap_key_data(data)
