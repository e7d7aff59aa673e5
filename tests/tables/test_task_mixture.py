"""A mixture about known tasks: against the algebra written out, where it must win, and where it is the mixed model."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from maml_engine.tables.mixed_model import LeftOut
from maml_engine.tables.saved import described, restored
from maml_engine.tables.task_arrays import TaskArrays, squared_error
from maml_engine.tables.task_mixture import WHOLE, mixed_models, mixture_about


def nothing(x):
    """A pooled fit that is 0 everywhere."""
    return np.zeros((*x.shape[:-1], 1))


def peaks(count=60, rows=12, seed=0, noise=0.02):
    """A peak that is at another place in each task: no cloud of curves is like it."""
    rng = np.random.default_rng(seed)
    x, at = rng.uniform(-1, 1, (count, rows, 1)), rng.uniform(-0.8, 0.8, (count, 1, 1))
    y = np.exp(-8 * (x - at) ** 2) + rng.normal(0, noise, x.shape)
    is_row = np.arange(rows) < rng.integers(rows - 3, rows + 1, (count, 1))
    orders = np.argsort(np.where(is_row, rng.random((2, count, rows)), 2.0), axis=-1)
    return TaskArrays(x, y * is_row[..., None], is_row, orders)


def lines(count=40, rows=8, seed=3):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (count, rows, 1))
    y = rng.normal(size=(count, 1, 1)) + rng.normal(size=(count, 1, 1)) * x + rng.normal(0, 0.3, x.shape)
    return TaskArrays(x, y, np.ones((count, rows), bool), np.argsort(rng.random((3, count, rows)), axis=-1))


def fitted(tasks, k=4):
    return mixed_models(tasks, nothing, k, 0)


def test_it_is_the_posterior_mean_written_out_component_by_component():
    tasks, k = peaks(count=9, rows=6), 3
    model = LeftOut.of(tasks, nothing, k, 0).fitted((2,))
    mixture = mixture_about(model, tasks, 0.4)
    mean, variance = mixture.predictive(tasks, k)
    features, (middle, covariance, noise) = model.features(tasks.x), model.coefficients
    task, draw = 4, 1
    own, known = features[task], tasks.orders[draw, task, :k]
    likelihood, means, variances = [], [], []
    for other in range(9):
        rows = tasks.is_row[other]
        phi, y = features[other][rows], tasks.y[other][rows]
        gram = phi @ covariance @ phi.T + noise * np.eye(len(y))
        told = covariance @ phi.T @ np.linalg.solve(gram, y - phi @ middle)
        about = own @ (middle + np.sqrt(1 - 0.4**2) * told)[:, 0]
        within = 0.4**2 * own @ covariance @ own.T
        gram = within[np.ix_(known, known)] + noise * np.eye(k)
        likelihood.append(multivariate_normal(about[known], gram).pdf(tasks.y[task, known, 0]))
        gain = within[:, known] @ np.linalg.inv(gram)
        means.append(about + gain @ (tasks.y[task, known, 0] - about[known]))
        variances.append(np.diagonal(within - gain @ within[known]))
    weights = np.array(likelihood) / np.sum(likelihood)
    np.testing.assert_allclose(mean[draw, task, :, 0], weights @ means, rtol=1e-6, atol=1e-9)
    spread = weights @ (np.array(variances) + (np.array(means) - weights @ means) ** 2)
    np.testing.assert_allclose(variance[draw, task], spread, rtol=1e-6, atol=1e-9)


def test_a_peak_that_moves_is_told_better_than_by_one_cloud():
    tasks = peaks()
    known, unseen = tasks.take(np.arange(45)), tasks.take(np.arange(45, 60))
    found = fitted(known)
    assert squared_error(found.mixture, unseen, 4) < 0.75 * squared_error(found.model.predictor(), unseen, 4)
    assert found.missed < found.model.missed
    assert "width" in found.mixture.setting


def test_where_tasks_are_one_cloud_it_is_as_good_as_the_mixed_model():
    tasks = lines()
    found = fitted(tasks.take(np.arange(9)))
    unseen = tasks.take(np.arange(9, 40))
    assert squared_error(found.mixture, unseen, 4) < 1.03 * squared_error(found.model.predictor(), unseen, 4)


def test_components_as_wide_as_the_cloud_are_the_mixed_model():
    tasks = lines()
    model = LeftOut.of(tasks, nothing, 4, 0).fitted((1,))
    for k in (0, 1, 4):
        mine, theirs = mixture_about(model, tasks, WHOLE).predictive(tasks, k), model.predictor().predictive(tasks, k)
        np.testing.assert_allclose(mine.mean, theirs.mean, atol=1e-9)
        np.testing.assert_allclose(mine.variance, theirs.variance, atol=1e-9)


def test_draws_have_the_spread_of_the_tasks():
    tasks = lines(count=200)
    model = LeftOut.of(tasks, nothing, 4, 0).fitted((1,))
    x = np.broadcast_to(np.array([[-0.8], [0.0], [0.8]]), (50, 3, 1))
    drawn = mixture_about(model, tasks, 0.4).draw(x, 1, 60, np.random.default_rng(0))
    assert drawn.shape == (60, 50, 3, 1)
    features = model.features(x[0])
    expected = np.diagonal(features @ model.coefficients.covariance @ features.T) + model.coefficients.noise
    # The likeliest coefficients of tasks are nearer to each other than the true ones, by what their rows do not tell.
    np.testing.assert_allclose(drawn.var(axis=(0, 1))[:, 0], expected, rtol=0.15)


@pytest.mark.parametrize("what", ["no noise", "one x", "huge", "two outputs", "one task"])
def test_it_is_never_nan_and_a_variance_is_never_below_0(what):
    tasks = peaks(count=10, rows=6, noise=0.0)
    if what == "one x":
        tasks = tasks._replace(x=np.zeros_like(tasks.x))
    elif what == "huge":
        tasks = tasks._replace(y=tasks.y * 1e6)
    elif what == "two outputs":
        tasks = tasks._replace(y=np.concatenate([tasks.y, 1 - tasks.y], axis=-1))
    known = tasks.take(np.arange(2)) if what == "one task" else tasks
    mixture = fitted(known).mixture
    for k in (0, 1, 5, 6):
        mean, variance = mixture.predictive(tasks, k)
        assert mean.shape == (2, 10, 6, tasks.y.shape[-1])
        assert np.isfinite(mean).all()
        assert (variance >= 0).all()


def test_saved_it_says_the_same(tmp_path):
    tasks = peaks(count=10)
    left_out, arrays = LeftOut.of(tasks, nothing, 4, 0), {}
    mixture = mixture_about(left_out.fitted((3,)), tasks, 0.3)
    again = restored(described(mixture, arrays), arrays, tmp_path)
    np.testing.assert_array_equal(again.predict(tasks, 3), mixture.predict(tasks, 3))
