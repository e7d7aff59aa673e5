"""Products rewritten for XLA's CPU backend: the same values, and none left in the order that is slow."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.extend import core
from jax.extend.core import primitives

from maml_engine import FOMAML, MAML, MAMLRegressor, MetaParams, MetaSGD, Sinusoid, mean_squared_error
from maml_engine.core import chunks
from maml_engine.models import Network
from maml_engine.runtime.matmul_rewriting import fast_products
from tests.quadratics import cast, relative_error

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
        jax.tree.leaves(jax.jit(fast_products(kernel_gradients))(x, weights)),
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
    np.testing.assert_allclose(fast_products(product)(a, b), np.einsum("ijtkl,itjm->tklm", a, b), atol=1e-12)


def test_no_slow_product_is_left():
    x, weights = arguments(np.float32)
    slow = SUMS_OVER_ROWS, (12, 16, 16)
    assert slow in products(kernel_gradients, x, weights)
    left = products(fast_products(kernel_gradients), x, weights)
    assert slow not in left
    assert len(left) == len(products(kernel_gradients, x, weights))


def meta_gradient_of(method, width=40, tasks=25, rows=10, dtype=np.float32):
    """A function whose products are rewritten, and its arguments."""
    network, params = Network.split(MAMLRegressor(width, rngs=nnx.Rngs(0)))
    episode = Sinusoid().sample(jax.random.key(0), tasks, rows, rows)
    meta = MetaParams(params, method.init_rule(params))

    def gradient(meta, episode):
        return method.meta_gradient(meta, episode, network=network, loss_fn=mean_squared_error)

    return gradient, cast(meta, dtype), cast(episode, dtype)


@pytest.mark.parametrize("method", [MAML(0.01, 1), FOMAML(0.01, 1)])
def test_at_one_step_no_kernel_of_a_task_is_computed(method):
    """`h (W - lr x' d)` is `h W - lr (h x') d`: neither the adapted kernels nor their gradients are there."""
    shapes = [shape for _, shape in products(*meta_gradient_of(method))]
    assert (25, 10, 10) in shapes
    assert (25, 40, 40) not in shapes


def test_at_more_steps_none_is_computed_slowly():
    found = products(*meta_gradient_of(MAML(0.01, 3)))
    assert any(shape == (25, 40, 40) for _, shape in found)
    assert (SUMS_OVER_ROWS, (25, 40, 40)) not in found


def test_with_more_rows_than_pay_kernels_are_computed():
    shapes = [shape for _, shape in products(*meta_gradient_of(MAML(0.01, 1), rows=30))]
    assert (25, 40, 40) in shapes
    assert (25, 30, 30) not in shapes


@pytest.mark.parametrize("rows", [10, 30])
@pytest.mark.parametrize("inner_steps", [1, 3])
@pytest.mark.parametrize("kind", [MAML, FOMAML, MetaSGD])
def test_a_meta_gradient_is_that_of_the_program_as_it_was(x64, monkeypatch, kind, inner_steps, rows):
    gradient, *args = meta_gradient_of(kind(0.05, inner_steps), rows=rows, dtype=np.float64)
    found = gradient(*args)
    monkeypatch.setattr(chunks, "fast_products", lambda function: function)
    expected = gradient(*args)
    assert found[0] == pytest.approx(float(expected[0]), rel=1e-13)
    assert relative_error(found[1], expected[1]) < 1e-12


# What can become of a stack of matrices `[12, 16, 16]` that is left as factors, given a number, a stack and one shared matrix.
BECOMES = {
    "rows of it": lambda m, number, x, base: jnp.einsum("tnm,tmk->tnk", x, m),
    "columns of it": lambda m, number, x, base: jnp.einsum("tnk,tmk->tnm", x, m),
    "on the left": lambda m, number, x, base: jnp.einsum("tmk,tnk->tmn", m, x),
    "a stack lying down": lambda m, number, x, base: jnp.einsum("tmk,tkn->tmn", m, x.swapaxes(1, 2)),
    "transposed": lambda m, number, x, base: x @ m.swapaxes(1, 2),
    "scaled": lambda m, number, x, base: x @ (number * -m),
    "taken away": lambda m, number, x, base: x @ (base[None] - number * m),
    "less a base": lambda m, number, x, base: x @ (m - base[None]).swapaxes(1, 2),
    "two bases, scaled": lambda m, number, x, base: x @ (number * (base[None] - m) + base.T[None]),
    "summed": lambda m, number, x, base: jnp.sum(base[None] - number * m.swapaxes(1, 2), axis=0),
    "times itself": lambda m, number, x, base: (base[None] - m) @ m,
    "constant": lambda m, number, x, base: x @ jax.lax.stop_gradient(m),
    "needed, too": lambda m, number, x, base: (x @ m, jnp.tanh(m)),
    "and returned": lambda m, number, x, base: (x @ m, m),
    "added to another for each task": lambda m, number, x, base: x @ (m + jnp.einsum("tij,tik->tjk", x, x)),
}


@pytest.mark.parametrize("name", BECOMES)
def test_factors_give_what_the_matrices_would(x64, name):
    draws = np.random.default_rng(2)
    a, b, x = draws.normal(size=(3, 12, 6, 16))

    def function(a, b, x, base, number):
        return BECOMES[name](jnp.einsum("trm,trn->tmn", a, b), number, x, base)

    args = a, b, x, draws.normal(size=(16, 16)), 0.3
    for found, expected in zip(jax.tree.leaves(fast_products(function)(*args)), jax.tree.leaves(function(*args)), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((25, 10, 40), (0, 1)), ((25, 10, 40), (1,)), ((25, 10, 40), (0,)), ((4, 5, 6, 7, 8), (1, 2)), ((25, 10, 40), (0, 2))],
)
def test_sums_are_the_same(x64, shape, axes):
    x = np.random.default_rng(3).normal(size=shape)
    found = fast_products(lambda x: jnp.sum(x, axes))(x)
    assert found.dtype == x.dtype
    np.testing.assert_allclose(found, x.sum(axes), atol=1e-12)
    whole = np.arange(math.prod(shape)).reshape(shape)  # no product of whole numbers
    np.testing.assert_array_equal(fast_products(lambda x: jnp.sum(x, axes))(whole), whole.sum(axes))


def test_a_sum_before_the_last_axis_is_a_product():
    shapes = [shape for _, shape in products(fast_products(lambda x: jnp.sum(x, (0, 1))), np.ones((25, 10, 40), np.float32))]
    assert shapes == [(1, 40)]


def test_a_small_product_stays_as_it_is():
    x, weights = arguments(np.float32, tasks=1, rows=2, width=4)
    assert products(fast_products(kernel_gradients), x, weights) == products(kernel_gradients, x, weights)


@pytest.mark.parametrize(("wide", "turned"), [(16, (12, 16, 40)), (128, (12, 16, 40))])
def test_of_two_factors_the_smaller_is_turned(x64, wide, turned):
    rng = np.random.default_rng(0)
    cotangent, patches = (jnp.asarray(rng.normal(size=(12, 40, size))) for size in (16, wide))

    def gradient(cotangent, patches):
        return jnp.einsum("tnf,tnp->tpf", cotangent, patches)

    np.testing.assert_allclose(
        jax.jit(fast_products(gradient))(cotangent, patches), gradient(cotangent, patches), rtol=1e-10, atol=1e-10
    )
    program = jax.make_jaxpr(fast_products(gradient))(cotangent, patches)
    assert turned in [operation.outvars[0].aval.shape for operation in program.eqns if operation.primitive.name == "transpose"]
