"""The process learned over tasks: where it must win, where it must fall back on the mixed model, and what it may never say."""

import jax
import numpy as np
import pytest

from maml_engine.tables import learned_process as module
from maml_engine.tables.learned_process import learned_processes
from maml_engine.tables.mixed_model import mixed_model
from maml_engine.tables.splits import Part
from maml_engine.tables.task_arrays import TaskArrays, squared_error


def nothing(x):
    return np.zeros((*x.shape[:-1], 1))


def steps_at(shift, count=40, rows=12, seed=0, noise=0.02):
    """A step of each task's own height, all at one place: no low polynomial is like it."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.5, 1.5, (count, rows, 1))
    y = rng.normal(0, 1, (count, 1, 1)) * np.tanh(6 * (x - shift)) + rng.normal(0, noise, x.shape)
    return TaskArrays(x, y, np.ones((count, rows), bool), np.argsort(rng.random((2, count, rows)), axis=-1))


def learned(tasks, fit, seed=0):
    parts = [Part(fit, np.setdiff1d(np.arange(len(tasks.x)), fit), ())]
    model = mixed_model(tasks.take(fit), nothing, 5, 0)
    stage = learned_processes(tasks, parts, [nothing], [model], seed=seed)
    try:
        while True:
            next(stage)
    except StopIteration as end:
        return end.value[0], model.predictor()


def test_steps_are_learned_that_polynomials_do_not_follow():
    tasks = steps_at(0.4)
    process, model = learned(tasks, np.arange(28))
    unseen = tasks.take(np.arange(28, 40))
    assert squared_error(process, unseen, 4) < 0.6 * squared_error(model, unseen, 4)
    assert not jax.config.jax_enable_x64


def test_where_tasks_are_few_and_lines_it_is_as_good_as_the_mixed_model():
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, (32, 8, 1))
    y = rng.normal(size=(32, 1, 1)) + rng.normal(size=(32, 1, 1)) * x + rng.normal(0, 0.3, x.shape)
    tasks = TaskArrays(x, y, np.ones((32, 8), bool), np.argsort(rng.random((3, 32, 8)), axis=-1))
    process, model = learned(tasks, np.arange(9))
    unseen = tasks.take(np.arange(9, 32))
    assert squared_error(process, unseen, 4) < 1.05 * squared_error(model, unseen, 4)


@pytest.mark.parametrize("what", ["no noise", "one x", "huge", "a constant input"])
def test_it_is_never_nan(what, monkeypatch):
    monkeypatch.setattr(module, "STEPS", 60)
    tasks = steps_at(0.0, count=10, rows=6, noise=0.0)
    if what == "one x":
        tasks = tasks._replace(x=np.zeros_like(tasks.x))
    elif what == "huge":
        tasks = tasks._replace(y=tasks.y * 1e6)
    elif what == "a constant input":
        tasks = tasks._replace(x=np.concatenate([tasks.x, np.ones_like(tasks.x)], axis=-1))
    process, _ = learned(tasks, np.arange(8))
    for k in (0, 1, 5):
        mean, variance = process.predictive(tasks, k)
        assert np.isfinite(mean).all()
        assert np.isfinite(variance).all()
        assert (variance >= 0).all()


def test_it_stops_where_nothing_becomes_better_and_keeps_the_best(monkeypatch):
    """Nine tasks that are lines: what learns on goes nowhere, and less time is spent there."""
    monkeypatch.setattr(module, "MIN_STEPS", 30)
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, (9, 8, 1))
    y = rng.normal(size=(9, 1, 1)) + rng.normal(size=(9, 1, 1)) * x + rng.normal(0, 0.3, x.shape)
    tasks = TaskArrays(x, y, np.ones((9, 8), bool), np.argsort(rng.random((3, 9, 8)), axis=-1))
    stage = learned_processes(
        tasks, [Part(np.arange(9), np.zeros(0, int), ())], [nothing], [mixed_model(tasks, nothing, 5, 0)], seed=0
    )
    shares = [step.share for step in stage]
    assert 0.0 < shares[-1] < 1.0
