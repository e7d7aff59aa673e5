"""Conditional neural processes: the mean of the rows' codes, in any order and number, and refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import Batch, Experiment, Learner, adapt, mean_squared_error, meta_value_and_grad, softmax_cross_entropy, train
from maml_engine.methods import CNP
from maml_engine.models import ContextMLP, NeuralProcess
from tests.methods import solving, twins
from tests.methods.twins import mean_over_tasks


def process(**options):
    """A small smooth network in 64 bits."""
    model = NeuralProcess(6, context_dim=3, in_dim=2, num_layers=1, activation="tanh", rngs=nnx.Rngs(0), **options)
    nnx.update(model, jax.tree.map(lambda leaf: jnp.asarray(leaf, float), nnx.state(model, nnx.Param)))
    return model


def test_the_context_is_the_mean_of_the_rows_codes(x64):
    model, tasks = process(), twins.episode()

    def query_loss(support, query):
        codes = [model.encoder(jnp.concatenate([x, y])) for x, y in zip(support.x, support.y, strict=True)]
        context = jnp.broadcast_to(sum(codes) / len(codes), (len(query.x), 3))
        return jnp.mean(mean_squared_error(model.mlp(jnp.concatenate([query.x, context], axis=1)), query.y))

    value, gradient = meta_value_and_grad(CNP(), model, tasks)
    np.testing.assert_allclose(value, mean_over_tasks(query_loss, tasks), rtol=1e-10)
    solving.assert_slope_of_the_meta_loss(CNP(), model, tasks)
    np.testing.assert_array_equal(gradient.init["context"][...], 0.0)
    assert np.any(gradient.init["encoder"]["layers"][0]["kernel"][...])


def test_the_order_of_the_rows_and_padding_are_nothing(x64):
    model, support = process(), solving.task_of(twins.episode().support, 0)
    backwards = Batch(support.x[::-1], support.y[::-1])
    np.testing.assert_allclose(*(adapt(CNP(), model, rows)(support.x) for rows in (support, backwards)), rtol=1e-10)
    solving.assert_padding_is_nothing(CNP(), model, twins.episode())


def test_without_known_rows_the_context_is_zero(x64):
    model, support = process(), solving.task_of(twins.episode().support, 0)
    none = support._replace(weight=jnp.zeros(len(support.x)))
    for adapted in (adapt(CNP(), model, support, 0), adapt(CNP(), model, none)):
        np.testing.assert_array_equal(adapted.context[...], 0.0)


def test_classes(x64):
    solving.assert_slope_of_the_meta_loss(CNP(), process(out_dim=3), solving.class_episode(), softmax_cross_entropy)


@pytest.mark.parametrize("name", [name for name in solving.HARD if name != "large targets"])
def test_hard_tasks_have_finite_answers(name):
    solving.assert_finite_on(name, CNP())


@pytest.mark.parametrize(("model", "what"), [(ContextMLP, "ContextMLP has no `encode`"), (nnx.Linear, "no `context`")])
def test_networks_without_an_encoder_are_refused(model, what):
    sizes = (1, 1) if model is nnx.Linear else ()
    with pytest.raises(ValueError, match=f"such as NeuralProcess.*{what}"):
        adapt(CNP(), model(*sizes, rngs=nnx.Rngs(0)), Batch(jnp.ones((2, 1)), jnp.ones((2, 1))))
    with pytest.raises(ValueError, match="CNP needs a network"):
        train(Experiment(method="cnp"))


def test_a_learner_comes_back_as_it_was(tmp_path):
    *_, report = train(Experiment(method="cnp", model="neural_process", num_iterations=20, hidden_dim=8))
    report.learner.save(tmp_path)
    x = np.linspace(-5, 5, 6)
    np.testing.assert_array_equal(*(one.adapt(x, np.sin(x))(x) for one in (report.learner, Learner.load(tmp_path))))
