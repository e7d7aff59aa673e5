"""Linear algebra of Gaussian models: factors, solves and likelihoods that stay finite in 32 bits, their gradients too.

A covariance is factored after its rows and columns were scaled to a diagonal of 1, and a little is added to that diagonal. So
what is added is relative to each row's own variance: rows twice the same, inputs of 1e6 and rows of padding all have a factor,
and rows of 1e6 do not drown those of 1 beside them.
"""

import jax
import jax.numpy as jnp

# What is added to a diagonal of 1, in units of rounding and rows.
JITTER = 16.0
LOG_2_PI = 1.8378770664093453


def inverse_factor(covariance: jax.Array) -> jax.Array:
    """The inverse of the lower Cholesky factor of a covariance, which need not be definite to the last digit.

    By elimination, row after row, instead of LAPACK: two programs side by side that call LAPACK for many matrices wait for each
    other for ever (jaxlib 0.10.2 on two cores).

    Args:
      covariance: `[n, n]`, symmetric up to rounding; a row and column of zeros is one of its own with a variance of almost 0.

    Returns:
      `[n, n]`: L^-1, with L L' = covariance + jitter * diag(covariance), the jitter `JITTER` * n roundings.
    """
    correlation, scale = _correlation(covariance)
    return _eliminated(correlation) / scale


