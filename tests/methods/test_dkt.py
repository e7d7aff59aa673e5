"""Deep kernel transfer against a Gaussian process by inverses, its intervals, and the tasks that such processes fail on."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine import Batch, Episode, Experiment, Learner, adapt, evaluate, meta_value_and_grad, softmax_cross_entropy, train
from maml_engine.core.adapter import Adapter
from maml_engine.methods import DKT, PACOH
from maml_engine.methods.dkt import LEAST_NOISE, KernelRule
from maml_engine.pytrees import pytree
from tests.methods import solving, twins
from tests.methods.twins import HIDDEN, assert_same_gradient, mean_over_tasks, network, params_of
from tests.quadratics import flat

METHODS = pytest.mark.parametrize("method", [DKT(), PACOH(hyper_prior=0.01)], ids=["dkt", "pacoh"])
RULE = KernelRule(*np.log([1.3, 0.8, 0.2, 8.0]))


def covariance(rule, a, b):
    """Squared-exponential, over root mean squares of differences."""
    size, length = (
        jnp.exp(rule.log_size),
        jnp.exp(rule.log_length),
    )
    apart = jnp.sum((a[:, None] - b[None]) ** 2, axis=2) / HIDDEN
    return size**2 * jnp.exp(-apart / (2 * length**2))


def noise(rule):
    return jnp.exp(rule.log_noise) ** 2 + LEAST_NOISE * jnp.exp(rule.log_size) ** 2


def prior_mean(method, params, x):
    """The network for PACOH, the last layer's bias for DKT."""
    if isinstance(method, PACOH):
        return twins.forward(params, x)
    return jnp.broadcast_to(params["layers/1/bias"], (len(x), 1))


def rows_of(params, x):
    return solving.features_of(params, x)[:, :-1]


def predictive(method, params, rule, support, x):
    """Mean and standard deviation of the posterior (Rasmussen & Williams, 2006, eq. 2.25 and 2.26)."""
    a, b = rows_of(params, support.x), rows_of(params, x)
    inverse = jnp.linalg.inv(covariance(rule, a, a) + noise(rule) * jnp.eye(len(a)))
    across = covariance(rule, b, a)
    mean = prior_mean(method, params, x) + across @ inverse @ (support.y - prior_mean(method, params, support.x))
    variance = jnp.exp(rule.log_size) ** 2 - jnp.einsum("ri,ij,rj->r", across, inverse, across) + noise(rule)
    return mean, jnp.sqrt(variance)[:, None]


def surprise(method, params, rule, support, query):
    """Minus the log marginal likelihood of all rows together, a row; with PACOH's hyper-prior."""
    x, y = (jnp.concatenate([getattr(batch, part) for batch in (support, query)]) for part in ("x", "y"))
    rows = rows_of(params, x)
    matrix = covariance(rule, rows, rows) + noise(rule) * jnp.eye(len(x))
    left = (y - prior_mean(method, params, x))[:, 0]
    density = -0.5 * (left @ jnp.linalg.inv(matrix) @ left + jnp.linalg.slogdet(matrix)[1] + len(x) * jnp.log(2 * jnp.pi))
    held = sum(jnp.sum(leaf**2) for leaf in params.values()) * getattr(method, "hyper_prior", 0.0) / 2
    return -density / len(x) + held


@METHODS
def test_posterior_and_gradient_of_the_marginal_likelihood(x64, method):
    model, tasks, rule = network(), twins.episode(), jax.tree.map(jnp.asarray, RULE)

    def objective(params, rule):
        return mean_over_tasks(lambda support, query: surprise(method, params, rule, support, query), tasks)

    def query_loss(support, query):
        return jnp.mean((predictive(method, params_of(model), rule, support, query.x)[0] - query.y) ** 2)

    value, gradient = meta_value_and_grad(method, model, tasks, rule=rule)
    by_params, by_rule = jax.grad(objective, argnums=(0, 1))(params_of(model), rule)
    np.testing.assert_allclose(value, mean_over_tasks(query_loss, tasks), rtol=1e-7)
    assert_same_gradient(gradient, by_params, 1e-7)
    np.testing.assert_allclose(gradient.rule[:3], by_rule[:3], rtol=1e-6)
    solving.assert_slope(lambda at: objective(*at), (by_params, by_rule), (params_of(model), rule))

    support, query = solving.task_of(tasks, 0)
    adapted = adapt(method, model, support, rule=rule)
    mean, spread = predictive(method, params_of(model), rule, support, query.x)
    np.testing.assert_allclose(adapted(query.x), mean, rtol=1e-7)
    np.testing.assert_allclose(adapted.spread(query.x), spread, rtol=1e-7)


