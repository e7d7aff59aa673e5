"""Rows of a table by task."""

from collections.abc import Sequence

import numpy as np


def rows_by_task(ids: np.ndarray) -> dict[str, np.ndarray]:
    """The rows of each task, `[n]` indices, tasks in order of appearance; `ids` is `[rows]`, each row's task."""
    codes: dict[str, int] = {}
    code_of_row = np.fromiter((codes.setdefault(name, len(codes)) for name in ids), np.int64, len(ids))
    ends = np.cumsum(np.bincount(code_of_row))[:-1]
    return dict(zip(codes, np.split(np.argsort(code_of_row, kind="stable"), ends), strict=True))


def pad_rows(values: np.ndarray, tasks: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Each task's rows side by side.

    Args:
      values: `[rows, columns]`.
      tasks: for each task its rows, `[n]` indices.

    Returns:
      `[tasks, max_rows, columns]` with zeros after a task's rows, and `[tasks]`, how many rows each has.
    """
    counts = np.array([len(rows) for rows in tasks], np.int32)
    padded = np.zeros((len(tasks), counts.max(), values.shape[1]), values.dtype)
    padded[np.arange(counts.max()) < counts[:, None]] = values[np.concatenate(tasks)]
    return padded, counts
