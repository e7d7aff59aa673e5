"""The order of the class labels, for MAML and for UNICORN."""

import dataclasses

import jax
import numpy as np
import pytest

from dashboard.page_parts.pitfalls import label_orders
from dashboard.page_parts.pitfalls.label_orders import LabelOrders, orders_of, probabilities
from maml_engine import Learner
from tests.small_images import SMALL, Patterns

ORDERS = orders_of(3, 3)


@pytest.fixture(scope="module")
def answers():
    """Of untrained learners on tiny pictures, by method, `[orders, tasks, queries, classes]`."""
    tasks = Patterns()
    episode = tasks.split("test").sample(jax.random.key(0), 4, 1, 5)
    learners = {
        method: Learner.untrained(dataclasses.replace(SMALL, method=method), tasks=tasks) for method in label_orders.METHODS
    }
    return {method: probabilities(learner, episode, ORDERS) for method, learner in learners.items()}


def test_orders_are_all_different_and_the_first_is_as_it_is():
    orders = orders_of(5, 24)
    assert orders[0].tolist() == [0, 1, 2, 3, 4]
    assert len({tuple(order) for order in orders}) == 24
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in orders)


def test_maml_answers_otherwise_under_another_order_and_unicorn_alike(answers):
    assert np.ptp(answers["unicorn"], axis=0).max() < 1e-5
    assert np.ptp(answers["maml"], axis=0).max() > 1e-2


def test_answers_are_put_back_in_the_tasks_own_order(answers):
    np.testing.assert_allclose(answers["unicorn"][1:].sum(axis=-1), 1, rtol=1e-5)
    assert (answers["unicorn"].std(axis=-1) > 1e-3).any()  # not all classes alike, which any order leaves alike


def test_tasks_are_ranked_each_by_itself():
    accuracy = {"maml": np.array([[0.2, 0.8], [0.6, 0.4]])}
    assert LabelOrders(accuracy, {}, 5, 1).ranked("maml").tolist() == pytest.approx([0.3, 0.7])


def test_what_is_written_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(label_orders, "FILE", tmp_path / "orders.json")
    found = LabelOrders({"maml": np.array([[0.2, 0.8]])}, {"maml": 0.5}, 5, 7)
    label_orders.save(found)
    again = label_orders.load.__wrapped__()
    np.testing.assert_allclose(again.accuracy["maml"], found.accuracy["maml"])
    assert (again.apart, again.queries, again.num_iterations) == (found.apart, 5, 7)


def test_what_comes_with_the_app_says_what_the_card_says():
    found = label_orders.load()
    assert set(found.accuracy) == set(label_orders.METHODS)
    assert found.num_iterations == label_orders.RUN.num_iterations
    assert all(shares.shape == (label_orders.ORDERS, label_orders.TASKS) for shares in found.accuracy.values())
    maml, unicorn = (found.ranked(method) for method in label_orders.METHODS)
    assert maml[-1] - maml[0] > 0.05
    assert unicorn[-1] - unicorn[0] < 0.005 and found.apart["unicorn"] < 1e-3
    assert min(maml[-1], unicorn[0]) > 0.4  # both have learned; chance is 0.2
