"""Tasks as arrays, with the rows of each that are known in turn, and how well something predicts the others."""

from typing import NamedTuple, Protocol

import numpy as np

MAX_CHOICE_TASKS, MAX_CHOICE_ROWS = 100, 25


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


class Predictor(Protocol):
    """One way of predicting, fitted on tasks: `predict(supports, k)` gives `[draws, tasks, rows, outputs]`."""

    setting: str

    def predict(self, supports: Supports, k: int) -> np.ndarray: ...


def squared_error(way: Predictor, tasks: Supports, k: int) -> float:
    """Of what `way` predicts from `k` rows of each task for the others, the mean over these."""
    query = tasks.query(k)[..., None]
    total = np.sum(np.where(query, (way.predict(tasks, k) - tasks.y) ** 2, 0.0))
    return float(total / max(1, query.sum()))


def few_tasks(tasks: Supports, k_shot: int) -> Supports:
    """Enough tasks, rows and draws to choose between settings."""
    some = tasks.take(np.arange(0, len(tasks.x), -(-len(tasks.x) // MAX_CHOICE_TASKS)))
    rows = k_shot + MAX_CHOICE_ROWS
    if some.x.shape[1] <= rows:
        return some._replace(orders=some.orders[:2])
    task, first = np.arange(len(some.x))[:, None], some.orders[0, :, :rows]
    in_order = np.broadcast_to(np.arange(rows), (1, len(some.x), rows))
    return Supports(some.x[task, first], some.y[task, first], some.is_row[task, first], in_order)
