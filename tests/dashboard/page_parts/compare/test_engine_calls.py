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
