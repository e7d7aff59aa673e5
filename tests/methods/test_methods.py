"""The whole family: a derivative at 0 under every inner optimiser, refusals, and a run of each method."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import (
    MLP,
    Batch,
    Experiment,
    Learner,
    MAMLRegressor,
    Sinusoid,
    adapt,
    evaluate,
    meta_value_and_grad,
    softmax_cross_entropy,
    train,
)
from maml_engine.core.adapter import Adapter
from maml_engine.evaluation import evaluate_episode
from maml_engine.methods import ANIL, BOIL, CAVIA, MAML, METHODS, R2D2, MAMLPlusPlus
from tests.methods.solving import CLASSES, Blobs
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


OPTIONS = {
    "cavia": {"model": "context_mlp", "inner_lr": 1.0},
    "cnp": {"model": "neural_process"},
    "reptile": {"meta_optimizer": "sgd", "inner_steps": 3},
}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_trains_and_stays_finite(name):
    experiment = Experiment(method=name, num_iterations=30, hidden_dim=10, **OPTIONS.get(name, {}))
    *_, report = train(experiment, **of_classes(name))
    assert np.isfinite(report.meta_loss).all()
    assert np.isfinite(report.curve.mean[: report.experiment.inner_steps + 1]).all()


def of_classes(name):
    """Tasks, network and loss of classes for a method that takes nothing else."""
    if not METHODS[name].needs_classes:
        return {}
    network = MLP(10, in_dim=2, out_dim=CLASSES, rngs=nnx.Rngs(0))
    return {"tasks": Blobs(), "model": network, "loss_fn": softmax_cross_entropy}


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.support_gives != "nothing"])
def test_a_learner_of_a_method_that_solves_comes_back_as_it_was(name, tmp_path):
    own = of_classes(name)
    *_, report = train(Experiment(method=name, num_iterations=20, hidden_dim=10, **OPTIONS.get(name, {})), **own)
    report.learner.save(tmp_path)
    again = Learner.load(tmp_path, own.get("model"))
    assert again.experiment.method == name
    tasks = own.get("tasks", Sinusoid()).sample(jax.random.key(1), 3, 6, 6)
    one, other = (evaluate_episode(learner, tasks, 3).loss for learner in (report.learner, again))
    np.testing.assert_array_equal(one, other)
    assert np.isfinite(one).all()


@pytest.mark.parametrize(
    ("name", "steps", "reached"),
    [("protonet", {}, 0.9), ("protomaml", {"inner_lr": 0.1}, 0.9), ("unicorn", {"inner_lr": 0.5, "inner_steps": 5}, 0.75)],
)
def test_methods_of_classes_learn_to_tell_them_apart_and_refuse_waves(name, steps, reached):
    *_, report = train(Experiment(method=name, num_iterations=200, k_shot=6, **steps), **of_classes(name))
    curves = evaluate(report.learner, jax.random.key(0), 100, 6, 30, report.experiment.inner_steps, tasks=Blobs())
    accuracy = curves.metrics["accuracy"].mean(axis=0)
    assert accuracy[0] < 0.4
    assert accuracy[-1] > reached
    with pytest.raises(ValueError, match="needs classes"):
        train(Experiment(method=name))


@pytest.mark.parametrize("name", ["r2d2", "alpaca", "dkt", "pacoh"])
def test_solving_calls_no_lapack(name):
    """Two programs side by side that call it for many small matrices wait for each other for ever (jaxlib 0.10.2)."""
    adapter = Adapter.of_model(METHODS[name](), MAMLRegressor(8, rngs=nnx.Rngs(0)))
    tasks = Sinusoid().sample(jax.random.key(0), 3, 5, 5)
    program = str(jax.make_jaxpr(lambda meta: adapter.replace(meta=meta).meta_gradient(tasks))(adapter.meta))
    assert "dot_general" in program
    assert not re.findall(r"= (?:cholesky|triangular_solve|lu|eigh|qr)\b", program)
    assert re.findall(r"= (?:cholesky)\b", str(jax.make_jaxpr(jnp.linalg.cholesky)(jnp.eye(2))))  # how it would be spelt


def test_methods_that_solve_are_trained_by_their_own_numbers():
    method = R2D2(ridge=0.25)
    *_, report = train(Experiment(num_iterations=20, hidden_dim=10), method=method)
    assert report.learner.experiment.method == "r2d2"
    assert report.learner.method == method
    assert abs(float(report.learner.meta.rule.log_penalty) - np.log(0.25)) < 0.05
