"""Tasks as arrays, with the rows of each that are known in turn, and how well something predicts the others."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

MAX_CHOICE_TASKS, MAX_CHOICE_ROWS = 100, 25


class TaskArrays(NamedTuple):
    """Tasks with drawn orders of their rows; zeros follow after a task's rows.

    x: `[tasks, rows, in_dim]`.
    y: `[tasks, rows, outputs]`, in units of the target's spread; of a class, 1 in its own column.
    is_row: `[tasks, rows]`, False on padding.
    orders: `[draws, tasks, rows]`, places of rows, the support first; the padding comes last.
    """

    x: np.ndarray
    y: np.ndarray
    is_row: np.ndarray
    orders: np.ndarray

    def take(self, tasks: np.ndarray) -> "TaskArrays":
        """Some of the tasks: `[n]` places."""
        return TaskArrays(self.x[tasks], self.y[tasks], self.is_row[tasks], self.orders[:, tasks])

    def query(self, k: int) -> np.ndarray:
        """`[draws, tasks, rows]`, the rows that are predicted from `k` support rows."""
        places = np.argsort(self.orders, axis=-1)
        return (places >= k) & self.is_row

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """All rows, one after the other: `[n, in_dim]` and `[n, outputs]`."""
        return self.x[self.is_row], self.y[self.is_row]


class Predictive(NamedTuple):
    """What is predicted for rows.

    mean: `[draws, tasks, rows, outputs]`.
    variance: `[draws, tasks, rows]` of what is predicted, as far as the predictor knows of it: 0 where it does not.
    """

    mean: np.ndarray
    variance: np.ndarray


def in_chunks(predictive: Callable[[TaskArrays], Predictive], tasks: TaskArrays, size: int) -> Predictive:
    """What `predictive` gives for all tasks, `[tasks, ...]` of them, `size` at a time."""
    count = len(tasks.x)
    found = [predictive(tasks.take(np.arange(start, min(start + size, count)))) for start in range(0, count, size)]
    return Predictive(*(np.concatenate(own, axis=1) for own in zip(*found, strict=True)))


class Predictor(Protocol):
    """Something that predicts the other rows of a task, fitted on tasks.

    setting: what was chosen in fitting, in words.
    """

    @property
    def setting(self) -> str:
        """What was chosen in fitting, in words."""
        ...

    def predictive(self, tasks: TaskArrays, k: int) -> Predictive:
        """What is predicted from the first `k` rows of each order; `k` may be 0."""
        ...

    def predict(self, tasks: TaskArrays, k: int) -> np.ndarray:
        """The mean of `predictive`, `[draws, tasks, rows, outputs]`."""
        ...


def squared_error(predictor: Predictor, tasks: TaskArrays, k: int) -> float:
    """Of what is predicted from `k` rows of each task for the others, the mean over these."""
    query = tasks.query(k)[..., None]
    total = np.sum(np.where(query, (predictor.predict(tasks, k) - tasks.y) ** 2, 0.0))
    return float(total / max(1, query.sum()))


def few_tasks(tasks: TaskArrays, k_shot: int) -> TaskArrays:
    """Enough tasks, rows and draws to choose between settings."""
    some = tasks.take(np.linspace(0, len(tasks.x) - 1, min(len(tasks.x), MAX_CHOICE_TASKS)).astype(int))
    rows = k_shot + MAX_CHOICE_ROWS
    if some.x.shape[1] <= rows:
        return some._replace(orders=some.orders[:2])
    task, first = np.arange(len(some.x))[:, None], some.orders[0, :, :rows]
    in_order = np.broadcast_to(np.arange(rows), (1, len(some.x), rows))
    return TaskArrays(some.x[task, first], some.y[task, first], some.is_row[task, first], in_order)
