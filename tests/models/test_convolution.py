"""Convolution as patches and pooling as maxima against JAX's own, alone and where each task has a kernel."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine.models.convolution import Block, PatchConv, max_pool, pooled_size
from tests.quadratics import relative_error, x64  # noqa: F401


def convolved(x, kernel, stride):
    return jax.lax.conv_general_dilated(x, kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def pooled(x):
    window = (1, *(min(2, length) for length in x.shape[1:3]), 1)
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("shape", [(2, 7, 7, 3), (3, 4, 6, 1), (2, 1, 2, 5)])
def test_a_kernel_for_each_task_in_values_gradients_and_products_of_the_hessian(x64, shape, stride):  # noqa: F811
    rng = np.random.default_rng(0)
    x, kernels = rng.normal(size=(2, *shape)), rng.normal(size=(2, 3, 3, shape[-1], 4))
    graphdef, params = nnx.split(PatchConv(shape[-1], 4, stride=stride, rngs=nnx.Rngs(0)))

    def ours(kernel, x):
        return nnx.merge(graphdef, jax.tree.map(lambda _: kernel, params))(x)

    def scalar(function):
        def of(kernels, x):
            return jnp.sum(jnp.sin(jax.vmap(function)(kernels, x)))

        return of

    def along(function):
        slope = jax.grad(scalar(function))
        return jax.grad(lambda kernels, x: jnp.sum(slope(kernels, x) ** 3), argnums=(0, 1))

    def theirs(kernel, x):
        return convolved(x, kernel, stride)

    assert relative_error(jax.vmap(ours)(kernels, x), jax.vmap(theirs)(kernels, x)) < 1e-12
    for of in (lambda function: jax.grad(scalar(function), argnums=(0, 1)), along):
        for got, expected in zip(of(ours)(kernels, x), of(theirs)(kernels, x), strict=True):
            assert relative_error(got, expected) < 1e-10


def test_a_bias_is_added_where_no_normalisation_would_take_it_off():
    conv = Block(2, 3, norm="none", rngs=nnx.Rngs(0)).conv
    x = jax.random.normal(jax.random.key(0), (2, 4, 4, 2))
    before = conv(x)
    conv.bias[...] = jnp.arange(3.0)
    np.testing.assert_allclose(conv(x) - before, jnp.broadcast_to(jnp.arange(3.0), before.shape), atol=1e-5)
    assert Block(2, 3, rngs=nnx.Rngs(0)).conv.bias is None


@pytest.mark.parametrize("shape", [(2, 6, 8, 3), (2, 7, 5, 3), (2, 1, 4, 3), (2, 1, 1, 3)])
def test_maxima_are_those_of_windows_in_values_and_gradients(shape):
    x = jax.random.normal(jax.random.key(0), shape)
    np.testing.assert_array_equal(max_pool(x), pooled(x))
    assert max_pool(x).shape[1:3] == tuple(pooled_size(length, "max_pool", 1) for length in shape[1:3])
    got, expected = (jax.grad(lambda x, of=of: jnp.sum(of(x) ** 3))(x) for of in (max_pool, pooled))
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_of_equal_maxima_the_first_has_the_gradient():
    gradient = jax.grad(lambda x: jnp.sum(max_pool(x)))(jnp.zeros((1, 2, 2, 1)))
    np.testing.assert_array_equal(gradient[0, ..., 0], [[1.0, 0.0], [0.0, 0.0]])


@pytest.mark.parametrize(("downsampling", "sizes"), [("stride", (2, 6, 1, 6)), ("max_pool", (1, 5, 1, 5))])
def test_what_is_left_of_a_picture_after_four_blocks(downsampling, sizes):
    assert tuple(pooled_size(length, downsampling, 4) for length in (28, 84, 3, 96 - 9)) == sizes


@pytest.mark.parametrize(("name", "value"), [("downsampling", "avg"), ("norm", "bn")])
def test_an_unknown_name_is_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be one of"):
        Block(1, 2, **{name: value}, rngs=nnx.Rngs(0))
