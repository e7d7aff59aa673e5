"""What is peculiar to each method, as numbers: its learned steps, its path, its gradient, its context."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.flatten_util import ravel_pytree

from maml_engine.analysis.gradients import compare_gradients
from maml_engine.core.adapter import Adapter, partition
from maml_engine.core.conjugate_gradients import conjugate_gradients
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.inner_loop import adapted_path
from maml_engine.learner import Learner
from maml_engine.methods import IMAML

PyTree = Any


# Meta-SGD: a step size for every parameter.


@dataclass(frozen=True, eq=False)
class StepField:
    """Learned step sizes, layer by layer.

    layers: names. sizes: for each `[in (+ 1 for the bias, last), out]`.
    """

    layers: tuple[str, ...]
    sizes: tuple[np.ndarray, ...]

    @property
    def negative(self) -> float:
        """The share of the step sizes below 0, which climb where MAML descends."""
        flat = np.concatenate([field.ravel() for field in self.sizes])
        return float(np.mean(flat < 0))


def step_field(learner: Learner) -> StepField:
    """The rule of a Meta-SGD learner as one table a layer.

    Raises:
      ValueError: the method has learned no step size for every parameter.
    """
    rule = learner.meta.rule
    if jax.tree.structure(rule) != jax.tree.structure(partition(learner.method, learner.meta.init)[0]):
        raise ValueError(f"`learner` must have a step size for each parameter, got one of {learner.experiment.method!r}.")
    tables: dict[str, dict[str, np.ndarray]] = {}
    for layer, name, leaf in _named(rule):
        tables.setdefault(layer, {})[name] = np.atleast_2d(leaf)
    sizes = [np.concatenate([leaves[name] for name in sorted(leaves, key="bias".__eq__)]) for leaves in tables.values()]
    return StepField(tuple(tables), tuple(sizes))


# Reptile: where it walks, and the straight line that it learns from.


@dataclass(frozen=True, eq=False)
class PathAgainstChord:
    """Inner paths in the plane of their own chord and of where they leave it furthest.

    along, across: `[tasks, steps + 1]`, in units of the chord's length: (0, 0) is the start, (1, 0) the end.
    chord: `[tasks]`, its length. detour: `[tasks]`, length of the path over that of the chord, at least 1.
    """

    along: np.ndarray
    across: np.ndarray
    chord: np.ndarray
    detour: np.ndarray


def path_against_chord(adapter: Adapter, support: Batch, inner_steps: int) -> PathAgainstChord:
    """The paths that `adapter` walks on tasks with a leading axis `[tasks]`, against the straight line from start to end.

    Tasks whose path overflowed are left out.
    """
    paths = np.asarray(_flat_paths(adapter, support, inner_steps=inner_steps), np.float64)  # [tasks, steps + 1, params]
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


# MAML++: what counts when, and how far each step goes.


@dataclass(frozen=True, eq=False)
class PlusPlusLook:
    """What MAML++ schedules and learns.

    iterations: `[n]`. weights: `[n, inner_steps + 1]`, of the query losses.
    arrays: names. step_sizes: `[arrays, inner_steps]`.
    """

    iterations: np.ndarray
    weights: np.ndarray
    arrays: tuple[str, ...]
    step_sizes: np.ndarray


def plus_plus_look(learner: Learner, num_iterations: int, points: int = 60) -> PlusPlusLook:
    """The weights of the steps' losses over a run, and the step sizes learned so far."""
    method = learner.method
    iterations = np.unique(np.linspace(0, num_iterations, points).astype(int))
    last_alone = np.eye(method.inner_steps + 1)[-1]
    weights = [method.step_weights(int(iteration)) for iteration in iterations]
    weights = np.stack([last_alone if row is None else np.asarray(row) for row in weights])
    named = _named(learner.meta.rule.step_sizes)
    sizes = np.stack([leaf for *_, leaf in named]) if named else np.zeros((0, method.inner_steps))
    return PlusPlusLook(iterations, weights, tuple(f"{layer}.{name}" for layer, name, _ in named), sizes)


# ANIL and BOIL: which layers move.


@dataclass(frozen=True, eq=False)
class LayerChange:
    """layers: names. change: `[tasks, layers]`, norm of what adapting changed over the norm before."""

    layers: tuple[str, ...]
    change: np.ndarray


