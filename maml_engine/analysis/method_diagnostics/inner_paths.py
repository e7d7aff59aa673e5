"""Where the inner loop walks: against the straight line that Reptile learns from, and how far each layer moves."""

from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
from jax.flatten_util import ravel_pytree

from maml_engine.analysis.compiled_steps import MAX_STEPS
from maml_engine.analysis.layers import layer_places
from maml_engine.core.adapter import Adapter
from maml_engine.core.episode import Batch
from maml_engine.core.inner_loop import adapted_path


@dataclass(frozen=True, eq=False)
class PathAgainstChord:
    """Inner paths in the plane of their own chord and of where they leave it furthest.

    along: `[tasks, steps + 1]`, along the chord in units of its length: 0 is the start, 1 the end.
    across: `[tasks, steps + 1]`, at a right angle to it, in the same units.
    chord: `[tasks]`, length of the chord.
    detour: `[tasks]`, length of the path over that of the chord, at least 1.
    """

    along: np.ndarray
    across: np.ndarray
    chord: np.ndarray
    detour: np.ndarray


def path_against_chord(adapter: Adapter, support: Batch, inner_steps: int) -> PathAgainstChord:
    """Compares inner paths with the straight line from start to end.

    Args:
      adapter: walks.
      support: tasks on a leading axis `[tasks]`; those whose path overflows are left out.
      inner_steps: length of the paths.
    """
    paths = _paths(adapter, support, inner_steps)  # [tasks, steps + 1, params]
    return _in_plane(paths[np.isfinite(paths).all(axis=(1, 2))])


def _in_plane(paths: np.ndarray) -> PathAgainstChord:
    moved = paths - paths[:, :1]
    chord = np.linalg.norm(moved[:, -1], axis=-1)
    length = np.where(chord > 0, chord, 1.0)[:, None]
    direction = moved[:, -1] / length
    along = np.einsum("tkp,tp->tk", moved, direction)
    aside = moved - along[..., None] * direction[:, None]
    furthest = aside[np.arange(len(aside)), np.argmax(np.linalg.norm(aside, axis=-1), axis=1)]
    size = np.linalg.norm(furthest, axis=-1, keepdims=True)
    across = np.einsum("tkp,tp->tk", aside, furthest / np.where(size > 0, size, 1.0))
    walked = np.linalg.norm(np.diff(paths, axis=1), axis=-1).sum(axis=1)
    return PathAgainstChord(along / length, across / length, chord, walked / length[:, 0])


@dataclass(frozen=True, eq=False)
class LayerChange:
    """How far adapting moves each layer.

    layers: their names.
    change: `[tasks, layers]`, norm of what adapting changed over the norm before.
    """

    layers: tuple[str, ...]
    change: np.ndarray


def layer_change(adapter: Adapter, support: Batch, inner_steps: int) -> LayerChange:
    """Measures how far each layer moves, relative to its own size: with ANIL and BOIL, some do not.

    Args:
      adapter: adapts.
      support: tasks on a leading axis `[tasks]`.
      inner_steps: how many steps it takes.
    """
    places = layer_places(adapter.meta.init)
    paths = _paths(adapter, support, inner_steps)
    columns = []
    for own in places.values():
        before = np.linalg.norm(paths[:, 0, own], axis=-1)
        moved = np.linalg.norm(paths[:, -1, own] - paths[:, 0, own], axis=-1)
        columns.append(moved / np.where(before > 0, before, np.nan) if np.any(before > 0) else moved)
    return LayerChange(tuple(places), np.stack(columns, axis=1))


def _paths(adapter: Adapter, support: Batch, inner_steps: int) -> np.ndarray:
    """`_flat_paths` in 64 bits; up to `MAX_STEPS`, all numbers of steps share one compiled program."""
    paths = _flat_paths(adapter, support, inner_steps=max(MAX_STEPS, inner_steps))
    return np.asarray(paths)[:, : inner_steps + 1].astype(np.float64)


@partial(jax.jit, static_argnames="inner_steps")
def _flat_paths(adapter: Adapter, support: Batch, *, inner_steps: int) -> jax.Array:
    """Each task's theta_0 .. theta_K as vectors, `[tasks, inner_steps + 1, params]`."""

    def one_task(support: Batch) -> jax.Array:
        path = adapted_path(adapter, support, inner_steps)
        return jax.vmap(lambda params: ravel_pytree(params)[0])(path)

    return jax.vmap(one_task)(support)
