"""What a meta-learner must beat on a table: fits that are pooled over tasks, made from a task's support, or both.

All work on numbers in units of the target's spread. Those with a support are kernel predictors, solved for all tasks and draws
of support rows at once."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

POOLED, SUPPORT_MEAN, OFFSET, RIDGE, MIXED, GAUSSIAN, TREES = (
    *("pooled", "support_mean", "pooled_offset", "ridge_support", "ridge_prior", "gaussian_process", "boosted_trees"),
)
SCRATCH, PRETRAINED = "scratch", "pretrained"
BASELINES = {
    POOLED: "Pooled fit",
    SUPPORT_MEAN: "Support mean",
    OFFSET: "Pooled fit and offset",
    RIDGE: "Ridge on the support",
    MIXED: "Linear mixed model",
    GAUSSIAN: "Gaussian process",
    TREES: "Boosted trees",
    SCRATCH: "Network from scratch",
    PRETRAINED: "Pretrained network",
}
DEGREES = (1, 2, 3, 4)
MOST_FEATURES = 160
# Variances of a coefficient and of a task's level, over that of the noise.
SIZES, LEVELS = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0), (1.0, 30.0, 1000.0)
PENALTIES = (1e-3, 1e-2, 0.1, 1.0, 10.0)
MOST_POOLED_ROWS = 20_000
CHUNK = 64  # tasks at once
MOST_CHOICE_TASKS, MOST_CHOICE_ROWS = 100, 25
MOST_GP_ROWS, MOST_GP_TASKS = 30, 100


class Supports(NamedTuple):
    """Tasks with drawn orders of their rows. x: `[tasks, rows, in_dim]`, y: `[tasks, rows, outputs]`, is_row: `[tasks, rows]`,
    orders: `[draws, tasks, rows]`, the rows that count before the padding."""

    x: np.ndarray
    y: np.ndarray
    is_row: np.ndarray
    orders: np.ndarray

    def take(self, tasks: np.ndarray) -> "Supports":
        """Some of the tasks."""
        return Supports(self.x[tasks], self.y[tasks], self.is_row[tasks], self.orders[:, tasks])

    def query(self, k: int) -> np.ndarray:
        """`[draws, tasks, rows]`, the rows that are predicted from `k` support rows."""
        places = np.argsort(self.orders, axis=-1)
        return (places >= k) & self.is_row

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """All rows, one after the other."""
        return self.x[self.is_row], self.y[self.is_row]


class Way(Protocol):
    """One way of predicting, fitted on tasks: `predict(supports, k)` gives `[draws, tasks, rows, outputs]`."""

    setting: str

    def predict(self, supports: Supports, k: int) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Pooled:
    """Ridge regression on powers and products of the inputs, the task ignored."""

    degree: int
    penalty: float
    powers: Any
    ridge: Any

    @classmethod
    def fit(cls, tasks: Supports, seed: int) -> "Pooled":
        """Degree and penalty by four parts of the tasks in turn."""
        count = len(tasks.x)
        parts = np.array_split(np.random.default_rng(seed).permutation(count), min(4, count))
        degrees = [degree for degree in DEGREES if _num_features(tasks.x.shape[-1], degree) <= MOST_FEATURES] or [1]

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
    """A pooled fit as a way of its own: no support is used, so that one prediction serves all numbers of rows."""

    pooled: Any
    setting: str = ""
    _kept: dict = field(default_factory=dict, repr=False)

    def predict(self, supports: Supports, k: int) -> np.ndarray:
        del k
        if id(supports) not in self._kept:
            self._kept[id(supports)] = self.pooled(supports.x)
        prediction = self._kept[id(supports)]
        return np.broadcast_to(prediction, (len(supports.orders), *prediction.shape))


@dataclass(frozen=True, eq=False)
class KernelWay:
    """The posterior mean of a Gaussian process about the pooled fit, or about 0.

    kernel: `(a, b) -> [tasks, rows of a, rows of b]`. noise: variance of a row about it. level: variance of a task's level;
    infinite makes it the mean of what is left of the support.
    """

    kernel: Any
    noise: float
    level: float
    pooled: Pooled | None
    setting: str

    def predict(self, supports: Supports, k: int) -> np.ndarray:
        count = len(supports.x)
        parts = [self._chunk(supports.take(np.arange(start, min(start + CHUNK, count))), k) for start in range(0, count, CHUNK)]
        return np.concatenate(parts, axis=1)

    def draw(self, x: np.ndarray, outputs: int, versions: int, rng: np.random.Generator) -> np.ndarray:
        """`[versions, tasks, rows, outputs]` targets that the process might have had at `x`, less the pooled fit."""
        gram = self.kernel(x, x) + self.level + self.noise * np.eye(x.shape[1])
        factor = np.linalg.cholesky(gram + 1e-6 * np.eye(x.shape[1]))
        return np.einsum("tij,vtjo->vtio", factor, rng.standard_normal((versions, *x.shape[:2], outputs)))

    def _chunk(self, supports: Supports, k: int) -> np.ndarray:
        about = self.pooled(supports.x) if self.pooled else np.zeros_like(supports.y)
        left = supports.y - about
        chosen = supports.orders[..., :k]  # [draws, tasks, k]
        task = np.arange(len(supports.x))[:, None]
        counts = supports.is_row[task, chosen].astype(float)  # a task may have fewer rows
        level = 1e4 if np.isinf(self.level) else self.level
        gram = self.kernel(supports.x, supports.x) + level
        within = gram[task[:, :, None], chosen[..., :, None], chosen[..., None, :]]
        across = gram[task[:, :, None], np.arange(supports.x.shape[1])[:, None], chosen[..., None, :]]
        # A row of padding has nothing to do with any other.
        within = within * counts[..., :, None] * counts[..., None, :]
        within = within + np.eye(k) * np.where(counts > 0, self.noise, 1.0)[..., None]
        weights = np.linalg.solve(within, left[task, chosen] * counts[..., None])
        return about + (across * counts[..., None, :]) @ weights


def fit_ways(
    tasks: Supports, k_shot: int, names: Sequence[str], pooled: Pooled, process: KernelWay, seed: int
) -> dict[str, Way]:
    """The ways that need no network, fitted on tasks; what they leave open is chosen by predicting these from `k_shot` rows.

    `pooled` and `process` are fitted on the same tasks already.
    """
    makers = {
        POOLED: lambda: PooledAlone(pooled, f"degree {pooled.degree}"),
        SUPPORT_MEAN: lambda: KernelWay(_no_kernel, 1.0, np.inf, None, ""),
        OFFSET: lambda: KernelWay(_no_kernel, 1.0, np.inf, pooled, ""),
        RIDGE: lambda: _best([_ridge(tasks, degree, 1.0, size, np.inf, None) for degree, size in _grid(tasks)], tasks, k_shot),
        MIXED: lambda: _best(
            [_ridge(tasks, degree, 1.0, size, level, pooled) for degree, size in _grid(tasks) for level in LEVELS],
            tasks,
            k_shot,
        ),
        GAUSSIAN: lambda: process,
        TREES: lambda: PooledAlone(_Trees.fit(*_sample(tasks, seed), seed)),
    }
    return {name: make() for name, make in makers.items() if name in names}


@dataclass(frozen=True, eq=False)
class _Trees:
    """Gradient-boosted trees on pooled rows, one ensemble an output."""

    trees: tuple[Any, ...]

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray, seed: int) -> "_Trees":
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
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def _sample(tasks: Supports, seed: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = tasks.rows()
    if len(x) <= MOST_POOLED_ROWS:
        return x, y
    kept = np.random.default_rng(seed).choice(len(x), MOST_POOLED_ROWS, replace=False)
    return x[kept], y[kept]


def _num_features(in_dim: int, degree: int) -> int:
    total, term = 0, 1
    for power in range(1, degree + 1):
        term = term * (in_dim + power - 1) // power
        total += term
    return total


def _grid(tasks: Supports) -> list[tuple[int, float]]:
    degrees = [degree for degree in DEGREES if _num_features(tasks.x.shape[-1], degree) <= MOST_FEATURES] or [1]
    return [(degree, size) for degree in degrees for size in SIZES]


def _no_kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.zeros((len(a), a.shape[1], b.shape[1]))


def _ridge(tasks: Supports, degree: int, noise: float, size: float, level: float, pooled: Pooled | None) -> KernelWay:
    """Ridge regression on powers of the inputs; `size` is the variance of a coefficient over the noise."""
    from sklearn.preprocessing import PolynomialFeatures

    powers = PolynomialFeatures(degree, include_bias=False).fit(tasks.x.reshape(-1, tasks.x.shape[-1]))
    spread = powers.transform(tasks.rows()[0]).std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)

    def features(x: np.ndarray) -> np.ndarray:
        return powers.transform(x.reshape(-1, x.shape[-1])).reshape(*x.shape[:-1], -1) / spread

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return size * features(a) @ features(b).swapaxes(-1, -2)

    return KernelWay(kernel, noise, level, pooled, f"degree {degree}, variance ratio {size:g}")


def _best(ways: list[KernelWay], tasks: Supports, k_shot: int) -> KernelWay:
    few = _few(tasks, k_shot)
    query = few.query(k_shot)[..., None]

    def error(way: KernelWay) -> float:
        return float(np.sum(np.where(query, (way.predict(few, k_shot) - few.y) ** 2, 0.0)))

    return min(ways, key=error)


def _few(tasks: Supports, k_shot: int) -> Supports:
    """Enough tasks, rows and draws to choose between settings."""
    some = tasks.take(np.arange(0, len(tasks.x), -(-len(tasks.x) // MOST_CHOICE_TASKS)))
    rows = k_shot + MOST_CHOICE_ROWS
    if some.x.shape[1] <= rows:
        return some._replace(orders=some.orders[:2])
    task, first = np.arange(len(some.x))[:, None], some.orders[0, :, :rows]
    in_order = np.broadcast_to(np.arange(rows), (1, len(some.x), rows))
    return Supports(some.x[task, first], some.y[task, first], some.is_row[task, first], in_order)


def gaussian_process(tasks: Supports, pooled: Pooled, seed: int) -> KernelWay:
    """A squared-exponential kernel and a level; its four numbers maximise the likelihood of all tasks together."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(len(tasks.x))[:MOST_GP_TASKS])
    rows = min(MOST_GP_ROWS, tasks.x.shape[1])
    first = tasks.orders[0, chosen][:, :rows]
    task = np.arange(len(chosen))[:, None]
    x, is_row = tasks.x[chosen][task, first], tasks.is_row[chosen][task, first]
    left = np.where(is_row[..., None], (tasks.y - pooled(tasks.x))[chosen][task, first], 0.0)
    squares = _squares(x, x)
    both = is_row[:, :, None] & is_row[:, None, :]

    def negative_likelihood(logs: np.ndarray) -> float:
        level, size, length, noise = np.exp(logs)
        gram = np.where(both, level + size * np.exp(-0.5 * squares / length**2), 0.0)
        gram += np.eye(rows) * np.where(is_row, noise, 1.0)[..., None]
        factor = np.linalg.cholesky(gram)
        whitened = np.linalg.solve(factor, left)
        log_determinant = np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum()
        return float(0.5 * np.sum(whitened**2) + left.shape[-1] * log_determinant)

    variance = max(float(np.var(left[is_row])), 1e-6)
    start = np.log([variance / 2, variance / 2, 1.0, variance / 10])
    bounds = [(np.log(1e-6), np.log(1e3))] * 2 + [(np.log(0.05), np.log(50.0)), (np.log(1e-5), np.log(10.0))]
    level, size, length, noise = np.exp(minimize(negative_likelihood, start, method="L-BFGS-B", bounds=bounds).x)
    return KernelWay(_Rbf(size, length), noise, level, pooled, f"length {length:.2g}, noise {np.sqrt(noise):.2g}")


@dataclass(frozen=True)
class _Rbf:
    size: float
    length: float

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return self.size * np.exp(-0.5 * _squares(a, b) / self.length**2)


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    products = a @ b.swapaxes(-1, -2)
    lengths_a, lengths_b = np.sum(a**2, axis=-1), np.sum(b**2, axis=-1)
    return np.maximum(lengths_a[..., :, None] + lengths_b[..., None, :] - 2 * products, 0.0)
