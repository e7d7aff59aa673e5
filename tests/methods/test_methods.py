"""What each method promises beyond its gradient: closed forms, what moves, what happens past training, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from maml_engine import MLP, Batch, Experiment, MAMLRegressor, Sinusoid, adapt, meta_value_and_grad, train
from maml_engine.core.conjugate_gradients import conjugate_gradients
from maml_engine.methods import ANIL, BOIL, CAVIA, IMAML, MAML, METHODS, MAMLPlusPlus, MetaSGD, Reptile
from maml_engine.models import Network
from tests.quadratics import ALPHA, DIM, flat, relative_error

STEPS = 5


# Reptile: a sign or a step size too many would pass unseen, since the loss falls all the same.


def test_reptiles_direction_is_the_chord(x64, quadratics):
    path, _ = quadratics.path(STEPS)
    loss, gradient = meta_value_and_grad(Reptile(ALPHA, STEPS), quadratics.model(float), quadratics.episode(float))
    assert relative_error(gradient.init, np.mean(quadratics.theta - path[-1], axis=0)) < 1e-12
    assert relative_error(loss, np.mean(quadratics.query_loss(path[-1]))) < 1e-12


def test_reptile_with_sgd_and_step_one_lands_on_the_mean_of_the_adapted(x64, quadratics):
    path, _ = quadratics.path(STEPS)
    model = quadratics.model(float)
    _, gradient = meta_value_and_grad(Reptile(ALPHA, STEPS), model, quadratics.episode(float))
    outer = optax.sgd(1.0)
    _, params = Network.split(model)
    updates, _ = outer.update(gradient.init, outer.init(params))
    assert relative_error(optax.apply_updates(params, updates), np.mean(path[-1], axis=0)) < 1e-12


def test_reptiles_epsilon_falls_linearly_to_zero():
    experiment = Experiment(
        method="reptile", meta_optimizer="sgd", meta_schedule="linear", meta_lr=0.5, inner_steps=2, num_iterations=10
    )
    optimizer = experiment.build_meta_optimizer().build()
    state, sizes = optimizer.init(jnp.ones(1)), []
    for _ in range(11):
        step, state = optimizer.update(jnp.ones(1), state)
        sizes.append(-float(step[0]))
    np.testing.assert_allclose(sizes, 0.5 * (1 - np.arange(11) / 10), atol=1e-7)


# Meta-SGD


def test_meta_sgds_step_size_gradient_is_the_closed_form(x64, quadratics):
    path, _ = quadratics.path(1)
    at_query = quadratics.query_gradient(path[-1])
    at_support = np.einsum("tij,tj->ti", quadratics.support_hessian, quadratics.theta - quadratics.support_optimum)
    _, gradient = meta_value_and_grad(MetaSGD(ALPHA, 1), quadratics.model(float), quadratics.episode(float))
    assert relative_error(gradient.rule, np.mean(-at_support * at_query, axis=0)) < 1e-12


# iMAML: damping in the linear system, or too small a lambda, gives a direction that looks like a gradient.


@pytest.mark.parametrize("proximal", [0.5, 2.0, 50.0])
def test_implicit_gradient_is_the_closed_form(x64, quadratics, proximal):
    q, eye = quadratics, np.eye(DIM)
    solution = np.linalg.solve(
        q.support_hessian + proximal * eye,
        (np.einsum("tij,tj->ti", q.support_hessian, q.support_optimum) + proximal * q.theta)[..., None],
    )[..., 0]
    at_query = q.query_gradient(solution)
    expected = np.linalg.solve(eye + q.support_hessian / proximal, at_query[..., None])[..., 0].mean(axis=0)
    method = IMAML(1.0 / (3.0 + proximal), 2000, proximal=proximal, inner_tolerance=1e-12, cg_steps=DIM)
    loss, gradient = meta_value_and_grad(method, q.model(float), q.episode(float))
    assert relative_error(gradient.init, expected) < 1e-8
    assert relative_error(loss, np.mean(q.query_loss(solution))) < 1e-8


def test_implicit_gradient_is_what_the_unrolled_proximal_descent_tends_to(x64, quadratics):
    proximal, rate = 2.0, 0.15
    _, implicit = meta_value_and_grad(
        IMAML(rate, 2000, proximal=proximal, inner_tolerance=0.0, cg_steps=DIM),
        quadratics.model(float),
        quadratics.episode(float),
    )

    def unrolled(theta, steps):
        q, total = quadratics, 0.0
        for task in range(len(q.support_optimum)):
            phi = theta
            for _ in range(steps):
                phi = phi - rate * (q.support_hessian[task] @ (phi - q.support_optimum[task]) + proximal * (phi - theta))
            offset = phi - q.query_optimum[task]
            total += offset @ q.query_hessian[task] @ offset / 2
        return total / len(q.support_optimum)

    errors = [relative_error(implicit.init, jax.grad(unrolled)(jnp.asarray(quadratics.theta), steps)) for steps in (1, 5, 80)]
    assert errors[0] > 0.05
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-10


def test_implicit_gradient_with_a_strong_pull_is_the_query_gradient(x64, quadratics):
    method = IMAML(1e-8, 50, proximal=1e8, inner_tolerance=1e-9, cg_steps=DIM)
    _, gradient = meta_value_and_grad(method, quadratics.model(float), quadratics.episode(float))
    expected = quadratics.query_gradient(np.broadcast_to(quadratics.theta, (3, DIM))).mean(axis=0)
    assert relative_error(gradient.init, expected) < 1e-6


def test_imaml_reports_how_well_it_solved(x64, quadratics):
    from maml_engine.core.losses import mean_squared_error

    network, params = Network.split(quadratics.model(float))
    setting = {"network": network, "loss_fn": mean_squared_error}

    def solved(**options):
        method = IMAML(0.15, proximal=2.0, **options)
        from maml_engine import MetaParams

        return method.solve(MetaParams(params, ()), quadratics.episode(float), **setting)[2]

    rough, fine = solved(inner_steps=3, cg_steps=1), solved(inner_steps=500, inner_tolerance=1e-8, cg_steps=DIM)
    assert (rough.cg_residual > 1e-2).all()
    assert (fine.cg_residual < 1e-8).all()
    assert (rough.inner_residual > 1e-2).all()
    assert (fine.inner_residual < 1e-7).all()
    assert (fine.least_curvature >= 1.0).all()  # I + H/lambda with H positive


def test_conjugate_gradients_show_negative_curvature():
    matrix = jnp.diag(jnp.array([2.0, 1.0, -3.0]))
    _, _, least = conjugate_gradients(lambda v: matrix @ v, jnp.ones(3), 3)
    assert least < 0
    x, residual, least = conjugate_gradients(lambda v: jnp.abs(matrix) @ v, jnp.ones(3), 3)
    np.testing.assert_allclose(x, [0.5, 1.0, 1 / 3], rtol=1e-5)
    assert residual < 1e-5
    assert least > 0


def test_conjugate_gradients_of_nothing_are_nothing():
    x, residual, _ = conjugate_gradients(lambda v: v, jnp.zeros(3), 4)
    assert not jnp.any(x)
    assert residual == 0


# What moves: the frozen part is frozen in the inner loop only.


@pytest.mark.parametrize(("method", "moves"), [(ANIL, {"fc3"}), (BOIL, {"fc1", "fc2"}), (MAML, {"fc1", "fc2", "fc3"})])
def test_only_some_layers_adapt_and_all_are_trained(method, moves):
    model = MAMLRegressor(8, rngs=nnx.Rngs(0))
    episode = Sinusoid().sample(jax.random.key(0), 4, 5, 5)
    adapted = adapt(method(0.01, 3), model, jax.tree.map(lambda leaf: leaf[0], episode.support))
    before, after = nnx.state(model, nnx.Param), nnx.state(adapted, nnx.Param)
    changed = {layer for layer in ("fc1", "fc2", "fc3") if np.any(flat(before[layer]) != flat(after[layer]))}
    assert changed == moves
    _, gradient = meta_value_and_grad(method(0.01, 3), model, episode)
    assert all(np.any(flat(gradient.init[layer])) for layer in ("fc1", "fc2", "fc3"))


def test_a_caller_may_say_which_leaves_move():
    model = MAMLRegressor(8, rngs=nnx.Rngs(0))
    support = jax.tree.map(lambda leaf: leaf[0], Sinusoid().sample(jax.random.key(0), 1, 5, 5).support)
    adapted = adapt(ANIL(0.01, 2, head=nnx.PathContains("fc2")), model, support)
    assert np.any(adapted.fc2.kernel[...] != model.fc2.kernel[...])
    np.testing.assert_array_equal(adapted.fc3.kernel[...], model.fc3.kernel[...])


# MAML++: what its schedules say at their ends, and beyond the steps that were trained.


def test_maml_plus_plus_with_all_switches_off_is_maml():
    model, episode = MAMLRegressor(8, rngs=nnx.Rngs(0)), Sinusoid().sample(jax.random.key(0), 4, 5, 5)
    _, plain = meta_value_and_grad(MAML(0.01, 3), model, episode)
    _, switched_off = meta_value_and_grad(MAMLPlusPlus(0.01, 3, learn_step_sizes=False), model, episode)
    np.testing.assert_allclose(flat(switched_off.init), flat(plain.init), rtol=1e-5)


def test_step_weights_go_from_all_alike_to_the_last():
    method = MAMLPlusPlus(inner_steps=5, multi_step_iterations=1000)
    np.testing.assert_allclose(method.step_weights(0), [0, 0.2, 0.2, 0.2, 0.2, 0.2])
    np.testing.assert_allclose(method.step_weights(999), [0, *[0.03 / 5] * 4, 1 - 4 * 0.03 / 5], atol=1e-6)
    np.testing.assert_allclose(method.step_weights(1000), [0, 0, 0, 0, 0, 1])
    for iteration in range(0, 1200, 100):
        assert np.isclose(np.sum(method.step_weights(iteration)), 1, atol=1e-6)


def test_the_order_of_the_gradient_is_annealed():
    model, episode = MAMLRegressor(8, rngs=nnx.Rngs(0)), Sinusoid().sample(jax.random.key(0), 4, 5, 5)
    method = MAMLPlusPlus(0.01, 2, learn_step_sizes=False, first_order_iterations=10)
    for iteration, reference in ((0, METHODS["fomaml"]), (9, METHODS["fomaml"]), (10, MAML)):
        _, got = meta_value_and_grad(method, model, episode, iteration=iteration)
        _, expected = meta_value_and_grad(reference(0.01, 2), model, episode)
        np.testing.assert_allclose(flat(got.init), flat(expected.init), rtol=1e-5)


def test_past_the_trained_steps_the_last_sizes_are_used_again():
    model = MAMLRegressor(8, rngs=nnx.Rngs(0))
    support = jax.tree.map(lambda leaf: leaf[0], Sinusoid().sample(jax.random.key(0), 1, 5, 5).support)
    method = MAMLPlusPlus(0.01, 2, inner_lr_decay=0.5)
    twice = adapt(MAML(0.005, 2), adapt(MAML(0.01, 1), model, support), support)  # 0.01, then 0.005 and 0.005 again
    np.testing.assert_allclose(adapt(method, model, support, 3)(support.x), twice(support.x), rtol=1e-5)


# Inner optimisers: a square root has no derivative at 0.


@pytest.mark.parametrize("inner_optimizer", ["momentum", "adam", "rmsprop"])
def test_the_meta_gradient_is_finite_where_a_gradient_is_zero(inner_optimizer):
    model = MAMLRegressor(8, rngs=nnx.Rngs(0))
    model.fc1.bias[...] = jnp.full(8, -100.0)  # every ReLU is dead: the first layers' gradients are exactly zero
    episode = Sinusoid().sample(jax.random.key(0), 4, 5, 5)
    _, gradient = meta_value_and_grad(MAML(0.01, 3, inner_optimizer), model, episode)
    assert np.isfinite(flat(gradient.init)).all()
    assert np.any(flat(gradient.init))


# Refusals


@pytest.mark.parametrize(
    ("method", "model", "missing"),
    [
        (ANIL(), MLP(num_layers=0, rngs=nnx.Rngs(0)), "at least 2 layers"),
        (BOIL(), nnx.Linear(1, 1, rngs=nnx.Rngs(0)), "at least 2 layers"),
        (CAVIA(), MAMLRegressor(8, rngs=nnx.Rngs(0)), "`context`"),
        (MAMLPlusPlus(per_step_norms=True), MAMLRegressor(8, rngs=nnx.Rngs(0)), "`layer_norm`"),
    ],
)
def test_a_method_that_does_not_fit_the_model_says_what_is_missing(method, model, missing):
    with pytest.raises(ValueError, match=missing):
        adapt(method, model, Batch(jnp.ones((2, 1)), jnp.ones((2, 1))))


def test_such_a_run_is_refused_before_it_begins():
    with pytest.raises(ValueError, match="context"):
        train(Experiment(method="cavia"))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_trains_and_stays_finite(name):
    options = {"cavia": {"model": "context_mlp", "inner_lr": 1.0}, "reptile": {"meta_optimizer": "sgd", "inner_steps": 3}}
    *_, report = train(Experiment(method=name, num_iterations=30, hidden_dim=10, **options.get(name, {})))
    assert np.isfinite(report.meta_loss).all()
    assert np.isfinite(report.curve.mean[: report.experiment.inner_steps + 1]).all()


# What the engine says when an implicit gradient is not to be trusted


def test_training_warns_of_negative_curvature_and_of_an_unsolved_system():
    setting = {"method": "imaml", "num_iterations": 4, "hidden_dim": 10, "inner_steps": 3}
    *_, weak = train(Experiment(proximal=1e-3, cg_steps=10, **setting))
    assert "negative curvature" in weak.warning
    assert "`proximal` (now 0.001)" in weak.warning
    *_, strong = train(Experiment(proximal=1000.0, inner_lr=1e-4, cg_steps=10, **setting))  # steps must stay below 2 / lambda
    assert strong.warning == ""
