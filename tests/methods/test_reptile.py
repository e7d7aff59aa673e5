"""Reptile: a sign or a step size too many would pass unseen, since the loss falls all the same."""

import jax.numpy as jnp
import numpy as np
import optax

from maml_engine import Experiment, meta_value_and_grad
from maml_engine.methods import Reptile
from maml_engine.models import Network
from tests.quadratics import ALPHA, relative_error

STEPS = 5


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
