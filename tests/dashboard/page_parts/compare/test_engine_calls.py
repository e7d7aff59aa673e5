"""What a closer look at a method is drawn of."""

import dataclasses

import jax
import numpy as np

from dashboard.page_parts.compare import contest as comparing
from dashboard.page_parts.compare import engine_calls
from maml_engine import Experiment, Learner

SMALL = Experiment(hidden_dim=8, meta_batch_size=4, k_shot=5, k_query=5)


def test_amplitude_and_phase_are_those_of_the_tasks():
    amplitude, phase = engine_calls.amplitude_and_phase(SMALL)
    query = comparing.judging_tasks(SMALL).query
    np.testing.assert_allclose(query.y[..., 0], amplitude[:, None] * np.sin(query.x[..., 0] + phase[:, None]), atol=1e-4)
    assert engine_calls.amplitude_and_phase(dataclasses.replace(SMALL, tasks="lines")) is None


def test_a_stand_in_borrows_the_start_only_where_the_network_is_the_same():
    start = Learner.untrained(dataclasses.replace(SMALL, seed=5))

    def first(learner):
        return np.asarray(jax.tree.leaves(learner.meta.init)[1])

    borrowed = engine_calls.stand_in("anil", SMALL, start)
    np.testing.assert_array_equal(first(borrowed), first(start))
    wider = engine_calls.stand_in("anil", dataclasses.replace(SMALL, hidden_dim=9), start)
    np.testing.assert_array_equal(first(wider), first(start))
    assert engine_calls.stand_in("cavia", SMALL, start).experiment.model == "context_mlp"


def test_one_task_from_the_same_five_points_by_steps_and_by_solving():
    start = Learner.untrained(SMALL)
    base = dataclasses.replace(SMALL, k_shot=9)
    solving = engine_calls.stand_in("r2d2", base, start)
    same = engine_calls.same_points(start, solving, base)
    assert same.points.shape == (2, 5)
    assert (np.diff(same.x) >= 0).all()
    x, y = same.points
    adapted = solving.adapt(x, y)
    np.testing.assert_allclose(same.solved, adapted(same.x)[:, 0], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(same.steps[3], start.adapt(x, y, 3)(same.x)[:, 0], rtol=1e-3, atol=1e-4)
    fewer = engine_calls.same_points(start, solving, dataclasses.replace(base, k_shot=3))
    assert fewer.points.shape == (2, 3)
