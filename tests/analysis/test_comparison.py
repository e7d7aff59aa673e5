"""Methods trained in turns within one budget: answers from runs that are alone."""

import dataclasses

import jax
import numpy as np
import pytest

from maml_engine import Experiment, Learner, train
from maml_engine.analysis.comparison import Budget, contest, gradients_per_iteration, meta_gradient_bytes
from maml_engine.evaluation import draw

SMALL = Experiment(hidden_dim=8, meta_batch_size=4, k_shot=5, k_query=5)


@pytest.fixture(scope="module")
def outcome():
    """One small comparison, from its first report to its last."""
    runs = {
        name: tuple(dataclasses.replace(SMALL, method=name, num_iterations=30, seed=seed) for seed in range(2))
        for name in ("maml", "reptile")
    }
    episode = draw(SMALL.build_tasks().split("test"), jax.random.key(0), 6, k_shot=5, k_query=10)
    return runs, episode, list(contest(runs, Budget("iterations", 30), episode, inner_steps=3, points=3))


def test_a_method_that_solves_counts_support_and_query():
    assert gradients_per_iteration(dataclasses.replace(SMALL, method="alpaca", inner_steps=7)) == 2 * 4


def test_imaml_counts_its_products():
    run = dataclasses.replace(SMALL, method="imaml", inner_steps=7, cg_steps=5)
    assert gradients_per_iteration(run) == (7 + 1 + 5) * 4


@pytest.mark.parametrize(("kind", "amount", "complaint"), [("years", 1, "`kind`"), ("seconds", 0, "`amount`")])
def test_a_budget_that_cannot_work_is_refused(kind, amount, complaint):
    with pytest.raises(ValueError, match=complaint):
        Budget(kind, amount)


def test_every_run_ends_where_it_would_alone(outcome):
    entrants, _, reports = outcome
    last = reports[-1]
    assert last.done
    assert last.share == 1.0
    for name, runs in entrants.items():
        ranking = last.rankings[name]
        assert list(ranking.iterations) == [0, 10, 20, 30]
        for run, learner in zip(runs, ranking.learners, strict=True):
            *_, alone = train(run)
            for ours, theirs in zip(jax.tree.leaves(learner.meta), jax.tree.leaves(alone.learner.meta), strict=True):
                np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_losses_are_those_of_the_learners_on_the_same_tasks(outcome):
    _, episode, reports = outcome
    for ranking in reports[-1].rankings.values():
        assert ranking.loss.shape == (2, 6, 4)
        assert ranking.curves.shape == (4, 2, 4)
        np.testing.assert_allclose(ranking.curves[-1], ranking.loss.mean(axis=1), rtol=1e-6)
        learner = ranking.learners[1]
        adapted = learner.adapt(episode.support.x[2], episode.support.y[2], 3)
        error = np.mean((adapted(episode.query.x[2]) - np.asarray(episode.query.y[2])) ** 2)
        assert ranking.loss[1, 2, 3] == pytest.approx(error, rel=1e-4)


def test_reports_only_grow_and_older_ones_stay_as_they_were(outcome):
    *_, reports = outcome
    shares = [report.share for report in reports]
    assert shares == sorted(shares)
    first = next(report for report in reports if "reptile" in report.rankings)
    assert list(first.rankings["maml"].iterations) == [0]
    assert first.rankings["maml"].temp_bytes is None
    assert reports[-1].rankings["maml"].temp_bytes > 0


def test_memory_grows_with_the_tasks_of_a_meta_step():
    sizes = [meta_gradient_bytes(Learner.untrained(dataclasses.replace(SMALL, meta_batch_size=n))) for n in (4, 64)]
    assert sizes[1] > 4 * sizes[0]


def test_a_run_that_diverges_keeps_its_last_finite_snapshot():
    wild = dataclasses.replace(SMALL, meta_lr=1e30, meta_optimizer="sgd")
    episode = draw(SMALL.build_tasks(), jax.random.key(0), 3, k_shot=5, k_query=5)
    *_, last = contest({"maml": (wild,)}, Budget("iterations", 50), episode, inner_steps=1, points=2)
    ranking = last.rankings["maml"]
    assert "no longer a finite number" in ranking.message
    assert np.isfinite(ranking.curves).all()


def test_seconds_are_spent_and_not_overspent():
    episode = draw(SMALL.build_tasks(), jax.random.key(0), 3, k_shot=5, k_query=5)
    *_, last = contest({"maml": (SMALL,)}, Budget("seconds", 0.4), episode, inner_steps=1, points=2)
    spent = last.rankings["maml"].seconds
    assert 0.4 <= spent[-1] < 2.0  # the last stretch is planned by the speed of the one before; machines stall
    assert np.all(np.diff(spent) > 0)
