"""A linear mixed model: its fit against the likelihood itself, its predictions against the algebra, its choice of degree."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from maml_engine.tables import mixed_model as module
from maml_engine.tables.mixed_model import fit_coefficients, mixed_model
from maml_engine.tables.task_arrays import TaskArrays, squared_error

COVARIANCE = np.array([[1.0, 0.7], [0.7, 0.8]])


@pytest.fixture
def lines():
    """Lines whose slope goes with their level, noise of 0.3; some tasks are short."""
    rng = np.random.default_rng(0)
    tasks, rows = 40, 7
    coefficients = rng.multivariate_normal([1.0, -2.0], COVARIANCE, tasks)
    x = rng.uniform(-1, 1, (tasks, rows))
    y = coefficients[:, :1] + coefficients[:, 1:] * x + rng.normal(0, 0.3, x.shape)
    is_row = np.arange(rows) < rng.integers(4, rows + 1, (tasks, 1))
    orders = np.argsort(np.where(is_row, rng.random((3, tasks, rows)), 2.0), axis=-1)
    return TaskArrays(x[..., None], (y * is_row)[..., None], is_row, orders)


def nothing(x):
    """A pooled fit that is 0 everywhere."""
    return np.zeros((*x.shape[:-1], 1))


def negative_likelihood(features, lines, mean, covariance, noise):
    """Each task by itself, by SciPy's density."""
    total = 0.0
    for phi, y, is_row in zip(features, lines.y[..., 0], lines.is_row, strict=True):
        phi, y = phi[is_row], y[is_row]
        total -= multivariate_normal(phi @ mean, phi @ covariance @ phi.T + noise * np.eye(len(y))).logpdf(y)
    return total


def test_the_fit_is_the_most_likely_one(lines, monkeypatch):
    """Against a general minimiser of the likelihood written out task by task."""
    monkeypatch.setattr(module, "PRIOR_TASKS", 0.0)
    features = np.stack([np.ones_like(lines.x[..., 0]), lines.x[..., 0]], axis=-1)
    found = fit_coefficients(features, lines.y, lines.is_row, 2000)

    def unpacked(values):
        factor = np.array([[np.exp(values[2]), 0.0], [values[3], np.exp(values[4])]])
        return values[:2], factor @ factor.T, np.exp(values[5])

    best = minimize(lambda values: negative_likelihood(features, lines, *unpacked(values)), np.zeros(6), method="BFGS")
    mean, covariance, noise = unpacked(best.x)
    np.testing.assert_allclose(found.mean[:, 0], mean, atol=1e-3)
    np.testing.assert_allclose(found.covariance, covariance, atol=1e-3)
    np.testing.assert_allclose(found.noise, noise, rtol=1e-3)
    np.testing.assert_allclose(found.covariance, COVARIANCE, atol=0.5)  # what the tasks were drawn from


