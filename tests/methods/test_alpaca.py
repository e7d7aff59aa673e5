"""ALPaCA against the posterior by inverses in the paper's notation, its intervals on data of its own model, hard tasks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import Batch, Experiment, Learner, adapt, meta_value_and_grad, softmax_cross_entropy
from maml_engine.core.adapter import Adapter
from maml_engine.methods import ALPaCA
from maml_engine.models import Network
from tests.methods import solving, twins
from tests.methods.test_r2d2 import Out
from tests.methods.twins import HIDDEN, assert_same_gradient, mean_over_tasks, network, params_of

NOISE = 0.4


def some_rule(model, outputs=1, seed=5):
    """A prior that is nothing special."""
    rng, start = np.random.default_rng(seed), ALPaCA().init_rule(Network.split(model)[1])
    factor = jnp.asarray(0.3 * rng.normal(size=start.prior_factor.shape))
    return start._replace(prior_factor=factor, log_noise=jnp.asarray(np.log(NOISE) + 0.1 * np.arange(outputs)))


def posterior(params, rule, support):
    """K = Lambda^-1 (X'Y + Lambda_0 K_0), Lambda = X'X + Lambda_0 (Harrison et al., 2018, eq. 5)."""
    lower = jnp.tril(rule.prior_factor, -1) + jnp.diag(jnp.exp(jnp.diagonal(rule.prior_factor)))
    precision = jnp.linalg.inv(lower @ lower.T)
    x = solving.features_of(params, support.x)
    whole = x.T @ x + precision
    return jnp.linalg.solve(whole, x.T @ support.y + precision @ solving.head_in(params)), jnp.linalg.inv(whole)


def predictive(params, rule, support, x):
    """Mean and standard deviation (eq. 8)."""
    kernel, covariance = posterior(params, rule, support)
    rows = solving.features_of(params, x)
    inflation = 1 + jnp.einsum("ri,ij,rj->r", rows, covariance, rows)
    return rows @ kernel, jnp.sqrt(inflation)[:, None] * jnp.exp(rule.log_noise)


def density_loss(params, rule, support, query):
    mean, spread = predictive(params, rule, support, query.x)
    return -jnp.mean(jax.scipy.stats.norm.logpdf(query.y, mean, spread))


def test_posterior_and_gradient_of_the_density(x64):
    model, tasks = network(), twins.episode()
    rule = some_rule(model)

    def objective(params, rule):
        return mean_over_tasks(lambda support, query: density_loss(params, rule, support, query), tasks)

    def query_loss(support, query):
        return jnp.mean((predictive(params_of(model), rule, support, query.x)[0] - query.y) ** 2)

    value, gradient = meta_value_and_grad(ALPaCA(), model, tasks, rule=rule)
    by_params, by_rule = jax.grad(objective, argnums=(0, 1))(params_of(model), rule)
    np.testing.assert_allclose(value, mean_over_tasks(query_loss, tasks), rtol=1e-8)
    assert_same_gradient(gradient, by_params)
    np.testing.assert_allclose(gradient.rule.log_noise, by_rule.log_noise, rtol=1e-8)
    np.testing.assert_allclose(gradient.rule.prior_factor, by_rule.prior_factor, rtol=1e-6, atol=1e-9)
    solving.assert_slope(lambda at: objective(*at), (by_params, by_rule), (params_of(model), rule))

    support, query = solving.task_of(tasks, 0)
    adapted = adapt(ALPaCA(), model, support, rule=rule)
    mean, spread = predictive(params_of(model), rule, support, query.x)
    np.testing.assert_allclose(adapted(query.x), mean, rtol=1e-8)
    np.testing.assert_allclose(adapted.spread(query.x), spread, rtol=1e-8)
    np.testing.assert_allclose(adapted.body(query.x), mean, rtol=1e-8)  # the last layer is the posterior's mean


def test_without_known_rows_the_prediction_is_the_priors(x64):
    model, support = network(), solving.task_of(twins.episode().support, 0)
    adapted = adapt(ALPaCA(), model, support, 0)
    np.testing.assert_allclose(adapted(support.x), model(support.x), rtol=1e-12)
    none = adapt(ALPaCA(), model, support._replace(weight=jnp.zeros(len(support.x))))
    np.testing.assert_allclose(none(support.x), model(support.x), rtol=1e-12)
    np.testing.assert_array_less(adapt(ALPaCA(), model, support).spread(support.x), none.spread(support.x))


@pytest.mark.parametrize("shots", [1, 5, 20])
def test_intervals_hold_what_they_say_on_tasks_of_the_methods_own_model(x64, shots):
    """90 % intervals on one query of each of 4,000 tasks: within four standard errors (0.5 %) of 90 %."""
    model, tasks = network(), 4000
    rule = some_rule(model)
    rng, params = np.random.default_rng(6), params_of(model)
    lower = np.tril(rule.prior_factor, -1) + np.diag(np.exp(np.diagonal(rule.prior_factor)))
    x = jnp.asarray(rng.normal(size=(tasks, shots + 1, 2)))
    rows = np.asarray(jax.vmap(lambda x: solving.features_of(params, x))(x))
    heads = solving.head_in(params) + NOISE * lower @ rng.normal(size=(tasks, HIDDEN + 1, 1))
    y = jnp.asarray(rows @ heads + NOISE * rng.normal(size=(tasks, shots + 1, 1)))
    adapter = Adapter.of_model(ALPaCA(), model, rule=rule)

    @jax.vmap
    def distance(x, y):
        solved = adapter.method.from_support(adapter, Batch(x[:-1], y[:-1]))
        features = adapter.network.features(solved, x[-1:]).values
        return ((solved.head(features) - y[-1:]) / solved.head.spread(features))[0, 0]

    share = np.mean(np.abs(jax.jit(distance)(x, y)) < 1.6448536)
    assert 0.88 < share < 0.92


def test_classes_by_regression(x64):
    model, tasks = solving.class_network(), solving.class_episode()
    solving.assert_slope_of_the_meta_loss(ALPaCA(), model, tasks, softmax_cross_entropy)
    solving.assert_padding_is_nothing(ALPaCA(), model, tasks, softmax_cross_entropy)


def test_padding_is_nothing(x64):
    solving.assert_padding_is_nothing(ALPaCA(), network(), twins.episode())


@pytest.mark.parametrize("name", solving.HARD)
def test_hard_tasks_have_finite_answers(name):
    solving.assert_finite_on(name, ALPaCA())


def test_a_learner_gives_its_intervals_in_the_units_of_the_data():
    learner = Learner.untrained(Experiment(method="alpaca", hidden_dim=8))
    x = np.linspace(-5, 5, 7)
    adapted = learner.adapt(x, np.sin(x))
    prediction = adapted.predict(x)
    np.testing.assert_array_equal(prediction.mean, adapted(x))
    assert prediction.low is not None and prediction.high is not None
    assert (prediction.low < prediction.mean).all() and (prediction.mean < prediction.high).all()
    half = np.asarray(adapted.model.spread(x[:, None])) * 1.6448536
    np.testing.assert_allclose(prediction.high - prediction.mean, half, rtol=1e-4)
    assert Learner.untrained(Experiment(hidden_dim=8)).adapt(x, np.sin(x)).predict(x).low is None


def test_what_does_not_fit_is_refused():
    support = Batch(jnp.ones((3, 1)), jnp.ones((3, 1)))
    with pytest.raises(ValueError, match="to be the last by its name; here it is a_head"):
        adapt(ALPaCA(), Out(nnx.Rngs(0)), support)
    with pytest.raises(ValueError, match="`start_noise` must be"):
        ALPaCA(start_noise=0)
