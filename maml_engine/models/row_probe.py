"""Whether a network predicts each row by itself: where it does not, rows must not be padded."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.models.conv4 import Conv4
from maml_engine.models.image_mlp import ImageMLP
from maml_engine.models.mlp import MLP, ContextMLP, FourierMLP, MAMLRegressor, NeuralProcess
from maml_engine.models.network import Network
from maml_engine.models.normalisation import OF_ONE_PICTURE
from maml_engine.models.resnet import ResNet

PyTree = Any
# The engine's own, which need no trial: a first picture does not wait for one. Of images it is their normalisation that says.
_OF_ROWS, _OF_PICTURES = (MAMLRegressor, MLP, FourierMLP, ContextMLP, NeuralProcess), (Conv4, ResNet, ImageMLP)
# By the module's structure and the shape and type of a row; the numbers that a module holds do not decide it.
_KNOWN: dict[tuple, bool] = {}


def rows_are_independent(network: Network, params: PyTree, row: jax.ShapeDtypeStruct) -> bool:
    """Knows it, or tries it: a row's prediction alone, among others, and when one of the others changes must be the same.

    Args:
      network: without its parameters, as it is used.
      params: of its shapes; they are disturbed, since what starts at zero would hide what it is multiplied with.
      row: shape and type of one input row, `[...]`.
    """
    model: Any = network.merge(params)
    if type(model) in _OF_ROWS:
        return True
    if type(model) in _OF_PICTURES:
        return model.norm in OF_ONE_PICTURE
    key = (network.graphdef, row.shape, row.dtype)
    if key not in _KNOWN:
        _KNOWN[key] = _try(network, _disturbed(params), row)
    return _KNOWN[key]


def _try(network: Network, params: PyTree, row: jax.ShapeDtypeStruct) -> bool:
    rng = np.random.default_rng(0)
    is_real = np.issubdtype(row.dtype, np.floating)
    rows = (rng.normal(size=(3, *row.shape)) if is_real else rng.integers(0, 2, (3, *row.shape))).astype(row.dtype)
    changed = rows.copy()
    changed[1] = 1 - rows[1]
    spoilt = rows.copy()
    spoilt[1] = np.nan if is_real else rows[1]
    among, *others = (np.asarray(network.predict(params, jnp.asarray(some)))[[0, 2]] for some in (rows, changed, spoilt))
    alone = np.concatenate([network.predict(params, jnp.asarray(rows[[place]])) for place in (0, 2)])
    return all(np.allclose(among, other, rtol=1e-4, atol=1e-6) for other in (alone, *others))


def _disturbed(params: PyTree) -> PyTree:
    rng = np.random.default_rng(1)
    return jax.tree.map(lambda leaf: leaf + 0.1 * rng.normal(size=leaf.shape).astype(leaf.dtype), params)