@pytest.mark.parametrize("degree", [1, 2])
def test_the_likelihood_is_that_of_statsmodels(lines, monkeypatch, degree):
    """The same model by another's hands: maximum likelihood, a full covariance of the coefficients, within 1e-4."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    monkeypatch.setattr(module, "PRIOR_TASKS", 0.0)
    rng = np.random.default_rng(5)
    y = lines.y[..., 0] + rng.normal(0, 1.0, (len(lines.x), 1)) * lines.x[..., 0] ** 2  # so that no covariance is singular
    lines = lines._replace(y=(y * lines.is_row)[..., None])
    features = np.stack([lines.x[..., 0] ** power for power in range(degree + 1)], axis=-1)
    found = fit_coefficients(features, lines.y, lines.is_row, 5000)
    own = -negative_likelihood(features, lines, found.mean[:, 0], found.covariance, found.noise)
    rows, groups = lines.is_row, np.broadcast_to(np.arange(len(lines.x))[:, None], lines.is_row.shape)
    theirs = MixedLM(lines.y[rows][:, 0], features[rows], groups[rows], features[rows]).fit(reml=False, method="bfgs").llf
    assert own == pytest.approx(theirs, rel=1e-4)


def test_outputs_are_as_tasks_with_means_of_their_own(lines):
    """The same output twice, once shifted: the same covariance, the mean shifted."""
    features = np.stack([np.ones_like(lines.x[..., 0]), lines.x[..., 0]], axis=-1)
    y = np.concatenate([lines.y, lines.y + 5.0], axis=-1)
    one, two = fit_coefficients(features, lines.y, lines.is_row, 300), fit_coefficients(features, y, lines.is_row, 300)
    np.testing.assert_allclose(two.mean[:, 1] - two.mean[:, 0], [5.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(two.covariance, one.covariance, rtol=0.02)  # shrunk by half as much
    np.testing.assert_allclose(two.noise, one.noise, rtol=0.01)


def test_a_slope_that_goes_with_the_level_is_told_from_one_row(lines):
    """With one known row at 0, ridge leaves the slope at its mean; the model moves it by covariance."""
    x = np.array([[[0.0], [1.0], [-1.0]]])
    high = TaskArrays(x, np.array([[[3.0], [0.0], [0.0]]]), np.ones((1, 3), bool), np.array([[[0, 1, 2]]]))
    model = mixed_model(lines, nothing, 3, 0).predictor()
    prediction = model.predict(high, 1)[0, 0, :, 0]
    told = (3.0 - 1.0) * 1.0 / (1.0 + 0.09)  # of the level above its mean, by the true variances
    assert prediction[1] - prediction[2] == pytest.approx(2 * (-2.0 + 0.7 * told), abs=0.6)
    assert "degree 1" in model.setting


def test_the_degree_is_chosen_by_tasks_left_out():
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (40, 9, 1))
    y = rng.normal(size=(40, 1, 1)) * (4 * x**3 - 3 * x) + rng.normal(0, 0.05, x.shape)
    tasks = TaskArrays(x, y, np.ones((40, 9), bool), np.argsort(rng.random((2, 40, 9)), axis=-1))
    model = mixed_model(tasks, nothing, 5, 0)
    assert model.degrees == (3,)
    assert 0.05**2 < model.missed < 0.1**2
    assert squared_error(model.predictor(), tasks, 5) < 0.1**2


def test_rows_that_do_not_tell_features_apart():
    """Two positions and a category that is always the same: the features that are left are two."""
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.integers(0, 2, (12, 8, 1)), np.ones((12, 8, 1))], axis=-1).astype(float)
    y = rng.normal(size=(12, 1, 1)) + x[..., :1]
    tasks = TaskArrays(x, y, np.ones((12, 8), bool), np.argsort(rng.random((2, 12, 8)), axis=-1))
    model = mixed_model(tasks, nothing, 3, 0)
    assert np.isfinite(model.predictor().predict(tasks, 3)).all()
    assert model.missed < 0.01


def test_with_many_inputs_tasks_differ_by_a_level_beside_the_pooled_fit():
    rng = np.random.default_rng(3)
    x, slopes, levels = rng.normal(size=(20, 8, 30)), rng.normal(size=(30, 1)), rng.normal(size=(20, 1, 1))
    tasks = TaskArrays(x, x @ slopes + levels, np.ones((20, 8), bool), np.argsort(rng.random((2, 20, 8)), axis=-1))
    model = mixed_model(tasks, lambda x: x @ slopes, 3, 0)
    assert set(model.degrees) == {0}
    np.testing.assert_allclose(model.predictor().predict(tasks, 3), np.broadcast_to(tasks.y, (2, 20, 8, 1)), atol=0.01)


def test_each_input_has_a_degree_of_its_own():
    """A bend along the one input, a slope along the other: all powers of both would be more than the tasks tell."""
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, (40, 9, 2))
    bent, sloped = rng.normal(size=(2, 40, 1, 1))
    y = bent * (8 * x[..., :1] ** 4 - 8 * x[..., :1] ** 2 + 1) + sloped * x[..., 1:] + rng.normal(0, 0.05, (40, 9, 1))
    tasks = TaskArrays(x, y, np.ones((40, 9), bool), np.argsort(rng.random((2, 40, 9)), axis=-1))
    model = mixed_model(tasks, nothing, 5, 0)
    assert model.degrees[0] >= 4
    assert model.degrees[1] in (1, 2)
    assert model.missed < 0.15**2


def test_powers_lie_below_the_plane_through_the_degrees():
    def exponents(*degrees):
        return {tuple(row) for row in module._exponents(degrees).tolist()}

    assert exponents(3) == {(0,), (1,), (2,), (3,)}
    assert exponents(2, 2) == {(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)}
    assert exponents(4, 1) == {(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (0, 1)}
    assert exponents(4, 2) == {*exponents(4, 1), (1, 1), (2, 1), (0, 2)}
    assert exponents(0, 1) == {(0, 0), (0, 1)}
