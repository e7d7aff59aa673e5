"""What a meta-learner must beat on a table: fits that are pooled over tasks, made from a task's support, or both.

All work on numbers in units of the target's spread. Those with a support are kernel predictors, solved for all tasks and draws
of support rows at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from maml_engine.tables.boosted_trees import boosted_trees
from maml_engine.tables.functions import Function, Linear, NoKernel, Powers
from maml_engine.tables.gaussian_process import KernelPredictor
from maml_engine.tables.task_arrays import Predictive, Predictor, TaskArrays, few_tasks, squared_error

POOLED, SUPPORT_MEAN, OFFSET, RIDGE, PRIOR, MIXED, MIXTURE, GAUSSIAN, TREES = (
    *("pooled", "support_mean", "pooled_offset", "ridge_support", "ridge_prior"),
    *("mixed_model", "task_mixture", "gaussian_process", "boosted_trees"),
)
LEARNED = "learned_process"
SCRATCH, PRETRAINED = "scratch", "pretrained"
BASELINES = {
    POOLED: "Pooled fit",
    SUPPORT_MEAN: "Support mean",
    OFFSET: "Pooled fit and offset",
    RIDGE: "Ridge on the support",
    PRIOR: "Ridge to the pooled fit",
    MIXED: "Linear mixed model",
    MIXTURE: "Mixture of known tasks",
    GAUSSIAN: "Gaussian process",
    LEARNED: "Process learned over tasks",
    TREES: "Boosted trees",
    SCRATCH: "Network from scratch",
    PRETRAINED: "Pretrained network",
}
DEGREES = (1, 2, 3, 4)
MAX_FEATURES = 160
# Variances of a coefficient and of a task's level, over that of the noise.
SIZES, LEVELS = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0), (1.0, 30.0, 1000.0)
PENALTIES = (1e-3, 1e-2, 0.1, 1.0, 10.0)


@dataclass(frozen=True, eq=False)
class Pooled:
    """Ridge regression on powers and products of the inputs, the task ignored.

    degree: of the powers and products.
    penalty: on the coefficients.
    powers: of the inputs.
    coefficients: `[features + 1, outputs]`, the constant last.
    """

    degree: int
    penalty: float
    powers: Powers
    coefficients: np.ndarray

    @classmethod
    def fit(cls, tasks: TaskArrays, seed: int) -> "Pooled":
        """Degree and penalty by four parts of the tasks in turn."""
        count = len(tasks.x)
        parts = np.array_split(np.random.default_rng(seed).permutation(count), min(4, count))
        degrees = [degree for degree in DEGREES if _num_features(tasks.x.shape[-1], degree) <= MAX_FEATURES] or [1]
        powers = Powers.of(tasks.x.shape[-1], degrees[-1])
        sizes = {degree: int(np.sum(powers.exponents.sum(axis=1) <= degree)) for degree in degrees}
        part_of = np.zeros(count, int)
        for place, held in enumerate(parts):
            part_of[held] = place
        (x, y), of_row = tasks.rows(), np.repeat(part_of, tasks.is_row.sum(axis=1))
        features = powers(x)
        errors = dict.fromkeys(((degree, penalty) for degree in degrees for penalty in PENALTIES), 0.0)
        for place in range(len(parts)):
            rest, held = of_row != place, of_row == place
            for degree, penalty in errors:
                size = sizes[degree]
                found = _ridge_weights(features[rest, :size], y[rest], penalty)
                errors[degree, penalty] += float(np.sum((features[held, :size] @ found[:-1] + found[-1] - y[held]) ** 2))
        degree, penalty = min(errors, key=errors.__getitem__)
        size = sizes[degree]
        return cls(degree, penalty, Powers(powers.exponents[:size]), _ridge_weights(features[:, :size], y, penalty))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """`[..., in_dim] -> [..., outputs]`."""
        return self.powers(x) @ self.coefficients[:-1] + self.coefficients[-1]


def _ridge_weights(features: np.ndarray, y: np.ndarray, penalty: float) -> np.ndarray:
    """`[features + 1, outputs]`, the constant last, which bears no penalty."""
    center, middle = features.mean(axis=0), y.mean(axis=0)
    centred = features - center
    gram = centred.T @ centred + penalty * np.eye(features.shape[1])
    weights = np.linalg.solve(gram, centred.T @ (y - middle))
    return np.concatenate([weights, (middle - center @ weights)[None]])


@dataclass(frozen=True, eq=False)
class PooledAlone:
    """A pooled fit as a predictor: no support is used, so that one prediction serves all numbers of rows.

    pooled: `[..., in_dim] -> [..., outputs]`.
    setting: what was chosen in fitting, in words.
    """

    pooled: Function
    setting: str = ""

    def predict(self, tasks: TaskArrays, k: int) -> np.ndarray:
        """`[draws, tasks, rows, outputs]`, the same for every draw."""
        return self.predictive(tasks, k).mean

    def predictive(self, tasks: TaskArrays, k: int) -> Predictive:
        """The same for every draw, with no variance."""
        del k
        mean = self.pooled(tasks.x)
        mean = np.broadcast_to(mean, (len(tasks.orders), *mean.shape))
        return Predictive(mean, np.zeros(mean.shape[:-1]))


def fit_predictors(
    tasks: TaskArrays,
    k_shot: int,
    names: Sequence[str],
    *,
    pooled: Pooled,
    processes: Mapping[str, Predictor],
    seed: int,
) -> dict[str, Predictor]:
    """The predictors that need no network, by name; what they leave open is chosen by predicting `tasks` from `k_shot` rows.

    Args:
      tasks: fitted on.
      k_shot: support rows.
      names: which.
      pooled: fitted on the same tasks already.
      processes: likewise, by name.
      seed: of what is drawn.
    """
    bases = _bases(tasks) if {RIDGE, PRIOR} & set(names) else []
    grid = [(basis, size) for basis in bases for size in SIZES]
    makers = {
        POOLED: lambda: PooledAlone(pooled, f"degree {pooled.degree}"),
        SUPPORT_MEAN: lambda: KernelPredictor(NoKernel(), 1.0, np.inf, None, ""),
        OFFSET: lambda: KernelPredictor(NoKernel(), 1.0, np.inf, pooled, ""),
        RIDGE: lambda: _best([_ridge(*setting, np.inf) for setting in grid], tasks, k_shot),
        PRIOR: lambda: _best([_ridge(*setting, level, about=pooled) for setting in grid for level in LEVELS], tasks, k_shot),
        **{name: lambda process=process: process for name, process in processes.items()},
        TREES: lambda: boosted_trees(tasks, seed),
    }
    return {name: makers[name]() for name in BASELINES if name in names and name in makers}


def _num_features(in_dim: int, degree: int) -> int:
    total, term = 0, 1
    for power in range(1, degree + 1):
        term = term * (in_dim + power - 1) // power
        total += term
    return total


class _Basis(NamedTuple):
    """Powers of the inputs, `powers`, and the scale of each over all rows, `[features]`."""

    degree: int
    powers: Powers
    scales: np.ndarray


def _bases(tasks: TaskArrays) -> list[_Basis]:
    """Those of each degree that is looked at."""
    rows, in_dim = tasks.rows()[0], tasks.x.shape[-1]
    degrees = [degree for degree in DEGREES if _num_features(in_dim, degree) <= MAX_FEATURES] or [1]
    found = []
    for degree in degrees:
        powers = Powers.of(in_dim, degree)
        spread = powers(rows).std(axis=0)
        found.append(_Basis(degree, powers, np.where(spread > 0, spread, 1.0)))
    return found


def _ridge(basis: _Basis, size: float, level: float, *, about: Pooled | None = None) -> KernelPredictor:
    """Ridge regression on powers of the inputs; `size` and `level` are variances over that of the noise."""
    kernel = Linear(basis.powers, np.diag(size / basis.scales**2))
    return KernelPredictor(kernel, 1.0, level, about, f"degree {basis.degree}, variance ratio {size:g}", knows_variance=False)


def _best(predictors: list[KernelPredictor], tasks: TaskArrays, k_shot: int) -> KernelPredictor:
    few = few_tasks(tasks, k_shot)
    return min(predictors, key=lambda predictor: squared_error(predictor, few, k_shot))
