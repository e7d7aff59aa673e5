"""What gives the target away, and what does not."""

import numpy as np
import pytest

from maml_engine.tables import Roles, read_sheet, table_csv
from maml_engine.tables.leaks import leaks_of

RNG = np.random.default_rng(0)
IDS, DAY = np.repeat(np.arange(12), 10), np.tile(np.arange(10), 12)
A, B = RNG.uniform(1, 3, (2, 120))
Y = np.round(3 + RNG.normal(0, 1, 12)[IDS] + RNG.normal(0, 0.5, 120), 4) + 10
COUNT = RNG.poisson(20, 120) + RNG.integers(0, 9, 12)[IDS]


def of_task(values, step):
    """Each task's values, moved by a row: the first (or last) of a task is empty."""
    moved = np.roll(values, step).astype(object)
    moved[(0 if step > 0 else 9) == DAY] = -1
    return moved


def found(target=Y, **columns):
    content = table_csv({"task": IDS, "day": DAY, "y": target} | columns)
    sheet = read_sheet(content)
    return leaks_of(sheet, Roles("task", ("day", *columns), "y"), sheet.text("task"))


@pytest.mark.parametrize(
    ("columns", "target", "how"),
    [
        ({"a": 2 * Y - 1}, Y, "up to a factor"),
        ({"a": Y + 5 * IDS}, Y, "within a task"),
        ({"a": np.exp(Y / 5)}, Y, "equal or near values"),
        ({"a": of_task(Y, 1)}, Y, "of the row before"),
        ({"a": of_task(Y, -1)}, Y, "of the row after"),
        ({"a": np.cumsum(Y)}, Y, "adds up"),
        ({"a": np.concatenate([np.argsort(np.argsort(Y[k == IDS])) + 1 for k in range(12)])}, Y, "ranks the targets"),
        ({"a": A, "b": B}, A + B, "a sum"),
        ({"a": A, "b": B}, A + B + 7 * IDS, "a sum of them but for a constant of each task"),
        ({"a": A, "b": B}, A * B, "a product"),
        ({"a": A, "b": B}, A / B**2, "a product"),
        ({"a": COUNT - RNG.binomial(3, 0.3, 120)}, COUNT, "a part"),
    ],
)
def test_what_gives_the_target_away_is_named_with_how(columns, target, how):
    leaks = found(target, **columns)
    assert [name for leak in leaks for name in leak.names] == list(columns)
    assert all(how in leak.how for leak in leaks)


@pytest.mark.parametrize(
    "columns",
    [
        {"a": A, "b": B},
        {"week": DAY + 1},
        {"a": Y + RNG.normal(0, 0.3, 120)},
        {"a": RNG.integers(0, 9, 120)},
    ],
)
def test_what_only_goes_with_the_target_gives_nothing_away(columns):
    assert found(Y, **columns) == []


def test_a_curve_that_all_tasks_share_over_the_time_is_no_leak():
    assert found(np.sin(DAY) * 3) == []
