"""Gaussian processes over tasks: each task's function is a draw, its known rows say which."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from maml_engine.tables.functions import Rbf, squares
from maml_engine.tables.task_arrays import Predictive, TaskArrays, in_chunks

CHUNK = 64  # tasks at once
MAX_ROWS, MAX_TASKS = 30, 100  # by which a process is fitted


@dataclass(frozen=True, eq=False)
class KernelPredictor:
    """The posterior mean of a Gaussian process.

    kernel: `(a, b) -> [tasks, rows of a, rows of b]`.
    noise: variance of a row about it.
    level: variance of a task's level; infinite makes it the mean of what is left of the support.
    about: the process's mean, `[..., in_dim] -> [..., outputs]`; None is 0.
    setting: what was chosen in fitting, in words.
    knows_variance: whether kernel and noise are in the target's units, so that its variance means something.
    """

    kernel: Any
    noise: float
    level: float
    about: Callable[[np.ndarray], np.ndarray] | None
    setting: str
    knows_variance: bool = True

    def predict(self, tasks: TaskArrays, k: int) -> np.ndarray:
        """`[draws, tasks, rows, outputs]`, from the first `k` rows of each order."""
        return self.predictive(tasks, k).mean

    def predictive(self, tasks: TaskArrays, k: int) -> Predictive:
        """Mean and variance from the first `k` rows of each order; the noise of a row is not part of the variance."""
        return in_chunks(lambda some: self._chunk(some, k), tasks, CHUNK)

    def draw(self, x: np.ndarray, outputs: int, versions: int, rng: np.random.Generator) -> np.ndarray:
        """Targets that the process might have had.

        Args:
          x: `[tasks, rows, in_dim]`, where.
          outputs: columns of a target.
          versions: how many times.
          rng: drawn from.

        Returns:
          `[versions, tasks, rows, outputs]`.
        """
        gram = self.kernel(x, x) + self.level + self.noise * np.eye(x.shape[1])
        factor = np.linalg.cholesky(gram + 1e-6 * np.eye(x.shape[1]))
        drawn = np.einsum("tij,vtjo->vtio", factor, rng.standard_normal((versions, *x.shape[:2], outputs)))
        return drawn + self.about(x) if self.about else drawn

    def _chunk(self, tasks: TaskArrays, k: int) -> Predictive:
        about = self.about(tasks.x) if self.about else np.zeros_like(tasks.y)
        level = 1e4 if np.isinf(self.level) else self.level
        gram = self.kernel(tasks.x, tasks.x) + level
        chosen, task, counts, within, across = known_rows(gram, tasks, k, self.noise)
        left = (tasks.y - about)[task, chosen] * counts[..., None]
        solved = np.linalg.solve(within, np.concatenate([left, across.swapaxes(-1, -2)], axis=-1))
        outputs = left.shape[-1]
        mean = about + across @ solved[..., :outputs]
        if not self.knows_variance or np.isinf(self.level):
            return Predictive(mean, np.zeros(mean.shape[:-1]))
        taken = np.einsum("dtrk,dtkr->dtr", across, solved[..., outputs:])
        return Predictive(mean, np.maximum(np.diagonal(gram, axis1=-2, axis2=-1) - taken, 0.0))


class KnownRows(NamedTuple):
    """The first rows of each order, and how they hang together with each other and with all rows.

    chosen: `[draws, tasks, k]`, their places.
    task: `[tasks, 1]`, which goes with `chosen` as an index.
    counts: `[draws, tasks, k]`, 0 on padding: a task may have fewer rows.
    within: `[draws, tasks, k, k]`, their covariance, noise included; a row of padding has nothing to do with any other.
    across: `[draws, tasks, rows, k]`, their covariance with all rows of the task.
    """

    chosen: np.ndarray
    task: np.ndarray
    counts: np.ndarray
    within: np.ndarray
    across: np.ndarray


def known_rows(gram: np.ndarray, tasks: TaskArrays, k: int, noise: float) -> KnownRows:
    """What a process is conditioned on: the first `k` rows of each order.

    Args:
      gram: `[tasks, rows, rows]`, the covariance of all rows of a task, without noise.
      tasks: whose rows these are.
      k: how many rows are known.
      noise: variance of a row.
    """
    chosen, task = tasks.orders[..., :k], np.arange(len(tasks.x))[:, None]
    counts = tasks.is_row[task, chosen].astype(float)
    within = gram[task[:, :, None], chosen[..., :, None], chosen[..., None, :]]
    within = within * counts[..., :, None] * counts[..., None, :]
    within = within + np.eye(k) * np.where(counts > 0, noise, 1.0)[..., None]
    across = gram[task[:, :, None], np.arange(tasks.x.shape[1])[:, None], chosen[..., None, :]] * counts[..., None, :]
    return KnownRows(chosen, task, counts, within, across)


def gaussian_process(tasks: TaskArrays, pooled: Callable[[np.ndarray], np.ndarray] | None, seed: int) -> KernelPredictor:
    """A squared-exponential kernel and a level; its four numbers maximise the likelihood of all tasks together.

    Args:
      tasks: fitted on.
      pooled: the process's mean, `[..., in_dim] -> [..., outputs]`; None is 0.
      seed: of the tasks that are taken where there are many.
    """
    from scipy.optimize import minimize

    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(len(tasks.x))[:MAX_TASKS])
    rows = min(MAX_ROWS, tasks.x.shape[1])
    first = tasks.orders[0, chosen][:, :rows]
    task = np.arange(len(chosen))[:, None]
    x, is_row = tasks.x[chosen][task, first], tasks.is_row[chosen][task, first]
    left = tasks.y - pooled(tasks.x) if pooled else tasks.y
    left = np.where(is_row[..., None], left[chosen][task, first], 0.0)
    apart = squares(x, x)
    both = is_row[:, :, None] & is_row[:, None, :]

    def negative_likelihood(logs: np.ndarray) -> float:
        level, size, length, noise = np.exp(logs)
        gram = np.where(both, level + size * np.exp(-0.5 * apart / length**2), 0.0)
        gram += np.eye(rows) * np.where(is_row, noise, 1.0)[..., None]
        factor = np.linalg.cholesky(gram)
        whitened = np.linalg.solve(factor, left)
        log_determinant = np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum()
        return float(0.5 * np.sum(whitened**2) + left.shape[-1] * log_determinant)

    variance = max(float(np.var(left[is_row])), 1e-6)
    start = np.log([variance / 2, variance / 2, 1.0, variance / 10])
    bounds = [(np.log(1e-6), np.log(1e3))] * 2 + [(np.log(0.05), np.log(50.0)), (np.log(1e-5), np.log(10.0))]
    level, size, length, noise = np.exp(minimize(negative_likelihood, start, method="L-BFGS-B", bounds=bounds).x)
    return KernelPredictor(Rbf(size, length), noise, level, pooled, f"length {length:.2g}, noise {np.sqrt(noise):.2g}")
