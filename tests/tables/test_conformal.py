"""Intervals on errors whose distribution is known."""

import numpy as np
import pytest

from maml_engine.tables.conformal import Residuals, calibrate, coverage

SHOTS = (2, 5)


def parts(rng, scale=lambda variance: np.sqrt(variance + 0.04), count=5, tasks=40, rows=20):
    """Errors that are Gaussian with the scale that `scale` makes of the members' variance; half as wide at five shots."""

    def part(first):
        variance = rng.uniform(0.01, 1.0, (len(SHOTS), 3, tasks, rows))
        wrong = np.abs(rng.normal(0, scale(variance)))
        wrong[1] /= 2
        return Residuals(SHOTS, np.arange(first, first + tasks), wrong, variance, np.ones(wrong.shape, bool))

    return [part(place * tasks) for place in range(count)]


def test_widths_are_the_normal_quantile_where_the_scale_is_right():
    found = calibrate(parts(np.random.default_rng(0)), 0.9)
    assert found.half(np.array(0.5), 2) == pytest.approx(1.645 * np.sqrt(0.54), rel=0.06)
    assert found.half(np.array(0.5), 5) == pytest.approx(found.half(np.array(0.5), 2) / 2, rel=0.06)


def test_the_floor_is_large_where_the_members_know_nothing():
    rng = np.random.default_rng(0)
    knowing = calibrate(parts(rng, np.sqrt), 0.9).floors[2]
    ignorant = calibrate(parts(rng, lambda variance: np.ones_like(variance)), 0.9).floors[2]
    assert knowing < 0.2 < 1 < ignorant


@pytest.mark.parametrize("nominal", [0.5, 0.8, 0.9])
def test_coverage_on_unseen_parts_is_nominal(nominal):
    assert coverage(parts(np.random.default_rng(1)), 2, nominal) == pytest.approx(nominal, abs=0.01)


def test_a_part_is_not_judged_by_its_own_errors():
    """One part's errors are ten times as large: calibrated on the others, hardly any of its rows are inside."""
    five = parts(np.random.default_rng(2))
    strange = five[0]._replace(wrong=five[0].wrong * 10)
    inside = np.mean(strange.wrong[0] <= calibrate(five[1:], 0.9).half(strange.variance[0], 2))
    assert inside < 0.2
    alike = coverage([strange, strange._replace(tasks=strange.tasks + 1000)], 2, 0.9)
    assert alike == pytest.approx(0.9, abs=0.01)  # a part as strange knows how wide it must be
    assert coverage([strange, five[1]], 2, 0.9) == pytest.approx((inside + 1.0) / 2, abs=0.03)


def test_rows_that_do_not_count_change_nothing():
    five = parts(np.random.default_rng(3))
    query = np.random.default_rng(4).random(five[0].query.shape) < 0.5
    noisy = [part._replace(query=query, wrong=np.where(query, part.wrong, 1e6)) for part in five]
    clean = [part._replace(query=query) for part in five]
    assert calibrate(noisy, 0.9) == calibrate(clean, 0.9)
