"""How two runs compare at equal iterations and at equal seconds."""

import numpy as np
import pytest

from dashboard.jobs import RUNNING, Snapshot
from dashboard.page_parts.gradients.race import Race
from maml_engine import Experiment


def test_a_race_is_the_runs_held_out_loss_after_its_own_steps():
    snapshot = Snapshot(
        Experiment(inner_steps=2),
        RUNNING,
        iteration=200,
        seconds=4.0,
        curve_iterations=np.array([0, 100, 200]),
        curves=np.array([[9.0, 8.0, 7.0], [6.0, 5.0, 4.0], [3.0, 2.0, 1.0]]),
    )
    race = Race.of(snapshot)
    np.testing.assert_array_equal(race.iterations, [0, 100, 200])
    np.testing.assert_allclose(race.seconds, [0, 2, 4])
    np.testing.assert_array_equal(race.loss, [7, 4, 1])
    assert race.at(150, "iterations") == pytest.approx(2.5)
    assert race.at(1, "seconds") == pytest.approx(5.5)


def test_a_run_that_has_not_begun_has_no_loss():
    race = Race.of(Snapshot(Experiment(), RUNNING))
    assert len(race.loss) == 0
    assert np.isnan(race.at(10, "iterations"))
