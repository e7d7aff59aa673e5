"""What a run shows of itself stays small."""

import numpy as np

from dashboard.jobs import History


def test_a_history_stays_small_and_keeps_its_means():
    history, losses = History(most_points=100), np.random.default_rng(0).random(12_800)
    for part in np.split(losses, 128):
        history.extend(part)
    rows = history.array()
    assert 50 <= len(rows) < 100
    assert np.all(np.diff(rows[:, 0]) == history.stride)
    np.testing.assert_allclose(rows[:, 2], losses.reshape(-1, history.stride).mean(axis=1)[: len(rows)], rtol=1e-9)
    np.testing.assert_array_equal(rows[:, 1], losses[rows[:, 0].astype(int) - 1])
