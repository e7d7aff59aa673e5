"""Slices of a real network's parameter space: planes in which the losses of its tasks can be drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
from jax.flatten_util import ravel_pytree

from maml_engine.analysis.compiled_steps import with_room_for
from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.inner_loop import adapted_path
from maml_engine.experiment import Experiment
from maml_engine.learner import Learner
from maml_engine.training import Report, train


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane in parameter space, with coordinates in units of parameters.

    origin: `[params]`, where the coordinates are 0.
    axes: `[2, params]`, orthonormal.
    """

    origin: np.ndarray
    axes: np.ndarray

    def coordinates(self, points: np.ndarray) -> np.ndarray:
        """The coordinates `[n, 2]` of what in the plane is nearest to `points` `[n, params]`."""
        return (np.asarray(points, np.float64) - self.origin) @ self.axes.T

    def distance(self, points: np.ndarray) -> np.ndarray:
        """How far off the plane `points` `[n, params]` lie, `[n]`."""
        offset = np.asarray(points, np.float64) - self.origin
        return np.linalg.norm(offset - (offset @ self.axes.T) @ self.axes, axis=-1)


@dataclass(frozen=True, eq=False)
class Slice:
    """Losses over a grid of a plane.

    x: `[columns]`, coordinates along the plane's first axis.
    y: `[rows]`, along its second.
    before: `[tasks, rows, columns]`, query losses without adapting.
    after: `[tasks, rows, columns]`, query losses after adapting from each point.
    """

    x: np.ndarray
    y: np.ndarray
    before: np.ndarray
    after: np.ndarray


@dataclass(frozen=True, eq=False)
class Walk:
    """Where theta has been in training so far.

    path: `[n, params]`, theta at each report, the start first.
    iterations: `[n]`, meta-iterations made by then.
    iteration: the latest of them.
    done: whether this is the run's last report.
    learner: what has been trained so far.
    """

    path: np.ndarray
    iterations: np.ndarray
    iteration: int
    done: bool
    learner: Learner


def plane_through(points: np.ndarray) -> Plane:
    """The plane through three points.

    Args:
      points: `[3, params]`; the first is the origin, the second lies on the x axis.

    Raises:
      ValueError: the points lie on a line, or are not finite.
    """
    points = np.asarray(points, np.float64)
    first, second = points[1] - points[0], points[2] - points[0]
    length = np.linalg.norm(first)
    x_axis = first / length if length > 0 else first
    rest = second - (second @ x_axis) * x_axis
    if not (np.isfinite(points).all() and length > 0 and np.linalg.norm(rest) > 1e-9 * length):
        raise ValueError("`points` must be three finite points that are not on a line: take more inner steps, or other tasks.")
    return Plane(points[0], np.stack([x_axis, rest / np.linalg.norm(rest)]))


def principal_plane(path: np.ndarray) -> tuple[Plane, np.ndarray]:
    """The plane in which a path varies most.

    Args:
      path: `[n, params]`.

    Returns:
      The plane, with the path's last point as origin and axes in the direction that the path has gone; and the share of the
      path's variance along each axis, `[2]`.

    Raises:
      ValueError: fewer than three points, or a path that does not move.
    """
    path = np.asarray(path, np.float64)
    if len(path) < 3 or not np.ptp(path, axis=0).any():
        raise ValueError(f"`path` must be at least three points that differ, got {len(path)}.")
    _, singular, axes = np.linalg.svd(path - path.mean(axis=0), full_matrices=False)
    axes = axes[:2] * np.where((path[-1] - path[0]) @ axes[:2].T < 0, -1.0, 1.0)[:, None]
    return Plane(path[-1], axes), singular[:2] ** 2 / np.sum(singular**2)


