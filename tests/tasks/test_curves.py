"""Families of functions: what they draw, numbered tasks, and that all of it can be traced."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine import Experiment
from maml_engine.tasks import (
    FAMILIES,
    FrequencySinusoid,
    GaussianProcess,
    Lines,
    Mixture,
    Polynomials,
    Sawteeth,
    Sinusoid,
    Steps,
)

GRID = jnp.linspace(-5, 5, 101)[None, :, None]


def drawn(family, num_tasks=500, key=0):
    return np.asarray(family.draw(jax.random.key(key), num_tasks)(jnp.broadcast_to(GRID, (num_tasks, 101, 1))))[..., 0]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_samples_under_jit_and_splits_by_key(name):
    tasks = Experiment(tasks=name, noise=0.3).build_tasks()
    sample = jax.jit(lambda tasks, key: tasks.sample(key, 6, 4, 5))
    episode, again = sample(tasks, jax.random.key(0)), sample(tasks, jax.random.key(0))
    assert episode.support.x.shape == episode.support.y.shape == (6, 4, 1)
    assert episode.query.y.shape == (6, 5, 1)
    np.testing.assert_array_equal(episode.query.y, again.query.y)
    functions = tasks.draw_split(jax.random.key(0), 6)
    np.testing.assert_allclose(functions(episode.query.x), episode.query.y, atol=1e-4)  # queries are the truth
    assert np.abs(functions(episode.support.x) - episode.support.y).max() > 0.05  # support is noisy
    other = sample(tasks.split("test"), jax.random.key(0))
    assert np.abs(other.query.y - episode.query.y).max() > 1e-3


def test_lines_and_polynomials_have_their_order():
    assert np.abs(np.diff(drawn(Lines()), n=2, axis=1)).max() < 1e-4
    cubic = drawn(Polynomials(degree=3))[:, ::10]
    assert np.abs(np.diff(cubic, n=4, axis=1)).max() < 1e-3
    assert np.abs(np.diff(cubic, n=3, axis=1)).max() > 1e-3


def test_steps_have_two_values_and_one_jump():
    values = drawn(Steps())
    assert ((values[:, 1:] != values[:, :-1]).sum(axis=1) == 1).all()
    assert (values[:, 0] == 0).all()
    heights = np.abs(values[:, -1])
    assert heights.min() >= 0.1
    assert heights.max() <= 5.0
    assert 0.3 < (values[:, -1] > 0).mean() < 0.7


def test_sawteeth_have_the_slope_of_their_amplitude():
    family = Sawteeth(amplitude=(2.0, 2.0))
    slopes = np.diff(drawn(family), axis=1) / 0.1
    np.testing.assert_allclose(np.median(slopes), 2 * 2.0 / (2 * np.pi), rtol=1e-2)


def test_the_frequency_varies():
    """E[y^2] of A sin(w x + phase) does not depend on w where phase and x are spread, but the curves do."""
    fixed, varied = drawn(FrequencySinusoid(frequency=(1.0, 1.0))), drawn(Sinusoid())
    np.testing.assert_allclose(np.mean(fixed**2), np.mean(varied**2), rtol=0.1)
    wide = FrequencySinusoid(amplitude=(1.0, 1.0), phase=(0.0, 0.0), frequency=(0.8, 1.2)).draw(jax.random.key(0), 2000)
    frequency = np.asarray(wide.values[1])
    assert frequency.min() < 0.81
    assert frequency.max() > 1.19
    np.testing.assert_allclose(wide(jnp.ones((2000, 1, 1)))[:, 0, 0], np.sin(frequency), atol=1e-5)


def test_gaussian_process_draws_have_the_kernels_covariance():
    values = drawn(GaussianProcess(length_scale=1.0), 4000)
    covariance = np.mean(values[:, :1] * values, axis=0)
    distance = np.asarray(GRID[0, :, 0]) + 5
    np.testing.assert_allclose(covariance, np.exp(-(distance**2) / 2), atol=0.08)


def test_a_mixture_draws_from_all_its_families():
    which = np.asarray(Mixture().draw(jax.random.key(0), 1000).which)
    assert np.bincount(which).min() > 200
    mixed, parts = Mixture().draw(jax.random.key(0), 8), Mixture().families()
    x = jnp.broadcast_to(GRID, (8, 101, 1))
    candidates = [functions(x) for functions in mixed.drawn]
    for task, number in enumerate(mixed.which):
        np.testing.assert_array_equal(mixed(x)[task], candidates[number][task])
    assert len(parts) == len(candidates)


def test_a_pool_holds_the_same_few_training_tasks_and_no_test_task():
    pool = Sinusoid(pool=5)

    def amplitudes(tasks, key):
        return set(np.asarray(tasks.draw_split(jax.random.key(key), 50).amplitude).tolist())

    first, second = amplitudes(pool, 0), amplitudes(pool, 1)
    assert len(first) == 5
    assert first == second
    assert not first & amplitudes(pool.split("test"), 0)
    numbered = np.asarray(pool.numbered(jnp.arange(5)).amplitude).tolist()
    assert set(numbered) == first


def test_points_of_a_pooled_task_are_fresh():
    pool = Sinusoid(pool=1)
    one, two = (pool.sample(jax.random.key(key), 1, 5, 5) for key in (0, 1))
    assert not set(one.support.x.ravel().tolist()) & set(two.support.x.ravel().tolist())


@pytest.mark.parametrize(
    ("options", "named"), [({"pool": -1}, "pool"), ({"degree": -1}, "degree"), ({"length_scale": 0.0}, "length_scale")]
)
def test_what_cannot_work_is_refused_by_name(options, named):
    with pytest.raises(ValueError, match=named):
        Experiment(**options)
