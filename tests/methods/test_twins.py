"""Every exact method's meta-gradient against its slow twin, to 1e-8 in 64 bits, in both modes of the engine."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from maml_engine import meta_value_and_grad
from maml_engine.methods import ANIL, BOIL, CAVIA, MAML, MAMLPlusPlus, MetaCurvature, MetaSGD
from tests.methods import twins
from tests.methods.twins import assert_same_gradient, episode, loss, mean_over_tasks, network, params_of

LR, STEPS = 0.3, 3
MODES = pytest.mark.parametrize("mode", ["plain", "mixed"])


@pytest.fixture(autouse=True)
def x64():
    with jax.enable_x64(True):
        yield


def descend(params, support, moves=lambda name: True, steps=STEPS, predict=twins.forward):
    """Gradient descent on some of the parameters."""
    for _ in range(steps):
        slopes = jax.grad(loss)(params, support, predict)
        params = {name: leaf - LR * slopes[name] * moves(name) for name, leaf in params.items()}
    return params


@MODES
@pytest.mark.parametrize(
    ("method", "moves"),
    [
        (MAML, lambda name: True),
        (ANIL, lambda name: name.startswith("layers/1")),
        (BOIL, lambda name: name.startswith("layers/0")),
    ],
)
def test_maml_anil_and_boil(method, moves, mode):
    model, tasks = network(), episode()

    def meta_loss(params):
        return mean_over_tasks(lambda support, query: loss(descend(params, support, moves), query), tasks)

    value, gradient = meta_value_and_grad(method(LR, STEPS), model, tasks, mode=mode)
    expected_value, expected = jax.value_and_grad(meta_loss)(params_of(model))
    np.testing.assert_allclose(value, expected_value, rtol=1e-12)
    assert_same_gradient(gradient, expected)


@MODES
def test_meta_sgd_learns_a_step_size_for_each_parameter(mode):
    model, tasks = network(), episode()
    sizes = {
        name: LR * (1 + 0.5 * jnp.sin(jnp.arange(leaf.size, dtype=float)).reshape(leaf.shape))
        for name, leaf in params_of(model).items()
    }

    def meta_loss(params, sizes):
        def adapted(support):
            moved = params
            for _ in range(STEPS):
                slopes = jax.grad(loss)(moved, support)
                moved = {name: leaf - sizes[name] * slopes[name] for name, leaf in moved.items()}
            return moved

        return mean_over_tasks(lambda support, query: loss(adapted(support), query), tasks)

    method = MetaSGD(LR, STEPS)
    rule = method.init_rule(twins.Network.split(model)[1])
    rule = jax.tree.unflatten(jax.tree.structure(rule), [sizes[name] for name in params_of(model)])
    _, gradient = meta_value_and_grad(method, model, tasks, rule=rule, mode=mode)
    for_params, for_sizes = jax.grad(meta_loss, argnums=(0, 1))(params_of(model), sizes)
    assert_same_gradient(gradient, for_params)
    assert_same_gradient(gradient._replace(init=gradient.rule), for_sizes)


@MODES
def test_cavia_trains_all_but_the_context(mode):
    model, tasks = network(context_dim=2), episode()
    model.context[...] = jnp.zeros(2)

    def meta_loss(params):
        def query_loss(support, query):
            context = jnp.zeros(2)
            for _ in range(STEPS):
                slope = jax.grad(lambda c: loss(params | {"context": c}, support, twins.with_context))(context)
                context = context - LR * slope
            return loss(params | {"context": context}, query, twins.with_context)

        return mean_over_tasks(query_loss, tasks)

    _, gradient = meta_value_and_grad(CAVIA(LR, STEPS), model, tasks, mode=mode)
    expected = jax.grad(meta_loss)(params_of(model))
    assert not jnp.any(expected["context"])
    assert_same_gradient(gradient, expected)


@MODES
def test_meta_curvature_maps_each_axis_of_a_gradient(mode):
    model, tasks = network(), episode()
    rng = np.random.default_rng(3)
    method = MetaCurvature(LR, STEPS)
    start = method.init_rule(twins.Network.split(model)[1])
    rule = jax.tree.map(lambda leaf: leaf + 0.2 * rng.normal(size=leaf.shape), start)
    maps = dict(zip(params_of(model), rule, strict=True))

    def meta_loss(params, maps):
        def adapted(support):
            moved = params
            for _ in range(STEPS):
                slopes = jax.grad(loss)(moved, support)
                # M_in' G M_out for a kernel; a bias has one axis.
                bent = {n: maps[n][0].T @ g @ maps[n][1] if g.ndim == 2 else g @ maps[n][0] for n, g in slopes.items()}
                moved = {name: leaf - LR * bent[name] for name, leaf in moved.items()}
            return moved

        return mean_over_tasks(lambda support, query: loss(adapted(support), query), tasks)

    _, gradient = meta_value_and_grad(method, model, tasks, rule=rule, mode=mode)
    for_params, for_maps = jax.grad(meta_loss, argnums=(0, 1))(params_of(model), maps)
    assert_same_gradient(gradient, for_params)
    for got, expected in zip(jax.tree.leaves(gradient.rule), jax.tree.leaves(list(for_maps.values())), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-8, atol=1e-10)
    _, plain = meta_value_and_grad(MAML(LR, STEPS), model, tasks)
    _, identity = meta_value_and_grad(method, model, tasks, mode=mode)
    assert_same_gradient(identity, twins.named(plain.init), tolerance=1e-12)


@MODES
@pytest.mark.parametrize("iteration", [0, 30, 100])
def test_maml_plus_plus_weighs_every_step_and_learns_its_sizes(mode, iteration):
    model, tasks = network(), episode()
    method = MAMLPlusPlus(LR, STEPS, multi_step_iterations=100, inner_lr_decay=0.8)
    early = {0: 1 / 3, 30: 0.7 / 3, 100: 0.0}[iteration]  # of the first two steps
    weights = [early, early, 1 - 2 * early]
    sizes = [LR, LR * 0.8, LR * 0.8**2]

    def meta_loss(params, sizes):
        def query_loss(support, query):
            moved, total = params, 0.0
            for size, weight in zip(sizes, weights, strict=True):
                slopes = jax.grad(loss)(moved, support)
                moved = {name: leaf - size[name] * slopes[name] for name, leaf in moved.items()}
                total += weight * loss(moved, query)
            return total

        return mean_over_tasks(query_loss, tasks)

    sizes = [{name: jnp.asarray(size) for name in params_of(model)} for size in sizes]
    value, gradient = meta_value_and_grad(method, model, tasks, iteration=iteration, mode=mode)
    (expected_value, (for_params, for_sizes)) = jax.value_and_grad(meta_loss, argnums=(0, 1))(params_of(model), sizes)
    np.testing.assert_allclose(value, expected_value, rtol=1e-10)
    assert_same_gradient(gradient, for_params)
    stacked = {name: jnp.stack([size[name] for size in for_sizes]) for name in for_sizes[0]}
    assert_same_gradient(gradient._replace(init=gradient.rule.step_sizes), stacked)


@MODES
def test_maml_plus_plus_has_norms_for_each_step(mode):
    model, tasks = network(layer_norm=True), episode()
    method = MAMLPlusPlus(LR, 2, learn_step_sizes=False, per_step_norms=True)
    _, params = twins.Network.split(model)
    rng = np.random.default_rng(4)
    rule = jax.tree.map(lambda leaf: leaf + 0.3 * rng.normal(size=leaf.shape), method.init_rule(params))
    norms = twins.named(rule.norms)  # `[3, hidden]` each
    dense = {name: leaf for name, leaf in params_of(model).items() if name.startswith("layers")}

    def predict(dense, scale, bias, x):
        hidden = x @ dense["layers/0/kernel"] + dense["layers/0/bias"]
        centred = hidden - hidden.mean(axis=1, keepdims=True)
        hidden = centred / jnp.sqrt(hidden.var(axis=1, keepdims=True) + 1e-6) * scale + bias
        return jnp.tanh(hidden) @ dense["layers/1/kernel"] + dense["layers/1/bias"]

    def meta_loss(dense, norms):
        scale, bias = norms["hidden_norms/0/scale"], norms["hidden_norms/0/bias"]

        def at(dense, step, batch):
            return jnp.mean((predict(dense, scale[step], bias[step], batch.x) - batch.y) ** 2)

        def query_loss(support, query):
            moved = dense
            for step in range(2):
                slopes = jax.grad(at)(moved, step, support)
                moved = {name: leaf - LR * slopes[name] for name, leaf in moved.items()}
            return at(moved, 2, query)

        return mean_over_tasks(query_loss, tasks)

    _, gradient = meta_value_and_grad(method, model, tasks, rule=rule, mode=mode)
    for_dense, for_norms = jax.grad(meta_loss, argnums=(0, 1))(dense, norms)
    got = twins.named(gradient.init)
    for name, expected in for_dense.items():
        np.testing.assert_allclose(got[name], expected, rtol=1e-8, atol=1e-10, err_msg=name)
    assert_same_gradient(gradient._replace(init=gradient.rule.norms), for_norms)


@MODES
@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("momentum", optax.trace(0.9)),
        ("adam", optax.scale_by_adam(eps_root=1e-8)),
        ("rmsprop", optax.scale_by_rms(eps=1e-8, eps_in_sqrt=True)),
    ],
)
def test_any_inner_optimiser_is_differentiated_through(name, direction, mode):
    model, tasks = network(), episode()

    def meta_loss(params):
        def adapted(support):
            moved, state = params, direction.init(params)
            for _ in range(STEPS):
                step, state = direction.update(jax.grad(loss)(moved, support), state)
                moved = {name: leaf - 0.05 * step[name] for name, leaf in moved.items()}
            return moved

        return mean_over_tasks(lambda support, query: loss(adapted(support), query), tasks)

    expected = jax.grad(meta_loss)(params_of(model))
    for inner_optimizer in (name, direction):
        _, gradient = meta_value_and_grad(MAML(0.05, STEPS, inner_optimizer), model, tasks, mode=mode)
        assert_same_gradient(gradient, expected)