def adapted_points(adapter: Adapter, episode: Episode, inner_steps: int) -> np.ndarray:
    """The inner path of each task.

    Args:
      adapter: the method and the meta-parameters to start from.
      episode: tasks on a leading axis `[tasks]`.
      inner_steps: up to `MAX_STEPS`, all numbers share one compiled program.

    Returns:
      `[tasks, inner_steps + 1, params]`, in the order of `jax.tree.leaves(meta.init)`.
    """
    adapter = with_room_for(adapter, inner_steps)
    return np.asarray(_paths(adapter, episode.support))[:, : inner_steps + 1]


def flat(learner: Learner) -> np.ndarray:
    """A learner's theta as one vector `[params]`, in the order of `jax.tree.leaves(meta.init)`."""
    return np.asarray(ravel_pytree(learner.meta.init)[0])


def loss_slice(
    adapter: Adapter,
    episode: Episode,
    plane: Plane,
    *,
    x: Sequence[float] | np.ndarray,
    y: Sequence[float] | np.ndarray,
    inner_steps: int,
) -> Slice:
    """The losses of every task at every point of a grid, without adapting and after adapting from there.

    Args:
      adapter: the method; the grid replaces its initialisation.
      episode: tasks on a leading axis `[tasks]`.
      plane: in which the grid lies.
      x: `[columns]`, coordinates along the plane's first axis.
      y: `[rows]`, along its second.
      inner_steps: up to `MAX_STEPS`, all numbers share one compiled program.
    """
    check_number("inner_steps", inner_steps, low=0, integer=True)
    adapter = with_room_for(adapter, inner_steps)
    columns, rows = np.asarray(x), np.asarray(y)
    origin, axes = plane.origin.astype(adapter.dtype), plane.axes.astype(adapter.dtype)
    losses = _losses(adapter, episode, origin, axes, x=columns, y=rows, inner_steps=inner_steps)
    before, after = (np.asarray(part).transpose(2, 0, 1) for part in losses)
    return Slice(columns, rows, before, after)


def walk(experiment: Experiment) -> Iterator[Walk]:
    """Trains, and keeps where theta was at every report: fifty times or more.

    Args:
      experiment: the run.

    Yields:
      The path so far, longer at every report.

    Raises:
      Diverged: the meta-loss is no number any more.
      ValueError: the experiment cannot be run.
    """
    path, iterations = [flat(Learner.untrained(experiment))], [0]
    for report in train(experiment):
        path.append(flat(report.learner))
        iterations.append(report.iteration)
        yield _walk(path, iterations, report)


def _walk(path: list[np.ndarray], iterations: list[int], report: Report) -> Walk:
    return Walk(np.stack(path), np.array(iterations), report.iteration, report.done, report.learner)


@jax.jit
def _paths(adapter: Adapter, support: Batch) -> jax.Array:
    def one_task(support: Batch) -> jax.Array:
        path = adapted_path(adapter, support, adapter.method.inner_steps)
        return jax.vmap(lambda params: ravel_pytree(params)[0])(path)

    return jax.vmap(one_task)(support)


@jax.jit
def _losses(
    adapter: Adapter,
    episode: Episode,
    origin: jax.Array,
    axes: jax.Array,
    *,
    x: jax.Array,
    y: jax.Array,
    inner_steps: jax.Array,
) -> tuple[jax.Array, jax.Array]:
    """Query losses before and after adapting, `[rows, columns, tasks]` each."""
    _, unravel = ravel_pytree(adapter.meta.init)
    loss = adapter.task_loss()

    def one_task(params, support: Batch, query: Batch) -> tuple[jax.Array, jax.Array]:
        begun = adapter.replace(meta=MetaParams(params, adapter.meta.rule))
        path = adapted_path(begun, support, adapter.method.inner_steps)
        return loss(params, (), query), loss(jax.tree.map(lambda leaf: leaf[inner_steps], path), (), query)

    def at(x: jax.Array, y: jax.Array):
        return jax.vmap(partial(one_task, unravel(origin + x * axes[0] + y * axes[1])))(*episode)

    # A row at a time: what it needs stays in the cache.
    return jax.lax.map(lambda y: jax.vmap(at, (0, None))(x, y), y)
