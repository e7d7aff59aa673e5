"""What a level of a category does to the target: as much as its rows can tell, and never by a row's own task."""

import numpy as np
import pytest

from maml_engine.io.write_csv import table_csv
from maml_engine.tables import Roles, read_sheet
from maml_engine.tables.encoding import Encoding
from maml_engine.tables.learner import as_sheet
from maml_engine.tables.level_effects import cross_fitted, level_effects
from maml_engine.tables.taskset import TaskSet

LEVELS, TASKS, ROWS = 200, 60, 15


def rows_of(strength, seed=0):
    """Levels that come unequally often, and rows of tasks that have levels of their own: what is drawn by which rows."""
    rng = np.random.default_rng(seed)
    effects, shares = strength * rng.normal(0, 1, LEVELS), rng.dirichlet(np.full(LEVELS, 0.5))
    ids, codes = np.repeat(np.arange(TASKS), ROWS), rng.choice(LEVELS, TASKS * ROWS, p=shares)
    y = 3 * rng.normal(size=TASKS)[ids] + effects[codes] + 0.3 * rng.normal(size=len(ids))
    return effects, codes, y[:, None], ids


def test_effects_are_found_beside_tasks_that_differ_more():
    effects, codes, y, ids = rows_of(1.0)
    found = level_effects(codes, y, ids, LEVELS)[:, 0]
    often = np.bincount(codes, minlength=LEVELS) >= 8
    assert np.corrcoef(found[often], effects[often])[0, 1] > 0.98
    assert (found[np.bincount(codes, minlength=LEVELS) == 0] == 0).all()


def test_what_does_nothing_has_hardly_an_effect():
    _, codes, y, ids = rows_of(0.0)
    assert np.abs(level_effects(codes, y, ids, LEVELS)).max() < 0.1  # of noise of 0.3, where a level's mean may be off by 0.3


def test_rare_levels_are_drawn_to_the_mean():
    rng = np.random.default_rng(1)
    codes = np.array([0] * 50 + [1] * 50 + [2] * 2 + [3])
    y = np.where(codes == 0, -1.0, 1.0)[:, None] + rng.normal(0, 1.0, (len(codes), 1))
    y[codes >= 2] = 1.0 + np.zeros((3, 1))
    y = y - y.mean()
    found = level_effects(codes, y, np.zeros(len(codes), int), 4)[:, 0]
    assert 0 < found[3] < found[2] < 1.0


def test_of_a_column_that_is_the_same_in_a_task_the_tasks_are_counted():
    rng = np.random.default_rng(2)
    effects, of_task = rng.normal(size=40), np.arange(240) % 40
    ids = np.repeat(np.arange(240), 5)
    y = (effects[of_task] + 0.2 * rng.normal(size=240))[ids] + 0.5 * rng.normal(size=len(ids))
    found = level_effects(of_task[ids], y[:, None], ids, 40)[:, 0]
    assert np.corrcoef(found, effects)[0, 1] > 0.97


def test_no_row_is_told_anything_of_its_own_task():
    _, codes, y, ids = rows_of(1.0)
    groups = (np.arange(TASKS) % 5)[ids]
    found = cross_fitted(codes, y, ids, groups=groups, levels=LEVELS)
    changed = np.where((groups == 2)[:, None], y + 100 * np.random.default_rng(3).normal(size=y.shape), y)
    again = cross_fitted(codes, changed, ids, groups=groups, levels=LEVELS)
    np.testing.assert_array_equal(again[groups == 2], found[groups == 2])
    assert (again[groups != 2] != found[groups != 2]).any()


@pytest.fixture(scope="module")
def sheet():
    _, codes, y, ids = rows_of(1.0)
    columns = {"task": [f"t{task}" for task in ids], "kind": [f"k{code}" for code in codes], "y": y[:, 0].round(4)}
    return read_sheet(table_csv(columns))


ROLES = Roles("task", ("kind",), "y")


def test_a_column_of_many_levels_is_one_number_and_unseen_ones_are_the_mean(sheet):
    code = Encoding.of(sheet, ROLES, np.unique(sheet.text("task"), return_inverse=True)[1])
    assert (code.in_dim, Encoding.from_values(code.to_values())) == (1, code)
    new = as_sheet({"kind": ["k3", "never seen", ""]})
    assert code.encode_inputs(new)[1:].ravel().tolist() == [0, 0]
    assert code.encode_inputs(new)[0, 0] != 0
    assert (code.reach(new) > 0).tolist() == [False, True, False]
    (said,) = code.beyond(new)
    assert "taken as the mean of them" in said


def test_tasks_are_told_by_others_and_a_learner_in_use_by_all(sheet):
    tasks = TaskSet.of(sheet, ROLES, 3)
    told, full = tasks.arrays.x[tasks.arrays.is_row], tasks.in_use[tasks.arrays.is_row]
    assert (told != full).any()
    assert np.corrcoef(told[:, 0], full[:, 0])[0, 1] > 0.9
    y = tasks.arrays.rows()[1][:, 0]
    left = y - np.repeat([y[place * ROWS : (place + 1) * ROWS].mean() for place in range(TASKS)], ROWS)
    assert 0.7 < np.corrcoef(told[:, 0], left)[0, 1] < np.corrcoef(full[:, 0], left)[0, 1]


def test_classes_have_an_effect_each_and_two_have_one(sheet):
    names = np.where(sheet.numbers("y") > 0, "high", np.where(sheet.numbers("y") > -2, "middle", "low"))
    for of, size in ((names, 3), (np.where(names == "low", "low", "high"), 1)):
        columns = {"task": sheet.text("task"), "kind": sheet.text("kind"), "y": of}
        tasks = TaskSet.of(read_sheet(table_csv(columns)), ROLES.replace(classes=True), 3)
        assert tasks.arrays.x.shape[-1] == size
