"""Planes through the real network's parameters, with the loss measured at every point: round theta, and along its training."""

import jax
import numpy as np
import streamlit as st

from dashboard.engine_calls.cache import cached
from dashboard.figures import slices as figures
from dashboard.results import AdaptationSlice, TrainingSlice
from dashboard.widgets import page
from maml_engine import Episode, Learner
from maml_engine.analysis.loss_slices import (
    Plane,
    Slice,
    Walk,
    adapted_points,
    loss_slice,
    plane_through,
    principal_plane,
)
from maml_engine.core.adapter import Adapter

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
    cosine = first @ second / (np.linalg.norm(first) * np.linalg.norm(second))
    off = max(plane.distance(path).max() for path in points)
    angle = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    losses = _around(adapter, episode, plane, marked=paths.reshape(-1, 2), inner_steps=inner_steps)
    return AdaptationSlice(losses, paths, float(off), angle)


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


def show_adapting(adapting: AdaptationSlice, what: str, *, surface: bool) -> None:
    """The plane round theta, with one of the losses as contours or as a surface."""
    steps, how = adapting.paths.shape[1] - 1, "a surface" if surface else "contours"
    lengths = [float(np.linalg.norm(path[-1])) for path in adapting.paths]
    alt = (
        f"A plane through theta and the parameters adapted to two tasks in {steps} steps, {lengths[0]:.3f} and "
        f"{lengths[1]:.3f} away, {adapting.angle:.0f} degrees apart; losses as {how}."
    )
    picture, side = st.columns([5, 2], gap="medium", vertical_alignment="center")
    with picture:
        page.chart(figures.adapting_figure(adapting, what, surface=surface), "slice", alt)
    side.metric("From θ to θ′₁, to θ′₂", f"{lengths[0]:.3f}, {lengths[1]:.3f}", help="Distances in parameter space.")
    side.metric("Angle between them", f"{adapting.angle:.0f}°", help="90°: nothing in common. 0°: the same way.")
    side.metric("Farthest off the plane", f"{adapting.off:.3f}", help="The steps in between need not lie in it.")


def show_training(training: TrainingSlice, what: str, *, surface: bool) -> None:
    """The plane of the training path, with one of the losses."""
    first, second = training.share
    alt = (
        f"Theta's path over {training.iterations[-1]:,} meta-iterations in its two main directions, which hold "
        f"{first + second:.0%} of its variance."
    )
    picture, side = st.columns([5, 2], gap="medium", vertical_alignment="center")
    with picture:
        page.chart(figures.training_figure(training, what, surface=surface), "training_path", alt)
    side.metric("Of the path's variance", f"{first:.0%}, {second:.0%}", help="Held by the direction along, and across.")
    side.metric("From start to end", f"{np.linalg.norm(training.path[0]):.2f}", help="Distance in this plane.")
    side.caption("The losses are those of the two tasks above. ")


def _two_tasks(learner: Learner, seed: int) -> Episode:
    """Test tasks in the network's units, as host arrays."""
    episode = learner.default_tasks.split("test").sample(jax.random.key(seed), 2, K_SHOT, K_QUERY)
    return jax.tree.map(np.asarray, Episode(*(learner.scaling.batch(batch) for batch in episode)))


def _around(adapter: Adapter, episode: Episode, plane: Plane, *, marked: np.ndarray, inner_steps: int) -> Slice:
    """Losses over a square window around points `[n, 2]`."""
    low, high = marked.min(axis=0), marked.max(axis=0)
    middle, reach = (low + high) / 2, (0.5 + ROOM) * max(np.max(high - low), 1e-6)
    x, y = (np.linspace(centre - reach, centre + reach, GRID) for centre in middle)
    return loss_slice(adapter, episode, plane, x=x, y=y, inner_steps=inner_steps)
