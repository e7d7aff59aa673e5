"""A linear mixed model (Laird & Ware, 1982): each task's function is a polynomial whose coefficients are drawn about a mean.

Ridge regression towards the pooled fit is its poorer relative, with one variance for all coefficients. Here they have a
covariance of their own, learned from the tasks, so that a few rows of a new task say something about where it has none.
"""

from dataclasses import dataclass
from math import comb
from typing import Any, NamedTuple

import numpy as np

from maml_engine.tables.processes import KernelWay
from maml_engine.tables.supports import Supports, few_tasks, squared_error

MOST_DEGREE, MOST_FEATURES = 8, 16
CHOICE_PARTS = 4
CHOICE_STEPS, STEPS = 30, 100  # of expectation maximisation
# The covariance is shrunk as by so many more tasks, with independent coefficients of one variance.
PRIOR_TASKS = 0.3
LEAST_NOISE = 1e-6
SMALLEST = 1e-5  # spread of a feature, relative to the largest one's: below, the rows do not tell it from the others


def mixed_model(tasks: Supports, k_shot: int, seed: int) -> tuple[KernelWay, float]:
    """The model whose degree is best where it predicts tasks left out from `k_shot` rows, and its mean squared error there."""
    few = few_tasks(tasks, k_shot)
    parts = np.array_split(np.random.default_rng(seed).permutation(len(few.x)), min(CHOICE_PARTS, len(few.x)))

    def error(degree: int) -> float:
        ways = [_fit(few.take(np.setdiff1d(np.arange(len(few.x)), held)), degree, CHOICE_STEPS) for held in parts]
        each = [squared_error(way, few.take(held), k_shot) for way, held in zip(ways, parts, strict=True)]
        return float(np.average(each, weights=[few.query(k_shot)[:, held].sum() for held in parts]))

    degrees = [degree for degree in range(1, MOST_DEGREE + 1) if comb(few.x.shape[-1] + degree, degree) <= MOST_FEATURES]
    errors = {degree: error(degree) for degree in degrees or [1]}
    best = min(errors, key=errors.__getitem__)
    return _fit(tasks, best, STEPS), errors[best]


class Coefficients(NamedTuple):
    """mean: `[features, outputs]`; covariance: `[features, features]`, over tasks; noise: variance of a row."""

    mean: np.ndarray
    covariance: np.ndarray
    noise: float


def fit_coefficients(features: np.ndarray, y: np.ndarray, is_row: np.ndarray, steps: int) -> Coefficients:
    """Makes all rows of all tasks likely, by expectation maximisation (Laird & Ware, 1982, sec. 4).

    Args:
      features: `[tasks, rows, features]`. y: `[tasks, rows, outputs]`; an output is as another task with a mean of its own.
      is_row: `[tasks, rows]`.
    """
    features, y = features * is_row[..., None], y * is_row[..., None]
    grams, sides = features.swapaxes(1, 2) @ features, features.swapaxes(1, 2) @ y
    (tasks, size, outputs), rows, squares = sides.shape, is_row.sum() * y.shape[-1], float(np.sum(y**2))
    pooled = np.linalg.pinv(grams.sum(axis=0))
    mean = pooled @ sides.sum(axis=0)
    noise = max(LEAST_NOISE, (squares - float(np.sum(mean * sides.sum(axis=0)))) / rows / 2)
    covariance = noise * np.eye(size)
    for _ in range(steps):
        # A task's coefficients given its rows: their covariance, and what they are beside the mean.
        spread = np.linalg.inv(grams / noise + np.linalg.inv(covariance))
        own = spread @ (sides - grams @ mean) / noise
        moments = np.einsum("tio,tjo->ij", own, own) + outputs * spread.sum(axis=0)
        alike = np.trace(moments) / (tasks * outputs * size) * np.eye(size)
        covariance = (moments + PRIOR_TASKS * alike) / (tasks * outputs + PRIOR_TASKS)
        mean = pooled @ (sides - grams @ own).sum(axis=0)
        whole = mean + own
        missed = squares + float(np.sum(whole * (grams @ whole - 2 * sides)) + outputs * np.sum(grams * spread))
        noise = max(LEAST_NOISE, missed / rows)
    return Coefficients(mean, covariance, noise)


@dataclass(frozen=True, eq=False)
class _Features:
    """Powers and products of the inputs, turned and scaled so that over the rows they are uncorrelated, with mean square 1."""

    powers: Any
    axes: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, degree: int) -> "_Features":
        from sklearn.preprocessing import PolynomialFeatures

        powers = PolynomialFeatures(degree).fit(rows)
        _, sizes, axes = np.linalg.svd(powers.transform(rows), full_matrices=False)
        kept = sizes > SMALLEST * sizes[0]
        return cls(powers, axes[kept].T / sizes[kept] * np.sqrt(len(rows)))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """`[..., in_dim] -> [..., features]`."""
        flat = self.powers.transform(x.reshape(-1, x.shape[-1])) @ self.axes
        return flat.reshape(*x.shape[:-1], -1)


def _fit(tasks: Supports, degree: int, steps: int) -> KernelWay:
    features = _Features.of(tasks.rows()[0], degree)
    found = fit_coefficients(features(tasks.x), tasks.y, tasks.is_row, steps)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return features(a) @ found.covariance @ features(b).swapaxes(-1, -2)

    def about(x: np.ndarray) -> np.ndarray:
        return features(x) @ found.mean

    return KernelWay(kernel, found.noise, 0.0, about, f"degree {degree}, noise {np.sqrt(found.noise):.2g}")
