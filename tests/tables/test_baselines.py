"""What a meta-learner must beat, against scikit-learn one task at a time."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import Ridge

from maml_engine.tables.baselines import (
    BASELINES,
    GAUSSIAN,
    MIXED,
    OFFSET,
    POOLED,
    PRIOR,
    RIDGE,
    SUPPORT_MEAN,
    Pooled,
    fit_predictors,
)
from maml_engine.tables.functions import Rbf
from maml_engine.tables.gaussian_process import KernelPredictor, gaussian_process
from maml_engine.tables.mixed_model import mixed_model
from maml_engine.tables.task_arrays import TaskArrays


@pytest.fixture
def tasks():
    """Straight lines with levels and slopes of their own; the last task is shorter."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (12, 9, 1))
    y = rng.normal(0, 2, (12, 1, 1)) + (1 + rng.normal(0, 0.5, (12, 1, 1))) * x + rng.normal(0, 0.05, x.shape)
    is_row = np.ones((12, 9), bool)
    is_row[-1, 7:] = False
    orders = np.argsort(np.where(is_row, rng.random((3, 12, 9)), 2.0), axis=-1)
    return TaskArrays(x, y * is_row[..., None], is_row, orders)


def fitted_by(tasks, names=tuple(BASELINES)):
    pooled = Pooled.fit(tasks, 0)
    processes = {GAUSSIAN: gaussian_process(tasks, pooled, 0), MIXED: mixed_model(tasks, pooled, 4, 0).predictor()}
    return fit_predictors(tasks, 4, names, pooled=pooled, processes=processes, seed=0)


def test_the_support_mean_and_the_offset_are_what_their_names_say(tasks):
    fitted, pooled = fitted_by(tasks, (SUPPORT_MEAN, OFFSET)), Pooled.fit(tasks, 0)
    chosen = tasks.orders[1, 3, :4]
    support_y, about = tasks.y[3, chosen], pooled(tasks.x[3])
    mean = fitted[SUPPORT_MEAN].predict(tasks, 4)[1, 3]
    np.testing.assert_allclose(mean, np.full((9, 1), support_y.mean()), atol=1e-3)  # a level of variance 1e4 is nearly free
    offset = fitted[OFFSET].predict(tasks, 4)[1, 3]
    np.testing.assert_allclose(offset, about + (support_y - about[chosen]).mean(), atol=1e-3)


def test_a_kernel_predictor_is_scikit_learns_process_and_its_ridge(tasks):
    """The kernel of a dot product is ridge regression; a squared exponential with a level and noise is the process."""
    task, draw, k = 5, 2, 6
    chosen = tasks.orders[draw, task, :k]
    support_x, support_y = tasks.x[task, chosen], tasks.y[task, chosen, 0]
    rbf = KernelPredictor(Rbf(0.7, 0.9), 0.05, 2.0, None, "").predict(tasks, k)[draw, task, :, 0]
    kernel = ConstantKernel(2.0) + ConstantKernel(0.7) * RBF(0.9) + WhiteKernel(0.05)
    process = GaussianProcessRegressor(kernel, optimizer=None, alpha=0.0).fit(support_x, support_y)
    np.testing.assert_allclose(rbf, process.predict(tasks.x[task]), atol=1e-8)
    line = KernelPredictor(lambda a, b: a @ b.swapaxes(-1, -2), 0.3, 0.0, None, "").predict(tasks, k)[draw, task, :, 0]
    ridge = Ridge(alpha=0.3, fit_intercept=False).fit(support_x, support_y)
    np.testing.assert_allclose(line, ridge.predict(tasks.x[task]), atol=1e-8)


def test_padding_is_never_seen(tasks):
    """The last task has 7 rows: 8 support rows are those 7, whatever lies in the padding."""
    other = tasks._replace(
        x=np.where(tasks.is_row[..., None], tasks.x, 99.0), y=np.where(tasks.is_row[..., None], tasks.y, 99.0)
    )
    fitted = fitted_by(tasks, (RIDGE, PRIOR, MIXED))
    for predictor in fitted.values():
        mine, theirs = predictor.predict(tasks, 8)[:, -1, :7], predictor.predict(other, 8)[:, -1, :7]
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_on_straight_lines_what_fits_levels_and_slopes_wins(tasks):
    fitted = fitted_by(tasks)
    query = tasks.query(4)[..., None]

    def error(name):
        return np.sqrt(np.mean((fitted[name].predict(tasks, 4) - tasks.y)[np.broadcast_to(query, (3, 12, 9, 1))] ** 2))

    assert error(RIDGE) < 0.15  # the noise is 0.05
    assert max(error(PRIOR), error(MIXED)) < error(OFFSET) < error(POOLED)


def test_draws_have_the_process_mean_and_covariance(tasks):
    process = KernelPredictor(Rbf(0.5, 1.0), 0.1, 1.0, lambda x: 3 * x, "")
    drawn = process.draw(tasks.x[:1], 1, 20_000, np.random.default_rng(0))[:, 0, :, 0]
    np.testing.assert_allclose(drawn.mean(axis=0), 3 * tasks.x[0, :, 0], atol=0.05)
    expected = process.kernel(tasks.x[:1], tasks.x[:1])[0] + 1.0 + 0.1 * np.eye(9)
    np.testing.assert_allclose(np.cov(drawn.T), expected, atol=0.06)  # five standard errors of a covariance
