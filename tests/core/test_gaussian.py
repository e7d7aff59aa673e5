"""Factors, solves and likelihoods against NumPy in 64 bits, and where 32 bits would fail."""

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from maml_engine.core.gaussian import (
    inverse_factor,
    inverted,
    log_likelihood,
    masked,
    negative_log_likelihood,
    ridge,
    solve,
    squared_distances,
)


def covariance(size=5, seed=0):
    root = np.random.default_rng(seed).normal(size=(size, size))
    return root @ root.T + 0.1 * np.eye(size)


def test_factor_and_solves_are_numpys(x64):
    matrix, right = covariance(), np.random.default_rng(1).normal(size=(5, 2))
    inverse = inverse_factor(jnp.asarray(matrix))
    np.testing.assert_allclose(inverse, np.linalg.inv(np.linalg.cholesky(matrix)), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(solve(inverse, right), np.linalg.solve(matrix, right), rtol=1e-10)


def test_gradients_of_all_are_finite_differences(x64):
    right = jnp.asarray(np.random.default_rng(1).normal(size=(5, 2)))

    def value(root):
        inverse = inverse_factor(root @ root.T + jnp.eye(5))
        return log_likelihood(inverse, right, jnp.ones(5)) + jnp.sum(solve(inverse, right) ** 2) + jnp.sum(inverse @ right)

    root = jnp.asarray(np.random.default_rng(2).normal(size=(5, 5)))
    jax.test_util.check_grads(value, (root,), order=1, modes=["rev"], rtol=1e-6)
    jax.test_util.check_grads(lambda root: jnp.sum(ridge(root, right, 0.3) ** 2), (root,), order=1, modes=["rev"], rtol=1e-6)


def test_the_likelihood_is_the_multivariate_normals_and_padding_adds_nothing(x64):
    from scipy.stats import multivariate_normal

    matrix, residual = covariance(), np.random.default_rng(1).normal(size=(5, 2))
    expected = sum(multivariate_normal(np.zeros(5), matrix).logpdf(column) for column in residual.T)
    got = log_likelihood(inverse_factor(jnp.asarray(matrix)), jnp.asarray(residual), jnp.ones(5))
    np.testing.assert_allclose(got, expected, rtol=1e-10)
    larger = np.pad(matrix, (0, 3), constant_values=1e9)
    weight = jnp.asarray([1.0] * 5 + [0.0] * 3)
    again = log_likelihood(inverse_factor(masked(jnp.asarray(larger), weight)), jnp.pad(residual, ((0, 3), (0, 0))), weight)
    np.testing.assert_allclose(again, expected, rtol=1e-10)


@pytest.mark.parametrize("rows", [4, 9])
def test_ridge_is_the_same_by_either_system(x64, rows):
    rng = np.random.default_rng(3)
    features, targets = rng.normal(size=(rows, 6)), rng.normal(size=(rows, 2))
    expected = np.linalg.inv(features.T @ features + 0.5 * np.eye(6)) @ features.T @ targets
    np.testing.assert_allclose(ridge(jnp.asarray(features), jnp.asarray(targets), 0.5), expected, rtol=1e-8)


@pytest.mark.parametrize(
    "features",
    [
        np.ones((64, 3)),
        np.zeros((8, 3)),
        1e6 * np.random.default_rng(0).normal(size=(40, 3)),
        np.random.default_rng(0).normal(size=(40, 3)) * 10.0 ** np.linspace(-8, 8, 40)[:, None],
    ],
    ids=["duplicates", "nothing", "large", "sixteen orders of magnitude"],
)
def test_32_bits_suffice_for_a_covariance_of_rank_three(features):
    rows = jnp.asarray(features, jnp.float32)

    def value(rows):
        lower = inverse_factor(rows @ rows.T)
        return jnp.sum(lower @ jnp.max(jnp.abs(rows), axis=1, keepdims=True)), lower

    (_, lower), slope = jax.value_and_grad(value, has_aux=True)(rows)
    assert np.isfinite(lower).all() and np.isfinite(slope).all()


def test_distances_keep_their_digits_far_from_zero():
    x = jnp.asarray([[1e6], [1e6 + 1], [1e6]], jnp.float32)
    np.testing.assert_array_equal(squared_distances(x, x), [[0, 1, 0], [1, 0, 1], [0, 1, 0]])


def some_covariance(size=6, seed=0):
    root = np.random.default_rng(seed).normal(size=(size, size))
    return root @ root.T + 0.1 * np.eye(size)


def test_the_likelihood_with_a_closed_gradient_is_scipys():
    gram, left = some_covariance(), np.random.default_rng(1).normal(size=(6, 2))
    expected = -sum(multivariate_normal(np.zeros(6), gram).logpdf(column) for column in left.T)
    with jax.enable_x64(True):
        found = negative_log_likelihood(jnp.asarray(gram), jnp.asarray(left))
    assert float(found) + 6 * np.log(2 * np.pi) == pytest.approx(expected, rel=1e-9)


def test_its_gradient_is_that_of_finite_differences():
    gram, left = some_covariance(), np.random.default_rng(1).normal(size=(6, 2))
    rng, step = np.random.default_rng(2), 1e-6
    turn = rng.normal(size=gram.shape)
    turn, shift = turn + turn.T, rng.normal(size=left.shape)  # covariances are symmetric

    def along(distance):
        return negative_log_likelihood(jnp.asarray(gram + distance * turn), jnp.asarray(left + distance * shift))

    with jax.enable_x64(True):
        slope = float(jax.grad(along)(0.0))
        expected = float(along(step) - along(-step)) / (2 * step)
    assert slope == pytest.approx(expected, rel=1e-6)


def test_padding_adds_nothing_to_it():
    gram, left = some_covariance(), np.random.default_rng(1).normal(size=(6, 1))
    padded = np.eye(9)
    padded[:6, :6] = gram
    with jax.enable_x64(True):
        mine = negative_log_likelihood(jnp.asarray(padded), jnp.asarray(np.concatenate([left, np.zeros((3, 1))])))
        alone = negative_log_likelihood(jnp.asarray(gram), jnp.asarray(left))
    assert float(mine) == pytest.approx(float(alone), rel=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [2, 16, 64])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_what_is_singular_is_never_not_positive_definite(dtype, size, scale):
    """Rows that are all the same, and of rank 1 with entries of all sizes."""
    with jax.enable_x64(dtype == "float64"):
        vector = jnp.asarray(np.geomspace(1e-3, 1, size), dtype)
        for gram in (jnp.full((size, size), scale, dtype), scale * jnp.outer(vector, vector)):
            assert np.isfinite(inverse_factor(gram)).all()
            assert all(np.isfinite(part).all() for part in inverted(gram))
            value, slopes = jax.value_and_grad(negative_log_likelihood, (0, 1))(gram, jnp.ones((size, 1), dtype))
            assert np.isfinite(value)
            assert all(np.isfinite(slope).all() for slope in slopes)
