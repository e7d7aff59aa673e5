"""Networks trained side by side on a table: each as if alone, judged by the running mean of what it went through."""

import jax
import numpy as np
import pytest

from maml_engine.experiment import Experiment
from maml_engine.tables import ensemble
from maml_engine.tables.ensemble import CHECKS, Runs, network_of, train_population
from maml_engine.tables.task_arrays import TaskArrays

TASKS, ROWS = 6, 7


@pytest.fixture
def lines():
    """Lines of a slope of their own, all rows known."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (TASKS, ROWS, 1))
    y = rng.normal(size=(TASKS, 1, 1)) * x
    orders = np.argsort(rng.random((2, TASKS, ROWS)), axis=-1)
    return TaskArrays(x, y, np.ones((TASKS, ROWS), bool), orders)


def runs_of(lines, held):
    """One run for each pair of tasks that it does without."""
    train = np.ones((len(held), TASKS), np.float32)
    for run, tasks in enumerate(held):
        train[run, tasks] = 0.0
    y = np.repeat(lines.y[None], len(held), axis=0)
    none_drawn = np.zeros((len(held), 0, *lines.y.shape), np.float32)
    return Runs(np.arange(len(held)), train, np.array(held), np.full(len(held), 2), y, none_drawn)


def experiment(iterations=40):
    return Experiment(
        method="metasgd", model="mlp", activation="tanh", hidden_dim=5, inner_lr=0.1, inner_steps=2, k_shot=3,
        meta_batch_size=2, meta_lr=0.05, num_iterations=iterations,
    )  # fmt: skip


def trained(lines, held, iterations=40):
    network, start = network_of(experiment(iterations), 1, 1, len(held))
    return start, list(train_population(experiment(iterations), network, start, lines, runs=runs_of(lines, held)))


def test_what_is_kept_is_the_running_mean(lines, monkeypatch):
    """Against the recursion on the host; the first check is after one iteration, the second after two."""
    walked = []
    advance = ensemble._advance

    def watched(*args, **sizes):
        now = advance(*args, **sizes)
        walked.append((now.meta, now.mean))
        return now

    monkeypatch.setattr(ensemble, "_advance", watched)
    monkeypatch.setattr(ensemble, "AT_ONCE", 1)
    start, _ = trained(lines, [(0, 1)])
    expected = start
    for iteration, (meta, mean) in enumerate(walked):
        kept = min(ensemble.AVERAGED, (1 + iteration) / (10 + iteration))
        expected = jax.tree.map(lambda a, b, kept=kept: kept * a + (1 - kept) * b, expected, meta)
        for found, wanted in zip(jax.tree.leaves(mean), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert len(walked) == 40


def test_the_best_of_the_means_is_returned(lines):
    _, reports = trained(lines, [(0, 1)])
    errors = {report.iteration: report.validation for report in reports if report.validation is not None}
    assert len(errors) == len({max(1, round(share * 40)) for share in CHECKS})
    assert reports[-1].stopped[0] == min(errors, key=errors.get)
    assert min(errors.values()) < errors[min(errors)]  # it has learned


def test_a_run_is_what_it_would_be_alone(lines):
    _, together = trained(lines, [(0, 1), (2, 3)])
    _, alone = trained(lines, [(0, 1)])
    assert together[-1].stopped[0] == alone[-1].stopped[0]
    for both, one in zip(jax.tree.leaves(together[-1].meta), jax.tree.leaves(alone[-1].meta), strict=True):
        np.testing.assert_allclose(both[0], one[0], rtol=1e-4, atol=1e-5)
