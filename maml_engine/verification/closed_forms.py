"""Tasks with quadratic losses, whose meta-gradients are known in closed form (Finn et al., 2017, and relatives).

Support loss (theta - a)' H (theta - a) / 2, query loss (theta - c)' Q (theta - c) / 2, K steps of size alpha,
A = I - alpha H. Then theta_K = a + A^K (theta - a), and the query gradient there is Q (theta_K - c).

The closed forms are numpy in 64 bits and use nothing of the engine, which they judge.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from maml_engine.core.episode import Batch, Episode

TASKS, DIM, INNER_LR = 3, 6, 0.2


class Linear(nnx.Module):
    """Predicts `x @ theta`."""

    def __init__(self, theta: jax.Array):
        self.theta = nnx.Param(theta)

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[rows, coordinates] -> [rows, 1]`."""
        return x @ self.theta[...][:, None]


class Quadratics(NamedTuple):
    """Tasks with a quadratic support loss and a quadratic query loss each.

    theta: `[dim]`, where the descent starts.
    support_hessian: `[tasks, dim, dim]`, H.
    support_optimum: `[tasks, dim]`, a.
    query_hessian: `[tasks, dim, dim]`, Q.
    query_optimum: `[tasks, dim]`, c.
    """

    theta: np.ndarray
    support_hessian: np.ndarray
    support_optimum: np.ndarray
    query_hessian: np.ndarray
    query_optimum: np.ndarray

    @classmethod
    def draw(cls, seed: int = 0) -> "Quadratics":
        """Draws random tasks with eigenvalues from 0.2 to 3, whose two Hessians do not commute."""
        rng = np.random.default_rng(seed)

        def hessians() -> np.ndarray:
            rotation, _ = np.linalg.qr(rng.normal(size=(TASKS, DIM, DIM)))
            return (rotation * rng.uniform(0.2, 3.0, (TASKS, 1, DIM))) @ rotation.swapaxes(1, 2)

        def optima() -> np.ndarray:
            return rng.normal(size=(TASKS, DIM))

        return cls(rng.normal(size=DIM), hessians(), optima(), hessians(), optima())

    def episode(self, dtype: type) -> Episode:
        """The same tasks as data, for a linear model."""
        support = _rows(self.support_hessian, self.support_optimum)
        query = _rows(self.query_hessian, self.query_optimum)
        return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), Episode(support, query))

    def model(self, dtype: type) -> Linear:
        """A linear model that stands at `theta`."""
        return Linear(jnp.asarray(self.theta, dtype))

    def path(self, inner_steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Each task's theta_0 .. theta_K, `[inner_steps + 1, tasks, dim]`, and A `[tasks, dim, dim]`."""
        step = np.eye(DIM) - INNER_LR * self.support_hessian
        powers = [np.linalg.matrix_power(step, k) for k in range(inner_steps + 1)]
        offset = self.theta - self.support_optimum
        return np.stack([self.support_optimum + np.einsum("tij,tj->ti", power, offset) for power in powers]), step

    def support_gradient(self) -> np.ndarray:
        """Each task's support gradient at theta, `[tasks, dim]`."""
        return np.einsum("tij,tj->ti", self.support_hessian, self.theta - self.support_optimum)

    def query_gradient(self, adapted: np.ndarray) -> np.ndarray:
        """Each task's query gradient at its own parameters, `[tasks, dim]`."""
        return np.einsum("tij,tj->ti", self.query_hessian, adapted - self.query_optimum)

    def query_loss(self, adapted: np.ndarray) -> np.ndarray:
        """Each task's query loss at its own parameters, `[tasks]`."""
        return np.sum((adapted - self.query_optimum) * self.query_gradient(adapted), axis=-1) / 2

    # The meta-gradients, `[dim]`, means over the tasks.

    def exact(self, inner_steps: int) -> np.ndarray:
        """MAML's, `[dim]`: A^K times the query gradient at theta_K (Finn et al., 2017, eq. 4)."""
        path, step = self.path(inner_steps)
        back = np.linalg.matrix_power(step, inner_steps)
        return np.einsum("tij,tj->ti", back, self.query_gradient(path[-1])).mean(axis=0)

    def first_order(self, inner_steps: int) -> np.ndarray:
        """First-order MAML's, `[dim]`: the query gradient at theta_K."""
        return self.query_gradient(self.path(inner_steps)[0][-1]).mean(axis=0)

    def chord(self, inner_steps: int) -> np.ndarray:
        """Reptile's, `[dim]`: theta - theta_K (Nichol et al., 2018, eq. 4)."""
        return (self.theta - self.path(inner_steps)[0][-1]).mean(axis=0)

    def of_step_sizes(self) -> np.ndarray:
        """Meta-SGD's by its step sizes, after one step, `[dim]`: minus the support gradient times the query gradient."""
        return (-self.support_gradient() * self.query_gradient(self.path(1)[0][-1])).mean(axis=0)

    def proximal_solution(self, proximal: float) -> np.ndarray:
        """Each task's minimiser of the support loss plus lambda/2 |phi - theta|^2, `[tasks, dim]`."""
        pulled = np.einsum("tij,tj->ti", self.support_hessian, self.support_optimum) + proximal * self.theta
        return np.linalg.solve(self.support_hessian + proximal * np.eye(DIM), pulled[..., None])[..., 0]

    def implicit(self, proximal: float) -> np.ndarray:
        """iMAML's, `[dim]`: (I + H/lambda)^-1 q, with q the query gradient at the solution (Rajeswaran et al., 2019, eq. 6)."""
        at_query = self.query_gradient(self.proximal_solution(proximal))
        return np.linalg.solve(np.eye(DIM) + self.support_hessian / proximal, at_query[..., None])[..., 0].mean(axis=0)


def _rows(hessian: np.ndarray, optimum: np.ndarray) -> Batch:
    x = np.sqrt(DIM / 2) * np.linalg.cholesky(hessian).swapaxes(1, 2)  # x' x * 2 / DIM is the Hessian
    return Batch(x, np.einsum("tij,tj->ti", x, optimum)[..., None])
