"""What predictors are made of: functions of a row's inputs, and kernels, as arrays that can be saved.

All take inputs `[..., in_dim]`. Sums and products are spelt out in NumPy, in 64 bits, so that a saved learner says the same
wherever it is opened.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from maml_engine.runtime.extras import brought_by

Function = Callable[[np.ndarray], np.ndarray]  # [..., in_dim] -> [..., n]
Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]  # [..., a, in_dim], [..., b, in_dim] -> [..., a, b]


@dataclass(frozen=True, eq=False)
class Powers:
    """Powers and products of the inputs.

    exponents: `[features, in_dim]`; each one but the first of its degree is another one times one input.
    """

    exponents: np.ndarray

    @classmethod
    def of(cls, in_dim: int, degree: int) -> "Powers":
        """All up to a degree, lower degrees first.

        Args:
          in_dim: inputs of a row.
          degree: of the highest products.
        """
        with brought_by("tables"):
            from sklearn.preprocessing import PolynomialFeatures

        powers = PolynomialFeatures(degree, include_bias=False).fit(np.zeros((1, in_dim)))
        return cls(np.asarray(powers.powers_, np.int32))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """`[..., in_dim] -> [..., features]`."""
        x = np.asarray(x, np.float64)
        done: dict[tuple[int, ...], np.ndarray] = {}
        for exponents in map(tuple, self.exponents.tolist()):
            used = [place for place, power in enumerate(exponents) if power]
            if not used:
                done[exponents] = np.ones(x.shape[:-1])
                continue
            last = used[-1]
            lower = tuple(power - (place == last) for place, power in enumerate(exponents))
            before = done.get(lower)
            if before is None:
                before = np.prod(x ** np.array(lower), axis=-1)
            done[exponents] = before * x[..., last]
        return np.stack(list(done.values()), axis=-1) if done else np.zeros((*x.shape[:-1], 0))


@dataclass(frozen=True, eq=False)
class Turned:
    """Features times a matrix.

    features: `[..., in_dim] -> [..., n]`.
    axes: `[n, m]`.
    """

    features: Function
    axes: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """`[..., in_dim] -> [..., m]`."""
        return self.features(x) @ self.axes


@dataclass(frozen=True, eq=False)
class TanhLayers:
    """What a network of tanh layers makes of the inputs.

    weights: `[n, m]` of each layer.
    biases: `[m]` of each layer.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """`[..., in_dim] -> [..., m]` of the last layer."""
        for weight, bias in zip(self.weights, self.biases, strict=True):
            x = np.tanh(x @ weight + bias)
        return x


@dataclass(frozen=True, eq=False)
class Beside:
    """Features side by side.

    parts: `[..., in_dim] -> [..., n]` each.
    """

    parts: tuple[Function, ...]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """`[..., in_dim] -> [..., all of them]`."""
        return np.concatenate([part(x) for part in self.parts], axis=-1)


@dataclass(frozen=True, eq=False)
class Total:
    """The sum of functions with the same outputs.

    parts: `[..., in_dim] -> [..., outputs]` each.
    """

    parts: tuple[Function, ...]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """`[..., in_dim] -> [..., outputs]`."""
        return sum(part(x) for part in self.parts)  # pyright: ignore[reportReturnType]


