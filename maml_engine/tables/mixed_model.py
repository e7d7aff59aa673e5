"""A linear mixed model (Laird & Ware, 1982): each task's function is a polynomial whose coefficients are drawn about a mean.

Ridge regression towards the pooled fit is its poorer relative, with one variance for all coefficients. Here they have a
covariance of their own, learned from the tasks, so that a few rows of a new task say something about where it has none.
"""

from dataclasses import dataclass, replace
from math import comb
from typing import NamedTuple

import numpy as np

from maml_engine.tables.functions import Function, Linear, Powers, Total, Turned
from maml_engine.tables.gaussian_process import KernelPredictor
from maml_engine.tables.task_arrays import TaskArrays, few_tasks, squared_error

MAX_DEGREE, MAX_FEATURES = 8, 16
CHOICE_PARTS = 4
CHOICE_STEPS, STEPS = 30, 100  # of expectation maximisation
# The covariance is shrunk as by so many more tasks, with independent coefficients of one variance.
PRIOR_TASKS = 0.3
MIN_NOISE = 1e-6
MIN_SPREAD = 1e-5  # spread of a feature, relative to the largest one's: below, the rows do not tell it from the others


def mixed_model(tasks: TaskArrays, pooled: Function, k_shot: int, seed: int) -> "MixedModel":
    """The model, of what the pooled fit leaves, whose degree predicts tasks left out from `k_shot` rows best.

    Args:
      tasks: fitted on.
      pooled: the pooled fit.
      k_shot: support rows.
      seed: of the parts in which tasks are left out.
    """
    left = tasks._replace(y=(tasks.y - pooled(tasks.x)) * tasks.is_row[..., None])
    few = few_tasks(left, k_shot)
    parts = np.array_split(np.random.default_rng(seed).permutation(len(few.x)), min(CHOICE_PARTS, len(few.x)))

    def error(degree: int) -> float:
        models = [_fit(few.take(np.setdiff1d(np.arange(len(few.x)), held)), degree, CHOICE_STEPS) for held in parts]
        each = [squared_error(model.predictor(), few.take(held), k_shot) for model, held in zip(models, parts, strict=True)]
        return float(np.average(each, weights=[few.query(k_shot)[:, held].sum() for held in parts]))

    degrees = [degree for degree in range(1, MAX_DEGREE + 1) if comb(few.x.shape[-1] + degree, degree) <= MAX_FEATURES]
    errors = {degree: error(degree) for degree in degrees or [0]}  # with many inputs, tasks differ by a level alone
    best = min(errors, key=errors.__getitem__)
    return replace(_fit(left, best, STEPS), pooled=pooled, missed=errors[best])


class Coefficients(NamedTuple):
    """What the tasks have in common.

    mean: `[features, outputs]`.
    covariance: `[features, features]`, over tasks.
    noise: variance of a row.
    """

    mean: np.ndarray
    covariance: np.ndarray
    noise: float


def fit_coefficients(features: np.ndarray, y: np.ndarray, is_row: np.ndarray, steps: int) -> Coefficients:
    """Makes all rows of all tasks likely, by expectation maximisation (Laird & Ware, 1982, sec. 4).

    Args:
      features: `[tasks, rows, features]`.
      y: `[tasks, rows, outputs]`; an output is as another task with a mean of its own.
      is_row: `[tasks, rows]`, False on padding.
      steps: of expectation maximisation.
    """
    features, y = features * is_row[..., None], y * is_row[..., None]
    grams, sides = features.swapaxes(1, 2) @ features, features.swapaxes(1, 2) @ y
    (tasks, size, outputs), rows, squares = sides.shape, is_row.sum() * y.shape[-1], float(np.sum(y**2))
    pooled = np.linalg.pinv(grams.sum(axis=0))
    mean = pooled @ sides.sum(axis=0)
    noise = max(MIN_NOISE, (squares - float(np.sum(mean * sides.sum(axis=0)))) / rows / 2)
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
        noise = max(MIN_NOISE, missed / rows)
    return Coefficients(mean, covariance, noise)


def uncorrelated(rows: np.ndarray, degree: int) -> Turned:
    """Powers and products of the inputs that over `rows`, `[n, in_dim]`, are uncorrelated, with mean square 1."""
    powers = Powers.of(rows.shape[1], degree, constant=True)
    _, sizes, axes = np.linalg.svd(powers(rows), full_matrices=False)
    kept = sizes > MIN_SPREAD * sizes[0]
    return Turned(powers, axes[kept].T / sizes[kept] * np.sqrt(len(rows)))


@dataclass(frozen=True, eq=False)
class MixedModel:
    """A fitted model.

    degree: of the powers and products of the inputs.
    features: these, `[..., in_dim] -> [..., features]`.
    coefficients: what was learned of them.
    pooled: what it is beside; None is 0.
    missed: its mean squared error on tasks left out, if any were.
    """

    degree: int
    features: Turned
    coefficients: Coefficients
    pooled: Function | None = None
    missed: float = float("nan")

    def predictor(self) -> KernelPredictor:
        """As a Gaussian process: what it predicts, and what it draws."""
        mean, covariance, noise = self.coefficients
        own = Turned(self.features, mean)
        about = own if self.pooled is None else Total((own, self.pooled))
        kernel = Linear(self.features, covariance)
        return KernelPredictor(kernel, noise, 0.0, about, f"degree {self.degree}, noise {np.sqrt(noise):.2g}")


def _fit(tasks: TaskArrays, degree: int, steps: int) -> MixedModel:
    features = uncorrelated(tasks.rows()[0], degree)
    return MixedModel(degree, features, fit_coefficients(features(tasks.x), tasks.y, tasks.is_row, steps))
