"""The baselines against closed forms: what knowing nothing, and knowing all, costs on each family."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine import Batch, Experiment, evaluate
from maml_engine.baselines import Oracle, ZeroShot, fit_family, pretraining, random_initialisation, with_best_inner_lr
from maml_engine.tasks import FAMILIES, Sinusoid
from tests.programs import compiled


def test_the_best_zero_shot_predictor_of_the_sinusoid_is_a_cosine():
    """(2 * 2.55 / pi) cos x, at a cost of 3.006 (the mean amplitude is 2.55)."""
    x = jnp.linspace(-5, 5, 50)[None, :, None]
    prediction = ZeroShot(Sinusoid()).path_predictions(None, x, 0)[0, 0]
    np.testing.assert_allclose(prediction, 2 * 2.55 / np.pi * np.cos(x[0]), atol=0.06)  # 8192 draws
    curves = evaluate(ZeroShot(Sinusoid()), jax.random.key(0), num_tasks=4000, inner_steps=2)
    low, high = curves.interval(0.999)
    assert low[0] < 3.006 < high[0]
    assert (curves.mean == curves.mean[0]).all()


@pytest.mark.parametrize("name", ["sinusoid", "harmonics", "lines", "polynomials", "frequency_sinusoid"])
def test_an_oracle_makes_no_error_where_its_points_determine_the_function(name):
    tasks = Experiment(tasks=name).build_tasks()
    curves = evaluate(Oracle(tasks), jax.random.key(0), num_tasks=100, k_shot=10, inner_steps=0)
    assert np.median(curves.loss) < 1e-4


@pytest.mark.parametrize("name", FAMILIES)
def test_an_oracle_beats_the_best_zero_shot_predictor(name):
    tasks = Experiment(tasks=name).build_tasks()
    known, unknown = (evaluate(kind(tasks), jax.random.key(0), 200, 10, 50, 0).mean[0] for kind in (Oracle, ZeroShot))
    assert known < 0.25 * unknown


def test_with_noise_least_squares_costs_what_theory_says():
    """Two unknowns from ten points with noise s: expected excess error about 2 s^2 / 10 under the points' own design."""
    noise = 0.5
    curves = evaluate(Oracle(Sinusoid(noise=noise)), jax.random.key(1), num_tasks=2000, k_shot=40, inner_steps=0)
    np.testing.assert_allclose(curves.mean[0], 2 * noise**2 / 40, rtol=0.15)


def test_the_gaussian_process_oracle_interpolates():
    family = Experiment(tasks="gaussian_process").build_tasks()
    functions = family.draw(jax.random.key(0), 1)
    x = jnp.linspace(-5, 5, 30)[:, None]
    y = functions(x[None])[0]
    np.testing.assert_allclose(fit_family(family, x, y, x + 0.1)[:-1], functions(x[None] + 0.1)[0][:-1], atol=0.05)


@pytest.mark.parametrize("name", FAMILIES)
def test_an_oracle_takes_no_notice_of_padding_and_compiles_once(name):
    tasks = Experiment(tasks=name).build_tasks()
    support, query = tasks.sample(jax.random.key(0), 3, 10, 5)
    query_x = np.asarray(query.x)
    for k_shot in (7, 8):  # more than unknowns: with fewer, rounding decides
        alone = Batch(np.asarray(support.x)[:, :k_shot], np.asarray(support.y)[:, :k_shot])
        weight = np.broadcast_to(np.arange(10) < k_shot, (3, 10)).astype(np.float32)
        beside = Batch(np.asarray(support.x), np.asarray(support.y), weight)
        expected, found = (Oracle(tasks).path_predictions(one, query_x, 1) for one in (alone, beside))
        np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-3)
        before = len(compiled())
    Oracle(tasks).path_predictions(beside, query_x, 1)
    assert compiled()[before:] == []


def test_pretraining_is_training_without_inner_steps():
    experiment = pretraining(Experiment(method="metasgd", inner_steps=3, num_iterations=77))
    assert (experiment.method, experiment.inner_steps, experiment.num_iterations) == ("maml", 0, 77)


def test_a_baselines_step_size_is_chosen_on_validation_tasks():
    learner = random_initialisation(Experiment(inner_lr=1e-4))
    tuned = with_best_inner_lr(learner, jax.random.key(0), k_shot=10, inner_steps=5)
    assert tuned.experiment.inner_lr > 1e-4
    before, after = (evaluate(one, jax.random.key(1), 200, 10, 50, 5).mean[5] for one in (learner, tuned))
    assert after < before
