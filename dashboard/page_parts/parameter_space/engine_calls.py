"""Slices of the real network's parameter space; no streamlit, since the engine's own processes import it."""

import jax
import numpy as np

from dashboard.engine_calls.cache import cached
from dashboard.results import AdaptationSlice, TrainingSlice
from maml_engine import Episode, Learner
from maml_engine.analysis.angles import degrees_between
from maml_engine.analysis.loss_slices import Plane, Slice, Walk, adapted_points, loss_slice, plane_through, principal_plane
from maml_engine.core.adapter import Adapter
from maml_engine.core.keys import key_of
from maml_engine.evaluation import sampled

K_SHOT, K_QUERY = 10, 50
GRID = 31  # points a side
ROOM = 0.6  # around what is marked, as a share of its extent


@cached
def adapting(learner: Learner, inner_lr: float, inner_steps: int, seed: int) -> AdaptationSlice:
    """The plane through theta and two tasks' adapted parameters, with the losses of both.

    Args:
      learner: what adapts.
      inner_lr: step size.
      inner_steps: at least one.
      seed: of the two test tasks.

    Raises:
      ValueError: the adapted parameters give no plane, or the method's inner loop carries a state.
    """
    adapter, episode = learner.adapter(inner_lr=inner_lr), _two_tasks(learner, seed)
    points = adapted_points(adapter, episode, inner_steps).astype(np.float64)
    plane = plane_through(np.stack([points[0, 0], points[0, -1], points[1, -1]]))
    paths = np.stack([plane.coordinates(path) for path in points])
    first, second = points[:, -1] - points[:, 0]
    off = max(plane.distance(path).max() for path in points)
    losses = _around(adapter, episode, plane, marked=paths.reshape(-1, 2), inner_steps=inner_steps)
    return AdaptationSlice(losses, paths, float(off), float(degrees_between(first, second)))


@cached
def training(walk: Walk, inner_steps: int, seed: int) -> TrainingSlice:
    """The plane of a training path, with the losses of two test tasks in it.

    Raises:
      ValueError: the path does not move.
    """
    adapter, episode = walk.learner.adapter(), _two_tasks(walk.learner, seed)
    plane, share = principal_plane(walk.path)
    path = plane.coordinates(walk.path)
    losses = _around(adapter, episode, plane, marked=path, inner_steps=inner_steps)
    return TrainingSlice(losses, path, walk.iterations, share)


def _two_tasks(learner: Learner, seed: int) -> Episode:
    """Test tasks in the network's units, as host arrays."""
    episode = sampled(learner.default_tasks.split("test"), key_of(seed), 2, k_shot=K_SHOT, k_query=K_QUERY)
    return learner.scaling.episode(jax.tree.map(np.asarray, episode))


def _around(adapter: Adapter, episode: Episode, plane: Plane, *, marked: np.ndarray, inner_steps: int) -> Slice:
    """Losses over a square window around points `[n, 2]`."""
    low, high = marked.min(axis=0), marked.max(axis=0)
    middle, reach = (low + high) / 2, (0.5 + ROOM) * max(np.max(high - low), 1e-6)
    x, y = (np.linspace(centre - reach, centre + reach, GRID) for centre in middle)
    return loss_slice(adapter, episode, plane, x=x, y=y, inner_steps=inner_steps)
