"""Products rewritten for XLA's CPU backend: the same values, and none left in the order that is slow."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.extend import core
from jax.extend.core import primitives

from maml_engine import MAML, MAMLRegressor, MetaParams, Sinusoid, mean_squared_error
from maml_engine.models import Network
from maml_engine.products import transposed_once

SUMS_OVER_ROWS = (((1,), (1,)), ((0,), (0,)))  # of `[tasks, rows, features]`, both


def products(function, *args):
    """Axes and result shape of all products in a function's program, those of the programs that it calls included."""

    def walk(jaxpr):
        for operation in jaxpr.eqns:
            if operation.primitive is primitives.dot_general_p:
                yield operation.params["dimension_numbers"], operation.outvars[0].aval.shape
            for param in operation.params.values():
                if isinstance(param, core.ClosedJaxpr):
                    yield from walk(param.jaxpr)

    return list(walk(jax.make_jaxpr(function)(*args).jaxpr))


def kernel_gradients(x, weights):
    """A gradient by per-task kernels, within a scan and below a `jit`: what differentiation makes of a network."""

    def loss(weights):
        return jnp.sum(jax.jit(lambda w: jnp.tanh(x @ w))(weights) ** 2)

    def step(weights, _):
        return weights - 0.01 * jax.grad(loss)(weights), loss(weights)

    return jax.lax.scan(step, weights, None, length=3)


def arguments(dtype, rows=8, width=16, tasks=12):
    draws = np.random.default_rng(0)
    return [jnp.asarray(draws.normal(size=(tasks, a, width)), dtype) for a in (rows, width)]


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-13), (np.float32, 1e-5)])
def test_the_values_are_the_same(x64, dtype, tolerance):
    x, weights = arguments(dtype)
    for found, expected in zip(
        jax.tree.leaves(jax.jit(transposed_once(kernel_gradients))(x, weights)),
        jax.tree.leaves(kernel_gradients(x, weights)),
        strict=True,
    ):
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def test_several_summed_axes_and_any_number_of_free_ones(x64):
    def product(a, b):
        return jax.lax.dot_general(a, b, (((0, 1), (0, 2)), ((2,), (1,))))

    draws = np.random.default_rng(1)
    a, b = draws.normal(size=(4, 5, 6, 7, 8)), draws.normal(size=(4, 6, 5, 9))
    np.testing.assert_allclose(transposed_once(product)(a, b), np.einsum("ijtkl,itjm->tklm", a, b), atol=1e-12)


def test_no_slow_product_is_left():
    x, weights = arguments(np.float32)
    slow = SUMS_OVER_ROWS, (12, 16, 16)
    assert slow in products(kernel_gradients, x, weights)
    left = products(transposed_once(kernel_gradients), x, weights)
    assert slow not in left
    assert len(left) == len(products(kernel_gradients, x, weights))


@pytest.mark.parametrize("inner_steps", [1, 3])
def test_the_meta_gradient_has_none(inner_steps):
    network, params = Network.split(MAMLRegressor(rngs=nnx.Rngs(0)))
    episode = Sinusoid().sample(jax.random.key(0), 25, 10, 10)

    def gradient(params, episode):
        setting = {"network": network, "loss_fn": mean_squared_error}
        return MAML(0.01, inner_steps).meta_gradient(MetaParams(params, ()), episode, **setting)

    found = products(gradient, params, episode)
    assert any(shape == (25, 40, 40) for _, shape in found)
    assert (SUMS_OVER_ROWS, (25, 40, 40)) not in found


def test_a_small_product_stays_as_it_is():
    x, weights = arguments(np.float32, tasks=1, rows=2, width=4)
    assert products(transposed_once(kernel_gradients), x, weights) == products(kernel_gradients, x, weights)
