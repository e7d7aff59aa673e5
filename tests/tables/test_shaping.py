"""A skewed target is predicted by its logarithm where that helps, and judged in its own units."""

import numpy as np

from maml_engine.io.write_csv import table_csv
from maml_engine.tables import Roles, Settings, read_sheet
from maml_engine.tables.outcomes import Limits
from maml_engine.tables.plan import Plan
from maml_engine.tables.shaping import errors_of, is_better
from maml_engine.tables.taskset import TaskSet

ROLES, SMALL = Roles("t", ("x",), "y"), Settings(k_shot=3, draws=2, folds=3)


def sheet_of(target, tasks=30, rows=10):
    rng = np.random.default_rng(0)
    ids, x = np.repeat(np.arange(tasks), rows), rng.uniform(0, 3, tasks * rows)
    y = target(rng.normal(0, 1, tasks)[ids], x, rng.normal(size=len(x)))
    return read_sheet(table_csv({"t": [f"t{task}" for task in ids], "x": x, "y": y}))


def grows(level, x, noise):
    return np.exp(level + 1.2 * x + 0.1 * noise)


def a_power(level, x, noise):
    """Over orders of magnitude, and a polynomial all the same."""
    return 2 + 0.3 * np.tanh(level) + x**4 + 0.05 * noise


def test_growth_is_predicted_by_its_logarithm_and_judged_in_its_own_units():
    sheet = sheet_of(grows)
    plan = Plan.of(sheet, ROLES, SMALL)
    encoding, arrays = plan.tasks.encoding, plan.tasks.arrays
    assert encoding.shape == "log"
    said = (
        "'y' is skewed: its logarithm is predicted, and errors are in its own units, half of which are below 10% of the value."
    )
    assert encoding.said(np.full(9, np.log(1.1) / encoding.unit)) == said
    y = encoding.decode_target(arrays.y)
    np.testing.assert_allclose(np.sort(y[arrays.is_row].ravel()), np.sort(sheet.numbers("y")), rtol=1e-9)
    np.testing.assert_allclose(plan.scale.unit, sheet.numbers("y").std())
    off = np.full_like(arrays.y, 0.1)
    wrong = plan.scale.wrong(arrays.y + off, arrays.y)
    np.testing.assert_allclose(wrong, ((encoding.decode_target(arrays.y + off) - y)[..., 0] / plan.scale.unit) ** 2)


def test_what_a_simple_fit_predicts_better_as_it_is_stays_so():
    plan = Plan.of(sheet_of(a_power), ROLES, SMALL)
    assert TaskSet.of(sheet_of(a_power), ROLES, 3).encoding.shape == "log"  # is tried
    assert plan.tasks.encoding.shape == ""
    assert plan.scale.decode is None


def test_whoever_says_so_has_the_target_as_it_is():
    assert Plan.of(sheet_of(grows).read_as({}, sure=("y",)), ROLES, SMALL).tasks.encoding.shape == ""
    asked = Plan.of(sheet_of(grows), ROLES.replace(log=("y",)), SMALL).tasks.encoding
    assert (asked.shape, asked.target_log) == ("", True)


def test_the_error_is_that_of_predictions_in_the_targets_own_units():
    shaped, plain = (TaskSet.of(sheet_of(grows), ROLES, 3, draws=2, as_it_is=as_it_is) for as_it_is in (False, True))
    found, other = errors_of(shaped, 3), errors_of(plain, 3)
    assert (found < 0.6 * other).all()
    assert 0 < found[1] < found[0]
    assert other[0] < sheet_of(grows).numbers("y").std()
    assert (is_better(shaped, plain, 3), is_better(plain, shaped, 3), is_better(shaped, shaped, 3)) == (True, False, False)


def test_predictions_of_a_shaped_target_reach_twice_as_far_as_it_does():
    tasks = TaskSet.of(sheet_of(grows), ROLES, 3)
    limits = Limits.of(tasks.arrays, tasks.encoding.room)
    far = limits.kept(np.full((1, *tasks.arrays.y.shape), 50.0), tasks.arrays, 0)
    np.testing.assert_allclose(tasks.encoding.decode_target(far), 2 * sheet_of(grows).numbers("y").max(), rtol=1e-9)
