"""What a meta-learner must beat on a table: fits that are pooled over tasks, made from a task's support, or both.

All work on numbers in units of the target's spread. Those with a support are kernel predictors, solved for all tasks and draws
of support rows at once.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maml_engine.runtime.extras import brought_by
from maml_engine.tables.gaussian_process import KernelPredictor
from maml_engine.tables.task_arrays import Predictor, TaskArrays, few_tasks, squared_error

POOLED, SUPPORT_MEAN, OFFSET, RIDGE, PRIOR, MIXED, GAUSSIAN, TREES = (
    *("pooled", "support_mean", "pooled_offset", "ridge_support", "ridge_prior"),
    *("mixed_model", "gaussian_process", "boosted_trees"),
)
SCRATCH, PRETRAINED = "scratch", "pretrained"
BASELINES = {
    POOLED: "Pooled fit",
    SUPPORT_MEAN: "Support mean",
    OFFSET: "Pooled fit and offset",
    RIDGE: "Ridge on the support",
    PRIOR: "Ridge to the pooled fit",
    MIXED: "Linear mixed model",
    GAUSSIAN: "Gaussian process",
    TREES: "Boosted trees",
    SCRATCH: "Network from scratch",
    PRETRAINED: "Pretrained network",
}
DEGREES = (1, 2, 3, 4)
MAX_FEATURES = 160
# Variances of a coefficient and of a task's level, over that of the noise.
SIZES, LEVELS = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0), (1.0, 30.0, 1000.0)
PENALTIES = (1e-3, 1e-2, 0.1, 1.0, 10.0)
MAX_POOLED_ROWS = 20_000


@dataclass(frozen=True, eq=False)
class Pooled:
    """Ridge regression on powers and products of the inputs, the task ignored.

    degree: of the powers and products.
    penalty: on the coefficients.
    powers: scikit-learn's `PolynomialFeatures`.
    ridge: scikit-learn's `Ridge`.
    """

    degree: int
    penalty: float
    powers: Any
    ridge: Any

    @classmethod
    def fit(cls, tasks: TaskArrays, seed: int) -> "Pooled":
        """Degree and penalty by four parts of the tasks in turn."""
        count = len(tasks.x)
        parts = np.array_split(np.random.default_rng(seed).permutation(count), min(4, count))
        degrees = [degree for degree in DEGREES if _num_features(tasks.x.shape[-1], degree) <= MAX_FEATURES] or [1]

        def error(setting: tuple[int, float]) -> float:
            total = 0.0
            for held in parts:
                rest = tasks.take(np.setdiff1d(np.arange(count), held))
                x, y = tasks.take(held).rows()
                total += np.sum((cls._fit(*rest.rows(), *setting)(x) - y) ** 2)
            return total

        best = min(((degree, penalty) for degree in degrees for penalty in PENALTIES), key=error)
        return cls._fit(*tasks.rows(), *best)

    @classmethod
    def _fit(cls, x: np.ndarray, y: np.ndarray, degree: int, penalty: float) -> "Pooled":
        with brought_by("tables"):
            from sklearn.linear_model import Ridge
            from sklearn.preprocessing import PolynomialFeatures

        powers = PolynomialFeatures(degree, include_bias=False).fit(x)
        return cls(degree, penalty, powers, Ridge(alpha=penalty).fit(powers.transform(x), y))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """`[..., in_dim] -> [..., outputs]`."""
        flat = self.ridge.predict(self.powers.transform(x.reshape(-1, x.shape[-1])))
        return flat.reshape(*x.shape[:-1], -1)

    @property
    def coefficients(self) -> np.ndarray:
        """`[features + 1, outputs]`, the constant last."""
        return np.concatenate([np.atleast_2d(self.ridge.coef_).T, np.atleast_1d(self.ridge.intercept_)[None]])


@dataclass(frozen=True, eq=False)
class PooledAlone:
    """A pooled fit as a predictor: no support is used, so that one prediction serves all numbers of rows.

    pooled: `[..., in_dim] -> [..., outputs]`.
    setting: what was chosen in fitting, in words.
    """

    pooled: Callable[[np.ndarray], np.ndarray]
    setting: str = ""
    _last: list = field(default_factory=list, repr=False)  # the tasks that were predicted last, and how

    def predict(self, tasks: TaskArrays, k: int) -> np.ndarray:
        """`[draws, tasks, rows, outputs]`, the same for every draw."""
        del k
        if not self._last or self._last[0] is not tasks:
            self._last[:] = [tasks, self.pooled(tasks.x)]
        prediction = self._last[1]
        return np.broadcast_to(prediction, (len(tasks.orders), *prediction.shape))


def fit_predictors(
    tasks: TaskArrays,
    k_shot: int,
    names: Sequence[str],
    *,
    pooled: Pooled,
    processes: Mapping[str, KernelPredictor],
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
    makers = {
        POOLED: lambda: PooledAlone(pooled, f"degree {pooled.degree}"),
        SUPPORT_MEAN: lambda: KernelPredictor(_no_kernel, 1.0, np.inf, None, ""),
        OFFSET: lambda: KernelPredictor(_no_kernel, 1.0, np.inf, pooled, ""),
        RIDGE: lambda: _best([_ridge(tasks, *setting, np.inf) for setting in _grid(tasks)], tasks, k_shot),
        PRIOR: lambda: _best(
            [_ridge(tasks, *setting, level, about=pooled) for setting in _grid(tasks) for level in LEVELS], tasks, k_shot
        ),
        **{name: lambda process=process: process for name, process in processes.items()},
        TREES: lambda: PooledAlone(_Trees.fit(*_sample(tasks, seed), seed)),
    }
    return {name: makers[name]() for name in BASELINES if name in names and name in makers}


@dataclass(frozen=True, eq=False)
class _Trees:
    """Gradient-boosted trees on pooled rows, one ensemble an output."""

    trees: tuple[Any, ...]

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray, seed: int) -> "_Trees":
        with brought_by("tables"):
            from sklearn.ensemble import HistGradientBoostingRegressor

        options = {"max_iter": 100, "learning_rate": 0.1, "max_leaf_nodes": 15, "random_state": seed, "early_stopping": False}
        with _one_thread():
            return cls(tuple(HistGradientBoostingRegressor(**options).fit(x, column) for column in y.T))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        flat = x.reshape(-1, x.shape[-1])
        with _one_thread():
            return np.stack([tree.predict(flat) for tree in self.trees], axis=-1).reshape(*x.shape[:-1], -1)


def _one_thread() -> AbstractContextManager:
    """A few thousand rows gain nothing from threads, which wait on each other where other work keeps the cores busy."""
    with brought_by("tables"):
        from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def _sample(tasks: TaskArrays, seed: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = tasks.rows()
    if len(x) <= MAX_POOLED_ROWS:
        return x, y
    kept = np.random.default_rng(seed).choice(len(x), MAX_POOLED_ROWS, replace=False)
    return x[kept], y[kept]


def _num_features(in_dim: int, degree: int) -> int:
    total, term = 0, 1
    for power in range(1, degree + 1):
        term = term * (in_dim + power - 1) // power
        total += term
    return total


def _grid(tasks: TaskArrays) -> list[tuple[int, float]]:
    degrees = [degree for degree in DEGREES if _num_features(tasks.x.shape[-1], degree) <= MAX_FEATURES] or [1]
    return [(degree, size) for degree in degrees for size in SIZES]


def _no_kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.zeros((len(a), a.shape[1], b.shape[1]))


def _ridge(tasks: TaskArrays, degree: int, size: float, level: float, *, about: Pooled | None = None) -> KernelPredictor:
    """Ridge regression on powers of the inputs; `size` and `level` are variances over that of the noise."""
    with brought_by("tables"):
        from sklearn.preprocessing import PolynomialFeatures

    powers = PolynomialFeatures(degree, include_bias=False).fit(tasks.x.reshape(-1, tasks.x.shape[-1]))
    spread = np.asarray(powers.transform(tasks.rows()[0])).std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)

    def features(x: np.ndarray) -> np.ndarray:
        return np.asarray(powers.transform(x.reshape(-1, x.shape[-1]))).reshape(*x.shape[:-1], -1) / spread

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return size * features(a) @ features(b).swapaxes(-1, -2)

    return KernelPredictor(kernel, 1.0, level, about, f"degree {degree}, variance ratio {size:g}")


def _best(predictors: list[KernelPredictor], tasks: TaskArrays, k_shot: int) -> KernelPredictor:
    few = few_tasks(tasks, k_shot)
    return min(predictors, key=lambda predictor: squared_error(predictor, few, k_shot))
