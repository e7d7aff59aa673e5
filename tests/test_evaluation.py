"""Adaptation curves: what they measure, on which tasks, and how far their intervals can be trusted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from maml_engine import AdaptationCurves, Experiment, Learner, Sinusoid, evaluate, evaluation, mean_squared_error
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.keys import key_of
from maml_engine.evaluation import _drawn
from maml_engine.tasks import Scaling
from tests.programs import compiled

EXPERIMENT = Experiment(hidden_dim=8, inner_steps=1)
KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def fresh():
    return Learner.untrained(EXPERIMENT)


class ZeroShot:
    """Stands in for a learner: one function for all tasks and steps."""

    loss_fn = staticmethod(mean_squared_error)

    def __init__(self, function, tasks=None):
        self.function, self.default_tasks = function, tasks or Sinusoid()

    def path_predictions(self, support, query_x, inner_steps):
        return jnp.repeat(self.function(query_x)[:, None], inner_steps + 1, axis=1)


# Answers from outside the code (the distribution's own moments).


@pytest.mark.parametrize(
    ("function", "expected"),
    [(jnp.zeros_like, 4.252), (lambda x: 2 * 2.55 / np.pi * jnp.cos(x), 3.006)],
    ids=["predicting 0", "the best zero-shot predictor"],
)
def test_zero_shot_predictors_cost_what_they_must(function, expected):
    curves = evaluate(ZeroShot(function), KEY, num_tasks=40_000, k_query=20, inner_steps=0)
    low, high = curves.interval(0.999)
    assert low[0] < expected < high[0]
    assert curves.mean[0] == pytest.approx(expected, rel=0.02)


def test_step_zero_is_the_learner_before_adapting(fresh):
    curves = evaluate(fresh, KEY, num_tasks=6, k_shot=5, k_query=9, inner_steps=2)
    episode = Sinusoid().split("test").sample(KEY, 6, 5, 9)
    for task in range(6):
        x, y, query_x, query_y = (np.asarray(part[task]) for part in (*episode.support[:2], *episode.query[:2]))
        for steps in range(3):
            predicted = fresh.adapt(x, y, inner_steps=steps)(query_x)
            assert curves.loss[task, steps] == pytest.approx(np.mean((predicted - query_y) ** 2), rel=1e-5)
    assert curves.loss.shape == (6, 3)


def test_many_tasks_are_the_same_one_by_one(fresh, monkeypatch):
    together = evaluate(fresh, KEY, num_tasks=7, k_query=5, inner_steps=1)
    monkeypatch.setattr("maml_engine.evaluation.TASKS_AT_ONCE", 3)
    np.testing.assert_allclose(evaluate(fresh, KEY, num_tasks=7, k_query=5, inner_steps=1).loss, together.loss, rtol=1e-5)


def test_drawing_from_tasks_of_one_kind_compiles_once(fresh):
    evaluate(fresh, KEY, 5, inner_steps=1, tasks=Sinusoid())
    programs = _drawn._cache_size()
    evaluate(fresh, KEY, 5, inner_steps=1, tasks=Sinusoid(amplitude=(1.0, 2.0)))
    assert _drawn._cache_size() == programs


def test_the_same_key_gives_the_same_numbers_and_another_one_others(fresh):
    def curves(seed):
        return evaluate(fresh, jax.random.key(seed), num_tasks=4, k_query=5, inner_steps=1).loss

    np.testing.assert_array_equal(curves(1), curves(1))
    assert (curves(1) != curves(2)).all()


# Nothing is measured on the support, or on queries that share its points.


def test_queries_share_no_point_with_the_support():
    episode = Sinusoid().split("test").sample(KEY, 100, 10, 100)
    for task in range(100):
        assert not set(np.asarray(episode.support.x[task]).ravel().tolist()) & set(
            np.asarray(episode.query.x[task]).ravel().tolist()
        )


class PureNoise:
    """Targets that nothing predicts, of variance 1."""

    def split(self, name):
        return self

    def sample(self, key, meta_batch_size, k_shot, k_query):
        x, y = jax.random.normal(key, (2, meta_batch_size, k_shot + k_query, 1))
        return Episode(Batch(x[:, :k_shot], y[:, :k_shot]), Batch(x[:, k_shot:], y[:, k_shot:]))


def test_noise_cannot_be_predicted(fresh):
    curves = evaluate(fresh, KEY, num_tasks=200, k_shot=5, k_query=50, inner_steps=5, tasks=PureNoise())
    assert (curves.interval(0.999)[1] > 1.0).all()


# The interval is over tasks, not over seeds or points.


def test_the_interval_is_students_over_tasks():
    """T20."""
    loss = np.random.default_rng(0).normal(size=(7, 2))
    low, high = AdaptationCurves(loss).interval(0.9)
    for step in range(2):
        expected = scipy.stats.t.interval(0.9, 6, loss[:, step].mean(), scipy.stats.sem(loss[:, step]))
        np.testing.assert_allclose((low[step], high[step]), expected, rtol=1e-12)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(2000):
        low, high = AdaptationCurves(rng.normal(3.0, 2.0, (20, 1))).interval()
        covered += low[0] <= 3.0 <= high[0]
    assert 0.93 <= covered / 2000 <= 0.97


def test_one_task_has_no_interval():
    curves = AdaptationCurves(np.array([[1.0, 0.5]]))
    assert np.isnan(curves.interval()).all()
    assert curves.rows()[1] == {"step": 1, "mean": 0.5, "low": None, "high": None}


class TwelveTasks(PureNoise):
    """A finite set."""

    def every(self, key, k_shot):
        return self.sample(key, 12, k_shot, 3)


def test_a_finite_set_is_taken_once_a_task(fresh):
    assert evaluate(fresh, KEY, num_tasks=600, inner_steps=1, tasks=TwelveTasks()).loss.shape == (12, 2)


@pytest.mark.parametrize("name", ["num_tasks", "k_shot", "k_query"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "ten"])
def test_numbers_out_of_range_are_refused(fresh, name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be a whole number >= 1"):
        evaluate(fresh, KEY, **{name: value})


def test_an_unknown_split_is_refused(fresh):
    with pytest.raises(ValueError, match="`split` must be one of test, train, validation"):
        evaluate(fresh, KEY, split="held-out")


def test_splits_are_different_tasks(fresh):
    losses = [
        evaluate(fresh, KEY, num_tasks=4, k_query=5, inner_steps=0, split=split).loss
        for split in ("train", "validation", "test")
    ]
    assert len({loss.tobytes() for loss in losses}) == 3


# What it compiles.


def test_an_evaluation_compiles_three_programs_and_nothing_beside_them(fresh, monkeypatch):
    monkeypatch.setattr(evaluation, "TASKS_AT_ONCE", 3)  # in pieces, the last of another size
    programs = compiled()
    before = len(programs)
    learner = fresh.replace(scaling=Scaling(np.float32([0.5]), np.float32([2.0]), np.float32([1.0]), np.float32([3.0])))
    evaluate(learner, key_of(11), num_tasks=7, k_shot=3, k_query=13, inner_steps=2)
    drawn, *others = programs[before:]
    assert "_drawn" in drawn
    assert sorted(others) == sorted(["jit(path_in_units)", "jit(_along_path)"] * 2), "an operation outside of them compiles"
