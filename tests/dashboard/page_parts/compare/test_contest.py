"""What the Compare page asks of the engine: budgets, recipes, tasks."""

import dataclasses

import numpy as np
import pytest

from dashboard.method_names import NAMES
from dashboard.page_parts.compare import contest as comparing
from dashboard.page_parts.compare.contest import Contest
from maml_engine import Experiment, Learner
from maml_engine.analysis.comparison import Budget, gradients_per_iteration
from maml_engine.methods import METHODS

SMALL = Experiment(hidden_dim=8, meta_batch_size=4, k_shot=5, k_query=5)


def small_contest(methods=("maml", "reptile"), amount=30, seeds=2, kind="iterations") -> Contest:
    return Contest(methods, SMALL, Budget(kind, amount), seeds)


# By hand: a task's gradients and Hessian-vector products in one meta-iteration of K inner steps.
@pytest.mark.parametrize(
    ("name", "each"),
    [
        ("maml", 3),  # K = 1: one inside, one of the query loss, one product
        ("fomaml", 2),
        ("reptile", 10),
        ("metasgd", 3),
        ("mamlplusplus", 15),  # K = 5: five inside, five of query losses, five products
        ("pretrained", 1),
    ],
)
def test_gradients_are_counted(name, each):
    assert gradients_per_iteration(comparing.recipe(name, SMALL)) == each * SMALL.meta_batch_size


def test_a_budget_of_gradients_buys_fewer_iterations_of_what_costs_more():
    one = small_contest(("maml", "fomaml", "mamlplusplus"), 1200, kind="gradients")
    bought = {name: runs[0].num_iterations for name, runs in one.entrants().items()}
    assert bought == {"maml": 100, "fomaml": 150, "mamlplusplus": 20}
    assert Budget("gradients", 1).iterations(SMALL) == 1


def test_every_recipe_fits_its_network():
    for name in comparing.ENTRANTS:
        Learner.untrained(comparing.recipe(name, SMALL))
    for_classes = {name for name, method in METHODS.items() if method.needs_classes}
    assert set(NAMES) == {*comparing.ENTRANTS, *for_classes, "random", "zero-shot", "oracle"}


def test_only_the_support_points_asked_for_count():
    for k_shot in (5, 30):
        episode = comparing.judging_tasks(dataclasses.replace(SMALL, k_shot=k_shot))
        np.testing.assert_array_equal(episode.support.weight.sum(axis=1), np.full(200, k_shot))


def test_a_hosted_demo_limits_the_whole_work():
    small_contest().check_hosted()
    with pytest.raises(ValueError, match="100,000 meta-iterations in all, and this comparison asks for 200,000"):
        small_contest(amount=50_000).check_hosted()
    with pytest.raises(ValueError, match="4 runs of 60 seconds are 240"):
        small_contest(amount=60, kind="seconds").check_hosted()