def layer_change(adapter: Adapter, support: Batch, inner_steps: int) -> LayerChange:
    """How far each layer moves in `inner_steps` steps, relative to its own size, for tasks with a leading axis `[tasks]`."""
    places: dict[str, list[np.ndarray]] = {}
    begin = 0
    for layer, _, leaf in _named(adapter.meta.init):
        places.setdefault(layer, []).append(np.arange(begin, begin + leaf.size))
        begin += leaf.size
    paths = np.asarray(_flat_paths(adapter, support, inner_steps=inner_steps), np.float64)
    columns = []
    for ranges in places.values():
        rows = np.concatenate(ranges)
        before = np.linalg.norm(paths[:, 0, rows], axis=-1)
        moved = np.linalg.norm(paths[:, -1, rows] - paths[:, 0, rows], axis=-1)
        columns.append(moved / np.where(before > 0, before, np.nan) if np.any(before > 0) else moved)
    return LayerChange(tuple(places), np.stack(columns, axis=1))


# iMAML: the gradient of the solution, against the gradient of the way there.


@dataclass(frozen=True, eq=False)
class ImplicitError:
    """Relative errors of meta-gradients against the gradient at the solved inner problem.

    inner_steps: `[n]`; implicit, unrolled: `[n]`, the implicit gradient with `cg_most` conjugate-gradient steps, and the exact
      one through so many inner steps.
    cg_steps: `[m]`; by_cg: `[m]`, the implicit gradient with so many, where the inner problem is solved.
    solved: norm of the proximal gradient there, largest over tasks; the errors mean something where it is small.
    """

    inner_steps: np.ndarray
    implicit: np.ndarray
    unrolled: np.ndarray
    cg_steps: np.ndarray
    by_cg: np.ndarray
    solved: float


def implicit_error(
    adapter: Adapter,
    episode: Episode,
    inner_steps: Sequence[int] = (1, 4, 16, 64, 256),
    cg_steps: Sequence[int] = (1, 2, 4, 8, 16),
    *,
    many_steps: int = 2000,
    cg_most: int = 30,
) -> ImplicitError:
    """How the two ways to iMAML's gradient close in on it (Rajeswaran et al., 2019, fig. 2).

    Args:
      adapter: of the method `IMAML`. episode: tasks with a leading axis `[tasks]`.
      many_steps: inner steps that count as a solution. cg_most: conjugate-gradient steps that count as one.

    Raises:
      ValueError: another method.
    """
    if not isinstance(adapter.method, IMAML):
        raise ValueError(f"`adapter` must be of the method IMAML, got {type(adapter.method).__name__}.")
    if adapter.method.inner_optimizer != "sgd":
        raise ValueError(f"`inner_optimizer` must be 'sgd' here, got {adapter.method.inner_optimizer!r}.")
    adapter = adapter.replace(method=adapter.method.replace(inner_tolerance=0.0))
    sizes = {"cg_steps": tuple(cg_steps), "cg_most": cg_most, "many_steps": many_steps, "furthest": max(inner_steps)}
    results = _all_gradients(adapter, episode, np.asarray(inner_steps), **sizes)
    truth, implicit, unrolled, by_cg = (np.asarray(gradient, np.float64) for gradient in results[:4])

    def errors(gradients: np.ndarray) -> np.ndarray:
        return np.linalg.norm(gradients - truth, axis=-1) / np.linalg.norm(truth)

    steps = np.asarray(inner_steps), np.asarray(cg_steps)
    return ImplicitError(steps[0], errors(implicit), errors(unrolled), steps[1], errors(by_cg), float(np.max(results[4])))


