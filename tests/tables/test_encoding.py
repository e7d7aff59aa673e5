"""From cells to numbers: what is missing, what is skewed, and back."""

import numpy as np
import pandas as pd
import pytest

from maml_engine.tables import Roles, read_sheet
from maml_engine.tables.encoding import Encoding, usable
from maml_engine.tables.taskset import TaskSet

ROLES = Roles("t", ("x", "kind"), "y")


def table(tasks=20, rows=8, seed=0):
    rng = np.random.default_rng(seed)
    names = np.repeat([f"t{task}" for task in range(tasks)], rows)
    levels = np.repeat(rng.normal(0, 3, tasks), rows)
    return pd.DataFrame(
        {
            "t": names,
            "x": (levels + rng.normal(0, 0.1, len(names))).round(4),
            "kind": rng.choice(["a", "b", "c"], len(names)),
            "y": rng.normal(size=len(names)).round(3),
        }
    )


def sheet_of(frame):
    return read_sheet(frame.to_csv(index=False).encode())


def encoded(frame):
    sheet = sheet_of(frame)
    kept = sheet.take(usable(sheet, ROLES))
    ids = np.unique(kept.text("t"), return_inverse=True)[1]
    encoding = Encoding.of(kept, ROLES, ids)
    return encoding, encoding.filled(encoding.encode_inputs(kept), ids), ids


def test_a_missing_number_is_its_tasks_mean_where_tasks_differ_more_than_rows():
    whole = table()
    holes = whole.copy()
    holes.loc[::5, "x"] = np.nan
    encoding, x, _ = encoded(holes)
    assert encoding.in_dim == 1 + 1 + 3  # the number, where it is missing, and the levels
    assert x[:, 1].tolist() == holes.x.isna().astype(float).tolist()
    missed = np.abs(encoding.inputs[0].decode(x[::5, 0]) - whole.x[::5])
    assert missed.max() < 0.5  # the levels have a spread of 3


def test_a_missing_number_is_the_mean_of_all_where_tasks_do_not_differ():
    holes = table()
    holes["x"] = np.random.default_rng(1).normal(5, 1, len(holes))
    holes.loc[::5, "x"] = np.nan
    encoding, x, _ = encoded(holes)
    assert np.abs(encoding.inputs[0].decode(x[::5, 0]) - 5).max() < 0.4  # the mean of a task's seven rows is off by 0.4


def test_a_missing_text_is_none_of_the_levels_and_says_so():
    holes = table()
    holes.loc[3, "kind"] = None
    _, x, _ = encoded(holes)
    assert x[3, 1:].tolist() == [0, 0, 0, 1]
    assert x[4, 1:].sum() == 1


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_rows_with_holes_stay_rows_without_a_target_go(share):
    holes = table()
    holes.loc[np.random.default_rng(2).random(len(holes)) < share, "x"] = np.nan
    holes.loc[8:9, "y"] = np.nan
    tasks = TaskSet.of(sheet_of(holes), ROLES, 3)
    assert tasks.rows.tolist() == [8, 6, *[8] * 18]
    assert np.isfinite(tasks.arrays.x).all()


def test_what_was_never_missing_in_training_may_be_in_use():
    encoding, _, _ = encoded(table())
    x = encoding.filled(encoding.encode_inputs(sheet_of(table()[:4].assign(x=[1.0, np.nan, 3.0, np.nan]))))
    assert x.shape == (4, 4)
    assert np.isfinite(x).all()


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        (lambda rng: rng.uniform(0, 1, 160), ""),
        (lambda rng: rng.normal(0, 1, 160), ""),
        (lambda rng: np.exp(rng.normal(7, 1.5, 160)), "log"),
        (lambda rng: rng.standard_t(1, 160) * 100, "asinh"),
        (lambda rng: (rng.random(160) < 0.02) * 1.0, ""),  # two values: a skew that says nothing
    ],
)
def test_skewed_inputs_are_shaped_so_that_no_polynomial_runs_away(values, shape):
    frame = table().assign(x=values(np.random.default_rng(3)))
    encoding, x, _ = encoded(frame)
    code = encoding.inputs[0]
    assert code.shape == shape
    assert shape == "" or np.abs(x[:, 0]).max() < 5
    np.testing.assert_allclose(code.decode(x[:, 0]), frame.x, rtol=1e-9, atol=1e-9)
    assert Encoding.from_values(encoding.to_values()) == encoding


def test_a_logarithm_that_training_took_by_itself_is_defined_for_whatever_comes():
    frame = table().assign(x=np.exp(np.random.default_rng(4).normal(0, 2, 160)))
    encoding, _, _ = encoded(frame)
    x = encoding.encode_inputs(sheet_of(table()[:3].assign(x=[0.0, -5.0, 1e9])))
    assert np.isfinite(x).all()
