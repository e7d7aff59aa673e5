"""Losses over step sizes and steps: the numbers behind the map."""

import numpy as np
import pytest

from dashboard.engine_calls import cache, resources
from dashboard.page_parts.pitfalls import step_sizes
from dashboard.page_parts.pitfalls.step_sizes import INNER_LRS, STEPS
from maml_engine.analysis import divergence as engine


@pytest.fixture(scope="module")
def learner():
    return resources.shipped_learners()["sinusoid_maml"]


@pytest.fixture(scope="module")
def found(learner):
    return step_sizes.frontier(learner, 10)


def test_the_map_holds_every_cell(found):
    assert found.query_loss.shape == (len(INNER_LRS), step_sizes.TASKS, STEPS + 1)
    assert (found.summary()[:, 0] == found.summary()[0, 0]).all()  # before adapting the step size does not matter
    assert found.first_diverged()[0] == len(INNER_LRS)
    assert 0 < found.first_diverged()[STEPS] < len(INNER_LRS)


def test_the_claim_of_the_tutorial_is_measured(found):
    """The shipped learner was trained with steps of 0.001: ten times that is too large for it, whatever the rule says."""
    rows = {row["inner_lr"]: row for row in step_sizes.claims(found, "mean")}
    assert rows[0.001][10] < rows[0.001][1] < rows[0.001][0]
    assert rows[0.01]["claim"] == "good"
    assert rows[0.01][10] > rows[0.01][0]


def test_moving_a_control_compiles_nothing(learner, found):
    cache.ANSWERS.clear()
    step_sizes.cell_fits(learner, 10, 0.001, 1)
    step_sizes.frontier(learner, 5)  # what came before may have been forgotten
    compiled = engine._losses._cache_size()
    step_sizes.frontier(learner, 3)
    step_sizes.frontier(learner, 17)
    assert engine._losses._cache_size() == compiled


def test_a_cell_shows_the_tasks_that_its_loss_says(learner, found):
    typical, worst = step_sizes.cell_fits(learner, 10, 0.001, 5)
    assert len(typical.support_x) == 10
    assert typical.loss[5] < typical.loss[0]
    assert worst.loss[5] > typical.loss[5]
    assert np.isfinite(typical.path).all()


def test_with_noise_the_support_loss_falls_and_the_query_loss_rises(learner):
    path = step_sizes.long_path(learner, 5, 1.0, 0.001)
    query, support = path.summary()[0], path.summary(of_support=True)[0]
    least = int(query.argmin())
    assert 0 < least < 20
    assert query[-1] > 1.2 * query[least]
    assert support[-1] < support[least]
