"""Planes in a real network's parameter space: geometry by hand, losses against the engine's own, one point at a time."""

from pathlib import Path

import jax
import numpy as np
import pytest

from maml_engine import Experiment, Learner, Sinusoid
from maml_engine.analysis import loss_slices

SHIPPED = Path(loss_slices.__file__).resolve().parents[1] / "pretrained" / "sinusoid_maml"
STEPS = 3


@pytest.fixture(scope="module")
def learner():
    return Learner.load(SHIPPED)


@pytest.fixture(scope="module")
def episode():
    return jax.tree.map(np.asarray, Sinusoid().split("test").sample(jax.random.key(3), 2, 5, 40))


def test_a_plane_through_three_points_holds_them():
    points = np.random.default_rng(0).normal(size=(3, 50))
    plane = loss_slices.plane_through(points)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-12)
    coordinates = plane.coordinates(points)
    np.testing.assert_allclose(plane.origin + coordinates @ plane.axes, points, atol=1e-12)
    np.testing.assert_allclose(coordinates[:2, 1], 0, atol=1e-12)
    np.testing.assert_allclose(plane.distance(points), 0, atol=1e-12)
    off = points[0] + 2.5 * np.linalg.svd(plane.axes)[2][-1]
    assert plane.distance(off[None])[0] == pytest.approx(2.5)


@pytest.mark.parametrize("points", [np.zeros((3, 5)), np.outer([0, 1, 2], np.ones(5)), np.full((3, 5), np.nan)])
def test_no_plane_goes_through_points_on_a_line(points):
    with pytest.raises(ValueError, match="not on a line"):
        loss_slices.plane_through(points)


def test_a_flat_path_lies_in_its_principal_plane():
    rng = np.random.default_rng(1)
    axes = np.linalg.qr(rng.normal(size=(30, 2)))[0].T
    inside = np.stack([np.linspace(0, 5, 20), np.sin(np.linspace(0, 3, 20))], axis=-1)
    path = rng.normal(size=30) + inside @ axes
    plane, share = loss_slices.principal_plane(path)
    assert share.sum() == pytest.approx(1)
    assert share[0] > share[1] > 0
    np.testing.assert_allclose(plane.distance(path), 0, atol=1e-12)
    ends = plane.coordinates(path[[0, -1]])
    np.testing.assert_allclose(ends[1], 0, atol=1e-12)
    assert ends[0, 0] < 0  # the path has gone along the axis
    with pytest.raises(ValueError, match="at least three points"):
        loss_slices.principal_plane(path[:2])


def test_losses_on_the_grid_are_the_engines_at_each_point(learner, episode):
    adapter = learner.adapter()
    paths = loss_slices.adapted_points(adapter, episode, STEPS)
    np.testing.assert_allclose(paths[:, 0], np.broadcast_to(loss_slices.flat(learner), paths[:, 0].shape), rtol=1e-6)
    plane = loss_slices.plane_through(np.stack([paths[0, 0], paths[0, -1], paths[1, -1]]))
    ends = plane.coordinates(paths[:, -1])
    cut = loss_slices.loss_slice(
        adapter, episode, plane, x=[0.0, ends[0, 0], ends[1, 0]], y=[0.0, ends[1, 1]], inner_steps=STEPS
    )
    assert cut.before.shape == cut.after.shape == (2, 2, 3)
    for task in range(2):
        support, query = ([np.asarray(leaf[task]) for leaf in batch[:2]] for batch in episode)
        adapted = learner.adapt(*support, inner_steps=STEPS)
        after = np.mean((adapted(query[0]) - query[1]) ** 2)
        before = np.mean((learner.adapt(*support, inner_steps=0)(query[0]) - query[1]) ** 2)
        assert cut.before[task, 0, 0] == pytest.approx(before, rel=1e-4)
        assert cut.after[task, 0, 0] == pytest.approx(after, rel=1e-4)
        # The point where this task's steps end, not adapted any further: the same loss.
        row, column = (0, 1) if task == 0 else (1, 2)
        assert cut.before[task, row, column] == pytest.approx(after, rel=1e-3)


def test_without_steps_nothing_adapts(learner, episode):
    plane = loss_slices.Plane(loss_slices.flat(learner).astype(float), np.eye(2, loss_slices.flat(learner).size))
    cut = loss_slices.loss_slice(learner.adapter(), episode, plane, x=[0.0, 0.1], y=[0.0], inner_steps=0)
    np.testing.assert_allclose(cut.before, cut.after, rtol=1e-5)


def test_a_walk_begins_at_the_start_and_ends_with_training():
    experiment = Experiment(num_iterations=60, meta_batch_size=4, k_shot=3, hidden_dim=8)
    walks = list(loss_slices.walk(experiment))
    last = walks[-1]
    assert last.done
    assert not walks[0].done
    assert len(last.path) == len(last.iterations) > 50
    assert (last.iterations[0], last.iterations[-1]) == (0, 60)
    np.testing.assert_array_equal(last.path[0], loss_slices.flat(Learner.untrained(experiment)))
    np.testing.assert_array_equal(last.path[-1], loss_slices.flat(last.learner))
    assert np.linalg.norm(last.path[-1] - last.path[0]) > 0.01
