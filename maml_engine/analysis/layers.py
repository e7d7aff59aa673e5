"""Which numbers of a network belong to which of its layers."""

from typing import Any

import jax
import numpy as np

PyTree = Any


def named_arrays(params: PyTree) -> list[tuple[str, str, np.ndarray]]:
    """Lists the arrays of a tree of parameters, in the order of `jax.tree.leaves`.

    Returns:
      For each array the name of its layer, its own name, and its numbers `[...]`.
    """
    named = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        names = jax.tree_util.keystr(path, simple=True, separator=".").removesuffix(".value").split(".")
        named.append((".".join(names[:-1] or names), names[-1], np.asarray(leaf)))
    return named


def layer_places(params: PyTree) -> dict[str, np.ndarray]:
    """Finds each layer's places `[numbers of the layer]` in the vector of all parameters, in the order of `jax.tree.leaves`."""
    places: dict[str, list[np.ndarray]] = {}
    start = 0
    for layer, _, leaf in named_arrays(params):
        places.setdefault(layer, []).append(np.arange(start, start + leaf.size))
        start += leaf.size
    return {layer: np.concatenate(own) for layer, own in places.items()}
