"""iMAML: damping in the linear system, or too small a lambda, gives a direction that looks like a gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine import Experiment, meta_value_and_grad, train
from maml_engine.methods import IMAML
from maml_engine.models import Network
from tests.quadratics import DIM, relative_error


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


def test_training_warns_of_negative_curvature_and_of_an_unsolved_system():
    setting = {"method": "imaml", "num_iterations": 4, "hidden_dim": 10, "inner_steps": 3}
    *_, weak = train(Experiment(proximal=1e-3, cg_steps=10, **setting))
    assert "negative curvature" in weak.warning
    assert "`proximal` (now 0.001)" in weak.warning
    *_, strong = train(Experiment(proximal=1000.0, inner_lr=1e-4, cg_steps=10, **setting))  # steps must stay below 2 / lambda
    assert strong.warning == ""
