"""The frontier of divergence, where it is known: a linear model on squared error diverges where |1 - alpha lambda_max| > 1."""

import jax
import numpy as np
import pytest

from maml_engine import Batch, Episode, Experiment, Learner
from maml_engine.analysis.divergence import Frontier, find_frontier, predictions_at

STEPS = 10


@pytest.fixture(scope="module")
def linear():
    """A linear model w x + b on lines, and five tasks of six points whose queries are the support."""
    learner = Learner.untrained(Experiment(tasks="lines", model="mlp", num_layers=0))
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, (5, 6, 1)).astype(np.float32)
    y = (rng.normal(size=(5, 1, 1)) * x + rng.normal(size=(5, 1, 1))).astype(np.float32)
    return learner, Episode(Batch(x, y), Batch(x, y))


def largest_curvature(x):
    """Of the mean squared error in (w, b), for each task."""
    rows = np.concatenate([x, np.ones_like(x)], axis=-1).astype(np.float64)
    return np.array([np.linalg.eigvalsh(2 * row.T @ row / len(row))[-1] for row in rows])


def by_hand(learner, x, y, inner_lr):
    """Losses along gradient descent in float64, `[steps + 1]`."""
    layer = learner.network.merge(learner.meta.init).layers[0]
    theta = np.array([layer.kernel[...][0, 0], layer.bias[...][0]], np.float64)
    rows = np.concatenate([x, np.ones_like(x)], axis=-1).astype(np.float64)
    losses = []
    for _ in range(STEPS + 1):
        error = rows @ theta - y[:, 0]
        losses.append(np.mean(error**2))
        theta = theta - inner_lr * 2 * rows.T @ error / len(error)
    return np.array(losses)


def test_it_diverges_exactly_beyond_two_over_the_largest_curvature(linear):
    learner, episode = linear
    for task, curvature in enumerate(largest_curvature(episode.support.x)):
        one = Episode(*(Batch(batch.x[task : task + 1], batch.y[task : task + 1]) for batch in episode))
        found = find_frontier(learner, one, [0.8 * 2 / curvature, 0.97 * 2 / curvature, 1.2 * 2 / curvature], 40)
        growth = np.diff(found.support_loss[:, 0], axis=1)
        assert (growth[:2] <= 1e-5).all()  # falls, step by step
        assert growth[2, -10:].min() > 0  # grows in the end: the steepest direction has taken over
        assert not found.diverged()[:2].any()
        assert found.diverged()[2, -1]
        assert found.first_diverged()[-1] == 2


def test_losses_are_those_of_plain_gradient_descent(linear):
    learner, episode = linear
    sizes = [0.01, 0.1, 0.4]
    found = find_frontier(learner, episode, sizes, STEPS)
    expected = np.array([[by_hand(learner, x, y, size) for x, y in zip(*episode.support[:2], strict=True)] for size in sizes])
    np.testing.assert_allclose(found.query_loss, expected, rtol=2e-4, atol=1e-6)  # float32 against float64
    np.testing.assert_allclose(found.support_loss, found.query_loss, rtol=1e-6)


def test_a_size_and_its_scaled_learner_agree(linear):
    learner, episode = linear
    path = predictions_at(learner, episode.support, episode.query.x, inner_lr=0.1, inner_steps=STEPS)
    found = find_frontier(learner, episode, [0.1], STEPS)
    loss = np.square(path - episode.query.y[:, None]).mean(axis=(2, 3))
    np.testing.assert_allclose(found.query_loss[0], loss, rtol=1e-5, atol=1e-7)


def test_learned_step_sizes_are_scaled_together():
    """At the learner's own size it takes its own steps."""
    learner = Learner.untrained(Experiment(method="metasgd", inner_lr=0.02, hidden_dim=8))
    learner = learner.replace(meta=learner.meta._replace(rule=_doubled(learner.meta.rule)))
    episode = learner.default_tasks.sample(_key(), 4, 5, 7)
    found = find_frontier(learner, episode, [0.02, 0.04], 3)
    path = np.asarray(learner.path_predictions(episode.support, episode.query.x, 3))
    np.testing.assert_allclose(
        found.query_loss[0], np.square(path - np.asarray(episode.query.y)[:, None]).mean(axis=(2, 3)), rtol=1e-5
    )
    plain = learner.replace(experiment=Experiment(inner_lr=0.08, hidden_dim=8), meta=learner.meta._replace(rule=()))
    assert found.query_loss[1] == pytest.approx(find_frontier(plain, episode, [0.08], 3).query_loss[0], rel=1e-4)


def test_padding_does_not_count(linear):
    learner, episode = linear
    x, y = (np.concatenate([part, np.full((5, 4, 1), 9.0, np.float32)], axis=1) for part in episode.support[:2])
    weight = np.broadcast_to(np.arange(10) < 6, (5, 10)).astype(np.float32)
    padded = find_frontier(learner, Episode(Batch(x, y, weight), episode.query), [0.05], 3)
    full = find_frontier(learner, episode, [0.05], 3)
    np.testing.assert_allclose(padded.query_loss, full.query_loss, rtol=1e-5)
    np.testing.assert_allclose(padded.support_loss, full.support_loss, rtol=1e-5)


def test_summaries_and_their_frontier():
    """Four tasks of which one overflows: the mean diverges, the median does not."""
    loss = np.ones((2, 4, 3))
    loss[:, :, 1:] = 0.5
    loss[1, 0, 2] = np.inf
    loss[1, 1, 1] = 7.0
    found = Frontier(np.array([0.1, 0.2]), loss, loss)
    assert found.summary().tolist() == [[1, 0.5, 0.5], [1, 2.125, np.inf]]
    assert found.summary(0.5).tolist() == [[1, 0.5, 0.5]] * 2
    assert found.first_diverged().tolist() == [2, 1, 1]
    assert found.first_diverged(0.5).tolist() == [2, 2, 2]
    assert found.summary(0.9)[1].tolist() == [1, 7.0, np.inf]
    assert found.share_worse()[1].tolist() == [0, 0.25, 0.25]


@pytest.mark.parametrize(("sizes", "steps", "name"), [([], 1, "inner_lrs"), ([0.0], 1, "inner_lr"), ([0.1], -1, "inner_steps")])
def test_what_cannot_work_is_refused(linear, sizes, steps, name):
    with pytest.raises(ValueError, match=f"`{name}`"):
        find_frontier(*linear, sizes, steps)


def _doubled(tree):
    return jax.tree.map(lambda leaf: 2 * leaf, tree)


def _key():
    return jax.random.key(3)
