"""What inputs do, and each task's curve, on tables whose functions are known."""

import numpy as np
import pytest

from maml_engine.io.write_csv import table_csv
from maml_engine.tables import Roles, Settings, Verdict, read_sheet
from maml_engine.tables.effects import curves_of, effects_of
from maml_engine.tables.fits import fit_parts
from maml_engine.tables.plan import Plan
from tests.small_verdict import small_verdict

RNG = np.random.default_rng(0)
TASKS, ROWS = 12, 15
IDS = np.repeat(np.arange(TASKS), ROWS)
SLOPES, LEVELS = RNG.normal(2, 0.5, TASKS), RNG.normal(0, 1, TASKS)
X, Z = RNG.uniform(0, 10, (2, TASKS * ROWS))
KIND = RNG.integers(3, size=TASKS * ROWS)
COLUMNS = {"t": [f"task {task}" for task in IDS], "x": X, "z": Z, "kind": [f"k{kind}" for kind in KIND]}
Y = LEVELS[IDS] + SLOPES[IDS] * X - 0.3 * Z + RNG.normal(0, 0.1, len(X))


def found(target, *inputs, log=()):
    sheet = read_sheet(table_csv(COLUMNS | {"y": target}))
    plan = Plan.of(sheet, Roles("t", inputs, "y", log), Settings(k_shot=3, folds=2, draws=1, baselines=("pooled",)))
    stages = fit_parts(plan)
    while True:
        try:
            next(stages)
        except StopIteration as end:
            process = end.value[-1].process
            break
    effects = effects_of(plan, process)
    return effects, curves_of(plan, process, effects)


@pytest.fixture(scope="module")
def lines():
    return found(Y, "z", "x")


def test_an_effect_is_the_mean_over_tasks_and_how_much_they_differ(lines):
    z, x = lines[0]
    low, high = np.quantile(X, [0.1, 0.9])
    assert x.effect == pytest.approx(SLOPES.mean() * (high - low), rel=0.05)
    assert x.spread == pytest.approx(SLOPES.std() * (high - low), rel=0.15)
    assert z.effect == pytest.approx(-0.3 * np.diff(np.quantile(Z, [0.1, 0.9])).item(), rel=0.1)
    assert z.spread < 0.2


def test_each_tasks_curve_is_over_the_input_that_matters_most(lines):
    curves = lines[1]
    assert (curves.name, curves.kind, curves.num_tasks, len(curves.tasks)) == ("x", "number", TASKS, TASKS)
    for place, own in enumerate(curves.tasks):
        assert own.task == f"task {place}"
        true = LEVELS[place] + SLOPES[place] * np.array(curves.x) - 0.3 * Z[place == IDS].mean()
        np.testing.assert_allclose(own.y, true, atol=0.5)
        np.testing.assert_allclose(np.sort(own.rows_x), np.sort(X[place == IDS]), rtol=1e-3)
        slope = np.polyfit(own.rows_x, own.rows_y, 1)[0]
        assert slope == pytest.approx(SLOPES[place], abs=0.1)
    np.testing.assert_allclose(np.mean([own.y for own in curves.tasks], axis=0), curves.mean, rtol=1e-3)


def test_curves_of_a_logarithm_that_was_taken_here_are_in_the_targets_own_units():
    target = np.exp(0.5 * X + 0.3 * LEVELS[IDS])
    (x,), curves = found(target, "x")
    assert curves.tasks[3].y[-1] == pytest.approx(np.exp(0.5 * max(curves.x) + 0.3 * LEVELS[3]), rel=0.1)
    low, high = np.quantile(X, [0.1, 0.9])
    true = np.exp(0.3 * LEVELS).mean() * (np.exp(0.5 * high) - np.exp(0.5 * low))
    assert x.effect == pytest.approx(true, rel=0.1)
    (logarithm,), _ = found(target, "x", log=("y",))
    assert logarithm.effect == pytest.approx(0.5 * (high - low), rel=0.05)  # in units of what somebody has asked for


def test_categories_have_places_along_the_axis():
    (kind,), curves = found(Y - 2 * X + np.array([0.0, 5.0, 9.0])[KIND], "kind")
    assert (curves.kind, sorted(curves.categories), curves.x) == ("text", ["k0", "k1", "k2"], (0.0, 1.0, 2.0))
    by_name = dict(zip(curves.categories, curves.mean, strict=True))
    assert by_name["k2"] - by_name["k0"] == pytest.approx(9, abs=0.7)
    assert {kind.low, kind.high} == set(curves.categories[:2])


def test_a_verdict_carries_its_curves_through_json(lines):
    assert Verdict.from_json(small_verdict(curves=lines[1]).to_json()).curves == lines[1]
    assert Verdict.from_json(small_verdict().to_json()).curves is None
