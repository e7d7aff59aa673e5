"""The last layer: found by what it gives, read and replaced, and another head in its place."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine.core.closed_form import head_path, head_size
from maml_engine.models import MLP, ContextMLP, Conv4, FourierMLP, MAMLRegressor, Network, NeuralProcess
from maml_engine.models.head import Solved, SolvedModule, head_of, with_head
from maml_engine.pytrees import pytree

ROWS = jnp.linspace(-1, 1, 4)[:, None]
IMAGES = jnp.zeros((4, 28, 28, 1))
NETWORKS = {
    "regressor": (MAMLRegressor(6, rngs=nnx.Rngs(0)), ROWS),
    "mlp": (MLP(6, layer_norm=True, rngs=nnx.Rngs(0)), ROWS),
    "fourier": (FourierMLP(6, rngs=nnx.Rngs(0)), ROWS),
    "context": (ContextMLP(6, rngs=nnx.Rngs(0)), ROWS),
    "process": (NeuralProcess(6, rngs=nnx.Rngs(0)), ROWS),
    "linear": (nnx.Linear(1, 2, rngs=nnx.Rngs(0)), ROWS),
    "conv4": (Conv4(5, features=4, rngs=nnx.Rngs(0)), IMAGES),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_features_times_the_last_layer_are_the_prediction(name):
    model, x = NETWORKS[name]
    network, params = Network.split(model)
    values, path = jax.jit(lambda params: network.features(params, x).values)(params), network.features(params, x).path
    kernel, bias = head_of(params, path)
    assert bias is not None
    np.testing.assert_allclose(values @ kernel + bias, network.predict(params, x), rtol=1e-5, atol=1e-6)
    assert path == head_path(params)
    assert head_size(params) == (kernel.shape[0] + 1, kernel.shape[1])
    other = with_head(params, path, 2 * kernel, bias + 1)
    np.testing.assert_allclose(network.predict(other, x), values @ (2 * kernel) + bias + 1, rtol=1e-5, atol=1e-6)
    assert jax.tree.structure(other) == jax.tree.structure(params)


def test_looking_at_a_module_leaves_it_as_it_was():
    model = MLP(6, rngs=nnx.Rngs(0))
    before = [type(module) for _, module in nnx.iter_modules(model)]
    SolvedModule(model, Halving(jnp.ones(())))(ROWS)
    assert [type(module) for _, module in nnx.iter_modules(model)] == before


@pytree
class Halving:
    """The mean of the features over two, plus a number."""

    shift: jax.Array

    def __call__(self, features):
        return features.mean(axis=1, keepdims=True) / 2 + self.shift

    def spread(self, features):
        return 0 * features[:, :1] + 3


def test_another_head_answers_wherever_parameters_go():
    network, params = Network.split(MLP(6, rngs=nnx.Rngs(0)))
    solved = Solved(params, Halving(jnp.asarray(1.0)))
    expected = network.features(params, ROWS).values.mean(axis=1, keepdims=True) / 2 + 1
    np.testing.assert_allclose(jax.jit(network.predict)(solved, ROWS), expected, rtol=1e-6)
    module = network.merge(solved)
    assert isinstance(module, SolvedModule)
    np.testing.assert_allclose(module(ROWS), expected, rtol=1e-6)
    np.testing.assert_array_equal(module.spread(ROWS), 3.0)
    np.testing.assert_array_equal(network.features(solved, ROWS).values, network.features(params, ROWS).values)


def test_a_network_without_a_dense_layer_has_no_head():
    _, params = Network.split(nnx.LayerNorm(2, rngs=nnx.Rngs(0)))
    with pytest.raises(ValueError, match=r"ends in an nnx\.Linear; this one has none"):
        head_path(params)
