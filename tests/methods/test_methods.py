"""The whole family: a derivative at 0 under every inner optimiser, refusals, and a run of each method."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import MLP, Batch, Experiment, MAMLRegressor, Sinusoid, adapt, meta_value_and_grad, train
from maml_engine.methods import ANIL, BOIL, CAVIA, MAML, METHODS, MAMLPlusPlus
from tests.quadratics import flat


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
