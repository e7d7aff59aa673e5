"""Normalisation layers against their formulas, and whose statistics a prediction hangs on."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine.models import NORMS, Conv4, ImageMLP, Network, ResNet
from maml_engine.models.normalisation import BatchStatisticsNorm, PictureNorm
from tests.quadratics import relative_error, x64  # noqa: F401

BUILD = {
    "conv4": lambda norm: Conv4(3, features=12, image_size=(8, 8), norm=norm, rngs=nnx.Rngs(0)),
    "conv4, pooled": lambda norm: Conv4(3, features=4, image_size=(8, 8), downsampling="max_pool", norm=norm, rngs=nnx.Rngs(0)),
    "resnet": lambda norm: ResNet(3, features=4, norm=norm, rngs=nnx.Rngs(0)),
    "image_mlp": lambda norm: ImageMLP(3, in_shape=(8, 8, 1), norm=norm, rngs=nnx.Rngs(0)),
}


def pictures(count, seed=0):
    return jax.random.normal(jax.random.key(seed), (count, 8, 8, 1))


@pytest.mark.parametrize("groups", [1, 2, 6])
def test_each_picture_by_itself_is_flaxs_group_norm(groups):
    x = 3 * jax.random.normal(jax.random.key(0), (4, 5, 3, 6)) + 2
    ours, theirs = PictureNorm(6, groups), nnx.GroupNorm(6, num_groups=groups, epsilon=1e-5, rngs=nnx.Rngs(0))
    for norm in (ours, theirs):
        norm.scale[...], norm.bias[...] = jnp.arange(6.0), jnp.arange(6.0) / 2
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-4, atol=1e-4)
    got, expected = (jax.grad(lambda x, norm=norm: jnp.sum(jnp.sin(norm(x))))(x) for norm in (ours, theirs))
    assert relative_error(got, expected) < 1e-4


@pytest.mark.parametrize(("features", "groups"), [(64, 8), (32, 8), (12, 1), (4, 1)])
def test_a_group_has_several_features(features, groups):
    assert NORMS["group"](features).groups == groups


def test_by_the_support_is_flaxs_batch_norm_by_the_supports_statistics():
    support, x = (2 * jax.random.normal(jax.random.key(seed), (4, 5, 5, 6)) + seed for seed in (1, 2))
    ours, theirs = BatchStatisticsNorm(6, transductive=False), nnx.BatchNorm(6, momentum=0.0, epsilon=1e-3, rngs=nnx.Rngs(0))
    np.testing.assert_allclose(ours(support), theirs(support), rtol=1e-4, atol=1e-4)
    for norm in (ours, theirs):
        norm.use_running_average = True
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("transductive", [True, False])
def test_a_products_statistics_are_those_of_the_product(x64, transductive):  # noqa: F811
    rng = np.random.default_rng(0)
    x, other, kernel = (jnp.asarray(rng.normal(2, 3, shape)) for shape in ((4, 5, 3), (7, 5, 3), (3, 8)))
    scale, bias = jnp.asarray(rng.normal(size=(2, 8)))

    def both(of, x, kernel):
        norm = BatchStatisticsNorm(8, transductive=transductive)
        norm.scale[...], norm.bias[...] = scale, bias
        first = of(norm, x, kernel)
        norm.use_running_average = not transductive
        return jnp.concatenate([first, of(norm, other, kernel)])  # the latter by what was noted

    def ours(norm, x, kernel):
        return norm.of_product(x, kernel)

    def plainly(norm, x, kernel):
        return norm(x @ kernel)

    assert relative_error(both(ours, x, kernel), both(plainly, x, kernel)) < 1e-10
    got, expected = (
        jax.grad(lambda x, kernel, of=of: jnp.sum(jnp.sin(both(of, x, kernel))), argnums=(0, 1))(x, kernel)
        for of in (ours, plainly)
    )
    assert relative_error(got, expected) < 1e-8


@pytest.mark.parametrize(
    ("name", "norm"), [*(("conv4", norm) for norm in NORMS), *((name, "support") for name in BUILD), ("resnet", "layer")]
)
def test_a_query_hangs_on_the_others_only_where_that_is_said(name, norm):
    """T6: alone, among others, in another order and doubled."""
    network, params = Network.split(BUILD[name](norm))
    support, query = pictures(6), pictures(5, seed=1)
    predict = jax.jit(lambda x: network.settled(params, support).predict(params, x))
    together = predict(query)
    np.testing.assert_allclose(predict(query[::-1])[::-1], together, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(predict(jnp.concatenate([query, query]))[:5], together, rtol=1e-4, atol=1e-5)
    alone = jnp.concatenate([predict(query[place : place + 1]) for place in range(5)])
    apart = float(jnp.abs(alone - together).max())
    assert apart > 1e-2 if norm in ("batch", "per_step") else apart < 1e-4


@pytest.mark.parametrize("name", ["conv4", "image_mlp"])
def test_the_choice_can_be_changed_afterwards(name):
    by_batch, params = Network.split(BUILD[name]("batch"))
    by_support, same = Network.split(BUILD[name]("support"))
    assert jax.tree.structure(params) == jax.tree.structure(same)
    support, query = pictures(6), pictures(5, seed=1)

    def predicted(network):
        return jax.jit(lambda x: network.settled(params, support).predict(params, x))(query)

    np.testing.assert_array_equal(predicted(by_batch.normalised_by("support", params)), predicted(by_support))
    np.testing.assert_array_equal(predicted(by_support.normalised_by("batch", params)), predicted(by_batch))
    assert by_batch.statistics(params) == ""
    assert by_batch.has_choice(params)
    assert by_batch.normalised_by("support", params).statistics(params) == "support"


def test_flaxs_own_layer_can_be_told_too():
    class Own(nnx.Module):
        def __init__(self, rngs, use_running_average=False):
            self.norm = nnx.BatchNorm(1, use_running_average=use_running_average, rngs=rngs)

        def __call__(self, x):
            return self.norm(x)

    network, params = Network.split(Own(nnx.Rngs(0)))
    support, query = jnp.arange(6.0)[:, None], jnp.arange(3.0)[:, None]
    together = network.normalised_by("batch", params)
    assert (network.statistics(params), together.statistics(params)) == ("support", "")
    np.testing.assert_allclose(together.settled(params, support).predict(params, query).mean(), 0.0, atol=1e-6)
    again = together.normalised_by("support", params).settled(params, support)
    np.testing.assert_allclose(again.predict(params, query), network.settled(params, support).predict(params, query))
    running, params = Network.split(Own(nnx.Rngs(0), use_running_average=True))
    assert not running.has_choice(params)
    assert running.normalised_by("batch", params).statistics(params) == "running"
