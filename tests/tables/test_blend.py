"""Weights of a blend, on errors whose products are known."""

import numpy as np
import pytest

from maml_engine.tables.baselines import PooledAlone
from maml_engine.tables.blend import KINDS, Blend, Products, choose_weights, joined_products
from maml_engine.tables.functions import Constant
from maml_engine.tables.outcomes import Bounded, Limits, Outcome, mixed
from maml_engine.tables.task_arrays import TaskArrays


def products(errors):
    """Of errors `[tasks, rows, ways]`, one number of known rows."""
    return Products(np.einsum("tra,trb->tab", errors, errors)[None], np.full((1, len(errors)), errors.shape[1], float))


def errors(*scales, shared=0.0, tasks=60, rows=10, seed=0):
    """Of ways that err independently by `scales`, and all by one error more."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, scales, (tasks, rows, len(scales))) + rng.normal(0, shared, (tasks, rows, 1))


def test_independent_errors_are_weighted_by_their_precision():
    weights, kind = choose_weights(products(errors(1.0, 2.0, 2.0, tasks=400)), 0, 0)
    assert kind == "weights"
    np.testing.assert_allclose(weights[0], np.array([4, 1, 1]) / 6, atol=0.03)


def test_ways_that_are_as_good_are_averaged():
    same = errors(1.0, 1.0, 1.0, tasks=400, rows=40)
    weights, _ = choose_weights(products(same), 0, 0)
    np.testing.assert_allclose(weights[0], [1 / 3] * 3, atol=0.1)
    a_fifth_more = KINDS["by error"](np.diag([1.0, 1.0, 1.2**2]))
    assert a_fifth_more[2] < 0.02 < 0.48 < a_fifth_more[0] == a_fifth_more[1]


def test_a_way_that_has_all_the_others_errors_and_more_has_no_weight():
    first = errors(1.0, 1.0)
    both = np.concatenate([first[..., :1], first], axis=-1)
    both[..., 1:] = 3 * first[..., :1] + 0.1 * first[..., 1:]
    weights, kind = choose_weights(products(both), 0, 0)
    assert (kind, weights[0].tolist()) == ("alone", [1.0, 0.0, 0.0])


def test_a_way_that_has_run_away_is_left_out():
    wild = errors(1.0, 1.0)
    wild[3, 2, 1] = 1e6
    assert choose_weights(products(wild), 0, 0)[0].tolist() == [[1.0, 0.0]]
    wild[3, 2, 1] = np.nan
    assert choose_weights(products(wild), 0, 0)[0].tolist() == [[1.0, 0.0]]


def test_one_hard_task_does_not_decide_against_all_others():
    both = errors(1.0, 1.3, tasks=20, rows=30)
    both[0] = 20 * errors(1.2, 1.0, tasks=1, rows=30, seed=1)[0]
    first, second = np.mean(both**2, axis=(0, 1))
    assert second < 0.9 * first  # by squares the one task says so
    weights, _ = choose_weights(products(both), 0, 0)
    assert weights[0, 0] > weights[0, 1]


def test_tempered_tasks_count_by_the_root_of_their_squared_errors():
    hard = errors(1.0, 1.0, tasks=2, rows=4000)
    hard[1] *= 100
    own = np.trace(products(hard).tempered().total[0], axis1=1, axis2=2)
    assert own[1] / own[0] == pytest.approx(100, rel=0.05)
    hard[0] = 0.0  # nothing wrong at all: no division by it
    found = products(hard).tempered()
    assert np.isfinite(found.total).all()
    assert (found.total[0, 0] == 0).all()


def test_what_few_tasks_say_by_chance_is_not_followed():
    """Ten ways that are as good, on eight tasks: weights are spread; 1.1 is what their average comes to, 2 each alone."""
    few = [choose_weights(products(errors(*[1.0] * 10, shared=1.0, tasks=8, rows=5, seed=seed)), 0, 0)[0] for seed in range(10)]
    assert np.mean([1 + np.sum(weights[0] ** 2) for weights in few]) < 1.5


def test_products_of_parts_are_added_by_task():
    whole = errors(1.0, 2.0, tasks=6)
    parts = [products(whole[:4]), products(whole[4:])]
    joined = joined_products(parts, [np.arange(4), np.arange(4, 6)], 6)
    np.testing.assert_allclose(joined.total, products(whole).total)
    np.testing.assert_allclose(joined.mean(np.arange(4)), parts[0].mean())


@pytest.fixture
def tasks():
    rng = np.random.default_rng(0)
    orders = np.argsort(rng.random((2, 3, 5)), axis=-1)
    return TaskArrays(np.zeros((3, 5, 1)), rng.normal(size=(3, 5, 1)), np.ones((3, 5), bool), orders)


def test_a_blend_in_use_is_the_mixture_that_was_judged(tasks):
    ways = tuple(PooledAlone(Constant(np.array([value]))) for value in (1.0, 3.0))
    weights = np.array([[1.0, 0.0], [0.25, 0.75]])
    blend = Blend(ways, ("a", "b"), np.array([0, 2]), weights)
    limits = Limits(np.array([-10.0]), np.array([10.0]))
    judged = mixed([Outcome.of(way, tasks, (0, 2), limits) for way in ways], weights)
    for place, k in enumerate((0, 2)):
        used = blend.predictive(tasks, k)
        np.testing.assert_allclose(used.mean, judged.mean[place], rtol=1e-6)
        np.testing.assert_allclose(used.variance, judged.variance[place], rtol=1e-6)
    assert blend.predict(tasks, 9)[0, 0, 0, 0] == pytest.approx(2.5)  # as for the nearest number that was judged
    assert blend.predictive(tasks, 2).variance[0, 0, 0] == pytest.approx(0.25 * 1.5**2 + 0.75 * 0.5**2)


def test_nothing_is_predicted_far_beyond_all_targets_but_known_rows_widen_that(tasks):
    wild = Bounded(PooledAlone(Constant(np.array([1e9]))), np.array([-1.0]), np.array([1.0]))
    assert (wild.predict(tasks, 0) == 3.0).all()
    high = tasks._replace(y=np.full_like(tasks.y, 7.0))
    assert (wild.predict(high, 2) == 15.0).all()
