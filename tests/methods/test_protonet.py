"""ProtoNet against distances to class means, classes that nobody shows, and refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import Batch, adapt, meta_value_and_grad, softmax_cross_entropy
from maml_engine.methods import ProtoMAML, ProtoNet
from tests.methods import solving
from tests.methods.solving import CLASSES, class_episode, class_network
from tests.methods.twins import assert_same_gradient, mean_over_tasks, params_of


def logits(params, support, x):
    """Minus the squared distances to the class means (Snell et al., 2017, eq. 1 and 2)."""
    rows, queries = (solving.features_of(params, part)[:, :-1] for part in (support.x, x))
    means = jnp.stack([rows[np.asarray(support.y) == label].mean(axis=0) for label in range(CLASSES)])
    return -jnp.sum((queries[:, None] - means[None]) ** 2, axis=2)


def cross_entropy(scores, labels):
    return -jnp.mean(jax.nn.log_softmax(scores)[np.arange(len(labels)), np.asarray(labels)])


def test_probabilities_and_gradient_are_those_of_the_distances(x64):
    model, tasks = class_network(), class_episode()

    def meta_loss(params):
        return mean_over_tasks(lambda support, query: cross_entropy(logits(params, support, query.x), query.y), tasks)

    value, gradient = meta_value_and_grad(ProtoNet(), model, tasks, softmax_cross_entropy)
    expected_value, expected = jax.value_and_grad(meta_loss)(params_of(model))
    np.testing.assert_allclose(value, expected_value, rtol=1e-10)
    assert_same_gradient(gradient, expected)
    solving.assert_slope_of_the_meta_loss(ProtoNet(), model, tasks, softmax_cross_entropy)
    support, query = solving.task_of(tasks, 0)
    got = jax.nn.softmax(adapt(ProtoNet(), model, support, loss_fn=softmax_cross_entropy)(query.x))
    np.testing.assert_allclose(got, jax.nn.softmax(logits(params_of(model), support, query.x)), rtol=1e-9)


def test_padding_is_nothing(x64):
    solving.assert_padding_is_nothing(ProtoNet(), class_network(), class_episode(), softmax_cross_entropy)


@pytest.mark.parametrize("method", [ProtoNet(), ProtoMAML()])
def test_classes_without_an_example(method):
    model = solving.network_for(method, out_dim=3)
    x = jnp.asarray([[-2.0], [-1.0], [2.0]])
    some = Batch(x, jnp.asarray([0, 0, 1]))
    assert np.isfinite(adapt(method, model, some, loss_fn=softmax_cross_entropy)(x)).all()
    for known in (some._replace(weight=jnp.zeros(3)), some):
        steps = 1 if known.weight is not None else 0
        scores = adapt(ProtoNet(), model, known, steps, softmax_cross_entropy)(x)
        np.testing.assert_allclose(jax.nn.softmax(scores), 1 / 3, rtol=1e-6)  # nothing is known


@pytest.mark.parametrize("method", [ProtoNet(), ProtoMAML()])
def test_what_has_no_classes_is_refused(method):
    name = type(method).__name__
    with pytest.raises(ValueError, match=f"{name} needs classes"):
        adapt(method, nnx.Linear(1, 1, rngs=nnx.Rngs(0)), Batch(jnp.ones((2, 1)), jnp.ones((2, 1))))
    no_bias = nnx.Linear(1, 2, use_bias=False, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match=f"{name} needs a last layer with a bias"):
        adapt(method, no_bias, Batch(jnp.ones((2, 1)), jnp.asarray([0, 1])), loss_fn=softmax_cross_entropy)
