"""A learner of pictures on a task that it has never seen."""

import dataclasses

import jax
import numpy as np
import pytest

from dashboard.engine_calls.held_out import in_one_task, steps_of, trained_steps
from maml_engine import Experiment
from tests.drawn import Pictures, pad_learner


@pytest.mark.parametrize(
    ("changes", "followed", "trained"),
    [
        ({"method": "protonet"}, 1, 1),
        ({"method": "maml", "inner_steps": 3}, 5, 3),
        ({"method": "maml", "inner_steps": 7}, 7, 7),
        ({"method": "maml", "inner_steps": 0}, 5, 1),
    ],
)
def test_answers_count_after_as_many_steps_as_in_training(changes, followed, trained):
    run = Experiment(**changes)
    assert (steps_of(run), trained_steps(run)) == (followed, trained)


def test_a_tasks_answers_come_with_its_pictures_in_grey_in_the_order_that_was_asked_for():
    learner = pad_learner("protonet", ways=3)
    episode = Pictures(3).sample(jax.random.key(0), 1, 2, 1)
    task = in_one_task(learner, episode, 1)
    assert (task.support.shape[:2], task.support.dtype, task.query.dtype) == ((3, 2), np.uint8, np.uint8)
    np.testing.assert_array_equal(task.query[1], np.round(255 * np.asarray(episode.query.x)[0, 1, ..., 0]))
    np.testing.assert_array_equal(task.truth, [0, 1, 2])
    np.testing.assert_allclose(task.shares.sum(axis=-1), 1, rtol=1e-5)
    turned = in_one_task(learner, episode, 1, order=[2, 0, 1])
    for one, other in zip(dataclasses.astuple(turned)[1:3], dataclasses.astuple(task)[1:3], strict=True):
        np.testing.assert_array_equal(one, other[[2, 0, 1]])
    np.testing.assert_allclose(turned.shares, task.shares[:, [2, 0, 1]], rtol=1e-5)
