"""What is judged: as many known rows as several tasks can spare."""

import numpy as np
import pytest

from maml_engine.tables import Roles, Settings, read_sheet
from maml_engine.tables.conformal import Residuals, calibrate
from maml_engine.tables.plan import Plan


def sheet_of(rows):
    lines = [f"s{task},{row},{task + row * row % 7}" for task, count in enumerate(rows) for row in range(count)]
    return read_sheet("\n".join(["shop,x,y", *lines]).encode())


@pytest.mark.parametrize(("rows", "most"), [([7] * 11 + [8], 5), ([7] * 10 + [40, 41], 5), ([12] * 12, 10)])
def test_one_task_that_is_longer_than_all_others_sets_no_number_of_known_rows(rows, most):
    plan = Plan.of(sheet_of(rows), Roles("shop", ("x",), "y"), Settings(shots=(1, 5, 10), k_shot=5, folds=4))
    assert max(plan.shots) == most


def test_where_no_row_is_left_the_interval_is_the_one_before():
    rng = np.random.default_rng(0)
    wrong, query = np.abs(rng.normal(size=(2, 1, 6, 20))), np.ones((2, 1, 6, 20), bool)
    query[1] = False
    found = calibrate([Residuals((5, 10), np.arange(6), wrong, np.ones_like(wrong), query)], 0.9)
    assert found.widths[10] == found.widths[5]
