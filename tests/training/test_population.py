"""A population trains as its members would alone."""

import jax
import numpy as np
import pytest

from maml_engine import Experiment, train
from maml_engine.training.population import train_population

SMALL = {"num_iterations": 40, "meta_batch_size": 5, "hidden_dim": 10, "k_shot": 5, "k_query": 5}


def test_each_run_of_a_population_ends_where_it_would_alone():
    experiments = [Experiment(seed=seed, inner_lr=lr, **SMALL) for seed, lr in ((0, 0.01), (7, 0.01), (0, 0.02))]
    population = train_population(experiments)
    assert population.meta_loss.shape == (3, 40)
    for experiment, learner, losses in zip(experiments, population.learners, population.meta_loss, strict=True):
        reports = list(train(experiment))
        np.testing.assert_allclose(losses, np.concatenate([report.meta_loss for report in reports]), rtol=1e-4)
        alone = reports[-1].learner
        for got, expected in zip(jax.tree.leaves(learner.meta), jax.tree.leaves(alone.meta), strict=True):
            np.testing.assert_allclose(got, expected, atol=1e-5)
        assert learner.iteration == 40
        assert learner.experiment == experiment


def test_runs_of_other_shapes_are_refused_by_name():
    with pytest.raises(ValueError, match="`hidden_dim`, got 10, 20"):
        train_population([Experiment(hidden_dim=10), Experiment(hidden_dim=20)])
    with pytest.raises(ValueError, match="at least one run"):
        train_population([])