@dataclass(frozen=True, eq=False)
class Constant:
    """The same for every row.

    values: `[outputs]`.
    """

    values: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """`[..., in_dim] -> [..., outputs]`."""
        return np.broadcast_to(self.values, (*x.shape[:-1], len(self.values))).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Trees:
    """Boosted trees, one ensemble an output; a node's row of numbers is found by its place.

    starts: `[outputs]`, what trees add to.
    outputs: `[trees]`, of which output a tree is.
    roots: `[trees]`, where a tree begins.
    inputs: `[nodes]`, the input that a node looks at.
    thresholds: `[nodes]`; up to it a row goes left.
    left: `[nodes]`, the next node; a leaf's own.
    right: `[nodes]`.
    values: `[nodes]`, of leaves.
    """

    starts: np.ndarray
    outputs: np.ndarray
    roots: np.ndarray
    inputs: np.ndarray
    thresholds: np.ndarray
    left: np.ndarray
    right: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, boosted: list[Any]) -> "Trees":
        """From scikit-learn's `HistGradientBoostingRegressor`, one an output."""
        columns: dict[str, list[np.ndarray]] = {name: [] for name in ("inputs", "thresholds", "left", "right", "values")}
        outputs, roots, begin = [], [], 0
        for output, model in enumerate(boosted):
            for (tree,) in model._predictors:
                nodes = tree.nodes
                own, is_leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(bool)
                outputs.append(output)
                roots.append(begin)
                columns["inputs"].append(np.where(is_leaf, 0, nodes["feature_idx"]))
                columns["thresholds"].append(np.where(is_leaf, 0.0, nodes["num_threshold"]))
                columns["left"].append(begin + np.where(is_leaf, own, nodes["left"]))
                columns["right"].append(begin + np.where(is_leaf, own, nodes["right"]))
                columns["values"].append(nodes["value"])
                begin += len(nodes)
        whole = {name: np.concatenate(parts) for name, parts in columns.items()}
        ints = {name: whole[name].astype(np.int32) for name in ("inputs", "left", "right")}
        starts = np.array([float(np.ravel(model._baseline_prediction)[0]) for model in boosted])
        return cls(
            starts,
            np.array(outputs, np.int32),
            np.array(roots, np.int32),
            ints["inputs"],
            whole["thresholds"].astype(np.float64),
            ints["left"],
            ints["right"],
            whole["values"].astype(np.float64),
        )

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """`[..., in_dim] -> [..., outputs]`."""
        flat = x.reshape(-1, x.shape[-1])
        node = np.broadcast_to(self.roots, (len(flat), len(self.roots)))
        rows = np.arange(len(flat))[:, None]
        while True:
            goes_left = flat[rows, self.inputs[node]] <= self.thresholds[node]
            after = np.where(goes_left, self.left[node], self.right[node])
            if np.array_equal(after, node):
                break
            node = after
        values = self.values[node]
        found = np.stack([values[:, self.outputs == output].sum(axis=1) for output in range(len(self.starts))], axis=-1)
        return (found + self.starts).reshape(*x.shape[:-1], -1)


# Kernels.


@dataclass(frozen=True)
class NoKernel:
    """0 for every pair of rows."""

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """`[..., a, b]`."""
        return np.zeros((*a.shape[:-1], b.shape[-2]))


@dataclass(frozen=True, eq=False)
class Linear:
    """That of a function linear in features, whose coefficients are drawn.

    features: `[..., in_dim] -> [..., n]`.
    covariance: `[n, n]` of the coefficients.
    """

    features: Function
    covariance: np.ndarray

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """`[..., a, b]`."""
        left = self.features(a)
        right = left if a is b else self.features(b)
        return (left @ self.covariance) @ right.swapaxes(-1, -2)


@dataclass(frozen=True, eq=False)
class Rbf:
    """A squared exponential.

    size: variance.
    length: of the inputs, one for all or `[in_dim]`.
    """

    size: float
    length: float | np.ndarray

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """`[..., a, b]`."""
        return self.size * np.exp(-0.5 * squares(a / self.length, b / self.length))


@dataclass(frozen=True, eq=False)
class KernelSum:
    """Kernels added up.

    parts: each a kernel.
    """

    parts: tuple[Kernel, ...]

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """`[..., a, b]`."""
        return sum(part(a, b) for part in self.parts)  # pyright: ignore[reportReturnType]


def squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances between rows, `[..., a, b]`, of inputs `[..., a, in_dim]` and `[..., b, in_dim]`."""
    products = a @ b.swapaxes(-1, -2)
    lengths_a, lengths_b = np.sum(a**2, axis=-1), np.sum(b**2, axis=-1)
    return np.maximum(lengths_a[..., :, None] + lengths_b[..., None, :] - 2 * products, 0.0)
