"""The numbers of a comparison, against answers from outside."""

import numpy as np
import pytest
from scipy import stats

from dashboard.page_parts.compare import statistics
from maml_engine import Experiment
from maml_engine.analysis.comparison import Ranking

SMALL = Experiment(hidden_dim=8, meta_batch_size=4, k_shot=5, k_query=5)


def ranking_of(curves: np.ndarray) -> Ranking:
    points = np.arange(len(curves))
    return Ranking((SMALL,), (), points * 10, points * 100, points * 0.5, curves, np.zeros((1, 3, 2)))


def test_a_band_is_the_mean_and_the_range_of_the_seeds():
    curves = np.array([[[9.0, 4.0], [9.0, 2.0]], [[9.0, 1.0], [9.0, 3.0]]])  # points, seeds, steps
    band = statistics.band(ranking_of(curves), "gradients", 1)
    np.testing.assert_array_equal(band.x, [0, 100])
    np.testing.assert_array_equal(band.mean, [3, 2])
    np.testing.assert_array_equal(band.low, [2, 1])
    np.testing.assert_array_equal(band.high, [4, 3])


def test_paired_differences_are_those_of_the_paired_t_test():
    rng = np.random.default_rng(0)
    hard = rng.exponential(3.0, 50)  # what makes a task hard for everybody
    losses = {
        name: (hard + rng.normal(shift, 0.1, 50))[:, None] for name, shift in (("maml", 0.0), ("anil", 0.2), ("boil", -0.2))
    }
    boil, anil = statistics.differences(losses, "maml", 0)
    test = stats.ttest_rel(losses["anil"][:, 0], losses["maml"][:, 0]).confidence_interval()
    assert (anil.low, anil.high) == pytest.approx((test.low, test.high), rel=1e-6)
    assert (boil.verdict, anil.verdict) == ("better", "worse")
    assert anil.unpaired > 5 * anil.half


def test_the_table_is_sorted_and_what_diverged_comes_last():
    losses = {"maml": np.full((4, 2), 2.0), "boil": np.full((4, 2), np.nan), "oracle": np.full((4, 2), 0.1)}
    rows = statistics.table(losses, {}, 1)
    assert [row.name for row in rows] == ["oracle", "maml", "boil"]
    assert (rows[1].mean, rows[1].low, rows[1].high) == (2.0, 2.0, 2.0)
    assert rows[1].adapted is None