@partial(jax.jit, static_argnames=("cg_steps", "cg_most", "many_steps", "furthest"))
def _all_gradients(
    adapter: Adapter, episode: Episode, inner_steps: jax.Array, *, cg_steps, cg_most: int, many_steps: int, furthest: int
):
    """Every gradient in one program, means over tasks: at the solution, implicit and unrolled at `inner_steps`, by `cg_steps`.

    The unrolled gradient is pulled back by hand, v <- v - alpha (H + lambda) v, and each step's own pull towards the start adds
    alpha lambda v: one pass for each number of steps, instead of one program.
    """
    method, loss = adapter.method, adapter.task_loss()
    start, unravel = ravel_pytree(adapter.meta.init)

    def one_task(support: Batch, query: Batch):
        def slope(at: jax.Array, batch: Batch) -> jax.Array:
            return jax.grad(lambda flat: loss(unravel(flat), (), batch))(at)

        def curve(at: jax.Array, vector: jax.Array) -> jax.Array:
            return jax.jvp(lambda flat: slope(flat, support), (at,), (vector,))[1]

        def inner_step(at: jax.Array, _):
            moved = at - method.inner_lr * (slope(at, support) + method.proximal * (at - start))
            return moved, at

        def implicit(at: jax.Array, steps: int) -> jax.Array:
            system = lambda vector: vector + curve(at, vector) / method.proximal  # noqa: E731
            return conjugate_gradients(system, slope(at, query), steps)[0]

        def unrolled(steps: jax.Array) -> jax.Array:
            def back(carry: tuple[jax.Array, jax.Array], index: jax.Array):
                vector, pulled = carry
                more = pulled + method.inner_lr * method.proximal * vector
                earlier = vector - method.inner_lr * (curve(path[index], vector) + method.proximal * vector)
                reached = index < steps
                return (jnp.where(reached, earlier, vector), jnp.where(reached, more, pulled)), None

            end = slope(path[steps], query)
            (vector, pulled), _ = jax.lax.scan(back, (end, jnp.zeros_like(end)), jnp.arange(furthest), reverse=True)
            return vector + pulled

        # The path as far as it is looked at; from there on only its end.
        end, path = jax.lax.scan(inner_step, start, length=furthest + 1)
        solution = jax.lax.fori_loop(furthest + 1, many_steps, lambda _, at: inner_step(at, None)[0], end)
        residual = jnp.linalg.norm(slope(solution, support) + method.proximal * (solution - start))
        along = jax.lax.map(lambda steps: (implicit(path[steps], cg_most), unrolled(steps)), inner_steps)
        return implicit(solution, cg_most), *along, jnp.stack([implicit(solution, steps) for steps in cg_steps]), residual

    *gradients, residual = jax.vmap(one_task)(*episode)
    return *(jnp.mean(gradient, axis=0) for gradient in gradients), residual


# CAVIA: where tasks lie.


@dataclass(frozen=True, eq=False)
class ContextMap:
    """points: `[tasks, 2]`, the adapted contexts on their first two principal axes. kept: share of the variance seen there."""

    points: np.ndarray
    kept: float


def context_map(learner: Learner, support: Batch, inner_steps: int) -> ContextMap:
    """The context that each task of `support` (leading axis `[tasks]`) ends with.

    Raises:
      ValueError: the network has no context.
    """
    adapter = learner.adapter()
    if not any(name == "context" for _, name, _ in _named(adapter.meta.init)):
        raise ValueError(f"`learner` must have a network with a context, got {learner.experiment.model!r}.")
    contexts = np.asarray(_contexts(adapter, learner.scaling.batch(support), inner_steps=inner_steps), np.float64)
    return principal_map(contexts)


def principal_map(vectors: np.ndarray) -> ContextMap:
    """Vectors `[n, dim]` on the two axes along which they vary most; one dimension is drawn on a line."""
    centred = vectors - vectors.mean(axis=0)
    left, spread, _ = np.linalg.svd(centred, full_matrices=False)
    points = (left * spread)[:, :2]
    points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
    total = np.sum(spread**2)
    return ContextMap(points, float(np.sum(spread[:2] ** 2) / total) if total > 0 else 1.0)


@partial(jax.jit, static_argnames="inner_steps")
def _contexts(adapter: Adapter, support: Batch, *, inner_steps: int):
    def one_task(support: Batch) -> jax.Array:
        path = adapted_path(adapter, support, inner_steps)
        (context,) = (leaf[-1] for place, leaf in nnx.to_flat_state(path) if place[-1] == "context")
        return jnp.ravel(context[...])

    return jax.vmap(one_task)(support)


# FOMAML: what it leaves out, task by task.


def task_angles(adapter: Adapter, episode: Episode, inner_steps: int | None = None) -> np.ndarray:
    """Degrees between each task's own exact and first-order gradient, `[tasks]`; NaN where one of them is 0 or overflowed."""
    tasks = episode.support.x.shape[0]
    singles = (jax.tree.map(lambda leaf, task=task: leaf[task : task + 1], episode) for task in range(tasks))
    return np.array([compare_gradients(adapter, single, inner_steps).overall.angle for single in singles])


@partial(jax.jit, static_argnames="inner_steps")
def _flat_paths(adapter: Adapter, support: Batch, *, inner_steps: int) -> jax.Array:
    def one_task(support: Batch) -> jax.Array:
        path = adapted_path(adapter, support, inner_steps)
        return jax.vmap(lambda params: ravel_pytree(params)[0])(path)

    return jax.vmap(one_task)(support)


def _named(params: PyTree) -> list[tuple[str, str, np.ndarray]]:
    """The arrays with the names of their layer and their own, in the order of `jax.tree.leaves`."""
    named = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        names = jax.tree_util.keystr(path, simple=True, separator=".").removesuffix(".value").split(".")
        named.append((".".join(names[:-1] or names), names[-1], np.asarray(leaf)))
    return named
