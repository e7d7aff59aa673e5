"""The numbers of a comparison, against answers from outside."""

import dataclasses

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


def falling(loss, seeds=1):
    """A ranking whose loss after one step goes as `loss`, evaluated at the start and twelve times after it."""
    share = np.linspace(0, 1, 13)
    return ranking_of(np.broadcast_to(loss(share)[:, None, None], (13, seeds, 2)))


@pytest.mark.parametrize(
    ("loss", "fall"),
    [
        (lambda share: np.full(13, 2.0), 0.0),
        (lambda share: np.exp(-2 * share), 1 - np.exp(-1)),  # by hand: over half of it, exp(-2 / 2)
        (lambda share: np.exp(share), 1 - np.exp(0.5)),  # it rises
        (lambda share: np.where(share < 0.5, 9.0, 0.5), 0.0),  # what came before the last half says nothing
    ],
)
def test_a_fall_is_that_of_the_line_through_the_logarithms(loss, fall):
    assert statistics.fall(falling(loss), 1) == pytest.approx(fall, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_one_unlucky_snapshot_does_not_decide(seed):
    noise = np.exp(0.1 * np.random.default_rng(seed).normal(size=13))
    flat, steep = falling(lambda share: 0.6 * noise), falling(lambda share: 3 * np.exp(-1.5 * share) * noise)
    assert statistics.fall(steep, 1) > 0.3
    assert abs(statistics.fall(flat, 1)) < 0.3


def test_too_few_measurements_and_a_diverged_loss_are_no_convergence():
    few = ranking_of(np.ones((3, 1, 2)))
    diverged = falling(lambda share: np.where(share > 0.8, np.inf, 1.0))
    for ranking in (few, diverged):
        assert np.isnan(statistics.fall(ranking, 1))
    row = statistics.table({"oracle": np.ones((4, 2))}, {}, 1)[0]
    assert row.fall is None and row.is_converged
    converged = {fall: dataclasses.replace(row, fall=fall).is_converged for fall in (np.nan, 0.4, 0.05, -0.2)}
    assert list(converged.values()) == [False, False, True, True]


def test_a_flat_curve_has_not_converged_where_it_is_no_better_than_a_guess():
    rng = np.random.default_rng(0)
    guess = rng.exponential(3.0, (50, 2))
    losses = {"maml": guess + rng.normal(0, 0.1, (50, 2)), "reptile": 0.5 * guess, "pretrained": guess, "zero-shot": guess}
    learned = {row.name: row.has_learned for row in statistics.table(losses, {}, 1)}
    assert learned == {"maml": False, "reptile": True, "pretrained": True, "zero-shot": True}
    assert all(row.has_learned for row in statistics.table(losses, {}, 0))  # before any step nobody has seen a point
    row = statistics.table(losses, {}, 1)[0]
    assert not dataclasses.replace(row, fall=0.0, has_learned=False).is_converged
