"""R2-D2 against ridge regression by an inverse, finite differences, and tasks that break solvers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import MLP, Batch, adapt, mean_squared_error, meta_value_and_grad, softmax_cross_entropy
from maml_engine.methods import R2D2
from tests.methods import solving, twins
from tests.methods.twins import SHOTS, assert_same_gradient, mean_over_tasks, network, params_of

PENALTY, SCALE = 0.7, 8.0


def solution(params, support):
    """(X'X + lambda I)^-1 X'Y, in the paper's notation."""
    x = solving.features_of(params, support.x)
    return jnp.linalg.inv(x.T @ x + PENALTY * jnp.eye(x.shape[1])) @ x.T @ support.y


@pytest.mark.parametrize("shots", [SHOTS, 12])  # fewer rows than features, and more: the one system and the other
def test_the_head_is_the_ridge_regression_and_gradients_go_through_it(x64, shots):
    model, tasks = network(), twins.episode()
    copies = -(-shots // SHOTS)  # the same rows with other inputs, so that there are more
    more = [jnp.concatenate([rows + 0.1 * copy for copy in range(copies)], axis=1)[:, :shots] for rows in tasks.support[:2]]
    tasks = tasks._replace(support=Batch(*more))

    def meta_loss(params):
        def query_loss(support, query):
            return jnp.mean((solving.features_of(params, query.x) @ solution(params, support) - query.y) ** 2)

        return mean_over_tasks(query_loss, tasks)

    value, gradient = meta_value_and_grad(R2D2(ridge=PENALTY), model, tasks)
    expected_value, expected = jax.value_and_grad(meta_loss)(params_of(model))
    np.testing.assert_allclose(value, expected_value, rtol=1e-8)
    assert_same_gradient(gradient, expected)
    adapted = params_of(adapt(R2D2(ridge=PENALTY), model, solving.task_of(tasks.support, 0)))
    np.testing.assert_allclose(
        solving.head_in(adapted), solution(params_of(model), solving.task_of(tasks.support, 0)), rtol=1e-7
    )


def test_the_penalty_is_learned(x64):
    solving.assert_slope_of_the_meta_loss(R2D2(ridge=PENALTY), network(), twins.episode())
    _, gradient = meta_value_and_grad(R2D2(ridge=PENALTY), network(), twins.episode())
    assert gradient.rule.log_penalty != 0 and gradient.rule.log_scale == 0


def test_classes_are_regressed_as_scaled_one_hot_rows(x64):
    model, tasks = solving.class_network(), solving.class_episode()
    adapted = adapt(R2D2(ridge=PENALTY), model, solving.task_of(tasks.support, 0), loss_fn=softmax_cross_entropy)
    one_hot = tasks.support._replace(y=SCALE * jax.nn.one_hot(tasks.support.y, solving.CLASSES))
    np.testing.assert_allclose(
        solving.head_in(params_of(adapted)), solution(params_of(model), solving.task_of(one_hot, 0)), rtol=1e-7
    )
    solving.assert_slope_of_the_meta_loss(R2D2(), model, tasks, softmax_cross_entropy)
    rows = tasks.support._replace(y=jax.nn.one_hot(tasks.support.y, solving.CLASSES))  # the same as one-hot rows
    loss, _ = meta_value_and_grad(R2D2(), model, tasks._replace(support=rows), softmax_cross_entropy)
    np.testing.assert_allclose(loss, meta_value_and_grad(R2D2(), model, tasks, softmax_cross_entropy)[0], rtol=1e-12)


def test_a_layer_without_a_bias(x64):
    model = nnx.Linear(2, 1, use_bias=False, rngs=nnx.Rngs(0))
    support = solving.task_of(twins.episode().support, 0)
    x, y = np.asarray(support.x), np.asarray(support.y)
    expected = np.linalg.inv(x.T @ x + PENALTY * np.eye(2)) @ x.T @ y
    np.testing.assert_allclose(adapt(R2D2(ridge=PENALTY), model, support).kernel[...], expected, rtol=1e-5)


def test_padding_is_nothing(x64):
    solving.assert_padding_is_nothing(R2D2(), network(), twins.episode())
    solving.assert_padding_is_nothing(R2D2(), solving.class_network(), solving.class_episode(), softmax_cross_entropy)


def test_later_steps_stay_and_no_step_knows_nothing():
    model, support = MLP(8, rngs=nnx.Rngs(0)), Batch(jnp.ones((3, 1)), 2 * jnp.ones((3, 1)))
    one, five = (adapt(R2D2(), model, support, steps)(support.x) for steps in (1, 5))
    np.testing.assert_array_equal(one, five)
    assert abs(float(one[0, 0]) - 2) < 1.0
    np.testing.assert_array_equal(adapt(R2D2(), model, support, 0)(support.x), 0.0)


@pytest.mark.parametrize("name", solving.HARD)
def test_hard_tasks_have_finite_answers(name):
    solving.assert_finite_on(name, R2D2())


class Squared(nnx.Module):
    """Ends in something else than a dense layer."""

    def __init__(self, rngs):
        self.dense = nnx.Linear(1, 1, rngs=rngs)

    def __call__(self, x):
        return self.dense(x) ** 2


class Twice(Squared):
    """Calls its last layer for something else too."""

    def __call__(self, x):
        return self.dense(self.dense(x))


class Out(nnx.Module):
    """The layer that is called last comes first by name."""

    def __init__(self, rngs):
        self.a_head, self.body = nnx.Linear(4, 1, rngs=rngs), nnx.Linear(1, 4, rngs=rngs)

    def __call__(self, x):
        return self.a_head(jnp.tanh(self.body(x)))


@pytest.mark.parametrize(
    ("model", "what"), [(Squared, "Squared ends in something else"), (Twice, "Twice calls its last layer more than once")]
)
def test_other_networks_are_refused_with_the_ways_there_are(model, what):
    support = Batch(jnp.ones((3, 1)), jnp.ones((3, 1)))
    with pytest.raises(ValueError, match=f"{what}.*: take a method that makes steps"):
        adapt(R2D2(), model(nnx.Rngs(0)), support)


def test_a_head_is_found_by_what_it_gives_whatever_its_name():
    support = Batch(jnp.linspace(-1, 1, 5)[:, None], jnp.linspace(-1, 1, 5)[:, None])
    before = Out(nnx.Rngs(0))
    adapted = adapt(R2D2(ridge=1e-3), before, support)
    np.testing.assert_array_equal(adapted.body.kernel[...], before.body.kernel[...])
    assert float(jnp.mean(mean_squared_error(adapted(support.x), support.y))) < 1e-3


@pytest.mark.parametrize("ridge", [0, -1, np.nan])
def test_the_penalty_is_above_zero(ridge):
    with pytest.raises(ValueError, match="`ridge` must be"):
        R2D2(ridge=ridge)
