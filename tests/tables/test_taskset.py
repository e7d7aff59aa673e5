"""The tasks of a table as numbers."""

import numpy as np
import pytest

from maml_engine.tables import Roles, read_sheet
from maml_engine.tables import taskset as module
from maml_engine.tables.taskset import TaskSet, support_orders

ROLES = Roles("t", ("x",), "y")


def sheet_of(row, tasks=8, rows=6, header="t,x,y"):
    lines = [row(task, place) for task in range(tasks) for place in range(rows)]
    return read_sheet("\n".join([header, *lines]).encode())


def test_rows_are_in_units_of_the_whole_tables_spread():
    tasks = TaskSet.of(sheet_of(lambda task, row: f"t{task},{row},{task * row}"), ROLES, 3)
    x, y = tasks.arrays.rows()
    written = np.array([[row, task * row] for task in range(8) for row in range(6)], float)
    np.testing.assert_allclose(np.concatenate([x, y], axis=1), (written - written.mean(axis=0)) / written.std(axis=0))
    np.testing.assert_allclose(tasks.encoding.decode_target(y)[:, 0], written[:, 1], atol=1e-12)


def test_a_class_has_a_column_of_its_own():
    sheet = sheet_of(lambda task, row: f"t{task},{row},{'yes' if row > task else 'no'}", tasks=7, rows=9)
    tasks = TaskSet.of(sheet, ROLES.replace(classes=True), 3)
    assert tasks.encoding.classes == ("no", "yes")
    assert tasks.arrays.y[2].tolist() == [[1, 0]] * 3 + [[0, 1]] * 6


def test_too_many_tasks_and_rows_are_drawn_from(monkeypatch):
    monkeypatch.setattr(module, "MAX_TASKS", 5)
    monkeypatch.setattr(module, "MAX_ROWS_A_TASK", 4)
    tasks = TaskSet.of(sheet_of(lambda task, row: f"t{task},{row},{task * row}"), ROLES, 3)
    assert (len(tasks), tasks.rows.tolist()) == (5, [4] * 5)
    assert list(tasks.names) == sorted(set(tasks.names))
    own = np.round(tasks.encoding.decode_target(tasks.arrays.y)[..., 0])
    for name, values in zip(tasks.names, own, strict=True):
        assert set(values) <= {int(name[1:]) * row for row in range(6)}


@pytest.mark.parametrize("ordered", [False, True])
def test_an_order_is_one_of_a_tasks_rows_with_its_padding_last(ordered):
    is_row = np.array([[True] * 5, [True, True, True, False, False]])
    orders = support_orders(is_row, 3, 0, ordered=ordered)
    assert np.sort(orders, axis=-1).tolist() == [[[*range(5)]] * 2] * 3
    assert (np.sort(orders[:, 1, :3], axis=-1) == [0, 1, 2]).all()
    assert (orders == np.arange(5)).all() == ordered


def test_rows_are_ordered_by_a_time_of_dates():
    sheet = sheet_of(lambda task, row: f"t{task},2024-03-{20 - row},{row},{row * task}", header="t,day,x,y")
    tasks = TaskSet.of(sheet, ROLES.replace(time="day"), 3)
    np.testing.assert_allclose(np.diff(tasks.arrays.x[0, :, 0]), np.diff(tasks.arrays.x[0, :, 0])[0])
    assert tasks.arrays.x[0, 0, 0] > tasks.arrays.x[0, -1, 0]  # later rows of the file come first
