"""Rows of a table by task."""

import numpy as np

from maml_engine.tasks.rows import pad_rows, rows_by_task


def test_rows_are_found_by_task_in_order_of_appearance():
    found = rows_by_task(np.array(["b", "a", "b", "c", "a", "b"], object))
    assert list(found) == ["b", "a", "c"]
    assert [rows.tolist() for rows in found.values()] == [[0, 2, 5], [1, 4], [3]]


def test_each_tasks_rows_are_side_by_side_with_zeros_after_them():
    values = np.arange(1, 9, dtype=np.float32).reshape(4, 2)
    padded, counts = pad_rows(values, [np.array([3, 0]), np.array([1])])
    assert padded.tolist() == [[[7, 8], [1, 2]], [[3, 4], [0, 0]]]
    assert counts.tolist() == [2, 1]
    assert padded.dtype == values.dtype