@METHODS
def test_without_known_rows_the_prediction_is_the_priors(x64, method):
    model, support = network(), solving.task_of(twins.episode().support, 0)
    expected = prior_mean(method, params_of(model), support.x)
    none = support._replace(weight=jnp.zeros(len(support.x)))
    for adapted in (adapt(method, model, support, 0), adapt(method, model, none)):
        np.testing.assert_allclose(adapted(support.x), expected, rtol=1e-9)
        np.testing.assert_allclose(adapted.spread(support.x), np.sqrt(1 + 0.01 + LEAST_NOISE), rtol=1e-9)


@pytest.mark.parametrize("shots", [1, 5, 20])
def test_intervals_hold_what_they_say_on_tasks_of_the_methods_own_model(x64, shots):
    """90 % intervals on one query of each of 4,000 tasks: within four standard errors (0.5 %) of 90 %."""
    model, rng, tasks, rule = network(), np.random.default_rng(6), 4000, jax.tree.map(jnp.asarray, RULE)
    params, method = params_of(model), PACOH()
    x = jnp.asarray(rng.normal(size=(tasks, shots + 1, 2)))

    @jax.vmap
    def draw(x, standard):
        rows = rows_of(params, x)
        lower = jnp.linalg.cholesky(covariance(rule, rows, rows) + noise(rule) * jnp.eye(shots + 1))
        return twins.forward(params, x) + lower @ standard

    adapter = Adapter.of_model(method, model, rule=rule)

    @jax.vmap
    def distance(x, y):
        solved = method.from_support(adapter, Batch(x[:-1], y[:-1]))
        features = adapter.network.features(solved, x[-1:]).values
        return ((solved.head(features) - y[-1:]) / solved.head.spread(features))[0, 0]

    y = draw(x, jnp.asarray(rng.normal(size=(tasks, shots + 1, 1))))
    assert 0.88 < np.mean(np.abs(jax.jit(distance)(x, y)) < 1.6448536) < 0.92


@METHODS
@pytest.mark.parametrize("name", solving.HARD)
def test_hard_tasks_have_finite_answers(name, method):
    solving.assert_finite_on(name, method)


@METHODS
@pytest.mark.parametrize("log", [-50.0, 50.0, -1e6, 1e6])
def test_any_number_that_was_learned_has_a_finite_answer(method, log):
    tasks = solving.hard_tasks("duplicates")
    model = solving.network_for(method)
    loss, gradient = meta_value_and_grad(method, model, tasks, rule=KernelRule(*jnp.full(4, log)))
    assert np.isfinite(loss) and np.isfinite(flat(gradient)).all()


@pytree
class Constant:
    """Tasks whose targets are all the same: their likelihood grows without bound as variance and noise go to 0."""

    level: float = 3.0

    def split(self, name):
        del name
        return self

    def sample(self, key, meta_batch_size, k_shot, k_query):
        def batch(key, rows):
            x = jax.random.normal(key, (meta_batch_size, rows, 1))
            return Batch(x, jnp.full_like(x, self.level))

        return Episode(*(batch(each, rows) for each, rows in zip(jax.random.split(key), (k_shot, k_query), strict=True)))


def test_training_on_constant_targets_stays_finite_and_comes_to_the_constant():
    experiment = Experiment(method="dkt", num_iterations=300, meta_lr=0.1, hidden_dim=8, meta_batch_size=4)
    *_, report = train(experiment, tasks=Constant())
    assert np.isfinite(report.meta_loss).all()
    assert np.isfinite(flat(report.learner.meta)).all()
    assert report.meta_loss[-1] < 1e-3


def test_classes_by_regression(x64):
    model, tasks = solving.class_network(), solving.class_episode()
    solving.assert_slope_of_the_meta_loss(DKT(), model, tasks, softmax_cross_entropy)


def test_padding_is_nothing(x64):
    solving.assert_padding_is_nothing(DKT(), network(), twins.episode())
    solving.assert_padding_is_nothing(PACOH(), network(), twins.episode())


def test_a_learner_comes_back_as_it_was_with_its_intervals(tmp_path):
    *_, report = train(Experiment(method="dkt", num_iterations=20, hidden_dim=8))
    report.learner.save(tmp_path)
    again, x = Learner.load(tmp_path), np.linspace(-5, 5, 6)
    for one, other in zip(*(learner.adapt(x, np.sin(x)).predict(x) for learner in (report.learner, again)), strict=True):
        np.testing.assert_array_equal(one, other)
    curves = evaluate(again, jax.random.key(0), 20, 5, 20, 3)
    np.testing.assert_array_equal(curves.loss[:, 1], curves.loss[:, 3])  # later steps stay
    assert curves.mean[1] < curves.mean[0]