def _correlation(covariance: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Scaled to a diagonal of 1 and a little more, `[n, n]`, and the scale of each row, `[n]`."""
    variance = jnp.diagonal(covariance)
    # A constant: chol(S C S) is S chol(C) for any diagonal S, so nothing of the gradient is lost.
    scale = jax.lax.stop_gradient(jnp.sqrt(jnp.where(variance > 0, variance, 1.0)))
    jitter = _jitter(covariance) * jnp.eye(len(covariance), dtype=covariance.dtype)
    return covariance / scale[:, None] / scale + jitter, scale


@jax.custom_vjp
def _eliminated(correlation: jax.Array) -> jax.Array:
    """L^-1 for a matrix L L' `[n, n]` with a diagonal of about 1."""
    size, least = len(correlation), _jitter(correlation)
    places = jnp.arange(size)

    def eliminate(place: jax.Array, rows: jax.Array) -> jax.Array:
        own = rows[place] / jnp.sqrt(jnp.maximum(rows[place, place], least))
        share = jnp.where(places > place, rows[:, place], 0.0) / jnp.sqrt(jnp.maximum(rows[place, place], least))
        return jnp.where((places == place)[:, None], own, rows - share[:, None] * own)

    beside = jnp.concatenate([correlation, jnp.eye(size, dtype=correlation.dtype)], axis=1)
    return jax.lax.fori_loop(0, size, eliminate, beside)[:, size:]


def _eliminated_forward(correlation: jax.Array) -> tuple[jax.Array, jax.Array]:
    inverse = _eliminated(correlation)
    return inverse, inverse


def _eliminated_backward(inverse: jax.Array, upstream: jax.Array) -> tuple[jax.Array]:
    """Of the Cholesky factor's derivative (Murray, 2016, eq. 10), written with the inverse: products alone."""
    lower = jnp.tril(jnp.tril(upstream) @ inverse.T)
    halved = lower - 0.5 * jnp.diag(jnp.diagonal(lower))
    slope = -inverse.T @ halved @ inverse
    return (0.5 * (slope + slope.T),)


_eliminated.defvjp(_eliminated_forward, _eliminated_backward)


def _jitter(matrix: jax.Array) -> float:
    return JITTER * len(matrix) * float(jnp.finfo(matrix.dtype).eps)


def solve(inverse: jax.Array, right: jax.Array) -> jax.Array:
    """(L L')^-1 `right`, for an inverse factor `[n, n]` and `right` `[n, columns]`."""
    return inverse.T @ (inverse @ right)


def masked(covariance: jax.Array, weight: jax.Array) -> jax.Array:
    """A covariance `[n, n]` whose rows of weight 0 (`weight` `[n]`) have nothing to do with any other, and a variance of 1.

    With a residual of 0 there, such a row adds nothing to a likelihood, and nothing to a solution.
    """
    is_row = weight > 0
    both = is_row[:, None] & is_row
    return jnp.where(both, covariance, 0.0) + jnp.diag(jnp.where(is_row, 0.0, 1.0).astype(covariance.dtype))


def log_likelihood(inverse: jax.Array, residual: jax.Array, weight: jax.Array) -> jax.Array:
    """The log density of independent Gaussian columns, in nats.

    Args:
      inverse: `[n, n]`, the inverse factor of the covariance, as `masked` left it.
      residual: `[n, columns]`, target minus mean; 0 where `weight` is.
      weight: `[n]`, 0 where a row is padding.

    Returns:
      `[]`, all columns together.
    """
    columns = residual.shape[1]
    determinant = -2 * jnp.sum(jnp.log(jnp.diagonal(inverse)))
    rows = jnp.sum(weight > 0)
    return -0.5 * (jnp.sum(jnp.square(inverse @ residual)) + columns * (determinant + rows * LOG_2_PI))


def squared_distances(a: jax.Array, b: jax.Array) -> jax.Array:
    """`[n, dim], [m, dim] -> [n, m]`, by differences: products would lose all digits where the inputs are far from 0."""
    return jnp.sum(jnp.square(a[:, None] - b), axis=-1)


def ridge(features: jax.Array, targets: jax.Array, penalty: jax.Array | float) -> jax.Array:
    """The minimiser W of |features W - targets|^2 + penalty |W|^2.

    Args:
      features: `[n, dim]`; rows of zeros have no influence.
      targets: `[n, columns]`; 0 in such rows.
      penalty: `[]`, > 0.

    Returns:
      `[dim, columns]`, by the smaller of the two systems (Bertinetto et al., 2019, eq. 4 and 6).
    """
    rows, dim = features.shape
    if rows < dim:
        dual = features @ features.T + penalty * jnp.eye(rows, dtype=features.dtype)
        return features.T @ solve(inverse_factor(dual), targets)
    primal = features.T @ features + penalty * jnp.eye(dim, dtype=features.dtype)
    return solve(inverse_factor(primal), features.T @ targets)


def inverted(covariance: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The inverse of a small covariance, scaled and made definite as by `inverse_factor`, and the logarithm of its determinant.

    By sweeping one row after the other (Goodnight, 1979) instead of LAPACK: for matrices as small as these it is as fast, and
    two programs side by side that call LAPACK for many matrices wait for each other for ever (jaxlib 0.10.2 on two cores).

    Args:
      covariance: `[n, n]`.

    Returns:
      `[n, n]` and `[]`.
    """
    size, jitter = len(covariance), _jitter(covariance)
    correlation, scale = _correlation(covariance)

    def sweep(place: jax.Array, now: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        matrix, total = now
        row = matrix[place]
        pivot = jnp.maximum(row[place], jitter)
        is_own = jnp.arange(size) == place
        rest = jnp.where(is_own, 0.0, row)
        swept = jnp.where(is_own[:, None] | is_own, 0.0, matrix) - jnp.outer(rest, rest) / pivot
        swept = swept + jnp.where(is_own[:, None], rest / pivot, 0.0) + jnp.where(is_own, rest[:, None] / pivot, 0.0)
        return swept - jnp.where(is_own[:, None] & is_own, 1 / pivot, 0.0), total + jnp.log(pivot)

    matrix, total = jax.lax.fori_loop(0, size, sweep, (correlation, jnp.zeros((), covariance.dtype)))
    return -matrix / scale[:, None] / scale, total + 2 * jnp.sum(jnp.log(scale))


@jax.custom_vjp
def negative_log_likelihood(covariance: jax.Array, residual: jax.Array) -> jax.Array:
    """Of Gaussian columns in nats, without the constant, with the closed gradient (Rasmussen & Williams, 2006, eq. 5.9).

    That needs no derivative of a factor: a fit of thousands of small systems takes half the time.

    Args:
      covariance: `[n, n]`, the noise on its diagonal; rows of padding as `masked` leaves them.
      residual: `[n, columns]`, each column a draw of its own; 0 in rows of padding.

    Returns:
      `[]`, all columns together.
    """
    return _likelihood_forward(covariance, residual)[0]


def _likelihood_forward(covariance: jax.Array, residual: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    inverse, log_determinant = inverted(covariance)
    weights = inverse @ residual
    return 0.5 * (jnp.sum(residual * weights) + residual.shape[1] * log_determinant), (inverse, weights)


def _likelihood_backward(kept: tuple[jax.Array, jax.Array], upstream: jax.Array) -> tuple[jax.Array, jax.Array]:
    inverse, weights = kept
    return upstream * 0.5 * (weights.shape[1] * inverse - weights @ weights.T), upstream * weights


negative_log_likelihood.defvjp(_likelihood_forward, _likelihood_backward)
